"""The same pair in other hands: skada's defaults, and logistic regression on the target's own labels (the oracle).

On the top features of each source that the adaptation used, scaled by the source domain's mean and deviation, with
scikit-learn's logistic regression. skada gets classes 0 … k − 1, target labels of −1, copies of every array, and the
domains in every call (it would write over the caller's labels, and take unmarked rows for the wrong domain).

The oracle is fitted on three quarters of the labelled target, and tested on the last, each quarter in turn; of texts
on TF-IDF too. The better representation counts, so that it is an upper bound with a little luck in it.

Run: python benchmarks/adapt/rivals.py PLACE OUT --sources KEY,KEY; PLACE is what pairs.py made
Out: OUT, JSON: `skada` (source → method → accuracy, cpu, error) and `oracle` (representation → accuracy)
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SKADA = {  # our method → skada's adapter
    "coral": "CORALAdapter",
    "subspace": "SubspaceAlignmentAdapter",
    "tca": "TransferComponentAnalysisAdapter",
    "transport": "OTMappingAdapter",
    "reweight": "DiscriminatorReweightAdapter",
    "kmm": "KMMReweightAdapter",
}
FOLDS = 4


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("place", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sources", required=True)
    given = parser.parse_args()
    from headstart import embed

    inputs, labels = zip(*(labelled(given.place, part) for part in ("source", "judge")), strict=True)
    names = sorted({*labels[0], *labels[1]})
    ys, yt = (np.array([names.index(label) for label in part]) for part in labels)
    skada, oracle = {}, {}
    for source in filter(None, given.sources.split(",")):
        xs, xt = (np.asarray(embed(part, source=source), np.float64) for part in inputs)
        mean, scale = xs.mean(0), np.maximum(xs.std(0), 1e-6)
        xs, xt = (xs - mean) / scale, (xt - mean) / scale
        skada[source] = {"none": timed(lambda xs=xs, xt=xt: head().fit(xs, ys).predict(xt), yt)}
        for method, adapter in SKADA.items():
            skada[source][method] = timed(lambda a=adapter, xs=xs, xt=xt: adapted(a, xs, ys, xt), yt)
        oracle[source] = own_labels(head(), xt, yt)
    if not (given.place / "target").is_dir():
        oracle["TF-IDF"] = own_labels(words(), np.array(inputs[1], object), yt)
    given.out.write_text(json.dumps({"skada": skada, "oracle": oracle}))
    return 0


def labelled(place: Path, part: str) -> tuple[list[str], list[str]]:
    """Inputs and labels of a part of the pair."""
    if (place / part).is_dir():
        files = sorted((place / part).glob("*/*"), key=lambda file: file.name)
        return [str(file) for file in files], [file.parent.name for file in files]
    rows = [json.loads(line) for line in (place / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row["text"] for row in rows], [row["label"] for row in rows]


def head() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=1000)


def words() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10, max_iter=1000)
    )


def adapted(adapter: str, xs: NDArray[Any], ys: NDArray[Any], xt: NDArray[Any]) -> NDArray[Any]:
    """Classes of the target rows, by one of skada's adapters before a logistic regression."""
    import skada

    last = head()
    if "Reweight" in adapter:
        last = last.set_fit_request(sample_weight=True)
    way = skada.make_da_pipeline(getattr(skada, adapter)(), last)
    domain = np.repeat([1, -2], [len(xs), len(xt)])  # positive: source, negative: target
    y = np.concatenate([ys, np.full(len(xt), -1)])
    way.fit(np.concatenate([xs, xt]), y, sample_domain=domain)
    return np.asarray(way.predict(xt.copy(), sample_domain=np.full(len(xt), -2)))


def timed(predict: Callable[[], NDArray[Any]], yt: NDArray[Any]) -> Mapping[str, Any]:
    """What it has right, and its CPU seconds; or why it has no answer."""
    begun = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            right = float((predict() == yt).mean())
    except Exception as problem:  # of another's library whatever comes is its result
        return {"accuracy": None, "cpu": round(time.process_time() - begun, 2), "error": repr(problem)[:300]}
    return {"accuracy": right, "cpu": round(time.process_time() - begun, 2), "error": ""}


def own_labels(way: Any, x: NDArray[Any], y: NDArray[Any]) -> float:
    """Accuracy with labels of the target itself, each example named by a model that did not see it."""
    from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict

    fewest = min(np.bincount(y)[np.unique(y)])
    folds = (StratifiedKFold if fewest >= FOLDS else KFold)(FOLDS, shuffle=True, random_state=0)
    return float((cross_val_predict(way, x, y, cv=folds) == y).mean())


if __name__ == "__main__":
    sys.exit(main())
