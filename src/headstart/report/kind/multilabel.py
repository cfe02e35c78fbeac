"""Several labels an example, or none: F1 of all decisions and of each label, how probable a label must be."""

from __future__ import annotations

from collections.abc import Sequence

from .. import _words
from .._kind import Figure, Panels, Run

_RIGHT = (("Macro-F1", "macro_f1"), ("Mean average precision", "mean_average_precision"), ("Wholly right", "accuracy"))
_LOSSES = (("Hamming loss", "hamming_loss"), ("Log-loss", "log_loss"), ("ECE of all decisions", "ece"))


class Labels(Panels):
    """See the base class."""

    one, many = "label", "labels"
    each = "Whether each label applies to each {noun} is one answer here. "
    worst = (
        "Wrong label sets of the largest loss; in red the model’s, with the probability of the least sure label in it. "
        "Look here first for labels that were forgotten."
    )
    rests, right, curve = "the most probable label", "Wholly right", "F1 of an example"
    purpose = "Tell which of these labels apply in {examples} like those"
    always = "some of its labels, or none"
    hub = ("accuracy", "f1")
    data = "several labels each, or none"

    def task(self, tag: str) -> tuple[str, str]:
        """The hub calls it classification, too."""
        return (f"{tag}-classification",) * 2 if tag else ("classification", "")

    def what(self, one: str, nouns: str, labels: Sequence[str]) -> str:
        """A classifier."""
        return f"{one.capitalize()} classifier for any of {self.labels(labels)} an example, or none"

    def figures(self, metrics: Run) -> list[Figure]:
        """Of all decisions, of labels, of examples."""
        own, at = f"95 % interval {_words.span(metrics['micro_f1_interval'])}", _words.number(metrics["threshold"], 2)
        return [
            ("Micro-F1", _words.percent(metrics["micro_f1"]), own),
            ("Macro-F1", _words.percent(metrics["macro_f1"]), "mean over labels"),
            ("Mean average precision", _words.percent(metrics["mean_average_precision"]), "whatever the threshold"),
            ("Wholly right", _words.percent(metrics["subset_accuracy"]), "no label missing, none too many"),
            ("Hamming loss", _words.number(metrics["hamming_loss"]), "share of label decisions that are wrong"),
            ("Log-loss", _words.number(metrics["log_loss"]), "mean over labels, lower is better"),
            ("Calibration error", _words.number(metrics["ece"]), "ECE of all label decisions, after scaling"),
            ("Given from", at, "the probability from which on a label is given"),
        ]

    def table(self, metrics: Run) -> list[Figure]:
        """The same."""
        return [
            ("Micro-F1", _words.percent(metrics["micro_f1"]), f"{_words.span(metrics['micro_f1_interval'])} %"),
            *((title, _words.percent(metrics[key]), "") for title, key in _RIGHT),
            *((title, _words.number(metrics[key]), "") for title, key in _LOSSES),
            ("Probability from which a label is given", _words.number(metrics["threshold"], 2), ""),
        ]


PANELS = Labels()
