"""Plans made anew in the course of a replay: the planner's own program over a few windows ahead, from the fleet that runs.

What does not change from plan to plan is kept: options and their capacity tables are enumerated for more than the demand asks,
and the solver begins with the prices and answers of the plan before (`solvers.memory`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planner.assembly import assemble
from planner.directions import most_valuable
from planner.errors import InfeasiblePlanError, InputError
from planner.pipeline import options_from
from planner.replay.planned import reserved_of
from planner.replay.policies.expected import stretch
from planner.replay.policies.routing import routes_of
from planner.solver import Solver
from planner.write_up.functions import function_lines
from planner.write_up.options import late_functions
from planner.write_up.planned import Planned
from solvers.recourse import evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.assembly import Assembly
    from planner.demand import Demand
    from planner.inputs import Inputs
    from planner.options import OptionTable
    from planner.replay.decisions import Array, Place, Routes
    from planner.replay.supply import Supply
    from planner.scenario import Scenario
    from planner.serverless import ServerlessFunction
    from solvers.memory import Memory
    from solvers.problem import ProvisioningProblem
    from solvers.solution import ProvisioningSolution

RESERVE_FACTOR = 1.5  # ours: tables reach half as far again as the demand at hand; most days stay within that


@dataclass(frozen=True, eq=False)
class PlannedWindow:
    """One window as it was planned: machines by place, routes by class, functions kept ready and set aside."""

    machines: Mapping[Place, int]
    routes: Mapping[str, Routes]
    provisioned: Mapping[str, int]
    reserved: Mapping[str, int]


class Replanner:
    """Solves the scenario's program over windows ahead, again and again."""

    def __init__(
        self,
        scenario: Scenario,
        inputs: Inputs,
        supply: Supply,
        functions: tuple[ServerlessFunction, ...],
    ) -> None:
        """Plan with what `supply` has: groups and machines enumerated from `inputs`, and these functions.

        Raises
        ------
        InputError, where the objective is the least latency: its plans change the deadlines that a replay judges by.
        """
        if scenario.objective.direction == "latency":
            raise InputError(
                [
                    "objective.minimise is latency, which scales the deadlines of each plan; a replay judges by one. "
                    "Minimise cost, or maximise effective_accuracy."
                ]
            )
        self.scenario, self.inputs, self.supply = scenario, inputs, supply
        self.functions = functions
        self._options: OptionTable | None = None
        self._reach_rps = np.zeros(0)
        self._memory: Memory | None = None
        self._planned_s = 0.0

    def plan(
        self,
        demand: Demand,
        start_s: float,
        running: Mapping[Place, int],
        most: Mapping[str, int],
    ) -> list[PlannedWindow] | None:
        """Plan the windows of a demand, the first of which begins at `start_s` of the replay.

        Where the limits leave no plan for the top level, the highest level that has one is planned for.

        Parameters
        ----------
        running
            Place -> machines just before the first window.
        most
            Rental -> machines that can be had of it; missing: as many as wanted.

        Returns
        -------
        The windows, or None where not even the lowest level has a plan.
        """
        asked = self._asked(start_s, len(demand.window_h))
        options = self._options_for(asked, demand)
        for level in reversed(range(len(demand.levels))):
            lowered = replace(
                demand, rate_rps=np.minimum(demand.rate_rps, demand.rate_rps[:, :, level, None])
            )
            assembly = assemble(asked, lowered, options, self.inputs.availability.traces)
            problem = begun(assembly.problem, assembly.options, self.supply, running, most)
            solution = self._solved(asked, problem, start_s)
            if solution is not None:
                return windows_of(asked, assembly, problem, solution, demand.levels, self.supply)
        return None

    def _asked(self, start_s: float, windows: int) -> Scenario:
        """The scenario over these windows; its budget, for all its windows, in equal parts."""
        asked = stretch(self.scenario, start_s, windows)
        budget = asked.resources.budget_usd
        if budget is None:
            return asked
        part = {"budget_usd": budget * windows / max(self.scenario.windows, windows)}
        return asked.model_copy(update={"resources": asked.resources.model_copy(update=part)})

    def _options_for(self, asked: Scenario, demand: Demand) -> OptionTable:
        """Options whose tables reach as far as the demand, within what the supply has."""
        top_rps = demand.top_rps.max(axis=1)
        if self._options is None or (top_rps > self._reach_rps).any():
            self._reach_rps = RESERVE_FACTOR * top_rps
            found = options_from(
                asked, replace(demand, rate_rps=RESERVE_FACTOR * demand.rate_rps), self.inputs
            )
            pools = {one.name for one in self.supply.pools}
            rentals = {one.id for one in self.supply.rentals}
            self._options = replace(
                found,
                groups=tuple(one for one in found.groups if one.id in pools),
                machines=tuple(one for one in found.machines if one.id in rentals),
                functions=self.functions,
            )
        return self._options

    def _solved(
        self, asked: Scenario, problem: ProvisioningProblem, start_s: float
    ) -> ProvisioningSolution | None:
        windows = len(problem.window_h)
        memory = self._memory
        if memory is not None:
            since = round((start_s - self._planned_s) / asked.window_s)
            memory = memory.moved(since, windows)
        solver = Solver(asked, lambda step, share: None, memory=memory, diagnosed=False)
        try:
            if asked.objective.direction == "cost":
                solution = solver.cheapest(problem)
            else:
                solution = most_valuable(asked, solver, problem).solution
        except InfeasiblePlanError:
            return None
        budget = asked.resources.budget_usd
        if solution.status == "infeasible" or (budget is not None and spent_usd(problem, solution) > budget):
            return None
        self._memory, self._planned_s = solution.memory, start_s
        return solution


def spent_usd(problem: ProvisioningProblem, solution: ProvisioningSolution) -> float:
    """Bills of a solution, without value earned or prices of risk."""
    return evaluate(problem, solution.instances).spend_usd


def begun(
    problem: ProvisioningProblem,
    options: OptionTable,
    supply: Supply,
    running: Mapping[Place, int],
    most: Mapping[str, int],
) -> ProvisioningProblem:
    """The program from the fleet that runs.

    Launches are free of the wait for boots: the policy orders them that much ahead of the first window.
    """
    model_of = {one.name: one.model for one in supply.pools}
    number = {machine.id: i for i, machine in enumerate(options.machines)}
    initial = np.zeros(len(problem.machines), dtype=int)
    loaded = None if problem.loads is None else np.zeros_like(problem.loads.initial_loaded)
    for (pool, rental), count in running.items():
        if rental not in number:
            continue
        initial[number[rental]] += count
        if problem.loads is not None and loaded is not None and model_of[pool] in problem.loads.models:
            loaded[number[rental], problem.loads.models.index(model_of[pool])] += count
    limit = np.full(problem.count_limit.shape, np.inf)
    for rental, count in most.items():
        if rental in number:
            limit[number[rental]] = count
    loads = problem.loads
    if loads is not None and loaded is not None:
        loads = replace(loads, initial_loaded=loaded)
    return replace(problem, initial_count=initial, count_limit=limit, loads=loads)


def windows_of(
    scenario: Scenario,
    assembly: Assembly,
    problem: ProvisioningProblem,
    solution: ProvisioningSolution,
    levels: Array,
    supply: Supply,
) -> list[PlannedWindow]:
    """What a solution wants in each of its windows."""
    planned = Planned(scenario, assembly.options, problem, solution, levels)
    late = [None if f is None else assembly.options.functions[f].id for f in late_functions(planned)]
    late_to = {name: one for name, one in zip(problem.classes, late, strict=True) if one is not None}
    places = [(one.group.id, one.machine.id) for one in planned.serving]
    found = []
    for t in range(len(problem.window_h)):
        counts = planned.instances[:, t]
        machines = {place: int(count) for place, count in zip(places, counts, strict=True) if count}
        called = function_lines(planned, late_to, t)
        provisioned = {one.option: one.provisioned_concurrency for one in called}
        reserved = reserved_of(called)
        flows = (planned.carried_rps[:, :, t], planned.overflow_rps[:, :, t])
        window = problem.taking(windows=np.array([t]))
        routes = routes_of(window, flows, planned.sizes[:, t], late, supply, by_deadline=True)
        found.append(PlannedWindow(machines, routes, provisioned, reserved))
    return found
