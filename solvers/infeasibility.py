"""Why nothing serves a window, and the least relaxation that would: an elastic re-solve of that window."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from solvers.backends import solve
from solvers.horizon import compile_free_block

if TYPE_CHECKING:
    from solvers.backends.program import LinearProgram
    from solvers.problem import IntArray, ProvisioningProblem

ELASTIC = ("keep_quota", "limit_functions", "wait_for_boot")
UNSERVED_WEIGHT = 1e3  # a limit is stretched a thousandfold before demand is given up, so shortfalls show up as limits first
LEAST_STRETCH = 1e-6  # relative; smaller values are the solver's tolerance


def explain_shortfall(problem: ProvisioningProblem, window: int) -> tuple[str, ...]:
    """Name the smallest relaxation of limits, and the demand nobody can serve at all, in one window.

    Every limit may be stretched and every demand left unserved at a relative price; what the optimum stretches is the answer.
    """
    compiled = compile_free_block(problem, slice(window, window + 1))
    rows = {name: numbers for name, numbers in compiled.rows.items() if name in ELASTIC and len(numbers)}
    stretched = np.concatenate([*rows.values(), np.empty(0, dtype=int)]).astype(int)
    demand_rows = compiled.rows["serve_demand"]
    elastic = loosen(compiled.arrays, stretched, demand_rows)
    answer = solve(elastic, gap=1e-3, node_limit=1000)
    if answer.values is None:
        return (f"window {window}: no plan exists even with every quota lifted",)
    slack = answer.values[len(compiled.arrays.cost) :]
    amounts = dict(zip(stretched.tolist(), slack.tolist(), strict=False))
    reasons = []
    for name, numbers in rows.items():
        upper = np.maximum(np.abs(compiled.arrays.row_upper[numbers]), 1.0)
        wanted = np.array([amounts[row] for row in numbers.tolist()])
        if name == "limit_functions":  # one limit over all levels: the level that needs most speaks for it
            upper, wanted = upper[:1], wanted.max(keepdims=True)
        reasons += [
            describe_limit(problem, name, int(row), window, float(wanted[row]))
            for row in np.flatnonzero(wanted > LEAST_STRETCH * upper)
        ]
    unserved = slack[len(stretched) :].reshape(len(problem.classes), -1, order="F").max(axis=1)
    for k, rate in enumerate(unserved):
        top = problem.demand_rps[k, window, -1]
        if rate > LEAST_STRETCH * max(top, 1.0):
            reasons.append(
                f"class {problem.classes[k]}: {rate:.4g} of {top:.4g} req/s in window {window} can be served by no option; "
                "relax its deadline, percentile or min_accuracy, or allow more instance types, models or functions"
            )
    return tuple(reasons)


def loosen(arrays: LinearProgram, limits: IntArray, demands: IntArray) -> LinearProgram:
    """The same program with a priced slack on some rows and nothing else to pay.

    Parameters
    ----------
    limits, demands
        Row numbers; a limit's slack lowers its left side, a demand's slack fills it up.
    """
    scale = np.maximum(np.abs(arrays.row_upper), 1.0)
    rows = np.concatenate([limits, demands])
    sign = np.concatenate([-np.ones(len(limits)), np.ones(len(demands))])
    # the solver's canonical form may write an equation with either sign: the slack must raise what is served
    served = np.asarray(arrays.matrix[demands].sum(axis=1)).ravel()
    sign[len(limits) :] = np.where(served < 0, -1.0, 1.0)
    slack = sparse.csr_array((sign, (rows, np.arange(len(rows)))), shape=(len(scale), len(rows)))
    price = np.concatenate([1.0 / scale[limits], UNSERVED_WEIGHT / scale[demands]])
    return replace(
        arrays,
        cost=np.concatenate([np.zeros(len(arrays.cost)), price]),
        matrix=sparse.csr_array(sparse.hstack([arrays.matrix, slack])),
        lower=np.concatenate([arrays.lower, np.zeros(len(rows))]),
        upper=np.concatenate([arrays.upper, np.full(len(rows), np.inf)]),
        integer=np.concatenate([arrays.integer, np.zeros(len(rows), dtype=bool)]),
        column_names=None,
    )


def describe_limit(problem: ProvisioningProblem, family: str, row: int, window: int, amount: float) -> str:
    """One stretched limit in words: its name, its value and by how much it must rise."""
    if family == "keep_quota":
        needed = whole(problem.quota_limit[row] + amount)
        allowed = f"{problem.quota_limit[row]:g} vCPU"
        return f"quota {problem.quotas[row]}: {allowed} are too few in window {window}; raise it to {needed}"
    if family == "limit_functions":
        needed = whole(problem.concurrency_limit + amount)
        return f"function concurrency: {problem.concurrency_limit:g} is too little in window {window}; raise it to {needed}"
    limited = np.flatnonzero(np.isfinite(problem.count_limit[:, window]))
    machine = problem.machines[limited[row]]
    return (
        f"machines {machine}: at most {problem.count_limit[limited[row], window]:.4g} can run in window {window} "
        f"(what runs before it and what can have booted); {amount:.4g} more are needed: have them running before the horizon, "
        "begin it a boot time later, or name no current fleet where they may be launched ahead"
    )


def whole(limit: float) -> int:
    """The least whole limit, solver tolerances aside."""
    return int(np.ceil(limit - LEAST_STRETCH * max(limit, 1.0)))
