"""Programs with norms and squares: tangents and a solver that knows them agree, and every bound on the way is valid."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest

from solvers.backends import NormRow, SquareTerm, Status, highs, installed_backends, solve
from solvers.backends.check import check_report
from solvers.backends.status import Report, Settings
from solvers.errors import ProblemError
from tests.solvers.backend_cases import BOTH, CURVED_CASES, INF, norm, program_of, random_cone_program, square

if TYPE_CHECKING:
    from solvers.backends import LinearProgram

HAS_SCIP = "cvxpy-scip" in {info.name for info in installed_backends()}
GAP = 1e-6
AGREEMENT = 2e-6  # of the objective: the gap of either solver, and 1e-6 of a row's limit


def whole_program(seed: int) -> LinearProgram:
    """Draw a program over the whole numbers 0 to 3 in four columns, small enough to try every point."""
    program = random_cone_program(seed)
    kept = np.arange(min(4, len(program.cost)))
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(len(kept), len(kept)))
    return replace(
        program,
        cost=program.cost[kept],
        matrix=program.matrix[:, kept],
        row_upper=program.row_upper / 3,
        lower=np.zeros(len(kept)),
        upper=np.full(len(kept), 3.0),
        integer=np.ones(len(kept), dtype=bool),
        norms=(NormRow(0, kept, root, 0.5),),
        squares=(SquareTerm(kept, root.T, 0.7),),
    )


@pytest.mark.skipif(not HAS_SCIP, reason="the extra scip is not installed")
@pytest.mark.parametrize("seed", range(40))
def test_tangents_and_scip_reach_the_same_optimum(seed: int) -> None:
    """The mixed-integer cone program and its tangents on HiGHS have one optimum, and each bound lies below the other's answer."""
    program = random_cone_program(seed)
    tangents, cones = (solve(program, solver=name, gap=GAP) for name in ("highs", "cvxpy-scip"))
    assert (tangents.status, cones.status) == (Status.OPTIMAL, Status.OPTIMAL)
    assert tangents.objective == pytest.approx(cones.objective, rel=AGREEMENT)
    assert tangents.bound is not None
    assert cones.bound is not None
    slack = AGREEMENT * abs(cones.objective)
    assert tangents.bound <= cones.objective + slack
    assert cones.bound <= tangents.objective + slack


@pytest.mark.parametrize("seed", range(20))
def test_tangents_reach_the_best_of_all_points(seed: int) -> None:
    """Every whole point tried: the same optimum, or none at all."""
    program = whole_program(seed)
    points = [np.array(point, dtype=float) for point in product(range(4), repeat=len(program.cost))]
    best = min((program.objective(x) for x in points if program.violation(x) <= 1e-9), default=None)
    answer = solve(program, gap=GAP)
    if best is None:
        assert answer.status is Status.INFEASIBLE
    else:
        assert answer.status is Status.OPTIMAL
        assert answer.objective == pytest.approx(best, rel=AGREEMENT)


@pytest.mark.parametrize("seed", range(10))
def test_a_bound_under_a_limit_lies_below_the_optimum(seed: int) -> None:
    """Stopped after one node, the relaxation's bound is still one of the program."""
    program = random_cone_program(seed)
    optimum = solve(program, gap=GAP).objective
    stopped = solve(program, gap=GAP, node_limit=1)
    assert stopped.status in (Status.OPTIMAL, Status.FEASIBLE, Status.LIMIT)
    assert stopped.bound is not None
    assert optimum is not None
    assert stopped.bound <= optimum * (1 + AGREEMENT)
    assert stopped.objective is None or stopped.objective >= optimum * (1 - AGREEMENT)


def test_relaxing_keeps_the_curves() -> None:
    """Without whole numbers the disc's best point along (4, 3) is the same (4, 3), found by tangents."""
    case = next(case for case in CURVED_CASES if case.name == "whole_points_of_a_disc")
    answer = solve(case.program, relax=True)
    assert answer.status is Status.OPTIMAL
    assert answer.objective == pytest.approx(-25.0, rel=1e-6)


def test_tangents_of_one_solve_begin_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under other prices the curves are the same: fewer relaxations are solved, and the answer is the same."""
    solved = []

    def counted(program: LinearProgram, settings: Settings) -> Report:
        solved.append(len(program.row_lower))
        return highs.run(program, settings)

    monkeypatch.setattr("solvers.backends.RUNNERS", {"highs": counted})
    program = random_cone_program(13)
    first = solve(program, gap=GAP)
    dearer = replace(program, cost=program.cost * 1.02)
    solved.clear()
    alone = solve(dearer, gap=GAP)
    cold = len(solved)
    solved.clear()
    warm = solve(dearer, gap=GAP, start_tangents=first.tangents)
    assert len(solved) < cold
    assert warm.objective == pytest.approx(alone.objective, rel=AGREEMENT)


def test_a_good_start_is_never_lost() -> None:
    """With no time at all the start comes back, with the bound that was reached, or none."""
    program = random_cone_program(13)
    best = solve(program, gap=GAP)
    answer = solve(program, gap=0.0, time_limit_s=0.0, start=best.values)
    assert answer.status in (Status.FEASIBLE, Status.OPTIMAL)
    assert answer.objective == pytest.approx(best.objective)


def test_no_relaxation_is_begun_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The backend spends the time in its first relaxation; only the last word, which tells why it ended, is asked for then."""
    clock, solved = [0.0], []

    def slow(program: LinearProgram, settings: Settings) -> Report:
        clock[0] += 10.0
        solved.append(settings.time_limit_s)
        return highs.run(program, settings)

    monkeypatch.setattr("solvers.backends.RUNNERS", {"highs": slow})
    monkeypatch.setattr("solvers.backends.tangents.time.perf_counter", lambda: clock[0])
    answer = solve(random_cone_program(13), gap=0.0, time_limit_s=10.0)
    assert answer.status is Status.LIMIT
    assert solved == [10.0, 0.0]


def test_the_same_question_gets_the_same_answer() -> None:
    """Rounds, tangents and nodes are the same in every run."""
    first, second = (solve(random_cone_program(31), gap=GAP, node_limit=500) for _ in range(2))
    assert np.array_equal(first.values, second.values)
    assert (first.bound, first.nodes) == (second.bound, second.nodes)


def test_a_point_outside_a_cone_is_a_failure() -> None:
    """A solver's claim is held against the norm itself: (4, 3.01) lies outside the disc of radius 5."""
    case = next(case for case in CURVED_CASES if case.name == "disc")
    false_claim = Report(Status.OPTIMAL, np.array([4.0, 3.01]), bound=-7.0)
    answer = check_report(case.program, false_claim, Settings(), solver="stub", runtime_s=0.0)
    assert (answer.status, answer.values) == (Status.FAILED, None)


def test_squares_count_in_the_objective() -> None:
    """The objective is recomputed with its squares: x^2 - 4 x + 1 at 3 is -2, and a bound of -1.9 is refuted."""
    case = next(case for case in CURVED_CASES if case.name == "parabola")
    for bound, status in ((-3.0, Status.FEASIBLE), (-1.9, Status.FAILED)):
        claim = Report(Status.FEASIBLE, np.array([3.0]), bound=bound)
        answer = check_report(case.program, claim, Settings(), solver="stub", runtime_s=0.0)
        assert (answer.status, answer.objective) == (status, -2.0)


def test_norms_that_do_not_fit_the_program_are_refused_with_every_reason() -> None:
    """Shape of the root, numbers of row and columns, sign of the scale, a lower limit on the row: all named at once."""
    with pytest.raises(ProblemError) as caught:
        program_of(
            [1, 1],
            [[1, 1]],
            [0],
            [INF],
            [0, 0],
            [1, 1],
            norms=(norm(0, [0, 1], [[1.0]]), norm(3, [0, 1], BOTH)),
            squares=(square([2], [[1]]), square([0], [[1]], -1.0)),
        )
    for words in (
        r"norms[0].root has shape (1, 1); it must be (any, 2)",
        "norms[0]: row 0 has a lower limit of 0",
        "norms[1].row is 3; rows run from 0 to 0",
        "squares[0].columns must lie between 0 and 1",
        "squares[1]: root must be finite, scale finite and >= 0; scale is -1.0",
    ):
        assert any(words in problem for problem in caught.value.problems), caught.value.problems
