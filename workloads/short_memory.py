"""Point forecasters for a series that teaches no season: traces under two seasons, or without one.

They know only a level and how fast the series returns to it, so their paths are flat after a short while;
what a day would have brought is left to the intervals, and to the warning.  `auto` is again the plain
median.

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

LAST_WINDOW_STEPS = 6  # an hour of 10-minute steps
SHORT_LAGS = (1, 2, 3)
FIT_STEPS_MIN = 16  # four steps for each parameter of the autoregression; heuristic smoothing needs 10
MEMORY_STEPS = 2_000  # six weeks of 30-minute steps: a level forgets long before


def last_window(past: Past, steps: int) -> Array:
    """Hold the mean of the last few steps."""
    return np.full(steps, past.root[-LAST_WINDOW_STEPS:].mean())


def smoothed_level(past: Past, steps: int) -> Array:
    """Hold the level of simple exponential smoothing, whose memory statsmodels estimates."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    if past.root.size < FIT_STEPS_MIN:
        return last_window(past, steps)
    model = ETSModel(past.root[-MEMORY_STEPS:], error="add", initialization_method="heuristic")
    path: Array = model.fit(disp=False).forecast(steps)
    return path


def short_autoregression(past: Past, steps: int) -> Array:
    """Return from the last steps to the mean as an autoregression on three lags does."""
    from statsmodels.tsa.ar_model import AutoReg

    if past.root.size < FIT_STEPS_MIN:
        return last_window(past, steps)
    path: Array = AutoReg(past.root[-MEMORY_STEPS:], lags=list(SHORT_LAGS), trend="c").fit().forecast(steps)
    return path


SHORT_MEMBERS: Mapping[str, Forecaster] = MappingProxyType(
    {
        "last-window": last_window,
        "smoothed-level": smoothed_level,
        "short-autoregression": short_autoregression,
    }
)
