"""What a model card's head and timm's tags say: licence, data sets, papers. What they do not say stays unsaid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_HEAD = 8000  # characters in which the card's head stands
# A part of timm's tag → the data set. What else stands in a tag (a recipe, a size) tells of no data.
_SETS = {
    "in1k": "ImageNet-1k",
    "in12k": "ImageNet-12k",
    "in21k": "ImageNet-21k",
    "in22k": "ImageNet-22k",
    "inw21k": "ImageNet-W21k",
    "yfcc100m": "YFCC-100M",
    "yfcc15m": "YFCC-15M",
    "cc12m": "CC-12M",
    "openai": "OpenAI's 400 million pictures with captions",
    "laion400m": "LAION-400M",
    "laion2b": "LAION-2B",
    "laiona": "LAION-A",
    "merged2b": "Merged-2B",
    "datacompxl": "DataComp-1B",
    "datacomp1b": "DataComp-1B",
    "dfn2b": "DFN-2B",
    "dfn5b": "DFN-5B",
    "webli": "WebLI",
    "metaclip": "MetaCLIP's pictures with captions",
    "ig1b": "a billion pictures of Instagram",
    "lvd142m": "LVD-142M",
    "lvd1689m": "LVD-1689M",
    "jft": "JFT-300M",
    "sa1b": "SA-1B",
    "inat21": "iNaturalist 2021",
}
_WEB = ("openai", "laion400m", "laion2b", "laiona", "merged2b", "datacompxl", "datacomp1b", "dfn2b", "dfn5b", "webli",
        "metaclip", "cc12m")  # fmt: skip
_PHOTOGRAPHS = ("in1k", "in12k", "in21k", "in22k", "inw21k", "yfcc100m", "yfcc15m", "ig1b", "inat21")


@dataclass(frozen=True)
class Card:
    """Of a model card's head; empty where it says nothing."""

    licence: str = ""
    datasets: tuple[str, ...] = ()
    papers: tuple[str, ...] = ()  # arXiv numbers in its text


def read(folder: Path) -> Card:
    """The card of a folder, its README.md."""
    try:
        text = (folder / "README.md").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return Card()
    found = re.match(r"\ufeff?\s*---\s*\n(.*?)\n---\s*(\n|$)", text[:_HEAD], re.DOTALL)
    head = found[1] if found else ""
    told, named = _one("license", head), _one("license_name", head)
    papers = dict.fromkeys(re.findall(r"arxiv\.org/(?:abs|pdf)/(\d{4}\.\d{4,5})", text))
    return Card(named or told if told == "other" else told, tuple(_many("datasets", head)), tuple(papers))


def sets_of(tag: str) -> tuple[str, ...]:
    """The data sets that a tag of timm's names, in the order in which the model saw them.

    >>> sets_of("augreg_in21k_ft_in1k"), sets_of("a1_in1k"), sets_of("fb_dino")
    (('ImageNet-21k', 'ImageNet-1k'), ('ImageNet-1k',), ())
    """
    return tuple(_SETS[part] for part in tag.split("_") if part in _SETS)


def domain(sets: Sequence[str]) -> str:
    """What a model looked at, where all its data sets are known ones.

    >>> domain(("imagenet-1k", "ImageNet-21k")), domain(("ImageNet-1k", "my-xrays")), domain(())
    ('photographs', 'not stated', 'not stated')
    """
    known = {**dict.fromkeys(_WEB, "pictures of the web"), **dict.fromkeys(_PHOTOGRAPHS, "photographs")}
    kinds = {_plain(_SETS[key]): kind for key, kind in known.items()}
    found = {kinds.get(_plain(name), "not stated") for name in sets}
    if not found or "not stated" in found:
        return "not stated"
    return found.pop() if len(found) == 1 else "pictures of the web"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _one(name: str, head: str) -> str:
    told = re.search(rf"^{name}:[ \t]*['\"]?([\w.+-]+)['\"]?[ \t]*$", head, re.MULTILINE)
    return told[1] if told else ""


def _many(name: str, head: str) -> list[str]:
    """The items of a list, in either of YAML's two ways, or a single one."""
    told = re.search(rf"^{name}:[ \t]*(\[[^\]\n]*\]|[^\n]*)((?:\n[ \t]*- [^\n]*)*)", head, re.MULTILINE)
    if not told:
        return []
    items = [*told[1].strip().strip("[]").split(","), *(line.strip()[2:] for line in told[2].splitlines() if line)]
    return [item.strip().strip("'\"") for item in items if item.strip()]
