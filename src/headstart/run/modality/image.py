"""Pictures in a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ...types import IntArray, View
from ..particulars import Particulars

if TYPE_CHECKING:
    from ..adapt.rows import Representation


class Pictures(Particulars):
    """See the base class."""

    packages = ("torchvision", "timm", "scikit-image", "pillow", "simplejpeg")

    def batches(self, n: int) -> int:
        """Of 32 pictures."""
        from ...transfer.baseline.convnet import steps

        return steps(n)

    def engine(self, picked: str) -> str:
        """Backbones run on every engine."""
        return picked

    def sourceless(
        self, view: View, parts: Sequence[NDArray[Any]], y: IntArray, k: int, config: Mapping[str, Any]
    ) -> Representation | None:
        """HOG, or pixels."""
        from ...transfer.baseline.hog_svm import compute
        from ..adapt.rows import dense

        features = str(config["features"])
        name = {"hog": "HOG", "pixels": "pixels"}[features]
        return dense(name, view, [compute(x, features) for x in parts], y, k, config, "classical")


RUN = Pictures()
