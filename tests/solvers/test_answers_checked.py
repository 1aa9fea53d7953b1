"""What a solver reports is checked before it counts as an answer."""

from __future__ import annotations

import numpy as np
import pytest

from solvers.backends import Status
from solvers.backends.status import Report
from tests.solvers.backend_cases import CASES, INF, program_of
from tests.solvers.checked_reports import checked

pytestmark = pytest.mark.portable


def test_duals_that_do_not_prove_the_objective_are_dropped() -> None:
    """5 x + y, x + y = 10, y <= 4: without the second row's dual of -4 the first proves nothing."""
    case = next(case for case in CASES if case.name == "equation_and_upper_limit")
    for duals, kept in (((5.0, -4.0), True), ((5.0, 0.0), False), ((4.0, -3.0), False)):
        report = Report(Status.OPTIMAL, np.array([6.0, 4.0]), bound=34.0, row_duals=np.array(duals))
        assert (checked(case.program, report).row_duals is not None) is kept


def test_values_that_break_a_limit_are_a_failure() -> None:
    """A solver that returns an infeasible point as optimal is not believed."""
    program = CASES[0].program
    answer = checked(program, Report(Status.OPTIMAL, np.array([1.6, 1.1]), bound=7.0))
    assert (answer.status, answer.values, answer.bound) == (Status.FAILED, None, None)
    assert "break a limit" in answer.message


def test_fractions_where_whole_numbers_were_asked_for_are_a_failure() -> None:
    """A relaxed point is no answer to an integer program."""
    program = program_of([1], [[1]], [2.4], [INF], [0], [9], [1])
    assert checked(program, Report(Status.OPTIMAL, np.array([2.4]))).status is Status.FAILED


def test_nearly_whole_values_come_back_whole() -> None:
    """Integers are rounded where that keeps the program feasible, so callers may cast them."""
    program = program_of([1, 1], [[1, 1]], [3], [INF], [0, 0], [9, 9], [1, 0])
    answer = checked(program, Report(Status.OPTIMAL, np.array([2.9999999, 1e-7])))
    assert answer.values is not None
    assert answer.values.tolist() == [3.0, 1e-7]
    assert answer.objective == 3.0000001


def test_a_bound_above_a_feasible_objective_is_a_failure() -> None:
    """No plan costs less than the bound: one that does proves the bound wrong."""
    program = CASES[0].program
    answer = checked(program, Report(Status.OPTIMAL, np.array([1.6, 1.2]), bound=7.3))
    assert (answer.status, answer.bound, answer.gap) == (Status.FAILED, None, None)
    assert "above a feasible objective" in answer.message


def test_optimal_with_a_wide_gap_is_only_feasible() -> None:
    """The word "optimal" counts only within the gap that was asked for."""
    program = program_of([1], [[1]], [0], [9], [3], [9], [1])
    wide = Report(Status.OPTIMAL, np.array([4.0]), bound=3.0)
    assert checked(program, wide, gap=0.1).status is Status.FEASIBLE
    assert checked(program, wide, gap=0.3).status is Status.OPTIMAL


def test_infeasible_beside_a_feasible_start_is_a_failure() -> None:
    """The start refutes the claim, and is handed back."""
    start = np.array([2.0, 2.0])
    answer = checked(CASES[0].program, Report(Status.INFEASIBLE), start=start)
    assert answer.status is Status.FAILED
    assert answer.objective == 10.0
    assert "the start is feasible" in answer.message


def test_gap_of_a_free_optimum_is_defined() -> None:
    """Zero cost with a zero bound is a gap of 0; with a lower bound it is infinite, not an error."""
    program = program_of([1], [[1]], [-INF], [9], [0], [9], [1])
    assert checked(program, Report(Status.OPTIMAL, np.zeros(1), bound=0.0)).gap == 0.0
    assert checked(program, Report(Status.FEASIBLE, np.zeros(1), bound=-1.0)).gap == INF
