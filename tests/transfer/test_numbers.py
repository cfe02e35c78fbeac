"""Heads for numbers against scikit-learn's ridge, and which strategies take such a task."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge, RidgeCV

import tiny_tail
import tiny_text
from headstart.family import load, names
from headstart.plan.candidates import candidates
from headstart.plan.choice import explain, select_final
from headstart.plan.search import scored
from headstart.score._axes import penalties
from headstart.transfer.heads.linear import axes, head, ridge, ridge_head
from headstart.types import Facts, Features, FitContext, Fitted, View

from contenders import contender  # isort: skip


def draw(n, d, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, (n, d)) * rng.uniform(0.1, 5, d) + rng.normal(0, 3, d)
    return x.astype(np.float32), x[:, 0] - 2 * x[:, 1] + rng.normal(0, 1, n) + 7


@pytest.mark.parametrize(("n", "d"), [(40, 10), (25, 60)])
def test_ridge_is_scikit_learns(n, d):
    x, y = draw(n, d)
    a = axes(x, root=False)
    weight, bias = a.unrotate(*ridge(a, y, 3.0))
    standard = (x - a.mean) / a.scale
    theirs = Ridge(alpha=3.0).fit(standard, y)
    np.testing.assert_allclose(x @ weight[:, 0] + bias, theirs.predict(standard), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("n", "d"), [(40, 10), (25, 60)])
def test_the_penalty_is_the_one_that_leave_one_out_likes_best(n, d):
    x, y = draw(n, d)
    a = axes(x, root=False)
    theirs = RidgeCV(alphas=penalties(a)).fit((x - a.mean) / a.scale, y)
    weight, bias, best = ridge_head(a, y, 1 / 8)
    assert best == pytest.approx(theirs.alpha_)
    np.testing.assert_allclose(x @ weight[:, 0] + bias, theirs.predict((x - a.mean) / a.scale), rtol=1e-3, atol=2e-3)


def test_the_labels_tell_which_head_it_is():
    x, y = draw(40, 10)
    a = axes(x, root=True)
    assert head(a, y, 1, 0.125, "identity")[0].shape == (10, 1)
    assert head(a, (y > y.mean()).astype(np.int64), 2, 0.125)[0].shape == (10, 2)


def fitted_of(name, found, config, view):
    given = view, asdict(config), ("score",), found.state, 1, 1
    return Fitted(name, *given, kind="regression", modality="text")


def work_of(name, examples, y, folder):
    view = load("transfer", name).views(["tiny-text"])[0]
    if view.source is None:
        view = View(None, depth="input")
        x = np.array([e.content for e in examples], object)
        return FitContext(Features(x, y, "texts"), 1, view, kind="regression", modality="text")
    return tiny_text.context(replace(tiny_text.look(examples, view, folder), y=y), 1, view, kind="regression")


ABLE = [name for name in names("transfer") if "regression" in getattr(load("transfer", name), "KINDS", ())]


@pytest.mark.parametrize("name", [name for name in ABLE if name != "constant"])
def test_it_predicts_how_often_a_word_stands_in_a_text(name, tmp_path):
    examples = tiny_text.texts(260, 2)
    y = np.array(
        [sum(word in tiny_text.WORDS[::2] for word in e.content.split()) / len(e.content.split()) for e in examples]
    )
    context = work_of(name, examples, y, tmp_path)
    train = replace(context, train=Features(context.train.x[:200], y[:200], "train"))
    strategy = load("transfer", name)
    best = 0.0
    for config in strategy.settings(Facts(200, 1, 0, "text", "regression")):
        found, *_ = tiny_tail.drain(strategy.run(config, train))
        fitted = fitted_of(name, found, config, context.view)
        scores = strategy.logits(fitted, context.train.x[200:], tiny_text.source())
        assert scores.shape == (60, 1)
        assert scores.dtype == np.float32
        best = max(best, float(np.corrcoef(scores[:, 0], y[200:])[0, 1]))
    assert best > 0.5


def test_the_rivals_ridge_is_scikit_learns_on_the_same_rows():
    examples, rng = tiny_text.texts(80, 2), np.random.default_rng(0)
    x, y = np.array([e.content for e in examples], object), rng.normal(0, 1, 80)
    classical = load("transfer", "classical")
    config, view = classical.Config("words", 3.0), View(None, "input")
    context = FitContext(Features(x, y, "texts"), 1, view, modality="text", kind="regression")
    found, *_ = tiny_tail.drain(classical.run(config, context))
    fitted = fitted_of("classical", found, config, view)
    rows = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit_transform(x)
    theirs = Ridge(alpha=0.3).fit(rows, y).predict(rows)
    np.testing.assert_allclose(classical.logits(fitted, x)[:, 0], theirs, atol=0.01)


@pytest.mark.parametrize("modality", ["text", "image"])
def test_only_strategies_that_take_numbers_are_candidates(modality):
    found = candidates(["one"], (), Facts(200, 1, 64, modality, "regression"))
    assert {c.strategy for c in found} == set(ABLE) >= {"probe", "depths", "classical"}
    assert {c.strategy for c in candidates(["one"], (), Facts(200, 2, 64, modality))} > set(ABLE)


def test_scores_of_numbers_and_of_training_that_diverged():
    score = scored(np.array([[1.0], [4.0]]), np.array([1.5, 3.0]), "regression")
    assert score.right.tolist() == [-0.5, -1.0]
    assert score.losses.tolist() == [0.25, 1.0]
    assert np.isinf(scored(np.array([[np.nan], [4.0]]), np.array([1.5, 3.0]), "regression").log_loss)


def test_the_smaller_error_is_crowned_and_told_in_its_own_words():
    def of(name, errors, reuses):
        errors = np.array(errors)
        made = contender(name, errors**2, reuses=reuses, folds=5)
        return replace(made, fitted=replace(made.fitted, kind="regression"), right=-errors)

    less, more = [0.1, 0.2, 0.3] * 4, [0.2, 0.3, 0.4] * 4
    better, worse = of("rival", less, False), of("transfer", more, True)
    assert select_final(worse, better) is better
    assert select_final(of("transfer", [0.05, 0.1, 0.2] * 4, True), better).trial.id == "transfer"
    assert explain(worse, better).reason.startswith(
        "lost to rival (mean absolute error 0.2, RMSE 0.216, 5-fold cross-validation of 12"
    )
