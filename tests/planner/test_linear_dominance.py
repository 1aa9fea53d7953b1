"""The prune of groups with a rate per class: nothing is lost, and a group gives way only where every class is carried as well."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from planner.dominance import prune, restricted
from planner.replacements import OptionKinds
from solvers.problem import ProvisioningProblem

SEEDS = range(60)


def program(
    price_usd_per_h: list[float],
    linear_rps: list[list[float]],
    demand_rps: list[float],
    *,
    host: list[int] | None = None,
    start_usd: float = 0.0,
) -> tuple[ProvisioningProblem, OptionKinds]:
    """One window and level; one machine a group, unless hosts say that groups share one; rates are ``[j][k]``."""
    rates = np.array(linear_rps).T
    classes, groups = rates.shape
    hosts = np.arange(groups) if host is None else np.array(host)
    machines = len(price_usd_per_h)
    problem = ProvisioningProblem(
        classes=tuple(f"k{k}" for k in range(classes)),
        groups=tuple(f"j{j}" for j in range(groups)),
        machines=tuple(f"i{i}" for i in range(machines)),
        functions=(),
        quotas=(),
        demand_rps=np.array(demand_rps)[:, None, None],
        level_share=np.ones(1),
        window_h=np.ones(1),
        serves=rates > 0,
        function_serves=np.zeros((classes, 0), dtype=bool),
        capacity_rps=np.zeros((groups, 1)),
        count_max=np.zeros(groups, dtype=int),
        option_group=np.arange(groups),
        option_machine=hosts,
        price_usd_per_h=np.array(price_usd_per_h)[:, None],
        start_usd=np.full(machines, start_usd),
        initial_count=np.zeros(machines, dtype=int),
        count_limit=np.full((machines, 1), np.inf),
        is_spot=np.zeros(machines, dtype=bool),
        on_demand_floor_share=0.0,
        quota_use=np.zeros((0, machines)),
        quota_limit=np.zeros(0),
        usd_per_request=np.zeros(0),
        concurrency_s=np.zeros(0),
        concurrency_limit=np.inf,
        linear_rps=rates,
    )
    kinds = OptionKinds(
        host=np.arange(machines),
        place=np.zeros(machines, dtype=int),
        model=np.zeros(groups, dtype=int),
        tier=np.zeros(groups, dtype=int),
    )
    return problem, kinds


def least_cost_usd(p: ProvisioningProblem) -> float:
    """Optimum of the window: machines whole, requests split freely; inf where a class is served by no group."""
    assert p.linear_rps is not None
    pairs = np.argwhere(p.serves)
    groups, columns = len(p.groups), len(p.groups) + len(pairs)
    served = np.zeros((len(p.classes), columns))
    busy = np.zeros((groups, columns))
    busy[np.arange(groups), np.arange(groups)] = -1.0
    for column, (k, j) in enumerate(pairs, start=groups):
        served[k, column] = 1.0
        busy[j, column] = 1.0 / p.linear_rps[k, j]
    price = (p.price_usd_per_h + p.start_usd[:, None])[p.option_machine, 0]
    demand = p.demand_rps[:, 0, 0]
    found = milp(
        np.concatenate([price, np.zeros(len(pairs))]),
        integrality=(np.arange(columns) < groups).astype(int),
        bounds=Bounds(0, np.inf),
        constraints=[LinearConstraint(served, demand, demand), LinearConstraint(busy, -np.inf, 0)],
    )
    return float(found.fun) if found.success else np.inf


@pytest.mark.parametrize("block", range(3))
def test_the_optimum_is_the_same_with_and_without_what_gives_way(block: int) -> None:
    """Lossless on random programs of whole figures, where ties occur, zero rates included."""
    gone = 0
    for seed in SEEDS[block::3]:
        draw = np.random.default_rng(seed)
        groups, classes = int(draw.integers(2, 6)), int(draw.integers(1, 4))
        machines = int(draw.integers(1, groups + 1))
        whole, kinds = program(
            draw.integers(1, 5, machines).tolist(),
            draw.integers(0, 5, (groups, classes)).tolist(),
            draw.integers(1, 9, classes).tolist(),
            host=draw.integers(0, machines, groups).tolist(),
            start_usd=float(draw.choice([0.0, 0.5])),
        )
        fed = np.isin(np.arange(machines), whole.option_machine)
        whole = whole.taking(machines=np.flatnonzero(fed))
        kinds = replace(kinds, host=np.arange(fed.sum()), place=np.zeros(fed.sum(), dtype=int))
        pruning = prune(whole, kinds)
        gone += int((~pruning.groups).sum())
        rest = restricted(whole, pruning)
        assert least_cost_usd(rest) == pytest.approx(least_cost_usd(whole), rel=1e-9), f"seed {seed}"
    assert gone > 10


@pytest.mark.parametrize(
    ("price", "rates", "stays"),
    [
        ([1.0, 1.0], [[3, 2], [3, 1]], ["j0"]),  # as fast for one class, faster for the other
        ([1.0, 1.0], [[3, 2], [2, 3]], ["j0", "j1"]),  # each faster for one
        ([1.0, 1.0], [[3, 0], [2, 1]], ["j0", "j1"]),  # a class that only the slower one can serve
        ([1.0, 2.0], [[3, 2], [6, 4]], ["j0"]),  # two machines for one
        ([1.0, 2.0], [[3, 2], [6, 5]], ["j0", "j1"]),  # two machines are not enough for one class
        ([1.0, 1.0], [[3, 2], [3, 2]], ["j0", "j1"]),  # equal, of different machines: neither is better
    ],
)
def test_a_group_gives_way_where_every_class_is_carried_as_well(
    price: list[float], rates: list[list[float]], stays: list[str]
) -> None:
    problem, kinds = program(price, rates, [5.0, 5.0])
    assert list(restricted(problem, prune(problem, kinds)).groups) == stays


def test_duplicates_on_one_machine_leave_the_first_by_name() -> None:
    problem, kinds = program([1.0], [[3, 2], [3, 2]], [5.0, 5.0], host=[0, 0])
    assert list(restricted(problem, prune(problem, kinds)).groups) == ["j0"]


def test_a_group_with_a_table_stands_beside_one_with_rates() -> None:
    """They are not compared, so neither gives way."""
    problem, kinds = program([1.0, 1.0], [[3, 2], [9, 9]], [5.0, 5.0])
    assert problem.linear_rps is not None
    rates = problem.linear_rps.copy()
    rates[:, 0] = 0.0
    mixed = replace(
        problem,
        linear_rps=rates,
        capacity_rps=np.array([[0.0, 3.0], [0.0, 0.0]]),
        count_max=np.array([1, 0]),
    )
    assert prune(mixed, kinds).groups.all()
