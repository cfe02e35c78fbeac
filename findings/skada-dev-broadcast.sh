#!/usr/bin/env bash
# skada 0.6.0: DeepEmbeddedValidation with its own loss pairs every weight with every loss, so that weighting is lost.
#
# Deep embedded validation (You et al., ICML 2019) is mean(w l) + eta mean(w) - eta, eta = -cov(w l, w) / var(w), with a
# density ratio w and a loss l for each held-out source row. skada's weights are [n, 1]; its default losses are [n], and
# their product is [n, n]. The mean is then mean(w) mean(l), and eta is -l[0] l[1], of the first two rows alone.
# No warning. A loss_func that returns [n, 1] gives the paper's number.
# Input: 90 source rows of N(0, 1) with two classes, 60 target rows of N(1, 1), a logistic regression.
#
# Seen on 2026-12-01 (Python 3.11, CPU, versions as pinned below):
#   paper 0.4576   w and loss apart 0.5779   skada 0.5779   skada, losses in a column 0.4576
#
# Ours is the formula: tests/align/test_evidence.py, test_deep_embedded_validation_is_skadas.
# Ends with 0 where this is still so, else with another number.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 POT==0.9.7.post1 skada==0.6.0
OMP_NUM_THREADS=1 "$place/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from skada import make_da_pipeline
from skada.metrics import DeepEmbeddedValidation

rng = np.random.default_rng(0)
xs, xt = rng.normal(0, 1, (90, 1)), rng.normal(1, 1, (60, 1))
ys = (xs[:, 0] + rng.normal(0, 1, 90) > 0).astype(int)
x, y = np.r_[xs, xt], np.r_[ys, np.full(60, -1)]
domain = np.r_[np.ones(90, int), np.full(60, -2)]
model = make_da_pipeline(LogisticRegression()).fit(x, y, sample_domain=domain)

learn, held, _, y_held = train_test_split(xs, ys, test_size=0.33, random_state=np.random.RandomState(3))
told = LogisticRegression().fit(np.r_[learn, xt], np.r_[np.ones(len(learn)), np.zeros(60)]).predict_proba(held)
w = len(learn) / 60 * told[:, 0] / told[:, 1]
said = model.predict_proba(held, sample_domain=np.ones(len(held), int), allow_source=True)
loss = -np.log(said[np.arange(len(held)), y_held])


def column(y, p):
    return -np.log(p[np.arange(len(y)), y])[:, None]


eta = -np.cov(w * loss, w)[0, 1] / w.var(ddof=1)
paper = (w * loss).mean() + eta * w.mean() - eta
unweighted = w.mean() * loss.mean() - loss[0] * loss[1] * (w.mean() - 1)
default = -DeepEmbeddedValidation(random_state=3)(model, x, y, sample_domain=domain)
in_column = -DeepEmbeddedValidation(loss_func=column, random_state=3)(model, x, y, sample_domain=domain)
print(f"paper {paper:.4f}   w and loss apart {unweighted:.4f}", end="   ")
print(f"skada {default:.4f}   skada, losses in a column {in_column:.4f}")
so = np.isclose(default, unweighted) and np.isclose(in_column, paper) and abs(default - paper) > 0.05
sys.exit(0 if so else 1)
PYTHON
