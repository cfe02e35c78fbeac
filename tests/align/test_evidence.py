"""Each number against skada's, scikit-learn's, or its definition written out."""

import numpy as np
import pytest
from scipy import sparse

from headstart.align.choice.evidence import (
    LARGEST,
    Shown,
    agreement,
    agreement_rise,
    deep_embedded,
    density_ratio,
    evidence,
    importance_weighted,
    information,
    mixed,
    neighbourhoods,
)
from headstart.kind.classification import softmax

RNG = np.random.default_rng(0)
P = softmax(2 * RNG.normal(size=(60, 3)))  # target answers


class Given:
    """A model whose rows are already its answers."""

    def predict_proba(self, x, **_):
        return x


def test_neighbourhoods_are_skadas():
    from skada.metrics import SoftNeighborhoodDensity

    domain = np.r_[np.ones(10, int), -2 * np.ones(60, int)]
    scorer = SoftNeighborhoodDensity()
    theirs = scorer._score(None, Given(), np.r_[P[:10], P], np.r_[np.zeros(10, int), -np.ones(60, int)], domain)
    assert neighbourhoods(P) == pytest.approx(theirs, abs=1e-6)


def test_neighbourhoods_of_one_answer_are_the_densest():
    assert neighbourhoods(np.tile([0.9, 0.1], (50, 1))) == pytest.approx(np.log(49))
    assert neighbourhoods(P[:1]) == 0.0


def test_deep_embedded_validation_is_skadas():
    """Theirs (0.6.0) with its own loss multiplies every weight by every loss; with losses in a column it does not."""
    from skada.metrics import DeepEmbeddedValidation
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    xs, xt = RNG.normal(size=(90, 2)), RNG.normal(0.5, 1, size=(70, 2))
    ys = (xs[:, 0] + RNG.normal(size=90) > 0).astype(int)
    model = make_pipeline(FunctionTransformer(), LogisticRegression()).fit(xs, ys)

    class Routed(type(model)):
        def predict_proba(self, x, **_):
            return model.predict_proba(x)

    x, y = np.r_[xs, xt], np.r_[ys, -np.ones(70, int)]
    domain = np.r_[np.ones(90, int), -2 * np.ones(70, int)]

    def column(y, p):
        return -np.log(p[np.arange(len(y)), y])[:, None]

    theirs = DeepEmbeddedValidation(loss_func=column, random_state=3)._score(None, Routed(model.steps), x, y, domain)
    learn, valid, _, y_valid = train_test_split(xs, ys, test_size=0.33, random_state=np.random.RandomState(3))
    which = LogisticRegression().fit(np.r_[learn, xt], np.r_[np.ones(len(learn)), np.zeros(70)]).predict_proba(valid)
    loss = -np.log(model.predict_proba(valid)[np.arange(len(valid)), y_valid])
    assert deep_embedded(loss, len(learn) / 70 * which[:, 0] / which[:, 1]) == pytest.approx(-theirs)


def test_importance_weighting_is_scikit_learns_weighted_accuracy():
    from sklearn.metrics import accuracy_score

    y, said, ratio = RNG.integers(0, 3, 50), RNG.integers(0, 3, 50), RNG.exponential(size=50)
    assert 1 - importance_weighted(y != said, ratio) == pytest.approx(accuracy_score(y, said, sample_weight=ratio))


def test_weighting_foretells_what_covariate_shift_brings():
    """Of x below 0 a third is named rightly, above 0 all. The target's density is as exp(2x): few are below 0."""
    rng = np.random.default_rng(1)
    xs = rng.uniform(-1, 1, (800, 1))
    xt = np.log(np.exp(-2) + rng.random((800, 1)) * (np.exp(2) - np.exp(-2))) / 2
    wrong = (xs[:, 0] < 0) & (rng.random(800) > 1 / 3)
    ratio = density_ratio(xs, xt)
    truth = 1 - 2 / 3 * (1 - np.exp(-2)) / (np.exp(2) - np.exp(-2))
    assert 1 - wrong.mean() == pytest.approx(2 / 3, abs=0.05)
    assert truth > 0.9
    assert 1 - importance_weighted(wrong, ratio) == pytest.approx(truth, abs=0.02)
    assert 1 - deep_embedded(wrong, ratio) == pytest.approx(truth, abs=0.04)


def test_the_density_ratio_is_the_gaussians():
    """Two normal densities one apart: the logarithm of their ratio is x − 1/2."""
    rng = np.random.default_rng(0)
    xs, xt = rng.normal(0, 1, (1500, 1)), rng.normal(1, 1, (1000, 1))
    ratio = density_ratio(xs, xt)
    assert np.abs(np.log(ratio) - (xs[:, 0] - 0.5)).mean() < 0.15
    assert ratio.mean() == pytest.approx(1, abs=0.1)
    assert ratio == pytest.approx(density_ratio(sparse.csr_matrix(xs), sparse.csr_matrix(xt)), rel=0.02)


def test_the_density_ratio_where_domains_do_not_meet_or_are_tiny():
    far = density_ratio(np.zeros((40, 2)) + RNG.normal(size=(40, 2)), 50 + RNG.normal(size=(40, 2)))
    assert np.isfinite(far).all()
    assert far.max() <= LARGEST
    assert density_ratio(RNG.normal(size=(40, 2)), RNG.normal(size=(1, 2))).tolist() == [1.0] * 40


def test_mixtures_of_a_linear_heads_scores_are_its_scores_of_mixtures():
    """What skada's MixValScorer measures on mixed rows, on the mean of its draws."""
    from skada.metrics import MixValScorer
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(300, 4)), rng.integers(0, 3, 300)
    x[np.arange(300), y] += 1.5
    head = LogisticRegression().fit(x, y)

    class Plain:
        _estimator_type = "classifier"

        def fit(self, *_):
            return self

        def predict(self, x, **_):
            return head.predict(x)

        def score(self, x, y, **_):
            return float((head.predict(x) == y).mean())

    domain = np.r_[np.ones(100, int), -2 * np.ones(200, int)]
    masked = np.r_[y[:100], -np.ones(200, int)]
    theirs = [
        MixValScorer(ice_type="inter", random_state=s)._score(None, Plain(), x, masked, domain) for s in range(40)
    ]
    ours = [mixed(head.predict_proba(x[100:]), seed=s) for s in range(40)]
    assert np.mean(ours) == pytest.approx(np.mean(theirs), abs=0.015)
    assert mixed(np.tile([0.9, 0.1], (50, 1))) == 0.0


def test_information_is_the_mutual_information():
    """Joint of row and answer: rows are equally likely."""
    joint = P / len(P)
    written = sum(
        joint[i, c] * np.log(joint[i, c] / (joint[i].sum() * joint[:, c].sum())) for i in range(60) for c in range(3)
    )
    assert information(P) == pytest.approx(written)
    assert information(np.tile([0.9, 0.1], (50, 1))) == pytest.approx(0)


def test_agreement_is_with_the_mean_of_the_others():
    one, other = np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([[0.4, 0.6], [0.9, 0.1]])
    assert agreement(np.array([[0.6, 0.4], [0.6, 0.4]]), [one, other]) == 1.0
    assert agreement(np.array([[0.6, 0.4], [0.6, 0.4]]), [other]) == 0.5


def test_a_rise_in_agreement_counts_rows_answered_otherwise():
    consensus = np.eye(2)[np.arange(40) % 2]  # both classes equally often: chance takes nothing away
    before = consensus.copy()
    before[:12] = before[:12, ::-1]  # 12 disagree
    now = before.copy()
    now[:9] = consensus[:9]  # 9 of them mended, 2 others spoilt
    now[20:22] = consensus[20:22, ::-1]
    assert agreement_rise(now, before, [consensus]) == pytest.approx((9 - 2) / np.sqrt(9 + 2), rel=0.02)
    assert agreement_rise(before, before, [consensus]) == 0.0


def test_naming_the_views_most_frequent_class_more_often_is_no_rise():
    rng = np.random.default_rng(0)
    views = np.eye(2)[(rng.random(400) < 0.2).astype(int)]
    before = np.eye(2)[rng.integers(0, 2, 400)]
    now = np.where((rng.random(400) < 0.5)[:, None], np.eye(2)[0], before)
    assert agreement(now, [views]) > agreement(before, [views]) + 0.1
    assert abs(agreement_rise(now, before, [views])) < 2


def test_a_candidate_shows_what_can_be_known_of_it():
    y = RNG.integers(0, 3, 40)
    alone = Shown("coral", "lite0", softmax(RNG.normal(size=(40, 3))), y, P)
    assert {*evidence(alone, [alone])} == {"source", "neighbourhoods", "mixed", "information"}
    weighed = Shown("coral", "lite0", alone.valid, y, P, domain=np.ones(40))
    view = Shown("none", "TF-IDF", alone.valid, y, P)
    known = evidence(weighed, [weighed, view])
    assert known["agreement"] == 1.0
    assert known["weighted"] == known["deep_embedded"] == pytest.approx(known["source"])
