"""The catalogue: which pre-trained sources there are. One TOML record a source; the file name is the key.

Out: `Source` values, checked field by field. Records come with the package (`catalogue/*.toml`); a person adds their
own in `$HEADSTART_SOURCES` or in `catalogue/` of our cache. Imports no model and fetches nothing unless told to.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Protocol, cast

from .. import family, runtime
from ..errors import SourceError, UnknownName
from ..types import InputSpec, Source, TextSpec, to_dict
from .language.sentence import POOLINGS

_PACKAGED = Path(__file__).parent / "catalogue"
_CHEAP = 2  # how many sources `cheap_keys` names
_ALIKE = 0.8  # a name so like a key is a slip of the pen, and no hub is asked for it
_PATH = re.compile(r"[./~]|[\w.-]+/[\w.-]+/|.*\\")  # no name that a hub could know
_SCHEMES = {"timm": "timm", "torchvision": "torchvision", "hub": "hub", "hf-hub": "hub"}  # before ":" → the loader
_WAYS = "Other ways to name one: a folder, timm:NAME, timm:NAME=FILE, torchvision:NAME, hub:OWNER/NAME@REVISION."
_COUNTS = ("feature_dim", "params", "macs")
# What a registry's client is given: a name and a version, and nothing that it takes for an option, path or address.
_PLAIN, _VERSION = r"[A-Za-z0-9][A-Za-z0-9_.-]*", r"[0-9A-Za-z][0-9A-Za-z_.+!-]*"
_PACKAGES = {"package": _PLAIN, "npm": rf"(@[A-Za-z0-9_.-]+/)?{_PLAIN}"}
_PART = ("distribution", "archive_sha256", "file", "file_sha256")  # what each of `more` in [origin] gives
_ASIDE = {"weights_sha256", "file_sha256", "inside", "more", "tokenizer", "tokenizer_sha256", "manifest",
          "manifest_sha256", "split", "keep", "channels", "answers"}  # fmt: skip # what [origin] can have besides


class Loader(Protocol):
    """What a member of `source/` gives."""

    ORIGIN: tuple[str, ...]

    def fetch(self, source: Source) -> Path:
        """The path of the weights, as safetensors with the library's names."""

    def pulled(self, source: Source) -> bool:
        """Whether `fetch` needs no network."""


INPUTS: dict[str, Callable[..., InputSpec | TextSpec]] = {"image": InputSpec, "text": TextSpec}


def source_from(record: Mapping[str, Any]) -> Source:
    """A record as plain values (`types.to_dict`, TOML, JSON) → the value."""
    spec = {k: tuple(v) if isinstance(v, list) else v for k, v in record["input"].items()}
    made: InputSpec | TextSpec = INPUTS[record["modality"]](**spec)
    return Source(**{**record, "input": made, "widths": tuple(record["widths"])})


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
    fit = [s for s in known if s.modality == modality and getattr(s.input, "notation", "plain") == "plain"]
    return [source for source in fit if not source.licence.startswith("not stated")]


def cheap_keys(modality: str = "image", head: str | None = None) -> list[str]:
    """Of these the two with the fewest multiply-adds, cheapest first.

    Networks for pictures that have no published accuracy of their own serve a narrow end, and are not among them. With
    `head` ("causal", "masked") the cheapest one that has such a language-model head.

    >>> cheap_keys()
    ['mobilenet-v2', 'efficientnet-lite0']
    """
    able = [s for s in usual(modality) if modality == "text" or s.published is not None]
    cheapest = sorted(able, key=lambda source: (source.macs, source.key))
    if head is None:
        return [source.key for source in cheapest][:_CHEAP]
    from .language.model import lm_kind

    return [source.key for source in cheapest if lm_kind(source) == head][:1]


def get(key: str) -> Source:
    """The record of one source.

    What a name means, in this order: a key of the catalogue; a path to a folder with a saved model; with "timm:",
    "torchvision:", "hub:" or "hf-hub:" before it a name there and nowhere else; a name of timm's ("resnet50",
    with a tag or without); a name of torchvision's that timm has not ("alexnet"); a name on the hub
    ("bert-base-uncased").

    Raises:
        UnknownName: no such key, but one much like it; suggests the nearest.
        SourceError: the record is not a complete and correct one, two records have this key, or the model of the folder
            or hub cannot be had.

    >>> get("efficientnet-lite0").input.size
    224
    """
    files = _files()
    if key not in files:
        return _elsewhere(key, sorted(files))
    if len(files[key]) > 1:
        raise SourceError(
            f"Two records have the key '{key}': {' and '.join(map(str, files[key]))}. A key names one source; "
            "rename your own file."
        )
    return _parse(files[key][0])


def _elsewhere(name: str, keys: list[str]) -> Source:
    """A source that no record tells of; where it is known and cannot be had, packaged ones near it are named."""
    try:
        found: Source | None = _known_elsewhere(name)
    except _loader("hub").NotGiven as problem:
        raise SourceError(f"{problem}\n{_near(name)}") from problem
    if found:
        return found
    if _PATH.match(name):
        raise SourceError(
            f"{name}, which was given as a source, is no folder with a model (config.json, model.safetensors and what "
            "stands beside them). Give the folder that `model.save_pretrained(folder)` wrote, or a name."
        )
    slip = UnknownName("source", name, keys)
    if get_close_matches(name, keys, n=1, cutoff=_ALIKE):
        raise slip
    hub = _loader("hub")
    try:
        found = hub.find(name)
    except hub.NotGiven as problem:
        like = _loader("timm").near(name)
        has = f" (timm has {', '.join(like)})" if like else ""
        raise SourceError(
            f"'{name}' is no key of the catalogue, no folder with a config.json, and no name of timm's or "
            f"torchvision's{has}. {problem}\n{_near([*like, name][0])}\nKnown keys: {', '.join(keys)}. {_WAYS}"
        ) from problem
    if found is None:
        raise slip
    return found


def _known_elsewhere(name: str) -> Source | None:
    """A folder, or what timm or torchvision call so; None where nobody does."""
    found: Source | None = _loader("local").find(name)
    scheme, _, rest = name.partition(":")
    if found is None and scheme in _SCHEMES:
        if made := _loader(_SCHEMES[scheme]).find(rest):
            return cast(Source, made)
        raise SourceError(f"'{rest}' is no name that '{scheme}:' knows. {_WAYS}")
    return found or _loader("timm").find(name) or _loader("torchvision").find(name)


def _near(name: str) -> str:
    from ._near import near

    return near(name)


def _loader(name: str) -> Any:  # noqa: ANN401 - a module of this folder
    return family.load("source", name)


def loader(source: Source) -> Loader:
    """The module that can fetch this source."""
    return cast(Loader, family.load("source", source.loader))


def fetch(source: Source) -> Path:
    """The path of the source's weights, fetched if need be. Raises `SourceError`."""
    return loader(source).fetch(source)


def describe(source: Source) -> dict[str, Any]:
    """A record as plain values for a person or JSON, with `pulled`: whether it works with the network off."""
    return {**to_dict(source), "pulled": loader(source).pulled(source)}


def pull(wanted: Iterable[str]) -> dict[str, Path]:
    """Fetch sources by key; all keys are looked up before the first byte is fetched. Key → path of the weights."""
    sources = [get(key) for key in wanted]
    return {source.key: fetch(source) for source in sources}


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
    _known(file, record, Source, {"key"}, "")
    kind = INPUTS.get(record["modality"])
    _need(file, kind is not None, "modality", record["modality"], f"one of {', '.join(INPUTS)}")
    _known(file, record["input"], kind or Source, set(), "input.")
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
        _need(file, _whole(record[name]), name, record[name], "a whole number above 0")
    known = record.get("published", 50.0)
    _need(file, isinstance(known, int | float) and 0 < known <= 100, "published", known, "a percentage, above 0")
    for name in record.keys() - set(tables):
        _need(file, isinstance(record[name], str), name, record[name], "text")
    told = isinstance(widths, list) and len(widths) > 0 and all(map(_whole, widths))
    holds = told and widths[-1] == record["feature_dim"]
    _need(file, holds, "widths", widths, "whole numbers above 0, the last one feature_dim")
    _need(file, _hex(record["sha256"]), "sha256", record["sha256"], "64 hexadecimal digits")
    (_check_pixels if record["modality"] == "image" else _check_words)(file, record["input"])
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


def _check_pixels(file: Path, spec: Mapping[str, Any]) -> None:
    size, crop = spec["size"], spec.get("crop", 0.875)
    _need(file, _whole(size), "input.size", size, "a whole number of pixels above 0")
    for name in ("mean", "std"):
        _need(file, _three(spec[name]), f"input.{name}", spec[name], "three numbers")
    _need(file, 0 not in spec["std"], "input.std", spec["std"], "three numbers above 0")
    seen = isinstance(crop, int | float) and not isinstance(crop, bool) and 0.1 <= crop <= 1 and size / crop <= 4096
    _need(file, seen, "input.crop", crop, "a number from 0.1 to 1, and pictures of 4096 pixels at most")
    how = spec.get("interpolation", "bicubic")
    _need(file, how in ("bicubic", "bilinear"), "input.interpolation", how, "bicubic or bilinear")
    _need(file, isinstance(spec.get("squash", False), bool), "input.squash", spec.get("squash"), "true or false")


def _check_words(file: Path, spec: Mapping[str, Any]) -> None:
    _need(file, _whole(spec["length"]), "input.length", spec["length"], "a whole number of tokens above 0")
    how = spec.get("pooling", "mean")
    known = isinstance(how, str) and set(how.split("+")) <= {*POOLINGS.values()}
    _need(file, known, "input.pooling", how, f"{', '.join(POOLINGS.values())}, or several joined by +")
    kind = spec.get("notation", "plain")
    _need(file, kind in ("plain", "smiles"), "input.notation", kind, "plain or smiles")
    _need(file, isinstance(spec.get("prefix", ""), str), "input.prefix", spec.get("prefix"), "text")


def _need(file: Path, holds: bool, name: str, given: object, allowed: str) -> None:
    if not holds:
        raise _bad(file, f"has {name} = {given!r}; it must be {allowed}")


def _bad(file: Path, what: str) -> SourceError:
    return SourceError(
        f"The catalogue record {file} {what}. Correct the file; {_PACKAGED / 'efficientnet-lite0.toml'} is a "
        "complete one to compare with."
    )


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _pattern(value: str) -> bool:
    try:
        re.compile(value)
    except re.error:
        return False
    return True


def _hex(value: object) -> bool:
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")


def _three(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 3
        and all(isinstance(v, int | float) and not isinstance(v, bool) for v in value)
    )
