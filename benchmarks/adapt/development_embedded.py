"""Development pairs seen through pre-trained networks, beside plain words and gradients, as `adapt` itself sees them.

Real shifts: other intents of the same domains, other kinds of question of the same class (none of the target's kinds is
among the source's), short texts and long ones. Simulated ones: words lost, letters changed; pictures blurred, dark,
without colours, noisy, turned, or moved apart in their hues. The features are kept in headstart's cache.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from development_pairs import MOST, Development, folder, misspelt
from PIL import Image, ImageFilter, ImageOps

WORDS = ("minilm-l6", "e5-small-multilingual")
PICTURES = ("efficientnet-lite1", "vit-s14-saliency")


def embedded() -> Iterator[Development]:
    """All of them."""
    for family in (kinds, texts, pictures):
        yield from family()


def _rows(path: str) -> list[dict[str, str]]:
    lines = (folder() / path).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def kinds() -> Iterator[Development]:
    """A class's kinds, one half in the source and the other in the target."""
    for name, path, kind, label in (
        ("intents", "clinc_intents/train.jsonl", "label", "domain"),
        ("questions", "trec_questions/train.jsonl", "fine", "label"),
    ):
        rows = _rows(path)
        y, of = _numbers(rows, label), _numbers(rows, kind)
        for seed in range(3):
            rng = np.random.default_rng(seed)
            left = np.zeros(of.max() + 1, bool)
            for c in range(y.max() + 1):
                own = rng.permutation(np.unique(of[y == c]))
                left[own[: (len(own) + seed % 2) // 2]] = True
            yield _texts(f"{name} other kinds {seed}", name, [r["text"] for r in rows], y, ~left[of], left[of], seed)


def _numbers(rows: list[dict[str, str]], column: str) -> np.ndarray:
    found = sorted({row[column] for row in rows})
    return np.array([found.index(row[column]) for row in rows], np.int64)


def texts() -> Iterator[Development]:
    """Short and long ones; words lost, letters changed."""
    for name, path in (
        ("ag_news", "ag_news/data.jsonl"),
        ("trec", "trec_questions/train.jsonl"),
        ("sms", "sms_spam/data.jsonl"),
    ):
        rows = _rows(path)
        rng = np.random.default_rng(0)
        rows = [rows[i] for i in rng.permutation(len(rows))[: 3 * MOST]]
        said, y = [row["text"] for row in rows], _numbers(rows, "label")
        length = np.array([len(text.split()) for text in said])
        short, half = length <= np.median(length), rng.random(len(said)) < 0.5
        yield _texts(f"{name} long from short", name, said, y, short, ~short)
        yield _texts(f"{name} short from long", name, said, y, ~short, short)
        yield _texts(f"{name} same", name, said, y, half, ~half)
        lost = [_shortened(text, rng) for text in said]
        typed = [misspelt(text, 0.15, rng) for text in said]
        for change, other in (("words lost", lost), ("misspelt", typed)):
            both = [t if h else c for t, c, h in zip(said, other, half, strict=True)]
            yield _texts(f"{name} {change}", name, both, y, half, ~half)


def _seen(inputs: list[Any], source: str) -> np.ndarray:
    """Features as `adapt` takes them [n d]."""
    import headstart as hs
    from headstart.score._axes import signed_root

    return np.asarray(signed_root(hs.embed(inputs, source=source)), np.float64)


def _shortened(text: str, rng: np.random.Generator) -> str:
    left = " ".join(w for w in text.split() if rng.random() < 0.4)
    return left if any(c.isalnum() for c in left) else text


def _texts(
    name: str, family: str, said: list[str], y: np.ndarray, source: Any, target: Any, seed: int = 0
) -> Development:
    from sklearn.feature_extraction.text import TfidfVectorizer

    rng = np.random.default_rng(seed)
    one, other = (rng.permutation(np.flatnonzero(side))[:MOST] for side in (source, target))
    a, b = [said[i] for i in one], [said[i] for i in other]
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    views: dict[str, tuple[Any, Any]] = {key: (_seen(a, key), _seen(b, key)) for key in WORDS}
    views["TF-IDF"] = (words.fit_transform(a), words.transform(b))
    return Development(f"embedded {name}", f"embedded {family}", views, y[one], y[other])


def pictures() -> Iterator[Development]:
    """Half of the pictures as they are, the other half changed."""
    noise = np.random.default_rng(3)
    changes: dict[str, Callable[[Image.Image], Image.Image]] = {
        "same": lambda p: p,
        "blurred": lambda p: p.filter(ImageFilter.GaussianBlur(max(p.size) / 100)),
        "dark": lambda p: p.point(lambda v: int(0.15 * v)),
        "grey": lambda p: ImageOps.grayscale(p).convert("RGB"),
        "noisy": lambda p: Image.fromarray(
            np.clip(np.asarray(p, float) + noise.normal(0, 60, (p.height, p.width, 3)), 0, 255).astype(np.uint8)
        ),
        "on its head": lambda p: p.transpose(Image.Transpose.ROTATE_180),
        "other hues": lambda p: Image.merge("RGB", (p.getchannel(2), p.getchannel(0), p.getchannel(1))),
        "few colours": lambda p: ImageOps.posterize(p, 2),
    }
    for name, most in (("rsscn7", 110), ("hymenoptera/train", 300), ("tuxpaint_stamps", 90)):
        paths, y = [], []
        classes = sorted(p for p in (folder() / name).iterdir() if p.is_dir())
        for number, place in enumerate(classes):
            found = sorted(p for p in place.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))[:most]
            paths += found
            y += [number] * len(found)
        order = np.random.default_rng(0).permutation(len(paths))
        opened = [_opened(paths[i]) for i in order]
        known, half = np.array(y, np.int64)[order], len(order) // 2
        for change, made in changes.items():
            if name.startswith("tux") and change in ("grey", "on its head", "few colours"):
                continue
            yield _pictures(f"{name} {change}", name, opened[:half], [made(p) for p in opened[half:]], known, half)


def _opened(path: Any) -> Image.Image:
    picture = Image.open(path)
    if picture.mode != "RGB":
        plain = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(plain, picture.convert("RGBA")).convert("RGB")
    picture.thumbnail((300, 300))
    return picture


def _pictures(
    name: str, family: str, source: list[Image.Image], target: list[Image.Image], y: np.ndarray, half: int
) -> Development:
    from skimage.feature import hog

    def png(p: Image.Image) -> bytes:
        out = io.BytesIO()
        p.save(out, "PNG", compress_level=1)
        return out.getvalue()

    def gradients(some: list[Image.Image]) -> np.ndarray:
        small = [np.asarray(p.convert("L").resize((64, 64))) for p in some]
        return np.array([hog(s, pixels_per_cell=(8, 8), cells_per_block=(2, 2)) for s in small])

    a, b = [png(p) for p in source], [png(p) for p in target]
    views: dict[str, tuple[Any, Any]] = {key: (_seen(a, key), _seen(b, key)) for key in PICTURES}
    views["HOG"] = (gradients(source), gradients(target))
    return Development(f"embedded {name}", f"embedded {family}", views, y[:half], y[half:])
