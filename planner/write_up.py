"""Write a solution up as the plan document: certificate, problem, options used, limits that bind, windows."""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Literal

import numpy as np

from planner.machines import price_usd_per_h
from planner.plan import (
    SCHEMA_VERSION,
    AccuracyFloor,
    Amount,
    BaselineResult,
    BoundTried,
    Certificate,
    CurrentMachines,
    ForecastSummary,
    FunctionOption,
    MachineOption,
    Metadata,
    PlannedClass,
    PlanOption,
    Problem,
    ProvisioningPlan,
    QuotaLimit,
    RejectedOption,
    SpotPolicy,
    Validity,
)
from planner.write_up_limits import binding_limits
from planner.write_up_windows import PROVIDER, Planned, windows_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from planner.assembly import Assembly
    from planner.inputs import Inputs
    from planner.options import ServerlessFunction, ServingOption
    from planner.scenario import Scenario
    from solvers.solution import ProvisioningSolution
    from workloads.forecast import Forecast

UNIT = "USD per horizon"
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
) -> ProvisioningPlan:
    """Turn a feasible solution into the plan document.

    Parameters
    ----------
    solution, assembly
        The solution of the assembly's program.
    forecasts
        By trace, as the demand was made from.
    created_at
        Clock time to write into the plan; None for none.
    """
    planned = Planned(
        scenario, assembly.options, assembly.problem, solution, np.array(scenario.forecast.levels)
    )
    return ProvisioningPlan(
        schema_version=SCHEMA_VERSION,
        kind="ProvisioningPlan",
        metadata=_metadata(planned, inputs, forecasts, greedy=greedy, created_at=created_at),
        certificate=_certificate(planned, greedy=greedy),
        validity=_validity(scenario),
        problem=_problem(scenario, inputs),
        forecasts=tuple(_forecast(scenario, name, inputs, forecast) for name, forecast in forecasts.items()),
        windows=windows_of(planned),
        options=tuple(_options_used(planned)),
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
                objective=None if one.objective_usd is None else Amount(value=one.objective_usd, unit=UNIT),
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


def cold_start_warnings(planned: Planned) -> Iterator[str]:
    """Name the functions that are planned at lower rates than their cold starts were counted at."""
    least = planned.scenario.resources.functions.least_rate_rps
    rates = planned.overflow_rps.sum(axis=0)  # [f, t, q]
    for function, planned_rps in zip(planned.options.functions, rates, strict=True):
        low = planned_rps[(planned_rps > 0) & (planned_rps < least)]
        needs_warmth = any(
            function.meet_rate(one.deadline_ms, 1.0) < one.percentile
            for one in planned.options.classes
            if one.name in function.classes
        )
        if len(low) and needs_warmth:
            yield (
                f"{function.id} is called at {low.min():.3g} calls/s at the least; cold starts are counted "
                f"at {least:g}, so more of these calls may be late (resources.functions.least_rate_rps)"
            )


def _certificate(planned: Planned, *, greedy: bool) -> Certificate:
    solution, asked = planned.solution, planned.scenario.solver.gap
    objective, bound = solution.objective_usd, solution.bound_usd
    return Certificate(
        sense="minimise",
        objective=Amount(value=objective, unit=UNIT),
        bound=Amount(value=bound, unit=UNIT),
        gap=solution.gap,
        gap_asked=asked,
        status="heuristic" if greedy else _status(solution.status),
        bound_name=solution.bound_name,
        reproducible=solution.reproducible,
        objective_usd=objective,
        bound_usd=bound,
        fixed_capacity_gap=solution.fixed_capacity_gap,
        fixed_capacity_bound_usd=solution.fixed_capacity_bound_usd,
        fixed_capacity_objective_usd=solution.fixed_capacity_objective_usd,
        fixed_capacity_program_gap=solution.fixed_capacity_program_gap,
        bounds=tuple(
            BoundTried(name=one.name, problem=one.problem, bound_usd=one.bound_usd, runtime_s=one.runtime_s)
            for one in solution.bounds
        ),
        runtime_s=solution.runtime_s,
        phases_s=solution.phases_s,
    )


def _status(status: str) -> Literal["optimal", "gap_missed", "limit"]:
    match status:
        case "optimal" | "gap_missed" | "limit":
            return status
    raise ValueError(f"status is {status!r}; only a solution with a plan is written up")


def _validity(scenario: Scenario) -> Validity:
    """Launches begin at the horizon's start where a current fleet is given, else a boot time before it."""
    start, duration_s = scenario.horizon.start, scenario.horizon.duration_s
    ahead_s = 0.0 if scenario.resources.current_fleet is not None else scenario.resources.boot_s
    return Validity(
        not_before=start - timedelta(seconds=ahead_s),
        replan_after=start + timedelta(seconds=min(REPLAN_S, duration_s)),
        not_after=start + timedelta(seconds=duration_s),
    )


def _problem(scenario: Scenario, inputs: Inputs) -> Problem:
    resources = scenario.resources
    fleet = resources.current_fleet
    return Problem(
        classes=tuple(
            PlannedClass(
                name=one.name,
                trace=one.trace,
                share=one.share,
                task=one.task,
                items_per_request=one.items_per_request,
                deadline_ms=one.deadline_ms,
                percentile=one.percentile,
                min_accuracy=None
                if one.min_accuracy is None
                else AccuracyFloor(
                    value=one.min_accuracy.value, kind=one.min_accuracy.kind, metric=one.min_accuracy.metric
                ),
            )
            for one in scenario.workload.classes
        ),
        current_fleet=None
        if fleet is None
        else tuple(
            CurrentMachines(
                provider=PROVIDER,
                instance_type=entry.instance_type,
                market=entry.market,
                count=entry.count,
                price_usd_per_h=price_usd_per_h(
                    scenario, inputs.prices.machine(entry.instance_type), entry.market
                ),
                source=inputs.prices.machine(entry.instance_type).price.source,
            )
            for entry in fleet
        ),
        commitments=(),
        quotas=tuple(
            QuotaLimit(family=one.family, market=one.market, vcpu=one.vcpu) for one in resources.quotas
        ),
        function_concurrency_limit=resources.functions.concurrency_limit
        if resources.functions.enabled
        else 0,
        on_demand_floor_share=resources.on_demand_floor_share,
        spot=SpotPolicy(policy=scenario.spot.policy, max_share=scenario.spot.max_share),
        target_utilisation=resources.target_utilisation,
        boot_s=resources.boot_s,
        joint_demand="comonotone",
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
        warnings=forecast.warnings,
    )


def _options_used(planned: Planned) -> Iterator[PlanOption]:
    for g, option in enumerate(planned.serving):
        if planned.solution.instances[g].any():
            start_usd = float(planned.problem.start_usd[planned.problem.option_machine[g]])
            yield _machine_option(planned, option, start_usd)
    for f, function in enumerate(planned.options.functions):
        if planned.overflow_rps[:, f].any():
            yield _function_option(planned, function)


def _machine_option(planned: Planned, option: ServingOption, start_usd: float) -> MachineOption:
    group, machine = option.group, option.machine
    offer, variant = machine.offer, group.variant
    sources = {
        "price": offer.price.source,
        "shape": offer.shape.source,
        "profile": f"{group.source} ({group.obtained})",
        "accuracy": variant.source,
    }
    if machine.is_spot and offer.spot is not None:
        sources["spot"] = offer.spot.source
    return MachineOption(
        id=option.id,
        group=group.id,
        machine=machine.id,
        provider=PROVIDER,
        region=planned.scenario.region,
        zone=None,
        instance_type=machine.instance_type,
        market=machine.market,
        price_usd_per_h=machine.price_usd_per_h,
        start_usd=start_usd,
        vcpu=machine.vcpu,
        memory_mib=offer.shape.memory_mib,
        quota_family=machine.quota_family,
        interruption_share=offer.spot.interruption_high_share if machine.is_spot and offer.spot else None,
        model=variant.name,
        task=variant.task,
        accuracy=variant.accuracy_share,
        accuracy_metric=variant.accuracy_metric,
        capacity_mode=group.mode,
        sources=sources,
    )


def _function_option(planned: Planned, function: ServerlessFunction) -> FunctionOption:
    variant = function.variant
    return FunctionOption(
        id=function.id,
        provider=function.provider,
        region=planned.scenario.region,
        model=variant.name,
        task=variant.task,
        accuracy=variant.accuracy_share,
        accuracy_metric=variant.accuracy_metric,
        architecture=function.arch,
        memory_mb=function.memory_mb,
        batch_size=1,
        items_per_request=function.batch * function.items_per_request,
        mean_ms=function.mean_ms,
        quantile_ms=function.quantile_ms,
        quantiles_ms={f"{share:g}": ms for share, ms in function.quantiles},
        billed_ms=function.billed_ms,
        cold_start_ms=function.load_ms,
        cold_start_share=function.cold_start_share,
        deadline_meet_rate=function.deadline_meet_rate,
        usd_per_request=function.usd_per_request,
        concurrency_s=function.concurrency_s,
        sources={
            "tariff": function.tariff_source,
            "profile": f"{function.source} ({function.obtained})",
            "accuracy": variant.source,
        },
    )
