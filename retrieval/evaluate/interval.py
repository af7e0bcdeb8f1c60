"""Confidence intervals and significance: bootstrap and randomisation test.

Both are computed by scipy.

Questions about one document are correlated, so whole documents are resampled
where there are enough of them, and single questions otherwise (cluster bootstrap:
Davison and Hinkley 1997, section 3.8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.extras import require

MIN_CLUSTERS = 10
"""Fewer documents are too few to resample."""
SIGNIFICANT = 0.05
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sampling:
    """Parameters of intervals and p-values; the same seed gives the same numbers."""

    confidence: float = 0.95
    resamples: int = 2_000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its percentile bootstrap interval; no bounds for a single question."""

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Paired difference over the same questions: second minus first.

    `p` is two-sided; `units` is how many units were resampled.
    """

    first: float
    second: float
    change: Interval
    p: float
    questions: int
    units: int
    unit: str

    @property
    def significant(self) -> bool:
        """Whether p is below 0.05."""
        return self.p < SIGNIFICANT


def resampling_unit(clusters: Sequence[str]) -> str:
    """The unit that is resampled: "document" or "question"."""
    named = {cluster for cluster in clusters if cluster}
    enough = len(named) >= MIN_CLUSTERS and all(clusters)
    return "document" if enough and len(named) < len(clusters) else "question"


def interval(
    values: Sequence[float], clusters: Sequence[str], sampling: Sampling | None = None
) -> Interval:
    """Mean of values (questions,) with its bootstrap interval.

    Args:
        clusters: the document that each question is about, "" for none.
    """
    sampling = sampling or Sampling()
    sums, counts = _units(np.asarray(values, np.float64), clusters)
    mean = float(sums.sum() / counts.sum())
    if len(sums) < 2:
        return Interval(mean, None, None)
    require("scipy", extra="eval", feature="An interval of a mean")
    from scipy.stats import bootstrap

    found = bootstrap(
        (np.arange(len(sums)),),
        lambda sample, axis=-1: sums[sample].sum(axis) / counts[sample].sum(axis),
        n_resamples=sampling.resamples,
        batch=max(1, 2_000_000 // len(sums)),
        vectorized=True,
        confidence_level=sampling.confidence,
        method="percentile",
        rng=np.random.default_rng(sampling.seed),
    ).confidence_interval
    return Interval(mean, float(found.low), float(found.high))


def difference(
    first: Mapping[str, float],
    second: Mapping[str, float],
    clusters: Mapping[str, str],
    sampling: Sampling | None = None,
) -> Difference:
    """Paired difference of two systems on the questions that both answered.

    The p-value is of a paired randomisation test: how often the difference is as
    large when each unit's two results are swapped at random (Smucker et al. 2007).

    Args:
        first, second: a metric's value by question id; at least one id in common.
        clusters: the document that each question is about, by question id.
    """
    sampling = sampling or Sampling()
    ids = [key for key in first if key in second]
    groups = [clusters.get(key, "") for key in ids]
    a = np.array([first[key] for key in ids], np.float64)
    b = np.array([second[key] for key in ids], np.float64)
    (a_sums, _), (b_sums, _) = _units(a, groups), _units(b, groups)
    total = len(ids)
    return Difference(
        float(a.mean()),
        float(b.mean()),
        interval((b - a).tolist(), groups, sampling),
        _randomised(a_sums, b_sums, total, sampling) if len(a_sums) > 1 else 1.0,
        total,
        len(a_sums),
        resampling_unit(groups),
    )


def _randomised(a_sums: Values, b_sums: Values, total: int, sampling: Sampling) -> float:
    """The p-value; scipy takes two units or more."""
    require("scipy", extra="eval", feature="A comparison of results")
    from scipy.stats import permutation_test

    found = permutation_test(
        (a_sums, b_sums),
        lambda x, y, axis: (y.sum(axis) - x.sum(axis)) / total,
        permutation_type="samples",
        vectorized=True,
        n_resamples=9_999,
        rng=np.random.default_rng(sampling.seed),
    )
    return float(found.pvalue)


def _units(values: Values, clusters: Sequence[str]) -> tuple[Values, Values]:
    """The sums and counts (units,) of each unit's values."""
    if resampling_unit(clusters) == "question":
        return values, np.ones(len(values))
    _, places = np.unique(np.array(clusters), return_inverse=True)
    return np.bincount(places, values).astype(np.float64), np.bincount(places).astype(np.float64)
