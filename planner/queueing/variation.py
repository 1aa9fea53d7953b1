"""How much the times of a call vary, read from a mean and the few quantiles that a profile gives."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def variation_of(mean_s: float, quantiles_s: Iterable[tuple[float, float]]) -> float:
    """Squared coefficient of variation of the lognormal time that fits the mean and the quantile that tells of most spread.

    Of a lognormal time with mean S the p-quantile is ``S exp(sigma z - sigma^2 / 2)``, z the normal quantile of p; the least
    ``sigma >= 0`` counts, or z where the quantile is above that of any such time. Service times of inference have one long tail,
    which a lognormal has, too. 0 without quantiles.

    Parameters
    ----------
    mean_s
        Mean time of a call, in the unit of the quantiles.
    quantiles_s
        (share, time), shares inside (0, 1); others tell nothing of the spread.
    """
    spread = 0.0
    for share, time_s in quantiles_s:
        if 0.0 < share < 1.0:
            z, log_ratio = NormalDist().inv_cdf(share), math.log(time_s / mean_s)
            root = math.sqrt(max(z * z - 2 * log_ratio, 0.0))
            spread = max(spread, z - root if z - root >= 0.0 else z + root)
    return math.expm1(spread**2)
