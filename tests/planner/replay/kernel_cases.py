"""Small kernels to reckon with: one class, one pool, one function."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planner.replay.decisions import Routes
from planner.replay.kernel import Kernel
from planner.replay.laws import GRID, ServiceLaw
from planner.replay.supply import CalledFunction, Pool, ServedClass, Supply
from tests.checker.simulation import poisson_points

SERVICE_S = 0.1
STEADY = ServiceLaw(np.full(GRID + 1, SERVICE_S), SERVICE_S)
SHARES = np.arange(GRID + 1) / GRID
EXPONENTIAL = ServiceLaw(-SERVICE_S * np.log1p(-np.minimum(SHARES, 1 - 0.1 / GRID)), SERVICE_S)


FUNCTION = CalledFunction("function", "m", STEADY, ("only",), None, 1, 0.0, 0.5, 1, 1.0, 10.0, 0.5, 2.0, 0.03)


def supply(
    *,
    law: ServiceLaw = STEADY,
    deadline_s: float = 0.3,
    batch: int = 1,
    timeout_s: float = 0.0,
    replicas: int = 1,
    limit: int = 1000,
    keep_alive_s: float = np.inf,
    **function: float,
) -> Supply:
    """One class, one pool of one model, one function that serves the same: `FUNCTION` but for what is stated."""
    pool = Pool("pool", "m", "x", {"only": law}, batch, timeout_s, replicas, 1.0, None, 1.0)
    served = ServedClass("only", deadline_s, 0.98, "t", 1.0)
    return Supply((served,), (pool,), (), (replace(FUNCTION, **function),), (), limit, keep_alive_s)


def routes(*weights: float, overflow: str | None = None, late_yields: bool = False) -> dict[str, Routes]:
    return {"only": Routes(np.array([1.0]), np.array([weights]), overflow, late_yields)}


def kernel(
    one: Supply,
    machines: int,
    *,
    overflow: str | None = None,
    late_yields: bool = False,
    edges: object = (0.0, 1e9),
    seed: int = 1,
) -> Kernel:
    """All requests to the pool."""
    found = Kernel(one, edges, seed=seed)
    for _ in range(machines):
        found.machine_joins("pool", -1.0)
    found.set_routes(routes(1.0, 0.0, overflow=overflow, late_yields=late_yields), 0.0)
    return found


def play(found: Kernel, times_s: np.ndarray, until_s: float | None = None) -> None:
    found.advance(times_s, np.zeros(len(times_s), dtype=int), times_s[-1] if until_s is None else until_s)


def poisson_s(rate_rps: float, count: int) -> np.ndarray:
    return poisson_points(np.random.default_rng(11), count) / rate_rps
