"""Parts of a problem that share nothing inside a window: classes, groups and functions that no limit ties together.

Only launches tie such parts to each other (a machine may change its task without starting anew), and those are priced by
multipliers, so every part of every window is a program of its own. Blocks of several windows need parts that share no launches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from solvers.counts import enough_counts

if TYPE_CHECKING:
    from solvers.problem import BoolArray, IntArray, ProvisioningProblem


@dataclass(frozen=True)
class Component:
    """One part, as a problem of its own over the same machines; `option` ``[g']`` are its options in the whole problem."""

    problem: ProvisioningProblem
    option: IntArray


def split(problem: ProvisioningProblem, *, by_launches: bool = False) -> tuple[Component, ...]:
    """Connected parts of the graph of classes, groups and functions, after dropping the limits that cannot bind.

    Parameters
    ----------
    by_launches
        Tie groups that launch the same machine, too: a program of several windows counts its launches itself, and parts
        that each counted their own would pay for a machine that only changes its task.
    """
    K, J, F = len(problem.classes), len(problem.groups), len(problem.functions)
    quota = quotas_that_may_bind(problem)
    functions_bind = functions_may_bind(problem)
    edges = [(k, K + j) for k, j in np.argwhere(problem.serves)]
    edges += [(k, K + J + f) for k, f in np.argwhere(problem.function_serves)]
    for row in problem.quota_use[quota]:
        edges += chain(np.unique(problem.option_group[row[problem.option_machine] > 0]) + K)
    edges += [
        e
        for i in np.flatnonzero(limited_machines(problem) | (by_launches & (problem.start_usd > 0)))
        for e in chain(problem.option_group[problem.option_machine == i] + K)
    ]
    edges += [e for pair in ties_of_loads(problem, by_launches) for e in chain(pair + K)]
    if functions_bind:
        edges += chain(np.arange(F) + K + J)
    if one_limit_for_all(problem):
        edges += chain(np.arange(K + J))
    if problem.spot_risk is not None:
        edges += [e for guard in problem.spot_risk.guard_classes for e in chain(np.flatnonzero(guard))]
    edges += chain(served_by_no_group(problem))
    label = connected(edges, K + J + F)
    kept = replace(
        problem.taking(quotas=np.flatnonzero(quota)),
        concurrency_limit=problem.concurrency_limit if functions_bind else float("inf"),
    )
    return tuple(cut(kept, label == part) for part in np.unique(label[:K]))


def served_by_no_group(problem: ProvisioningProblem) -> IntArray:
    """Classes that no group serves, behind the first that one does: a part needs machines to be a program."""
    grouped = problem.serves.any(axis=1)
    return np.concatenate([np.flatnonzero(grouped)[:1], np.flatnonzero(~grouped)])


def chain(nodes: IntArray) -> list[tuple[int, int]]:
    """Edges that tie the nodes together."""
    return list(zip(nodes[:-1].tolist(), nodes[1:].tolist(), strict=True))


def connected(edges: list[tuple[int, int]], nodes: int) -> IntArray:
    """``[node]`` number of the connected part."""
    ends = np.array(edges, dtype=int).reshape(-1, 2)
    graph = sparse.csr_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(nodes, nodes))
    return np.asarray(sparse.csgraph.connected_components(graph, directed=False)[1])


def ties_of_loads(problem: ProvisioningProblem, by_launches: bool) -> list[IntArray]:
    """Groups that load the same model on the same machine, where such loads are counted."""
    if not by_launches or problem.loads is None:
        return []
    return [np.unique(problem.option_group[row.indices]) for row in problem.rises.loaded_count]


def one_limit_for_all(problem: ProvisioningProblem) -> bool:
    """Whether some limit counts all groups together: open groups, churn, a price of waiting for the slowest load.

    So does a loss to survive where it asks more than every day does, of classes, too, that no spot machine may serve.
    """
    limits, loads, risk = problem.limits, problem.loads, problem.spot_risk
    return bool(
        (limits is not None and (limits.max_groups is not None or limits.max_churn is not None))
        or (loads is not None and loads.wait_usd_per_s > 0)
        or (risk is not None and risk.survive_any_loss and problem.loss_asks_more)
    )


def quotas_that_may_bind(problem: ProvisioningProblem) -> BoolArray:
    """``[a]`` False where even the largest useful fleet of every option at once stays inside the quota.

    Where machines beyond what carries the demand may be of use (floors, losses to survive) or have no tabulated end, any may bind.
    """
    if problem.limits is not None or problem.spot_risk is not None or problem.is_linear.any():
        return np.ones(len(problem.quotas), dtype=bool)
    largest = enough_counts(problem).max(axis=1)[problem.option_group]
    return np.asarray(problem.quota_use[:, problem.option_machine] @ largest > problem.quota_limit)


def functions_may_bind(problem: ProvisioningProblem) -> bool:
    """Whether all demand at once, each class on its longest function, would exceed the concurrency limit."""
    longest = np.where(problem.function_serves, problem.concurrency_s, 0.0).max(axis=1, initial=0.0)
    return bool(
        (longest @ problem.demand_rps.reshape(len(longest), -1)).max(initial=0.0) > problem.concurrency_limit
    )


def limited_machines(problem: ProvisioningProblem) -> BoolArray:
    """``[i]`` whether the machine has a count limit in some window, or is owned."""
    limited = np.isfinite(problem.count_limit).any(axis=1)
    return np.asarray(limited if problem.owned_count is None else limited | np.isfinite(problem.owned_count))


def cut(problem: ProvisioningProblem, member: BoolArray) -> Component:
    """The part whose classes, groups and functions are marked in `member` ``[k + j + f]``."""
    K, J = len(problem.classes), len(problem.groups)
    k, j, f = (np.flatnonzero(part) for part in np.split(member, [K, K + J]))
    part = problem.taking(classes=k, groups=j, functions=f)
    return Component(part, np.flatnonzero(np.isin(problem.option_group, j)))
