"""Pictures: shown as such."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...pixels import Pixels
from .._modality import Modality


class Pictures(Modality):
    """See the base class."""

    one, tag, made, kept = "an image", "image", "taken", "file"
    new, more, given = "new.jpg", "more/", "new.jpg"

    def thumbnail(self, path: Path, pixels: Pixels) -> bytes | None:
        """All of the picture, on the scale on which it is read."""
        from ...read.picture.picture import Unreadable, decode
        from ..thumbs import thumbnail

        try:
            return thumbnail(decode(path, replace(pixels, fit="centre")))
        except (Unreadable, OSError):
            return None


SHOWN = Pictures()
