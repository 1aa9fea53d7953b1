"""A plan's pools by themselves, filled to the capacity that the plan states, and replayed until chance is out of the question."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from planner.replay.decisions import Routes
from planner.replay.engine import replay
from planner.replay.planned import Planned
from planner.replay.requests import Requests
from planner.replay.supply import ServedClass
from tests.benchmarks.judged import Judged, functions_for_late
from workloads.traces import Trace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from planner.plan import Group, ProvisioningPlan
    from planner.replay.decisions import Decision, Observation
    from planner.replay.results import Replayed
    from planner.replay.supply import Supply

    Array = NDArray[np.float64]

MOST_EXACT_REQUESTS = (
    4e6  # ours: some seconds; beyond it blocks of a tenth of the time hold a good part as many
)
MOST_REQUESTS = 2e7  # ours: 96 % busy exactly at its capacity, a pool takes 12 million to clear half a point
MOST_DRAWS = 100  # ours: pools of few requests have as many windows to tell chance by


def pools_alone(plan: ProvisioningPlan, supply: Supply) -> tuple[Supply, Requests]:
    """Each pool with a class of its own, sent in every window what the pool is said to carry inside its tier.

    A pool is sized for the bursts of all the requests it could get; of these it is sent a part, and of the index of dispersion the
    excess over 1 shrinks to the same part (`planner.demand`). Where it has no machine its requests keep the bursts of the others
    as they are, and `Filled` refuses them. Pools without a deadline, and those whose capacity depends on the mix
    of classes, promise nothing by themselves. Functions are there for pools that leave their bursts to them alone.
    """
    start = plan.windows[0].start
    (window_s,) = {(one.end - one.start).total_seconds() for one in plan.windows}
    classes, pools, traces = [], [], {}
    for pool in supply.pools:
        rows = [{one.id: one for one in window.groups}.get(pool.name) for window in plan.windows]
        group = next(one for one in rows if one is not None)
        laws = {}
        if group.tier is not None and group.class_rps is None:
            tier = group.tier
            laws = {pool.name: next(iter(pool.laws.values()))}
            classes.append(ServedClass(pool.name, tier.deadline_ms / 1000, tier.percentile, pool.name, 1.0))
            most_rps = max(one.capacity_rps for one in rows if one is not None)
            rates_rps = [most_rps if one is None or one.count == 0 else one.capacity_rps for one in rows]
            traces[pool.name] = Trace(
                name=pool.name,
                start=start,
                interval_s=window_s,
                counts=np.array(rates_rps) * window_s,
                dispersion_index=1 + _part(plan, rows) * max(group.dispersion_index - 1, 0.0),
            )
        pools.append(replace(pool, laws=laws))
    late_to = functions_for_late(plan)
    aided = {name: tuple(pool for pool, to in late_to.items() if to == name) for name in late_to.values()}
    functions = tuple(replace(one, classes=aided[one.name]) for one in supply.functions if one.name in aided)
    alone = replace(supply, classes=tuple(classes), pools=tuple(pools), functions=functions)
    return alone, Requests(traces, start, len(plan.windows) * window_s)


def _part(plan: ProvisioningPlan, rows: list[Group | None]) -> float:
    """Largest part, over the windows, that a group's capacity is of the demand at the top level; at most 1."""
    parts = [
        one.capacity_rps / sum(window.levels[-1].demand_rps.values())
        for one, window in zip(rows, plan.windows, strict=True)
        if one is not None and one.count > 0
    ]
    return min(max(parts, default=0.0), 1.0)


class Filled(Planned):
    """The machines of a plan, each pool for the class of its own that `pools_alone` gives it."""

    name = "filled"

    def __init__(self, plan: ProvisioningPlan, supply: Supply) -> None:
        super().__init__(plan, supply)
        self.late_to = functions_for_late(plan)

    def decide(self, seen: Observation) -> Decision:
        """As the plan, each pool at work with its own requests."""
        targets = self.supply.targets
        decision = super().decide(seen)
        at_work = {pool for (pool, _), count in decision.machines.items() if count > 0}
        routes = {
            one.name: Routes(
                np.array([np.inf]),
                np.eye(len(targets))[[targets.index(one.name)]],
                self.late_to.get(one.name),
            )
            for one in self.supply.classes
            if one.name in at_work
        }
        return replace(decision, routes=routes, provisioned={}, reserved={})


def each_alone(supply: Supply, requests: Requests) -> Iterator[tuple[Supply, Requests]]:
    """The supply and the requests of `pools_alone`, a pool at a time."""
    for one in supply.classes:
        functions = tuple(
            replace(function, classes=(one.name,))
            for function in supply.functions
            if one.name in function.classes
        )
        own = replace(requests, traces={one.trace: requests.traces[one.trace]})
        yield replace(supply, classes=(one,), functions=functions), own


def machines_of(plan: ProvisioningPlan, pool: str) -> NDArray[np.int64]:
    """``[t]`` machines of a pool in every window."""
    return np.array([sum(one.count for one in window.groups if one.id == pool) for window in plan.windows])


def fill(
    plan: ProvisioningPlan, supply: Supply, requests: Requests, edge_s: Array, draws: int = 1
) -> tuple[Judged, list[Replayed]]:
    """Replay one pool, draw after draw, until the verdict on it is no chance.

    A pool at the edge of its capacity is busy nearly all the time, and late requests come in long runs: whoever counts a million
    requests may have seen few runs. So every request is simulated where there are not too many of them, the windows themselves tell
    the error (`Judged.chance_share`), and more draws are made while it reaches from what was found to the bound of a defect.

    Parameters
    ----------
    plan
        Whose pool it is.
    supply, requests
        Of one pool (`each_alone`).
    edge_s
        ``[t + 1]`` edges of the plan's windows, seconds.
    draws
        The least number of draws.

    Returns
    -------
    judged, runs
        The windows in which the pool has machines, of all draws, and every replay. Not `Judged.is_sure` where after
        `MOST_REQUESTS` or `MOST_DRAWS` the verdict is still open.
    """
    (one,) = supply.classes
    own = machines_of(plan, one.name) > 0
    mode = "exact" if requests.traces[one.trace].counts.sum() <= MOST_EXACT_REQUESTS else "sampled"
    runs: list[Replayed] = []
    while True:
        policy = Filled(plan, supply)
        runs.append(replay(policy, supply, requests, seed=len(runs), window_edge_s=edge_s, mode=mode))
        arrived = np.concatenate([run.simulated_share * run.arrived[0, own] for run in runs])
        in_time = np.concatenate([run.simulated_share * run.in_time[0].sum(axis=0)[own] for run in runs])
        judged = Judged(one.percentile, arrived, in_time, np.full(arrived.size, one.percentile))
        enough = judged.is_sure or len(runs) >= MOST_DRAWS or arrived.sum() >= MOST_REQUESTS
        if enough and len(runs) >= draws:
            return judged, runs
