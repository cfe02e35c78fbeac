"""Values and intervals of a metric straight from answers, as the tests of `judge/metric` ask for them."""

import numpy as np

from headstart.judge import bootstrap


def values(metric, answers, y, k=1):
    return bootstrap.values(metric, metric.sums(answers, y, k))


def single(metric, answers, y, k=1, **how):
    return bootstrap.single(metric, metric.sums(answers, y, k), **how)


def paired(metric, a, b, y, k=1, *, level=0.95, **how):
    return bootstrap.compare(metric, metric.sums(a, y, k), metric.sums(b, y, k), **how).interval(level)


def needed(metric, a, b, y, k, margin, **how):
    return bootstrap.needed(metric, metric.sums(a, y, k), metric.sums(b, y, k), margin, **how)


def drawn(metric, sides, y, k, resamples):
    """Each side's mean over its seeds in each resample, `[resamples sides]`."""
    of = [metric.sums(side, y, k) for side in sides]
    units = bootstrap._Units(None, of[0].strata, np.zeros(len(y)))
    return bootstrap._drawn(metric, of, units, resamples, np.random.default_rng(0))
