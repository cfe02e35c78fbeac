"""The pairs that `align/choice/` was made on; none that judges it is among these.

A pair is labelled source rows and target rows, seen by two representations; target labels are here to measure errors
with. Real shifts: hospitals, speakers, short against long texts, younger against older people. Simulated ones: digits
turned, blurred, noisy, moved, or with other shares of the classes; texts with words lost or misspelt; drawn clouds.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.data import folder

MOST = 600  # rows of a domain


@dataclass(frozen=True)
class Development:
    """One pair: rows of both domains by representation, and classes."""

    name: str
    family: str  # pairs of one family are left out together
    views: dict[str, tuple[Any, Any]]  # representation → source rows, target rows
    ys: np.ndarray
    yt: np.ndarray


def pairs() -> Iterator[Development]:
    """All of them."""
    for family in (digits, speakers, hospitals, texts, people, clouds, tables):
        yield from family()


def digits() -> Iterator[Development]:
    """Half of scikit-learn's digits, and the other half changed."""
    from scipy import ndimage
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    pictures, y = x.reshape(-1, 8, 8)[order] / 16, y[order].astype(np.int64)
    source, ys, target, yt = pictures[:800], y[:800], pictures[800:1600], y[800:1600]
    noise = np.random.default_rng(1).normal(0, 1, target.shape)
    changed: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "same": lambda p: p,
        "turned 20": lambda p: ndimage.rotate(p, 20, axes=(1, 2), reshape=False, order=1),
        "turned 40": lambda p: ndimage.rotate(p, 40, axes=(1, 2), reshape=False, order=1),
        "blurred": lambda p: ndimage.gaussian_filter(p, (0, 1.0, 1.0)),
        "noise .3": lambda p: np.clip(p + 0.3 * noise, 0, 1),
        "noise .6": lambda p: np.clip(p + 0.6 * noise, 0, 1),
        "moved": lambda p: np.roll(p, 1, axis=2),
        "faint": lambda p: 0.4 + 0.3 * p,
        "thin": lambda p: p**3,
    }
    for name, change in changed.items():
        yield _pictures(f"digits {name}", source, ys, change(target), yt)
    few = np.random.default_rng(2).random(len(yt)) < np.where(yt < 4, 1.0, 0.15)
    yield _pictures("digits mostly 0-3", source, ys, target[few], yt[few])
    yield _pictures("digits mostly 0-3, noise", source, ys, changed["noise .3"](target)[few], yt[few])


def _pictures(name: str, source: np.ndarray, ys: np.ndarray, target: np.ndarray, yt: np.ndarray) -> Development:
    views = {"pixels": (source.reshape(len(source), -1), target.reshape(len(target), -1))}
    views["gradients"] = (_gradients(source), _gradients(target))
    return Development(name, "digits", views, ys, yt)


def _gradients(pictures: np.ndarray) -> np.ndarray:
    """Histograms of the gradients' directions in 4 × 4 cells [n 128]."""
    dy, dx = np.gradient(pictures, axis=(1, 2))
    size, angle = np.hypot(dx, dy), np.floor((np.arctan2(dy, dx) + np.pi) / (2 * np.pi) * 8).astype(int) % 8
    cells = np.stack([(size * (angle == b)).reshape(-1, 4, 2, 4, 2).sum((2, 4)) for b in range(8)], -1)
    return np.sqrt(cells.reshape(len(pictures), -1))


def speakers() -> Iterator[Development]:
    """Spoken digits: one speaker, learnt from the other five; and from one alone."""
    from scipy import fft, signal
    from scipy.io import wavfile

    who, said, bands, cepstra = [], [], [], []
    for path in sorted((folder() / "fsdd" / "recordings").glob("*.wav")):
        digit, name, _ = path.stem.split("_")
        rate, wave = wavfile.read(path)
        _, _, power = signal.spectrogram(wave.astype(float), rate, nperseg=200, noverlap=100)
        log = np.log(power + 1e-3)
        steps = [part.mean(1) for part in np.array_split(log, 8, axis=1)]
        coarse = np.stack([[part.mean() for part in np.array_split(step, 12)] for step in steps])
        cepstrum = fft.dct(log, axis=0, norm="ortho")[:20]
        who.append(name), said.append(int(digit)), bands.append((coarse - coarse.mean()).ravel())
        halves = [part.mean(1) for part in np.array_split(cepstrum, 3, axis=1)]
        cepstra.append(np.concatenate([*halves, cepstrum.std(1)]))
    who, said = np.array(who), np.array(said, np.int64)
    views = {"bands": np.array(bands), "cepstra": np.array(cepstra)}
    names = sorted(set(who))
    for name, other in zip(names, names[1:] + names[:1], strict=True):
        yield _cut(f"speaker {name}", "speakers", views, said, who != name, who == name)
        yield _cut(f"speaker {name} from {other}", "speakers", views, said, who == other, who == name)


def hospitals() -> Iterator[Development]:
    """Heart disease, each hospital from each other."""
    rows, y, where = [], [], []
    for path in sorted((folder() / "heart_disease_4_hospitals").glob("*.csv")):
        for row in csv.reader(path.read_text().splitlines()[1:]):
            rows.append([float(cell) if cell else np.nan for cell in row[:13]])
            y.append(int(row[14])), where.append(path.stem)
    x, y, where = np.array(rows), np.array(y, np.int64), np.array(where)
    kept = [0, 1, 2, 3, 6, 7, 8, 9]
    x = np.where(np.isnan(x), np.nanmedian(x, 0), x)[:, kept]
    bins = np.concatenate([x[:, [c]] > np.unique(np.quantile(x[:, c], np.linspace(0.1, 0.9, 5))) for c in range(8)], 1)
    views = {"numbers": x, "steps": bins.astype(float)}
    for source in np.unique(where):
        for target in np.unique(where):
            if source != target:
                yield _cut(f"{source} to {target}", "hospitals", views, y, where == source, where == target)


def people() -> Iterator[Development]:
    """Charged again within two years: the older learnt from the younger, and back."""
    with (folder() / "compas" / "compas_two_years.csv").open() as file:
        rows = list(csv.DictReader(file))[: 2 * MOST]
    counts = ["juv_fel_count", "juv_misd_count", "juv_other_count", "priors_count"]
    x = np.array([[float(r[c] or 0) for c in counts] + [r["sex"] == "Male", r["c_charge_degree"] == "F"] for r in rows])
    age, y = np.array([int(r["age"]) for r in rows]), np.array([int(r["two_year_recid"]) for r in rows], np.int64)
    logs = np.log1p(x)
    views = {
        "counts": x,
        "crossed": np.concatenate([logs, (logs[:, :, None] * logs[:, None, :]).reshape(len(x), -1)], 1),
    }
    yield _cut("older from younger", "people", views, y, age < 32, age >= 32)
    yield _cut("younger from older", "people", views, y, age >= 32, age < 32)


def texts() -> Iterator[Development]:
    """Short texts and long ones; texts with words lost and letters changed."""
    for name, path in (("tweets", "sentiment_tweets_nyt/tweets.jsonl"), ("ag_news", "ag_news/data.jsonl"),
                       ("trec", "trec_questions/train.jsonl"), ("sms", "sms_spam/data.jsonl")):  # fmt: skip
        rows = [json.loads(line) for line in (folder() / path).read_text(encoding="utf-8").splitlines()]
        rng = np.random.default_rng(0)
        rows = [rows[i] for i in rng.permutation(len(rows))[: 3 * MOST]]
        labels = sorted({row["label"] for row in rows})
        said, y = [row["text"] for row in rows], np.array([labels.index(row["label"]) for row in rows], np.int64)
        length = np.array([len(text.split()) for text in said])
        short = length <= np.median(length)
        half = rng.random(len(said)) < 0.5
        yield _texts(f"{name} long from short", said, y, short, ~short)
        yield _texts(f"{name} short from long", said, y, ~short, short)
        yield _texts(f"{name} same", said, y, half, ~half)
        lost = [" ".join(w for w in text.split() if rng.random() < 0.5) for text in said]
        yield _texts(
            f"{name} words lost", [t if h else c for t, c, h in zip(said, lost, half, strict=True)], y, half, ~half
        )
        for share in (0.1, 0.3):
            typed = [misspelt(text, share, rng) for text in said]
            both = [t if h else c for t, c, h in zip(said, typed, half, strict=True)]
            yield _texts(f"{name} misspelt {share}", both, y, half, ~half)


def misspelt(text: str, share: float, rng: np.random.Generator) -> str:
    change = rng.random(len(text)) < share
    drawn = rng.integers(97, 123, len(text))
    return "".join(chr(d) if c and a != " " else a for a, c, d in zip(text, change, drawn, strict=True))


def _texts(name: str, said: list[str], y: np.ndarray, source: np.ndarray, target: np.ndarray) -> Development:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    one, other = np.flatnonzero(source)[:MOST], np.flatnonzero(target)[:MOST]
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=2)
    views = {}
    for key, maker in (("TF-IDF", words), ("letters", letters)):
        views[key] = (maker.fit_transform([said[i] for i in one]), maker.transform([said[i] for i in other]))
    axes = TruncatedSVD(64, random_state=0)
    views["letters"] = (axes.fit_transform(views["letters"][0]), axes.transform(views["letters"][1]))
    return Development(name, "texts " + name.split()[0], views, y[one], y[other])


def clouds() -> Iterator[Development]:
    """Drawn clouds: moved, turned, stretched, with other shares of the classes, with another rule."""
    for seed in (0, 1):
        rng = np.random.default_rng(seed)
        d, k, n = 10, 3, 500
        centres = 1.1 * rng.normal(size=(k, d))
        turn = np.linalg.qr(np.eye(d) + 0.5 * rng.normal(size=(d, d)))[0]
        hidden = rng.normal(size=(d, 60)) / np.sqrt(d)
        ys, yt = rng.integers(0, k, n), rng.integers(0, k, n)
        odd = rng.choice(k, n, p=[0.8, 0.15, 0.05])
        xs, xt, xo = (centres[y] + rng.normal(size=(n, d)) for y in (ys, yt, odd))
        shift = rng.normal(size=d)
        moved = {
            "same": (xt, yt), "moved": (xt + 0.7 * shift, yt), "stretched": (xt * np.exp(0.6 * shift), yt),
            "turned": (xt @ turn, yt), "other shares": (xo, odd), "other shares, moved": (xo + 0.4 * shift, odd),
            "another rule": (xt, np.where((xt[:, 0] > 0.5) & (yt == 0), 1, yt)),
            "noisy": (xt + rng.normal(size=(n, d)), yt),
        }  # fmt: skip
        for name, (x, y) in moved.items():
            views = {"axes": (xs, x), "hidden": (np.tanh(xs @ hidden), np.tanh(x @ hidden))}
            yield Development(f"cloud {name} {seed}", "clouds", views, ys.astype(np.int64), y.astype(np.int64))


def tables() -> Iterator[Development]:
    """Tumours and wines: those far along the first axis from those near."""
    from sklearn.datasets import load_breast_cancer, load_wine

    for name, load in (("tumours", load_breast_cancer), ("wines", load_wine)):
        x, y = load(return_X_y=True)
        z = (x - x.mean(0)) / x.std(0)
        axes = z @ np.linalg.svd(z, full_matrices=False)[2].T
        for axis in (1, 2):
            near = axes[:, axis] + np.random.default_rng(0).normal(0, 0.7, len(x)) < 0.3
            views = {"columns": z, "half": np.concatenate([z[:, ::3], z[:, ::3] ** 2], 1)}
            yield _cut(f"{name} far on axis {axis}", "tables", views, y.astype(np.int64), near, ~near)


def _cut(
    name: str, family: str, views: dict[str, np.ndarray], y: np.ndarray, source: np.ndarray, target: np.ndarray
) -> Development:
    one, other = np.flatnonzero(source), np.flatnonzero(target)
    rng = np.random.default_rng(0)
    one, other = rng.permutation(one)[:MOST], rng.permutation(other)[:MOST]
    return Development(name, family, {key: (x[one], x[other]) for key, x in views.items()}, y[one], y[other])
