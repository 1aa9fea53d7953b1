"""Why no partition keeps the limits: the blocks, the cut, or the limit in the way, and by how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solvers.errors import InfeasiblePartitionError
from solvers.partition.columns import fork_columns
from solvers.partition.goal import widened
from solvers.partition.paths import distances
from solvers.partition.weights import plain_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.partition.goal import Goal
    from solvers.partition.prices import ColumnPrices
    from solvers.partition.relaxation import Relaxation

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]


def require_feasible(relaxation: Relaxation) -> None:
    """Raise `InfeasiblePartitionError` where no partition exists, or none keeps the limit on what is not minimised."""
    goal, path = relaxation.goal, relaxation.tightest.path
    if not len(path):
        raise why_none(relaxation.prices)
    if not goal.keeps(path):
        raise _over(goal, goal.limited(path), limited=True)


def require_own_limit(goal: Goal, least: float) -> None:
    """Raise `InfeasiblePartitionError` where the least of what is minimised, within the other limit, breaks its own limit."""
    if least > widened(goal.own_limit):
        raise _over(goal, least, limited=False)


def _over(goal: Goal, least: float, *, limited: bool) -> InfeasiblePartitionError:
    """The least there is lies above its limit."""
    if (goal.minimise == "cost") == limited:
        within = "" if limited or np.isinf(goal.budget_usd) else f" within {goal.budget_usd:.6g} USD"
        message = (
            f"deadline_ms is {goal.deadline_ms:.6g}, and the least latency there is{within} is {least:.6g} ms; raise the deadline "
            f"by {least - goal.deadline_ms:.6g} ms at least, offer faster memory sizes, or lower the cold share"
        )
        return InfeasiblePartitionError("deadline", message, needed=least, allowed=goal.deadline_ms)
    within = "" if limited or np.isinf(goal.deadline_ms) else f" within {goal.deadline_ms:.6g} ms"
    message = (
        f"budget_usd is {goal.budget_usd:.6g}, and the least price of a call there is{within} is {least:.6g} USD; raise the budget "
        f"by {least - goal.budget_usd:.6g} USD at least, or offer cheaper memory sizes"
    )
    return InfeasiblePartitionError("budget", message, needed=least, allowed=goal.budget_usd)


def why_none(prices: ColumnPrices) -> InfeasiblePartitionError:
    """Say why no chain of functions reaches the answer, whatever it may cost or take.

    Boundaries that no hop mode can cross force the blocks between two that one can into one function; the first such stretch that
    no function and no fork holds is named, by the first limit it breaks.
    """
    forks = fork_columns(prices)
    boundaries = np.unique(prices.cut)
    for begin, end in zip(boundaries[:-1].tolist(), boundaries[1:].tolist(), strict=True):
        covered = (prices.cut[forks.begin] <= begin) & (prices.cut[forks.end] >= end)
        reason = None if covered.any() else _why_not(prices, begin, end)
        if reason is not None:
            return reason
    least = _least_functions(prices)
    allowed = prices.problem.max_functions
    if least is not None and allowed is not None:
        message = f"max_functions is {allowed}, and the chain needs {least} functions at least; raise it, or the other limits"
        return InfeasiblePartitionError("functions", message, needed=float(least), allowed=float(allowed))
    return _why_stuck(prices)


def _why_not(prices: ColumnPrices, begin: int, end: int) -> InfeasiblePartitionError | None:
    """Say why one function cannot hold the blocks between two boundaries; None where some memory size can."""
    p = prices.problem
    weights, peak = float(p.param_mib[begin:end].sum()), float(p.peak_mib[begin:end].max())
    compute = p.block_ms[begin:end].sum(axis=0)
    start = p.init_ms + float(p.load_ms[begin:end].sum()) if p.cold_share else 0.0
    memory = p.base_memory_mib + p.weight_copies * weights + peak
    fits = p.memory_mb >= memory
    fastest = p.call_ms + start + float(compute[fits].min(initial=np.inf))
    checks = (
        ("tmp", weights, p.tmp_mib, "MiB of temporary disk")
        if p.weights_in_tmp
        else ("package", p.base_package_mib + weights, p.package_mib, "MiB of deployment package"),
        ("memory", memory, float(p.memory_mb[-1]), "MiB of memory"),
        ("timeout", fastest, p.timeout_ms, "ms in its longest call at the fastest memory size it fits"),
    )
    for limit, needed, allowed, what in checks:
        if needed > allowed * (1 + 1e-12):
            return _misfit(prices, begin, end, limit, (needed, allowed), what)
    return None


def _misfit(
    prices: ColumnPrices, begin: int, end: int, limit: str, amounts: tuple[float, float], what: str
) -> InfeasiblePartitionError:
    """Name the block, or the stretch that no hop mode may cut, with what it needs and what there is."""
    needed, allowed = amounts
    needs = f"needs {needed:.6g} {what}, and {allowed:.6g} is allowed"
    if end == begin + 1:
        message = f"block {begin} alone {needs}; raise the limit, or split the block"
        return InfeasiblePartitionError(limit, message, needed=needed, allowed=allowed, begin=begin, end=end)
    for block in range(begin, end):
        alone = _why_not(prices, block, block + 1)
        if alone is not None:
            return alone
    message = (
        f"blocks {begin} to {end - 1} in one function: it {needs}, and no hop mode carries the tensor at "
        f"{_boundaries(begin + 1, end - 1)}; offer a hop mode that does, or raise the limit"
    )
    return InfeasiblePartitionError("hop", message, needed=needed, allowed=allowed, begin=begin, end=end)


def _why_stuck(prices: ColumnPrices) -> InfeasiblePartitionError:
    """Every stretch fits by itself, yet none with the hops beside it: name where the chain cannot go on."""
    p = prices.problem
    reached = distances(_steps(prices), prices.is_start, None)[0]
    at = int(prices.cut[np.isfinite(reached)].max())
    beyond = int(prices.cut[prices.cut > at].min())
    message = (
        f"no function that begins at boundary {at} ends within timeout_ms {p.timeout_ms:.6g} once it has received its input and "
        f"sent its output (blocks {at} to {beyond - 1} at least); raise the timeout, or offer a faster hop mode"
    )
    return InfeasiblePartitionError("timeout", message, allowed=p.timeout_ms, begin=at, end=beyond)


def _least_functions(prices: ColumnPrices) -> int | None:
    """The least number of functions that reach the answer where their number is not limited; None where none do."""
    reached = distances(_steps(prices), prices.is_start, None)[0]
    least = float(reached[prices.is_end].min())
    return int(least) if np.isfinite(least) else None


def _steps(prices: ColumnPrices) -> dict[int, Array]:
    """``[n, n]`` functions of the smallest column between two nodes, inf where there is none."""
    memories = np.arange(len(prices.problem.memory_mb))
    plain = plain_weights(prices, 0.0, 1.0, memories)
    steps = np.where(np.isfinite(plain), 1.0, np.inf)
    forks = fork_columns(prices)
    np.minimum.at(steps, (forks.begin, forks.end), forks.functions.astype(float))
    return {1: steps}


def _boundaries(first: int, last: int) -> str:
    """The boundaries from the first to the last, in words."""
    return f"boundary {first}" if first == last else f"boundaries {first} to {last}"
