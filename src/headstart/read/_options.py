"""How a person's data shall be read, where the usual way is not meant: one frozen value for every reader."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadOptions:
    """All that a person may say of their data. What is left out the reader guesses, and says so (`Task.notes`)."""

    group: str | None = None  # table column, or table of files and groups, that must not straddle the splits
    text: str | None = None  # table column of texts, where its name is unusual
    label: str | None = None  # the same for classes or numbers; by comma several columns of 0 and 1, one a label
    kind: str | None = None  # a member of kind/: one label an example, several, or a number?
    quotes: str | None = None  # "yes": quotation marks wrap cells; "no": they are characters
    encoding: str | None = None  # of tables and text files, by a name that Python knows
    blank: str | None = None  # what an empty label means, such as "0"
    split: str | None = None  # table column that names the splits
    layout: str | None = None  # of a folder: its first level is the "classes" or the "splits"; "nested": its last one
    duplicates: str = "group"  # near ones: on one side ("group"), as any other ("keep"), or one of each stays ("drop")
