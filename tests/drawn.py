"""What the end-to-end tests share: drawn pictures, and the command as a person runs it."""

import io
import os
import runpy
import subprocess
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from headstart.cli import main
from hostile import draw

SMALL = ("--source", "mobilenet-v2,efficientnet-lite0")  # where the choice of a source is not what is tested
QUICK = (*SMALL, "--strategy", "probe,prototype")  # nor fine-tuning, which trains each finalist anew from three seeds
PROGRAMS = [str(Path(__file__).parents[1] / name) for name in ("benchmarks", "examples")]
BRIEF = """from headstart.transfer.baseline import convnet
convnet.EPOCHS, convnet.LEAST = 5, 60
from headstart.cli import main
main()"""
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


def command(*arguments: object, brief: bool = False) -> list[str]:
    """What starts `headstart …`; brief: a network from scratch is trained for 60 steps, or 5 epochs."""
    start = ("-c", BRIEF) if brief else ("-m", "headstart")
    return [sys.executable, *start, *map(str, arguments)]


def here(
    call: Callable[[], object], *words: object, cwd: Path | None = None, stdin: str = "", **env: str
) -> subprocess.CompletedProcess:
    """What a program says and how it ends, called in this process, which has imported all that it needs: see `apart`.

    Modules that it imports from beside itself (`words[0]` is its file) are forgotten again, and tests' own of the same
    names are put aside meanwhile.
    """
    said, told = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    code, known = 0, {*sys.modules}
    with pytest.MonkeyPatch.context() as patch, mock.patch.dict(os.environ, env):
        for beside in Path(str(words[0])).parent.glob("*.py") if Path(str(words[0])).is_file() else ():
            patch.delitem(sys.modules, beside.stem, raising=False)
        patch.chdir(cwd or Path.cwd())
        patch.setattr(sys, "argv", [*map(str, words)])
        patch.setattr(sys, "path", [str(Path(str(words[0])).parent), *sys.path])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(os.fsencode(stdin)), encoding="utf-8"))
        patch.setattr(sys, "stdout", said)
        patch.setattr(sys, "stderr", told)
        try:
            call()
        except SystemExit as end:
            code = end.code or 0
            if isinstance(code, str):
                told.write(f"{code}\n")
                code = 1
        except Exception:
            traceback.print_exc(file=told)
            code = 1
    for name in {*sys.modules} - known:
        if any(folder in str(getattr(sys.modules[name], "__file__", "")) for folder in PROGRAMS):
            del sys.modules[name]
    for stream in (said, told):
        stream.flush()
    return subprocess.CompletedProcess(words, code, *(s.buffer.getvalue().decode() for s in (said, told)))


def headstart(*arguments: object, **how: Any) -> subprocess.CompletedProcess:
    """Run `headstart …` to its end, by `here`."""
    return here(main, "headstart", *arguments, **how)


def script(file: Path, *arguments: object, **how: Any) -> subprocess.CompletedProcess:
    """Run a Python file to its end, by `here`."""
    return here(partial(runpy.run_path, str(file), run_name="__main__"), file, *arguments, **how)


def apart(*arguments: object, cwd: Path | None = None, brief: bool = False, **env: str) -> subprocess.CompletedProcess:
    """Run `headstart …` to its end as a person does, in a process of its own, which imports all anew."""
    return subprocess.run(
        command(*arguments, brief=brief),
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
