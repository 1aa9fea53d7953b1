"""MArk in its paper's form (Zhang, Yu, Wang and Yan, MArk, USENIX ATC 2019, section 4).

Every minute the greedy of section 4 looks an hour ahead in steps of a minute: machines that idle in the next five minutes go,
and while the load of those minutes is not carried, the machine with the least cost per request over the hour, its launch
included, comes (`solvers.machine_greedy`: every machine carries what it carries alone). Requests that would be late in the
queue go to a function. Two policies: on-demand machines, and spot machines.

Not as in the paper:
- Its LSTM is trained beforehand, takes the change of the load over the last minute and gives one figure, the largest rate, for
  every minute ahead (as published, load_predictor.py). Here the forecasters of `workloads.forecast` take its place: they learn
  from the history alone, anew as it grows, and give quantiles with measured coverage; the scenario's top level stands for the
  largest rate.
- What is lost of spot machines is replaced in kind at the notice, and functions carry what is late until then; the paper starts
  burstable machines for those minutes.
- Its reaction to violations, more machines than the greedy asks, is not stated in numbers; it is left out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from planner.assembly import provisioning_problem
from planner.replay.decisions import Decision
from planner.replay.policies.expected import forecasts_of, stretch
from planner.replay.policies.offers import offers_for_all
from planner.replay.policies.routing import routes_of
from planner.scenario.objective import Objective
from planner.scenario.spot import Spot
from solvers.machine_greedy import MachineGreedy
from solvers.recourse import evaluate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planner.demand import Demand
    from planner.options import OptionTable
    from planner.replay.decisions import Array, Observation
    from planner.replay.policies.context import PolicyContext
    from planner.replay.policies.expected import Expected
    from planner.replay.supply import Supply
    from planner.scenario import Scenario
    from solvers.problem import ProvisioningProblem

STEP_S = 60.0  # MArk (design/EVIDENCE.md, section 5): a plan a minute, in steps of a minute
STEPS = 60  # the same: an hour ahead
HEAD_STEPS = 6  # MArk plans for five minutes ahead: the present minute and the next five (its published code: STEP_AHEAD)
LAUNCH_S = 180.0  # the same: a launch costs 180 s of the machine's price


class Mark:
    """The greedy of the paper, minute by minute."""

    def __init__(
        self,
        name: str,
        expected: Expected,
        scenario: Scenario,
        options: OptionTable,
        supply: Supply,
        late: Sequence[str | None],
        ready_s: float,
    ) -> None:
        """Choose among the machines of `options`.

        Parameters
        ----------
        expected
            Of windows of `STEP_S`.
        late
            ``[k]`` function that takes what would be late.
        ready_s
            How long before the start the first machines are launched.
        """
        self.name = name
        self.expected, self.scenario, self.supply = expected, scenario, supply
        self.options, self.late, self.ready_s = options, late, ready_s
        self._sizes = np.zeros(len(options.groups), dtype=int)
        self._steps: dict[bytes, NDArray[np.int64]] = {}

    def decision_times_s(self, duration_s: float) -> Array:
        """Every minute, and once before the start so that machines are ready then."""
        return np.concatenate([[-self.ready_s], np.arange(0.0, duration_s, STEP_S)])

    def decide(self, seen: Observation) -> Decision:
        """Drop what idles in the head of the hour, fill it with what costs least over the hour."""
        demand = self.expected.demand(seen, max(0.0, seen.now_s), STEPS)
        problem = hour_of(stretch(self.scenario, seen.now_s, 1), demand, self.options)
        greedy = MachineGreedy(problem, self._steps)
        self._sizes = greedy.fill_from(self._sizes, 0, len(problem.window_h))
        instances = greedy.split_markets(self._sizes[None], 0)[0]
        head = problem.taking(windows=np.array([0]))
        places = [(one.group.id, one.machine.id) for one in self.options.options]
        machines = {place: int(count) for place, count in zip(places, instances, strict=True) if count}
        at_work = np.minimum(instances, [seen.ready.get(place, 0) for place in places])
        flows, sizes = flows_over(head, at_work, instances)
        routes = routes_of(head, flows, sizes, self.late, self.supply, by_deadline=False)
        return Decision(machines, routes)


def flows_over(
    head: ProvisioningProblem, at_work: NDArray[np.int64], wanted: NDArray[np.int64]
) -> tuple[tuple[Array, Array], NDArray[np.int64]]:
    """Flows ``[k, j, q]`` and ``[k, f, q]`` over the machines at work, and the sizes ``[j]`` of their groups.

    What they cannot carry waits for them in the same shares. A class that none of them serves goes to the machines wanted, as all
    do before the first are there.
    """
    found, rest = evaluate(head, at_work[:, None]), evaluate(head, wanted[:, None])
    served_rps = found.carried_rps[:, :, 0].sum(axis=1) + found.overflow_rps[:, :, 0].sum(axis=1)  # [k, q]
    scale = np.divide(head.demand_rps[:, 0], served_rps, out=np.zeros_like(served_rps), where=served_rps > 0)
    idle = (found.carried_rps[:, :, 0].sum(axis=1) <= 0)[:, None]
    carried_rps, overflow_rps = (
        np.where(idle, later[:, :, 0], now[:, :, 0] * scale[:, None])
        for now, later in ((found.carried_rps, rest.carried_rps), (found.overflow_rps, rest.overflow_rps))
    )
    return (carried_rps, overflow_rps), np.where(idle.any(), rest.sizes[:, 0], found.sizes[:, 0])


def hour_of(scenario: Scenario, demand: Demand, options: OptionTable) -> ProvisioningProblem:
    """The program of the hour at its top level: its head is one window with the load of the largest of its minutes."""
    top = demand.top_rps
    rates = np.concatenate([top[:, :HEAD_STEPS].max(axis=1, keepdims=True), top[:, HEAD_STEPS:]], axis=1)
    window_h = np.append(HEAD_STEPS, np.ones(top.shape[1] - HEAD_STEPS)) * STEP_S / 3600
    hour = replace(
        demand,
        rate_rps=rates[:, :, None],
        mean_rps=rates,
        levels=demand.levels[-1:],
        level_share=np.ones(1),
        window_h=window_h,
    )
    problem = provisioning_problem(scenario, hour, options)
    return replace(problem, start_usd=problem.price_usd_per_h[:, 0] * LAUNCH_S / 3600)


def mark(context: PolicyContext, name: str = "mark", market: str = "on-demand") -> Mark:
    """The paper's scheme on machines of one market.

    Raises
    ------
    InputError, with every class that no machine of the market may serve.
    """
    offers_for_all(context.supply, market, name)
    asked = unlimited(context.scenario)
    called = {one.name for one in context.functions.values()}
    options = replace(
        context.options,
        groups=tuple(one for one in context.options.groups if not one.standby),
        machines=tuple(one for one in context.options.machines if one.market == market),
        functions=tuple(one for one in context.options.functions if one.id in called),
    )
    functions = [context.functions.get(one.name) for one in context.supply.classes]
    late = [None if one is None else one.name for one in functions]
    expected = forecasts_of(context, asked)
    return Mark(name, expected, asked, options, context.supply, late, context.lead_s)


def mark_spot(context: PolicyContext) -> Mark:
    """The paper's scheme on spot machines."""
    return mark(context, "mark-spot", "spot")


def unlimited(scenario: Scenario) -> Scenario:
    """The scenario in steps of a minute, without the limits and aims that the paper does not know; quotas stay."""
    resources = {
        "current_fleet": None,
        "on_demand_floor_share": 0.0,
        "min_instances": 0,
        "min_zones": 1,
        "headroom_share": 0.0,
        "scale_in_delay_s": 0.0,
        "max_groups": None,
        "max_churn": None,
        "budget_usd": None,
    }
    classes = tuple(one.model_copy(update={"min_instances": None}) for one in scenario.workload.classes)
    return scenario.model_copy(
        update={
            "window_s": STEP_S,
            "workload": scenario.workload.with_classes(classes),
            "forecast": scenario.forecast.model_copy(update={"hold_s": None}),
            "resources": scenario.resources.model_copy(update=resources),
            "spot": Spot(policy="share", max_share=1.0),
            "objective": Objective(),
        }
    )
