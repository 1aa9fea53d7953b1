"""Our planner as a policy: the program of `planner.pipeline`, made anew in the course of the replay.

ours          every window, from forecasts of what has arrived by then and from the fleet that runs, a few windows ahead
ours-once     the whole replay planned once, before it begins, from the same forecast
ours-perfect  the whole replay planned once, from the rates that its windows will have: no policy can know them, so this bounds
              what better forecasts could bring

A window's plan is made as long before the window as its slowest machine takes to boot and load, from what is known by then; its
machines are launched so that they serve when it begins. Requests that would be late in their queue go to a function, where the
plan names one, else behind those that are in time. The schemes of the papers, which know no such rule, serve in order of arrival.

Cost: a re-plan of the WorldCup day of examples/worldcup98 (four classes, six windows of five minutes ahead) takes 0.2 to 0.4
CPU-s, so a day of 288 takes one to two minutes; `replan_every` keeps several windows of each plan.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

import numpy as np

from planner.replay.decisions import Decision
from planner.replay.policies.expected import forecasts_of, realised_of
from planner.replay.policies.replanning import PlannedWindow, Replanner
from planner.shortfall import check_served

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.replay.decisions import Array, Observation, Place
    from planner.replay.policies.context import PolicyContext
    from planner.replay.policies.expected import Expected
    from planner.replay.supply import Supply
    from planner.scenario import Scenario

LOOK_AHEAD_BOOTS = (
    10  # ours: a launch then is a tenth of what its machine costs within sight, and hardly moves a decision
)
ROUNDING_S = 1e-6  # of sums of seconds
NOTHING = PlannedWindow({}, {}, {}, {})


class Ours:
    """Windows planned by the program, ahead of time, a few at a time or all at once."""

    def __init__(
        self,
        name: str,
        expected: Expected,
        replanner: Replanner,
        supply: Supply,
        window_s: float,
        look_ahead: int | None,
        replan_every: int,
    ) -> None:
        """Make plans of `look_ahead` windows (None: all that are left) and keep the first `replan_every` of each."""
        self.name = name
        self.expected, self.replanner, self.supply = expected, replanner, supply
        self.window_s, self.look_ahead, self.replan_every = window_s, look_ahead, replan_every
        self.leads_s = leads_s(supply)
        self._windows = 0
        self._planned: dict[int, PlannedWindow] = {}
        self._next = 0
        self._wanted: dict[str, int] = {}
        self._scarce: dict[str, tuple[int, float]] = {}

    def decision_times_s(self, duration_s: float) -> Array:
        """Where windows begin, and so long before as machines of each kind take until they serve."""
        self._windows = math.ceil(duration_s / self.window_s - ROUNDING_S)
        starts = self.window_s * np.arange(self._windows)
        times = np.concatenate([starts, *(starts - lead for lead in self.leads_s)])
        return np.unique(np.round(times, 6))

    def decide(self, seen: Observation) -> Decision:
        """Plan what is due, then want what the window at hand asks, and launch what the next ones ask."""
        self._note_scarcity(seen)
        now_s = seen.now_s + ROUNDING_S
        while self._next < self._windows and self._next * self.window_s - self.leads_s[-1] <= now_s:
            self._plan(self._next, seen)
        at_hand = math.floor(now_s / self.window_s)
        current = self._planned.get(at_hand, NOTHING)
        ahead: dict[Place, int] = {}
        for window in sorted(w for w in self._planned if w > at_hand):
            wait_s = window * self.window_s - now_s
            for place, count in missing(current.machines, self._planned[window].machines).items():
                if self._until_serving_s(place) >= wait_s - 2 * ROUNDING_S:
                    ahead[place] = max(count, ahead.get(place, 0))
        self._wanted = {}
        for wanted in (current.machines, ahead):
            for (_, rental), count in wanted.items():
                self._wanted[rental] = self._wanted.get(rental, 0) + count
        routes = current.routes or self._planned.get(0, NOTHING).routes
        return Decision(current.machines, routes, ahead, current.provisioned, current.reserved)

    def _plan(self, window: int, seen: Observation) -> None:
        """Plan from a window on; where no plan keeps the limits, the one before goes on."""
        left = self._windows - window
        windows = left if self.look_ahead is None else self.look_ahead
        start_s = window * self.window_s
        before = self._planned.get(window - 1, NOTHING)
        demand = self.expected.demand(seen, start_s, windows)
        most = {rental: count for rental, (count, until_s) in self._scarce.items() if seen.now_s < until_s}
        found = self.replanner.plan(demand, start_s, before.machines, most)
        kept = min(self.replan_every, left)
        made = [before] * kept if found is None else found[:kept]
        self._planned |= {window + n: one for n, one in enumerate(made)}
        self._next = window + kept

    def _note_scarcity(self, seen: Observation) -> None:
        """A rental that does not bring what was wanted has no more to give, for as long as the program looks ahead."""
        had: dict[str, int] = {}
        for places in (seen.ready, seen.coming):
            for (_, rental), count in places.items():
                had[rental] = had.get(rental, 0) + count
        sight_s = self.window_s * (self.look_ahead or self._windows)
        for rental, count in self._wanted.items():
            if had.get(rental, 0) < count:
                self._scarce[rental] = (had.get(rental, 0), seen.now_s + sight_s)

    def _until_serving_s(self, place: Place) -> float:
        """Seconds from launch; what stands stopped is not launched ahead."""
        pool = next(one for one in self.supply.pools if one.name == place[0])
        rental = next(one for one in self.supply.rentals if one.id == place[1])
        return 0.0 if rental.is_standby else rental.boot_s + pool.load_s


def leads_s(supply: Supply) -> list[float]:
    """How long machines take from launch to serving, each length once, rising; 0 where nothing can be rented."""
    found = {
        rental.boot_s + pool.load_s
        for pool in supply.pools
        for rental in supply.rentals
        if pool.instance_type == rental.instance_type and not rental.is_standby
    }
    return sorted(found or {0.0})


def missing(current: Mapping[Place, int], wanted: Mapping[Place, int]) -> dict[Place, int]:
    """Machines to launch so that what is wanted can run: those of a rental that other pools give up need not be."""
    spare: dict[str, int] = {}
    for (pool, rental), count in current.items():
        spare[rental] = spare.get(rental, 0) + max(0, count - wanted.get((pool, rental), 0))
    found = {}
    for (pool, rental), count in sorted(wanted.items()):
        lacking = max(0, count - current.get((pool, rental), 0))
        moved = min(lacking, spare.get(rental, 0))
        spare[rental] = spare.get(rental, 0) - moved
        if lacking > moved:
            found[pool, rental] = lacking - moved
    return found


def look_ahead_of(boot_s: float, window_s: float) -> int:
    """Windows that a re-plan looks ahead: some boot times, two windows at the least."""
    return max(2, math.ceil(LOOK_AHEAD_BOOTS * boot_s / window_s))


def ours(context: PolicyContext, replan_every: int = 1) -> Ours:
    """Replanned every `replan_every` windows from what has arrived by then."""
    expected = forecasts_of(context, context.scenario)
    sight = look_ahead_of(context.scenario.resources.boot_s, context.scenario.window_s)
    return _planned("ours", context, context.scenario, expected, max(sight, replan_every), replan_every)


def ours_once(context: PolicyContext) -> Ours:
    """Planned once, before the start."""
    expected = forecasts_of(context, context.scenario)
    return _planned("ours-once", context, context.scenario, expected, None, sys.maxsize)


def ours_perfect(context: PolicyContext) -> Ours:
    """Planned once, from the rates that the windows will have."""
    expected = realised_of(context)
    return _planned("ours-perfect", context, expected.scenario, expected, None, sys.maxsize)


def _planned(
    name: str,
    context: PolicyContext,
    scenario: Scenario,
    expected: Expected,
    look_ahead: int | None,
    replan_every: int,
) -> Ours:
    check_served(context.options, context.inputs.profiles)
    replanner = Replanner(scenario, context.inputs, context.supply, context.options.functions)
    return Ours(name, expected, replanner, context.supply, scenario.window_s, look_ahead, replan_every)
