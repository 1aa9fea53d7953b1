"""The data of a partition: one chain of blocks to cut into functions (`PartitionProblem`).

Index order everywhere: ``[block or boundary, memory size or hop mode]``. Letters: l blocks, m memory sizes, c boundaries (0 before
the first block, L after the last), h hop modes, x forks. Times are milliseconds, sizes MiB, prices USD a *call of the chain*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from solvers.axes import along, wrong_shapes
from solvers.errors import ProblemError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Forks:
    """Functions that hand parts of their blocks to workers and wait for them (the idea of Gillis, Yu et al. 2021).

    Each fork x is one more way to run the blocks from boundary `begin` to `end`: a coordinator that receives, waits, and sends.

    Parameters
    ----------
    begin, end
        ``[x]`` boundaries, 0 <= begin < end <= L.
    memory
        ``[x]`` memory size of the coordinator, as an index.
    elapsed_ms
        ``[x]`` what stands in place of the blocks' compute time in the coordinator: it waits for its workers, and is billed for it.
    load_ms
        ``[x]`` time a cold call needs to load the weights, in place of its blocks'.
    usd
        ``[x]`` price of the workers of one call.
    workers
        ``[x]`` functions beside the coordinator; they count towards `max_functions`.
    param_mib, peak_mib
        ``[x]`` weights and largest activations the coordinator holds.
    """

    begin: IntArray = along("x")
    end: IntArray = along("x")
    memory: IntArray = along("x")
    elapsed_ms: Array = along("x")
    load_ms: Array = along("x")
    usd: Array = along("x")
    workers: IntArray = along("x")
    param_mib: Array = along("x")
    peak_mib: Array = along("x")


@dataclass(frozen=True, kw_only=True)
class PartitionProblem:
    """A chain of blocks, what a function of each memory size needs for them, and what passes between functions.

    One function runs the blocks between two boundaries. Its warm call takes ``call_ms + receive_ms + compute + send_ms``; a cold
    one ``init_ms`` and the loading of its weights more. It is billed for either in whole billing steps, and adds ``hop_ms`` and the
    cold share of starting and loading to the latency of the chain, which is the mean over warm and cold calls.

    Parameters
    ----------
    block_ms
        ``[l, m]`` compute time of a block in a function of that memory size.
    param_mib, peak_mib
        ``[l]`` weights of a block; the most its activations take while it runs.
    load_ms
        ``[l]`` time to load its weights.
    memory_mb
        ``[m]`` memory sizes (the provider's setting, 2^20 bytes each), ascending.
    usd_per_ms
        ``[m]`` price of a billed millisecond; need not be proportional to the memory.
    hop_modes
        Names of the ways a tensor may pass from function to function, such as ``payload`` and ``store``.
    send_ms, receive_ms
        ``[c, h]`` time the sender and the receiver spend on the tensor at boundary c, billed on both sides; inf: the mode cannot
        carry it. Boundary 0 (the input) is only received, boundary L (the answer) only sent.
    hop_usd
        ``[c, h]`` price of the requests that carry it (puts and gets of a store).
    call_ms, hop_ms
        Billed time of the handler, and invoke latency nobody bills, of every function.
    usd_per_call
        Price of invoking a function.
    billing_step_ms
        Billed time is rounded up to whole steps of this.
    init_ms
        Start of a cold function, before it loads weights.
    cold_share
        Share of calls that are cold, in [0, 1].
    package_mib, base_package_mib
        Most a deployment package may hold, and what it holds beside weights. Without `weights_in_tmp` the weights are in it.
    base_memory_mib
        Memory the runtime takes beside weights and activations.
    weight_copies
        Copies of the weights in memory while they load, at least 1: the file and what is made of it.
    tmp_mib
        Temporary disk of a function.
    timeout_ms
        Longest call, the cold one where `cold_share` is above 0.
    weights_in_tmp
        Weights are fetched to the temporary disk and limited by it, in place of the package.
    max_functions
        Most functions the chain may be cut into; None: no limit.
    forks
        Further ways to run stretches of blocks; None: none.
    """

    block_ms: Array = along("lm")
    param_mib: Array = along("l")
    peak_mib: Array = along("l")
    load_ms: Array = along("l")
    memory_mb: IntArray = along("m")
    usd_per_ms: Array = along("m")
    hop_modes: tuple[str, ...] = along("h")
    send_ms: Array = along("ch")
    receive_ms: Array = along("ch")
    hop_usd: Array = along("ch")
    call_ms: float
    hop_ms: float
    usd_per_call: float
    billing_step_ms: float
    init_ms: float
    cold_share: float
    package_mib: float
    base_package_mib: float
    base_memory_mib: float
    tmp_mib: float
    timeout_ms: float
    weight_copies: float = 1.0
    weights_in_tmp: bool = False
    max_functions: int | None = None
    forks: Forks | None = None

    def __post_init__(self) -> None:
        """Check every shape and range once; raise `ProblemError` with all that is wrong."""
        problems = wrong_shapes(self, self.sizes)
        if not self.blocks or not len(self.memory_mb) or not self.hop_modes:
            problems.append(
                "a partition needs at least one block, one memory size and one hop mode; found "
                f"{self.blocks}, {len(self.memory_mb)} and {len(self.hop_modes)}"
            )
        if problems:
            raise ProblemError(problems)
        problems = [*self._wrong_amounts(), *self._wrong_hops(), *self._wrong_forks()]
        if (np.diff(self.memory_mb) <= 0).any() or self.memory_mb[0] <= 0:
            problems.append("memory_mb must be above 0 and ascend")
        if not (np.isfinite(self.billing_step_ms) and self.billing_step_ms > 0):
            problems.append(f"billing_step_ms is {self.billing_step_ms}; it must be finite and above 0")
        if not 0 <= self.cold_share <= 1:
            problems.append(f"cold_share is {self.cold_share}; it must be in [0, 1]")
        if self.base_package_mib > self.package_mib:
            problems.append(
                f"base_package_mib is {self.base_package_mib:g}; it must be at most package_mib, {self.package_mib:g}"
            )
        if not (np.isfinite(self.weight_copies) and self.weight_copies >= 1):
            problems.append(f"weight_copies is {self.weight_copies}; it must be finite and at least 1")
        if self.max_functions is not None and self.max_functions < 1:
            problems.append(f"max_functions is {self.max_functions}; it must be at least 1, or None")
        if problems:
            raise ProblemError(problems)

    @property
    def blocks(self) -> int:
        """Number of blocks L."""
        return len(self.block_ms)

    @property
    def sizes(self) -> dict[str, int]:
        """Length of every index by its letter."""
        found = {
            "l": self.blocks,
            "m": len(self.memory_mb),
            "c": self.blocks + 1,
            "h": len(self.hop_modes),
        }
        return found if self.forks is None else found | {"x": len(self.forks.begin)}

    @property
    def weights_limit_mib(self) -> float:
        """Most weights of one function: what the package has room for, or the temporary disk."""
        return self.tmp_mib if self.weights_in_tmp else self.package_mib - self.base_package_mib

    @property
    def function_limit(self) -> int | None:
        """`max_functions` where it can bind, None where there are not that many functions to be had."""
        workers = 0 if self.forks is None else int(self.forks.workers.max(initial=0))
        limit = self.max_functions
        return None if limit is None or limit >= self.blocks * (1 + workers) else limit

    def _wrong_amounts(self) -> list[str]:
        """Quantities that are no amounts; limits may be infinite."""
        finite = ["block_ms", "param_mib", "peak_mib", "load_ms", "usd_per_ms"]
        finite += ["call_ms", "hop_ms", "usd_per_call", "init_ms", "base_package_mib", "base_memory_mib"]
        limits = ("package_mib", "tmp_mib", "timeout_ms")
        problems = [
            f"{name} must be finite and >= 0"
            for name in finite
            if not (np.isfinite(values := np.asarray(getattr(self, name))).all() and (values >= 0).all())
        ]
        return problems + [
            f"{name} is {getattr(self, name)}; it must be >= 0"
            for name in limits
            if not getattr(self, name) >= 0
        ]

    def _wrong_hops(self) -> list[str]:
        """Hops whose amounts are none, and boundaries the caller's own mode is missing at."""
        problems = [
            f"{name} must be >= 0 (inf: the mode cannot carry the tensor)"
            for name in ("send_ms", "receive_ms")
            if not (getattr(self, name) >= 0).all()
        ]
        if not (np.isfinite(self.hop_usd).all() and (self.hop_usd >= 0).all()):
            problems.append("hop_usd must be finite and >= 0")
        ends = {"input": self.receive_ms[0], "answer": self.send_ms[-1]}
        return problems + [
            f"no hop mode carries the {name}; state what the caller uses with a finite time"
            for name, times in ends.items()
            if not np.isfinite(times).any()
        ]

    def _wrong_forks(self) -> list[str]:
        """Forks that do not fit the chain."""
        forks, problems = self.forks, []
        if forks is None:
            return []
        if not ((forks.begin >= 0) & (forks.begin < forks.end) & (forks.end <= self.blocks)).all():
            problems.append(f"forks must have 0 <= begin < end <= {self.blocks}")
        if not ((forks.memory >= 0) & (forks.memory < len(self.memory_mb))).all():
            problems.append(f"forks.memory must be an index from 0 to {len(self.memory_mb) - 1}")
        amounts = (forks.elapsed_ms, forks.load_ms, forks.usd, forks.workers, forks.param_mib, forks.peak_mib)
        if not all((np.isfinite(values) & (values >= 0)).all() for values in amounts):
            problems.append("forks: times, prices, sizes and workers must be finite and >= 0")
        return problems
