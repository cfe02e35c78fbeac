"""The transfer curve on features drawn by the test: scores against sklearn, the choice against its rule."""

import json
import time

import numpy as np
import pytest
from scipy.special import log_softmax
from scipy.stats import sem
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import StandardScaler

from headstart.errors import DataError, UsageError
from headstart.judge.layers import SHARES, Depth, Probed, choose, curve, probe_curve
from headstart.transfer import probe
from headstart.types import Facts, Features, to_dict


def drawn(strengths, n=(120, 60), k=3, d=20, seed=0):
    """Training and validation features of a depth for each strength of the classes' signal in them."""
    rng = np.random.default_rng(seed)
    y = [rng.permutation(np.arange(many) % k) for many in n]
    out = ({}, {})
    for i, strength in enumerate(strengths):
        centres = strength * rng.normal(size=(k, d))
        for split, labels in zip(out, y, strict=True):
            x = centres[labels] + rng.normal(size=(len(labels), d))
            split[f"stage{i + 1}"] = Features(x.astype(np.float32), labels, str(i))
    return out


def probed(*losses, right=None):
    """Depths with losses that the test chooses."""
    names = [*(f"stage{i + 1}" for i in range(len(losses) - 1)), "top"]
    rows = []
    for i, (name, each) in enumerate(zip(names, losses, strict=True)):
        each = np.asarray(each, float)
        accuracy = right[i] if right else 0.5
        rows.append(Probed(Depth(name, (i + 1) / len(losses), 8, accuracy, each.mean(), 0.1), each))
    return tuple(rows)


def spread(mean, width=0.0, n=40):
    """Losses with that mean; `width` swings half of them up and half down."""
    return mean + width * np.where(np.arange(n) % 2, 1.0, -1.0)


@pytest.mark.parametrize("d", [20, 200])
def test_scores_are_those_of_other_heads(d):
    train, valid = drawn([0.15, 0.4], d=d)
    for name, row in zip(train, probe_curve(train, valid, 3), strict=True):
        z, z_valid = (np.sign(f.x) * np.sqrt(np.abs(f.x)) for f in (train[name], valid[name]))
        scaler = StandardScaler().fit(z)
        z, z_valid, y, y_valid = scaler.transform(z), scaler.transform(z_valid), train[name].y, valid[name].y
        grid = np.geomspace(1e-4, 1e4, 30) * (z**2).sum() / np.linalg.matrix_rank(z)
        left_out = RidgeCV(alphas=grid, store_cv_results=True).fit(z, np.eye(3)[y]).cv_results_
        tried = []
        for share in SHARES:
            c = 1 / (share * grid[left_out.mean((0, 1)).argmin()])
            scores = LogisticRegression(C=c, max_iter=5000, tol=1e-9).fit(z, y).decision_function(z_valid)
            doubt = 0.5 / len(scores)
            share = np.where(np.eye(3, dtype=bool)[y_valid], 1 - doubt, doubt / 2)
            t = min(np.geomspace(0.01, 100, 2001), key=lambda t: -(share * log_softmax(scores / t, axis=1)).sum())
            losses = -log_softmax(scores / t, axis=1)[np.arange(len(scores)), y_valid]
            tried.append((losses.mean(), accuracy_score(y_valid, scores.argmax(1))))
        assert (row.depth.probe_log_loss, row.depth.probe) == pytest.approx(min(tried), abs=1e-3)
        assert row.depth.probe_log_loss == pytest.approx(row.losses.mean())
        assert row.depth.probe_se == pytest.approx(sem(row.losses))
        assert (row.depth.name, row.depth.dim) == (name, d)


def test_the_settings_are_the_probes_own():
    """So that the top's score in the curve is that of the probe in the list of trials."""
    assert tuple(c.share for c in probe.settings(Facts(120, 3, 224))) == SHARES


def test_a_curve_that_peaks_early_rises_or_is_flat():
    early = curve("net", probe_curve(*drawn([0.1, 1.2, 0.3, 0.1]), 3), 120)
    assert (early.best, early.peak, early.tail) == ("stage2", 0.5, 2)
    assert early.drop_at_top > 0.2
    assert "peaks at stage2, before the top" in early.trend
    assert "special to its own task" in early.trend
    no_score = "By frozen features alone"
    assert early.tail_why == f"{no_score}, the last 2 of 4 depths would be trained anew."

    rising = curve("net", probe_curve(*drawn([0.1, 0.3, 1.2]), 3), 120)
    assert (rising.best, rising.peak, rising.drop_at_top, rising.tail) == ("stage3", 1.0, 0.0, 0)
    assert rising.trend.startswith("The curve rises to the top")
    assert rising.tail_why == f"{no_score}, no part asks to be trained anew."
    assert [d.at for d in rising.depths] == pytest.approx([1 / 3, 2 / 3, 1])

    flat = curve("net", probed(spread(0.9), spread(0.5, 0.1), spread(0.49, 0.3), spread(0.5, 0.2)), 120)
    assert flat.best == "top"
    assert flat.trend.startswith("The curve is flat from stage2 to the top")


@pytest.mark.parametrize(
    ("gap", "best"),
    [(0.99, "top"), (1.01, "stage1")],
)
def test_one_standard_error_decides(gap, best):
    width, n = 0.3, 40
    error = width * np.sqrt(n / (n - 1)) / np.sqrt(n)  # of a gap that swings by ± width
    rows = probed(spread(0.4), spread(0.4 + gap * error, width))
    assert choose(rows)[0] == best


def test_the_error_is_that_of_the_paired_difference():
    """Both swing wildly, but together: the small difference is certain."""
    assert choose(probed(spread(0.4, 0.39), spread(0.41, 0.39)))[0] == "stage1"
    assert choose(probed(spread(0.4, 0.39), spread(0.41, -0.39)))[0] == "top"


def test_the_deepest_of_equals_is_chosen_and_the_reason_says_so():
    name, why = choose(probed(spread(0.8), spread(0.41, 0.2), spread(0.4), spread(0.42, 0.3), spread(0.9)))
    assert name == "stage4"
    assert (
        "Best read at stage4 (50.0 % right, log-loss 0.420): 40 validation pictures do not tell it from stage3" in why
    )
    lone, why = choose(probed(spread(0.8), spread(0.4), spread(0.9)))
    assert (lone, "top is worse" in why) == ("stage2", True)
    top, why = choose(probed(spread(0.8), spread(0.4)))
    assert (top, "lowest log-loss of 2 depths" in why) == ("top", True)


def test_a_depth_that_is_right_throughout_does_not_lose_to_one_that_errs():
    """Its temperature is kept modest (Platt 1999), and its log-loss with it would be 0.1 for 60 pictures."""
    train, valid = drawn([0.7, 4.0], k=6)
    errs, right = probe_curve(train, valid, 6)
    assert errs.depth.probe < right.depth.probe == 1.0
    assert right.depth.probe_log_loss < 0.05
    assert choose((errs, right))[0] == "stage2"


def test_one_depth_is_its_own_best():
    train, valid = drawn([0.5])
    found = curve("net", probe_curve(train, valid, 3), 120)
    assert (found.best, found.peak, found.drop_at_top, found.tail) == ("stage1", 1.0, 0.0, 0)
    assert "only depth" in found.why
    assert "no curve" in found.trend


def test_features_that_do_not_vary_say_nothing():
    train, valid = drawn([0.0, 0.8])
    for split in (train, valid):
        split["stage1"] = Features(np.full((len(split["stage1"].y), 5), 2.5, np.float32), split["stage1"].y, "0")
    still, telling = probe_curve(train, valid, 3)
    assert still.depth.probe == pytest.approx(1 / 3)
    assert still.depth.probe_log_loss == pytest.approx(np.log(3), abs=1e-3)
    assert telling.depth.probe > 0.6


def test_more_features_than_pictures_and_few_pictures():
    train, valid = drawn([0.3, 0.6], n=(9, 6), d=500)
    for row in probe_curve(train, valid, 3):
        assert np.isfinite(row.losses).all()
        assert row.depth.probe > 1 / 3


def test_a_class_that_one_split_lacks():
    train, valid = drawn([0.8])
    for which in (0, 1):
        short = [{k: Features(f.x[f.y != 2], f.y[f.y != 2], f.key) for k, f in s.items()} for s in (train, valid)]
        pair = [train, valid]
        pair[which] = short[which]
        (row,) = probe_curve(*pair, 3)
        assert np.isfinite(row.losses).all()
        assert row.depth.probe > 0.5  # of three classes; at most 2/3 where training lacks one


def test_tuned_scores_stand_beside_the_probe_and_choose_the_tail():
    rows = probed(spread(0.9), spread(0.6), spread(0.5), right=[0.5, 0.7, 0.8])
    tuned = {"input": (0.9, spread(0.31, 0.2)), "stage1": (0.92, spread(0.3)), "stage2": (0.85, spread(0.4))}
    found = curve("net", rows, 120, tuned)
    assert [d.name for d in found.depths] == ["input", "stage1", "stage2", "top"]
    assert [d.tuned for d in found.depths] == [0.9, 0.92, 0.85, None]
    assert [d.tuned_log_loss for d in found.depths] == pytest.approx([0.31, 0.3, 0.4, None])
    assert (found.depths[0].at, found.depths[0].dim, found.depths[0].probe) == (0.0, 0, None)
    assert (found.best, found.tail) == ("top", 2)
    assert "Training the last 2 of 3 depths gives 92.0 % right, log-loss 0.300" in found.tail_why
    assert "the frozen top 80.0 % right" in found.tail_why

    fewest = curve("net", rows, 120, tuned | {"stage2": (0.9, spread(0.32, 0.3))})
    assert (fewest.tail, "training more parts is not told from it" in fewest.tail_why) == (1, True)
    whole = curve("net", rows, 120, {"input": (0.9, spread(0.2)), "stage1": (0.8, spread(0.4))})
    assert (whole.tail, "Training the whole network gives 90.0 %" in whole.tail_why) == (3, True)
    none = curve("net", rows, 120, {"stage1": (0.8, spread(0.6)), "stage2": (0.8, spread(0.55))})
    assert (none.tail, "Training nothing but the head" in none.tail_why) == (0, True)


def test_the_record_is_plain_json():
    found = curve("net", probe_curve(*drawn([0.2, 0.9]), 3), 120, {"stage1": (0.9, np.full(60, 0.2, np.float32))})
    record = json.loads(json.dumps(to_dict(found), allow_nan=False))
    assert set(record) >= {"source", "depths", "best", "why", "n_train", "n_valid"}
    assert set(record["depths"][0]) == {
        "name", "at", "dim", "probe", "probe_log_loss", "probe_se", "tuned", "tuned_log_loss",
    }  # fmt: skip
    assert (record["n_train"], record["n_valid"]) == (120, 60)


def swap(features, **change):
    return Features(**{"x": features.x, "y": features.y, "key": features.key} | change)


@pytest.mark.parametrize(
    ("split", "change", "error", "says"),
    [
        (0, {"x": np.zeros((120, 2, 20))}, UsageError, r"training features of 'stage2' have the shape \(120, 2, 20\)"),
        (1, {"x": np.zeros((60, 19))}, UsageError, "the same d in both splits"),
        (1, {"y": np.zeros(60, np.int64)}, UsageError, "validation labels of 'stage2' differ"),
        (0, {"x": np.full((120, 20), np.nan)}, DataError, "not finite"),
    ],
)
def test_refuses(split, change, error, says):
    pair = drawn([0.2, 0.9])
    pair[split]["stage2"] = swap(pair[split]["stage2"], **change)
    with pytest.raises(error, match=says):
        probe_curve(*pair, 3)


def test_refuses_what_does_not_fit_together():
    train, valid = drawn([0.2, 0.9])
    with pytest.raises(UsageError, match="the same ones in the same order"):
        probe_curve(train, {"stage1": valid["stage1"]}, 3)
    with pytest.raises(UsageError, match="one or more"):
        probe_curve({}, {}, 3)
    with pytest.raises(UsageError, match="outside 0 to 1"):
        probe_curve(train, valid, 2)
    with pytest.raises(UsageError, match="No depth was probed"):
        choose([])
    rows = probed(spread(0.5), spread(0.4))
    with pytest.raises(UsageError, match="'stage9' came with losses"):
        curve("net", rows, 10, {"stage9": (0.5, spread(0.5))})
    with pytest.raises(UsageError, match=r"shape \(39,\)"):
        curve("net", rows, 10, {"top": (0.5, spread(0.5)[1:])})


def test_eight_depths_take_no_time():
    widths = (16, 24, 32, 64, 96, 160, 320, 1280)
    depths = [drawn([0.2], n=(300, 75), k=7, d=d) for d in widths]
    train, valid = ({str(d): pair[i]["stage1"] for d, pair in zip(widths, depths, strict=True)} for i in (0, 1))
    start = time.process_time()
    probe_curve(train, valid, 7)
    assert time.process_time() - start < 2


def test_pictures_of_one_group_count_as_one_observation():
    """Twelve groups of ten, whose pictures agree: a lead that would be clear of 120 is none of twelve."""
    gap = np.repeat(np.where(np.arange(12) % 3 > 0, 0.04, -0.05), 10)
    depths = [Depth(name, 1.0, 8, 0.9, 0.2, 0.1) for name in ("early", "top")]
    chosen = [
        choose([Probed(depths[0], np.full(120, 0.2), groups), Probed(depths[1], 0.2 + gap, groups)])[0]
        for groups in (None, np.arange(120) // 10)
    ]
    assert chosen == ["early", "top"]
