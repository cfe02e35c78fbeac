"""One self-contained HTML page out of a run: no network, no script, light and dark, readable on a phone and in print.

In: the content of `run.json` and JPEG thumbnails of the worst mistakes. Out: the page as text. Opens no data and
decides nothing: every number shown comes from the run.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import Any

from ..judge.wording import Units, rounded
from ..kind import kind_of
from . import _layers, _svg, _view, _words
from ._kind import Panels

Run = Mapping[str, Any]
HEAT_CLASSES = 20  # beyond it, a table of cells is unreadable: the most confused pairs are listed instead


def render(run: Run, thumbnails: Mapping[str, bytes] | None = None) -> str:
    """The report of a run.

    Args:
        run: what `run.json` holds, see `schema.RunRecord`.
        thumbnails: path of a picture → its JPEG bytes; a picture without one is shown by its name.

    Returns:
        An HTML page with its style sheet, charts and pictures inside.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    here = Path(__file__).parent
    env = Environment(
        loader=FileSystemLoader(here), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    env.filters |= {
        "percent": _words.percent, "span": _words.span, "points": _words.points, "number": _words.number,
        "seconds": _words.seconds, "count": _words.count, "settings": _words.settings, "plural": _words.plural,
        "tie": _tied, "rounded": rounded, "first_upper": lambda text: text[:1].upper() + text[1:],
    }  # fmt: skip
    css = (here / "page.css").read_text(encoding="utf-8")
    pictures = {_words.clean(path): data for path, data in (thumbnails or {}).items()}
    return env.get_template("page.html").render(css=css, **_page(_view.whole(run), pictures))


def _page(run: Run, thumbnails: Mapping[str, bytes]) -> dict[str, Any]:
    """All that the template names, with an empty value where the run has none."""
    task, verdict, metrics, spend = run["task"], run["verdict"], run["metrics"], run["spend"]
    rows, unit = _view.contenders(run), _view.unit_of(run)
    domain = _domain(rows, unit)
    times = _view.times(spend)
    decision = verdict.get("decision", "no_evidence")
    return {
        "run": run.get("run", ""),
        "run_quoted": quote(run.get("run") or "RUN"),
        "noun": run["noun"],
        "shown": run["shown"],
        "created": run.get("created", ""),
        "sentence": run.get("sentence") or verdict.get("reason", ""),
        "decision": decision,
        "decision_words": _view.decision(run),
        "unit": unit,
        "metric": unit.title,
        "edge": unit.size(verdict.get("margin", 0.0)),
        "figures": run["panels"].figures(metrics) if metrics else (),
        "panels": run["panels"],
        "task": task,
        "n": task["n"],
        "classes": task["classes"],
        "verdict": verdict,
        "metrics": metrics,
        "winner": run["winner"],
        "contenders": _forest(rows, domain),
        "axis": _svg.axis(domain, _words.percent if unit.part else _words.number) if domain else "",
        "apart": any(r["apart"] for r in rows),
        "difference": _difference(verdict, unit),
        "per_class": _per_class(metrics),
        **_confusion(metrics, task),
        **_reliability(metrics),
        "mistakes": _mistakes(run["mistakes"], thumbnails) if "mistakes" in run else None,
        "texts": _view.texts(run),
        "layers": _layers.section(run["layers"]) if run.get("layers") else None,
        "forgetting": _layers.forgetting_section(run["forgetting"]) if run.get("forgetting") else None,
        "sources": _view.sources(run),
        "gain": kind_of(task.get("kind", "classification")).gain,
        "trials": [
            {**t, "charts": _curves(t, run["panels"].curve), "numbers": run["panels"].trial(t)}
            for t in _view.trials(run)
        ],
        "aside": _view.aside(run),
        "aside_folder": _view.folder(str(item["path"]) for item in task["set_aside"]),
        "caveats": verdict.get("caveats") or (),
        "foremost": _view.foremost(run),
        "warnings": _view.others(run),
        "times": times,
        "total": max(spend.get("total", 0.0), sum(t["seconds"] for t in times)),
        "time_chart": _svg.stack(times, _times_label(times)),
        "seed": run.get("seed"),
        "command": run.get("command", ""),
        "environment": run["environment"],
    }


def _domain(rows: list[dict[str, Any]], unit: Units) -> _svg.Domain | None:
    intervals = [r["interval"] for r in rows if r["interval"]]
    return _svg.common(intervals, part=unit.part) if intervals else None


def _forest(rows: list[dict[str, Any]], domain: _svg.Domain | None) -> list[dict[str, Any]]:
    return [
        r
        | {
            "chart": _svg.whisker(r["value"], r["interval"], domain, "transfer" if r["reuses"] else "rival")
            if domain and r["interval"]
            else ""
        }
        for r in rows
    ]


def _difference(verdict: Run, unit: Units) -> str:
    if not verdict.get("interval"):
        return ""
    low, high = verdict["interval"]
    label = (
        f"Difference of {unit.change(verdict['difference'])}{unit.points}, {100 * verdict['level']:.0f} % interval "
        f"from {unit.change(low)} to {unit.change(high)}; differences within ±{unit.size(verdict['margin'])}: shaded."
    )
    return _svg.difference(verdict["difference"], (low, high), verdict["margin"], label, unit.change)


def _per_class(metrics: Run) -> list[dict[str, Any]]:
    """Classes with the weakest first."""
    return sorted((dict(row) for row in metrics.get("per_class", ())), key=lambda r: r["f1"])


def _confusion(metrics: Run, task: Run) -> dict[str, Any]:
    """Either a heat table or the most confused pairs."""
    confusion, labels = metrics.get("confusion") or (), list(task.get("labels", ()))
    table = []
    for i, row in enumerate(confusion if len(confusion) <= HEAT_CLASSES else ()):
        most = max(sum(row), 1)
        cells = [{"n": n, "right": i == j, "heat": round(0.55 * n / most, 3)} for j, n in enumerate(row)]
        table.append({"label": labels[i], "cells": cells})
    return {"labels": labels, "heat": table, "pairs": _view.confused(confusion, labels) if labels else []}


def _reliability(metrics: Run) -> dict[str, Any]:
    bins = [b for b in metrics.get("reliability") or () if b.get("n")]
    label = f"Reliability diagram: expected calibration error {_words.number(metrics.get('ece'))}."
    return {"bins": bins, "reliability": _svg.reliability(bins, label) if bins else ""}


def _mistakes(mistakes: list[Run], thumbnails: Mapping[str, bytes]) -> list[dict[str, Any]]:
    rows = []
    for m in mistakes:
        data = thumbnails.get(m["path"])
        uri = f"data:image/jpeg;base64,{b64encode(data).decode()}" if data else ""
        rows.append({**m, "name": "/".join(m["path"].rsplit("/", 2)[-2:]), "uri": uri})
    return rows


def _trial(trial: Run, panels: Panels) -> dict[str, Any]:
    """With its charts, and its scores each with its name."""
    return {**trial, "charts": _curves(trial, panels.curve), "numbers": panels.trial(trial)}


def _tied(text: str) -> str:
    """As `_words.tie`; what is marked up stays so."""
    from markupsafe import Markup

    return Markup(_words.tie(text)) if isinstance(text, Markup) else _words.tie(text)


def _curves(trial: Run, measured: str) -> list[str]:
    """Validation accuracy and training loss over steps, each where it was recorded twice or more."""
    charts: list[str] = []
    for key, title in (("metric", f"validation {measured}"), ("loss", "training loss")):
        line = [(c["step"], c[key]) for c in trial.get("curve") or () if c.get(key) is not None]
        if len(line) > 1:
            label = f"{trial['title']}: {title} from {line[0][1]:.3g} to {line[-1][1]:.3g} in {line[-1][0]:,.0f} steps."
            charts.append(_svg.curve(line, title, key == "metric", label))
    return charts


def _times_label(times: list[dict[str, Any]]) -> str:
    return "Where the time went: " + ", ".join(f"{t['name']} {_words.seconds(t['seconds'])}" for t in times)
