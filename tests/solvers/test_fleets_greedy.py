"""The greedy sees what the program sees: linear groups, commitments, standby, values, and every limit through its repair."""

from __future__ import annotations

import numpy as np
import pytest

from solvers.greedy import FORMS, greedy_baseline
from tests.solvers.brute_force import enumerate_optimum, price_fleet
from tests.solvers.rich_problems import draw_rich
from tests.solvers.tiny_parts import operator_limits, served_value
from tests.solvers.tiny_problems import draw_problem, tiny_problem


@pytest.mark.parametrize("seed", range(24))
def test_a_baseline_is_what_the_oracle_says_it_is(seed: int) -> None:
    """Feasible forms cost what enumeration prices them at, never below its optimum; the others give a reason and no price."""
    problem = draw_rich(seed).problem
    optimum = enumerate_optimum(problem).objective_usd
    for form in FORMS:
        found, _ = greedy_baseline(problem, form)
        assert found.instances is not None
        if found.objective_usd is None:
            assert found.reason
            continue
        assert optimum is not None
        assert found.objective_usd >= optimum - 1e-6 * max(abs(optimum), 1.0)
        assert found.objective_usd == pytest.approx(price_fleet(problem, found.instances), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("form", FORMS)
def test_linear_groups_take_the_classes_they_are_cheap_for(form: str) -> None:
    """Each of two machine types carries one class at 10 req/s and the other at 1: one machine of each, not ten of one."""
    problem = tiny_problem(
        demand_rps=[[[10]], [[10]]],
        capacity_rps=[[0], [0]],
        options=[(0, 0), (1, 1)],
        price_usd_per_h=[1.0, 1.1],
        linear_rps=np.array([[10.0, 1.0], [1.0, 10.0]]),
    )
    found, _ = greedy_baseline(problem, form)
    assert found.objective_usd == pytest.approx(2.1)


def test_what_is_paid_for_comes_first() -> None:
    """Three machines are needed and two are owned: one is rented."""
    problem = tiny_problem(
        demand_rps=[[[25]]],
        capacity_rps=[[0, 10, 20, 30]],
        options=[(0, 0), (0, 1)],
        price_usd_per_h=[1.0, 0.0],
        owned_count=np.array([np.inf, 2.0]),
    )
    found, _ = greedy_baseline(problem, "strengthened")
    assert found.instances is not None
    assert found.instances.tolist() == [[1], [2]]


def test_requests_worth_less_than_a_machine_are_left() -> None:
    """10 req/s earn 3.6 USD an hour on a machine of 1 USD; the other 2 would need a second one and earn 0.72."""
    problem = tiny_problem(
        demand_rps=[[[12]]],
        capacity_rps=[[0, 10, 20]],
        options=[(0, 0)],
        price_usd_per_h=[1.0],
        value=served_value([[1e-4]]),
    )
    found, _ = greedy_baseline(problem, "strengthened")
    assert found.objective_usd == pytest.approx(-2.6)


def test_a_limit_that_cannot_be_mended_is_named() -> None:
    """Two changes in the first window where one is allowed."""
    problem = tiny_problem(
        demand_rps=[[[15]]],
        capacity_rps=[[0, 10, 20]],
        options=[(0, 0)],
        price_usd_per_h=[1.0],
        limits=operator_limits(max_churn=1),
    )
    assert "max_churn" in greedy_baseline(problem, "strengthened")[0].reason


@pytest.mark.parametrize("form", FORMS)
def test_remembered_steps_are_the_same_steps(form: str) -> None:
    """A second run takes no step, and a horizon moved by a window only those that its new start changes."""
    problem = draw_problem(3).problem
    steps: dict[bytes, np.ndarray] = {}
    first, _ = greedy_baseline(problem, form, steps)
    taken = len(steps)
    again, _ = greedy_baseline(problem, form, steps)
    assert taken > 0
    assert len(steps) == taken
    assert np.array_equal(again.instances, first.instances)
