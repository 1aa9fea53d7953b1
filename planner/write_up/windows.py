"""The windows of the plan document, from the solution's arrays: demand, groups, fleet, routing, cost."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from planner.plan import (
    FleetLine,
    Group,
    Level,
    PublishedFigure,
    Route,
    Service,
    Tier,
    Window,
    WindowCost,
)
from planner.queueing import DISPATCH_POLICY
from planner.write_up.expected import Expectations
from planner.write_up.functions import function_lines
from planner.write_up.options import late_functions
from planner.write_up.planned import PROVIDER, window_id
from planner.write_up.spot import SpotLosses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.options import ServingGroup
    from planner.write_up.planned import Array, Planned


def windows_of(planned: Planned) -> tuple[Window, ...]:
    """Write every window of the plan."""
    risk = planned.problem.spot_risk
    losses = None if risk is None else SpotLosses(planned, risk)
    expectations = Expectations(planned, losses)
    late_to = {
        name: planned.options.functions[f].id
        for name, f in zip(planned.problem.classes, late_functions(planned), strict=True)
        if f is not None
    }
    return tuple(window_of(planned, expectations, late_to, t) for t in range(len(planned.problem.window_h)))


def window_of(planned: Planned, expectations: Expectations, late_to: dict[str, str], t: int) -> Window:
    """Write one window."""
    start, p = planned.start_of(t), planned.problem
    return Window(
        id=window_id(start),
        start=start,
        end=planned.start_of(t + 1),
        levels=tuple(
            Level(
                probability=float(planned.levels[q]),
                weight_share=float(p.level_share[q]),
                demand_rps={name: float(p.demand_rps[k, t, q]) for k, name in enumerate(p.classes)},
            )
            for q in range(len(p.level_share))
        ),
        served_rps=_rates(p.classes, p.groups, planned.carried_rps[:, :, t]),
        overflow_rps=_rates(p.classes, p.functions, planned.overflow_rps[:, :, t]),
        unserved_rps={
            name: tuple(float(rate) for rate in planned.unserved_rps[k, t])
            for k, name in enumerate(p.classes)
        },
        dispatch=DISPATCH_POLICY,
        groups=tuple(
            _group(group, planned, j, t)
            for j, group in enumerate(planned.options.groups)
            if planned.sizes[j, t] > 0 or planned.standby[j, t] > 0
        ),
        fleet=fleet_of(planned, t),
        functions=function_lines(planned, late_to, t),
        routing={
            name: tuple(_route(planned, k, t, q) for q in range(len(p.level_share)))
            for k, name in enumerate(p.classes)
        },
        late_to={
            name: late_to[name] for name in late_to if planned.carried_rps[p.classes.index(name), :, t].any()
        },
        cost=_cost(planned, t),
        expected=expectations.of(t),
        spot_risk=None if expectations.losses is None else expectations.losses.of(t),
    )


def _rates(
    classes: Sequence[str], servers: Sequence[str], rates: Array
) -> dict[str, dict[str, tuple[float, ...]]]:
    """``[k, server, q]`` as class -> server -> rate at each level, without servers a class does not use."""
    return {
        name: {
            server: tuple(float(rate) for rate in rates[k, j])
            for j, server in enumerate(servers)
            if rates[k, j].any()
        }
        for k, name in enumerate(classes)
    }


def _group(group: ServingGroup, planned: Planned, j: int, t: int) -> Group:
    service = group.service
    return Group(
        id=group.id,
        model=group.model,
        instance_type=group.instance_type,
        tier=None
        if math.isinf(group.tier.deadline_ms)
        else Tier(deadline_ms=group.tier.deadline_ms, percentile=group.tier.percentile),
        capacity_mode=group.mode,
        service=None
        if service is None
        else Service(
            mean_ms=service.mean_s * 1000,
            quantile_ms=service.quantile_s * 1000,
            deterministic=service.deterministic,
            variation=service.variation,
            quantiles_ms={f"{share:g}": ms for share, ms in group.quantiles_ms},
        ),
        published=None
        if group.published_rps is None
        else PublishedFigure(
            capacity_rps=group.published_rps,
            deadline_ms=group.tier.deadline_ms,
            percentile=group.tier.percentile,
        ),
        class_rps=_class_rps(planned, j),
        target_utilisation=planned.scenario.resources.target_utilisation,
        batch_size=group.batch,
        batch_timeout_ms=group.batch_timeout_s * 1000,
        items_per_request=group.items_per_request,
        replicas=group.replicas,
        threads=group.threads,
        dispersion_index=group.dispersion_index,
        standby=group.standby,
        count=int(planned.sizes[j, t]),
        capacity_rps=float(planned.capacity_rps[j, t]),
    )


def _class_rps(planned: Planned, j: int) -> dict[str, float] | None:
    """Published rates of a linear group by class: those of the program without headroom and target utilisation."""
    p = planned.problem
    if p.linear_rps is None or not p.is_linear[j] or planned.options.groups[j].published_rps is not None:
        return None
    taken_off = planned.used_share * planned.scenario.resources.target_utilisation
    return {
        name: float(p.linear_rps[k, j]) / taken_off
        for k, name in enumerate(p.classes)
        if p.linear_rps[k, j] > 0
    }


def fleet_of(planned: Planned, t: int) -> tuple[FleetLine, ...]:
    """Machines of each option in a window; those the window before lacks are launched so early that they have booted and loaded.

    Standby machines stand stopped: they are started after a loss, and nothing is launched for them ahead of time.
    """
    instances, p = planned.solution.instances, planned.problem
    boot = timedelta(seconds=planned.scenario.resources.boot_s)
    lines = []
    for g, option in enumerate(planned.serving):
        count = int(instances[g, t])
        if count == 0:
            continue
        before = int(instances[g, t - 1]) if t else 0
        launched = planned.starts[p.option_machine[g], t] > 0 and count > before
        load_s = 0.0 if p.loads is None else option.group.load_s or 0.0
        lines.append(
            FleetLine(
                option=option.id,
                group=option.group.id,
                provider=PROVIDER,
                region=planned.scenario.region,
                zone=option.machine.zone,
                instance_type=option.machine.instance_type,
                market=option.machine.market,
                count=count,
                model=option.group.model,
                batch_size=option.group.batch,
                batch_timeout_ms=option.group.batch_timeout_s * 1000,
                replicas=option.group.replicas,
                threads=option.group.threads,
                launch_at=planned.start_of(t) - boot - timedelta(seconds=load_s) if launched else None,
            )
        )
    return tuple(lines)


def _route(planned: Planned, k: int, t: int, q: int) -> Route:
    p = planned.problem
    carried, overflow = planned.carried_rps[k, :, t, q], planned.overflow_rps[k, :, t, q]
    total = carried.sum() + overflow.sum()
    return Route(
        groups={p.groups[j]: float(carried[j] / total) for j in np.flatnonzero(carried)},
        functions={p.functions[f]: float(overflow[f] / total) for f in np.flatnonzero(overflow)},
    )


def _cost(planned: Planned, t: int) -> WindowCost:
    usd = {part: float(amounts[t]) for part, amounts in planned.cost_usd.items()}
    return WindowCost(
        machines_usd=usd["machines"],
        starts_usd=usd["starts"],
        loads_usd=usd["loads"],
        functions_usd=usd["functions"],
        total_usd=sum(usd.values()),
    )
