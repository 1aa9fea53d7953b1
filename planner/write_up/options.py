"""The options that a plan uses, with the numbers they were chosen by and the source of each number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from planner.machines import price_usd_per_h
from planner.plan import FunctionOption, MachineOption, PlanOption, RateRange
from planner.write_up.planned import PROVIDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.options import ServingOption
    from planner.serverless import ServerlessFunction
    from planner.write_up.planned import Planned


def options_used(planned: Planned) -> Iterator[PlanOption]:
    """Machine options with a machine in some window, then functions that are called, or would be by what is late or lost."""
    standing_by = burst_functions(planned) | {f for f in late_functions(planned) if f is not None}
    for g, option in enumerate(planned.serving):
        if planned.solution.instances[g].any():
            yield _machine_option(planned, option, int(planned.problem.option_machine[g]))
    for f, function in enumerate(planned.options.functions):
        if f in standing_by or planned.overflow_rps[:, f].any():
            yield written_function(function, planned.scenario.region)


def burst_functions(planned: Planned) -> set[int]:
    """The function that holds each class's requests for the shortest time: it takes most of what a spot loss leaves over."""
    p = planned.problem
    if p.spot_risk is None or not len(p.functions):
        return set()
    may_burst = p.function_serves & p.takes_any_rate
    held_s = np.where(may_burst, p.concurrency_s, np.inf)
    called = np.flatnonzero(may_burst.any(axis=1))
    return set(held_s[called].argmin(axis=1).tolist())


def late_functions(planned: Planned) -> list[int | None]:
    """By class: the function that takes most of all classes' late requests, and of these the cheapest.

    It takes calls at any rate, in time, as accurate as asked. Late requests are few and come in bursts: in one pool of instances
    fewer of their calls are cold, at the price of a more accurate model for those who would do with less.

    None: no function does, none is wanted, or groups serve nothing of the class.
    """
    p, functions = planned.problem, planned.options.functions
    if not planned.scenario.resources.late_go_to_functions:
        return [None] * len(p.classes)
    carried = [one for k, one in enumerate(planned.options.classes) if planned.carried_rps[k].any()]
    takes = [sum(function.takes_late(one) for one in carried) for function in functions]
    found: list[int | None] = []
    for one in planned.options.classes:
        fit = [f for f, function in enumerate(functions) if one in carried and function.takes_late(one)]
        found.append(min(fit, key=lambda f: (-takes[f], float(p.usd_per_request[f])), default=None))
    return found


def _machine_option(planned: Planned, option: ServingOption, i: int) -> MachineOption:
    group, machine, p = option.group, option.machine, planned.problem
    offer, variant = machine.offer, group.variant
    sources = {
        "price": offer.price.source,
        "shape": offer.shape.source,
        "profile": f"{group.source} ({group.obtained})",
        "accuracy": variant.source,
    }
    if machine.is_spot and offer.spot is not None:
        sources["spot"] = offer.spot.source
    load_s, load_usd = 0.0, 0.0
    if p.loads is not None and not machine.is_standby:
        alike = [
            one.group for one in planned.serving if one.machine == machine and one.group.model == variant.name
        ]
        load_s = max(one.load_s or 0.0 for one in alike)
        load_usd = float(p.loads.load_usd[i, p.loads.models.index(variant.name)])
    return MachineOption(
        id=option.id,
        group=group.id,
        machine=machine.id,
        provider=PROVIDER,
        region=planned.scenario.region,
        zone=machine.zone,
        instance_type=machine.instance_type,
        market=machine.market,
        price_usd_per_h=machine.price_usd_per_h,
        running_usd_per_h=price_usd_per_h(planned.scenario, offer, "on-demand")
        if machine.is_standby
        else None,
        start_usd=float(p.start_usd[i]),
        load_s=load_s,
        load_usd=load_usd,
        vcpu=machine.vcpu,
        memory_mib=offer.shape.memory_mib,
        quota_family=machine.quota_family,
        interruption_share=offer.spot.monthly_loss_share if machine.is_spot and offer.spot else None,
        pool=machine.pool if machine.is_spot else None,
        model=variant.name,
        task=variant.task,
        accuracy=variant.accuracy_share,
        accuracy_metric=variant.accuracy_metric,
        capacity_mode=group.mode,
        sources=sources,
    )


def written_function(function: ServerlessFunction, region: str) -> FunctionOption:
    """A function as plans state it, under the tariff of a region."""
    variant = function.variant
    return FunctionOption(
        id=function.id,
        provider=function.provider,
        region=region,
        model=variant.name,
        task=variant.task,
        accuracy=variant.accuracy_share,
        accuracy_metric=variant.accuracy_metric,
        architecture=function.arch,
        memory_mb=function.memory_mb,
        batch_size=function.batch,
        items_per_request=function.items_per_request,
        mean_ms=function.mean_ms,
        size_mean_ms=function.size_mean_ms,
        quantile_ms=function.quantile_ms,
        quantiles_ms={f"{share:g}": ms for share, ms in function.quantiles},
        billed_ms=function.billed_ms,
        cold_start_ms=function.load_ms,
        cold_start_share=function.cold_start_share,
        deadline_meet_rate=function.deadline_meet_rate,
        usd_per_request=function.usd_per_request,
        concurrency_s=function.concurrency_s,
        batch_timeout_ms=function.batch_timeout_ms,
        rate_rps=_rate_range(function),
        mean_batch=function.mean_batch,
        provisioned_concurrency=function.provisioned_concurrency,
        usd_per_h=function.usd_per_h,
        arrivals=function.arrivals,
        partition=function.partition,
        sources={
            "tariff": function.tariff_source,
            "profile": f"{function.source} ({function.obtained})",
            "accuracy": variant.source,
        },
    )


def _rate_range(function: ServerlessFunction) -> RateRange | None:
    if function.rate_rps is None:
        return None
    least, most = function.rate_rps
    return RateRange(least=least, most=None if math.isinf(most) else most)
