"""Libraries that know a model hub, imported with the hub off.

A person's own `HF_HUB_OFFLINE` is respected; unset, it is 1 while the library is imported, which is when it is read.
Afterwards it is unset again: what `hub.py` starts may go out.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from .. import runtime
from . import _torchvision

_NAME = "HF_HUB_OFFLINE"


def library(name: str) -> Any:  # noqa: ANN401 - without types
    """The module, ready to use."""
    asked = _NAME in os.environ
    os.environ.setdefault(_NAME, "1")
    runtime.quiet_threads()
    try:
        _torchvision.cure()
        return import_module(name)
    finally:
        if not asked:
            del os.environ[_NAME]
