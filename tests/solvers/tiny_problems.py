"""Provisioning problems small enough to enumerate: hand-written ones and a seeded generator with every feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from solvers.problem import ProvisioningProblem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]


def tiny_problem(
    *,
    demand_rps: list[list[list[float]]],
    capacity_rps: list[list[float]],
    options: list[tuple[int, int]],
    price_usd_per_h: list[float] | list[list[float]],
    serves: list[list[int]] | None = None,
    level_share: list[float] | None = None,
    window_h: list[float] | None = None,
    count_max: list[int] | None = None,
    start_usd: list[float] | None = None,
    initial_count: list[int] | None = None,
    count_limit: list[list[float]] | None = None,
    is_spot: list[int] | None = None,
    on_demand_floor_share: float = 0.0,
    quotas: list[tuple[list[float], float]] | None = None,
    usd_per_request: list[float] | None = None,
    function_serves: list[list[int]] | None = None,
    concurrency_s: list[float] | None = None,
    concurrency_limit: float = np.inf,
    **parts: Any,
) -> ProvisioningProblem:
    """Write a problem as plain lists, with the features that are not named switched off.

    `options` lists (group, machine); `quotas` lists (vCPU of each machine, limit); shapes as in `ProvisioningProblem`. `parts` are
    its optional parts and arrays, as they stand there.
    """
    demand = np.array(demand_rps, dtype=float)
    K, T, Q = demand.shape
    capacity = np.array(capacity_rps, dtype=float)
    J = len(capacity)
    machines = 1 + max(i for _, i in options)
    functions = len(usd_per_request or [])
    price = np.array(price_usd_per_h, dtype=float)
    return ProvisioningProblem(
        classes=tuple(f"class{k}" for k in range(K)),
        groups=tuple(f"group{j}" for j in range(J)),
        machines=tuple(f"machine{i}" for i in range(machines)),
        functions=tuple(f"function{f}" for f in range(functions)),
        quotas=tuple(f"quota{a}" for a in range(len(quotas or []))),
        demand_rps=demand,
        level_share=np.array(level_share or [1.0 / Q] * Q),
        window_h=np.array(window_h or [1.0] * T),
        serves=np.array(serves or np.ones((K, J)), dtype=bool),
        function_serves=np.array(function_serves or np.ones((K, functions)), dtype=bool).reshape(
            K, functions
        ),
        capacity_rps=capacity,
        count_max=np.array(count_max or [capacity.shape[1] - 1] * J),
        option_group=np.array([j for j, _ in options]),
        option_machine=np.array([i for _, i in options]),
        price_usd_per_h=np.repeat(price[:, None], T, axis=1) if price.ndim == 1 else price,
        start_usd=np.array(start_usd or [0.0] * machines),
        initial_count=np.array(initial_count or [0] * machines),
        count_limit=np.array(
            count_limit if count_limit is not None else np.full((machines, T), np.inf), dtype=float
        ),
        is_spot=np.array(is_spot or [0] * machines, dtype=bool),
        on_demand_floor_share=on_demand_floor_share,
        quota_use=np.array([use for use, _ in quotas or []], dtype=float).reshape(-1, machines),
        quota_limit=np.array([limit for _, limit in quotas or []], dtype=float),
        usd_per_request=np.array(usd_per_request or [], dtype=float),
        concurrency_s=np.array(concurrency_s or [0.0] * functions, dtype=float),
        concurrency_limit=concurrency_limit,
        **parts,
    )


@dataclass(frozen=True)
class Draw:
    """A random problem and the features that were switched on in it."""

    problem: ProvisioningProblem
    features: frozenset[str]


FEATURES = (
    "convex_capacity",
    "zero_first_machine",
    "two_classes",
    "two_levels",
    "several_windows",
    "private_group",
    "shared_machine",
    "two_markets",
    "on_demand_floor",
    "starts",
    "initial_fleet",
    "boot_wait",
    "quota",
    "functions",
    "concurrency_limit",
    "prices_change",
    "idle_window",
)


def draw_problem(seed: int) -> Draw:
    """Draw a tiny problem: 1-2 classes, 1-3 groups, 1-3 machines, 1-3 windows, 1-2 levels, 0-1 functions.

    Prices and times are of the size of real ones: five-minute to hourly windows, 0.05 to 2 USD/h, launches of some
    minutes, functions at half to five times a machine's price per request.
    """
    rng = np.random.default_rng(seed)
    on = {feature for feature in FEATURES if rng.random() < 0.45}
    K = 2 if "two_classes" in on else 1
    Q = 2 if "two_levels" in on else 1
    T = int(rng.integers(2, 4)) if "several_windows" in on else 1
    J = int(rng.integers(1, 4))
    options, is_spot = draw_options(rng, on, J)
    I = len(is_spot)  # noqa: E741
    n_max = {1: 6, 2: 5, 3: 4, 4: 3}.get(len(options), 2)
    rate = rng.uniform(4, 15, J)
    capacity = draw_capacity(rng, on, rate, n_max)
    demand = draw_demand(rng, on, (K, T, Q), float(rate.mean()) * rng.uniform(0.5, 2.5))
    price = rng.uniform(0.05, 2.0, I)[:, None] * np.ones(T)
    if "two_markets" in on:
        price[is_spot] = price[~is_spot].mean() * rng.uniform(0.2, 0.6)
    if "prices_change" in on:
        price = price * rng.uniform(0.7, 1.4, (I, T))
    serves = np.ones((K, J), dtype=bool)
    if "private_group" in on and K == 2:
        serves[1, 0] = False
    vcpu = rng.choice([2.0, 4.0, 8.0], I)
    function = "functions" in on
    per_request = price.mean() / (3600 * rate.mean()) * rng.uniform(0.5, 5.0)
    problem = tiny_problem(
        demand_rps=demand.tolist(),
        capacity_rps=capacity.tolist(),
        options=options,
        price_usd_per_h=price.tolist(),
        serves=serves.astype(int).tolist(),
        level_share=[0.8, 0.2][:Q] if Q == 2 else [1.0],
        window_h=[float(rng.choice([1 / 12, 1 / 4, 1.0]))] * T,
        count_max=[int(n) for n in rng.integers(max(1, n_max - 1), n_max + 1, J)],
        start_usd=(price[:, 0] / 3600 * rng.uniform(60, 600, I)).tolist() if "starts" in on else None,
        initial_count=rng.integers(0, 3, I).tolist() if "initial_fleet" in on else None,
        count_limit=draw_count_limit(rng, on, I, T),
        is_spot=is_spot.astype(int).tolist(),
        on_demand_floor_share=float(rng.choice([0.25, 0.5, 1.0])) if "on_demand_floor" in on else 0.0,
        quotas=[(vcpu.tolist(), float(vcpu.max() * rng.integers(1, 6)))] if "quota" in on else None,
        usd_per_request=[per_request] if function else None,
        function_serves=[[1], [int(rng.random() < 0.7)]][:K] if function else None,
        concurrency_s=[float(rng.uniform(0.1, 2.0))] if function else None,
        concurrency_limit=float(rng.uniform(1, 12)) if "concurrency_limit" in on else np.inf,
    )
    return Draw(problem, frozenset(on))


def draw_options(rng: np.random.Generator, on: set[str], groups: int) -> tuple[list[tuple[int, int]], Any]:
    """Return options (group, machine) and which machines are spot.

    Every group has a machine of its own, or shares the first; with two markets the first group has a spot machine
    too.
    """
    shared = "shared_machine" in on
    options = [(j, 0 if shared else j) for j in range(groups)]
    machines = 1 if shared else groups
    spot = [False] * machines
    if "two_markets" in on and len(options) < 4:
        options.append((0, machines))
        spot.append(True)
    return options, np.array(spot)


def draw_capacity(rng: np.random.Generator, on: set[str], rate: Array, n_max: int) -> Array:
    """Return ``[j, n]`` capacities that start at 0 and never fall; with economies of scale where switched on."""
    count = np.arange(n_max + 1)
    loss = rng.uniform(0.2, 0.9, len(rate))[:, None] if "convex_capacity" in on else np.zeros((len(rate), 1))
    capacity = rate[:, None] * np.maximum(count - loss * np.sqrt(count), 0.0)
    if "zero_first_machine" in on:
        capacity[:, 1] = 0.0
    return np.maximum.accumulate(np.round(capacity, 3), axis=1)


def draw_demand(rng: np.random.Generator, on: set[str], shape: tuple[int, int, int], rate: float) -> Array:
    """Return ``[k, t, q]`` rates that never fall along the levels; one window idle where switched on."""
    demand = rng.uniform(0.1, 1.0, shape) * rate / shape[0]
    if "idle_window" in on and shape[1] > 1:
        demand[:, rng.integers(0, shape[1])] = 0.0
    return np.sort(np.round(demand, 3), axis=2)


def draw_count_limit(
    rng: np.random.Generator, on: set[str], machines: int, windows: int
) -> list[list[float]] | None:
    """Return ``[i, t]`` limits: in the first window a machine may still be booting, in one the type may be scarce."""
    if "boot_wait" not in on:
        return None
    limit = np.full((machines, windows), np.inf)
    limit[:, 0] = rng.integers(0, 4, machines)
    limit[int(rng.integers(0, machines)), -1] = rng.integers(1, 4)
    return [row.tolist() for row in limit]
