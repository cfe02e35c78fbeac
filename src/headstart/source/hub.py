"""Loader: a language model by its ordinary name (`--source bert-base-uncased`) from a Hugging Face-compatible hub.

Through huggingface_hub's own client and cache: `HF_ENDPOINT` (a mirror), `HF_HUB_OFFLINE`, `HF_HOME` and `HF_TOKEN` are
respected. In: the name. Out: what `local.py` makes of the downloaded folder. What was once downloaded is used as it is;
the network is not asked again. The client runs in a process of its own, as in this one the hub is switched off.
"""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

from ..errors import SourceError
from ..types import Source
from . import _library, local
from .local import fetch, pulled

__all__ = ["ORIGIN", "fetch", "find", "pulled"]

log = logging.getLogger(__name__)
ORIGIN = ("repository", "revision", "folder")  # what a record's [origin] must give
_TIMEOUT = 3600  # seconds for one download
_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
# Weights as safetensors at the top, settings, tokenizer, card: nothing that could be run.
_FILES = ("config.json", "model.safetensors", "model-*.safetensors", "model.safetensors.index.json", "tokenizer.json",
          "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "vocab.json", "merges.txt",
          "*.model", "README.md")  # fmt: skip
_CODE = """
import sys
from huggingface_hub import snapshot_download
try:
    print(snapshot_download(sys.argv[1], allow_patterns=sys.argv[2:]))
except Exception as problem:
    sys.exit(f"{type(problem).__name__}: {problem}")
"""


def find(name: str) -> Source | None:
    """The source of that name, downloaded if need be; None where it cannot be a name of the hub.

    Raises:
        SourceError: the hub does not give it, or the model cannot be used.
    """
    if not _NAME.fullmatch(name) or ".." in name:
        return None
    folder = _cached(name) or _download(name)
    origin = {"repository": name, "revision": folder.name, "folder": str(folder)}
    return local.source(folder, name.replace("/", "--"), "hub", origin)


def _cached(name: str) -> Path | None:
    """The folder of an earlier download, if it is whole."""
    hub = _library.library("huggingface_hub")
    try:
        folder = Path(hub.snapshot_download(name, local_files_only=True, allow_patterns=list(_FILES)))
    except (OSError, ValueError):  # the client's own errors are among these
        return None
    whole = (folder / local.CONFIG).is_file() and any(folder.glob("*.safetensors"))
    return folder if whole else None


def _download(name: str) -> Path:
    log.info("fetching %s from the hub", name)
    try:
        command = [sys.executable, "-P", "-c", _CODE, name, *_FILES]  # -P: no module of the working folder
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
        why = " ".join(done.stderr.split()) or f"the client ended with code {done.returncode}"
        if done.returncode == 0:
            return Path(done.stdout.strip().splitlines()[-1])
    except (OSError, subprocess.TimeoutExpired) as problem:
        why = str(problem)
    from . import _catalogue

    raise SourceError(
        f"'{name}' is no key of the catalogue and no folder with a config.json, and the hub does not give it: "
        f"{why[:400]}\nKnown keys: {', '.join(_catalogue.keys())}. A mirror is set with HF_ENDPOINT; or download the "
        "model elsewhere and give its folder."
    )
