"""A plan as a policy: launched when it says, routed by its levels, whatever happens."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from planner.replay.decisions import Decision, Routes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from numpy.typing import NDArray

    from planner.plan import FunctionLine, ProvisioningPlan, Window
    from planner.replay.decisions import Observation, Place
    from planner.replay.supply import Supply

    Array = NDArray[np.float64]


def reserved_of(called: Iterable[FunctionLine]) -> dict[str, int]:
    """Function -> the most of its calls at once; functions with nothing set aside have no limit but the account's."""
    return {one.option: one.reserved_concurrency for one in called if one.reserved_concurrency}


class Planned:
    """Play the windows of a plan.

    Parameters
    ----------
    plan
        Its first window begins where the replay begins.
    supply
        That of the plan (`planner.replay.supplies.supply_of_plan`).
    """

    name = "plan"

    def __init__(self, plan: ProvisioningPlan, supply: Supply) -> None:
        self.plan = plan
        self.supply = supply
        self.machine = {one.id: one.machine for one in plan.options if one.kind == "machine"}
        self.start_s = np.array([self._second(one.start) for one in plan.windows])
        self.fleets = [self._fleet(one) for one in plan.windows]
        self.routes = [{name: self._routes(one, name) for name in one.routing} for one in plan.windows]
        self.launches = [self._launches(t) for t in range(len(plan.windows))]

    def decision_times_s(self, duration_s: float) -> Array:
        """Starts of windows, and the launches ahead of them."""
        launches = [at_s for rows in self.launches for at_s, _, _ in rows]
        times_s = np.unique(np.concatenate([self.start_s, launches, [0.0]]))
        return np.asarray(times_s[times_s < duration_s])

    def decide(self, seen: Observation) -> Decision:
        """Hold the machines of the window at hand, and launch what later ones call for by now."""
        now = int(np.searchsorted(self.start_s, seen.now_s, side="right")) - 1
        ahead: Counter[Place] = Counter()
        for rows in self.launches[now + 1 :]:
            for at_s, place, count in rows:
                if at_s <= seen.now_s:
                    ahead[place] += count
        if now < 0:
            return Decision(machines={}, routes={}, ahead=ahead)
        window = self.plan.windows[now]
        return Decision(
            machines=self.fleets[now],
            routes=self.routes[now],
            ahead=ahead,
            provisioned={one.option: one.provisioned_concurrency for one in window.functions},
            reserved=reserved_of(window.functions),
            running=self._running() if now == 0 and seen.now_s == self.start_s[0] else {},
        )

    def _second(self, instant: datetime) -> float:
        return (instant - self.plan.windows[0].start).total_seconds()

    def _fleet(self, window: Window) -> Counter[Place]:
        found: Counter[Place] = Counter()
        for line in window.fleet:
            found[(line.group, self.machine[line.option])] += line.count
        return found

    def _launches(self, t: int) -> list[tuple[float, Place, int]]:
        """(instant, place, machines) launched for a window: no more of a rental than it grows by, the rest moves."""
        fleet = self.fleets[t]
        before = self.fleets[t - 1] if t else Counter[tuple[str, str]]()
        missing: Counter[str] = Counter()
        for places, sign in ((fleet, 1), (before, -1)):
            for (_, rental), count in places.items():
                missing[rental] += sign * count
        found = []
        for line in self.plan.windows[t].fleet:
            place = (line.group, self.machine[line.option])
            count = min(fleet[place] - before[place], missing[place[1]])
            if line.launch_at is not None and count > 0:
                found.append((self._second(line.launch_at), place, count))
                missing[place[1]] -= count
        return found

    def _running(self) -> Counter[Place]:
        """Machines of the first window that nothing launches: they run already."""
        launched: Counter[Place] = Counter()
        for _, place, count in self.launches[0]:
            launched[place] += count
        return self.fleets[0] - launched

    def _routes(self, window: Window, name: str) -> Routes:
        levels = np.array([level.demand_rps[name] for level in window.levels])
        rows = [{**route.groups, **route.functions} for route in window.routing[name]]
        weights = np.array([[row.get(target, 0.0) for target in self.supply.targets] for row in rows])
        last = np.append(np.diff(levels) > 0, True)  # of equal levels
        return Routes(
            up_to_rps=levels[last],
            weights=weights[last],
            overflow=window.late_to.get(name),
            late_yields=True,
            by_deadline=True,
        )
