"""A Markdown model card by the Hugging Face conventions: YAML front matter, then what a reader of the model must know.

In: the content of `run.json`. Out: the card as text. Knows no files; names given by people are escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import _view, _words

Run = Mapping[str, Any]
# The licence names that the hub knows, of those that weights commonly carry; any other is "other" with its own name.
LICENCES = frozenset(
    "apache-2.0 mit bsd bsd-2-clause bsd-3-clause cc0-1.0 cc-by-4.0 cc-by-sa-4.0 cc-by-nc-4.0 cc-by-nc-sa-4.0 "
    "gpl-3.0 lgpl-3.0 agpl-3.0 mpl-2.0 openrail unlicense".split()
)
MOST_CLASSES = 60


@dataclass(frozen=True)
class Door:
    """How a copy of the model for another library is opened."""

    library: str
    how: str  # lines of Python
    base_model: str = ""  # the repository of what was reused, where it came from one
    note: str = ""  # what is to be known of this copy


def render(run: Run, door: Door | None = None) -> str:
    """The card of a run's model, or of a copy of it for another library."""
    run = _view.whole(run)
    parts = [
        _front(run, door), _what(run), _verdict(run), _use(run), _data(run), _evaluation(run), _limits(run),
        _how(run, door), _provenance(run),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part).replace(_words.NARROW, " ") + "\n"


def md(text: Any) -> str:  # noqa: ANN401 - anything with a str
    r"""Text that Markdown shows as it stands: no markup, no HTML, no table breaks.

    >>> md("a_b|<b>[x](y)")
    'a\\_b\\|&lt;b&gt;\\[x\\](y)'
    """
    text = str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|~#$])", r"\\\1", text)


def code(text: Any) -> str:  # noqa: ANN401 - anything with a str
    """Text in a code span, whatever backticks it holds.

    >>> code("a`b")
    '``a`b``'
    """
    text = str(text)
    fence = "`" * (max((len(m) for m in re.findall("`+", text)), default=0) + 1)
    edge = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{edge}{text}{edge}{fence}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; every column but the first is aligned right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _front(run: Run, door: Door | None) -> str:
    """The YAML block; strings are written as JSON, which YAML reads."""
    winner, metrics, task = run["winner"], run["metrics"], run["task"]
    given = str(winner.get("licence") or "")
    licence = given.lower() if given.lower() in LICENCES else "other" if given else "unknown"
    lines = [f"license: {licence}"]
    if licence == "other":
        lines.append(f"license_name: {_yaml(given)}")
    sort, pipeline = run["panels"].task(run["shown"].tag)
    lines += [f"base_model: {_yaml(door.base_model)}"] if door and door.base_model else []
    lines += [
        f"library_name: {door.library if door else 'headstart'}",
        *([f"pipeline_tag: {pipeline}"] if pipeline else []),
        "tags:",
    ]
    how = "transfer-learning" if winner.get("source") else "trained-from-scratch"
    tags = ["headstart", sort, how]
    lines += [f"- {_yaml(t)}" for t in [*tags, *filter(None, [winner.get("strategy"), winner.get("source")])]]
    lines += ["metrics:", *(f"- {name}" for name in run["panels"].hub)]
    if metrics:
        lines += [
            "model-index:", f"- name: {_yaml(task.get('name', ''))}", "  results:", "  - task:",
            f"      type: {sort}", "    dataset:", f"      name: {_yaml(task.get('name', ''))}",
            f"      type: {_yaml(task.get('fingerprint') or 'own')}", "      split: test", "    metrics:",
        ]  # fmt: skip
        for kind, key in (
            ("accuracy", "accuracy"),
            ("f1", "macro_f1"),
            ("log_loss", "log_loss"),
            ("ece", "ece"),
            ("mae", "mae"),
            ("micro_f1", "micro_f1"),
        ):
            if metrics.get(key) is not None:
                lines += [f"    - type: {kind}", f"      value: {metrics[key]:.4f}", f"      name: {_yaml(key)}"]
    return "---\n" + "\n".join(lines) + "\n---"


def _yaml(text: Any) -> str:  # noqa: ANN401 - anything with a str
    return json.dumps(str(text), ensure_ascii=False)


def _what(run: Run) -> str:
    winner, task = run["winner"], run["task"]
    title = md(winner.get("title") or winner.get("strategy") or "A model")
    if winner.get("source"):
        before = f", trained before on {md(winner['pretrained_on'])}" if winner.get("pretrained_on") else ""
        origin = f"reuses {code(winner['source'])}{before}"
    else:
        origin = f"starts fresh: it was trained on these {run['noun']}s alone"
    labels = [code(label) for label in task.get("labels", ())]
    what = run["panels"].what(run["shown"].one, f"{run['noun']}s", labels)
    return (
        f"# {md(task.get('name', ''))}\n\n## What it is\n\n"
        f"{what}: **{title}**. "
        f"It {origin}. {_words.count(winner.get('trained_params'))} of its {_words.count(winner.get('total_params'))} "
        "parameters were trained here. Made by headstart."
    )


def _verdict(run: Run) -> str:
    verdict = run["verdict"]
    lines = ["## Verdict", f"**{md(run.get('sentence') or verdict.get('reason', ''))}**"]
    lines += [md(f"Warning: {text}") for text in _view.foremost(run)]
    if verdict.get("reason") and not str(run.get("sentence")).startswith(verdict["reason"]):
        lines.append(md(verdict["reason"]))
    if verdict.get("interval"):
        low, high = verdict["interval"]
        unit = _view.unit_of(run)
        sides = "best model that reuses minus best that starts fresh"
        sides = sides if unit.better > 0 else "error of the best that starts fresh minus that of the best that reuses"
        sealed = _words.plural(verdict["n_test"], f"sealed {run['noun']}")
        lines.append(
            f"Difference in {unit.title}, {sides}: "
            f"{unit.change(verdict['difference'])}{unit.points}, {100 * verdict['level']:.0f} % interval "
            f"[{unit.change(low)}, {unit.change(high)}], on {sealed}. "
            f"Differences under ±{unit.size(verdict['margin'])} are of no practical weight."
        )
    return "\n\n".join(lines)


def _use(run: Run) -> str:
    labels = run["task"]["labels"]
    names = ", ".join(code(label) for label in labels[:MOST_CLASSES]) + (", …" if len(labels) > MOST_CLASSES else "")
    examples, made = f"{run['noun']}s", run["shown"].made
    purpose, always = run["panels"].purpose.format(examples=examples), run["panels"].always
    return (
        "## Intended use\n\n"
        f"{purpose} it was trained on: {names}.\n\n"
        f"Not for {examples} of anything else (it always answers with {always}), nor for {examples} {made} "
        "in another way than the training ones without a new test, nor as the sole ground of a decision about a person."
    )


def _data(run: Run) -> str:
    task = run["task"]
    n, classes = task["n"], task["classes"]
    counts = ", ".join(f"{many:,} {split}" for split, many in n.items())
    lines = ["## Data", f"{counts}. {md(task.get('split_rule', ''))}"]
    lines += [md(note) for note in task.get("notes", ())]
    if classes:
        rows = [[md(c["label"]), str(c["train"]), str(c["valid"]), str(c["test"])] for c in classes]
        lines.append(table(["Class", "Train", "Valid", "Test"], rows))
    if groups := _view.aside(run):
        parts = "; ".join(f"{md(g['title'].lower())}: {len(g['items'])}" for g in groups)
        lines.append(f"Set aside: {parts}. The report names each file and why.")
    return "\n\n".join(lines)


def _evaluation(run: Run) -> str:
    metrics = run["metrics"]
    lines = ["## Evaluation", "On the sealed test split, on which nothing was chosen."]
    if metrics:
        figures = [[md(title), value, interval] for title, value, interval in run["panels"].table(metrics)]
        lines.append(table(["Metric", "Value", "95 % interval"], figures))
    rows = [
        [
            md(r["title"]) + (" (this model)" if r["chosen"] else ""),
            r["kind"],
            r["shown"],
            r["spread"],
            r["apart"],
        ]
        for r in _view.contenders(run)
    ]
    if rows:
        others = table(["Model", "Kind", "Value", "Interval", "Reuse is better by"], rows)
        lines += [f"Against the others, on the same {run['noun']}s:", others]
    if metrics.get("per_class"):
        form = [
            [md(c["label"]), str(c["n"]), *(_words.number(c[key]) for key in ("precision", "recall", "f1"))]
            for c in metrics["per_class"]
        ]
        first = run["panels"].one.capitalize()
        lines.append(table([first, f"{run['noun'].capitalize()}s", "Precision", "Recall", "F1"], form))
    return "\n\n".join(lines)


def _limits(run: Run) -> str:
    notes = [*(run["verdict"].get("caveats") or ()), *_view.others(run)]
    weakest = sorted(run["metrics"].get("per_class", ()), key=lambda c: c["recall"])[:3]
    lines = [f"- {md(note)}" for note in notes]
    if weakest:
        parts = ", ".join(f"{md(c['label'])} ({_words.percent(c['recall'], 0)})" for c in weakest)
        lines.append(f"- {run['panels'].many.capitalize()} recognised least often (recall): {parts}.")
    examples = f"{run['noun']}s"
    if run["panels"].confidences:
        lines.append(
            f"- Its probabilities were calibrated on {examples} of this data set; on others they may be too sure."
        )
    return "## Limits and caveats\n\n" + "\n".join(lines)


def _how(run: Run, door: Door | None) -> str:
    if door:
        note = f"\n\n{md(door.note)}" if door.note else ""
        return f"## How to use\n\n```python\n{door.how}\n```{note}"
    where, given = str(run.get("run") or "RUN"), run["shown"].given
    fence = "```" if "```" not in where else "~~~~"
    return (
        f"## How to use\n\n{fence}python\nimport headstart as hs\n\nrun = hs.load({where!r})\n"
        f'run.predict(["{given}"])\n{fence}\n\nThe preprocessing travels with the model.'
    )


def _provenance(run: Run) -> str:
    winner, task = run["winner"], run["task"]
    origin = winner.get("origin")
    named = {
        "Source": winner.get("source"),
        "Source licence": winner.get("licence"),
        "Source sha256": winner.get("sha256"),
        "Source origin": _words.settings(origin) if isinstance(origin, Mapping) else origin,
        "Paper": winner.get("paper"),
        "Chosen setting": _words.settings(winner.get("config") or {}),
        "Data fingerprint": task.get("fingerprint"),
        "Seed": run.get("seed"),
        "Made": run.get("created"),
        "Command": run.get("command"),
        **{f"Environment: {name}": value for name, value in run["environment"].items()},
    }
    lines = [
        f"- {name}: {value if name == 'Paper' and _is_link(value) else code(value)}"
        for name, value in named.items()
        if value not in (None, "")
    ]
    if not winner.get("licence") and not winner.get("source"):
        lines.append("- Licence: no pre-trained weights are inside, so the licence is yours to choose.")
    return "## Provenance\n\n" + "\n".join(lines)


def _is_link(value: Any) -> bool:  # noqa: ANN401 - anything
    return bool(re.fullmatch(r"https?://[\w./?=&%:-]+", str(value)))
