"""A command that is killed at a moment, and what differs in what two runs left."""

from __future__ import annotations

import os
import subprocess
import time

from drawn import command


def killed(arguments: list[object], when, env: dict[str, str] | None = None) -> bool:
    """Start the command and kill it as soon as `when()` holds. False where it ended before that."""
    env = {**os.environ, **(env or {})}
    work = subprocess.Popen(
        command(*arguments, brief=True), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env
    )
    while work.poll() is None and not when():
        time.sleep(0.005)
    work.kill()
    return work.wait() < 0


def differences(here, there, at="$"):
    """Where two records differ."""
    if isinstance(there, dict) and here.keys() == there.keys():
        for key in there:
            yield from differences(here[key], there[key], f"{at}.{key}")
    elif isinstance(there, list) and len(here) == len(there):
        for i, (a, b) in enumerate(zip(here, there, strict=True)):
            yield from differences(a, b, f"{at}[{i}]")
    elif here != there:
        yield f"{at}: {here!r} is not {there!r}"
