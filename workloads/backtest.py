"""Back-test of the forecasters on rolling origins that lie inside the history.

A table, one row a forecaster: pinball loss of its calibrated quantiles in per cent of the mean load,
coverage of each level, and the error of its raw path.  The raw error is there because calibration hides a
bad path behind wide intervals.

Pinball loss: Koenker and Bassett, Econometrica 46 (1978); mean of it over quantiles as a score: Gneiting
and Raftery, JASA 102 (2007), section 6.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workloads.series import DAY_S, to_rate

if TYPE_CHECKING:
    from workloads.rolling import Rolling
    from workloads.series import Array, BoolArray

SCORED_LEVELS = (0.5, 0.9, 0.95, 0.99)  # design/EVIDENCE.md, section 8
CALIBRATION_SHARE = 1 / 3  # of the origins only calibrate: a handful of errors give no quantile worth judging
WIN_SHARE_MIN = 0.05  # a simpler forecaster must save this share of the loss ...
WIN_STANDARD_ERRORS = 2.0  # ... and be this many standard errors ahead, day by day ...
WIN_DAYS_MIN = 7  # ... over at least a week: in fewer origins, differences are noise (EVIDENCE.md, section 8)


@dataclass(frozen=True)
class BackTestRow:
    """How one forecaster did.

    Parameters
    ----------
    method
        Its name.
    pinball_percent
        Pinball loss averaged over the levels .5, .9, .95 and .99, in per cent of the mean load.
    first_hour_pinball_percent
        The same for the first hour after the origin; NaN when no window lies there.
    coverage_share
        ``[q]`` share of outcomes at or below each level asked for.
    wape_percent
        Absolute error of the raw path over the load, in per cent: before any calibration.
    origins
        Rolling origins judged.
    """

    method: str
    pinball_percent: float
    first_hour_pinball_percent: float
    coverage_share: tuple[float, ...]
    wape_percent: float
    origins: int


@dataclass(frozen=True)
class BackTest:
    """The table, best first.

    Parameters
    ----------
    levels
        Levels of `coverage_share`.
    rows
        One a forecaster; empty when the history is too short to judge any.
    """

    levels: tuple[float, ...]
    rows: tuple[BackTestRow, ...]

    def row(self, method: str) -> BackTestRow | None:
        """Return the row of one forecaster, None where it was not judged."""
        return next((row for row in self.rows if row.method == method), None)


def pinball_loss(actual: Array, quantiles: Array, levels: Array) -> Array:
    """Return ``[..., q]``: p (y - x) where the outcome y lies above the quantile x, (1 - p)(x - y) below.

    Parameters
    ----------
    actual
        ``[...]`` outcomes; NaN stays NaN.
    quantiles
        ``[..., q]`` forecasts.
    levels
        ``[q]`` probabilities p.
    """
    over = actual[..., None] - quantiles
    loss: Array = np.maximum(levels * over, (levels - 1.0) * over)
    return loss


def back_test(
    rolling: Rolling, quantiles: dict[str, Array], levels: Array, asked: Array
) -> tuple[BackTest, dict[str, Array]]:
    """Score every forecaster on the same outcomes.

    Parameters
    ----------
    rolling
        What each said at the rolling origins, and what came.
    quantiles
        By forecaster, ``[o, b, q]`` requests/s.
    levels
        ``[q]`` probabilities, among them `SCORED_LEVELS` and the levels asked for.
    asked
        Levels whose coverage is reported.

    Returns
    -------
    tuple
        The table, best first, and by forecaster ``[o]`` its loss (`score`).
    """
    rows: list[BackTestRow] = []
    losses: dict[str, Array] = {}
    for name, quantile in quantiles.items():
        outcomes = rolling.by_period(name)
        scored = score(
            name,
            to_rate(outcomes.actual),
            quantile,
            to_rate(outcomes.path),
            levels,
            asked,
            outcomes.lead_h < 1.0,
        )
        if scored is not None:
            row, losses[name] = scored
            rows.append(row)
    rows.sort(key=lambda row: (row.pinball_percent, row.method))
    return BackTest(levels=tuple(float(level) for level in asked), rows=tuple(rows)), losses


def score(
    method: str,
    actual: Array,
    quantiles: Array,
    raw: Array,
    levels: Array,
    asked: Array,
    first_hour: BoolArray,
) -> tuple[BackTestRow, Array] | None:
    """Return the row of one forecaster and its loss per origin, or None when no origin can be judged.

    The first third of the origins only calibrates and is not judged.

    Parameters
    ----------
    method
        Name for the row.
    actual
        ``[o, b]`` outcomes, requests/s, NaN where unknown.
    quantiles
        ``[o, b, q]`` requests/s, NaN where an origin could not be calibrated.
    raw
        ``[o, b]`` the path without calibration, requests/s.
    levels
        ``[q]`` probabilities, among them `SCORED_LEVELS` and the levels asked for.
    asked
        Levels whose coverage is reported.
    first_hour
        ``[b]`` True for a period in the first hour.

    Returns
    -------
    tuple
        Row, and ``[o]`` the mean loss of each origin over the scored levels, in requests/s (NaN: not judged).
    """
    judged = ~np.isnan(actual) & ~np.isnan(quantiles).any(axis=-1)
    judged[: int(CALIBRATION_SHARE * len(judged))] = False
    origins = int(judged.any(axis=1).sum())
    load = float(actual[judged].sum())
    if origins == 0 or load <= 0.0:
        return None
    scored = np.searchsorted(levels, np.array(SCORED_LEVELS) - 1e-12)
    loss = pinball_loss(actual, quantiles[..., scored], levels[scored]).mean(axis=-1)
    loss = np.where(judged, loss, 0.0)
    near = judged & first_hour
    covered = [
        float((actual <= quantiles[..., index])[judged].mean())
        for index in np.searchsorted(levels, asked - 1e-12)
    ]
    counts = judged.sum(axis=1)
    row = BackTestRow(
        method=method,
        pinball_percent=100.0 * float(loss.sum()) / load,
        first_hour_pinball_percent=100.0 * float(loss[near].sum()) / max(float(actual[near].sum()), 1e-300)
        if near.any()
        else float("nan"),
        coverage_share=tuple(covered),
        wape_percent=100.0 * float(np.abs(actual - raw)[judged].sum()) / load,
        origins=origins,
    )
    return row, np.where(counts > 0, loss.sum(axis=1) / np.maximum(counts, 1), np.nan)


def wins_clearly(simple_loss: Array, loss: Array, origin_s: Array) -> bool:
    """Return whether a simpler forecaster may replace `auto`.

    Overlapping origins of one day are one observation: losses are averaged by day, and the mean of the
    daily differences must be two of its standard errors above 0 and at least 5 % of the loss, over seven
    days or more.

    Parameters
    ----------
    simple_loss, loss
        ``[o]`` loss per origin of the simpler one and of `auto`; NaN: not judged.
    origin_s
        ``[o]`` seconds.
    """
    judged = ~np.isnan(simple_loss) & ~np.isnan(loss)
    if not judged.any():
        return False
    day = ((origin_s[judged] - origin_s[judged][0]) // DAY_S).astype(np.int64)
    counts = np.bincount(day)
    held = counts > 0
    gain = np.bincount(day, weights=(loss - simple_loss)[judged])[held] / counts[held]
    if gain.size < WIN_DAYS_MIN:
        return False
    standard_error = float(gain.std(ddof=1)) / float(np.sqrt(gain.size))
    ahead = float(gain.mean())
    return (
        ahead >= WIN_SHARE_MIN * float(loss[judged].mean()) and ahead > WIN_STANDARD_ERRORS * standard_error
    )
