"""How far a load rises above the busiest hour seen, from eight public series: what a short history cannot teach.

A history of a few hours has not shown a day, and its own errors, all from one stretch of that day, say little about the next
twenty hours: on the eight series the .95 and .99 learnt from 2 to 16 hours held in some two thirds of the windows a day ahead
(`python -m tests.benchmarks.rises`). So where less than two days are known, and a lead is longer than a quarter of them, levels
above .5 are at least the rate of the busiest hour seen times the same level of that ratio over those series, each counting the
same.  Forecasting a series from many others is what global models do (Montero-Manso and Hyndman, Principles and algorithms for
forecasting groups of time series, International Journal of Forecasting 37, 2021); here it is one ratio.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workloads.series import HOUR_S, RateCurve

if TYPE_CHECKING:
    from workloads.series import Array
    from workloads.traces import Trace

LEAD_MIN_H = (
    1.0  # nearer windows have errors of their own, two hours of history apart (tests/benchmarks/rises.py)
)
STRETCHES_MIN = (
    4.0  # measured: with four stretches as long as the lead, own errors covered 91 % or more of .95
)
KNOWN_H_MAX = (
    48.0  # measured: with two days known, own errors covered 96 % or more of .95 at any lead up to a day
)
HISTORY_H = (2.0, 4.0, 8.0, 16.0, 32.0)  # histories the factors were measured behind
LEADS_FROM_H = (1.0, 3.0)  # lead bins; 3 to 8 and 8 to 24 hours ahead hardly differ
LEVELS = (0.5, 0.75, 0.9, 0.95, 0.99, 0.998)
# Printed by `python -m tests.benchmarks.rises`, [history, lead bin, level]. Behind 16 hours and more no lead of the first bin
# is longer than a quarter of the history: the second bin stands for it.
FACTORS = np.array(
    [
        [[0.93, 1.14, 1.50, 1.92, 3.44, 5.90], [0.88, 1.22, 1.82, 2.50, 4.35, 7.55]],
        [[0.86, 1.07, 1.34, 1.65, 2.75, 4.25], [0.79, 1.08, 1.52, 1.97, 3.11, 4.66]],
        [[0.68, 0.97, 1.22, 1.41, 2.37, 3.02], [0.66, 0.95, 1.25, 1.53, 2.50, 3.11]],
        [[0.67, 0.88, 1.07, 1.21, 1.72, 2.50], [0.67, 0.88, 1.07, 1.21, 1.72, 2.50]],
        [[0.69, 0.85, 0.99, 1.12, 1.71, 2.41], [0.69, 0.85, 0.99, 1.12, 1.71, 2.41]],
    ]
)


def rise_floor_rps(history: Trace, lead_h: Array, levels: Array) -> Array:
    """Return the least rate that each level above .5 may be published with.

    Parameters
    ----------
    history
        The trace before the forecast.
    lead_h
        ``[b]`` hours from the end of the history to the end of each period.
    levels
        ``[q]`` ascending probabilities in (0, 1).

    Returns
    -------
    Array
        ``[b, q]`` requests/s, non-decreasing along q; 0 where the history's own errors are to be believed, and up to level .5.
    """
    known_h = history.duration_s / HOUR_S
    beyond = (lead_h > LEAD_MIN_H) & (lead_h * STRETCHES_MIN > known_h) & (known_h < KNOWN_H_MAX)
    if not beyond.any():
        return np.zeros((lead_h.size, levels.size))
    floor_rps = busiest_hour_rps(history) * rise_factors(known_h, lead_h, levels)
    floored: Array = np.where(beyond[:, None] & (levels > 0.5), floor_rps, 0.0)
    return floored


def rise_factors(known_h: float, lead_h: Array, levels: Array) -> Array:
    """Return quantiles of a window's rate over that of the busiest hour of the `known_h` hours before.

    Linear between the histories in the logarithm of their length, and held outside them; linear between the levels in -ln(1 - p),
    which gives an exponential tail beyond the last.

    Parameters
    ----------
    known_h
        Length of the history, hours.
    lead_h
        ``[b]`` hours ahead; leads before the first bin are taken for it.
    levels
        ``[q]`` probabilities in (0, 1).

    Returns
    -------
    Array
        ``[b, q]`` factors, non-decreasing along q.
    """
    place = float(np.interp(np.log(known_h), np.log(HISTORY_H), np.arange(len(HISTORY_H))))
    below = min(int(place), len(HISTORY_H) - 2)
    table = (below + 1 - place) * FACTORS[below] + (place - below) * FACTORS[below + 1]
    tail, asked = -np.log1p(-np.array(LEVELS)), -np.log1p(-levels)
    left = np.clip(np.searchsorted(tail, asked, side="right") - 1, 0, tail.size - 2)
    share = np.maximum((asked - tail[left]) / (tail[left + 1] - tail[left]), 0.0)
    by_bin = (1.0 - share) * table[:, left] + share * table[:, left + 1]
    bins = np.maximum(np.searchsorted(LEADS_FROM_H, lead_h, side="right") - 1, 0)
    factors: Array = by_bin[bins]
    return factors


def busiest_hour_rps(history: Trace) -> float:
    """Return the highest mean rate of a whole hour, counted back from the end; of all of it where it is under an hour."""
    hours = max(1, int(history.duration_s // HOUR_S))
    edge_s = np.maximum(history.duration_s - HOUR_S * np.arange(hours, -1.0, -1.0), 0.0)
    rate_rps = RateCurve(history).mean_rps(edge_s)
    return 0.0 if np.isnan(rate_rps).all() else float(np.nanmax(rate_rps))
