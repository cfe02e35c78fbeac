"""Small models to export, real files for them, and what a gate finds out about an artefact."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

import tiny_tail
import tiny_text
from headstart.kind import kind_of
from headstart.runtime import full_precision
from headstart.ship.export._artefact import Artefact, save
from headstart.ship.export._gate import TOLERANCE, Parity, compared
from headstart.ship.predictor import Predictor
from headstart.ship.store import Model
from headstart.types import Example, Fitted, View


def pictures(folder: Path, n: int = 12) -> list[Example]:
    """Files of coloured noise at several scales, none of them square."""
    rng = np.random.default_rng(0)
    out = []
    folder.mkdir(parents=True, exist_ok=True)
    for at in range(n):
        x = sum(np.kron(rng.integers(0, 90, (96 // s, 128 // s, 3)), np.ones((s, s, 1))) for s in (2, 8, 32))
        path = folder / f"{at:02d}.png"
        Image.fromarray(np.asarray(x.clip(0, 255), np.uint8)).save(path)
        out.append(Example(str(path), hashlib.sha256(path.read_bytes()).hexdigest()))
    return out


def texts(n: int = 12) -> list[Example]:
    """Sentences in which every third word is written large, which the tiny tokenizer does not know."""
    found = []
    for example in tiny_text.texts(n, 2):
        words = (word.title() if at % 3 == 2 else word for at, word in enumerate(example.content.split()))
        text = " ".join(words)
        found.append(Example(example.path, hashlib.sha256(text.encode()).hexdigest(), text, example.answer))
    return found


def probe(modality: str = "image", kind: str = "classification", **more) -> Model:
    """A head drawn by chance on a tiny source."""
    tiny = tiny_tail if modality == "image" else tiny_text
    source, k = tiny.source(), 1 if kind == "regression" else 3
    rng = np.random.default_rng(1)
    state = {
        "weight": rng.normal(0, 1, (source.feature_dim, k)).astype(np.float32),
        "bias": rng.normal(0, 1, k).astype(np.float32),
    }
    labels = ("size",) if kind == "regression" else ("a", "b", "c")
    decoder = {"classification": {"temperature": 1.3}, "multilabel": {"temperature": 1.1, "threshold": 0.4}}
    view = View(source.key, engine="torch")
    fitted = Fitted("probe", view, {"share": 1.0}, labels, state, 1, 1, kind, decoder.get(kind, {}), modality, **more)
    return Model(fitted, source, tiny.weights())


def parity(
    model: Model, artefact: Artefact | Predictor, examples: list[Example], folder: Path, precision="fp32"
) -> Parity:
    """What the gate finds."""
    made = artefact.predictor() if isinstance(artefact, Artefact) else artefact
    with full_precision(), model.predictor(folder=folder) as run:
        kind = kind_of(model.fitted.kind)
        return compared(run.logits, made.logits, examples, model.fitted, kind, TOLERANCE[precision])


def through(model: Model, examples: list[Example], folder: Path, to: str = "onnx", precision: str = "fp32") -> Parity:
    """The same of an artefact made for it."""
    return parity(model, save(folder / to, model, to, precision, examples), examples, folder / "rows", precision)
