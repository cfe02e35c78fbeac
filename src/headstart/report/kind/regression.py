"""Numbers: errors in the label's own unit, R², correlation."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ...judge.wording import units
from .. import _words
from .._kind import Figure, Panels, Run

_FURTHER = (("RMSE", "rmse"), ("R²", "r2"), ("Pearson's r", "pearson"))


class Numbers(Panels):
    """See the base class."""

    classes = confidences = False
    worst = "The largest errors; in red the model’s answer. Look here first for wrong numbers."
    purpose, always = "Predict a number of {examples} like those", "some number"
    hub = ("mae",)
    data = "a number each"

    def task(self, tag: str) -> tuple[str, str]:
        """The hub has no pipeline for numbers."""
        return "regression", ""

    def what(self, one: str, nouns: str, labels: Sequence[str]) -> str:
        """A model of a number."""
        return f"A model of the number {labels[0]} of {nouns}"

    def labels(self, labels: Sequence[str]) -> str:
        """What is predicted."""
        return Markup("Numbers, “<bdi>{}</bdi>”").format(labels[0] if labels else "")

    def figures(self, metrics: Run) -> list[Figure]:
        """With what they mean."""
        own = f"95 % interval {_words.spread(metrics['mae_interval'], units('mae'))}"
        deviation = f"the numbers' deviation is {_words.number(metrics['deviation'])}"
        return [
            ("Mean absolute error", _words.number(metrics["mae"]), own),
            ("RMSE", _words.number(metrics["rmse"]), deviation),
            ("R²", _words.number(metrics["r2"]), "1 is perfect, 0 the mean for all"),
            ("Pearson’s r", _words.number(metrics["pearson"]), "between answers and truth"),
        ]

    def table(self, metrics: Run) -> list[Figure]:
        """The same."""
        own = _words.spread(metrics["mae_interval"], units("mae"))
        further = ((title, _words.number(metrics[key]), "") for title, key in _FURTHER)
        return [("Mean absolute error", _words.number(metrics["mae"]), own), *further]


PANELS = Numbers()
