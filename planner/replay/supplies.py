"""What a replay may use of a plan, told by the plan alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from planner.queueing import PoolService, capacity_rps, implied_service_s
from planner.replay.functions import functions_of_plan
from planner.replay.laws import law_of
from planner.replay.losses import pools_of_plan
from planner.replay.supply import Pool, Rental, ServedClass, Supply

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from planner.plan import Group, MachineOption, PlannedClass, ProvisioningPlan
    from planner.replay.laws import ServiceLaw

KEEP_ALIVE_S = (
    600.0  # ours: the shortest of the times that sources tell (10 to 60 min); providers tell nothing
)
LEAST_BILLED_S = 60.0  # EC2 Linux is billed per second, 60 s at least (EC2 on-demand pricing page, 2026)


def supply_of_plan(plan: ProvisioningPlan, keep_alive_s: float = KEEP_ALIVE_S) -> Supply:
    """Pools, machines and functions of a plan, as its windows and options state them.

    Times of calls follow the measured quantiles, or the one quantile that the plan states; a published capacity is turned into
    the service time that it implies (`implied_service_s`).

    Parameters
    ----------
    keep_alive_s
        How long an idle function stays warm; a plan states only what followed from it.
    """
    groups = {one.id: one for window in plan.windows for one in window.groups}
    machines = [one for one in plan.options if one.kind == "machine"]
    called = [one for one in plan.options if one.kind == "function"]
    serves = _classes_of(plan, groups)
    loads_s = {one.group: one.load_s for one in machines}
    accuracies = {one.group: one.accuracy for one in machines}
    return Supply(
        classes=tuple(
            ServedClass(
                name=one.name,
                deadline_s=math.inf if one.deadline_ms is None else one.deadline_ms / 1000,
                percentile=one.percentile or 0.0,
                trace=one.trace,
                share=one.share,
            )
            for one in plan.problem.classes
        ),
        pools=tuple(
            Pool(
                name=name,
                model=group.model,
                instance_type=group.instance_type,
                laws=_laws_of(group, sorted(serves[name])),
                batch=group.batch_size
                if group.published is None
                else 1,  # its rate is taken for single requests
                batch_timeout_s=group.batch_timeout_ms / 1000,
                replicas=group.replicas,
                load_s=loads_s.get(name, 0.0),
                accuracy=accuracies.get(name),
                rated_rps=_rated_rps(group),
            )
            for name, group in sorted(groups.items())
        ),
        rentals=tuple({one.machine: _rental_of(one, plan.problem.boot_s) for one in machines}.values()),
        functions=functions_of_plan(called, plan.metadata.region),
        spot_pools=pools_of_plan(plan, machines),
        concurrency_limit=plan.problem.function_concurrency_limit,
        keep_alive_s=keep_alive_s,
    )


def _classes_of(plan: ProvisioningPlan, groups: Mapping[str, Group]) -> dict[str, set[str]]:
    """Group -> classes that are sent there, and those that may be after a loss: of a model that serves them, in time."""
    serves: dict[str, set[str]] = {name: set() for name in groups}
    models: dict[str, set[str]] = {one.name: set() for one in plan.problem.classes}
    for window in plan.windows:
        for name, rows in window.served_rps.items():
            for host in rows:
                serves[host].add(name)
                models[name].add(groups[host].model)
    for host, group in groups.items():
        serves[host] |= {
            one.name
            for one in plan.problem.classes
            if group.model in models[one.name] and _in_time(group, one)
        }
    return serves


def _in_time(group: Group, one: PlannedClass) -> bool:
    """Whether a group is sized for the requests of a class and a tier no looser than its own."""
    if group.items_per_request != one.items_per_request or (
        group.class_rps is not None and one.name not in group.class_rps
    ):
        return False
    if one.deadline_ms is None:
        return True
    tier = group.tier
    return (
        tier is not None
        and tier.deadline_ms <= one.deadline_ms
        and tier.percentile >= (one.percentile or 0.0)
    )


def _laws_of(group: Group, classes: Iterable[str]) -> dict[str, ServiceLaw]:
    if group.service is not None:
        service = group.service
        known = {float(share): ms for share, ms in service.quantiles_ms.items()}
        if not known and not service.deterministic and group.tier is not None:
            known = {group.tier.percentile: service.quantile_ms}
        law = law_of(
            service.mean_ms / 1000,
            [(share, ms / 1000) for share, ms in sorted(known.items())],
            service.quantile_ms / 1000,
        )
        return dict.fromkeys(classes, law)
    tier_s = math.inf if group.tier is None else group.tier.deadline_ms / 1000
    percentile = 0.0 if group.tier is None else group.tier.percentile
    if group.published is not None:
        rates = dict.fromkeys(classes, group.published.capacity_rps)
    else:
        rates = {name: rate for name, rate in (group.class_rps or {}).items() if name in set(classes)}
        tier_s = math.inf  # a rate per class is a throughput: machines are busy all the time at it
    return published_laws(rates, tier_s, percentile)


def published_laws(
    rates_rps: Mapping[str, float], deadline_s: float, percentile: float
) -> dict[str, ServiceLaw]:
    """Class -> law of machines of which only a capacity is published."""
    services = {rate: implied_service_s(rate, deadline_s, percentile) for rate in set(rates_rps.values())}
    return {name: law_of(services[rate], (), services[rate]) for name, rate in rates_rps.items()}


def _rated_rps(group: Group) -> float:
    if group.published is not None:
        return group.published.capacity_rps
    service = planned_service(group)
    if service is None or group.tier is None:
        return min((group.class_rps or {"": 0.0}).values())
    return float(capacity_rps(service, [1], group.tier.deadline_ms / 1000, group.tier.percentile)[0])


def planned_service(group: Group) -> PoolService | None:
    """Service of a group as its capacity was found; None where its capacity was published."""
    if group.service is None:
        return None
    return PoolService(
        group.service.mean_ms / 1000,
        group.service.quantile_ms / 1000,
        group.batch_size,
        group.replicas,
        group.dispersion_index,
        group.service.variation,
    )


def _rental_of(option: MachineOption, boot_s: float) -> Rental:
    running = option.running_usd_per_h
    return Rental(
        id=option.machine,
        instance_type=option.instance_type,
        market=option.market,
        price_usd_per_h=option.price_usd_per_h,
        running_usd_per_h=option.price_usd_per_h if running is None else running,
        boot_s=boot_s,
        least_billed_s=LEAST_BILLED_S,
        spot_pool=option.pool,
    )
