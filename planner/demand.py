"""Demand of the classes over the horizon: forecasts of traces, split into classes (lambda of FORMULATION)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from planner.scenario import Scenario
    from workloads.forecast import Forecast

    Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Demand:
    """What the classes send.

    Parameters
    ----------
    classes
        Names, in the scenario's order.
    rate_rps, mean_rps
        ``[k, t, q]`` requests/s at the upper end of each level's bin, ``[k, t]`` expected requests/s.
    levels, level_share
        ``[q]`` probability that demand stays below the level; weight of its bin. What lies above the top
        level counts with it.
    window_h
        ``[t]`` hours.
    dispersion_index
        ``[k]`` variance over mean of arrivals within a window, 1 for Poisson.
    """

    classes: tuple[str, ...]
    rate_rps: Array
    mean_rps: Array
    levels: Array
    level_share: Array
    window_h: Array
    dispersion_index: Array

    @property
    def top_rps(self) -> Array:
        """``[k, t]`` requests/s at the top level."""
        return self.rate_rps[:, :, -1]


def demand_of(
    scenario: Scenario, forecasts: Mapping[str, Forecast], dispersion_index: Mapping[str, float]
) -> Demand:
    """Split forecasts among the classes: forecast x scale of the trace x share of the class.

    Classes move together from level to level (comonotone). A trace multiplied by s is s times as many users:
    of its index of dispersion I the part above 1 (the rate's own fluctuation) grows with s, so it becomes 1 +
    s (I - 1). Taking a share at random shrinks that part likewise; a group may serve all classes of a trace
    at once, so each class carries the index of them together.

    Parameters
    ----------
    forecasts
        By trace.
    dispersion_index
        By class: of its whole trace, unscaled, over intervals as long as the class's deadline.
    """
    classes = scenario.workload.planned_classes
    scale = {name: scenario.workload.scale_of(name) for name in scenario.workload.traces}
    planned = {name: sum(one.share for one in classes if one.trace == name) for name in scale}
    factor = np.array([one.share * scale[one.trace] for one in classes])
    together = np.array([planned[one.trace] * scale[one.trace] for one in classes])
    index = np.array([dispersion_index[one.name] for one in classes])
    levels = np.asarray(scenario.forecast.levels, dtype=float)
    return Demand(
        classes=tuple(one.name for one in classes),
        rate_rps=np.stack([forecasts[one.trace].rate_rps for one in classes]) * factor[:, None, None],
        mean_rps=np.stack([forecasts[one.trace].mean_rps for one in classes]) * factor[:, None],
        levels=levels,
        level_share=level_shares(levels),
        window_h=np.full(scenario.windows, scenario.window_s / 3600),
        dispersion_index=1 + together * np.maximum(index - 1, 0),
    )


def level_shares(levels: Array) -> Array:
    """``[q]`` w_q = p_q - p_{q-1}; the mass above the top level goes to the last bin."""
    return np.diff(np.concatenate([[0.0], levels[:-1], [1.0]]))
