"""Texts in a run."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ...kind import kind_of
from ...types import IntArray, Source, Task, View
from ..particulars import Particulars

if TYPE_CHECKING:
    from ...judge.verdict import Judgement
    from ...ship.store import Model
    from ..adapt.rows import Representation


class Texts(Particulars):
    """See the base class."""

    packages = ("transformers", "tokenizers", "peft")
    classical = 0.006
    step = 0.025

    def batches(self, n: int) -> int:
        """Of 16 texts."""
        from ...transfer.baseline.encoder import steps

        return steps(n)

    def rounding(self, view: View) -> float:
        """A tuned language model computes in bf16, in batches of like length: others beside it change last digits."""
        return 0.02 if view.depth == "input" else super().rounding(view)

    def warning(self, source: Source, weights: Path, task: Task) -> str:
        """That the source's tokenizer knows few of the words."""
        from ...source.language import unknown

        texts = [example.content or "" for example in (*task.train, *task.valid)]
        return unknown.warning(source, unknown.unknown(source, weights, texts))

    def sourceless(
        self, view: View, parts: Sequence[NDArray[Any]], y: IntArray, k: int, config: Mapping[str, Any]
    ) -> Representation | None:
        """TF-IDF."""
        from ..adapt.rows import words

        return words(view, parts, y, k, str(config["features"]), float(config["c"]))

    def explained(
        self,
        folder: Path,
        task: Task,
        engine: str,
        judgement: Judgement,
        mistakes: Sequence[tuple[int, dict[str, Any]]] | None,
    ) -> Mapping[str, Any]:
        """Accuracy by length, and the telling words of typical right answers; each mistake is given its own.

        The saved model reads texts changed for this; nothing is chosen by its answers, and none of their features are
        kept.
        """
        from ...judge import texts
        from ...ship.store import load as open_model

        if not kind_of(task.kind).calibrated:
            return {}
        if mistakes is None:
            return {"texts": {"lengths": texts.lengths(judgement), "typical": []}}
        model: Model = open_model(folder)
        worst = [at for at, _ in mistakes]
        typical, said = texts.typical(judgement), kind_of(task.kind).said
        with tempfile.TemporaryDirectory(prefix="headstart-") as empty:
            with model.predictor(engine, Path(empty)) as predictor:
                found = texts.telling(judgement, [*worst, *typical], predictor.probabilities)
        for (_, mistake), words in zip(mistakes, found, strict=False):
            mistake["telling"] = words
        rows = [
            {
                "text": judgement.examples[i].content,
                "predicted": answer["label"],
                "probability": answer["probability"],
                "telling": words,
            }
            for i, words in zip(typical, found[len(worst) :], strict=True)
            for answer in [said(judgement.probabilities[i], task.labels, judgement.decoder)]
        ]
        return {"texts": {"lengths": texts.lengths(judgement), "typical": rows}}


RUN = Texts()
