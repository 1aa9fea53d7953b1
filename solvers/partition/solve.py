"""One question, three solvers: `solve_partition`."""

from __future__ import annotations

import difflib
from math import isinf
from typing import TYPE_CHECKING

from solvers.backends.check import OBJECTIVE_TOLERANCE
from solvers.backends.status import Status
from solvers.errors import BackendError, ProblemError
from solvers.partition.answer import answer_of
from solvers.partition.goal import Goal, widened
from solvers.partition.infeasibility import require_feasible, require_own_limit
from solvers.partition.label_solver import search_labels
from solvers.partition.prices import ColumnPrices
from solvers.partition.relaxation import Relaxation
from solvers.partition.survivors import ceilings_of, survivors
from solvers.solution import relative_gap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from solvers.partition.answer import PartitionAnswer
    from solvers.partition.columns import Columns
    from solvers.partition.problem import PartitionProblem

    Outcome = tuple[Columns | None, float, bool, Mapping[str, int]]  # best, bound, stopped by a limit, work

SOLVERS = ("labels", "pulp", "scip")


def solve_partition(
    problem: PartitionProblem,
    *,
    deadline_ms: float = float("inf"),
    budget_usd: float = float("inf"),
    minimise: str = "cost",
    solver: str = "labels",
    gap: float = 1e-6,
    time_limit_s: float | None = None,
) -> PartitionAnswer:
    """Cut a chain into functions at least price within a deadline, or at least latency within a budget.

    Parameters
    ----------
    problem
        The chain.
    deadline_ms, budget_usd
        Limits on mean latency and price of one call of the chain; both always hold.
    minimise
        ``cost`` or ``latency``.
    solver
        ``labels`` (exact labels behind a Lagrangian bound), ``pulp`` (the linear program of the columns that bound leaves), or
        ``scip`` (the quadratic program of cuts and memory sizes: small chains only).
    gap
        Relative gap at which to stop.
    time_limit_s
        Wall time after which the answer has status ``limit``, with the best partition found, if any; None: no limit.

    Raises
    ------
    InfeasiblePartitionError
        No partition keeps the limits; names the block or the cut in the way, or the least latency or price there is.
    ProblemError
        A limit is no amount, or the problem asks for what the solver cannot state.
    BackendError
        The solver is unknown or not installed.
    """
    goal = checked_goal(minimise, deadline_ms, budget_usd, gap, time_limit_s)
    if solver not in SOLVERS:
        near = difflib.get_close_matches(solver, SOLVERS, n=1)
        guess = f" Did you mean {near[0]!r}?" if near else ""
        raise BackendError(f"partition solver {solver!r} is unknown; use one of {', '.join(SOLVERS)}.{guess}")
    relaxation = Relaxation(ColumnPrices(problem), goal)
    require_feasible(relaxation)
    solved = {"labels": by_labels, "pulp": by_columns, "scip": by_quadratic}[solver]
    # whether the limit on what is minimised is kept is told to the last digit
    best, bound, stopped, work = solved(relaxation, gap if isinf(goal.own_limit) else 0.0, time_limit_s)
    require_own_limit(goal, bound if best is None or stopped else goal.sought(best))
    if best is not None and goal.sought(best) > widened(goal.own_limit):
        best = None  # stopped before one within both limits was found
    status = "limit" if stopped else "optimal"
    return answer_of(relaxation.prices, goal, best, bound=bound, status=status, solver=solver, work=work)


def by_labels(relaxation: Relaxation, gap: float, time_limit_s: float | None) -> Outcome:
    """Solve with labels; the relaxation alone where it closes the gap."""
    found = search_labels(relaxation, gap, time_limit_s)
    return found.best, found.bound, found.stopped, {"arcs": found.arcs, "labels": found.labels}


def by_columns(relaxation: Relaxation, gap: float, time_limit_s: float | None) -> Outcome:
    """Solve the linear program of the columns that arc fixing leaves; the relaxation alone where it closes the gap."""
    from solvers.partition.column_solver import solve_columns

    goal, bounded = relaxation.goal, relaxation.bounded()
    best, bound = bounded.best, bounded.bound
    if relative_gap(goal.sought(best), bound) <= gap:
        return best, bound, False, {"arcs": 0, "nodes": 0}
    columns = survivors(relaxation, ceilings_of(relaxation, bounded, goal.sought(best)))
    found, answer = solve_columns(relaxation, columns, gap=gap, time_limit_s=time_limit_s)
    if found is not None and goal.sought(found) < goal.sought(best):
        best = found
    bound = bound if answer.bound is None else max(bound, answer.bound)
    return best, bound, answer.status is not Status.OPTIMAL, {"arcs": len(columns), "nodes": answer.nodes}


def by_quadratic(relaxation: Relaxation, gap: float, time_limit_s: float | None) -> Outcome:
    """Solve the quadratic program; its bound is held against a partition that the relaxation knows."""
    from solvers.partition.quadratic_solver import solve_quadratic

    best, bound, report = solve_quadratic(relaxation, gap=gap, time_limit_s=time_limit_s)
    known = relaxation.goal.sought(relaxation.bounded().best)
    if bound > known + OBJECTIVE_TOLERANCE * abs(known):
        raise BackendError(
            f"scip's bound {bound:.9g} lies above a partition of {known:.9g}: its numbers failed it; solve with labels"
        )
    return best, bound, report.status is not Status.OPTIMAL, {"nodes": report.nodes}


def checked_goal(
    minimise: str, deadline_ms: float, budget_usd: float, gap: float, time_limit_s: float | None
) -> Goal:
    """Return the goal; raise `ProblemError` with all that is wrong with the question."""
    problems = []
    if minimise not in ("cost", "latency"):
        problems.append(f"minimise is {minimise!r}; it must be 'cost' or 'latency'")
    limits = {"deadline_ms": deadline_ms, "budget_usd": budget_usd}
    problems += [f"{name} is {value}; it must be above 0" for name, value in limits.items() if not value > 0]
    if not 0 <= gap < 1:
        problems.append(f"gap is {gap}; it must be in [0, 1)")
    if time_limit_s is not None and not time_limit_s > 0:
        problems.append(f"time_limit_s is {time_limit_s}; it must be above 0, or None")
    if problems:
        raise ProblemError(problems)
    return Goal(minimise, deadline_ms, budget_usd)
