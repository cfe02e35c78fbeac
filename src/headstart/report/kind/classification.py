"""One of several classes: accuracy, macro-F1, of two classes what each is missed, log-loss, calibration."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from .. import _view, _words
from .._kind import Figure, Panels, Run


class Classes(Panels):
    """See the base class."""

    worst = (
        "Wrong answers the model was surest of; in red its answer, and how sure it was. Look here first for wrong "
        "labels and unclear classes."
    )
    curve = "accuracy"
    purpose, always = "Tell these classes apart in {examples} like those", "one of its classes"
    hub = ("accuracy", "f1")

    def task(self, tag: str) -> tuple[str, str]:
        """The hub knows classification of some modalities."""
        return (f"{tag}-classification",) * 2 if tag else ("classification", "")

    def what(self, one: str, nouns: str, labels: Sequence[str]) -> str:
        """A classifier."""
        return f"{one.capitalize()} classifier for {self.labels(labels)}"

    def figures(self, metrics: Run) -> list[Figure]:
        """With the calibration before and after."""
        own = f"95 % interval {_words.span(metrics['accuracy_interval'])}" if metrics["accuracy_interval"] else ""
        after, before = _words.number(metrics["ece"]), metrics["ece_before"]
        scaled = f"ECE before → after scaling (T = {_words.number(metrics['temperature'], 2)})"
        pair = (f"{_words.number(before)}\u00a0→\u00a0{after}", scaled) if before is not None else (after, _AFTER)
        return [
            ("Accuracy", _words.percent(metrics["accuracy"]), own or "on the sealed test"),
            ("Macro-F1", _words.number(metrics["macro_f1"]), "mean over classes"),
            *(
                (title, _words.percent(value), Markup("<bdi>{}</bdi>; interval {}").format(of, _words.span(interval)))
                for title, value, interval, of in _view.two_classes(metrics)
            ),
            ("Log-loss", _words.number(metrics["log_loss"]), "lower is better"),
            ("Calibration error", *pair),
        ]

    def table(self, metrics: Run) -> list[Figure]:
        """The same, apart."""
        own = f"{_words.span(metrics['accuracy_interval'])} %".replace("– %", "–")
        return [
            ("Accuracy", _words.percent(metrics["accuracy"]), own),
            ("Macro-F1", _words.number(metrics["macro_f1"]), ""),
            *(
                (f"{title} ({of})", _words.percent(value), f"{_words.span(interval)} %")
                for title, value, interval, of in _view.two_classes(metrics)
            ),
            ("Log-loss", _words.number(metrics["log_loss"]), ""),
            ("ECE before temperature scaling", _words.number(metrics["ece_before"]), ""),
            ("ECE after", _words.number(metrics["ece"]), ""),
        ]

    def trial(self, trial: Run) -> list[tuple[str, str]]:
        """Its two scores."""
        return [("Accuracy", _words.percent(trial["accuracy"])), ("Log-loss", _words.number(trial["log_loss"]))]


_AFTER = "ECE after scaling"
PANELS = Classes()
