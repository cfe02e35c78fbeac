"""How the pixels of a task's files become what is learnt from: one scale and one fit for all, kept with the model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

FITS = ("centre", "squash", "letterbox")


@dataclass(frozen=True)
class Pixels:
    """One way of reading pictures. The default is the usual one: 8 bits as they are, and the middle square."""

    low: float = 0.0  # black in pictures deeper than 8 bits
    high: float = 0.0  # white in them; where both are 0 each picture has a range of its own
    fit: str = "centre"  # the middle square; "squash": all of it, its shape changed; "letterbox": all, bars beside it

    @property
    def scaled(self) -> bool:
        """Whether pictures deeper than 8 bits have one scale."""
        return self.high > self.low

    def name(self, digest: str) -> str:
        """What a picture read in this way is called in a cache: the digest of its bytes, if they alone decide.

        >>> PLAIN.name("ab12"), len(Pixels(fit="squash").name("ab12"))
        ('ab12', 64)
        """
        if self == PLAIN:
            return digest
        return hashlib.sha256(f"{digest} {self.low!r} {self.high!r} {self.fit}".encode()).hexdigest()


PLAIN = Pixels()
