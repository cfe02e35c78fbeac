"""What the terminal shows at the end of a fit: the verdict, the models compared, where things are, what to type next.

In: the content of `run.json`. Out: plain text of 100 columns (only a long path may run over), of at most 25 lines, and
up to three more for each note on how the data was understood.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections import Counter
from collections.abc import Mapping
from shlex import quote
from typing import TYPE_CHECKING, Any

from ..judge.wording import counted, rounded
from ..kind._words import number, percent
from ..plan.choice import named
from . import _view, _words

if TYPE_CHECKING:
    from ..judge.unseen import Evaluation

COLUMNS = 100
MOST_MODELS = 8
MOST_FOREMOST = 3


def summary(run: Mapping[str, Any]) -> str:
    """The end of a fit in a few lines, no colours, no closing line break."""
    run = _view.whole(run)
    verdict = run["verdict"]
    lines = [headline(run), *_foremost(run)]
    if table := _models(run):
        lines += ["", *table]
    if understood := run["task"].get("notes"):
        lines += ["", *(line for note in understood for line in _wrap(note, 3))]
    lines += ["", *_notes(run, verdict)]
    if _view.interrupted(run):
        lines += ["interrupted: the same command again tries what was left out"]
    where = str(run.get("run") or "RUN").rstrip("/")
    lines += [
        "",
        f"report  {where}/report.html",
        f"model   {where}/model/",
        f"next    headstart predict {quote(where)} {run['shown'].new}",
    ]
    return "\n".join(lines).replace(_words.NARROW, " ").strip("\n")


def headline(run: Mapping[str, Any]) -> str:
    """The verdict in one sentence, in lines; no closing line break."""
    said = run.get("sentence") or run["verdict"].get("reason", "")
    return "\n".join(_wrap(said, most=6)).replace(_words.NARROW, " ")


def evaluated(found: Evaluation) -> str:
    """What the terminal shows of an evaluation: the sentence, each class (or the errors), what to be careful with."""
    lines = _wrap(found.sentence, most=5)
    lines += ["", *(_by_class(found) if "per_class" in found.run.metrics else _errors(found))]
    lines += ["", *_calibration(found)] if "ece" in found.run.metrics else []
    notes = [found.part] if found.part else []
    if found.set_aside:
        counts = Counter(s.reason.replace("_", " ") for s in found.set_aside).most_common()
        total, parts = len(found.set_aside), ", ".join(f"{n} {reason}" for reason, n in counts)
        notes.append(f"{_words.plural(total, found.noun)} set aside ({parts})")
    notes += [*(f"warning: {w}" for w in found.warnings), *(f"note: {c}" for c in found.caveats)]
    lines += [""] * bool(notes) + [line for note in notes for line in _wrap(note, 4)]
    return "\n".join(lines).replace(_words.NARROW, " ").strip("\n")


def _calibration(found: Evaluation) -> list[str]:
    """Whether the probabilities can be believed here, beside the run's own test; of two classes what each is missed."""
    here, own = found.run.metrics, found.own
    sure = f"mean confidence {percent(here['confidence'])}, " if "confidence" in here else ""
    right = f"right {percent(here['accuracy'])}, " if sure else ""
    beside = f" ({number(own.ece)} on its own test)" if own and own.ece is not None else ""
    lines = [f"  {sure}{right}calibration error {number(here['ece'])}{beside}"]
    parts = [f"{title.lower()} {percent(value)} ({of})" for title, value, _, of in _view.two_classes(here)]
    return lines + ([f"  {', '.join(parts)}"] if parts else [])


def _by_class(found: Evaluation) -> list[str]:
    """A line per class; of another run its F1."""
    rows = found.run.metrics["per_class"]
    others = found.against.metrics["per_class"] if found.against else [{}] * len(rows)
    wide = min(max(width(r["label"]) for r in rows), 52)
    last = f"  {'F1 of the other':>15}" if found.against else ""
    lines = [f"  {pad('', wide)}  {'n':>6}  {'answers':>7}  {'precision':>9}  {'recall':>8}  {'F1':>8}{last}"]
    for r, o in zip(rows, others, strict=True):
        other = f"  {percent(o['f1']):>15}" if o else ""
        parts = f"{r['n']:>6}  {r['given']:>7}"
        for key, columns, of in (("precision", 9, r["given"]), ("recall", 8, r["n"]), ("f1", 8, r["n"] + r["given"])):
            parts += f"  {percent(r[key]) if of else '–':>{columns}}"
        lines.append(f"  {pad(shorten(r['label'], wide), wide)}  {parts}{other}")
    return lines


def _errors(found: Evaluation) -> list[str]:
    """A line per run, of numbers and of all that has no classes to tell apart."""
    sides = [found.run, *([found.against] if found.against else [])]
    wide = min(max(width(side.name) for side in sides), 52)
    titles = {key: named(key) for key, value in found.run.metrics.items() if isinstance(value, float)}
    titles |= {key: title for key, title in (("r2", "R²"), ("pearson", "Pearson")) if key in titles}
    places = {key: max(9, width(title)) for key, title in titles.items()}
    return [f"  {pad('', wide)}" + "".join(f"  {title:>{places[key]}}" for key, title in titles.items())] + [
        f"  {pad(shorten(side.name, wide), wide)}"
        + "".join(f"  {number(side.metrics[key]):>{places[key]}}" for key in titles)
        for side in sides
    ]


def _wrap(text: str, most: int) -> list[str]:
    return textwrap.wrap(text, COLUMNS, max_lines=most, placeholder=" …")


def _models(run: Mapping[str, Any]) -> list[str]:
    """A line per model judged; the chosen one is marked."""
    rows = _view.contenders(run)
    if not rows:
        return []
    metric = _view.unit_of(run).title
    shown = rows[:MOST_MODELS]
    shown += [r for r in rows[MOST_MODELS:] if r["chosen"]]
    wide = min(max(width(r["title"]) for r in shown), 52)
    lines = [f"  {pad('', wide)}  {metric:>9}  {'interval':<12}"]
    for r in shown:
        title = pad(shorten(r["title"], wide), wide)
        mark, kind = ("▸", f"{r['kind']}, chosen") if r["chosen"] else (" ", r["kind"])
        lines.append(f"{mark} {title}  {r['shown']:>9}  {r['spread']:<12}  {kind}")
    if len(rows) > len(shown):
        lines.append(f"  … and {len(rows) - len(shown)} more in the report")
    return lines


def _foremost(run: Mapping[str, Any]) -> list[str]:
    """What weighs most: who is missing from the verdict, what was cut short or left out."""
    given = _view.foremost(run)
    lines = [line for text in given[:MOST_FOREMOST] for line in _wrap(f"warning: {text}", 2)]
    return lines + ([f"… and {len(given) - MOST_FOREMOST} more such in the report"] if given[MOST_FOREMOST:] else [])


def _notes(run: Mapping[str, Any], verdict: Mapping[str, Any]) -> list[str]:
    """Test size, what was set aside, warnings, time."""
    lines = []
    if verdict.get("n_test"):
        opened = "once" if verdict.get("test_reads", 1) == 1 else f"{verdict['test_reads']} times"
        needed = f"; about {rounded(verdict['needed'])} would be needed to tell" if verdict.get("needed") else ""
        judged = counted(verdict["n_test"], f"sealed {run['noun']}", verdict.get("groups", 0))
        lines += _wrap(f"judged on {judged}, opened {opened}{needed}", 2)
    groups, what = _view.aside(run), run["shown"].kept or run["noun"]
    if groups:
        total = sum(len(g["items"]) for g in groups)
        parts = ", ".join(f"{len(g['items'])} {g['title'].lower()}" for g in groups)
        lines += _wrap(f"{_words.plural(total, what)} set aside ({parts}); the report names each", 3)
    else:
        lines.append(f"no {what} was set aside")
    ranking, ranked = run.get("ranking") or {}, _view.sources(run)
    if len(ranked) > len(kept := ranking.get("chosen", ())) > 0 and not ranking.get("named"):
        left = len(ranking.get("left_out", ()))
        of = f"the {len(ranked) - left} of {len(ranked)} that were looked at" if left else str(len(ranked))
        lines += _wrap(f"sources: {' and '.join(kept)}, chosen of {of}; the report says why", 2)
    if warnings := _view.others(run):
        more = f" (and {len(warnings) - 1} more in the report)" if len(warnings) > 1 else ""
        lines += _wrap(f"warning: {warnings[0]}{more}", 2)
    if spent := run["spend"].get("total"):
        lines.append(f"{_words.seconds(spent)} in all")
    return lines


def width(text: str) -> int:
    """Terminal columns of a text: two for wide East Asian characters, none for combining marks.

    >>> width("bee"), width("蜜蜂"), width("e\u0301")
    (3, 4, 1)
    """
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in {"W", "F"} else 1 for c in text
    )


def pad(text: str, columns: int) -> str:
    """The text, filled with spaces to so many terminal columns."""
    return text + " " * (columns - width(text))


def shorten(text: str, columns: int) -> str:
    """The text, cut with an ellipsis where it is wider than so many terminal columns.

    >>> shorten("蜜蜂蜜蜂", 5)
    '蜜蜂…'
    """
    if width(text) <= columns:
        return text
    while width(text) > columns - 1:
        text = text[:-1]
    return text + "…"
