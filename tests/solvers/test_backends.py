"""Every backend found here gives the same answers, and none is believed without our own check."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.optimize import linprog

from solvers.backends import Status, installed_backends, solve
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


def test_costs_of_thousands_of_dollars_are_not_handed_over_in_micro_dollars() -> None:
    """Three windows choose one of five pools each and pay for rises: costs of 1e10 made HiGHS give up (kSolveError)."""
    value = [
        [5104.079066, 5420.860307, 5739.259426, 6166.110211, 6339.478651],
        [5216.986622, 6646.452029, 6964.851148, 7646.896705, 7820.265144],
        [5216.986622, 6807.426323, 8237.179386, 8976.820952, 8572.645783],
    ]
    machines, loads = np.array([1.0, 2.0, 3.0, 1.0, 1.0]), np.array([0.0, 0.0, 0.0, 2.0, 2.0])
    stays, came = np.eye(3), np.eye(3, k=-1)
    rises = [np.hstack([np.kron(came - stays, count), np.eye(3)]) for count in (machines, loads)]
    matrix = np.block(
        [
            [np.kron(np.eye(3), np.ones(5)), np.zeros((3, 6))],
            [rises[0], np.zeros((3, 3))],
            [rises[1][:, :15], np.zeros((3, 3)), rises[1][:, 15:]],
        ]
    )
    cost = np.concatenate([-np.ravel(value), [0.009874] * 3, [0.019748] * 3])
    upper = np.array([1.0] * 3 + [INF] * 6)
    program = program_of(
        cost.tolist(), matrix.tolist(), [1] * 3 + [0] * 6, upper.tolist(), [0] * 21, [INF] * 21
    )
    expected = linprog(cost, A_ub=-matrix[3:], b_ub=np.zeros(6), A_eq=matrix[:3], b_eq=np.ones(3)).fun
    answer = solve(program)
    assert (answer.status, answer.objective) == (Status.OPTIMAL, pytest.approx(expected, rel=1e-9))
    assert answer.row_duals is not None, "they are what the bound of the whole horizon rests on"


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
