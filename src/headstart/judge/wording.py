"""The verdict in words: why it was decided so, what to be careful with, and the one sentence people read.

In: numbers and a `Verdict`. Out: English. Names of sources and strategies are passed in; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from ..family import load
from ..kind._words import number, percent
from ..types import Example, Fitted, Rival, Task, Verdict
from . import looked

FEW, FEW_SEEDS, FEW_GROUPS = 50, 3, 10  # below these a caveat is due

Titles = Mapping[str, str] | Callable[[str], str]


def points(value: float) -> str:
    """A difference of parts of one, in points, always signed.

    >>> points(0.104), points(-0.02), points(0.0)
    ('+10.4', '−2.0', '0.0')
    """
    text = number(100 * value, 1)
    return f"+{text}" if round(100 * value, 1) > 0 else text


def duration(value: float, *, rough: bool = False) -> str:
    """A duration as people say it; `rough` for a sentence, in whole minutes from two on.

    >>> [duration(s) for s in (0.034, 3.41, 34.2, 200, 3840)]
    ['0.03 s', '3.4 s', '34 s', '3 min 20 s', '1 h 04 min']
    >>> [duration(s, rough=True) for s in (0.4, 9.2, 119, 300)]
    ['0.4 s', '9 s', '119 s', '5 min']
    """
    if rough:
        return f"{value / 60:.0f} min" if value >= 120 else f"{value:.{0 if value >= 1 else 1}f} s"
    if value < 59.5:
        return f"{value:.{2 if value < 0.995 else 1 if value < 9.95 else 0}f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def rounded(n: int) -> str:
    """A number of pictures to two figures, upwards, thousands apart.

    >>> rounded(634), rounded(12_345), rounded(48)
    ('640', '13,000', '48')
    """
    step = 10 ** max(0, len(str(n)) - 2)
    return f"{-(-n // step) * step:,}"


@dataclass(frozen=True)
class Units:
    """How values and differences of a metric are told: in per cent and points, or as plain numbers."""

    title: str
    part: bool  # a part of one
    metric: str
    better: int  # 1, or −1 where lower is better

    def value(self, value: float | None) -> str:
        """As "94.8 %" or "0.412"."""
        return percent(value) if self.part else number(value)

    def named(self, value: float | None) -> str:
        """With the metric's name, but for accuracy: "94.8 % macro-F1" or "MAE 0.412"."""
        if self.metric == "accuracy":
            return self.value(value)
        return f"{self.value(value)} {self.title}" if self.part else f"{self.title} {self.value(value)}"

    def change(self, value: float) -> str:
        """A difference, always signed: "+10.4" (points) or "+0.104"."""
        if self.part:
            return points(value)
        return ("+" if round(value, 3) > 0 else "") + number(value)

    @property
    def points(self) -> str:
        """What stands behind an interval of differences."""
        return " points" if self.part else ""

    @property
    def of_change(self) -> str:
        """What stands behind one difference; where lower is better it tells in whose favour it is."""
        return " points" if self.part else " for reuse"

    def size(self, margin: float) -> str:
        """A margin with its unit: "1 point", "2 points", "0.02"."""
        return f"{100 * margin:g} point{'' if margin == 0.01 else 's'}" if self.part else f"{margin:.3g}"


def units(metric: str) -> Units:
    """Those of a member of `judge/metric`.

    >>> units("macro_f1").named(0.981), units("accuracy").size(0.01)
    ('98.1 % macro-F1', '1 point')
    """
    module = load("judge/metric", metric)
    return Units(module.TITLE, module.PART, metric, module.BETTER)


def explain(
    difference: float,
    interval: tuple[float, float],
    margin: float,
    level: float,
    needed: int | None = None,
    noun: str = "picture",
    metric: str = "accuracy",
) -> str:
    """Why the interval leads to its decision: one or two sentences.

    Args:
        difference: observed, transfer − rival.
        interval: (low, high).
        margin: of practical equivalence.
        level: of the interval.
        needed: test examples that would tell, where a number is known.
        noun: what one of these is called.
        metric: what the difference is of.

    >>> explain(0.0, (-0.004, 0.006), 0.01, 0.95)
    'Equivalent: the whole 95 % interval (−0.4 to +0.6 points) lies within the margin of ±1 point.'
    """
    low, high = interval
    unit = units(metric)
    name = f"{100 * level:g} % interval ({unit.change(low)} to {unit.change(high)}{unit.points})"
    edge = unit.size(margin)
    if low > margin:
        return f"The whole {name} lies above the margin of +{edge}."
    if high < -margin:
        return f"The whole {name} lies below the margin of −{edge}."
    if low >= -margin and high <= margin:
        return f"Equivalent: the whole {name} lies within the margin of ±{edge}."
    if low > 0:
        text = f"Reuse helps, but perhaps by no more than the margin: the {name} lies above 0, but not above +{edge}."
    elif high < 0:
        text = f"Reuse hurts, but perhaps by no more than the margin: the {name} lies below 0, but not below −{edge}."
    else:
        text = f"The {name} holds 0: the difference may be chance."
    return f"{text} {_more(difference, margin, needed, noun, unit)}"


def caveats(
    task: Task,
    examples: Sequence[Example],
    compared: Sequence[Sequence[Fitted]],
    groups: int = 0,
    *,
    stochastic: Collection[str] = (),
) -> tuple[str, ...]:
    """What a careful reader should know about any verdict, a sentence each; `judge/measured` knows more by kind.

    Args:
        task: whose examples these are, and how often its test split was opened.
        examples: those judged on.
        compared: the two sides, each a model a training seed.
        groups: how many groups they are of, where whole groups were resampled.
        stochastic: strategies whose result depends on the training seed.
    """
    found = few(task.noun, examples, groups, "test ")
    for seeds in compared:
        if seeds[0].strategy in stochastic and len(seeds) < FEW_SEEDS:
            many = "one training seed" if len(seeds) == 1 else f"{len(seeds)} training seeds"
            found.append(
                f"'{seeds[0].strategy}' was trained with {many}: how much its result depends on chance in training "
                + ("is not in the interval." if len(seeds) == 1 else "is known only roughly.")
            )
    if task.test.reads > 1:
        found.append(
            f"The test split was opened {task.test.reads} times: choices made after the first opening may have been "
            "tuned to it."
        )
    return tuple(found)


def few(noun: str, examples: Sequence[Example], groups: int, which: str = "") -> list[str]:
    """What is due to few examples, or few groups of them."""
    out = []
    if len(examples) < FEW:
        out.append(
            f"Only {len(examples)} {which}{noun}s: the intervals are wide, and only a large difference can show."
        )
    if 0 < groups < FEW_GROUPS:
        out.append(f"Only {groups} groups of {which}{noun}s: the intervals rest on these, and are wide.")
    if len(examples) > 1 and len({e.group for e in examples}) == 1 and examples[0].group is not None:
        out.append(f"All {which}{noun}s are of one group: how well it goes with other groups cannot be told.")
    return out


def sentence(
    verdict: Verdict,
    *,
    seconds: float | None = None,
    titles: Titles | None = None,
    fresh: bool = False,
    reusable: str = looked.EVERY,
) -> str:
    """The verdict as a person wants to read it.

    Args:
        verdict: what was decided.
        seconds: the whole run took, if that shall be told.
        titles: human names of strategies and sources by key; keys without one are shown as they are.
        fresh: a rival won on validation data, so that it is the run's model.
        reusable: what was tried of what is pre-trained, as `looked.reused` says it.
    """
    name = _namer(titles)
    v, unit = verdict, units(verdict.metric)
    low, high = (unit.change(x) for x in v.interval)
    reused = ", ".join(name(key) for key in (v.transfer.source, v.transfer.strategy) if key)
    took = f", {duration(seconds, rough=True)}" if seconds is not None else ""
    numbers = f"{unit.change(v.difference)}{unit.of_change}, {100 * v.level:g} % interval {low} to {high}"
    examples = counted(v.n_test, f"sealed test {v.noun}", v.groups)
    against = f"{unit.named(v.transfer.value)} against {unit.value(v.rival.value)} {_with(v.rival, name)}"
    details = f"({numbers}, {examples}; {reused}{took})"
    first = f"{_contradicted(v, name)} " if v.better else ""
    if not v.complete and v.decision != "hurts":
        return f"{first}{v.reason} Of what ran: {against} {details}."
    if not v.learnt and v.floor:
        return f"{_nothing(v, v.floor, name)} The best that reuses: {against} {details}."
    if v.decision == "helps":
        kept = " Yet a rival won on validation data, so this run's model is that rival." if fresh and not first else ""
        return f"{first}Reuse helps: {against} {details}.{kept}"
    held = "no rival was clearly ahead of all that reuse on validation data"
    reuses = "" if first else f" Yet {held}, so this run's model is the one that reuses."
    if v.decision == "hurts":
        of = "" if reusable == looked.EVERY else f" of {reusable}"
        return f"{first}Reuse{of} hurts: {against} {details}." + (" The model you get is a rival." if fresh else reuses)
    tell = f" {to_tell(v.needed, v.noun)}" if v.needed else ""
    if fresh:
        rival = name(v.rival.strategy)
        if v.metric != "accuracy":  # the two values, which would name the metric, are not told
            details = f"({unit.title}: {details[1:]}"
        if v.difference <= 0:
            claim = f"{rival} is as good as {reusable}"
        else:
            claim = f"a rival won on validation data, and nothing pre-trained is shown to be better than {rival}"
        return f"{first}Start fresh: {claim} {details}.{tell}"
    if -v.margin <= v.interval[0] and v.interval[1] <= v.margin:
        tell = f" The two are equivalent, within ±{unit.size(v.margin)}."
    last = reuses if v.difference <= 0 else ""
    return f"{first}No evidence that reuse helps: {against} {details}.{tell}{last}"


def counted(n: int, noun: str, groups: int = 0) -> str:
    """A number of examples, and of the groups that they are of.

    >>> counted(153, "sealed test picture", 12), counted(1, "text")
    ('153 sealed test pictures in 12 groups', '1 text')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}" + (f" in {groups:,} groups" if groups else "")


def _nothing(v: Verdict, floor: Rival, name: Callable[[str], str]) -> str:
    """That nothing is beyond the answer that looks at nothing."""
    always, value = name(floor.strategy).removeprefix("always "), units(v.metric).named(floor.value)
    shown = f"no model is shown to be better than always answering {always} ({value})"
    if too_small(v.metric, floor.value, v.transfer.value, v.rival.value):
        return f"Too small a test to tell: {shown}, though one makes at most half its errors. Give more to test on."
    return f"Nothing was learnt: {shown}; the labels may have nothing to do with the {v.noun}s."


def too_small(metric: str, floor: float, *values: float) -> bool:
    """Whether it is the test's fault that no model is shown to beat the floor: one makes at most half its errors.

    >>> too_small("accuracy", 0.5, 0.6, 1.0), too_small("accuracy", 0.5, 0.6), too_small("mae", 2.0, 1.0)
    (True, False, True)
    """
    ideal = 1.0 if units(metric).part else 0.0
    return any(2 * abs(ideal - value) <= abs(ideal - floor) for value in values)


def _contradicted(v: Verdict, name: Callable[[str], str]) -> str:
    """That the model handed out is clearly the worse one, and how to have the other."""
    own, other = "starts fresh", "reuses"
    if v.better == "rival":
        own, other = other, own
    return (
        f"The model handed out, which {own} and won on validation data, is clearly worse on the sealed test than the "
        f"one that {other}: have that one with `headstart predict RUN --take {v.better}`."
    )


def alone(
    name: str, value: float, interval: tuple[float, float], level: float, examples: str, metric: str = "accuracy"
) -> str:
    """How one model did on some examples.

    >>> alone("runs/en", 0.71, (0.65, 0.764), 0.95, "240 texts")
    'runs/en: 71.0 % on 240 texts (95 % interval 65.0 % to 76.4 %).'
    """
    unit = units(metric)
    low, high = (unit.value(x) for x in interval)
    return f"{name}: {unit.named(value)} on {examples} ({100 * level:g} % interval {low} to {high})."


def compared(
    names: tuple[str, str],
    values: tuple[float, float],
    decision: str,
    difference: float,
    interval: tuple[float, float],
    level: float,
    examples: str,
    metric: str = "accuracy",
) -> str:
    """Which of two models is better on the same examples; `decision` as for a verdict on the first.

    >>> compared(("runs/en", "runs/de"), (0.71, 0.482), "helps", 0.228, (0.16, 0.29), 0.95, "240 texts")
    'runs/en is better: 71.0 % against 48.2 % by runs/de (+22.8 points, 95 % interval +16.0 to +29.0, 240 texts).'
    """
    unit = units(metric)
    low, high = (unit.change(x) for x in interval)
    what = unit.points or f" in favour of {names[0]}"
    details = f"({unit.change(difference)}{what}, {100 * level:g} % interval {low} to {high}, {examples})"
    if decision == "no_evidence":
        first = f"{unit.named(values[0])} by {names[0]}"
        return f"No evidence that either is better: {first} against {unit.value(values[1])} by {names[1]} {details}."
    claim = "better" if decision == "helps" else "worse"
    against = f"{unit.named(values[0])} against {unit.value(values[1])} by {names[1]}"
    return f"{names[0]} is {claim}: {against} {details}."


def _more(difference: float, margin: float, needed: int | None, noun: str, unit: Units) -> str:
    if needed is not None:
        return f"{to_tell(needed, noun)} {what_for(difference, margin, unit)}"
    if abs(difference) <= margin:
        return f"The observed difference is itself within the margin: no number of test {noun}s would tell it apart."
    return (
        "Training with another seed alone moves it that much: more training seeds (--seeds) would tell sooner than "
        f"more test {noun}s."
    )


def to_tell(needed: int, noun: str) -> str:
    """How many examples would do.

    >>> to_tell(634, "picture")
    'About 640 test pictures would be needed to tell.'
    """
    return f"About {rounded(needed)} test {noun}s would be needed to tell."


def what_for(difference: float, margin: float, unit: Units) -> str:
    """What that number of examples is for.

    >>> what_for(0.053, 0.01, units("accuracy"))
    'With so many, a true difference of +5.3 points would clear the margin of 1 point in four of five tests.'
    """
    return (
        f"With so many, a true difference of {unit.change(difference)}{unit.points} would clear the margin of "
        f"{unit.size(margin)} in four of five tests."
    )


def _namer(titles: Titles | None) -> Callable[[str], str]:
    if titles is None:
        return str
    return titles if callable(titles) else lambda key: titles.get(key, key)


def _with(rival: Rival, name: Callable[[str], str]) -> str:
    title = name(rival.strategy)
    if title.startswith("always "):
        return f"by always answering {title.removeprefix('always ')}"
    return "from scratch" if title.endswith("from scratch") else f"with {title}"
