"""Pictures in a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...pixels import Pixels
from ..particulars import Particulars


class Pictures(Particulars):
    """See the base class."""

    packages = ("torchvision", "timm", "scikit-image", "pillow", "simplejpeg")

    def batches(self, n: int) -> int:
        """Of 32 pictures."""
        from ...transfer.baseline.convnet import steps

        return steps(n)

    def thumbnails(self, paths: Sequence[str], pixels: Pixels) -> dict[str, bytes]:
        """Of whole pictures, on the scale of the task."""
        from ...read.picture.picture import decode
        from ...report.thumbs import thumbnail

        return {path: thumbnail(decode(Path(path), replace(pixels, fit="centre"))) for path in paths}


RUN = Pictures()
