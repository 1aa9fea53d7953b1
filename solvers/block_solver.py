"""Programs of single blocks, solved side by side: each with the dual bound its solver proved, none solved twice."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from solvers.backends import solve
from solvers.backends.status import Status

if TYPE_CHECKING:
    from solvers.backends.program import LinearProgram, NormRow, SquareTerm
    from solvers.backends.status import Answer
    from solvers.parallel import Map
    from solvers.problem import Array

    Answers = dict[bytes, "BlockAnswer"]  # by the digest of what was asked

LEAST_LIMIT_S = 1e-3  # solvers take 0 for no limit


@dataclass(frozen=True)
class Effort:
    """How one block is worked: gap, nodes, seed and name of its solver; `relax` drops whole numbers.

    `until_s` is the reading of the system's monotonic clock (the same in all processes) at which all work ends; None: never.
    """

    gap: float = 2e-3
    node_limit: int = 500
    until_s: float | None = None
    seed: int = 0
    relax: bool = False
    solver: str = "highs"


@dataclass(frozen=True)
class BlockTask:
    """One block's priced program, its solver's first incumbent, how hard to work, and a bound known beforehand (USD)."""

    arrays: LinearProgram
    start: Array | None
    effort: Effort
    least_usd: float

    @cached_property
    def key(self) -> bytes:
        """Digest of the program and the effort: equal ones need solving once (the solver's start may differ)."""
        p = self.arrays
        parts = (
            p.cost,
            p.matrix.data,
            p.matrix.indices,
            p.row_lower,
            p.row_upper,
            p.lower,
            p.upper,
            p.integer,
        )
        digest = blake2b(repr(replace(self.effort, until_s=None)).encode(), digest_size=16)
        bends: list[NormRow | SquareTerm] = [*p.norms, *p.squares]
        parts += tuple(part for one in bends for part in (one.columns, one.root, np.array(one.scale)))
        for part in parts:
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.digest()


@dataclass(frozen=True)
class BlockAnswer:
    """Dual bound (USD) and solution of one block's program."""

    bound_usd: float
    values: Array | None
    infeasible: bool
    timed_out: bool


def solve_blocks(tasks: list[BlockTask], run: Map, known: Answers) -> list[BlockAnswer]:
    """Solve the tasks that no known answer fits, and remember them."""
    keys = [task.key for task in tasks]
    missing = {key: task for key, task in zip(keys, tasks, strict=True) if key not in known}
    answers = {key: known[key] for key in keys if key in known}
    for key, answer in zip(missing, run(solve_block, missing.values()), strict=True):
        answers[key] = answer
        if not answer.timed_out:
            known[key] = answer
    return [answers[key] for key in keys]


def solve_block(task: BlockTask) -> BlockAnswer:
    """Solve one block; one that was stopped before any bound was known keeps the one known beforehand."""
    effort = task.effort
    if out_of_time(effort):
        return BlockAnswer(task.least_usd, values=None, infeasible=False, timed_out=True)
    left_s = None if effort.until_s is None else max(effort.until_s - time.monotonic(), LEAST_LIMIT_S)
    answer = solve(
        task.arrays,
        solver=effort.solver,
        gap=effort.gap,
        node_limit=effort.node_limit,
        time_limit_s=left_s,
        seed=effort.seed,
        start=None if effort.relax else task.start,
        relax=effort.relax,
    )
    stopped = answer.status in (Status.FEASIBLE, Status.LIMIT)
    return BlockAnswer(
        bound_usd=max(proven_bound(answer, effort.gap), task.least_usd),
        values=answer.values,
        infeasible=answer.status in (Status.INFEASIBLE, Status.INFEASIBLE_OR_UNBOUNDED),
        timed_out=stopped and left_s is not None,
    )


def out_of_time(effort: Effort) -> bool:
    """Whether all work has to end now."""
    return effort.until_s is not None and time.monotonic() >= effort.until_s


def proven_bound(answer: Answer, gap: float) -> float:
    """The dual bound, USD; where a solver names none with its optimum (CBC), the optimum less the gap it was held to."""
    if answer.bound is not None and np.isfinite(answer.bound):
        return answer.bound
    if answer.status is Status.OPTIMAL and answer.objective is not None:
        return answer.objective - gap * abs(answer.objective)
    return -np.inf
