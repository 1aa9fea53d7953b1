"""Ranges that the figures of a problem keep, one with another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from solvers.problem import ProvisioningProblem


def wrong_ranges(problem: ProvisioningProblem) -> list[str]:
    """Say which figures of a problem, whose shapes are right, are out of their ranges."""
    problems = []
    for name in (
        "demand_rps",
        "capacity_rps",
        "price_usd_per_h",
        "start_usd",
        "usd_per_request",
        "window_h",
    ):
        values = getattr(problem, name)
        if not (np.isfinite(values).all() and (values >= 0).all()):
            problems.append(f"{name} must be finite and >= 0")
    if abs(float(problem.level_share.sum()) - 1.0) > 1e-9:
        problems.append(f"level_share sums to {problem.level_share.sum():.6g}; it must sum to 1")
    if (np.diff(problem.demand_rps, axis=2) < -1e-9).any():
        problems.append("demand_rps falls along the levels; level q + 1 must be at least level q")
    if (np.diff(problem.capacity_rps, axis=1) < -1e-9).any() or (problem.capacity_rps[:, :1] != 0).any():
        problems.append("capacity_rps must start at 0 and never fall along n")
    if not 0 <= problem.on_demand_floor_share <= 1:
        problems.append(f"on_demand_floor_share is {problem.on_demand_floor_share}; it must be in [0, 1]")
    if (
        problem.linear_rps is not None
        and (problem.serves & problem.is_linear & (problem.linear_rps <= 0)).any()
    ):
        problems.append("linear_rps must be above 0 wherever a linear group serves a class")
    if (
        problem.rates is not None
        and not (
            (problem.rates.least_rps >= 0)
            & (problem.rates.most_rps >= problem.rates.least_rps)
            & (problem.rates.usd_per_h >= 0)
        ).all()
    ):
        problems.append("rates must have 0 <= least_rps <= most_rps and usd_per_h >= 0 for every function")
    if problem.spot_risk is not None and (problem.spot_risk.covariance < 0).any():
        problems.append(
            "spot_risk.covariance must be >= 0 everywhere; count losses that offset each other as 0"
        )
    return problems
