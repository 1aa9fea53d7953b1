"""The prune under operators' limits, loads, accuracy, value, commitments, linear groups and spot losses: nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from planner.dominance import prune, restricted
from tests.planner.tiny_programs import Machines, tiny_program
from tests.solvers.brute_force import enumerate_optimum
from tests.solvers.tiny_parts import (
    accuracy_floors,
    model_loads,
    operator_limits,
    served_value,
    spot_risk,
)

if TYPE_CHECKING:
    from planner.replacements import OptionKinds, Pruning
    from solvers.problem import ProvisioningProblem

SEEDS = range(160)
PARTS = ("limits", "loads", "accuracy", "value", "commitment", "linear", "survive", "bound", "aversion")
LOSSES = {"survive", "bound", "aversion"}
CLASSES = 2


@lru_cache(maxsize=len(SEEDS))
def random_program(seed: int) -> tuple[ProvisioningProblem, OptionKinds, frozenset[str]]:
    """Two types on demand, or one on demand and spot; two or three groups of small whole figures, so that ties occur."""
    rng = np.random.default_rng([seed, 3])
    on = {part for part in PARTS if rng.random() < 0.3}
    if seed % 2:
        on -= LOSSES  # two types then
    on.add(PARTS[seed % len(PARTS)])
    losses = on & LOSSES
    hosts, places = (1, [0, 1]) if losses else (2, [0])
    rows = [(h, place) for h in range(hosts) for place in places]
    prices = rng.choice([1.0, 2.0, 2.0], hosts)
    launch_usd = float(rng.choice([0.0, 0.2, 0.2]))
    machines = Machines(
        host=[h for h, _ in rows],
        place=[place for _, place in rows],
        price_usd_per_h=[float(prices[h]) * (0.4 if place else 1.0) for h, place in rows],
        start_usd=[launch_usd * float(prices[h]) for h, _ in rows],
        vcpu=[float(prices[h]) for h, _ in rows],
        running=[int(rng.random() < 0.15) for _ in rows],
    )
    groups = []
    for n in range(3 if hosts == 2 else 2):
        weak = hosts == 2 and n == 1 and rng.random() < 0.6
        gains = np.array([1, 1, 2]) if weak else np.sort(rng.integers(1, 4, 3)) + int(hosts == 2)
        serves = [True, True] if rng.random() < 0.7 else [False, True]
        groups.append((n % hosts, [0.0, *np.cumsum(gains)], serves))
    demand = np.sort(rng.integers(0, 4, (CLASSES, 2, 2)), axis=2) / 2
    problem, kinds = tiny_program(
        machines,
        groups,
        demand,
        models=[int(m) for m in rng.integers(0, 2, len(groups))],
        functions=[(0.0003, 0.5, [True, True]), (0.0004, 0.2, [True, bool(rng.random() < 0.5)])],
        concurrency_limit=float(rng.choice([1.0, 100.0])),
    )
    if "linear" in on:
        problem = replace(
            problem,
            capacity_rps=np.zeros_like(problem.capacity_rps),
            count_max=np.zeros_like(problem.count_max),
            linear_rps=rng.integers(1, 4, problem.serves.shape) + 2.0 * (np.arange(len(groups)) != 1),
            count_limit=np.full_like(problem.count_limit, 3.0 if losses else np.inf),
        )
    return with_parts(rng, on, problem, kinds), kinds, frozenset(on)


def with_parts(
    rng: np.random.Generator, on: set[str], problem: ProvisioningProblem, kinds: OptionKinds
) -> ProvisioningProblem:
    """Add the parts that are on; figures repeat, so that some groups still give way."""
    K, J = problem.serves.shape
    I, F = len(problem.machines), len(problem.functions)  # noqa: E741
    spot = problem.is_spot
    changed: dict[str, object] = {}
    if "commitment" in on:
        changed["owned_count"] = np.where(~spot & (rng.random(I) < 0.5), 1.0, np.inf)
    if "limits" in on:
        changed["limits"] = operator_limits(
            min_instances=rng.integers(0, 3, K).tolist(),
            zone_of_machine=kinds.place.tolist(),
            scale_in_windows=rng.integers(0, 3, I).tolist() if rng.random() < 0.15 else None,
            machines=I,
            min_zones=2 if spot.any() and rng.random() < 0.3 else 1,
            max_groups=int(rng.integers(1, 4)),
            max_churn=int(rng.integers(1, 5)) if rng.random() < 0.15 else None,
            budget_usd=float(rng.uniform(4, 12)),
        )
    if "loads" in on:
        changed["loads"] = model_loads(
            group_model=kinds.model.tolist(),
            initial_loaded=np.zeros((I, 2), dtype=int).tolist(),
            load_usd=(rng.choice([0.0, 0.3]) * np.ones((I, 2))).tolist(),
            load_s=[10.0, 20.0],
            wait_usd_per_s=float(rng.choice([0.0, 0.02])),
        )
    if "accuracy" in on:
        margins = [rng.choice([-0.1, 0.05, 0.1], shape).tolist() for shape in ((K, J), (K, F))]
        changed["accuracy"] = accuracy_floors(*margins)
    if "value" in on:
        values = [rng.choice([0.0002, 0.0005], shape).tolist() for shape in ((K, J), (K, F))]
        changed["value"] = served_value(*values)
    if on & LOSSES:
        changed["spot_risk"] = spot_risk(
            pool_of_machine=np.where(spot, np.cumsum(spot) - 1, -1).tolist(),
            loss_share=[float(rng.choice([0.05, 0.3]))] * int(spot.sum()),
            guard_classes=[[1, 0], [1, 1]],
            level=int(rng.integers(0, 2)),
            survive_any_loss="survive" in on,
            violation_share=float(rng.choice([0.01, 0.2])) if "bound" in on else None,
            aversion_usd=float(rng.choice([0.01, 0.1])) if "aversion" in on else 0.0,
        )
    return replace(problem, **changed)


@pytest.mark.parametrize("block", range(4))
def test_the_optimum_is_the_same_with_and_without_what_gives_way(block: int) -> None:
    """Lossless on random programs by enumeration, infeasible ones included."""
    for seed in SEEDS[block::4]:
        problem, kinds, on = random_program(seed)
        found = prune(problem, kinds)
        if found.groups.all() and found.functions.all():
            continue
        whole = enumerate_optimum(problem).objective_usd
        rest = enumerate_optimum(restricted(problem, found)).objective_usd
        assert (whole is None) == (rest is None), (seed, on)
        assert whole is None or rest == pytest.approx(whole, abs=1e-7), (seed, on)


def test_groups_give_way_under_every_part() -> None:
    """Guard of the test above: with each part on some programs lose groups, and enough of them have an optimum.

    Under aversion none does, since spot feeds every group of these programs.
    """
    for part in PARTS:
        of_part = [random_program(seed)[:2] for seed in SEEDS if part in random_program(seed)[2]]
        pruned = [program for program in of_part if not prune(*program).groups.all()]
        if part == "aversion":
            assert not pruned
            continue
        assert len(pruned) >= 5, part
        assert sum(enumerate_optimum(problem).objective_usd is not None for problem, _ in pruned) >= 3, part


def test_types_give_way_under_limits_and_loads() -> None:
    """Guard of the test above: groups give way to those of another type also where limits or loads are on, and without launches."""
    for part in ("limits", "loads", "accuracy", "value", "linear"):
        of_part = [random_program(seed)[:2] for seed in SEEDS if part in random_program(seed)[2]]
        assert sum(changes_type(*program) for program in of_part) >= 3, part


def changes_type(problem: ProvisioningProblem, kinds: OptionKinds) -> bool:
    host = dict(zip(problem.option_group, kinds.host[problem.option_machine], strict=True))
    return any(host[one.index] != host[one.by] for one in prune(problem, kinds).group_replacements)


def two_groups(**parts: object) -> Pruning:
    """Two groups on a type with two markets, the second stronger; alone, the first gives way."""
    machines = Machines([0, 0], [0, 1], [1.0, 0.4], [0.1, 0.1], [2.0, 2.0], [0, 0])
    groups = [(0, [0.0, 2.0, 5.0, 9.0], [True]), (0, [0.0, 3.0, 6.0, 10.0], [True])]
    problem, kinds = tiny_program(machines, groups, [[[2.0, 3.0], [4.0, 5.0]]])
    return prune(replace(problem, **parts), kinds)  # type: ignore[arg-type]


def weighed(loss_share: float, **weights: float) -> dict[str, object]:
    return {"spot_risk": spot_risk(pool_of_machine=[-1, 0], loss_share=[loss_share], **weights)}  # type: ignore[arg-type]


def test_a_stronger_group_replaces_a_weaker_one() -> None:
    assert two_groups().groups.tolist() == [False, True]


@pytest.mark.parametrize(
    ("parts", "stays"),
    [
        ({"accuracy": accuracy_floors([[0.1, 0.05]])}, True),
        ({"accuracy": accuracy_floors([[0.05, 0.1]])}, False),
        ({"value": served_value([[2e-4, 1e-4]])}, True),
        ({"value": served_value([[1e-4, 1e-4]])}, False),
        (
            {
                "loads": model_loads(
                    group_model=[0, 1], initial_loaded=[[0, 0], [0, 0]], load_usd=[[1.0, 1.0], [1.0, 1.0]]
                )
            },
            True,
        ),
        ({"limits": operator_limits(machines=2, max_groups=1, max_churn=1)}, False),
        (weighed(0.05, survive_any_loss=True), False),
        (weighed(0.05, violation_share=0.1), False),  # gamma 0.05 + 1.28 x 0.22 = 0.33: 10 x 0.67 covers 4
        (
            weighed(0.3, violation_share=0.01),
            True,
        ),  # gamma 0.3 + 2.33 x 0.46 = 1.37: what is stronger loses too much
        (weighed(0.05, aversion_usd=0.1), True),  # what is stronger loses more, and that has a price
    ],
)
def test_a_stronger_group_leaves_alone_what_it_cannot_stand_in_for(
    parts: dict[str, object], stays: bool
) -> None:
    assert two_groups(**parts).groups.tolist() == [stays, True]


def test_a_strong_group_that_loses_much_may_be_worse() -> None:
    """5 USD of an on-demand machine leave 2 of the guard's 1 req/s spare; the peak of 5 req/s needs 2 more.

    A spot machine at 2 req/s (gamma 1.37) needs 2.7 of a spare of 4; at 6 req/s it needs 8.2 of 8, and a second machine on demand
    is the way out.
    """
    machines = Machines([0, 1], [0, 1], [5.0, 0.4], [0.0, 0.0], [2.0, 2.0], [0, 0])
    groups = [(1, [0.0, 2.0], [True]), (1, [0.0, 6.0], [True]), (0, [0.0, 3.0, 6.0], [True])]
    problem, kinds = tiny_program(machines, groups, [[[1.0, 5.0]]])
    problem = replace(
        problem, spot_risk=spot_risk(pool_of_machine=[-1, 0], loss_share=[0.3], violation_share=0.01)
    )
    found = prune(problem, kinds)
    assert found.groups.all()
    without = replace(found, groups=np.array([False, True, True]))
    assert enumerate_optimum(problem).objective_usd == pytest.approx(5.4)
    assert enumerate_optimum(restricted(problem, without)).objective_usd == pytest.approx(10.0)
