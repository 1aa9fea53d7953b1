"""Point forecasters for a series that teaches no season: traces under two seasons, or without one.

They know only a level and how fast the series returns to it, so their paths are flat after a short while;
what a day would have brought is left to the intervals, and to the warning.  `auto` is again the plain
median.  With the mean of the last hour as a member in place of the second autoregression it lost nine of ten
back-tests (Twitter, WITS, Berkeley and two stretches of WorldCup, 1 and 6 h ahead; Berkeley 6 h ahead 11.5
against 3.6 % of mean load).

Sources: simple exponential smoothing as ETS(A,N,N), Hyndman, Koehler, Ord and Snyder (2008), section 2.4;
autoregression by least squares, Box and Jenkins (1976), section 7.3.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workloads.members import Forecaster, Past
    from workloads.series import Array

LAST_STEPS = 6  # an hour of 10-minute steps
FIT_STEPS_MIN = 30  # four steps for each parameter of the longer autoregression; heuristic smoothing needs 10
MEMORY_STEPS = 2_000  # six weeks of 30-minute steps: a level forgets long before


def autoregression_3(past: Past, steps: int) -> Array:
    """Return from the last three steps to the mean as an autoregression does."""
    return _autoregression(past, steps, 3)


def autoregression_6(past: Past, steps: int) -> Array:
    """Return from the last six steps to the mean as an autoregression does."""
    return _autoregression(past, steps, 6)


def smoothed_level(past: Past, steps: int) -> Array:
    """Hold the level of simple exponential smoothing, whose memory statsmodels estimates."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    if past.root.size < FIT_STEPS_MIN:
        return last_window(past, steps)
    model = ETSModel(past.root[-MEMORY_STEPS:], error="add", initialization_method="heuristic")
    path: Array = model.fit(disp=False).forecast(steps)
    return path


def last_window(past: Past, steps: int) -> Array:
    """Hold the mean of the last six steps; the others do so while there are too few steps for a fit."""
    return np.full(steps, past.root[-LAST_STEPS:].mean())


SHORT_MEMBERS: Mapping[str, Forecaster] = MappingProxyType(
    {
        "autoregression-3": autoregression_3,
        "autoregression-6": autoregression_6,
        "smoothed-level": smoothed_level,
    }
)


def _autoregression(past: Past, steps: int, lags: int) -> Array:
    from statsmodels.tsa.ar_model import AutoReg

    if past.root.size < FIT_STEPS_MIN:
        return last_window(past, steps)
    path: Array = AutoReg(past.root[-MEMORY_STEPS:], lags=lags, trend="c").fit().forecast(steps)
    return path
