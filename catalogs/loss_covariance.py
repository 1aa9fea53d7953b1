"""Covariance of losses of spot pools: a common shock, and correlations estimated from traces.

A loss is 0 or 1, so pool z with the loss share r_z has the variance r_z (1 - r_z). Two pools that share nothing but a
shock of probability c, and are lost on their own with p independently of all else, survive together with
(1 - c)(1 - p_z)(1 - p_w); hence cov(z, w) = c/(1 - c) (1 - r_z)(1 - r_w). Worked: c = .01 and p = .05, .10 give
r = .0595, .109 and cov = .01/.99 x .9405 x .891 = .00846.

Estimates below 0 count as 0. That never understates the variance of what is lost, and without it a plan could count a loss
that it does not have because it seems to offset another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]

EIGENVALUE_SLACK = 1e-9  # an eigenvalue of a correlation matrix above -this is a rounded 0


def loss_covariance(
    loss_share: Array, traced: BoolArray, estimated: Array, shock: float
) -> tuple[Array, float]:
    """Covariance of the losses, nowhere below 0, and the least eigenvalue that its correlations had before they were shrunk.

    Parameters
    ----------
    loss_share
        ``[z]`` probability of a loss.
    traced
        ``[z]`` pools with a trace.
    estimated
        Correlations of the traced pools in their order; NaN where only the shock correlates them.
    """
    deviation = np.sqrt(loss_share * (1 - loss_share))
    covariance = shock / (1 - shock) * np.outer(1 - loss_share, 1 - loss_share)
    block = np.ix_(traced, traced)
    told = np.maximum(estimated, 0.0) * np.outer(deviation[traced], deviation[traced])
    covariance[block] = np.where(np.isnan(told), covariance[block], told)
    np.fill_diagonal(covariance, deviation**2)
    # The shock alone gives a rank-one matrix plus a diagonal >= 0, so only estimates can spoil it.
    return _semidefinite(covariance, deviation) if traced.any() else (covariance, 0.0)


def _semidefinite(covariance: Array, deviation: Array) -> tuple[Array, float]:
    """Shrink the correlations evenly until none of their eigenvalues is below 0; variances stay, and so do signs."""
    scale = np.where(deviation > 0, deviation, 1.0)
    least = float(np.linalg.eigvalsh(covariance / np.outer(scale, scale)).min(initial=0.0))
    if least >= -EIGENVALUE_SLACK:
        return covariance, least
    shrunk = covariance / (1.0 - least)  # (C - least I) / (1 - least) has a diagonal of ones where C has
    np.fill_diagonal(shrunk, deviation**2)
    return shrunk, least
