#!/usr/bin/env bash
# skada 0.6.0: KMMReweightAdapter gives weights above its bound B with its default solver.
#
# B is documented as "Weight upper bound". The default solver, frank-wolfe, is never handed the bound: it keeps weights
# above 0 and their sum in range, no more. No warning. solver="scipy" keeps the bound.
# Input: 40 source rows of N(0, 1) in two columns, 40 target rows 0.7 further in the first, B = 3.
#
# Seen on 2026-12-01 (Python 3.11, CPU, versions as pinned below):
#   B=3   frank-wolfe   smallest 0.000   largest 5.320   above 3: 3 of 40
#   B=3   scipy         smallest 0.000   largest 3.000   above 3: 0 of 40
#
# Ours keeps it: tests/align/test_shallow.py, test_kernel_mean_matching_is_the_solution_of_its_problem.
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
from skada import KMMReweightAdapter

rng = np.random.default_rng(0)
xs, xt = rng.normal(size=(40, 2)), rng.normal(size=(40, 2)) + [0.7, 0]
x, domain = np.r_[xs, xt], np.r_[np.ones(40, int), np.full(40, -2)]
largest = []
for solver in ("frank-wolfe", "scipy"):
    adapter = KMMReweightAdapter(gamma=0.5, B=3.0, solver=solver).fit(x, sample_domain=domain)
    w = adapter.compute_weights(x, sample_domain=domain)[:40]
    largest.append(float(w.max()))
    print(f"B=3   {solver:11}   smallest {w.min():.3f}   largest {w.max():.3f}   above 3: {(w > 3.01).sum()} of 40")
sys.exit(0 if largest[0] > 3.5 and largest[1] < 3.01 else 1)
PYTHON
