"""A chain at one batch size and one share of cold calls, in the units of the solver (`Pricing`)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from catalogs.tariffs import MB_PER_GB
from planner.partition.forks import coordinators, forked_blocks
from planner.partition.hops import BYTES_PER_MB, MODES, Hops

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from catalogs.functions import FunctionTariff
    from catalogs.layers import BlockChain, BlockTimes
    from planner.partition.assumptions import Assumptions
    from planner.partition.forks import ForkedBlock
    from solvers.partition import Forks, PartitionProblem

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

BYTES_PER_MIB = 2**20


@dataclass(frozen=True, kw_only=True)
class Pricing:
    """What every function of a chain takes and costs.

    Parameters
    ----------
    times
        Of blocks and branches, for a call with the whole batch, at the memory sizes to choose from.
    load_ms_per_mib
        Time to load weights.
    batch
        Requests of one call: tensors and times grow with it, weights do not.
    package_mb
        The package limit of the deployment.
    tmp_mb
        Temporary disk that a cold function fetches its weights to, from the store; None: they are in the package.
    """

    chain: BlockChain
    times: BlockTimes
    load_ms_per_mib: float
    hops: Hops
    batch: int
    cold_share: float
    package_mb: float
    tmp_mb: int | None
    max_functions: int | None

    @property
    def memory_mb(self) -> IntArray:
        """``[m]`` sizes to choose from, ascending."""
        return self.times.memory_mb

    @property
    def tariff(self) -> FunctionTariff:
        """The provider's prices and limits."""
        return self.hops.tariff

    @property
    def assumptions(self) -> Assumptions:
        """Figures that no catalog measures."""
        return self.hops.assumptions

    @cached_property
    def cut_bytes(self) -> Array:
        """``[c]`` bytes of a batch that cross each boundary."""
        return self.chain.cut_bytes.astype(float) * self.batch

    @cached_property
    def usd_per_ms(self) -> Array:
        """``[m]`` price of a billed millisecond in the first (dearest) tier, temporary disk above the free part included."""
        usd_per_s = self.memory_mb / MB_PER_GB * self.tariff.gb_second_tiers[0][1]
        paid_mb = 0 if self.tmp_mb is None else max(0, self.tmp_mb - self.tariff.tmp_mb_min)
        return (usd_per_s + paid_mb / MB_PER_GB * self.tariff.usd_per_tmp_gb_s) / 1000

    @property
    def usd_per_call(self) -> float:
        """Price of calling one function, and of reading its weights where it starts cold and they are in the store."""
        fetch_usd = 0.0 if self.tmp_mb is None else self.cold_share * self.hops.store.get_usd
        return self.tariff.usd_per_million_requests / 1e6 + fetch_usd

    @property
    def init_ms(self) -> float:
        """Start of a cold function, before it loads weights."""
        return self.assumptions.init_ms + (0.0 if self.tmp_mb is None else self.hops.store.first_byte_ms)

    def load_ms_of(self, param_bytes: Array | float) -> Array | float:
        """Time to load so many bytes of weights, and to fetch them first where they are in the store."""
        fetch_ms = (
            0.0 if self.tmp_mb is None else param_bytes / BYTES_PER_MB / self.hops.store.mb_per_s * 1000
        )
        return self.load_ms_per_mib * param_bytes / BYTES_PER_MIB + fetch_ms

    def package_mib(self, param_bytes: float) -> float:
        """Deployment package of a function with so many bytes of weights."""
        return self.assumptions.runtime_package_mib + (
            param_bytes / BYTES_PER_MIB if self.tmp_mb is None else 0.0
        )

    def memory_mib(self, param_bytes: float, peak_bytes: float) -> float:
        """Memory of a function with so many bytes of weights and, of one request, activations."""
        held_bytes = self.assumptions.weight_copies * param_bytes + peak_bytes * self.batch
        return self.assumptions.runtime_memory_mib + held_bytes / BYTES_PER_MIB

    def fits(self, param_bytes: float, peak_bytes: float, memory: int) -> bool:
        """Whether a function can hold weights and activations of a request each, within package and memory."""
        return (
            self.package_mib(param_bytes) <= self.package_mb
            and (self.tmp_mb is None or param_bytes <= self.tmp_mb * BYTES_PER_MIB)
            and self.memory_mib(param_bytes, peak_bytes) <= self.memory_mb[memory]
        )

    def mean_billed_ms(self, warm_ms: float, load_ms: float) -> float:
        """Billed time of warm and cold calls, each in whole steps, on average."""
        warm = self.tariff.billed_ms(warm_ms)
        cold = self.tariff.billed_ms(warm_ms + self.init_ms + load_ms)
        return (1 - self.cold_share) * warm + self.cold_share * cold

    @cached_property
    def forked(self) -> dict[tuple[int, int], ForkedBlock]:
        """(block, memory size) -> the block over several functions, where that is quicker."""
        return forked_blocks(self)

    @cached_property
    def forks(self) -> Forks | None:
        """Coordinators with such blocks, None where there are none."""
        return coordinators(self, self.forked)

    def forks_within(self, begin: int, end: int, memory: int) -> list[ForkedBlock]:
        """The forked blocks of a coordinator."""
        return [self.forked[block, memory] for block in range(begin, end) if (block, memory) in self.forked]

    def problem(self) -> PartitionProblem:
        """State the problem."""
        from solvers.partition import PartitionProblem

        blocks, step = self.chain.blocks, self.assumptions
        param_bytes = np.array([float(one.param_bytes) for one in blocks])
        send_ms, receive_ms, hop_usd = self.hops.at_boundaries(self.cut_bytes)
        return PartitionProblem(
            block_ms=self.times.block_ms,
            param_mib=param_bytes / BYTES_PER_MIB,
            peak_mib=np.array([one.peak_bytes for one in blocks]) * self.batch / BYTES_PER_MIB,
            load_ms=np.asarray(self.load_ms_of(param_bytes)),
            memory_mb=self.memory_mb,
            usd_per_ms=self.usd_per_ms,
            hop_modes=MODES,
            send_ms=send_ms,
            receive_ms=receive_ms,
            hop_usd=hop_usd,
            call_ms=step.call_ms,
            hop_ms=step.invoke_ms,
            usd_per_call=self.usd_per_call,
            billing_step_ms=self.tariff.billing_step_ms,
            init_ms=self.init_ms,
            cold_share=self.cold_share,
            package_mib=self.package_mb if self.tmp_mb is None else math.inf,
            base_package_mib=step.runtime_package_mib,
            base_memory_mib=step.runtime_memory_mib,
            weight_copies=step.weight_copies,
            tmp_mib=math.inf if self.tmp_mb is None else float(self.tmp_mb),
            weights_in_tmp=self.tmp_mb is not None,
            timeout_ms=1000.0 * self.tariff.timeout_s,
            max_functions=self.max_functions,
            forks=self.forks,
        )
