"""`classical` for texts: TF-IDF of words, or of words and characters, and scikit-learn's logistic or ridge regression.

[n] texts → scores [n k]. The vocabulary is kept as UTF-8 bytes, terms apart by newlines, so that no pickle is needed.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...kind import kind_of
from ...strategy import SEARCH, TrainResult
from ...types import Facts, FitContext, Fitted, FloatArray, IntArray, Progress, Source, View
from .._once import once
from ..classical import Config
from .terms import counted

if TYPE_CHECKING:
    import torch

# Kind → (name, analyser, n-grams) of each block of features.
FEATURES: dict[str, tuple[tuple[str, str, tuple[int, int]], ...]] = {
    "words": (("word", "word", (1, 2)),),
    "characters": (("word", "word", (1, 2)), ("char", "char_wb", (2, 5))),
}
MOST = 200_000  # terms of one block, the most frequent
# The ridge penalty at c = 1; settings divide it by 3 and 30. Four-fold on 2,000 labelled tweets and as many newspaper
# sentences of seed 0 (none of its test), 0.03 to 0.3 were within 2.5 % of the lowest error of 0.01 to 3.
ALPHA = 0.9


def title(kind: str) -> str:
    """What people call it."""
    return f"TF-IDF + {'ridge' if kind_of(kind).link == 'identity' else 'logistic'} regression"


def fit_view(view: View, facts: Facts) -> View:
    """Texts as they are."""
    return View(None, "input")


def settings(facts: Facts) -> list[Config]:
    """Two kinds of features, each with two weights."""
    return [Config(features, c) for features in FEATURES for c in (3.0, 30.0)][:SEARCH]


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """Fit on the training rows; the solution is unique, so that no seed plays a part."""
    state = fit(context.train.x, context.train.y, context.k, config.features, config.c, kind_of(context.kind).link)
    yield Progress(1, 1)
    return TrainResult(state, state["weight"].size + state["bias"].size)


def logits(fitted: Fitted, x: NDArray[Any], source: Source | None = None) -> FloatArray:
    """[n] texts → [n k]."""
    return scores(x, fitted.state, fitted.config["features"])


def fit(x: NDArray[Any], y: NDArray[Any], k: int, features: str, c: float, link: str) -> dict[str, NDArray[Any]]:
    """Vocabularies, inverse document frequencies, weights [v k] and biases [k]; for `link` see `linear`."""
    from scipy import sparse

    blocks = [once(x, ("tfidf", name), partial(_learnt, x, how, grams)) for name, how, grams in FEATURES[features]]
    rows = sparse.hstack([matrix for *_, matrix in blocks]).tocsr() / np.sqrt(len(blocks))
    if link == "identity":
        weight, bias = _ridge(rows, y, c)
    else:
        weight, bias = logistic(rows, y, k, c) if link == "softmax" else _each(rows, y, c)
    state: dict[str, NDArray[Any]] = {"weight": weight, "bias": bias}
    for (name, *_), (terms, idf, _) in zip(FEATURES[features], blocks, strict=True):
        state |= {f"{name}.terms": np.frombuffer("\n".join(terms).encode(), np.uint8), f"{name}.idf": idf}
    return state


def _ridge(rows: Any, y: NDArray[Any], c: float) -> tuple[FloatArray, FloatArray]:  # noqa: ANN401 - a sparse matrix
    """Weight [v 1] and bias [1]; `c` is the weight of an error, as that of logistic regression ten times as large."""
    from sklearn.linear_model import Ridge

    model = Ridge(alpha=ALPHA / c, solver="sparse_cg", tol=1e-5).fit(rows, y)
    return model.coef_.reshape(-1, 1).astype(np.float32), np.array([model.intercept_], np.float32)


def logistic(
    rows: Any,  # noqa: ANN401 - the same
    y: IntArray,
    k: int,
    c: float,
    counts: NDArray[np.floating] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Weights [v k] and biases [k]; `counts` [n]: how much each row counts."""
    from sklearn.linear_model import LogisticRegression

    weight, bias = np.zeros((rows.shape[1], k), np.float32), np.full(k, -30.0, np.float32)  # classes that are missing
    if len(present := np.unique(y)) == 1:  # of a label in each or no row, or of one class, there is nothing to learn
        bias[present] = 0.0
        return weight, bias
    model = LogisticRegression(C=c, max_iter=300, tol=1e-3).fit(rows, y, counts)
    if len(model.classes_) == 2:  # scikit-learn gives one row for two classes
        weight[:, model.classes_] = np.concatenate([-model.coef_, model.coef_]).T / 2
        bias[model.classes_] = np.concatenate([-model.intercept_, model.intercept_]) / 2
    else:
        weight[:, model.classes_], bias[model.classes_] = model.coef_.T, model.intercept_
    return weight, bias


def _each(rows: Any, y: IntArray, c: float) -> tuple[FloatArray, FloatArray]:  # noqa: ANN401 - the same
    """The same for label sets y [n k]: one against the rest for each label."""
    heads = [logistic(rows, column, 2, c) for column in y.T]
    weight = np.stack([w[:, 1] - w[:, 0] for w, _ in heads], 1)
    return weight, np.array([b[1] - b[0] for _, b in heads], np.float32)


def scores(x: Sequence[str] | NDArray[Any], state: Mapping[str, NDArray[Any]], features: str) -> FloatArray:
    """[n] texts → [n k]."""
    weight, bias = state["weight"], state["bias"]
    each = [values @ weight[columns] for columns, values in _pairs(x, state, features)]
    return np.asarray(np.stack(each) + bias if each else np.zeros((0, len(bias))), np.float32)


def rows(x: Sequence[str] | NDArray[Any], state: Mapping[str, NDArray[Any]], features: str) -> Any:  # noqa: ANN401
    """[n] texts → [n v] by the vocabularies of a state, sparse."""
    from scipy import sparse

    found = list(_pairs(x, state, features))
    starts = np.cumsum([0, *(len(columns) for columns, _ in found)])
    columns, values = (np.concatenate(part) for part in zip(*found, strict=True))
    wide = sum(len(state[f"{name}.idf"]) for name, *_ in FEATURES[features])
    return sparse.csr_matrix((values, columns, starts), (len(found), wide))


def described(fitted: Fitted, x: NDArray[Any]) -> FloatArray:
    """[n] texts → (column, value) of each term that is there [n m 2], filled up with values of 0."""
    found = list(_pairs(x, fitted.state, fitted.config["features"]))
    most = max(1, max(len(columns) for columns, _ in found))
    out = np.zeros((len(found), most, 2), np.float32)  # a column is a whole number below 2²⁴, which float32 holds
    for at, (columns, values) in enumerate(found):
        out[at, : len(columns)] = np.stack([columns, values], 1)
    return out


def _pairs(
    x: Sequence[str] | NDArray[Any], state: Mapping[str, NDArray[Any]], features: str
) -> Iterator[tuple[IntArray, FloatArray]]:
    """Of each text the columns of its terms, and their values: (1 + log tf) · idf, each block of length 1.

    As `fit` has them, but without scikit-learn, whose import takes longer than all else where one text is asked about.
    """
    known = [once(state[f"{name}.terms"], "columns", partial(_columns, state[f"{name}.terms"])) for name, *_ in
             FEATURES[features]]  # fmt: skip
    for text in x:
        columns, values, first = [], [], 0
        for (name, how, grams), vocabulary in zip(FEATURES[features], known, strict=True):
            idf = state[f"{name}.idf"]
            where, counts = counted(text, how, grams, vocabulary)
            value = (1 + np.log(counts)) * idf[where]
            columns.append(where + first)
            values.append(value / (float(np.linalg.norm(value)) or 1.0))
            first += len(idf)
        yield np.concatenate(columns), np.asarray(np.concatenate(values) / np.sqrt(len(known)), np.float32)


def _columns(terms: NDArray[np.uint8]) -> dict[str, int]:
    """A vocabulary as a state keeps it → the column of each term."""
    return {term: at for at, term in enumerate(terms.tobytes().decode().split("\n"))}


def module(fitted: Fitted, source: Source | None = None) -> torch.nn.Module:
    """The head on such pairs."""
    from ..heads.module import Sparse

    return Sparse(fitted.state["weight"], fitted.state["bias"])


def _learnt(x: NDArray[Any], how: str, grams: tuple[int, int]) -> tuple[list[str], FloatArray, Any]:
    """Terms, their idf, and the training rows."""
    vectoriser = _vectoriser(how, grams)
    try:
        counts = vectoriser.fit_transform(x).astype(np.float32)
        terms = [str(term) for term in vectoriser.get_feature_names_out()]
    except ValueError:  # no text has a word of two letters
        counts, terms = np.zeros((len(x), 1), np.float32), ["-"]
    n = len(x)
    frequency = np.asarray((counts > 0).sum(0)).reshape(-1)
    idf = (np.log((1 + n) / (1 + frequency)) + 1).astype(np.float32)  # scikit-learn's smoothed idf
    return terms, idf, _weighed(counts, idf)


def _weighed(counts: Any, idf: FloatArray) -> Any:  # noqa: ANN401 - scipy's sparse matrices
    """(1 + log tf) · idf, rows of length 1."""
    from scipy import sparse
    from sklearn.preprocessing import normalize

    counts = sparse.csr_matrix(counts)
    counts.data = 1 + np.log(counts.data)
    return normalize(counts @ sparse.diags(idf)).astype(np.float32)


def _vectoriser(how: str, grams: tuple[int, int]) -> Any:  # noqa: ANN401
    from sklearn.feature_extraction.text import CountVectorizer

    return CountVectorizer(analyzer=how, ngram_range=grams, max_features=MOST)
