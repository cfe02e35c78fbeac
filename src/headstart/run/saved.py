"""A finished run as it lies in its folder: record, verdict, pages, and the model that is to be used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from html import escape
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from ..errors import DataError, UsageError
from ..runtime import write
from ..schema import RunRecord, understood
from ..ship.export import FILE as ARTEFACT
from ..types import Contrast, Rival, Verdict

if TYPE_CHECKING:
    from ..ship.store import Model

ADAPTED, DISTILLED = "adapt.json", "distil.json"  # what came of a run that another one was made of
BEFORE = "source.json"  # beside either: the record of the run before
SOURCE = "source"  # folder of an adapted run's own fit, where it began with data
MODEL, OTHER = "model", "other"  # folders of the run's model, and of the best of the arm that did not win
TAKES = ("winner", "transfer", "rival")


class Saved:
    """What `fit` left in a folder.

    Args:
        folder: of the run.
        take: which of its two models predicts: the `winner`, the best `transfer` candidate or the best `rival`.

    Raises:
        DataError: the folder holds no finished run, or one that a newer headstart made.
        UsageError: there is no such `take`.
    """

    def __init__(self, folder: str | Path, take: str = "winner") -> None:
        self.path, self.take = Path(folder), take
        if take not in TAKES:
            raise UsageError(f"take={take!r} was given; a run keeps {', '.join(TAKES)}. Name one of these.")
        self.made: Mapping[str, Any] | None = None  # of one made of another run: `adapt.json`, or `distil.json`
        file = self.path / (DISTILLED if (self.path / DISTILLED).is_file() else ADAPTED)
        verb = file.stem
        try:
            with suppress(FileNotFoundError):
                self.made = json.loads(file.read_text(encoding="utf-8"))
            file = self.path / ("run.json" if self.made is None else BEFORE)
            given = json.loads(file.read_text(encoding="utf-8"))
            self.record: RunRecord = understood(given, str(file))
        except FileNotFoundError as error:
            known = sorted(p.parent.name for p in self.path.absolute().parent.glob("*/run.json"))
            beside = f" Finished runs beside it: {', '.join(known)}." if known else ""
            raise DataError(
                f"{self.path} holds no finished run ({file.name} is missing).{beside} "
                f"Make one with: headstart fit DATA --out {self.path}"
            ) from error
        except ValueError as error:
            raise DataError(
                f"{file} is damaged ({error}). Move it away and run the same `headstart "
                f"{'fit' if file.name == 'run.json' else verb}` again: finished work is kept."
            ) from error
        if self.exported and take == "winner":
            self.take = str(json.loads((self.path / ARTEFACT).read_text(encoding="utf-8"))["take"])
        self._was = str(self.record.get("run", self.path))
        if Path(self._was).absolute() != self.path.absolute():  # it was moved or copied
            self.record["run"] = str(self.path)

    def readdress(self) -> None:
        """Let the pages of a run that was moved name its new place in their lines to copy."""
        was, now = self._was, str(self.record["run"])
        for page in (self.report, self.path / "card.md") if was != now else ():
            text = moved = page.read_text(encoding="utf-8") if page.is_file() else ""
            for line in ("headstart predict {} ".format, "hs.load({})".format):
                for form in (quote, repr, lambda place: escape(repr(place))):
                    moved = moved.replace(line(form(was)), line(form(now)))
            if moved != text:
                with suppress(OSError):  # a folder that may only be read
                    write(page, moved)

    def __repr__(self) -> str:
        return f"{type(self).__name__}('{self.path}'): {self.sentence}"

    @property
    def sentence(self) -> str:
        """The verdict in one sentence; of one made of another run what came of that."""
        return str((self.made or self.record)["sentence"])

    @property
    def verdict(self) -> Verdict:
        """Did the reuse help?"""
        raw = dict(self.record["verdict"])
        for side in ("transfer", "rival", "floor"):
            raw[side] = _rival(raw[side]) if raw.get(side) else None
        raw["against"] = tuple(
            Contrast(_rival(row["rival"]), row["difference"], tuple(row["interval"])) for row in raw.get("against", ())
        )
        return Verdict(**{**raw, "interval": tuple(raw["interval"]), "caveats": tuple(raw["caveats"])})

    @property
    def report(self) -> Path:
        """The page for people."""
        return self.path / "report.html"

    @property
    def exported(self) -> bool:
        """Whether it is no run but what was exported of one: an artefact."""
        return (self.path / ARTEFACT).is_file()

    @property
    def model(self) -> Model:
        """The saved classifier that `take` names.

        Raises:
            DataError: it is damaged, or the run has kept its winner alone.
            UsageError: one made of another run has no other.
        """
        from ..ship.store import load as open_model

        if self.exported:
            from ..ship.export._artefact import load as open_artefact

            found = open_artefact(self.path)
            if self.take != found.told["take"]:
                raise UsageError(
                    f"{self.path} holds the run's {found.told['take']} alone. Leave take={self.take!r} out."
                )
            return found
        if self.made is not None:
            if self.take != "winner":
                raise UsageError(
                    f"{self.path} was made of another run and holds one model. Leave take={self.take!r} (--take) out."
                )
            return open_model(self.path / MODEL)
        reuses = self.record["winner"]["reuses"]
        if self.take in ("winner", "transfer" if reuses else "rival"):
            return open_model(self.path / MODEL)
        if not (self.path / OTHER).exists():
            raise DataError(
                f"{self.path} has kept its winner alone, which {'reuses' if reuses else 'starts fresh'}; the best "
                f"{self.take} was not saved. Run `headstart fit` again into another folder, or leave --take out."
            )
        return open_model(self.path / OTHER)

    @property
    def name(self) -> str:
        """What it is called in sentences: its folder, and which model where that is not its own."""
        return str(self.path) if self.take == "winner" else f"{self.path} ({self.take})"


def _rival(row: Mapping[str, Any]) -> Rival:
    return Rival(**{**row, "interval": tuple(row["interval"])})


def opened(run: str | Path | Saved, take: str | None = None) -> Saved:
    """A run, or the run in a folder, with another of its models where `take` names one."""
    if take is None:
        return run if isinstance(run, Saved) else Saved(run)
    return Saved(run.path if isinstance(run, Saved) else run, take)
