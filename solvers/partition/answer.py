"""What a partition ends with: the functions, what they cost and take, and the proof (`PartitionAnswer`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from solvers.solution import relative_gap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from solvers.partition.columns import Columns
    from solvers.partition.goal import Goal
    from solvers.partition.prices import ColumnPrices


@dataclass(frozen=True)
class Segment:
    """One function of the chain.

    Parameters
    ----------
    begin, end
        Boundaries: it runs blocks begin to end - 1.
    memory
        Memory size, as an index.
    hop_in, hop_out
        Hop modes of what it receives and sends, as indices.
    fork
        The fork it is the coordinator of, as an index; None for a plain function.
    usd, latency_ms
        What it adds to the price and the latency of one call of the chain (workers and hop requests included).
    warm_ms, billed_ms
        Its warm call; its mean billed time over warm and cold calls.
    """

    begin: int
    end: int
    memory: int
    hop_in: int
    hop_out: int
    fork: int | None
    usd: float
    latency_ms: float
    warm_ms: float
    billed_ms: float


@dataclass(frozen=True)
class PartitionAnswer:
    """A partition with its proof.

    Parameters
    ----------
    segments
        Functions in the order of the chain; empty where a limit stopped the solver before it had any partition.
    usd, latency_ms
        Price and mean latency of one call of the chain; inf without segments.
    minimised
        ``cost`` or ``latency``.
    bound
        No partition within the limits does better, in the unit of what is minimised; -inf where the solver has no bound yet.
    status
        ``optimal`` (proved to the gap asked for), ``limit`` (stopped by time).
    solver
        The one that answered.
    work
        Counts of what it looked at: ``arcs`` (columns in the exact search), ``labels``, ``nodes`` of the search tree.
    """

    segments: tuple[Segment, ...]
    usd: float
    latency_ms: float
    minimised: str
    bound: float
    status: str
    solver: str
    work: Mapping[str, int] = field(default_factory=dict)

    @property
    def objective(self) -> float:
        """What was minimised."""
        return self.usd if self.minimised == "cost" else self.latency_ms

    @property
    def gap(self) -> float:
        """|objective - bound| / |objective|; inf without segments."""
        return relative_gap(self.objective, self.bound) if self.segments else float("inf")


def answer_of(
    prices: ColumnPrices,
    goal: Goal,
    path: Columns | None,
    *,
    bound: float,
    status: str,
    solver: str,
    work: Mapping[str, int],
) -> PartitionAnswer:
    """Write up a path of columns, from the input to the answer; None: no partition was found."""
    if path is None:
        return PartitionAnswer(
            (), float("inf"), float("inf"), goal.minimise, bound, status, solver, dict(work)
        )
    usd, latency_ms = float(path.usd.sum()), float(path.latency_ms.sum())
    bound = min(bound, usd if goal.minimise == "cost" else latency_ms)
    segments = tuple(_segment(prices, path, n) for n in range(len(path)))
    return PartitionAnswer(segments, usd, latency_ms, goal.minimise, bound, status, solver, dict(work))


def _segment(prices: ColumnPrices, path: Columns, n: int) -> Segment:
    """The n-th column of a path, written up."""
    begin, end, memory, fork = (int(values[n]) for values in (path.begin, path.end, path.memory, path.fork))
    if fork < 0:
        warm_ms, start_ms = prices.warm_ms(begin, end, memory), prices.start_ms(begin, end)
    else:
        warm_ms, start_ms = prices.fork_ms(begin, end, fork)
    return Segment(
        begin=int(prices.cut[begin]),
        end=int(prices.cut[end]),
        memory=memory,
        hop_in=int(prices.mode[begin]),
        hop_out=int(prices.mode[end]),
        fork=None if fork < 0 else fork,
        usd=float(path.usd[n]),
        latency_ms=float(path.latency_ms[n]),
        warm_ms=float(warm_ms),
        billed_ms=float(prices.billed_ms(warm_ms, start_ms)),
    )
