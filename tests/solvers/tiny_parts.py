"""Optional parts of tiny problems as plain lists, with what is not named switched off."""

from __future__ import annotations

from typing import Any

import numpy as np

from solvers.limits import AccuracyFloors, FunctionRates, ModelLoads, OperatorLimits, ServedValue, SpotRisk


def operator_limits(
    *,
    classes: int = 1,
    machines: int = 1,
    min_instances: list[int] | None = None,
    zone_of_machine: list[int] | None = None,
    scale_in_windows: list[int] | None = None,
    **limits: Any,
) -> OperatorLimits:
    """Operators' limits; the numbers of classes and machines matter only for the lists left out."""
    return OperatorLimits(
        min_instances=np.array(min_instances or [0] * classes),
        zone_of_machine=np.array(zone_of_machine or [-1] * machines),
        scale_in_windows=np.array(scale_in_windows or [0] * machines),
        **limits,
    )


def function_rates(
    *,
    least_rps: list[float] | None = None,
    most_rps: list[float] | None = None,
    usd_per_h: list[float] | None = None,
) -> FunctionRates:
    """Ranges of rates and prices of standing ready; one of the lists at least says how many functions there are."""
    functions = max(len(given or []) for given in (least_rps, most_rps, usd_per_h))
    return FunctionRates(
        least_rps=np.array(least_rps or [0.0] * functions, dtype=float),
        most_rps=np.array(most_rps or [np.inf] * functions, dtype=float),
        usd_per_h=np.array(usd_per_h or [0.0] * functions, dtype=float),
    )


def model_loads(
    *,
    group_model: list[int],
    initial_loaded: list[list[int]],
    load_usd: list[list[float]] | None = None,
    load_s: list[float] | None = None,
    wait_usd_per_s: float = 0.0,
) -> ModelLoads:
    """Loads; `initial_loaded` ``[i][m]`` says how many machines and models there are."""
    loaded = np.array(initial_loaded)
    return ModelLoads(
        models=tuple(f"model{m}" for m in range(loaded.shape[1])),
        group_model=np.array(group_model),
        load_usd=np.array(load_usd or np.zeros(loaded.shape), dtype=float),
        initial_loaded=loaded,
        load_s=np.array(load_s or [0.0] * loaded.shape[1], dtype=float),
        wait_usd_per_s=wait_usd_per_s,
    )


def accuracy_floors(
    group_margin_share: list[list[float]], function_margin_share: list[list[float]] | None = None
) -> AccuracyFloors:
    """Floors on the mean accuracy of every class."""
    margin = np.array(group_margin_share, dtype=float)
    functions = np.array(function_margin_share or np.zeros((len(margin), 0)), dtype=float)
    return AccuracyFloors(
        asks=np.ones(len(margin), dtype=bool), group_margin_share=margin, function_margin_share=functions
    )


def served_value(group_usd: list[list[float]], function_usd: list[list[float]] | None = None) -> ServedValue:
    """What requests of each class are worth on each group and function."""
    value = np.array(group_usd, dtype=float)
    return ServedValue(
        group_usd=value, function_usd=np.array(function_usd or np.zeros((len(value), 0)), dtype=float)
    )


def spot_risk(
    *,
    pool_of_machine: list[int],
    loss_share: list[float],
    is_standby: list[int] | None = None,
    guard_classes: list[list[int]] | None = None,
    covariance: list[list[float]] | None = None,
    level: int = 0,
    **weights: Any,
) -> SpotRisk:
    """Spot pools whose losses are independent unless a covariance is given."""
    share = np.array(loss_share, dtype=float)
    guards = np.array(guard_classes or [[1]], dtype=bool)
    return SpotRisk(
        pools=tuple(f"pool{z}" for z in range(len(share))),
        pool_of_machine=np.array(pool_of_machine),
        is_standby=np.array(is_standby or [0] * len(pool_of_machine), dtype=bool),
        guards=tuple(f"guard{s}" for s in range(len(guards))),
        guard_classes=guards,
        loss_share=share,
        covariance=np.array(covariance or np.diag(share * (1 - share)), dtype=float),
        level=level,
        **weights,
    )
