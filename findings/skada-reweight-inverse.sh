#!/usr/bin/env bash
# skada 0.6.0: DiscriminatorReweightAdapter weighs source rows by the inverse of the density ratio.
#
# Under covariate shift a source row weighs target density / source density = p / (1 - p), where p is the chance that it
# is of the target. The adapter takes (1 - p) / p of that p: rows unlike the target weigh most, and the weighted source
# moves away from the target. No warning. Two other adapters of the same package point the right way.
# Input: 2000 source rows of N(0, 1), 2000 target rows of N(1, 1): log w = x - 1/2, slope +1, weighted mean +1.
#
# Seen on 2026-12-01 (Python 3.11, CPU, versions as pinned below):
#   DiscriminatorReweightAdapter  slope of log w -1.03   mean of the weighted source -1.12
#   GaussianReweightAdapter       slope of log w +1.03   mean of the weighted source +0.96
#   DensityReweightAdapter        slope of log w +0.51   mean of the weighted source +0.47
#
# Ours is the ratio: tests/align/test_shallow.py, test_the_density_ratio_is_the_known_one.
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
from skada import DensityReweightAdapter, DiscriminatorReweightAdapter, GaussianReweightAdapter

rng = np.random.default_rng(0)
xs, xt = rng.normal(0, 1, (2000, 1)), rng.normal(1, 1, (2000, 1))
x, domain = np.r_[xs, xt], np.r_[np.ones(2000, int), np.full(2000, -2)]
slopes = []
for adapter in (DiscriminatorReweightAdapter(), GaussianReweightAdapter(), DensityReweightAdapter()):
    w = adapter.fit(x, sample_domain=domain).compute_weights(x, sample_domain=domain)[:2000]
    slopes.append(float(np.polyfit(xs[:, 0], np.log(w), 1)[0]))
    mean = np.average(xs[:, 0], weights=w)
    print(f"{type(adapter).__name__:29} slope of log w {slopes[-1]:+.2f}   mean of the weighted source {mean:+.2f}")
sys.exit(0 if slopes[0] < -0.8 and slopes[1] > 0.8 and slopes[2] > 0 else 1)
PYTHON
