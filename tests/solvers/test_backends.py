"""Every backend found here gives the same answers, and none is believed without our own check."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.optimize import linprog

from solvers.backends import Answer, LinearProgram, Status, glpk, installed_backends, settle_trivial, solve
from solvers.backends.check import check_report
from solvers.backends.pulp_solvers import others, run_other
from solvers.backends.status import Report, Settings
from solvers.errors import BackendError, ProblemError, SolverError
from tests.solvers.backend_cases import (
    CASES,
    CURVED_CASES,
    INF,
    Case,
    hard_knapsack,
    market_split,
    program_of,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.portable

BACKENDS = [info.name for info in installed_backends()]
LIMITS_NODES = [info.name for info in installed_backends() if info.limits_nodes]
CURVED_TOLERANCE = 1e-6  # a norm kept to within 1e-6 of its row, a square to 1e-9 of the objective, times the duals of the cases


def checked(program: LinearProgram, report: Report, **settings: object) -> Answer:
    return check_report(program, report, Settings(**settings), solver="stub", runtime_s=0.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("solver", BACKENDS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_table(case: Case, solver: str) -> None:
    """Status, objective, primal and dual values are those worked out by hand."""
    check_case(case, solver, tolerance=1e-7)


@pytest.mark.parametrize("solver", BACKENDS)
@pytest.mark.parametrize("case", CURVED_CASES, ids=lambda case: case.name)
def test_the_table_of_norms_and_squares(case: Case, solver: str) -> None:
    """The same with cones and quadratic objectives, whether the solver knows them or sees tangents."""
    check_case(case, solver, tolerance=CURVED_TOLERANCE)


def check_case(case: Case, solver: str, tolerance: float) -> None:
    answer = solve(case.program, solver=solver, gap=0.0)
    assert answer.status in case.statuses, answer.message
    assert answer.solver == solver
    if case.objective is None:
        assert (answer.values, answer.objective, answer.bound) == (None, None, None)
        return
    assert answer.objective == pytest.approx(case.objective, rel=tolerance, abs=1e-12)
    assert answer.max_violation <= tolerance
    if case.values is not None:
        assert answer.values == pytest.approx(np.array(case.values), abs=tolerance)
    if case.row_duals is not None and answer.row_duals is not None:
        assert answer.row_duals == pytest.approx(np.array(case.row_duals), abs=tolerance)
    if answer.bound is not None:
        assert answer.bound == pytest.approx(case.objective, rel=tolerance, abs=1e-12)
        assert answer.gap == pytest.approx(0.0, abs=tolerance)


@pytest.mark.parametrize("solver", ["highs", "pulp-highs", "cvxpy-highs"])
def test_linear_programs_come_with_duals(solver: str) -> None:
    """Duals explain a plan's prices; HiGHS returns those of a linear optimum, whoever calls it."""
    priced = [case for case in CASES if case.row_duals is not None]
    assert priced
    for case in priced:
        duals = solve(case.program, solver=solver).row_duals
        assert duals == pytest.approx(np.array(case.row_duals), abs=1e-7)


def test_duals_that_do_not_prove_the_objective_are_dropped() -> None:
    """5 x + y, x + y = 10, y <= 4: without the second row's dual of -4 the first proves nothing."""
    case = next(case for case in CASES if case.name == "equation_and_upper_limit")
    for duals, kept in (((5.0, -4.0), True), ((5.0, 0.0), False), ((4.0, -3.0), False)):
        report = Report(Status.OPTIMAL, np.array([6.0, 4.0]), bound=34.0, row_duals=np.array(duals))
        assert (checked(case.program, report).row_duals is not None) is kept


@pytest.mark.parametrize("solver", BACKENDS)
def test_integer_programs_come_without_duals(solver: str) -> None:
    """A dual of a program with whole numbers would be one of some relaxation: none is given."""
    assert solve(program_of([3], [[2]], [3], [INF], [0], [9], [1]), solver=solver).row_duals is None


@pytest.mark.parametrize("solver", BACKENDS)
def test_relaxing_drops_the_whole_numbers(solver: str) -> None:
    """relax=True solves the linear program and gives its optimum as the bound."""
    program = program_of([3, 2], [[1, 1]], [2.5], [INF], [0, 0], [INF, INF], [1, 1])
    answer = solve(program, solver=solver, relax=True)
    assert (answer.status, answer.objective, answer.bound) == (
        Status.OPTIMAL,
        pytest.approx(5.0),
        pytest.approx(5.0),
    )


@pytest.mark.parametrize("solver", LIMITS_NODES)
def test_a_node_limit_leaves_an_incumbent_and_a_bound(solver: str) -> None:
    """Stopped early, the answer is not called optimal, and its bound lies below the objective."""
    program = hard_knapsack()
    answer = solve(program, solver=solver, gap=0.0, node_limit=3)
    assert answer.status is Status.FEASIBLE
    assert answer.objective is not None
    assert answer.bound is not None
    assert answer.bound < answer.objective < 0
    assert answer.gap == pytest.approx((answer.objective - answer.bound) / -answer.objective)
    relaxed = linprog(
        program.cost, A_ub=program.matrix, b_ub=program.row_upper, bounds=(0, 1), method="highs"
    ).fun
    assert answer.bound >= relaxed - 1e-6


@pytest.mark.parametrize("solver", BACKENDS)
def test_a_time_limit_is_not_called_optimal(solver: str) -> None:
    """PuLP calls a CBC run stopped by its time limit "Optimal"; ours ends as FEASIBLE or LIMIT."""
    answer = solve(hard_knapsack(80, 15), solver=solver, gap=0.0, time_limit_s=0.2)
    assert answer.status in (Status.FEASIBLE, Status.LIMIT)
    assert (answer.status is Status.LIMIT) == (answer.values is None)
    assert answer.gap is None or answer.gap > 0


@pytest.mark.parametrize("solver", BACKENDS)
def test_a_limit_without_incumbent(solver: str) -> None:
    """No solution was found and none excluded: LIMIT, with no values and no word on feasibility."""
    answer = solve(market_split(), solver=solver, node_limit=1)
    assert answer.status is Status.LIMIT
    assert (answer.values, answer.objective, answer.gap) == (None, None, None)


@pytest.mark.parametrize("solver", BACKENDS)
def test_the_gap_asked_for_is_reached(solver: str) -> None:
    """An optimal answer's own bound is within the gap wherever the backend gives one."""
    answer = solve(hard_knapsack(), solver=solver, gap=0.05)
    assert answer.status is Status.OPTIMAL
    assert answer.gap is None or answer.gap <= 0.05


@pytest.mark.parametrize("solver", BACKENDS)
def test_the_answer_is_never_worse_than_a_feasible_start(solver: str) -> None:
    """At a limit of no nodes to speak of, a good start comes back, whichever backend takes it."""
    program = hard_knapsack()
    good = solve(program, gap=0.02, node_limit=200)
    answer = solve(program, solver=solver, gap=0.0, node_limit=1, start=good.values)
    assert answer.objective is not None
    assert good.objective is not None
    assert answer.objective <= good.objective


@pytest.mark.parametrize("solver", BACKENDS)
def test_a_bad_start_is_ignored(solver: str) -> None:
    """A start that breaks limits, or names only some columns, changes no answer."""
    case = next(case for case in CASES if case.name == "knapsack")
    for start in (np.ones(4), np.array([np.nan, 1.0, np.nan, np.nan])):
        assert solve(case.program, solver=solver, start=start).objective == case.objective


@pytest.mark.parametrize("solver", BACKENDS)
def test_the_same_question_gets_the_same_answer(solver: str) -> None:
    """One thread, a fixed seed, and a limit of nodes or a gap: the second run repeats the first to the last digit."""
    limit = {"node_limit": 5} if solver in LIMITS_NODES else {"gap": 0.02}
    first, second = (solve(hard_knapsack(), solver=solver, seed=3, **limit) for _ in range(2))
    assert np.array_equal(first.values, second.values)
    assert (first.objective, first.bound, first.nodes) == (second.objective, second.bound, second.nodes)


@pytest.mark.parametrize("solver", BACKENDS)
def test_random_programs_agree_with_a_dense_solve(solver: str) -> None:
    """On seeded random linear programs every backend reaches the optimum of scipy's own call."""
    rng = np.random.default_rng(11)
    for _ in range(5):
        matrix = rng.integers(-3, 8, (6, 9)).astype(float)
        inside = rng.integers(0, 4, 9)
        program = program_of(
            rng.integers(1, 20, 9).tolist(),
            matrix.tolist(),
            (matrix @ inside - 1).tolist(),
            [INF] * 6,
            [0] * 9,
            [9] * 9,
        )
        expected = linprog(
            program.cost, A_ub=-matrix, b_ub=-program.row_lower, bounds=(0, 9), method="highs"
        ).fun
        assert solve(program, solver=solver).objective == pytest.approx(expected, rel=1e-7)


def test_the_log_is_written(tmp_path: Path) -> None:
    """The solver's own log goes to the file asked for and nowhere else."""
    log = tmp_path / "highs.log"
    solve(hard_knapsack(), node_limit=1, log=log)
    assert "HiGHS" in log.read_text(encoding="utf-8")


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    """Stdout and stderr belong to the command: no backend writes there."""
    for solver in BACKENDS:
        solve(hard_knapsack(), solver=solver, node_limit=1)
    assert capfd.readouterr() == ("", "")


def test_a_process_that_ran_more_threads_still_solves() -> None:
    """HiGHS refuses another number of threads than its process began with, unless its scheduler is reset."""
    import highspy

    other = highspy.Highs()
    other.setOptionValue("output_flag", False)
    highspy.Highs.resetGlobalScheduler(True)
    other.setOptionValue("threads", 2)
    other.addVar(0, 1)
    other.run()
    for solver in ("highs", "pulp-highs", "cvxpy-highs"):
        answer = solve(program_of([1], [[1]], [3], [INF], [0], [9]), solver=solver)
        assert (answer.status, answer.objective) == (Status.OPTIMAL, 3.0)


def test_backends_are_listed_with_their_abilities() -> None:
    """The default comes first; versions are there for `planner doctor`; HiGHS claims no quadratics."""
    found = installed_backends()
    assert found[0].name == "highs"
    assert len({info.name for info in found}) == len(found)
    assert {"highs", "pulp-highs", "cvxpy-highs"} <= {info.name for info in found}
    assert all(info.version and info.integer for info in found)
    assert not any(info.quadratic for info in found if info.name.endswith("highs"))


def test_an_unknown_solver_is_named_with_its_neighbour() -> None:
    """The message says what was asked for, what it resembles and what is there."""
    with pytest.raises(
        BackendError, match=r"'pulp-cbd' is unknown\. Did you mean 'pulp-cbc'.*Installed here: highs,"
    ):
        solve(CASES[0].program, solver="pulp-cbd")


def test_an_absent_solver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A known solver that is not installed raises with the package to install."""
    monkeypatch.setattr("solvers.backends.scip.installed", lambda: False)
    monkeypatch.setattr("solvers.backends.cbc.find", lambda: None)
    monkeypatch.setattr("solvers.backends.glpk.find", lambda: None)
    absent = (
        ("pulp-scip", "pyscipopt"),
        ("cvxpy-scip", "pyscipopt"),
        ("pulp-cbc", "cbcbox"),
        ("pulp-glpk", "GLPK"),
    )
    for solver, package in absent:
        with pytest.raises(SolverError, match=package):
            solve(CASES[0].program, solver=solver)


def test_a_program_whose_arrays_disagree_is_refused_with_every_reason() -> None:
    """All contradictions of the arrays are raised at once."""
    program = CASES[0].program
    with pytest.raises(ProblemError) as caught:
        replace(program, cost=np.array([1.0, np.nan]), lower=np.zeros(3), row_upper=np.array([np.nan, 1.0]))
    assert len(caught.value.problems) == 3
    with pytest.raises(ProblemError, match="column_names has 1 names; it must have 2"):
        replace(program, column_names=("x",))
    with pytest.raises(ProblemError, match="offset is inf"):
        replace(program, offset=INF)


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


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_solver_known_to_pulp_only_is_read_in_its_words(case: Case) -> None:
    """Without limits PuLP's word is enough; HiGHS stands for the solvers that no module of ours knows."""
    if settle_trivial(case.program) is not None:
        return
    answer = checked(case.program, run_other("HiGHS", case.program.scaled(1e6), Settings(gap=0.0)), gap=0.0)
    if case.objective is None:
        assert answer.status is not Status.OPTIMAL
        assert answer.values is None
    else:
        assert answer.status is Status.OPTIMAL
        assert answer.objective == pytest.approx(case.objective, rel=1e-6)


def test_under_a_limit_pulps_word_is_no_proof() -> None:
    """PuLP passes a time limit on but not whether it struck: what it calls optimal counts as feasible."""
    answer = run_other("HiGHS", hard_knapsack(), Settings(gap=0.05, time_limit_s=60.0))
    assert answer.status is Status.FEASIBLE


def test_other_solvers_of_pulp_are_listed_and_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What PuLP finds is offered under a name of ours, without a bound, and can be called by it."""
    monkeypatch.setattr("pulp.listSolvers", lambda onlyAvailable: ["HiGHS", "SCIP_CMD"])
    assert others() == {"pulp-scip-cmd": "SCIP_CMD"}
    listed = next(info for info in installed_backends() if info.name == "pulp-scip-cmd")
    assert (listed.gives_bound, listed.limits_nodes) == (False, False)
    called = []
    monkeypatch.setattr(
        "solvers.backends.pulp_solvers.run_other",
        lambda name, *_: called.append(name) or Report(Status.LIMIT),
    )
    assert solve(CASES[0].program, solver="pulp-scip-cmd").status is Status.LIMIT
    assert called == ["SCIP_CMD"]


@pytest.mark.parametrize(
    ("words", "whole", "status", "bound"),
    [
        ("OPTIMAL LP SOLUTION FOUND\n", False, Status.OPTIMAL, None),
        ("TIME LIMIT EXCEEDED; SEARCH TERMINATED\n", False, Status.LIMIT, None),
        ("PROBLEM HAS NO DUAL FEASIBLE SOLUTION\n", False, Status.INFEASIBLE_OR_UNBOUNDED, None),
        ("LP HAS UNBOUNDED PRIMAL SOLUTION\n", False, Status.UNBOUNDED, None),
        ("LP HAS UNBOUNDED PRIMAL SOLUTION\n", True, Status.INFEASIBLE_OR_UNBOUNDED, None),
        (
            "OPTIMAL LP SOLUTION FOUND\n+ 28: mip =     not found yet >=              -inf        (1; 0)\n"
            "+ 39: mip =     not found yet >=   1.560000000e+02        (12; 2)\nTIME LIMIT EXCEEDED; SEARCH TERMINATED\n",
            True,
            Status.LIMIT,
            156.5,
        ),
        (
            "OPTIMAL LP SOLUTION FOUND\n+ 1903: >>>>>  -8.500000000e+02 >=  -8.630000000e+02   1.5% (431; 105)\n"
            "TIME LIMIT EXCEEDED; SEARCH TERMINATED\n",
            True,
            Status.FEASIBLE,
            -862.5,
        ),
        ("glpsol: out of memory\n", True, Status.FAILED, None),
    ],
)
def test_the_words_of_glpsol_are_read(words: str, whole: bool, status: Status, bound: float | None) -> None:
    """Its log says how it ended and what it proved, the constant of the objective left out."""
    assert glpk.read_status(words, whole=whole) is status
    assert glpk.read_bound(words, offset=0.5) == bound


def test_a_crash_of_cbc_is_a_status(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A solver that cannot run its command ends as FAILED with its words, not with a foreign exception."""
    if "pulp-cbc" not in BACKENDS:
        pytest.skip("CBC is not installed here")
    broken = tmp_path / "cbc"
    broken.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setattr("solvers.backends.cbc.find", lambda: str(broken))
    answer = solve(CASES[0].program, solver="pulp-cbc")
    assert answer.status is Status.FAILED
    assert answer.message.startswith("CBC: ")
