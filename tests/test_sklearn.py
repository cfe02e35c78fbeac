"""The scikit-learn door: features in a pipeline, a whole fit as an estimator, copies that travel."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks
from tiny_source import ARCHITECTURE, WIDTHS

import headstart
import own_source
import tiny_text
from drawn import two_classes
from drawn_task import pictures
from headstart.errors import DataError, UnknownName, UsageError
from headstart.sklearn import Embedding, TransferClassifier, TransferRegressor

# Checks of scikit-learn's own that give an estimator no table of numbers. `check_estimator` itself leaves all out for
# an estimator that takes none (`input_tags.two_d_array`): the others fit and predict on rows of numbers.
CHECKS = (
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_no_attributes_set_in_init",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_get_params_invariance",
    "check_set_params",
    "check_mixin_order",
    "check_valid_tag_types",
    "check_estimator_tags_renamed",
)
MADE = [Embedding("efficientnet-lite0"), TransferClassifier(), TransferRegressor()]


@pytest.mark.parametrize("estimator", MADE, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("check", CHECKS)
def test_scikit_learns_own_checks(check, estimator):
    getattr(estimator_checks, check)(type(estimator).__name__, clone(estimator))


def test_what_they_are():
    assert [is_classifier(one) for one in MADE] == [False, True, False]
    assert [is_regressor(one) for one in MADE] == [False, False, True]
    for one in MADE:
        assert clone(one).get_params() == one.get_params()
        assert set(one.get_params()) == {*inspect.signature(type(one)).parameters}


def test_importing_needs_scikit_learn_alone():
    heavy = "('torch', 'timm', 'transformers', 'datasets', 'PIL', 'skimage')"
    code = f"import headstart.sklearn, sys; assert not [m for m in {heavy} if m in sys.modules]"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    with own_source.offered(tmp_path_factory.mktemp("own")) as source:
        yield source


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> SimpleNamespace:
    folder = two_classes(tmp_path_factory.mktemp("pictures") / "photos", 16, side=40)
    paths = sorted(str(path) for path in folder.rglob("*.jpg"))
    return SimpleNamespace(paths=paths, classes=[Path(path).parent.name for path in paths])


def test_features_are_those_of_embed(tiny, files):
    made = Embedding("tiny", engine="torch").fit(files.paths)
    rows = made.transform(files.paths)
    np.testing.assert_array_equal(rows, headstart.embed(files.paths, source="tiny", engine="torch"))
    names = made.get_feature_names_out()
    assert (len(names), names[0]) == (rows.shape[1], "embedding0")
    every = Embedding("tiny", depth="all")
    assert len(every.get_feature_names_out()) == sum(WIDTHS[ARCHITECTURE]) == every.transform(files.paths[:2]).shape[1]


def test_features_as_a_table_beside_other_columns(tiny, files):
    frame = pd.DataFrame({"picture": files.paths[:6], "weight": np.arange(6.0)})
    made = make_column_transformer((Embedding("tiny"), "picture"), ("passthrough", ["weight"]))
    made.set_output(transform="pandas")
    table = made.fit_transform(frame)
    assert table.shape == (6, WIDTHS[ARCHITECTURE][-1] + 1)
    assert [*table.columns][-1] == "passthrough__weight"
    np.testing.assert_array_equal(Embedding("tiny").transform(frame[["picture"]]), table.to_numpy()[:, :-1])


def test_pictures_in_memory(tiny):
    pixels = pictures(5, 3, 7, 64).x
    made = Embedding("tiny", engine="torch").fit_transform(pixels)
    np.testing.assert_allclose(made, Embedding("tiny", engine="torch").transform([*map(Image.fromarray, pixels)]))


def test_a_grid_over_depths_of_a_pipeline(tiny, files):
    search = GridSearchCV(
        make_pipeline(Embedding("tiny"), LogisticRegression()), {"embedding__depth": ["stage1", "top"]}, cv=2
    )
    search.fit(files.paths, files.classes)
    assert search.best_params_["embedding__depth"] in ("stage1", "top")
    assert search.predict(files.paths).shape == (32,)


def test_what_embedding_refuses(tiny, files):
    with pytest.raises(UnknownName, match="depth 'stage99'"):
        Embedding("tiny", depth="stage99").fit(files.paths)
    with pytest.raises(UnknownName, match="source"):
        Embedding("tinyy").fit(files.paths)
    with pytest.raises(DataError, match="X holds 1 inputs, and 32 examples came of them"):
        Embedding("tiny").transform([str(Path(files.paths[0]).parents[1])])
    with pytest.raises(UsageError, match="X is a single str"):
        Embedding("tiny").transform(files.paths[0])
    with pytest.raises(UsageError, match="X has 2 columns"):
        Embedding("tiny").transform(pd.DataFrame({"a": files.paths, "b": files.classes}))


@pytest.fixture(scope="module")
def fitted(tiny, files) -> TransferClassifier:
    return TransferClassifier("tiny", strategy="probe", engine="torch").fit(files.paths, files.classes)


def test_a_fit_is_a_classifier(fitted, files):
    assert fitted.classes_.tolist() == ["bug", "cane"]
    chances = fitted.predict_proba(files.paths)
    np.testing.assert_allclose(chances.sum(1), 1, atol=1e-6)
    np.testing.assert_array_equal(fitted.predict(files.paths), fitted.classes_[chances.argmax(1)])
    right = np.mean([row.label == c for row, c in zip(fitted.run_.predict(files.paths), files.classes, strict=True)])
    assert fitted.score(files.paths, files.classes) == right
    assert fitted.run_.verdict.n_test == 8, "a quarter is sealed"


def test_a_copy_by_pickle_predicts_on_its_own(fitted, files):
    before, place = fitted.predict_proba(files.paths[:3]), fitted.run_.path
    copy = pickle.loads(pickle.dumps(fitted))
    assert copy.run_.path != place
    assert copy.get_params() == fitted.get_params()
    np.testing.assert_allclose(copy.predict_proba(files.paths[:3]), before, atol=1e-6)
    kept = copy.run_.path
    del copy
    assert not kept.exists(), "a temporary run goes with its estimator"
    assert place.exists()


def test_an_estimator_that_is_not_fitted_travels_and_says_so(files):
    from sklearn.exceptions import NotFittedError

    copy = pickle.loads(pickle.dumps(TransferClassifier("tiny", folder="runs")))
    assert copy.get_params()["folder"] == "runs"
    with pytest.raises(NotFittedError):
        copy.predict(files.paths)


def test_texts_and_numbered_classes_in_cross_validation(wordllama, tmp_path):
    examples = tiny_text.texts(80, 2)
    texts, classes = [e.content for e in examples], np.array([10 * e.answer for e in examples])
    made = TransferClassifier("wordllama", strategy="probe", folder=tmp_path)
    halves = [(np.arange(60), np.arange(60, 80))]
    assert cross_val_score(made, texts, classes, cv=halves).mean() > 0.7
    assert len([*tmp_path.iterdir()]) == 1, "runs are kept where a folder is named"


def test_numbers(wordllama):
    random = np.random.default_rng(0)
    amount = random.integers(0, 10, 80)
    texts = [" ".join(random.permutation(["river"] * n + ["engine"] * (9 - n))) + f" {i}" for i, n in enumerate(amount)]
    made = TransferRegressor("wordllama", strategy="probe").fit(texts, amount + 0.25)
    assert made.score(texts, amount + 0.25) > 0.5


def test_what_a_fit_refuses(tiny, files, tmp_path):
    made = TransferClassifier("tiny", strategy="probe")
    with pytest.raises(UsageError, match="X has 32 examples and y 31"):
        made.fit(files.paths, files.classes[1:])
    with pytest.raises(DataError, match="X is empty"):
        made.fit([], [])
    with pytest.raises(UsageError, match="X begins with a float"):
        made.fit([0.5], ["a"])
    with pytest.raises(DataError, match=r"gone\.jpg cannot be learnt from"):
        made.fit([tmp_path / "gone.jpg"], ["a"])
