"""The simplest policy, and a supply small enough to reckon with: one pool of c5 machines, one function."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from planner.replay.decisions import Decision, Routes
from planner.replay.laws import GRID, ServiceLaw
from planner.replay.requests import Requests
from planner.replay.supply import CalledFunction, Pool, Rental, ServedClass, SpotPool, Supply
from workloads.traces import Trace

if TYPE_CHECKING:
    from planner.replay.decisions import Observation

START = datetime(2026, 3, 1, tzinfo=UTC)
SERVICE_S = 0.05
STEADY = ServiceLaw(np.full(GRID + 1, SERVICE_S), SERVICE_S)
QUICK = ServedClass("quick", 0.15, 0.98, "web", 0.75)
SLOW = ServedClass("slow", 0.5, 0.9, "web", 0.25)
ON_DEMAND = Rental("c5/on-demand", "c5", "on-demand", 0.36, 0.36, 100.0, 60.0, None)
SPOT = Rental("c5/spot/a", "c5", "spot", 0.12, 0.12, 100.0, 60.0, "c5/a")
POOL = Pool("resnet", "resnet", "c5", {"quick": STEADY, "slow": STEADY}, 1, 0.0, 1, 20.0, 0.75, 15.0)
FUNCTION = CalledFunction(
    "lambda", "resnet", STEADY, ("quick", "slow"), 0.75, 1, 0.0, 0.4, 1, 2e-7, 3e-5, 1e-5, 2e-5, 0.001
)
SUPPLY = Supply(
    classes=(QUICK, SLOW),
    pools=(POOL,),
    rentals=(ON_DEMAND, SPOT),
    functions=(FUNCTION,),
    spot_pools=(SpotPool("c5/a", 0.0),),
    keep_alive_s=600.0,
)


@dataclass
class FixedPolicy:
    """Decides what it was told, and keeps what it saw."""

    decisions: dict[float, Decision]
    name: str = "fixed"
    seen: list[Observation] = field(default_factory=list)

    def decision_times_s(self, duration_s: float) -> np.ndarray:
        return np.array(sorted(self.decisions))

    def decide(self, seen: Observation) -> Decision:
        self.seen.append(seen)
        return self.decisions[seen.now_s]


def routes_to(*weights: float, overflow: str | None = None) -> dict[str, Routes]:
    """The same weights over the targets of the supply for both classes, at any load."""
    routes = Routes(np.array([np.inf]), np.array([weights]), overflow)
    return {"quick": routes, "slow": routes}


def machines(number: int, rental: str = "c5/on-demand", **more: object) -> Decision:
    """So many machines in the pool, and all requests to it."""
    return Decision({("resnet", rental): number}, routes_to(1.0, 0.0), **more)  # type: ignore[arg-type]


def steady_requests(
    rate_rps: float, duration_s: float, interval_s: float = 60.0, **stated: float
) -> Requests:
    """Poisson arrivals at a rate, drawn once."""
    rng = np.random.default_rng(7)
    counts = rng.poisson(rate_rps * interval_s, round(duration_s / interval_s)).astype(float)
    return Requests({"web": Trace("web", START, interval_s, counts, **stated)}, START, duration_s)
