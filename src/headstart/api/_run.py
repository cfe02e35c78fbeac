"""A finished run put to work: what was saved, with the verbs that use its model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..modality import noun
from ..run.saved import ADAPTED, DISTILLED, SOURCE, Saved, opened
from ..types import FloatArray, Rival, Source, Verdict
from ._embed import embedded
from ._evaluate import evaluate
from ._export import Exported, export
from ._pretrained import save_pretrained

if TYPE_CHECKING:
    from ..judge.unseen import Evaluation
    from ..ship.predict import Row


class Run(Saved):
    """What `fit` left in a folder.

    Args:
        folder: of the run.
        take: which of its two models predicts: the `winner`, the best `transfer` candidate or the best `rival`.

    Raises:
        DataError: the folder holds no finished run.
        UsageError: there is no such `take`.
    """

    def predict(
        self,
        inputs: Iterable[Any],
        *,
        engine: str = "auto",
        text: str | None = None,
        encoding: str | None = None,
        quotes: str | None = None,
        take: str | None = None,
    ) -> list[Row]:
        """One row an input: pictures, or texts, tables (`text` names the column) and text files.

        A picture is a path, bytes, an open file, a PIL picture or an array (uint8 [h, w, 3], uint16 [h, w]).
        `encoding` and `quotes` say how tables and text files are read, as for `fit`. Folders are walked; unreadable
        inputs get their reason in `error`. `take` names another of the run's two models.
        """
        return list(predict(self, inputs, engine=engine, text=text, encoding=encoding, quotes=quotes, take=take))

    def embed(self, inputs: Iterable[Any], *, engine: str = "auto") -> FloatArray:
        """What the run's network makes of inputs before its head, float32 [n, d]; of a tuned one after tuning.

        Raises:
            UsageError: the run's model stands on no source.
            DataError: an input cannot be read; names the first.
        """
        return embedded(self.model, inputs, engine)

    def evaluate(
        self,
        data: str | Path,
        *,
        against: str | Path | Saved | None = None,
        engine: str = "auto",
        take: str | None = None,
        **options: Any,  # noqa: ANN401 - fields of ReadOptions
    ) -> Evaluation:
        """Judge it on labelled data it has not seen, alone or against another run; see `headstart.evaluate`.

        `options` say how the data is read: `text`, `label`, `encoding`, ….
        """
        return evaluate(self, data, against=against, engine=engine, take=take, **options)

    def export(
        self,
        *,
        to: str,
        precision: str = "fp32",
        out: str | Path | None = None,
        take: str | None = None,
        examples: str | Path | None = None,
    ) -> Exported:
        """Its model for another runtime, kept only if it predicts what the run predicts; see `headstart.export`."""
        return export(self, to=to, precision=precision, out=out, take=take, examples=examples)

    def save_pretrained(self, folder: str | Path, *, linear: Iterable[Any] | None = None) -> Path:
        """The model as a folder that timm, transformers or sentence-transformers open; see `api/_pretrained.py`."""
        return save_pretrained(self, folder, linear=linear)


class AdaptedRun(Run):
    """What `adapt` left in a folder: it predicts as any run, and tells what was tried and what to expect."""

    @property
    def told(self) -> Mapping[str, Any]:
        """`adapt.json`."""
        return self.made or {}

    @property
    def candidates(self) -> list[Mapping[str, Any]]:
        """Every method on every representation, with its evidence, status and reason."""
        return list(self.told["candidates"])

    @property
    def chosen(self) -> Mapping[str, Any]:
        """Method and representation of the model that is handed out."""
        return dict(self.told["chosen"])

    @property
    def estimate(self) -> Mapping[str, Any]:
        """Accuracy to be expected on the target, with a 90 % interval; no label was looked at."""
        return dict(self.told["estimate"])

    @property
    def source(self) -> Run:
        """The run that it began with, whose `.verdict` tells of the source domain.

        Raises:
            DataError: it has gone.
        """
        own = self.path / SOURCE
        return Run(own if own.is_dir() else self.told["source"]["run"])

    @property
    def verdict(self) -> Verdict | None:  # type: ignore[override]  # a fit always has one
        """Did adapting help, on labelled target examples? None without a judge.

        `transfer` is the model handed out, `rival` the untouched one; where these are one, nothing differs.
        """
        told = self.judged
        if told is None:
            return None
        seen = told.get("comparison") or {"decision": "no_evidence", "margin": self.record["verdict"]["margin"]}
        mine, untouched = self.chosen, self.told["untouched"]
        beside = told.get("untouched_interval", told["interval"])
        return Verdict(
            decision=seen["decision"],
            metric=told["metric"],
            difference=told["difference"],
            interval=tuple(told.get("difference_interval", (0.0, 0.0))),
            level=told["level"],
            margin=seen["margin"],
            transfer=Rival(mine["method"], told["value"], tuple(told["interval"]), mine["representation"]),
            rival=Rival(untouched["method"], told["untouched"], tuple(beside), untouched["representation"]),
            n_test=told["n"],
            test_reads=1,
            reason=self.sentence,
            needed=seen.get("needed"),
            noun=noun(self.told["modality"]),
        )

    @property
    def judged(self) -> Mapping[str, Any] | None:
        """The verdict on labelled target examples against the untouched model; None without a judge."""
        verdict: Mapping[str, Any] | None = self.told["verdict"]
        return verdict


class DistilledRun(Run):
    """What `distil` left in a folder: it predicts as any run, and tells whether the teacher helped."""

    @property
    def told(self) -> Mapping[str, Any]:
        """`distil.json`."""
        return self.made or {}

    @property
    def verdict(self) -> Verdict:
        """Did the teacher help? `transfer` is the taught student, `rival` the same one alone."""
        told, how = self.told["verdict"], {c["taught"]: c["strategy"] for c in self.told["candidates"] if c["chosen"]}
        source, seen = self.told["student"]["source"], told["help"]
        taught, alone = (
            Rival(how[arm], told[name]["value"], tuple(told[name]["interval"]), source)
            for arm, name in ((True, "taught"), (False, "alone"))
        )
        return Verdict(
            decision=seen["decision"],
            metric=told["metric"],
            difference=seen["difference"],
            interval=tuple(seen["interval"]),
            level=told["level"],
            margin=told["margin"],
            transfer=taught,
            rival=alone,
            n_test=told["n_test"],
            test_reads=told["test_reads"],
            reason=self.sentence,
            needed=seen["needed"],
            noun=noun(self.told["modality"]),
        )


def load(folder: str | Path, take: str = "winner") -> Run:
    """Open a finished run, an adapted or a distilled one; `take`: which of a run's two models predicts, see `Run`."""
    made = {ADAPTED: AdaptedRun, DISTILLED: DistilledRun}
    return next((of for file, of in made.items() if (Path(folder) / file).is_file()), Run)(folder, take)


def predict(
    run: str | Path | Saved,
    inputs: Iterable[Any],
    *,
    engine: str = "auto",
    text: str | None = None,
    encoding: str | None = None,
    quotes: str | None = None,
    take: str | None = None,
) -> Iterator[Row]:
    """Predictions one by one, for many inputs; see `Run.predict`."""
    from ..read import ReadOptions
    from ..ship.predict import predict as rows

    options = ReadOptions(text=text or None, encoding=encoding or None, quotes=quotes or None)
    return rows(opened(run, take).model, inputs, engine=engine, options=options)


def sources() -> list[Source]:
    """The catalogue of pre-trained sources."""
    from ..source import _catalogue

    return [_catalogue.get(key) for key in _catalogue.keys()]
