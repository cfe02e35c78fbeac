"""Which level of a folder names the classes, and which the splits; decided by names alone.

In: the folders that hold examples, as names below the root. Out: the split and class of each. Folders that hold all the
rest alone are looked through. The level at which names recur below folders named as splits is the class; split folders
inside each class are known too. What could be read in two ways is an error that names both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from ...errors import DataError, UsageError
from .._record import in_order, label_text
from .._roles import NO_CLASS, SPLITS, UNLABELLED, numbered, plain, roles, split_name

_OF_CLASSES = ("class", "c", "type", "grade", "category", "label", "stage", "level", "kind", "cluster")
LAYOUTS = ("classes", "splits", "nested")  # the first level is the class; the split; or the last level is the class
_SHOWN = 3
Folder = tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """What the examples directly in a folder are: of no class where `label` is None, of no use where `why` says so."""

    label: str | None
    split: str | None = None
    why: str = "It lies beside the class folders, in none of them."


@dataclass(frozen=True)
class _Top:
    """A folder at the top of what is looked at."""

    through: Folder  # its name, and those of folders that hold all the rest of it alone
    inner: tuple[Folder, ...]  # the folders below these that hold examples; () are these themselves

    @property
    def names(self) -> set[str]:
        """Of the folders directly inside."""
        return {f[0] for f in self.inner if f}


@dataclass(frozen=True)
class Layout:
    """The place of every folder, and what a person is told of it."""

    places: Mapping[Folder, Place | None]  # None: left out as a whole
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def arrange(held: Collection[Folder], root: str, asked: str | None = None, hint: str = "") -> Layout:
    """What every folder stands for.

    Args:
        held: the folders that directly hold examples, as names below the root.
        root: what the root is called.
        asked: one of `LAYOUTS`, where a person says which it is.
        hint: what else may name the classes, said where no folder does.

    Raises:
        DataError: there is no training part, or two readings are possible.

    >>> arrange([("seg_train", "sea"), ("seg_test", "sea")], "data").places[("seg_test", "sea")]
    Place(label='sea', split='test', why='It lies beside the class folders, in none of them.')
    """
    if asked not in (None, *LAYOUTS):
        raise UsageError(f"The layout '{asked}' is not known; allowed: {', '.join(LAYOUTS)}. Name one of these.")
    through, below = _through(held)
    tops = _tops(below)
    level = {"classes": "first", "nested": "last"}.get(asked or "")
    if asked == "splits" or _is_split(tops, root, hint, level):
        found = _splits(tops, root, level)
    else:
        found = _classes(tops, root, level)
    inside = {through + f: place for f, place in found.places.items()}
    beside = sorted({f[0] for f in held if f} - {through[0]}) if through else []
    notes = (*([_unnamed(beside)] if beside else []), *found.notes)
    return Layout({f: inside.get(f, Place(None)) for f in held}, notes, found.warnings)


def _through(held: Collection[Folder], *, inside: bool = False) -> tuple[Folder, list[Folder]]:
    """The folders at the top that hold all the rest, and what is below them; examples beside are passed over.

    Inside a folder of the top one of a plain name, or of a split's, is looked through also where it is the last.
    """
    through: Folder = ()
    below = list(held)
    while len(names := _labelled({f[0] for f in below if f})) == 1 and not (inside and () in below):
        (name,) = names
        deeper = any(len(f) > 1 for f in below)
        last = inside and (plain(name) or name in roles([name, "train", "test"]))
        if not (deeper or last) or (not inside and name in roles([name])):
            break
        through, below = (*through, name), [f[1:] for f in below if f and f[0] == name]
    return through, below


def _labelled(names: set[str]) -> set[str]:
    """The names without those that say that there are no labels; all, where there is no other."""
    named = roles(names)
    return {name for name in names if named.get(name) != UNLABELLED} or names


def _tops(below: Iterable[Folder]) -> dict[str, _Top]:
    """The folders at the top by name, in order."""
    inner: dict[str, list[Folder]] = {}
    for folder in sorted(f for f in below if f):
        inner.setdefault(folder[0], []).append(folder[1:])
    out = {}
    for name, folders in inner.items():
        through, rest = _through(folders, inside=True)
        out[name] = _Top((name, *through), tuple(rest))
    return out


def _is_split(tops: Mapping[str, _Top], root: str, hint: str, level: str | None) -> bool:
    """Whether folders at the top are splits; where a person named the `level` of the classes only if that is sure.

    Raises:
        DataError: they may be splits or classes.
    """
    named = roles(tops)
    parts = [name for name, top in tops.items() if top.names and named.get(name) in SPLITS]
    others = [name for name in tops if name not in named]
    sure = len({named[name] for name in parts}) > 1
    if level:
        return sure and not others
    if not parts:
        if not any(top.names for top in tops.values()) and all(n in named or plain(n) for n in tops):
            raise DataError(
                f"{root}/ holds {_list(tops)}, by {_name(tops)} no classes but parts of the data, and no class folders "
                f"inside, so no example has a label. Put a folder for each class into every part, or pass a table of "
                f"files and labels; if these are the classes, pass --layout classes.{hint}"
            )
        return False
    if sure or not others:
        return True
    raise DataError(
        f"{root}/ can be read in two ways: {_list(parts)} as a split whose folders are the classes, beside which "
        f"{_list(others)} {_is(others)} left out (--layout splits); or each of {_list(tops)} as a class (--layout "
        "classes). Say which is meant."
    )


def _splits(tops: Mapping[str, _Top], root: str, level: str | None) -> Layout:
    """The folders at the top are splits: what is below them, taken together, has the classes."""
    named = roles(tops)
    parts = {name: named[name] for name, top in tops.items() if top.names and named.get(name) in SPLITS}
    if "train" not in parts.values():
        given = _list(parts or tops, " and ")
        raise DataError(f"{root}/ holds {given} but no train/. Add train/ with a folder for each class.")
    classes = _classes(_tops({f for name in parts for f in tops[name].inner}), root, level)
    places: dict[Folder, Place | None] = {}
    for name, top in tops.items():
        for f in top.inner:
            if name in parts:
                place = classes.places.get(f) or Place(None)
                places[top.through + f] = replace(place, split=parts[name])
            elif name in named:
                held_out = named[name] in ("valid", "test")
                places[top.through + f] = Place(None, "test" if held_out else None, f"{name}/ has no class folders.")
            else:
                places[top.through + f] = None
    loose, left = ([n for n in tops if n not in parts and (n in named) == known] for known in (True, False))
    notes = [] if all(split_name(name) for name in parts) else [_said(parts)]
    notes += [f"{_list(loose, ' and ')} {_have(loose)} no class folders; what is inside has no label."] if loose else []
    warnings = tuple(f"{name}/ stands beside {_first(parts)}/ and is left out." for name in left)
    return Layout(places, (*notes, *classes.notes), (*warnings, *classes.warnings))


def _classes(tops: Mapping[str, _Top], root: str, asked: str | None) -> Layout:
    """The folders at the top are classes, or each holds the same ones; `asked`: the level that a person named."""
    named = roles(tops)
    loose = [name for name in tops if named.get(name) == UNLABELLED] if len(tops) > 2 else []
    known = {name: top for name, top in tops.items() if name not in loose}
    parts = roles({name for top in known.values() for name in top.names})
    level = asked or _level(known, parts, root)
    if not asked and (odd := _no_classes(known, named)):
        others = _list(name for name in known if name not in odd)
        raise DataError(
            f"{root}/ can be read in two ways: {_list(odd, ' and ')} as a class beside {others} "
            "(--layout classes), or as what is to be predicted or judged later, or belongs to no class: then move it "
            "out. Say which is meant."
        )
    inner = all(f and parts.get(f[0]) in SPLITS for top in known.values() for f in top.inner)
    places: dict[Folder, Place | None] = {}
    for name, top in tops.items():
        for f in top.inner:
            label = {"second": (*f, "")[0], "last": (name, *f)[-1]}.get(level, name)
            split = parts[f[0]] if level == "split" or (level == "last" and inner) else None
            places[top.through + f] = Place(label_text(label), split)
            if name in loose:
                places[top.through + f] = Place(None, None, f"{name}/ is named as one without labels.")
    notes = [_unnamed(loose)] if loose else []
    if level == "second":
        notes.append(f"{_list(known)} hold the same folders: these are the classes, and are read together.")
    inside = in_order({f[0] for top in known.values() for f in top.inner if f})
    if level == "first" and len(inside) > 1:
        notes.append(
            f"The folders inside the classes ({_list(inside)}) are read together; what one of them holds may stand on "
            "both sides of the split. If it belongs together (one patient, one day), pass a table of files and their "
            "folders with --group; if these are the classes, pass --layout nested."
        )
    if level == "split":
        notes.append(f"Each class holds {_list(parts, ' and ')}: these are the splits.")
    return Layout(places, tuple(notes), _as_classes(known) if level == "first" and not asked else ())


def _no_classes(names: Collection[str], named: Mapping[str, str]) -> list[str]:
    """Those whose names say that they are a part of the data, or data as such, beside others that do not."""
    odd = [n for n in names if named.get(n) in ("valid", "test", "predict")]
    data = [n for n in names if n.casefold() in NO_CLASS]
    return odd or (data if len(data) < len(names) else [])


def _level(tops: Mapping[str, _Top], parts: Mapping[str, str], root: str) -> str:
    """Which level is the class: "first", "second", or "split", the first with splits inside.

    Raises:
        DataError: either may be it.
    """
    deep = [top for top in tops.values() if top.names]
    flat = len(deep) < len(tops) or any(() in top.inner for top in deep)
    counts = Counter(name for top in deep for name in top.names)
    if not flat and all(parts.get(name) in SPLITS for name in counts) and "train" in parts.values():
        deeper = Counter(name for top in deep for name in {f[1] for f in top.inner if len(f) > 1})
        if sum(n > 1 for n in deeper.values()) < 2 or _dated(deeper):
            return "split"
        raise _question(tops, deeper, root)
    again = sum(n > 1 for n in counts.values())
    recur = again > 1 and 2 * again >= len(counts)
    word = numbered(tops)
    if recur and not flat and word and (plain(word) or not (word in _OF_CLASSES or _dated(counts))):
        return "second"
    several = len(tops) > 1 and any(len(top.names) > 1 for top in deep)
    if not several or (flat and not recur) or (_dated(counts) and not (word and recur)):
        return "first"
    raise _question(tops, counts, root)


def _question(tops: Collection[str], inside: Collection[str], root: str) -> DataError:
    return DataError(
        f"{root}/ can be read in two ways: the first level as the classes ({_list(tops)}: --layout classes), or the "
        f"folders inside ({_list(in_order(inside))}: --layout nested). Say which is meant."
    )


def _dated(names: Collection[str]) -> bool:
    """Whether they are numbers, dates or keys, as of days and patients, and no classes: most hold a digit."""
    return sum(any(c.isdigit() for c in name) for name in names) >= 0.8 * len(names) > 0


def _as_classes(tops: Mapping[str, _Top]) -> tuple[str, ...]:
    """A warning where a folder has the name of a split but is read as a class."""
    named, others = ([name for name in tops if bool(split_name(name)) == is_split] for is_split in (True, False))
    if not named:
        return ()
    is_, it = (
        ("is read as a class, not as a split", "it is a split")
        if len(named) == 1
        else ("are read as classes, not as splits", "they are splits")
    )
    return (
        f"{_list(named, ' and ')} {is_}, beside {_list(others)}. If {it}, keep only train/, val/ and test/ there, each "
        "with a folder for every class; if not, rename to end this warning.",
    )


def _unnamed(loose: Collection[str]) -> str:
    return f"{_list(loose, ' and ')} {_have(loose)} no label, by the name."


def _said(parts: Mapping[str, str]) -> str:
    """Which folder is which split."""
    return "Splits by the names of folders: " + ", ".join(f"{name}/ is {split}" for name, split in parts.items()) + "."


def _first(parts: Mapping[str, str]) -> str:
    return next(name for name, split in parts.items() if split == "train")


def _name(names: Collection[str]) -> str:
    return "its name" if len(names) == 1 else "their names"


def _have(names: Collection[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _is(names: Collection[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _list(names: Iterable[str], last: str = ", ") -> str:
    """Folders, the first few by name.

    >>> _list(["a", "b"], " and "), _list("abcde")
    ('a/ and b/', 'a/, b/, c/ and 2 more')
    """
    shown = [f"{name}/" for name in names]
    if len(shown) > _SHOWN:
        return f"{', '.join(shown[:_SHOWN])} and {len(shown) - _SHOWN} more"
    return last.join((", ".join(shown[:-1]), shown[-1])) if len(shown) > 1 else "".join(shown)
