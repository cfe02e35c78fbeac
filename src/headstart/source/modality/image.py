"""Networks for pictures: timm's, torchvision's, a few of our own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import HeadstartError, SourceError
from ...types import InputSpec, Source
from .._modality import Demand, Modality, Weights, whole
from ..files import saved
from ..vision import folder as folders
from ..vision import timm, weights

if TYPE_CHECKING:
    from torch import Tensor

FEWEST = 64  # pixels a side of a picture, where fewer than usual are asked for
_MOST = 4096  # pixels a side, before the crop


class Pictures(Modality):
    """What is asked of networks for pictures."""

    spec = InputSpec
    files = downloads = folders.PROCESSORS

    def demands(self, given: Mapping[str, Any]) -> Iterator[Demand]:
        """Sides, colours and crop within what can be computed."""
        size, crop = given["size"], given.get("crop", 0.875)
        yield Demand(whole(size), "size", size, "a whole number of pixels above 0")
        for name in ("mean", "std"):
            yield Demand(_three(given[name]), name, given[name], "three numbers")
        yield Demand(0 not in given["std"], "std", given["std"], "three numbers above 0")
        seen = isinstance(crop, int | float) and not isinstance(crop, bool) and 0.1 <= crop <= 1
        few = f"a number from 0.1 to 1, and pictures of {_MOST} pixels at most"
        yield Demand(seen and size / crop <= _MOST, "crop", crop, few)
        how = given.get("interpolation", "bicubic")
        yield Demand(how in ("bicubic", "bilinear"), "interpolation", how, "bicubic or bilinear")
        squash = given.get("squash", False)
        yield Demand(isinstance(squash, bool), "squash", squash, "true or false")

    def shown(self, given: Mapping[str, Any]) -> str:
        """Its side in pixels."""
        return f"{given['size']} px"

    def broad(self, source: Source) -> bool:
        """Not those that learnt a narrow end: faces, scene text."""
        return self.tried(source) or source.domain == "photographs"

    def tried(self, source: Source) -> bool:
        """Those with a published accuracy of their own."""
        return source.published is not None

    def at_most(self, source: Source, size: int) -> Source:
        """Pictures are read at `size` pixels; what that costs is counted, not guessed."""
        from ..vision.sizes import sizes

        most = source.pixels.size
        if not FEWEST <= size <= most:
            raise SourceError(f"'{source.key}' reads pictures of {FEWEST} to {most} pixels a side, not {size}.")
        whole, less = (sizes(source.architecture, source.config, side) for side in (most, size))
        if whole["params"] != less["params"]:  # it has weights for each place
            raise SourceError(f"'{source.key}' reads pictures of {most} pixels alone; leave '@{size}' out.")
        macs = round(source.macs * less["macs"] / whole["macs"])
        return replace(source, key=f"{source.key}@{size}", input=replace(source.pixels, size=size), macs=macs)

    def drawn(self, source: Source, seed: int) -> dict[str, Tensor]:
        """Batch-norm statistics stay as a new network has them."""
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return timm.build(source.architecture, source.config).state_dict()

    def converted(self, files: Sequence[Path], source: Source) -> Weights:
        """See `vision/weights.py`."""
        return Weights(weights.converted(files, source))

    def recipe(self, source: Source) -> dict[str, Any]:
        """What moves tensors before they are matched, and the network's settings."""
        return {name: source.origin[name] for name in weights.MATTERS if name in source.origin} | dict(source.config)

    def claim(self, folder: Path, said: Mapping[str, Any]) -> float:
        """What timm saved, and the vision models of transformers that are read here."""
        return float(folders.holds(said, folder))

    def record(self, folder: Path, said: Mapping[str, Any], known: Mapping[str, Any]) -> Source:
        """See `vision/folder.py`."""
        origin = {**known["origin"], "weights_sha256": saved.weights_sha256(folder)}
        return Source(**{**known, "origin": origin}, **folders.record(folder, said, origin.get("repository")))

    def adopted(self, source: Source, folder: Path, said: Mapping[str, Any]) -> Weights:
        """By timm's names."""
        return Weights(folders.tensors(folder, said))

    def complete(self, folder: Path, said: Mapping[str, Any]) -> bool:
        """It must be said how pictures are prepared."""
        return not folders.wants(said) or folders.prepared(folder)[1] is not None

    def sounds(self, name: str) -> float:
        """Most names that tell nothing are of networks for pictures; those that timm knows are for certain."""
        return 1.0 if timm.library().is_model(name.partition(".")[0]) else 0.1

    def size(self, name: str) -> int | None:
        """Of timm's network of that name."""
        import torch

        try:
            with torch.device("meta"):
                return sum(p.numel() for p in timm.build(name.partition(".")[0], {}).parameters())
        except HeadstartError:
            return None


def _three(value: object) -> bool:
    """Whether it is three numbers."""
    return (
        isinstance(value, list)
        and len(value) == 3
        and all(isinstance(v, int | float) and not isinstance(v, bool) for v in value)
    )


SOURCES = Pictures()
