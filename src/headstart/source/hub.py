"""Loader: a model by its name on a Hugging Face-compatible hub (`--source bert-base-uncased`, `hub:owner/name`).

Through huggingface_hub's own client and cache: `HF_ENDPOINT` (a mirror), `HF_HUB_OFFLINE`, `HF_HOME` and `HF_TOKEN` are
respected. In: the name, `@REVISION` (branch, tag, commit) after it or not. Out: what `local.py` makes of the downloaded
folder, language model or vision model. What was once downloaded is used as it is; the network is not asked again. The
client runs in a process of its own, as in this one the hub is switched off. A file whose sha256 the hub names is
checked against it.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

from ..errors import SourceError
from ..types import Source
from . import _library, _modality, local
from .files import digest
from .language import sentence
from .local import fetch, pulled

__all__ = ["ORIGIN", "fetch", "find", "pulled"]

log = logging.getLogger(__name__)
ORIGIN = ("repository", "revision", "folder")  # what a record's [origin] must give
_TIMEOUT = 3600  # seconds for one download
_NAME = re.compile(r"([\w.-]+(?:/[\w.-]+)?)(?:@([\w./-]+))?")  # with a branch, tag or commit
_INDEX = "model.safetensors.index.json"
# Weights as safetensors, settings, card, and what a kind of data adds (a tokenizer): nothing that could be run.
_FILES = ("config.json", "model.safetensors", "model-*.safetensors", _INDEX, "README.md", local.ADAPTER)
# The client waits, where a hub asks for that, between files; what it asks before them it asks once. So it is run again.
_CODE = """
import sys, time
from huggingface_hub import snapshot_download
for attempt in range(5):
    try:
        print(snapshot_download(sys.argv[1], revision=sys.argv[2] or None, allow_patterns=sys.argv[3:]))
        break
    except Exception as problem:
        why, busy = problem, None
        while why is not None and busy is None:
            busy = getattr(why, "response", None)
            why = why.__cause__ or why.__context__
        said = "" if busy is None else busy.headers.get("Retry-After", "")
        wait = int(said) if said.isdigit() else 2**attempt
        if busy is None or busy.status_code not in (429, 500, 502, 503, 504) or attempt == 4 or wait > 120:
            sys.exit(f"{type(problem).__name__}: {problem}")
        time.sleep(wait)
"""


class NotGiven(SourceError):
    """The hub does not give it, or cannot be reached."""


def find(name: str) -> Source | None:
    """The source of that name, downloaded if need be; None where it cannot be a name of the hub.

    Raises:
        NotGiven: the hub does not give it.
        SourceError: the model cannot be used.
    """
    parts = _NAME.fullmatch(name)
    if parts is None or ".." in name:
        return None
    repository, revision = parts[1], parts[2] or ""
    folder = _cached(repository, revision)
    if folder is None or not any((folder / name).is_file() for name in ("README.md", sentence.MODULES)):
        try:  # another library may have fetched it, and not how its vectors are made
            folder = _download(repository, revision)
        except NotGiven:
            if folder is None:
                raise
    local.refuse_adapter(folder)
    if not any(folder.glob("*.safetensors")):
        raise SourceError(
            f"'{repository}' holds no weights as safetensors, and no others are read. Another revision may have them: "
            f"`hub:{repository}@REVISION` (its pull requests are 'refs/pr/N'). Or load the model where you trust it, "
            "and give the folder that `model.save_pretrained(folder)` writes."
        )
    _check(folder)
    origin = {"repository": repository, "revision": folder.name, "folder": str(folder)}
    return local.source(folder, name.replace("/", "--"), "hub", origin)


def _cached(repository: str, revision: str) -> Path | None:
    """The folder of an earlier download, if it is whole."""
    hub = _library.library("huggingface_hub")
    try:
        found = hub.snapshot_download(
            repository, revision=revision or None, local_files_only=True, allow_patterns=_patterns()
        )
    except (OSError, ValueError):  # the client's own errors are among these
        return None
    return Path(found) if _whole(Path(found)) else None


def _patterns() -> list[str]:
    """Of the files that are downloaded."""
    return [*_FILES, *(pattern for name in _modality.names() for pattern in _modality.of(name).downloads)]


def _whole(folder: Path) -> bool:
    """Whether settings, all parts of the weights and what else a model of its kind needs are there."""
    if (folder / _INDEX).is_file() and not (folder / "model.safetensors").is_file():
        try:
            parts = set(json.loads((folder / _INDEX).read_text(encoding="utf-8"))["weight_map"].values())
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            return False
        if not all((folder / str(part)).is_file() for part in parts):
            return False
    if not (folder / local.CONFIG).is_file() or not any(folder.glob("*.safetensors")):
        return False
    try:
        said = json.loads((folder / local.CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return all(_modality.of(name).complete(folder, said) for name in _modality.names())


def _check(folder: Path) -> None:
    """Weights whose sha256 the hub has named (the client calls its copy by it) must have it.

    Raises:
        SourceError: one has not. It is taken out of the client's cache, so that the next call fetches it anew.
    """
    for path in folder.glob("*.safetensors"):
        blob = path.resolve()
        if not re.fullmatch(r"[0-9a-f]{64}", blob.name):
            continue
        if (found := digest.of(blob)) != blob.name:
            path.unlink()
            blob.unlink(missing_ok=True)
            raise SourceError(
                f"What the hub gave as {path.name} has sha256 {found}, and it promised {blob.name}. It was thrown "
                "away. Run the same command again; if that repeats, the mirror (HF_ENDPOINT) is wrong."
            )


def _download(repository: str, revision: str) -> Path:
    log.info("fetching %s from the hub", repository)
    try:
        # -P: no module of the working folder is taken for the client
        command = [sys.executable, "-P", "-c", _CODE, repository, revision, *_patterns()]
        quiet = {**os.environ, "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
        why = (
            " ".join(done.stderr.split()).partition(" An error happened while")[0]
            or f"the client ended with code {done.returncode}"
        )
        if done.returncode == 0:
            return Path(done.stdout.strip().splitlines()[-1])
    except (OSError, subprocess.TimeoutExpired) as problem:
        why = str(problem)
    name = f"{repository}@{revision}" if revision else repository
    raise NotGiven(
        f"The hub does not give '{name}': {why[:400]}\n{_advice(why)}A mirror is set with HF_ENDPOINT; or download the "
        "model elsewhere (config.json, model.safetensors and what stands beside them) and give its folder."
    )


def _advice(why: str) -> str:
    """What to do about the client's own words, where that is known."""
    if "429" in why:
        return "The hub has had too many requests: try again later, or set HF_TOKEN. "
    if "LocalEntryNotFound" in why or "OfflineMode" in why:
        return "It has not been downloaded before, and the network is off (HF_HUB_OFFLINE) or the hub out of reach. "
    if "401" in why or "403" in why or "Gated" in why:
        return "It does not exist, or is for those who are let in: accept its terms and set HF_TOKEN. "
    return ""
