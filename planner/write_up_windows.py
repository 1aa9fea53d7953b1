"""The windows of the plan document, from the solution's arrays: fleet, routing, cost, and what to expect."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.plan import (
    Expected,
    FleetLine,
    FunctionLine,
    Group,
    Level,
    PublishedFigure,
    Route,
    Service,
    Tier,
    Window,
    WindowCost,
)
from planner.queueing import DISPATCH_POLICY, cold_start_share, deadline_meet_rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planner.options import OptionTable, ServerlessFunction, ServingGroup, ServingOption
    from planner.scenario import Scenario
    from solvers.problem import ProvisioningProblem
    from solvers.solution import ProvisioningSolution

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

PROVIDER = "aws"  # the only machines the catalogs offer
NOISE_SHARE = 1e-9  # of a class's demand: rates below it are what solvers leave of 0
MONTH_H = 730  # hours of a month, as the interruption bands count it
OPEN_BAND_SHARE = 0.25  # the top band, "over 20 %" a month, has no upper end: 5 points, as wide as the others
SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, eq=False)
class Planned:
    """A solution beside the question it answers; array orders as in `solvers.problem`."""

    scenario: Scenario
    options: OptionTable
    problem: ProvisioningProblem
    solution: ProvisioningSolution
    levels: Array

    @cached_property
    def serving(self) -> tuple[ServingOption, ...]:
        """``[g]`` options in the program's order."""
        return self.options.options

    @cached_property
    def sizes(self) -> IntArray:
        """``[j, t]`` machines of each group."""
        sizes = np.zeros((len(self.problem.groups), len(self.problem.window_h)), dtype=int)
        np.add.at(sizes, self.problem.option_group, self.solution.instances.astype(int))
        return sizes

    @cached_property
    def capacity_rps(self) -> Array:
        """``[j, t]`` requests/s of each group at its size."""
        counted = np.minimum(self.sizes, self.problem.count_max[:, None])
        return np.take_along_axis(self.problem.capacity_rps, counted, axis=1)

    @cached_property
    def carried_rps(self) -> Array:
        """``[k, j, t, q]`` requests/s of groups, solver noise removed."""
        return self._clean(self.solution.carried_rps)

    @cached_property
    def overflow_rps(self) -> Array:
        """``[k, f, t, q]`` requests/s of functions, solver noise removed."""
        return self._clean(self.solution.overflow_rps)

    def _clean(self, rates: Array) -> Array:
        noise = NOISE_SHARE * np.maximum(self.problem.demand_rps, 1.0)[:, None]
        return np.where(rates > noise, rates, 0.0)

    @cached_property
    def starts(self) -> IntArray:
        """``[i, t]`` machines launched."""
        return np.rint(self.solution.starts).astype(int)

    def start_of(self, t: int) -> datetime:
        """First instant of window t."""
        return self.scenario.horizon.start + timedelta(seconds=t * self.scenario.window_s)

    @cached_property
    def cost_usd(self) -> dict[str, Array]:
        """``[t]`` expected USD of each window by part: machines, starts, functions."""
        p = self.problem
        machines = p.price_usd_per_h[p.option_machine] * self.solution.instances * p.window_h
        calls = np.einsum("kftq,q,f->t", self.overflow_rps, p.level_share, p.usd_per_request)
        return {
            "machines": machines.sum(axis=0),
            "starts": p.start_usd @ self.starts,
            "functions": SECONDS_PER_HOUR * p.window_h * calls,
        }

    @cached_property
    def group_meet_rate(self) -> Array:
        """``[k, j, t]`` share of class k's requests in group j in time at the top level; NaN where unused."""
        met = np.full(self.carried_rps.shape[:3], np.nan)
        top = self.carried_rps[..., -1]
        for j, group in enumerate(self.options.groups):
            for k, one in enumerate(self.options.classes):
                used = np.flatnonzero(top[k, j] > 0)
                if not len(used):
                    continue
                if group.service is None:
                    met[k, j, used] = (
                        group.tier.percentile
                    )  # linear mode promises at least its source's share
                    continue
                load = top[:, j, used].sum(axis=0)
                met[k, j, used] = deadline_meet_rate(
                    group.service, self.sizes[j, used], load, one.deadline_ms / 1000
                )
        return met

    @cached_property
    def function_cold_share(self) -> Array:
        """``[f, t]`` share of calls that start cold at the top level's rate; 1 where nothing is called."""
        settings = self.scenario.resources.functions
        rate = self.overflow_rps[..., -1].sum(axis=0)
        held_s = np.array([function.mean_ms / 1000 for function in self.options.functions])
        return np.asarray(cold_start_share(rate, held_s[:, None], settings.keep_alive_s, overflow=True))


def window_id(start: datetime) -> str:
    """Name a window by its first instant in UTC, ``20261123T001500Z``."""
    return start.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def windows_of(planned: Planned) -> tuple[Window, ...]:
    """Write every window of the plan."""
    return tuple(window_of(planned, t) for t in range(len(planned.problem.window_h)))


def window_of(planned: Planned, t: int) -> Window:
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
        unserved_rps={name: (0.0,) * len(p.level_share) for name in p.classes},
        dispatch=DISPATCH_POLICY,
        groups=tuple(
            _group(group, planned, j, t)
            for j, group in enumerate(planned.options.groups)
            if planned.sizes[j, t] > 0
        ),
        fleet=fleet_of(planned, t),
        functions=tuple(
            _function_line(function, planned, f, t)
            for f, function in enumerate(planned.options.functions)
            if planned.overflow_rps[:, f, t].any()
        ),
        routing={
            name: tuple(_route(planned, k, t, q) for q in range(len(p.level_share)))
            for k, name in enumerate(p.classes)
        },
        cost=_cost(planned, t),
        expected=expected_of(planned, t),
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
        tier=Tier(deadline_ms=group.tier.deadline_ms, percentile=group.tier.percentile),
        capacity_mode=group.mode,
        service=None
        if service is None
        else Service(
            mean_ms=service.mean_s * 1000,
            quantile_ms=service.quantile_s * 1000,
            deterministic=service.deterministic,
        ),
        published=None
        if group.published_rps is None
        else PublishedFigure(
            capacity_rps=group.published_rps,
            deadline_ms=group.tier.deadline_ms,
            percentile=group.tier.percentile,
        ),
        target_utilisation=planned.scenario.resources.target_utilisation,
        batch_size=group.batch,
        batch_timeout_ms=group.batch_timeout_s * 1000,
        items_per_request=group.items_per_request,
        replicas=group.replicas,
        threads=group.threads,
        dispersion_index=group.dispersion_index,
        count=int(planned.sizes[j, t]),
        capacity_rps=float(planned.capacity_rps[j, t]),
    )


def fleet_of(planned: Planned, t: int) -> tuple[FleetLine, ...]:
    """Machines of each option in a window; those the window before lacks are launched a boot time ahead."""
    instances, p = planned.solution.instances, planned.problem
    boot = timedelta(seconds=planned.scenario.resources.boot_s)
    lines = []
    for g, option in enumerate(planned.serving):
        count = int(instances[g, t])
        if count == 0:
            continue
        before = int(instances[g, t - 1]) if t else 0
        launched = planned.starts[p.option_machine[g], t] > 0 and count > before
        lines.append(
            FleetLine(
                option=option.id,
                group=option.group.id,
                provider=PROVIDER,
                region=planned.scenario.region,
                zone=None,
                instance_type=option.machine.instance_type,
                market=option.machine.market,
                count=count,
                model=option.group.model,
                batch_size=option.group.batch,
                batch_timeout_ms=option.group.batch_timeout_s * 1000,
                replicas=option.group.replicas,
                threads=option.group.threads,
                launch_at=planned.start_of(t) - boot if launched else None,
            )
        )
    return tuple(lines)


def _function_line(function: ServerlessFunction, planned: Planned, f: int, t: int) -> FunctionLine:
    running = planned.overflow_rps[:, f, t].sum(axis=0).max() * function.concurrency_s
    return FunctionLine(
        option=function.id,
        provider=function.provider,
        region=planned.scenario.region,
        model=function.model,
        memory_mb=function.memory_mb,
        batch_size=1,  # overflow goes one request a call
        batch_timeout_ms=0.0,
        provisioned_concurrency=0,
        reserved_concurrency=math.ceil(running),
    )


def _route(planned: Planned, k: int, t: int, q: int) -> Route:
    p = planned.problem
    carried, overflow = planned.carried_rps[k, :, t, q], planned.overflow_rps[k, :, t, q]
    total = carried.sum() + overflow.sum()
    return Route(
        groups={p.groups[j]: float(carried[j] / total) for j in np.flatnonzero(carried)},
        functions={p.functions[f]: float(overflow[f] / total) for f in np.flatnonzero(overflow)},
    )


def _cost(planned: Planned, t: int) -> WindowCost:
    machines, starts, functions = (
        float(planned.cost_usd[part][t]) for part in ("machines", "starts", "functions")
    )
    return WindowCost(
        machines_usd=machines,
        starts_usd=starts,
        loads_usd=0.0,
        functions_usd=functions,
        total_usd=machines + starts + functions,
    )


def expected_of(planned: Planned, t: int) -> Expected:
    """Say what a window should look like; shares are weighted by requests."""
    weights = planned.problem.level_share
    carried, overflow = planned.carried_rps[:, :, t], planned.overflow_rps[:, :, t]
    demand = float(np.einsum("kq,q->", planned.problem.demand_rps[:, t], weights))
    over = float(np.einsum("kfq,q->", overflow, weights))
    capacity = float(planned.capacity_rps[:, t].sum())
    used = float(np.einsum("kjq,q->", carried, weights))
    meets, accuracy = _meet_rate(planned, t), _accuracy(planned, t)
    return Expected(
        capacity_rps=capacity,
        deadline_meet_rate=meets,
        accuracy=accuracy,
        effective_accuracy=None if meets is None or accuracy is None else meets * accuracy,
        utilisation=used / capacity if capacity else 0.0,
        overflow_share=min(over / demand, 1.0) if demand else 0.0,
        spot_survival=_spot_survival(planned, t),
    )


def _meet_rate(planned: Planned, t: int) -> float | None:
    """Share of requests in time at the top level, functions with the cold starts of their planned rate."""
    carried, overflow = planned.carried_rps[:, :, t, -1], planned.overflow_rps[:, :, t, -1]
    total = carried.sum() + overflow.sum()
    if not total:
        return None
    met = float(np.nansum(carried * planned.group_meet_rate[:, :, t]))
    for k, f in zip(*np.nonzero(overflow), strict=True):
        function, one = planned.options.functions[f], planned.options.classes[k]
        cold = float(planned.function_cold_share[f, t])
        met += float(overflow[k, f]) * function.meet_rate(one.deadline_ms, cold)
    return min(met / float(total), 1.0)


def _accuracy(planned: Planned, t: int) -> float | None:
    """Mean accuracy over requests and levels; None where a model in use states none, or metrics differ."""
    weights = planned.problem.level_share
    rates = [*np.einsum("kjq,q->j", planned.carried_rps[:, :, t], weights)]
    rates += [*np.einsum("kfq,q->f", planned.overflow_rps[:, :, t], weights)]
    variants = [one.variant for one in planned.options.groups]
    variants += [one.variant for one in planned.options.functions]
    used = [(float(rate), one) for rate, one in zip(rates, variants, strict=True) if rate > 0]
    if not used or len({one.accuracy_metric for _, one in used}) > 1:
        return None
    if any(one.accuracy_share is None for _, one in used):
        return None
    return sum(rate * (one.accuracy_share or 0.0) for rate, one in used) / sum(rate for rate, _ in used)


def _spot_survival(planned: Planned, t: int) -> float:
    """Probability that no spot machine is lost in a window: each on its own, at the upper end of its band."""
    hours, survival = float(planned.problem.window_h[t]), 1.0
    for g, option in enumerate(planned.serving):
        spot = option.machine.offer.spot
        if option.machine.is_spot and spot is not None:
            band = spot.interruption_high_share
            monthly = band if band < 1 else OPEN_BAND_SHARE
            survival *= (1 - monthly) ** (hours / MONTH_H * int(planned.solution.instances[g, t]))
    return float(survival)
