"""Pictures in a run."""

from __future__ import annotations

from ..particulars import Particulars


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


RUN = Pictures()
