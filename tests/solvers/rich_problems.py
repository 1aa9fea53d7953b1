"""A seeded generator of problems small enough to enumerate, with every optional part mixed with the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from solvers.limits import AccuracyFloors, ServedValue
from tests.solvers.tiny_parts import model_loads, operator_limits, spot_risk
from tests.solvers.tiny_problems import Draw, draw_capacity, draw_demand, tiny_problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.limits import ModelLoads, OperatorLimits, SpotRisk
    from solvers.problem import ProvisioningProblem

    Array = NDArray[np.float64]

RICH_FEATURES = {  # and how often each is wanted; some need another one, or room for one more machine
    "two_classes": 0.5,
    "two_levels": 0.5,
    "several_windows": 0.7,
    "shared_machine": 0.3,
    "convex_capacity": 0.6,
    "linear": 0.35,
    "spot": 0.6,
    "second_pool": 0.5,
    "commitment": 0.3,
    "standby": 0.5,
    "starts": 0.5,
    "initial_fleet": 0.4,
    "functions": 0.7,
    "concurrency_limit": 0.4,
    "quota": 0.25,
    "on_demand_floor": 0.25,
    "min_instances": 0.25,
    "min_zones": 0.3,
    "max_groups": 0.4,
    "max_churn": 0.25,
    "scale_in": 0.4,
    "budget": 0.25,
    "load_costs": 0.35,
    "load_waits": 0.25,
    "mean_accuracy": 0.3,
    "value": 0.3,
    "survive_loss": 0.45,
    "spot_bound": 0.35,
    "aversion": 0.3,
}
MOST_OPTIONS = 4


@dataclass(frozen=True)
class Machine:
    """One machine of a draw: the group it feeds first, its market (pool -1 unless spot) and zone."""

    group: int
    market: str
    zone: int
    pool: int = -1


def draw_rich(seed: int) -> Draw:
    """Draw a tiny problem with optional parts: 1-2 classes, 1-2 groups (3 on a shared machine), up to 4 options, 1-3 windows."""
    rng = np.random.default_rng([seed, 1])  # other draws than `draw_problem` of the same seed
    on = {feature for feature, often in RICH_FEATURES.items() if rng.random() < often}
    K, Q = 1 + ("two_classes" in on), 1 + ("two_levels" in on)
    T = int(rng.integers(2, 4)) if "several_windows" in on else 1
    J = int(rng.integers(1, 3)) + ("shared_machine" in on)
    machines, options = draw_fleet(rng, on, J)
    if len(options) > 2 and on & {"scale_in", "budget"}:
        T = min(T, 2)  # whole paths are enumerated then
    on = possible(on, machines, T)
    I = len(machines)  # noqa: E741
    n_max = {1: 5, 2: 4, 3: 3}.get(len(options), 2)
    rate = rng.uniform(4, 15, J)
    capacity = draw_capacity(rng, on, rate, n_max)
    demand = draw_demand(rng, on, (K, T, Q), float(rate.mean()) * rng.uniform(0.8, 2.0))
    market = np.array([machine.market for machine in machines])
    factor = {"spot": 0.4, "committed": 0.0, "standby": 0.05, "on-demand": 1.0}
    price = rng.uniform(0.2, 2.0, I) * np.array([factor[name] for name in market])
    functions = int(rng.integers(1, 3)) if "functions" in on else 0
    typical = 1.0 / (3600 * rate.mean())  # USD per request of a machine at 1 USD/h
    quota_use = rng.choice([2.0, 4.0], I)
    standing = np.where(market == "standby", 0, rng.integers(0, 3, I))
    problem = tiny_problem(
        demand_rps=demand.tolist(),
        capacity_rps=capacity.tolist(),
        options=options,
        price_usd_per_h=price.tolist(),
        serves=draw_serves(rng, on, K, J),
        level_share=[0.8, 0.2][:Q] if Q == 2 else [1.0],
        window_h=[float(rng.choice([0.25, 1.0]))] * T,
        start_usd=np.where(market == "standby", 0.0, price / 3600 * rng.uniform(60, 900, I)).tolist()
        if "starts" in on
        else None,
        initial_count=standing.tolist() if "initial_fleet" in on else None,
        is_spot=(market == "spot").astype(int).tolist(),
        on_demand_floor_share=float(rng.choice([0.25, 0.5])) if "on_demand_floor" in on else 0.0,
        quotas=[(quota_use.tolist(), float(4 * rng.integers(2, 5)))] if "quota" in on else None,
        usd_per_request=(typical * rng.uniform(0.5, 5.0, functions)).tolist(),
        function_serves=np.ones((K, functions), dtype=int).tolist(),
        concurrency_s=rng.uniform(0.1, 2.0, functions).tolist(),
        concurrency_limit=float(rng.uniform(1, 12)) if "concurrency_limit" in on else np.inf,
        owned_count=np.where(market == "committed", rng.integers(1, 3), np.inf)
        if "commitment" in on
        else None,
        loads=draw_loads(rng, on, J, price, standing) if on & {"load_costs", "load_waits"} else None,
        accuracy=draw_accuracy(rng, K, J, functions) if "mean_accuracy" in on else None,
        value=ServedValue(
            group_usd=typical * rng.uniform(0.3, 3.0, (K, J)),
            function_usd=typical * rng.uniform(0.3, 3.0, (K, functions)),
        )
        if "value" in on
        else None,
        spot_risk=draw_spot_risk(rng, on, machines, K, Q, typical)
        if on & {"survive_loss", "spot_bound", "aversion"}
        else None,
    )
    if "linear" in on:
        problem = with_linear_groups(rng, on, problem)
    return Draw(replace(problem, limits=draw_limits(rng, on, machines, problem)), frozenset(on))


def draw_serves(rng: np.random.Generator, on: set[str], classes: int, groups: int) -> list[list[int]]:
    """The first group serves all, or, where groups are limited, each of two classes has one of its own at times."""
    serves = [[1] * groups, [int(j == 0 or rng.random() < 0.7) for j in range(groups)]][:classes]
    if classes == 2 and groups > 1 and "max_groups" in on and rng.random() < 0.5:
        serves[0][-1], serves[1][0], serves[1][-1] = 0, 0, 1
    return serves


def draw_fleet(
    rng: np.random.Generator, on: set[str], groups: int
) -> tuple[list[Machine], list[tuple[int, int]]]:
    """Return machines and options (group, machine): one on demand for each group or for all, then others while there is room."""
    if "shared_machine" in on:
        machines, options = [Machine(0, "on-demand", 0)], [(j, 0) for j in range(groups)]
    else:
        machines = [Machine(j, "on-demand", j % 2) for j in range(groups)]
        options = [(j, j) for j in range(groups)]
    wanted = [
        ("spot", "spot", 0),
        ("second_pool", "spot", 1),
        ("standby", "standby", 0),
        ("commitment", "committed", 1),
    ]
    for feature, market, zone in wanted:
        if feature not in on or len(options) == MOST_OPTIONS:
            on.discard(feature)
            continue
        pool = sum(machine.market == "spot" for machine in machines) if market == "spot" else -1
        group = int(rng.integers(0, groups))
        options.append((group, len(machines)))
        machines.append(Machine(group, market, zone, pool))
    return machines, options


def possible(on: set[str], machines: list[Machine], windows: int) -> set[str]:
    """Leave out what nothing here can show."""
    gone = set()
    if windows == 1:
        gone.add("scale_in")
    if not any(machine.market == "spot" for machine in machines):
        gone |= {"survive_loss", "spot_bound", "aversion", "on_demand_floor"}
    if len({machine.zone for machine in machines}) == 1:
        gone.add("min_zones")
    return on - gone


def draw_loads(
    rng: np.random.Generator, on: set[str], groups: int, price: Array, standing: Array
) -> ModelLoads:
    """Two models; a machine that stands has one of them in memory, or none."""
    holds = rng.integers(0, 3, len(price))
    loaded = np.where(holds[:, None] == np.arange(2), standing[:, None], 0) * int("initial_fleet" in on)
    costs = price[:, None] / 3600 * rng.uniform(30, 600, (len(price), 2)) * int("load_costs" in on)
    return model_loads(
        group_model=rng.integers(0, 2, groups).tolist(),
        initial_loaded=loaded.tolist(),
        load_usd=costs.tolist(),
        load_s=rng.uniform(5, 60, 2).tolist(),
        wait_usd_per_s=float(rng.uniform(0.0005, 0.01)) if "load_waits" in on else 0.0,
    )


def draw_accuracy(rng: np.random.Generator, classes: int, groups: int, functions: int) -> AccuracyFloors:
    """Margins on both sides of the floor; one class may ask for nothing."""
    asks = np.arange(classes) < int(rng.integers(1, classes + 1))
    group, function = rng.uniform(-0.1, 0.1, (classes, groups)), rng.uniform(-0.1, 0.1, (classes, functions))
    group[:, int(rng.integers(0, groups))] = rng.uniform(0.0, 0.1)
    return AccuracyFloors(asks=asks, group_margin_share=group, function_margin_share=function)


def draw_spot_risk(
    rng: np.random.Generator, on: set[str], machines: list[Machine], classes: int, levels: int, typical: float
) -> SpotRisk:
    """One or two pools, independent or shaken together; a guard of the first class, with two also one of both."""
    pools = sum(machine.market == "spot" for machine in machines)
    share = rng.uniform(0.02, 0.2, pools)
    deviation = np.sqrt(share * (1 - share))
    together = np.where(np.eye(pools, dtype=bool), 1.0, float(rng.choice([0.0, 0.4])))
    return spot_risk(
        pool_of_machine=[machine.pool for machine in machines],
        loss_share=share.tolist(),
        is_standby=[int(machine.market == "standby") for machine in machines],
        guard_classes=[[1, 0], [1, 1]] if classes == 2 else [[1]],
        covariance=(together * np.outer(deviation, deviation)).tolist(),
        level=int(rng.integers(0, levels)),
        survive_any_loss="survive_loss" in on,
        violation_share=float(rng.choice([0.01, 0.1, 0.3])) if "spot_bound" in on else None,
        aversion_usd=float(rng.uniform(100, 3000)) * typical if "aversion" in on else 0.0,
    )


def with_linear_groups(
    rng: np.random.Generator, on: set[str], problem: ProvisioningProblem
) -> ProvisioningProblem:
    """Give some groups rates per class in place of a table; where spare capacity is worth something their machines are limited."""
    K, J = problem.serves.shape
    linear = rng.random(J) < 0.6
    linear[int(rng.integers(0, J))] = True
    rates = np.where(linear, rng.uniform(4, 15, (K, J)), 0.0)
    limit = problem.count_limit.copy()
    if on & {"spot_bound", "aversion"}:
        limit[np.unique(problem.option_machine[linear[problem.option_group]])] = 3.0
    return replace(
        problem,
        capacity_rps=np.where(linear[:, None], 0.0, problem.capacity_rps),
        count_max=np.where(linear, 0, problem.count_max),
        linear_rps=rates,
        count_limit=limit,
    )


def draw_limits(
    rng: np.random.Generator, on: set[str], machines: list[Machine], problem: ProvisioningProblem
) -> OperatorLimits | None:
    """Limits near what a plan would do by itself; None where none is on."""
    if not on & {"min_instances", "min_zones", "max_groups", "max_churn", "scale_in", "budget"}:
        return None
    K = len(problem.classes)
    rent = problem.price_usd_per_h[:, 0]
    cheapest = float(rent[rent > 0].min(initial=1.0)) / 8.0  # USD/h for a request/s, roughly
    bill = cheapest * float(problem.demand_rps[:, :, -1].sum(axis=0) @ problem.window_h)
    limits: dict[str, Any] = {}
    if "max_groups" in on:
        limits["max_groups"] = 1
    if "max_churn" in on:
        limits["max_churn"] = int(rng.integers(1, 4))
    if "budget" in on:
        limits["budget_usd"] = bill * float(rng.uniform(0.5, 2.0) if "value" in on else rng.uniform(1.5, 6.0))
    return operator_limits(
        classes=K,
        machines=len(machines),
        min_instances=rng.integers(0, 4, K).tolist() if "min_instances" in on else None,
        zone_of_machine=[machine.zone for machine in machines],
        scale_in_windows=[
            0 if machine.market == "standby" else int(rng.integers(2, 4)) for machine in machines
        ]
        if "scale_in" in on
        else None,
        min_zones=2 if "min_zones" in on else 1,
        **limits,
    )
