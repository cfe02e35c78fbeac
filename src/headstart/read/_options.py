"""How a person's data shall be read, where the usual way is not meant: one frozen value for every reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ..errors import UsageError


@dataclass(frozen=True, repr=False)
class ReadOptions:
    """All that a person may say of their data. What is left out the reader guesses, and says so (`Task.notes`)."""

    group: str | None = None  # table column, or table of files and groups, that must not straddle the splits
    text: str | None = None  # table column of texts, where its name is unusual; by comma several, put together
    label: str | None = None  # the same for classes or numbers; by comma several columns of 0 and 1, one a label
    kind: str | None = None  # a member of kind/: one label an example, several, or a number?
    quotes: str | None = None  # "yes": quotation marks wrap cells; "no": they are characters
    encoding: str | None = None  # of tables and text files, by a name that Python knows
    blank: str | None = None  # what an empty label means, such as "0"
    split_column: str | None = None  # table column that names the splits
    layout: str | None = None  # of a folder: its first level is the "classes" or the "splits"; "nested": its last one
    crop: str | None = None  # of pictures far from square: their "centre", or all of it by "squash" or "letterbox"
    duplicates: str = "group"  # near ones: on one side ("group"), as any other ("keep"), or one of each stays ("drop")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> ReadOptions:
        """From arguments by name; "auto", "" and None leave the reader to guess.

        Raises:
            UsageError: there is no such option.

        >>> ReadOptions.of({"kind": "auto", "text": "body"})
        ReadOptions(text='body')
        """
        known = [f.name for f in fields(cls)]
        if odd := sorted(given.keys() - set(known)):
            raise UsageError(f"There is no option '{odd[0]}' of reading; allowed: {', '.join(known)}. Leave it out.")
        return cls(**{name: value for name, value in given.items() if value not in ("auto", "", None)})

    def said(self) -> dict[str, str]:
        """Those that were given, by name.

        >>> ReadOptions(text="body").said()
        {'text': 'body'}
        """
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}

    def __repr__(self) -> str:
        return f"ReadOptions({', '.join(f'{name}={value!r}' for name, value in self.said().items())})"
