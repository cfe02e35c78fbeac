"""What a page, a card and a terminal have in common: the run's dict put in the order people read it.

In: `run.json` as a dict, see `schema.RunRecord`. Out: lists of plain dicts. Knows no HTML; computes nothing that a
verdict rests on.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..judge.texts import by_length
from ..judge.wording import Units, too_small, units
from ..modality import noun
from . import _kind, _modality
from ._words import DECISIONS, clean, gain, gap, reason, spread, value

Run = Mapping[str, Any]
Row = dict[str, Any]


_METRICS: Row = {"macro_f1": None, "log_loss": None, "ece": None, "ece_before": None, "temperature": None} | {
    "accuracy_interval": None, "per_class": [], "confusion": [], "reliability": [],
}  # fmt: skip


def whole(run: Run) -> Run:
    """The run with every string printable, and with an empty value where the JSON contract promises none."""
    run = clean(run)
    task = {"name": "", "labels": [], "n": {}, "set_aside": [], "classes": []} | (run.get("task") or {})
    verdict, metrics = run.get("verdict") or {}, run.get("metrics") or {}
    judged = {"metric": "accuracy", "level": 0.95, "margin": 0.0, "n_test": task["n"].get("test", 0), "test_reads": 1}
    return {
        **run,
        "noun": noun(modality := task.get("modality", "image")),  # the first runs were of pictures, and say none
        "shown": _modality.of(modality),
        "panels": _kind.of(task.get("kind", "classification")),
        "task": task,
        "verdict": judged | verdict if verdict else {},
        "metrics": _METRICS | metrics if metrics else {},
        "winner": run.get("winner") or {},
        "spend": run.get("spend") or {},
        "environment": run.get("environment") or {},
    }


def contenders(run: Run) -> list[Row]:
    """All that was judged on the sealed pictures, best first.

    Each row: title, strategy, source, value, interval, both as text (shown, spread), reuses, chosen (the run's model),
    compared (in the verdict), and of a rival by how much reuse is better, as text (apart); kind says what it is.
    """
    verdict = run.get("verdict") or {}
    winner = run.get("winner") or {}
    pair = [r for r in (verdict.get("transfer"), verdict.get("rival")) if r]
    metrics = run.get("metrics") or {}
    unit = unit_of(run)
    own = []
    if metrics.get(unit.metric) is not None:
        own = [{**winner, "value": metrics[unit.metric], "interval": metrics.get(f"{unit.metric}_interval")}]
    compared = {_key(r) for r in pair}
    apart = {_key(c["rival"]): gap(c["difference"], c["interval"], unit) for c in verdict.get("against", ())}
    floor = (verdict.get("floor") or {}).get("strategy")
    rows: dict[tuple[Any, Any], Row] = {}
    for given in [*pair, *run.get("rivals", ()), *own]:
        key = _key(given)
        rows.setdefault(
            key,
            {
                "title": _title(run, given),
                "strategy": key[0],
                "source": key[1],
                "value": given.get("value"),
                "interval": given.get("interval"),
                "shown": value(given.get("value"), unit),
                "spread": spread(given.get("interval"), unit),
                "reuses": key[1] is not None,
                "kind": "reuses" if key[1] is not None else "the least to beat" if key[0] == floor else "starts fresh",
                "apart": apart.get(key, ""),
                "chosen": key == _key(winner),
                "compared": key in compared,
            },
        )
    return sorted(rows.values(), key=lambda r: -unit.better * (r["value"] or 0.0))


def unit_of(run: Run) -> Units:
    """How values of the verdict's metric are told."""
    return units((run.get("verdict") or {}).get("metric", "accuracy"))


def foremost(run: Run) -> list[str]:
    """What weighs most: who is missing from the verdict, what was cut short; not what the sentence tells already."""
    sentence, told = str(run.get("sentence")), []
    if " looked at; " in sentence:
        told.append("Sources not looked at")
    if " did not run to its end " in sentence:
        told.append("The rival ")
    return [text for text in run.get("foremost") or () if not text.startswith(tuple(told))]


def others(run: Run) -> Sequence[str]:
    """The warnings that do not stand in the first lines; `warnings` begins with those that do."""
    return list(run.get("warnings") or ())[len(run.get("foremost") or ()) :]


def complete(run: Run) -> bool:
    """Whether there is a verdict: every rival had its say, or reuse hurts whoever is missing."""
    verdict = run.get("verdict") or {}
    return bool(verdict.get("complete", True)) or verdict.get("decision") == "hurts"


def interrupted(run: Run) -> bool:
    """Whether a person's Ctrl-C left out a candidate, or trainings with other seeds."""
    waiting = (str(t["reason"]) for t in run.get("trials", ()) if t["status"] == "waiting")
    cut = (run.get("budget") or {}).get("cut", ())
    return any(said.startswith(("interrupted", "It was interrupted")) for said in (*waiting, *cut))


def decision(run: Run) -> str:
    """The verdict in a few words; without evidence, and with a model that starts fresh, as the sentence says it."""
    winner = run.get("winner") or {}
    if not complete(run):
        return "No verdict yet"
    decided = str((run.get("verdict") or {}).get("decision", "no_evidence"))
    if not (verdict := run.get("verdict") or {}).get("learnt", True):
        floor, sides = verdict.get("floor"), (verdict[side]["value"] for side in ("transfer", "rival"))
        small = floor and too_small(verdict["metric"], floor["value"], *sides)
        return "Too small a test to tell" if small else "Nothing was learnt"
    if decided == "no_evidence" and winner and not winner.get("reuses", winner.get("source")):
        return "Start fresh"
    return DECISIONS.get(decided, decided)


def _key(row: Mapping[str, Any]) -> tuple[Any, Any]:
    return row.get("strategy"), row.get("source")


def _title(run: Run, row: Mapping[str, Any]) -> str:
    """The strategy's title, "on" the source where it reuses one."""
    known = (row, run.get("winner") or {}, *run.get("trials", ()), *run.get("rivals", ()))
    titles = (k["title"] for k in known if k.get("title") and k.get("strategy") == row.get("strategy"))
    title = str(next(titles, row.get("strategy")))
    return f"{title} on {row['source']}" if row.get("source") else title


def trials(run: Run) -> list[Row]:
    """Every trial: finished ones by validation accuracy, then the dropped, then the failed, both without scores."""
    order = {"finished": 0, "dropped": 1}
    ranked = sorted(
        run.get("trials", ()),
        key=lambda t: (order.get(t["status"], 2), -(t["accuracy"] or 0), t["log_loss"] or 0, *_numbers(t)),
    )
    none = {"accuracy": None, "log_loss": None}
    return [{**t, "title": _title(run, t), **({} if t["status"] == "finished" else none)} for t in ranked]


def sources(run: Run) -> list[Row]:
    """What was found of each source before training, as text: source, status, shown, random, n, reason, seconds."""
    task = run.get("task") or {}
    named = {"alarmed": "alarm", "waiting": "no time"}

    return [
        {
            **row,
            "status": "left out" if row.get("left") else named.get(row["status"], row["status"]),
            "shown": gain(row["value"], task),
            "random": gain(row["random"], task),
        }
        for row in (run.get("ranking") or {}).get("sources", ())
    ]


def _numbers(trial: Mapping[str, Any]) -> list[float]:
    """What is measured of a trial in the place of accuracy and log-loss."""
    return list((trial.get("scores") or {}).values())


def aside(run: Run) -> list[Row]:
    """What was set aside, by reason, largest group first: {"title", "items": [{"path", "name", "detail"}]}."""
    given = (run.get("task") or {}).get("set_aside", ())
    root = folder(str(item["path"]) for item in given)
    groups: dict[str, list[Row]] = {}
    for item in given:
        path = str(item["path"])
        groups.setdefault(item["reason"], []).append({**item, "name": path[len(root) :] or path})
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    return [{"title": reason(key), "items": items} for key, items in ordered]


def folder(paths: Iterable[str]) -> str:
    """The folder that all of these lie in, with its closing slash; empty where there is none.

    >>> folder(["photos/a/1.jpg", "photos/b/2.jpg"]), folder(["a.jpg", "b.jpg"])
    ('photos/', '')
    """
    parents = [posixpath.dirname(p) for p in paths]
    if not parents or len({p.startswith("/") for p in parents}) > 1:
        return ""
    common = str(posixpath.commonpath(parents))
    return common if common in {"", "/"} else common + "/"


def confused(confusion: Sequence[Sequence[int]], labels: Sequence[str], most: int = 15) -> list[Row]:
    """The pairs of classes most often taken for one another: {"truth", "predicted", "n", "share"} (of the true class).

    >>> confused([[8, 2], [0, 5]], ["ant", "bee"])
    [{'truth': 'ant', 'predicted': 'bee', 'n': 2, 'share': 0.2}]
    """
    pairs: list[Row] = [
        {"truth": labels[i], "predicted": labels[j], "n": n, "share": n / sum(row)}
        for i, row in enumerate(confusion)
        for j, n in enumerate(row)
        if i != j and n
    ]
    return sorted(pairs, key=lambda p: (-p["n"], -p["share"]))[:most]


def times(spend: Mapping[str, float]) -> list[Row]:
    """Where the time went: {"name", "seconds", "share"}, in the order given; what no name accounts for comes last."""
    parts = [(name, s) for name, s in spend.items() if name not in ("predicted", "total") and s > 0]
    named = sum(s for _, s in parts)
    total = max(spend.get("total", 0.0), named)
    if total - named > 0.005 * total:
        parts.append(("everything else", total - named))
    return [{"name": name.replace("_", " "), "seconds": s, "share": s / total} for name, s in parts]


def two_classes(metrics: Run) -> list[tuple[str, float, list[float] | None, str]]:
    """Of two classes: title, value, interval and which class, of sensitivity and specificity where they are known."""
    found = metrics.get("two_classes") or {}
    which = (("Sensitivity", "sensitivity", "positive"), ("Specificity", "specificity", "negative"))
    return [
        (title, found[key], found.get(f"{key}_interval"), f"of “{found[of]}”, named as such")
        for title, key, of in which
        if found.get(key) is not None
    ]


def texts(run: Run) -> Row:
    """Of a run on texts: {"typical", "lengths", "by_length" (a sentence)}; empty values where there are none."""
    found = run.get("texts") or {}
    lengths = found.get("lengths") or []
    return {
        "typical": found.get("typical") or [],
        "lengths": lengths,
        "by_length": by_length(lengths) if lengths else "",
    }
