"""Routes from the flows of a program: who serves which share of a class's requests, level by level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.replay.decisions import Routes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planner.replay.decisions import Array
    from planner.replay.supply import Supply
    from solvers.problem import ProvisioningProblem


def routes_of(
    problem: ProvisioningProblem,
    flows: tuple[Array, Array],
    sizes: NDArray[np.int64],
    late: Sequence[str | None],
    supply: Supply,
    *,
    by_deadline: bool,
) -> dict[str, Routes]:
    """Shares over the supply's targets for every class of one window.

    A level at which nothing is expected sends what comes all the same where the next level up sends it; where no level expects
    anything, to the function for late requests, or to a pool at work that may serve it.

    Parameters
    ----------
    problem
        The program of the window alone.
    flows
        ``[k, j, q]`` requests/s of groups, ``[k, f, q]`` of functions.
    sizes
        ``[j]`` machines at work in each group.
    late
        ``[k]`` function that takes requests which would be late in their queue; None: they wait.
    by_deadline
        Whether those that wait do so in the order of their deadlines, late ones behind all that would be in time.
    """
    number = {name: place for place, name in enumerate(supply.targets)}
    own = np.array([number[name] for name in (*problem.groups, *problem.functions)], dtype=int)
    found = {}
    for k, name in enumerate(problem.classes):
        demand = problem.demand_rps[k, 0]
        rates = np.concatenate([flow[k] for flow in flows])  # [target, q]
        weights = np.zeros((len(demand), len(supply.targets)))
        weights[:, own] = (rates / np.where(demand > 0, demand, 1.0)).T
        if demand[-1] <= 0:
            at_work = np.flatnonzero(problem.serves[k] & (sizes > 0))
            spare = late[k] or (problem.groups[at_work[0]] if len(at_work) else None)
            if spare is not None:
                weights[-1, number[spare]] = 1.0
        for q in reversed(range(len(demand) - 1)):
            if demand[q] <= 0:
                weights[q] = weights[q + 1]
        rising = np.append(True, np.diff(demand) > 0)
        found[name] = Routes(
            demand[rising], weights[rising], late[k], late_yields=by_deadline, by_deadline=by_deadline
        )
    return found
