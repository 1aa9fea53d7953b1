"""The prune: nothing is lost on random programs, and each condition of the rule holds on a case made for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from planner.comparison import superadditive, whole_ratios
from planner.dominance import prune, restricted
from tests.planner.tiny_programs import INFEASIBLE, Machines, least_cost_usd, tiny_program

if TYPE_CHECKING:
    from planner.replacements import OptionKinds, Pruning
    from solvers.problem import ProvisioningProblem

SEEDS = range(140)
TWO_WINDOWS = [[[2.0, 3.0], [4.0, 5.0]]]  # one class, [k, t, q]


def random_program(seed: int) -> tuple[ProvisioningProblem, OptionKinds]:
    """Two or three instance types with one or two markets, two classes, two windows, small whole figures so that ties occur."""
    rng = np.random.default_rng(seed)
    hosts = int(rng.integers(2, 4))
    places = [0, 1] if rng.random() < 0.5 else [0]
    prices = rng.choice([1.0, 2.0, 2.0, 4.0], hosts)
    free = rng.random() < 0.3
    rows = [(h, place) for h in range(hosts) for place in places]
    machines = Machines(
        host=[h for h, _ in rows],
        place=[place for _, place in rows],
        price_usd_per_h=[float(prices[h]) * (0.5 if place else 1.0) for h, place in rows],
        start_usd=[0.0 if free else float(rng.choice([0.5, 0.5, 1.0]) * prices[h]) for h, _ in rows],
        vcpu=[float(prices[h]) for h, _ in rows],
        running=[int(rng.random() < 0.15) for _ in rows],
    )
    demand = np.sort(rng.integers(0, 5, (2, 2, 2)), axis=2)
    groups = []
    for h in range(hosts):
        for _ in range(int(rng.integers(1, 3))):
            gains = np.sort(rng.integers(1, 4, 3)) * float(prices[h] if rng.random() < 0.7 else 1)
            serves = [bool(rng.random() < 0.8), True] if rng.random() < 0.8 else [True, False]
            groups.append((h, [0.0, *np.cumsum(gains)], serves))
    reach = (np.array([g[2] for g in groups]) @ demand[:, :, -1]).max(axis=1)
    groups = [one for one, most in zip(groups, reach, strict=True) if one[1][-1] >= most] or groups
    return tiny_program(
        machines,
        groups,
        demand,
        models=[int(m) for m in rng.integers(0, 2, len(groups))],
        functions=[(0.001, 0.5, [True, True]), (0.002, 0.2, [True, True])],
        quota_vcpu=float(rng.choice([6.0, np.inf])),
        concurrency_limit=float(rng.choice([1.0, 100.0])),
        on_demand_floor_share=float(rng.choice([0.0, 0.0, 0.5])),
        first_window_limited=bool(rng.random() < 0.2),
    )


@pytest.mark.parametrize("block", range(4))
def test_the_optimum_is_the_same_with_and_without_what_gives_way(block: int) -> None:
    """Lossless on random programs, infeasible ones included."""
    for seed in SEEDS[block::4]:
        problem, kinds = random_program(seed)
        pruned = restricted(problem, prune(problem, kinds))
        whole, rest = least_cost_usd(problem), least_cost_usd(pruned)
        assert rest == pytest.approx(whole, rel=1e-6) or whole == rest == INFEASIBLE, f"seed {seed}"


def test_the_random_programs_exercise_every_pass() -> None:
    """Guard of the test above: many groups give way, some to two machines for one, some to another type, some to free launches."""
    same = other = several = free = functions = 0
    for seed in SEEDS:
        problem, kinds = random_program(seed)
        found = prune(problem, kinds)
        host = {
            int(j): int(kinds.host[i])
            for j, i in zip(problem.option_group, problem.option_machine, strict=True)
        }
        for one in found.group_replacements:
            same += host[one.index] == host[one.by]
            other += host[one.index] != host[one.by]
            several += one.machines_for_one > 1
            free += host[one.index] != host[one.by] and not problem.start_usd.any()
        functions += len(found.function_replacements)
    assert min(same, other - free, free, functions) >= 10
    assert several >= 5


def one_host(tables: list[list[float]], serves: list[list[bool]] | None = None, **more: object) -> Pruning:
    """Prune groups of one instance type, on demand at 1 USD/h."""
    machines = Machines([0], [0], [1.0], [0.1], [2.0], [0])
    who = serves or [[True]] * len(tables)
    demand = TWO_WINDOWS * len(who[0])
    groups = [(0, table, one) for table, one in zip(tables, who, strict=True)]
    return prune(*tiny_program(machines, groups, demand, **more))  # type: ignore[arg-type]


def two_hosts(
    *,
    price: float = 2.0,
    start: float = 0.2,
    vcpu: float = 4.0,
    running: int = 0,
    spot: bool = False,
    **more: object,
) -> Pruning:
    """Type 1 against type 0 of 1 USD/h, 0.1 USD a launch and 2 vCPU; two of type 0 carry what one of type 1 does."""
    hosts, places = ([0, 1, 0, 1], [0, 0, 1, 1]) if spot else ([0, 1], [0, 0])
    double = 2 if spot else 1
    machines = Machines(
        hosts,
        places,
        [1.0, price] * double,
        [0.1, start] * double,
        [2.0, vcpu] * double,
        [0, running] * double,
    )
    groups = [(0, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [True]), (1, [0.0, 2.0, 4.0, 6.0], [True])]
    return prune(*tiny_program(machines, groups, TWO_WINDOWS, **more))  # type: ignore[arg-type]


def test_less_capacity_on_the_same_machine_gives_way() -> None:
    found = one_host([[0, 2, 5], [0, 3, 6]])
    assert found.groups.tolist() == [False, True]
    assert (found.group_replacements[0].by, found.group_replacements[0].machines_for_one) == (1, 1)


def test_a_group_that_is_better_at_one_size_stays() -> None:
    assert one_host([[0, 2, 6], [0, 3, 5]]).groups.all()


def test_a_group_that_serves_another_class_stays() -> None:
    assert one_host([[0, 1, 10], [0, 5, 11]], [[True, True], [False, True]]).groups.all()


def test_of_duplicates_the_first_by_name_stays() -> None:
    found = one_host([[0, 2, 5]] * 3, models=[1, 1, 1])
    assert found.groups.tolist() == [True, False, False]


def test_equal_capacity_of_another_model_or_tier_is_no_duplicate() -> None:
    assert one_host([[0, 2, 5]] * 2, models=[1, 2]).groups.all()
    assert one_host([[0, 2, 5]] * 2, models=[1, 1], tiers=[1, 2]).groups.all()


def test_capacity_beyond_all_demand_decides_nothing_but_ties() -> None:
    """Both carry everything with one machine: only the larger stays, and it alone."""
    assert one_host([[0, 50], [0, 60]]).groups.tolist() == [False, True]


def test_a_group_that_cannot_take_another_ones_load_in_replaces_nothing() -> None:
    """Capacities 3, 4, 5 beat 2, 3, 5, but two halves of the load on one machine each carry 6 apart and 4 together."""
    assert not superadditive(np.array([[0.0, 3.0, 4.0, 5.0]]), np.array([3]))[0]
    assert one_host([[0, 2, 3, 5], [0, 3, 4, 5]]).groups.all()


def test_superadditive_agrees_with_every_pair_of_sizes() -> None:
    rng = np.random.default_rng(5)
    tables = np.concatenate([np.zeros((200, 1)), np.cumsum(rng.integers(1, 4, (200, 6)), axis=1)], axis=1)
    last = rng.integers(2, 7, 200)
    for table, end, found in zip(tables, last, superadditive(tables, last), strict=True):
        pairs = [(a, b) for a in range(1, end + 1) for b in range(1, end + 1 - a)]
        assert found == all(table[a + b] >= table[a] + table[b] for a, b in pairs)


def test_two_small_machines_replace_a_large_one() -> None:
    found = two_hosts()
    assert found.groups.tolist() == [True, False]
    assert found.group_replacements[0].machines_for_one == 2


@pytest.mark.parametrize(
    "case",
    [
        {"price": 1.9},  # two small ones cost more
        {"start": 0.15},  # launching two costs more
        {"vcpu": 3.0, "quota_vcpu": 100.0},  # two take more of the quota
        {"running": 1},  # what stands in the current fleet never gives way to another type
        {"first_window_limited": True},  # x > 1 under a count limit
    ],
    ids=lambda case: ", ".join(case),
)
def test_a_type_stays_where_a_condition_fails(case: dict[str, object]) -> None:
    assert two_hosts(**case).groups.all()  # type: ignore[arg-type]


@pytest.mark.parametrize("floor", [0.0, 0.5])
def test_both_markets_are_replaced_together_whatever_the_floor(floor: float) -> None:
    assert two_hosts(spot=True, on_demand_floor_share=floor).groups.tolist() == [True, False]


def test_a_type_stays_where_its_counterpart_lacks_a_market() -> None:
    machines = Machines([0, 1, 1], [0, 0, 1], [1.0, 2.0, 1.0], [0.1] * 3, [2.0] * 3, [0] * 3)
    groups = [(0, [0.0, 2.0, 4.0, 6.0], [True]), (1, [0.0, 2.0, 4.0, 6.0], [True])]
    assert prune(*tiny_program(machines, groups, TWO_WINDOWS)).groups.all()


def types_with_two_groups(start: float) -> Pruning:
    """Type 1 costs as much as type 0 and does worse in its first group, better in its second."""
    machines = Machines([0, 1], [0, 0], [1.0, 1.0], [start, start], [2.0, 2.0], [0, 0])
    groups = [
        (0, [0.0, 3.0, 6.0], [True, False]),
        (1, [0.0, 2.0, 5.0], [True, False]),
        (0, [0.0, 1.0, 2.0, 5.0], [False, True]),
        (1, [0.0, 2.0, 5.0], [False, True]),
    ]
    return prune(*tiny_program(machines, groups, TWO_WINDOWS * 2))


def test_with_launch_costs_a_type_gives_way_whole_or_not_at_all() -> None:
    assert types_with_two_groups(start=0.1).groups.all()


def test_with_free_launches_groups_give_way_one_by_one() -> None:
    assert types_with_two_groups(start=0.0).groups.tolist() == [True, False, False, True]


def test_equal_types_stay_side_by_side() -> None:
    machines = Machines([0, 1], [0, 0], [1.0, 1.0], [0.1, 0.1], [2.0, 2.0], [0, 0])
    groups = [(h, [0.0, 2.0, 5.0], [True]) for h in (0, 1)]
    assert prune(*tiny_program(machines, groups, TWO_WINDOWS)).groups.all()


def test_a_function_gives_way_to_a_cheaper_one_that_holds_no_longer() -> None:
    serves = [True]
    machines, groups = Machines([0], [0], [1.0], [0.1], [2.0], [0]), [(0, [0.0, 2.0, 5.0], serves)]
    offered = [(2e-6, 0.5, serves), (1e-6, 0.5, serves), (0.5e-6, 1.0, serves)]
    problem, kinds = tiny_program(machines, groups, TWO_WINDOWS, functions=offered, concurrency_limit=4.0)
    assert prune(problem, kinds).functions.tolist() == [False, True, True]
    ample = replace(problem, concurrency_limit=5.0)  # all 5 requests/s of the class hold 5 functions at most
    assert prune(ample, kinds).functions.tolist() == [False, False, True]


def test_a_function_for_one_class_does_not_replace_one_for_two() -> None:
    machines, groups = Machines([0], [0], [1.0], [0.1], [2.0], [0]), [(0, [0.0, 4.0, 10.0], [True, True])]
    offered = [(2e-6, 0.5, [True, True]), (1e-6, 0.5, [True, False])]
    problem, kinds = tiny_program(machines, groups, TWO_WINDOWS * 2, functions=offered)
    assert prune(problem, kinds).functions.all()


def test_whole_ratios_never_cost_more_than_what_they_replace() -> None:
    cost = np.random.default_rng(1).choice([0.1, 0.2, 0.3, 0.6, 0.7, 2.1], (40, 3))
    ratios = whole_ratios(cost)
    for i, other in np.ndindex(40, 40):
        assert (ratios[i, other] * cost[other] <= cost[i]).all()
        assert ((ratios[i, other] + 1) * cost[other] > cost[i]).any()


def test_the_pruned_program_keeps_rows_and_columns_together() -> None:
    """Names, capacities, prices and options of what stays are those of the whole program."""
    problem, kinds = random_program(11)
    found = prune(problem, kinds)
    pruned = restricted(problem, found)
    assert len(pruned.groups) == found.groups.sum() < len(problem.groups)
    for g, (j, i) in enumerate(zip(pruned.option_group, pruned.option_machine, strict=True)):
        whole_j, whole_i = problem.groups.index(pruned.groups[j]), problem.machines.index(pruned.machines[i])
        assert any((problem.option_group == whole_j) & (problem.option_machine == whole_i)), g
        assert pruned.count_max[j] == problem.count_max[whole_j]
        width = pruned.capacity_rps.shape[1]
        assert np.array_equal(pruned.capacity_rps[j], problem.capacity_rps[whole_j, :width])
        assert np.array_equal(pruned.price_usd_per_h[i], problem.price_usd_per_h[whole_i])
        assert pruned.is_spot[i] == problem.is_spot[whole_i]


def test_thousands_of_groups_with_many_equal_ones_are_pruned_to_the_best_of_each_kind() -> None:
    """3,000 groups on 20 types, capacities from 30 slopes: one group a type and model stays, the first of the steepest."""
    rng = np.random.default_rng(9)
    count, hosts = 3000, 20
    machines = Machines(
        list(range(hosts)), [0] * hosts, [1.0] * hosts, [0.1] * hosts, [2.0] * hosts, [1] * hosts
    )
    slope = rng.integers(1, 31, count)
    host = rng.integers(0, hosts, count)
    groups = [(int(h), list(np.arange(101.0) * s), [True]) for h, s in zip(host, slope, strict=True)]
    problem, kinds = tiny_program(machines, groups, [[[80.0, 100.0]]], models=[0] * count)
    stays = np.flatnonzero(prune(problem, kinds).groups)
    assert len(stays) == hosts
    for j in stays:
        of_type = np.flatnonzero((host == host[j]) & (slope == slope[host == host[j]].max()))
        assert problem.groups[j] == min(problem.groups[k] for k in of_type)
