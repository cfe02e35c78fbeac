"""The records of sources: one TOML file each, the file name being the key; read, and checked field by field.

Out: `Source` values. Records come with the package (`catalogue/*.toml`); a person adds their own in
`$HEADSTART_SOURCES` or in `catalogue/` of our cache. Imports no model and fetches nothing.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from .. import family, runtime
from ..errors import SourceError
from ..types import Source
from . import _modality
from ._modality import whole

_PACKAGED = Path(__file__).parent / "catalogue"
_CHEAP = 2  # how many sources `cheap_keys` names
_COUNTS = ("feature_dim", "params", "macs")
# What a registry's client is given: a name and a version, and nothing that it takes for an option, path or address.
_PLAIN, _VERSION = r"[A-Za-z0-9][A-Za-z0-9_.-]*", r"[0-9A-Za-z][0-9A-Za-z_.+!-]*"
_PACKAGES = {"package": _PLAIN, "npm": rf"(@[A-Za-z0-9_.-]+/)?{_PLAIN}"}
_PART = ("distribution", "archive_sha256", "file", "file_sha256")  # what each of `more` in [origin] gives
_ASIDE = {"weights_sha256", "file_sha256", "inside", "more", "tokenizer", "tokenizer_sha256", "manifest",
          "manifest_sha256", "split", "keep", "channels", "answers"}  # fmt: skip # what [origin] can have besides


def source_from(record: Mapping[str, Any]) -> Source:
    """A record as plain values (`types.to_dict`, TOML, JSON) → the value."""
    given = {k: tuple(v) if isinstance(v, list) else v for k, v in record["input"].items()}
    made = _modality.of(record["modality"]).spec(**given)
    return Source(**{**record, "input": made, "widths": tuple(record["widths"])})


def read(key: str) -> Source | None:
    """The record of that key; None where there is none.

    Raises:
        SourceError: it is not a complete and correct one, or two records have this key.
    """
    found = _files().get(key, [])
    if len(found) > 1:
        raise SourceError(
            f"Two records have the key '{key}': {' and '.join(map(str, found))}. A key names one source; rename your "
            "own file."
        )
    return _parse(found[0]) if found else None


def keys() -> list[str]:
    """The keys of all sources, sorted.

    >>> "mobilenet-v2" in keys()
    True
    """
    return sorted(_files())


def packaged() -> list[str]:
    """The keys of the records that come with headstart, sorted.

    >>> "faces" in packaged()
    True
    """
    return sorted(file.stem for file in _PACKAGED.glob("*.toml"))


def usual(modality: str = "image") -> list[Source]:
    """What a fit chooses among when no source is named: the packaged sources for such examples.

    A person's own records take part when they are named; so do readers of formulas, and sources of which nobody says
    under which licence they may be used.

    >>> [source.key for source in usual("text")][:2]
    ['e5-small-multilingual', 'minilm-l6']
    """
    known = [_parse(_PACKAGED / f"{key}.toml") for key in packaged()]
    fit = [source for source in known if source.modality == modality and source.licensed]
    return [source for source in fit if _modality.of(modality).plain(source)]


def cheap_keys(modality: str = "image", head: str | None = None) -> list[str]:
    """Of these, where enough is known of them, the two with the fewest multiply-adds, cheapest first.

    With `head` ("causal", "masked") the cheapest one that has such a language-model head.

    >>> cheap_keys()
    ['mobilenet-v2', 'efficientnet-lite0']
    """
    able = [source for source in usual(modality) if _modality.of(modality).tried(source)]
    cheapest = sorted(able, key=lambda source: (source.macs, source.key))
    if head is None:
        return [source.key for source in cheapest][:_CHEAP]
    return [source.key for source in cheapest if _modality.of(modality).head(source) == head][:1]


def _files() -> dict[str, list[Path]]:
    """Key → the records that have it, packaged ones first."""
    folders = [_PACKAGED, runtime.cache_dir() / "catalogue"]
    if given := os.environ.get("HEADSTART_SOURCES"):
        folders.append(Path(given))
        if not folders[-1].is_dir():
            raise SourceError(
                f"HEADSTART_SOURCES is '{given}', which is no folder. It must hold one TOML record a source; "
                "correct it or unset it."
            )
    found: dict[str, list[Path]] = {}
    for file in (file for folder in folders for file in sorted(folder.glob("*.toml"))):
        found.setdefault(file.stem, []).append(file)
    return found


def _parse(file: Path) -> Source:
    try:
        record = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise _bad(file, f"is no readable TOML: {problem}") from problem
    _known(file, record, Source, {"key", "random"}, "")
    modalities = _modality.names()
    _need(file, record["modality"] in modalities, "modality", record["modality"], f"one of {', '.join(modalities)}")
    _known(file, record["input"], _modality.of(record["modality"]).spec, set(), "input.")
    _check_values(file, record)
    return source_from({**record, "key": file.stem})


def _known(file: Path, table: Any, kind: Any, given: set[str], where: str) -> None:  # noqa: ANN401
    """Every field of the dataclass that has no default is there, and nothing else."""
    if not isinstance(table, dict):
        raise _bad(file, f"has '{where.rstrip('.')}' = {table!r}; it must be a table")
    allowed = {f.name for f in fields(kind)} - given
    if missing := sorted(
        f.name for f in fields(kind) if f.default is f.default_factory is MISSING and f.name in allowed - table.keys()
    ):
        raise _bad(file, f"lacks {', '.join(where + name for name in missing)}")
    if unknown := sorted(table.keys() - allowed):
        raise _bad(file, f"has {', '.join(where + name for name in unknown)}, which no record has")


def _check_values(file: Path, record: Mapping[str, Any]) -> None:
    tables, widths = ("input", "origin", "config", "widths", "published", *_COUNTS), record["widths"]
    for name in _COUNTS:
        _need(file, whole(record[name]), name, record[name], "a whole number above 0")
    known = record.get("published", 50.0)
    _need(file, isinstance(known, int | float) and 0 < known <= 100, "published", known, "a percentage, above 0")
    for name in record.keys() - set(tables):
        _need(file, isinstance(record[name], str), name, record[name], "text")
    told = isinstance(widths, list) and len(widths) > 0 and all(map(whole, widths))
    holds = told and widths[-1] == record["feature_dim"]
    _need(file, holds, "widths", widths, "whole numbers above 0, the last one feature_dim")
    _need(file, _hex(record["sha256"]), "sha256", record["sha256"], "64 hexadecimal digits")
    for holds, name, given, allowed in _modality.of(record["modality"]).demands(record["input"]):
        _need(file, holds, f"input.{name}", given, allowed)
    loaders = family.names("source")
    _need(file, record["loader"] in loaders, "loader", record["loader"], f"one of {', '.join(loaders)}")
    origin, wanted = record["origin"], family.load("source", record["loader"]).ORIGIN
    complete = isinstance(origin, dict) and all(isinstance(origin.get(name), str) for name in wanted)
    _need(file, complete, "origin", origin, f"a table with {', '.join(wanted)}, each text")
    _need(file, isinstance(record.get("config", {}), dict), "config", record.get("config"), "a table")
    _check_origin(file, origin, {*wanted, *_ASIDE})
    if pattern := _PACKAGES.get(record["loader"]):
        _check_packages(file, origin, pattern)


def _check_origin(file: Path, origin: Mapping[str, Any], allowed: set[str]) -> None:
    """No unknown names, and values that say what can be done."""
    if unknown := sorted(origin.keys() - allowed):
        raise _bad(file, f"has {', '.join(f'origin.{name}' for name in unknown)}, which no record has")
    for name in origin.keys() - {"more"}:
        _need(file, isinstance(origin[name], str), f"origin.{name}", origin[name], "text")
    for name, word in (("channels", "BGR"), ("answers", "sigmoid")):
        _need(file, origin.get(name, word) == word, f"origin.{name}", origin.get(name), f"{word}, or left out")
    for name in ("keep", "split"):
        _need(file, _pattern(origin.get(name, "")), f"origin.{name}", origin.get(name), "a regular expression")
    for name in ("tokenizer", "manifest"):
        both = (name in origin) == (f"{name}_sha256" in origin)
        _need(file, both, f"origin.{name}", origin.get(name), f"there with {name}_sha256, or both left out")


def _check_packages(file: Path, origin: Mapping[str, Any], pattern: str) -> None:
    """Names that a registry's client can take for nothing but names. Its other arguments are ours."""
    more = origin.get("more", [])
    told = isinstance(more, list) and all(isinstance(part, dict) for part in more)
    told = told and all(isinstance(part.get(field), str) for part in more for field in _PART)
    _need(file, told, "origin.more", more, f"tables with {', '.join(_PART)}, each text")
    whole = ("inside" not in origin) or {"more", "file_sha256"} <= origin.keys()
    _need(file, whole, "origin.inside", origin.get("inside"), "there with file_sha256 and [[origin.more]]")
    for part in (origin, *more):
        given = part["distribution"]
        _need(file, re.fullmatch(pattern, given) is not None, "origin.distribution", given, "a plain name of a package")
    given = origin["version"]
    _need(file, re.fullmatch(_VERSION, given) is not None, "origin.version", given, "a plain version, such as 1.0.1")


def _need(file: Path, holds: bool, name: str, given: object, allowed: str) -> None:
    if not holds:
        raise _bad(file, f"has {name} = {given!r}; it must be {allowed}")


def _bad(file: Path, what: str) -> SourceError:
    return SourceError(
        f"The catalogue record {file} {what}. Correct the file; {_PACKAGED / 'efficientnet-lite0.toml'} is a "
        "complete one to compare with."
    )


def _pattern(value: str) -> bool:
    try:
        re.compile(value)
    except re.error:
        return False
    return True


def _hex(value: object) -> bool:
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")
