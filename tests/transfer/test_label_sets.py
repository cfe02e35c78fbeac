"""Heads for several labels an example against scikit-learn, one label against the rest; and who takes such a task."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge

import tiny_tail
import tiny_text
from headstart.errors import UsageError
from headstart.family import load
from headstart.plan.candidates import candidates
from headstart.plan.choice import explain, select_final
from headstart.plan.search import scored
from headstart.score._axes import decompose, penalties
from headstart.strategy import strategy
from headstart.transfer.heads.linear import axes, logistic, ridge_path
from headstart.types import Facts, Features, FitContext, Fitted, View

from contenders import contender  # isort: skip


def draw(n, d, k=3, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, (n, d)) * rng.uniform(0.1, 5, d) + rng.normal(0, 3, d)
    spread = (x - x.mean(0)) / x.std(0)
    return x, (spread[:, :k] + rng.normal(0, 1, (n, k)) > np.linspace(-0.5, 1, k)).astype(np.int64)


@pytest.mark.parametrize(("n", "d"), [(60, 10), (40, 60)])
@pytest.mark.parametrize("l2", [0.1, 10.0])
def test_the_logistic_head_of_each_label_is_scikit_learns(n, d, l2):
    x, y = draw(n, d)
    a = decompose(x)
    w, b = logistic(a.z, y, 3, l2, "sigmoid")
    z = (x - x.mean(0)) / x.std(0)
    for label, scores in zip(y.T, (a.z @ w + b).T, strict=True):
        theirs = LogisticRegression(C=1 / l2, tol=1e-10, max_iter=20_000).fit(z, label)
        np.testing.assert_allclose(scores, theirs.decision_function(z), atol=0.02)


def test_the_penalty_is_found_by_the_exact_leave_one_out_of_all_labels():
    x, y = draw(30, 8)
    a = axes(x, root=False)
    grid = penalties(a)[10:20]
    z = (x - a.mean) / a.scale
    errors, right = ridge_path(a, y, 3, grid, "sigmoid")
    for at in (0, 9):
        ridge = Ridge(alpha=grid[at], solver="svd")
        rest = [np.arange(30) != i for i in range(30)]
        left = np.array([ridge.fit(z[some], y[some]).predict(z[~some])[0] for some in rest])
        assert errors[at] == pytest.approx(((y - left) ** 2).mean(), rel=1e-6)
        assert right[at] == pytest.approx(((left > 0.5) == y).mean())


def test_the_rivals_heads_are_scikit_learns_on_the_same_rows():
    examples, rng = tiny_text.texts(80, 2), np.random.default_rng(0)
    x, y = np.array([e.content for e in examples], object), (rng.random((80, 3)) < [0.5, 0.2, 0.0]).astype(np.int64)
    y[:, 0] = [e.answer for e in examples]
    classical = load("transfer", "classical")
    config, view = classical.Config("words", 3.0), View(None, depth="input")
    found, *_ = tiny_tail.drain(
        classical.run(config, FitContext(Features(x, y, "texts"), 3, view, kind="multilabel", modality="text"))
    )
    fitted = Fitted(
        "classical", view, asdict(config), tuple("abc"), found.state, 1, 1, kind="multilabel", modality="text"
    )
    scores = classical.logits(fitted, x)
    rows = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit_transform(x)
    for at in (0, 1):
        theirs = LogisticRegression(C=3.0, max_iter=1000).fit(rows, y[:, at]).decision_function(rows)
        np.testing.assert_allclose(scores[:, at], theirs, atol=0.12)  # ours stops at 1e-3
    assert (scores[:, 2] < -5).all(), "a label that no row has"


@pytest.mark.parametrize("name", ["finetune", "lora", "scratch", "probe"])
def test_it_learns_which_words_stand_in_a_text(name):
    """Each text has the label of a word where that word stands in it: none, one or several."""
    way, facts = strategy(name), Facts(200, 3, 0, "text", "multilabel")
    view = way.fit_view(way.views(["tiny-text"])[0], facts)
    seen = tiny_text.drawn(view, 260, 3, 0)
    texts = [e.content.split() for e in tiny_text.texts(260, 3, 0)]
    y = np.array([[int(word in text) for word in tiny_text.WORDS[:3]] for text in texts])
    train, new = Features(seen.x[:200], y[:200], "train"), Features(seen.x[200:], y[200:], "new")
    config = way.settings(facts)[0]
    context = tiny_text.context(train, 3, view, valid=new, kind="multilabel")
    found, *_ = tiny_tail.drain(way.run(config, context))
    fitted = Fitted(name, view, asdict(config), tuple("abc"), found.state, 1, 1, kind="multilabel", modality="text")
    score = scored(way.logits(fitted, new.x, tiny_text.source(), tiny_text.weights()), new.y, "multilabel")
    blind = scored(np.tile(np.log(y.mean(0) / (1 - y.mean(0))), (60, 1)), new.y, "multilabel")
    assert score.log_loss < 0.85 * blind.log_loss


def test_what_balances_classes_is_refused():
    x = tiny_tail.look("cut:3", 12, 3, 1, 2)
    finetune = load("transfer", "finetune")
    for balance in ("weight", "sample"):
        context = tiny_tail.context(n=12, kind="multilabel")
        context = replace(context, train=replace(x, y=np.eye(3, dtype=np.int64)[x.y]), valid=None)
        with pytest.raises(UsageError, match="Of several labels an example the balance is none"):
            tiny_tail.drain(finetune.run(finetune.Config(balance=balance), context))


@pytest.mark.parametrize("modality", ["text", "image"])
def test_only_strategies_that_take_label_sets_are_candidates(modality):
    found = {c.strategy for c in candidates(["one"], (), Facts(200, 3, 64, modality, "multilabel"))}
    assert found >= {"probe", "depths", "svm", "finetune", "scratch", "classical"}
    assert not found & {"prototype", "zeroshot", "contrastive", "incontext"}
    with pytest.raises(UsageError, match=r"The strategy 'prototype' does not take .*s with multilabel"):
        candidates(["one"], ("prototype",), Facts(200, 3, 64, modality, "multilabel"))


def test_the_larger_sum_of_f1_is_crowned_and_told_in_its_own_words():
    def of(name, f1, reuses):
        made = contender(name, 1 - np.array(f1), reuses=reuses, folds=5)
        return replace(made, fitted=replace(made.fitted, kind="multilabel"), right=np.array(f1))

    better, worse = of("rival", [1, 0.5, 0.8] * 6, False), of("transfer", [1, 0.5, 0.5] * 6, True)
    assert select_final(worse, better) is better
    assert select_final(of("transfer", [1, 0.6, 0.8] * 6, True), better).trial.id == "transfer"
    assert explain(worse, better).reason.startswith("lost to rival (F1 0.767, log-loss 0.233, 5-fold")
