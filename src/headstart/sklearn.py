"""scikit-learn's door: frozen features as a transformer, and a whole fit as a classifier or a regressor.

>>> from headstart.sklearn import Embedding
>>> Embedding("efficientnet-lite0", depth="all")
Embedding(depth='all', source='efficientnet-lite0')

X is a list (or an array, a column of a data frame) of what headstart reads: paths of pictures, pictures in memory (PIL,
uint8 [h, w, 3]), or texts. They work in `Pipeline`, `cross_val_score` and `GridSearchCV`, also with processes: a fitted
estimator that is pickled carries its run's folder as bytes, and no code.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from weakref import finalize

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, ClassNamePrefixFeaturesOutMixin, RegressorMixin
from sklearn.base import TransformerMixin as _Transformer
from sklearn.utils.validation import check_is_fitted

from .errors import DataError, UsageError
from .types import FloatArray

if TYPE_CHECKING:
    from .api import Run
    from .ship.predict import Row

_LEFT_OUT = "trials"  # of a run's folder: from which a killed fit goes on; a finished run needs it no more


class Embedding(ClassNamePrefixFeaturesOutMixin, _Transformer, BaseEstimator):  # type: ignore[misc]
    """Frozen features of pictures or texts, `headstart.embed` as a transformer; `fit` learns nothing.

    Args:
        source: a key of `headstart sources list`, a folder, or a name that `fit` takes.
        depth: one of the source's depths ("stage1" … "top"), or "all" of them side by side.
        engine: `auto`, `torch` or `openvino`.
    """

    def __init__(self, source: str, *, depth: str = "top", engine: str = "auto") -> None:
        self.source = source
        self.depth = depth
        self.engine = engine

    def fit(self, X: Iterable[Any], y: object = None) -> Self:
        """Nothing is learnt; a source or a depth that there is not is told here.

        Raises:
            UnknownName: there is no such source or depth.
        """
        self._width()
        return self

    def transform(self, X: Iterable[Any]) -> FloatArray:
        """Features [n, d], float32, one row an input.

        Raises:
            DataError: an input cannot be read, or is several, such as a folder.
        """
        from .api import embed
        from .source import _catalogue

        given = _given(X)
        literal = [_literal(_catalogue.get(self.source).modality, one) for one in given]
        rows: FloatArray = _as_many(embed(literal, source=self.source, depth=self.depth, engine=self.engine), given)
        return rows

    @property
    def _n_features_out(self) -> int:  # what scikit-learn's `get_feature_names_out` asks
        return self._width()

    def _width(self) -> int:
        from .errors import UnknownName
        from .source import _catalogue

        record = _catalogue.get(self.source)
        if self.depth not in (*record.depths, "all"):
            raise UnknownName("depth", self.depth, [*record.depths, "all"])
        columns = record.columns(self.depth)
        return int(columns.stop - columns.start)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn's own
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return _tagged(tags)


class _Transfer(BaseEstimator):  # type: ignore[misc]
    """A whole `headstart.fit` behind `fit(X, y)`; see the classes below for what differs by kind of task."""

    _kind: str

    def __init__(
        self,
        source: str | Sequence[str] | None = None,
        *,
        strategy: str | Sequence[str] | None = None,
        budget: str | float | None = "auto",
        seeds: int = 1,
        engine: str = "auto",
        random_state: int = 0,
        folder: str | Path | None = None,
    ) -> None:
        self.source = source
        self.strategy = strategy
        self.budget = budget
        self.seeds = seeds
        self.engine = engine
        self.random_state = random_state
        self.folder = folder

    def fit(self, X: Iterable[Any], y: Iterable[Any]) -> Self:
        """Fit on three quarters of X: the last one is sealed for the verdict, as in every run, see `run_.verdict`.

        Raises:
            DataError: the examples cannot be used. UsageError: as many labels as examples are needed.
        """
        from .api import fit

        given, answers = _given(X), list(y)
        if len(given) != len(answers):
            raise UsageError(f"X has {len(given)} examples and y {len(answers)}; they must be as many.")
        with tempfile.TemporaryDirectory(prefix="headstart-") as desk:
            table = _table(given, self._labels(answers), Path(desk))
            run = fit(
                table,
                out=self._place() / "run",
                source=self.source,
                strategy=self.strategy,
                budget=self.budget,
                seeds=self.seeds,
                engine=self.engine,
                seed=self.random_state,
                kind=self._kind,
            )
        self.run_: Run = run
        return self

    def _labels(self, answers: list[Any]) -> list[Any]:
        """What the table holds of them."""
        raise NotImplementedError

    def _place(self) -> Path:
        """A new folder for a run; a temporary one goes with this object."""
        if self.folder is not None:
            Path(self.folder).mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix="headstart-", dir=self.folder))
        if self.folder is None:
            finalize(self, shutil.rmtree, place, ignore_errors=True)
        return place

    def _rows(self, X: Iterable[Any]) -> list[Row]:
        """A row an input. Raises `DataError` where one cannot be read."""
        check_is_fitted(self, "run_")
        given = _given(X)
        model = self.run_.model
        rows: list[Row] = _as_many(self.run_.predict([_literal(model.modality, one) for one in given]), given)
        for row in rows:
            if row.error is not None:
                raise DataError(f"{row.input} cannot be predicted: {row.error} Leave it out, or repair it.")
        return rows

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn's own
        return _tagged(super().__sklearn_tags__())

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if run := state.pop("run_", None):
            state["run_bytes"] = _packed(run.path)
        return state

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        from .api import load

        kept = dict(state)
        packed = kept.pop("run_bytes", None)
        super().__setstate__(kept)
        if packed is not None:
            place = self._place() / "run"
            with zipfile.ZipFile(io.BytesIO(packed)) as bundle:
                bundle.extractall(place)  # which keeps every name below the folder
            self.run_ = load(place)


class TransferClassifier(ClassifierMixin, _Transfer):  # type: ignore[misc]
    """A run of `headstart.fit` as a classifier: rivals, verdict and report included, in `run_`.

    Args:
        source: names of sources to reuse; chosen from the catalogue when not given.
        strategy: names; narrows the candidates (rivals always run).
        budget: seconds, a duration, None for no limit, or "auto", of each fit.
        seeds: trainings, at most, of a finalist whose result depends on chance.
        engine: `auto`, `torch` or `openvino`.
        random_state: seed of the split and of all training.
        folder: where runs are kept, each fit in a folder of its own; a temporary one, gone with the object, when not
            given.

    Attributes:
        classes_: what y holds, sorted.
        run_: the finished run: `run_.verdict`, `run_.report`, `run_.save_pretrained(…)`.
    """

    _kind = "classification"

    def _labels(self, answers: list[Any]) -> list[Any]:
        self.classes_ = np.unique(np.asarray(answers))
        return [str(one) for one in np.asarray(answers).tolist()]

    def predict(self, X: Iterable[Any]) -> NDArray[Any]:
        """The likeliest class of each, [n]."""
        chances = self.predict_proba(X)
        return np.asarray(self.classes_[chances.argmax(1)])

    def predict_proba(self, X: Iterable[Any]) -> NDArray[np.float64]:
        """Calibrated probabilities [n, k], columns as in `classes_`."""
        rows = self._rows(X)
        names = [str(c) for c in self.classes_.tolist()]
        return np.array([[row.probabilities.get(name, 0.0) for name in names] for row in rows])


class TransferRegressor(RegressorMixin, _Transfer):  # type: ignore[misc]
    """The same for numbers; arguments as of `TransferClassifier`."""

    _kind = "regression"

    def _labels(self, answers: list[Any]) -> list[Any]:
        return [float(one) for one in answers]

    def predict(self, X: Iterable[Any]) -> NDArray[np.float64]:
        """A number of each, [n]."""
        return np.array([row.value for row in self._rows(X)], np.float64)


def _tagged(tags: Any) -> Any:  # noqa: ANN401 - scikit-learn's Tags
    """Inputs are pictures or texts, no table of numbers."""
    tags.input_tags.two_d_array = False
    tags.input_tags.string = True
    tags.no_validation = True
    tags.non_deterministic = False
    return tags


def _given(X: Any) -> list[Any]:  # noqa: ANN401 - whatever can be gone through
    """The inputs as a list; of a table with one column its cells.

    Raises:
        UsageError: a single text, or a table of several columns.
    """
    if isinstance(X, str | bytes | Path):
        raise UsageError(f"X is a single {type(X).__name__}. Give a list of inputs, of one too: [x].")
    array = X.to_numpy() if hasattr(X, "to_numpy") else X
    if isinstance(array, np.ndarray) and array.ndim == 2 and array.dtype.kind in "OUS":
        if array.shape[1] != 1:
            raise UsageError(f"X has {array.shape[1]} columns. Give the one that holds the pictures or texts.")
        array = array[:, 0]
    return list(array)


def _literal(modality: str, one: Any) -> Any:  # noqa: ANN401 - an input
    """A text as a tuple, which is never taken for a name of a file or for standard input; all else as it is."""
    from .read._reader import reader

    files = reader(modality).SHAPE.files
    return (str(one),) if isinstance(one, str) and not files else one


def _as_many(found: Any, given: Sequence[Any]) -> Any:  # noqa: ANN401 - rows
    if len(found) != len(given):
        raise DataError(
            f"X holds {len(given)} inputs, and {len(found)} examples came of them: a folder or a table holds several. "
            "Give each example by itself."
        )
    return found


def _table(given: Sequence[Any], labels: Sequence[Any], desk: Path) -> Path:
    """The examples as a table that `fit` reads; pictures in memory become files beside it.

    Raises:
        DataError: one cannot be read; names the first.
    """
    import json

    from .runtime import write
    from .ship._inputs import inputs_of
    from .types import Example

    if not given:
        raise DataError("X is empty. Give examples to learn from.")
    shape = _shape(given[0])
    (desk / "pictures").mkdir()
    found = list(inputs_of(shape.modality, [_literal(shape.modality, one) for one in given], desk / "pictures"))
    lines = []
    for one, label in zip(_as_many(found, given), labels, strict=True):
        if not isinstance(one.example, Example):
            raise DataError(f"{one.shown} cannot be learnt from: {one.example} Leave it out, or repair it.")
        cell = one.example.path if one.example.content is None else one.example.content
        lines.append(json.dumps({shape.columns[0]: cell, "label": label}, ensure_ascii=False))
    write(desk / "examples.jsonl", "\n".join(lines) + "\n")
    return desk / "examples.jsonl"


def _shape(one: Any) -> Any:  # noqa: ANN401 - an input → `read._record.Shape`
    """What kind of data an input is: a file or an object that a reader knows, else the one whose cells are no files."""
    from .read._reader import shapes
    from .ship._inputs import member

    for shape in shapes():
        if isinstance(one, str | Path):
            named = isinstance(one, Path) or len(one.split()) == 1 or Path(one).is_file()
            if shape.files and named and shape.wanted(Path(one)):
                return shape
        elif member(shape.modality).single(one):
            return shape
    texts = [shape for shape in shapes() if not shape.files]
    if isinstance(one, str) and texts:
        return texts[0]
    raise UsageError(
        f"X begins with a {type(one).__name__} ({str(one)[:80]!r}), which is no file of a known kind, no picture and "
        "no text. Give paths of pictures, pictures (PIL, uint8 [h, w, 3]), or texts."
    )


def _packed(folder: Path) -> bytes:
    """A run's folder as one archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as bundle:
        for path in sorted(folder.rglob("*")):
            place = path.relative_to(folder)
            if path.is_file() and place.parts[0] != _LEFT_OUT:
                bundle.write(path, place)
    return out.getvalue()
