"""What the end-to-end tests share: drawn pictures, and the command as a person runs it."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.cli import main
from hostile import draw

SMALL = ("--source", "mobilenet-v2,efficientnet-lite0")  # where the choice of a source is not what is tested
QUICK = (*SMALL, "--strategy", "probe,prototype")  # nor fine-tuning, which trains each finalist anew from three seeds
PLAIN = "the room had a table and two chairs near the old window where people sat for tea every day".split()


def two_classes(folder: Path, n: int = 24, seed: int = 0, wrong: int = 6, side: int = 96) -> Path:
    """A folder of `n` canes and `n` bugs; one in `wrong` bears the wrong label, so that no metric is perfect."""
    rng = np.random.default_rng(seed)
    for kind, label in enumerate(("cane", "bug")):
        (folder / label).mkdir(parents=True)
        for i in range(n):
            draw(kind if i % wrong else 1 - kind, rng, side).save(folder / label / f"{i:02d}.jpg", quality=92)
    return folder


def stripes(folder: Path, n: int = 40, seed: int = 0) -> Path:
    """Two classes that gradients tell apart at once and that no photograph shows: stripes of ±3°, in noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:64, :64]
    for kind, label in enumerate(("left", "right")):
        (folder / label).mkdir(parents=True)
        for i in range(n):
            angle = np.deg2rad(90 + (6 if kind else -6))
            wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 0.9 + rng.uniform(0, 6.28))
            picture = 128 + 40 * wave[..., None] + rng.normal(0, 20, (64, 64, 3)) + rng.normal(0, 25, 3)
            Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(folder / label / f"{i:02d}.png")
    return folder


def tells(text: str, *said: str, never: tuple[str, ...] = ()) -> None:
    """What stands in a page or card, and what does not."""
    assert [words for words in said if words not in text] == []
    assert [words for words in never if words in text] == []


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "headstart", *map(str, arguments)]


def headstart(*arguments: object, cwd: Path | None = None, stdin: str = "", **env: str) -> subprocess.CompletedProcess:
    """Run `headstart …` to its end, in this process, which has imported all that it needs: see `apart`."""
    said, told = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd or Path.cwd())
        for name, value in env.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["headstart", *map(str, arguments)])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(os.fsencode(stdin)), encoding="utf-8"))
        patch.setattr(sys, "stdout", said)
        patch.setattr(sys, "stderr", told)
        with pytest.raises(SystemExit) as end:
            main()
    for stream in (said, told):
        stream.flush()
    out, err = (stream.buffer.getvalue().decode() for stream in (said, told))
    return subprocess.CompletedProcess(sys.argv, end.value.code or 0, out, err)


def apart(*arguments: object, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess:
    """Run `headstart …` to its end as a person does, in a process of its own, which imports all anew."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
