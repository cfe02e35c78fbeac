"""How much memory a fit of many pictures takes: 2,000 and 20,000 crops of shared ones, a process each.

Every picture of four shared sets is cropped again and again, at other places and sizes, until there are so many; a
class is a folder of a set. Peak memory is `ru_maxrss` of the whole process, as the system counts it at its end.
The cache holds pulled weights and nothing else, so that networks are converted and features computed as on a first use.

Run: python benchmarks/memory/run.py [--sizes 2000,20000] [--source mobilenet-v2] [--strategy probe]
Prints a Markdown table and whether the aim is met; see EXPECTED.md. Reads $HEADSTART_DATA, else ../shared/data.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.data import folder as data_folder
from _common.tables import lines

SETS = ("hymenoptera", "rsscn7", "pacs_photo_art_painting", "tuxpaint_stamps")
SIDE = 256  # pixels of the longer side of a crop, at most
AIM = 1.2  # GB that ten times the pictures may add


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="2000,20000")
    parser.add_argument("--source", default="mobilenet-v2")
    parser.add_argument("--strategy", default="probe")
    given = parser.parse_args()
    rows, peaks = [], []
    for size in map(int, given.sizes.split(",")):
        with tempfile.TemporaryDirectory(prefix="headstart-memory-") as folder:
            place = Path(folder)
            crops(place / "data", size)
            peak, seconds, said = fit(place, given.source, given.strategy)
        peaks.append(peak)
        rows.append([f"{size:,}", f"{peak:.2f}", f"{seconds:.0f}", said])
        print(f"{size:,} pictures: {peak:.2f} GB in {seconds:.0f} s", flush=True)
    lines(f"{given.source}, {given.strategy}", ("pictures", "peak, GB", "wall s", "said"), rows)
    gap = peaks[-1] - peaks[0]
    print(f"\nThe last over the first: {gap:+.2f} GB; at most {AIM} {'PASS' if gap <= AIM else 'BELOW'}")
    return 0


def crops(place: Path, n: int) -> None:
    """`n` crops, going round the pictures of all sets by chance; the first ones are the same whatever `n`."""
    suffixes = (".jpg", ".jpeg", ".png")
    known = [p for name in SETS for p in sorted((data_folder() / name).rglob("*")) if p.suffix.lower() in suffixes]
    order = np.random.default_rng(0).permutation(len(known))
    for at in range(n):
        path, random = known[order[at % len(known)]], np.random.default_rng(at)
        name = next(name for name in SETS if name in path.parts)
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
        side = int(min(picture.size) * random.uniform(0.5, 0.9))
        left, top = (int(random.integers(0, length - side + 1)) for length in picture.size)
        part = picture.crop((left, top, left + side, top + side))
        part.thumbnail((SIDE, SIDE))
        folder = place / f"{name}-{path.parent.name}"
        folder.mkdir(parents=True, exist_ok=True)
        part.save(folder / f"{at:05d}.jpg", quality=90)


def fit(place: Path, source: str, strategy: str) -> tuple[float, float, str]:
    """A fit in a process of its own: peak memory in GB, seconds, and its last line."""
    from headstart.runtime import cache_dir

    asked = ["--source", source, "--strategy", strategy, "--budget", "none", "--quiet", "--out", str(place / "run")]
    (place / "cache").mkdir()
    (place / "cache" / "sources").symlink_to(cache_dir() / "sources")
    env = {**os.environ, "HEADSTART_CACHE": str(place / "cache")}
    begun = time.perf_counter()
    with (place / "said").open("w") as said:
        command = [sys.executable, "-m", "headstart", "fit", str(place / "data"), *asked]
        process = subprocess.Popen(command, stdout=said, stderr=said, env=env)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    told = (place / "said").read_text(errors="replace").strip().splitlines()
    if process.returncode:
        raise SystemExit(f"The fit failed: {told[-1] if told else 'no word'}")
    return used.ru_maxrss * 1024 / 1e9, time.perf_counter() - begun, told[-1] if told else "nothing"


if __name__ == "__main__":
    sys.exit(main())
