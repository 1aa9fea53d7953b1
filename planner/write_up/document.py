"""Write a solution up as the plan document: certificate, problem, options used, limits that bind, windows."""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import numpy as np

from planner.plan import (
    SCHEMA_VERSION,
    BaselineResult,
    ForecastSummary,
    Metadata,
    ProvisioningPlan,
    RejectedOption,
    Validity,
)
from planner.write_up.certificate import certificate_of, cost
from planner.write_up.limits import binding_limits
from planner.write_up.options import options_used
from planner.write_up.planned import Planned
from planner.write_up.problem import problem_of
from planner.write_up.windows import windows_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from planner.assembly import Assembly
    from planner.inputs import Inputs
    from planner.scenario import Scenario
    from planner.write_up.certificate import Verdict
    from solvers.solution import ProvisioningSolution
    from workloads.forecast import Forecast

REPLAN_S = (
    6 * 3600
)  # a large cloud refreshes its own predictive scaling every 6 h (design/EVIDENCE.md, section 6)
SHAPING_PACKAGES = ("cvxpy", "highspy", "numpy", "scipy", "statsmodels")


def write_up(
    solution: ProvisioningSolution,
    assembly: Assembly,
    scenario: Scenario,
    inputs: Inputs,
    forecasts: dict[str, Forecast],
    *,
    greedy: bool,
    created_at: datetime | None,
    verdict: Verdict | None = None,
) -> ProvisioningPlan:
    """Turn a feasible solution into the plan document.

    Parameters
    ----------
    scenario
        As it was planned: with scaled deadlines where latency was minimised.
    solution, assembly
        The solution of the assembly's program.
    forecasts
        By trace, as the demand was made from.
    created_at
        Clock time to write into the plan; None for none.
    verdict
        What the plan reaches and how that is proved, where that is no cost; None: the solution's cost and bound.
    """
    planned = Planned(
        scenario,
        assembly.options,
        assembly.problem,
        solution,
        np.array(scenario.forecast.levels),
        inputs.availability.traces,
    )
    return ProvisioningPlan(
        schema_version=SCHEMA_VERSION,
        kind="ProvisioningPlan",
        metadata=_metadata(planned, inputs, forecasts, greedy=greedy, created_at=created_at),
        certificate=certificate_of(planned, verdict, greedy=greedy),
        validity=_validity(scenario),
        problem=problem_of(planned, inputs),
        forecasts=tuple(_forecast(scenario, name, inputs, forecast) for name, forecast in forecasts.items()),
        windows=windows_of(planned),
        options=tuple(options_used(planned)),
        rejected=tuple(
            RejectedOption(option=one.option, reason=f"{one.kind}: {one.reason}")
            for one in sorted(assembly.options.rejected, key=lambda one: (one.option, one.kind, one.reason))
        ),
        binding=tuple(binding_limits(planned)),
        baselines=tuple(
            BaselineResult(
                name=one.name,
                feasible=one.feasible,
                reason=one.reason,
                objective=None if one.objective_usd is None else cost(one.objective_usd),
            )
            for one in solution.baselines
        ),
    )


def _metadata(
    planned: Planned,
    inputs: Inputs,
    forecasts: dict[str, Forecast],
    *,
    greedy: bool,
    created_at: datetime | None,
) -> Metadata:
    scenario = planned.scenario
    warnings = [
        *inputs.warnings,
        *(f"trace {name}: {line}" for name, one in forecasts.items() for line in one.warnings),
        *planned.options.notes,
        *cold_start_warnings(planned),
        *loss_notes(planned),
    ]
    return Metadata(
        name=scenario.name,
        region=scenario.region,
        created_at=created_at,
        tool_version=_version("inference-planner"),
        versions={name: _version(name) for name in SHAPING_PACKAGES},
        method="greedy" if greedy else "optimal",
        solver=scenario.solver.name,
        seed=scenario.solver.seed,
        inputs=inputs.digests(scenario),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def loss_notes(planned: Planned) -> tuple[str, ...]:
    """Conventions by which losses of spot pools were counted, where the plan depends on how likely they are."""
    losses = planned.pool_losses
    return losses.notes if losses is not None and planned.scenario.spot.weighs_losses else ()


def cold_start_warnings(planned: Planned) -> Iterator[str]:
    """Name the functions that are planned at lower rates than their cold starts were counted at."""
    least = planned.scenario.resources.functions.least_rate_rps
    rates = planned.overflow_rps.sum(axis=0)  # [f, t, q]
    for function, planned_rps in zip(planned.options.functions, rates, strict=True):
        if function.rate_rps is not None:
            continue  # its cold starts are counted at its own range of rates
        low = planned_rps[(planned_rps > 0) & (planned_rps < least)]
        needs_warmth = any(
            function.meet_rate(one.deadline_ms, 1.0) < one.percentile
            for one in planned.options.classes
            if one.name in function.classes and one.deadline_ms is not None and one.percentile is not None
        )
        if len(low) and needs_warmth:
            yield (
                f"{function.id} is called at {low.min():.3g} calls/s at the least; cold starts are counted "
                f"at {least:g}, so more of these calls may be late (resources.functions.least_rate_rps)"
            )


def _validity(scenario: Scenario) -> Validity:
    """Launches begin at the horizon's start where a current fleet is given, else a boot time before it."""
    start, duration_s = scenario.horizon.start, scenario.horizon.duration_s
    ahead_s = 0.0 if scenario.resources.current_fleet is not None else scenario.resources.boot_s
    return Validity(
        not_before=start - timedelta(seconds=ahead_s),
        replan_after=start + timedelta(seconds=min(REPLAN_S, duration_s)),
        not_after=start + timedelta(seconds=duration_s),
    )


def _forecast(scenario: Scenario, name: str, inputs: Inputs, forecast: Forecast) -> ForecastSummary:
    history = inputs.histories[name]
    row = forecast.backtest.row(forecast.method) or next(iter(forecast.backtest.rows), None)
    return ForecastSummary(
        trace=name,
        method=forecast.method,
        history_start=history.start.isoformat(),
        history_end=history.end.isoformat(),
        dispersion_index=forecast.dispersion_index,
        uncovered_share=1 - scenario.forecast.levels[-1],
        raw_wape=None if row is None else row.wape_percent / 100,
        scale=scenario.workload.scale_of(name),
        warnings=forecast.warnings,
    )
