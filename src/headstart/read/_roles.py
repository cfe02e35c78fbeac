"""Which part of the data a name means: train, valid, test, or examples without a label. Cells say it in one word.

Of folders: `train_images`, `val2017`, `TRAIN`, `Training Set`, `seg_train` beside `seg_test`. A word of a split among
others (`test-positive`) is a class, unless a sibling has the same other words and means another part.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection

SPLITS = ("train", "valid", "test")
UNLABELLED = "unlabelled"
_WORDS = {
    **dict.fromkeys(("train", "training", "trn", "trainval"), "train"),
    **dict.fromkeys(("valid", "val", "validation", "dev", "development", "eval"), "valid"),
    **dict.fromkeys(("test", "testing", "tst"), "test"),
    **dict.fromkeys(("unlabelled", "unlabeled", "unsup", "unsupervised", "nolabel"), UNLABELLED),
    **dict.fromkeys(("pred", "predict", "prediction"), "predict"),
}
_PLAIN = frozenset(
    "set sets data dataset image images img imgs picture pictures photo photos text texts txt split part folder file "
    "files sample samples example examples fold batch chunk shard jpg jpeg png".split()
)
NO_CLASS = frozenset("images imgs data dataset files thumbnails thumbs thumb previews preview".split())
_GLUED = re.compile(r"(train|training|val|valid|validation|dev|test|testing)(set|data|images?|imgs?)")


def split_name(text: str) -> str | None:
    """The split that a cell, or a table's name, says: "train", "valid" or "test"; else None.

    >>> split_name("Val"), split_name("dogs"), split_name("unlabelled")
    ('valid', None, None)
    """
    part = _WORDS.get(text.strip().casefold())
    return part if part in SPLITS else None


def roles(names: Collection[str]) -> dict[str, str]:
    """What folders beside each other mean: "train", "valid", "test", "unlabelled" or "predict"; of others nothing.

    >>> roles(["seg_train", "seg_test", "seg_pred"]), roles(["healthy", "test-positive"]), roles(["Training Set"])
    ({'seg_train': 'train', 'seg_test': 'test', 'seg_pred': 'predict'}, {}, {'Training Set': 'train'})
    """
    read = {name: _read(name) for name in names}
    by_rest: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for role, rest in read.values():
        if role:
            by_rest[rest].add(role)
    sure = UNLABELLED  # is no class whatever else its name says
    return {
        n: role for n, (role, rest) in read.items() if role and (role == sure or not rest or len(by_rest[rest]) > 1)
    }


def plain(name: str) -> bool:
    """Whether a folder's name says nothing of what is in it but that it is data, or a part of it.

    >>> plain("images"), plain("fold3"), plain("cats"), plain("7")
    (True, True, False, False)
    """
    words = _words(name)
    return bool(words) and set(words) <= _PLAIN


def numbered(names: Collection[str]) -> str:
    """The word of names that are this with a number or a letter behind it; "" of others.

    >>> numbered(["fold1", "fold2"]), numbered(["set_a", "set_b"]), numbered(["2020", "2021"]), numbered(["cat", "cow"])
    ('fold', 'set', '', '')
    """
    found = [re.fullmatch(r"(.*?[^\W\d_])[\W_]*(\d+|(?<=[\W_])[a-z])", name.casefold()) for name in names]
    words = {m[1] if m else "" for m in found}
    return words.pop() if len(found) > 1 and len(words) == 1 else ""


def _read(name: str) -> tuple[str | None, tuple[str, ...]]:
    """The part that a name means by one of its words, and its other words."""
    words = _words(name)
    found = {_WORDS[w] for w in words if w in _WORDS}
    rest = tuple(w for w in words if w not in _WORDS and w not in _PLAIN)
    if UNLABELLED in found:
        return UNLABELLED, rest
    if found == {"train", "valid"}:
        return "train", rest
    return (found.pop() if len(found) == 1 else None), rest


def _words(name: str) -> list[str]:
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)  # TrainSet
    out: list[str] = []
    for word in re.findall(r"[^\W\d_]+", parted.casefold()):
        glued = _GLUED.fullmatch(word)
        out += glued.groups() if glued else [word]
    return out
