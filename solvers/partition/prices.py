"""What a column costs and takes: one function that runs the blocks between two nodes (`ColumnPrices`).

A node is a boundary and the mode in which the tensor passes there; a column is (begin node, end node, memory size). All prices
come from sums of blocks up to a node, so any set of columns is priced by broadcasting its indices: a square of begin and end
nodes at one memory size, or a few columns at all sizes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.partition.problem import PartitionProblem

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

STEP_TOLERANCE = (
    1e-7  # of a billing step: sums of block times in floating point end that close above a whole step
)


@dataclass(frozen=True)
class ColumnPrices:
    """Prices of columns and forks between the nodes of one problem.

    Parameters
    ----------
    problem
        The chain.
    """

    problem: PartitionProblem

    @cached_property
    def _nodes(self) -> tuple[IntArray, IntArray]:
        """Boundary and mode of every node, in the order of the chain; modes that another is never worse than are left out."""
        p = self.problem
        send, receive = p.send_ms.copy(), p.receive_ms.copy()
        send[0], receive[-1] = 0.0, 0.0  # the caller's own side
        amounts = np.stack([send, receive, p.hop_usd], axis=-1)  # [c, h, 3]
        carries: BoolArray = np.all(np.isfinite(amounts), axis=-1)
        no_worse: BoolArray = np.all(
            amounts[:, :, None] <= amounts[:, None], axis=-1
        )  # [c, h, g]: h is no worse than g
        first = np.triu(np.ones(no_worse.shape[1:], dtype=bool), k=1)  # of two alike the first stays
        beats = no_worse & (first | ~no_worse.swapaxes(1, 2)) & carries[:, :, None]
        cut, mode = np.nonzero(carries & ~np.any(beats, axis=1))
        return cut, mode

    @property
    def cut(self) -> IntArray:
        """``[n]`` boundary of each node, ascending."""
        return self._nodes[0]

    @property
    def mode(self) -> IntArray:
        """``[n]`` hop mode of each node."""
        return self._nodes[1]

    @cached_property
    def is_start(self) -> BoolArray:
        """``[n]`` the input enters here."""
        return np.asarray(self.cut == 0)

    @cached_property
    def is_end(self) -> BoolArray:
        """``[n]`` the answer leaves here."""
        return np.asarray(self.cut == self.problem.blocks)

    @cached_property
    def done_ms(self) -> Array:
        """``[m, n]`` compute time of all blocks before a node."""
        return self._before(self.problem.block_ms.T)[:, self.cut]

    @cached_property
    def loaded_ms(self) -> Array:
        """``[n]`` time to load the weights of all blocks before a node."""
        return self._before(self.problem.load_ms)[self.cut]

    @cached_property
    def send_ms(self) -> Array:
        """``[n]`` time the function that ends at a node spends on sending; 0 at the input."""
        return np.where(self.is_start, 0.0, self.problem.send_ms[self.cut, self.mode])

    @cached_property
    def receive_ms(self) -> Array:
        """``[n]`` time the function that begins at a node spends on receiving; 0 at the answer."""
        return np.where(self.is_end, 0.0, self.problem.receive_ms[self.cut, self.mode])

    @cached_property
    def need_mib(self) -> Array:
        """``[n, n]`` memory that a function from one node to another needs; inf where package or temporary disk are too small.

        inf, too, where the second node does not lie behind the first.
        """
        p, count = self.problem, self.problem.blocks + 1
        before = self._before(p.param_mib)
        weights = before[None, :] - before[:, None]
        behind = np.triu(np.ones((count, count), dtype=bool), k=1)
        peak = np.maximum.accumulate(np.where(behind, np.concatenate([[0.0], p.peak_mib]), 0.0), axis=1)
        fits = behind & self.fits_disk(weights)
        need = np.where(fits, p.base_memory_mib + p.weight_copies * weights + peak, np.inf)
        return need[np.ix_(self.cut, self.cut)]

    @cached_property
    def may_time_out(self) -> bool:
        """Whether some call could be longer than the timeout: the whole chain at its slowest memory size, with the worst hops."""
        p = self.problem
        longest = p.block_ms.sum(axis=0).max() + self.send_ms.max() + self.receive_ms.max() + p.call_ms
        return bool(longest + (p.init_ms + p.load_ms.sum() if p.cold_share else 0.0) > p.timeout_ms)

    def fits_disk(self, weights_mib: Any) -> Any:
        """Whether package or temporary disk, whichever has to, hold the weights."""
        return weights_mib <= self.problem.weights_limit_mib * (1 + 1e-12)  # 1e-12: sums in floating point

    def warm_ms(self, begin: Any, end: Any, memory: Any) -> Any:
        """Time of a warm call: handler, receiving, compute, sending; indices broadcast."""
        until = self.done_ms[memory, end] + self.send_ms[end]
        return until + (self.receive_ms[begin] + self.problem.call_ms - self.done_ms[memory, begin])

    def start_ms(self, begin: Any, end: Any) -> Any:
        """What a cold call takes longer: start and loading."""
        return self.problem.init_ms + (self.loaded_ms[end] - self.loaded_ms[begin])

    def fork_ms(self, begin: Any, end: Any, fork: Any) -> tuple[Any, Any]:
        """Time of a fork's warm call, its workers waited for, and what a cold one takes longer."""
        p, forks = self.problem, self.problem.forks
        assert forks is not None
        around_ms = p.call_ms + self.receive_ms[begin] + self.send_ms[end]
        return around_ms + forks.elapsed_ms[fork], p.init_ms + forks.load_ms[fork]

    def billed_ms(self, warm_ms: Any, start_ms: Any) -> Any:
        """Mean billed time of warm and cold calls, each rounded up to whole steps."""
        p = self.problem
        warm, cold = (whole_steps(p, warm_ms) if p.cold_share < 1 else 0.0), 0.0
        if p.cold_share:
            cold = whole_steps(p, warm_ms + start_ms)
        return (1 - p.cold_share) * warm + p.cold_share * cold if p.cold_share else warm

    def ends_in_time(self, warm_ms: Any, start_ms: Any) -> Any:
        """Whether the longest call, cold where calls may be cold, ends within the timeout."""
        longest = warm_ms + start_ms if self.problem.cold_share else warm_ms
        return longest <= self.problem.timeout_ms * (1 + 1e-12)  # 1e-12: sums in floating point

    def added_ms(self, start_ms: Any) -> Any:
        """What a function adds to the latency beside its warm call: invoke latency, the cold share of starting."""
        return self.problem.hop_ms + self.problem.cold_share * start_ms

    def fixed_usd(self, begin: Any, end: Any) -> Any:
        """What a function costs beside its billed time: the call, and the requests that carry its output (and the input)."""
        p = self.problem
        hop_usd = p.hop_usd[self.cut, self.mode]
        return p.usd_per_call + hop_usd[end] + np.where(self.is_start, hop_usd, 0.0)[begin]

    def _before(self, values: Array) -> Array:
        """``[..., c]`` sums over the blocks before each boundary."""
        return np.concatenate([np.zeros((*values.shape[:-1], 1)), np.cumsum(values, axis=-1)], axis=-1)


def whole_steps(problem: PartitionProblem, time_ms: Any) -> Any:
    """Return the time rounded up to whole billing steps."""
    step = problem.billing_step_ms
    if step == 1.0:
        return np.ceil(time_ms - STEP_TOLERANCE)
    return np.ceil(time_ms / step - STEP_TOLERANCE) * step
