"""Two parts of the page: the transfer curve of a source, and how much of its own skill a tuned network kept.

In: the dicts of `judge.layers.Curve` and `judge.forgetting.Forgetting` as the record holds them. Out: `Markup` without
a heading, which the template gives. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from . import _svg, _words

Record = Mapping[str, Any]
HEIGHT = 230
LEAST = 0.1  # accuracy that the axis spans at least: smaller differences shall not look like cliffs
_TUNED = "stroke:var(--c2)"  # amber beside blue: told apart by the colour-blind, and dashed besides


def chart(record: Record) -> Markup:
    """Accuracy of frozen features by depth, and after fine-tuning from that depth up; the chosen depth is marked.

    Args:
        record: {"source", "depths": [{"name", "at", "probe", "tuned", …}], "best", …}; a score of None is not drawn.

    Returns:
        An SVG; empty where no depth has a score.
    """
    record = _words.clean(record)
    depths = record["depths"]
    probe, tuned = _points(depths, "probe"), _points(depths, "tuned")
    values = [p[1] for p in (*probe, *tuned)]
    if not values:
        return Markup("")
    xd, yd = (0.0, 1.0), _domain(values)
    x, y = _svg._scales(xd, yd, HEIGHT)
    shapes = Markup("")
    chosen = next((d for d in depths if d["name"] == record["best"]), None)
    if chosen is not None:
        shapes += Markup(
            '<line class="ideal" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>'
            '<text class="tick" x="{3:.1f}" y="{4}" style="text-anchor:{5}">{6}</text>'
        ).format(x(chosen["at"]), _svg.TOP, HEIGHT - _svg.BELOW, *_beside(x(chosen["at"])), chosen["name"])
    for line, style, dash in ((tuned, _TUNED, "6 4"), (probe, "", "")):
        if len(line) > 1:
            path = "M" + " L".join(f"{x(at):.1f} {y(v):.1f}" for at, v, _ in line)
            shapes += Markup('<path class="line"{} d="{}"/>').format(_attributes(style, dash), path)
    for at, v, name in tuned:
        shapes += Markup(
            '<rect x="{:.1f}" y="{:.1f}" width="7" height="7" style="fill:var(--c2)"><title>{}</title></rect>'
        ).format(x(at) - 3.5, y(v) - 3.5, f"tuned above {name}: {_words.percent(v)}")
    for at, v, name in probe:
        radius = 6 if chosen is not None and name == chosen["name"] else 4
        shapes += Markup(
            '<circle class="dot transfer" cx="{:.1f}" cy="{:.1f}" r="{}"><title>{}</title></circle>'
        ).format(x(at), y(v), radius, f"{name}, frozen: {_words.percent(v)}")

    def form(v: float) -> str:
        return _words.percent(v, 0)

    titles = ("how far up the network", "validation accuracy")
    return _svg._plot(_label(record, probe, tuned), HEIGHT, (xd, yd), shapes, titles, (form, form))


def section(record: Record) -> Markup:
    """The curve with its legend, the reasons, and the numbers behind it."""
    record = _words.clean(record)
    noun = record.get("noun", "picture")
    measured = any(d.get("tuned") is not None for d in record["depths"])
    tuned = (
        ' <span style="white-space:nowrap;margin-left:.6em">'
        '<i class="swatch" style="background:var(--c2);border-radius:0"></i>everything</span> above it fine-tuned'
    )
    return Markup(
        '<div class="beside"><figure>{chart}<figcaption><i class="swatch transfer"></i>frozen features of '
        "<bdi>{source}</bdi>{tuned}. Dashed line: the depth chosen. Accuracy on {n_valid}, learnt from {n_train}."
        "</figcaption></figure><div><p>{why}</p>{more}</div></div>"
        '<details><summary>The numbers</summary><div class="scroll" role="region" aria-label="Scores of each depth" '
        'tabindex="0"><table><thead><tr><th scope="col">Depth</th><th scope="col" class="r">Features</th>'
        '<th scope="col" class="r">Frozen</th><th scope="col" class="r">Log-loss</th>'
        '<th scope="col" class="r">Tuned above</th><th scope="col" class="r">Log-loss</th></tr></thead><tbody>{rows}'
        "</tbody></table></div></details>"
    ).format(
        chart=chart(record),
        source=record["source"],
        tuned=Markup(tuned) if measured else "",
        n_valid=_words.plural(record["n_valid"], f"validation {noun}"),
        n_train=_words.plural(record["n_train"], f"training {noun}"),
        why=_words.tie(record["why"]),
        more=Markup("").join(
            Markup("<p>{}</p>").format(_words.tie(record[key])) for key in ("trend", "tail_why") if record.get(key)
        ),
        rows=Markup("").join(_row(d, record["best"]) for d in record["depths"]),
    )


def forgetting_section(record: Record) -> Markup:
    """What the tuning did to the source's own skill.

    Args:
        record: a `Forgetting` as a dict, and its "sentence".
    """
    record = _words.clean(record)
    known = record.get("change") is not None
    tiles = [
        (
            "Same class as the source",
            _words.percent(record["agreement"]),
            f"{_level(record)} {_words.span(record['agreement_interval'])}",
        ),
        ("Features moved", _words.number(record["drift"], 2), "1 − CKA: 0 the same, 1 unrelated"),
        ("Class scores moved", _words.number(record["divergence"], 2), "mean KL divergence, nats"),
    ]
    if known:
        was, now = _words.percent(record["accuracy_before"]), _words.percent(record["accuracy_after"])
        change = f"{_words.points(record['change'])} points, {_level(record)} {_points_span(record['change_interval'])}"
        tiles.append(("At the source’s own task", f"{was}\u00a0→\u00a0{now}", change))
    own = _words.plural(record["named"], "class", "classes")
    note = f"Measured on {record['on']}, in which the source saw {own} of its own."
    if not known:
        note += " Without the source’s own labels this shows how much changed, not whether the old skill got worse."
    return Markup('<p>{}</p><dl class="key">{}</dl><p class="note">{}</p>').format(
        _words.tie(record["sentence"]), Markup("").join(_tile(*tile) for tile in tiles), _words.tie(note)
    )


def _tile(name: str, value: str, below: str) -> Markup:
    kind = Markup(' class="pair"') if "→" in value else ""
    return Markup('<div><dt>{}</dt><dd{}>{}</dd><dd class="sub">{}</dd></div>').format(
        name, kind, value, _words.tie(below)
    )


def _row(depth: Record, best: str) -> Markup:
    se = depth.get("probe_se")
    loss = _words.number(depth["probe_log_loss"]) + (f" ± {_words.number(se)}" if se is not None else "")
    return Markup(
        '<tr{}><th scope="row"><bdi>{}</bdi>{}</th><td class="r">{}</td><td class="r">{}</td><td class="r">{}</td>'
        '<td class="r">{}</td><td class="r">{}</td></tr>'
    ).format(
        Markup(' class="chosen"') if depth["name"] == best else "", depth["name"],
        ", chosen" if depth["name"] == best else "", _words.count(depth["dim"] or None), _words.percent(depth["probe"]),
        loss, _words.percent(depth.get("tuned")), _words.number(depth.get("tuned_log_loss")),
    )  # fmt: skip


def _points(depths: Sequence[Record], key: str) -> list[tuple[float, float, str]]:
    """(how far up, accuracy, name) of the depths that have one, stem to top."""
    return sorted((float(d["at"]), float(d[key]), str(d["name"])) for d in depths if d.get(key) is not None)


def _domain(values: Sequence[float]) -> _svg.Domain:
    """An axis of accuracy that holds all values with some air, never much beyond 0 and 1."""
    low, high = min(values), max(values)
    pad = max(0.08 * (high - low), (LEAST - (high - low)) / 2)
    low, high = low - pad, high + pad
    over = max(0.0, high - 1.02) - max(0.0, -0.02 - low)  # move, do not cut: the span stays
    return max(low - over, -0.02), min(high - over, 1.02)


def _beside(x: float) -> tuple[float, int, str]:
    """Where the name of the chosen depth stands: on the side of its line that has room; x, y and anchor."""
    right = x < (_svg.LEFT + _svg.RIGHT) / 2
    return (x + 6 if right else x - 6), HEIGHT - _svg.BELOW - 6, ("start" if right else "end")


def _attributes(style: str, dash: str) -> Markup:
    return Markup(' style="{}" stroke-dasharray="{}"').format(style, dash) if style else Markup("")


def _label(record: Record, probe: Sequence[tuple[float, float, str]], tuned: Sequence[tuple[float, float, str]]) -> str:
    """The chart in words, for those who cannot see it."""
    said = [f"Validation accuracy by depth of {record['source']}."]
    for line, what in ((probe, "Frozen features"), (tuned, "Fine-tuned above the depth")):
        if line:
            said.append(f"{what}: " + ", ".join(f"{name} {_words.percent(v)}" for _, v, name in line) + ".")
    return " ".join([*said, f"Chosen: {record['best']}."])


def _level(record: Record) -> str:
    return f"{100 * record['level']:g} % interval"


def _points_span(interval: Sequence[float]) -> str:
    return f"[{', '.join(_words.points(v) for v in interval)}]"
