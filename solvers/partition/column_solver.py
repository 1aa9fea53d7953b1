"""A partition by its linear program, through PuLP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solvers.backends import Status, solve
from solvers.errors import BackendError
from solvers.partition.column_program import ColumnParameters, build

if TYPE_CHECKING:
    from solvers.backends import Answer
    from solvers.partition.columns import Columns
    from solvers.partition.goal import Goal
    from solvers.partition.relaxation import Relaxation

MICRO = 1e6  # the solver sees micro-dollars: its own absolute gap of 1e-6 exceeds the price of a call


def solve_columns(
    relaxation: Relaxation,
    columns: Columns,
    *,
    backend: str = "pulp-highs",
    gap: float,
    time_limit_s: float | None,
) -> tuple[Columns | None, Answer]:
    """Return the best partition of some columns, in the order of the chain, and what the backend answered.

    Parameters
    ----------
    columns
        Those on offer: all there are, or those that survive arc fixing.
    backend
        One of `solvers.backends.installed_backends`.

    Raises
    ------
    BackendError
        The backend failed, or calls for what breaks the limit.
    """
    program = build(ColumnParameters(relaxation.prices, columns, relaxation.goal)).compiled()
    answer = solve(
        program.arrays,
        solver=backend,
        gap=gap,
        time_limit_s=time_limit_s,
        cost_scale=MICRO if relaxation.goal.minimise == "cost" else 1.0,
    )
    require_search(answer.status, backend)
    if answer.values is None:
        return None, answer
    used = np.flatnonzero(answer.values[program.columns["use"]] > 0.5)
    path = columns.taking(used[np.argsort(columns.begin[used])])
    return checked(path, relaxation.goal, backend), answer


def require_search(status: Status, backend: str) -> None:
    """Raise `BackendError` where the backend gave up, or finds nothing in a problem that has a partition."""
    if status not in (Status.OPTIMAL, Status.FEASIBLE, Status.LIMIT):
        raise BackendError(
            f"{backend} ends with {status.value!r} on a problem that has a partition; solve with labels"
        )


def checked(path: Columns, goal: Goal, backend: str) -> Columns:
    """Return the path; raise `BackendError` where it breaks the limit by more than rounding."""
    if not goal.keeps(path):
        raise BackendError(
            f"{backend} calls for {goal.limited(path):.9g} where {goal.limit:.9g} is allowed; solve with labels"
        )
    return path
