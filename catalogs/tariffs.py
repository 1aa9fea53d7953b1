"""The tariff of serverless functions: what a request costs, which sizes exist, and the limits of a function.

A function is billed by memory and time: a request that runs d ms at M MB costs the request fee and
`M/1024 * ceil(d/step)*step/1000` GB-s at the tier of the month. Example (AWS Lambda, x86, first tier):
2048 MB for 100 ms are 0.2 GB-s, 0.2 * 0.0000166667 + 0.20/1e6 = 3.53 millionths of a dollar. Executions kept ready
(provisioned concurrency) cost their memory while they stand, busy or not, and a lower price while they run: 2 GB
ready for an hour are 2 * 3600 * 0.0000041667 = 0.030 dollars.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.errors import CatalogError
from catalogs.inputs import raise_collected

if TYPE_CHECKING:
    from datetime import date

MB_PER_GB = 1024  # AWS Lambda pricing page: 1,024 MB of memory are one GB of the GB-second
# Lambda Developer Guide, "Configuring reserved concurrency": what an account must leave unreserved
LEAST_UNRESERVED = 100


@dataclass(frozen=True)
class FunctionTariff:
    """Prices, sizes and limits of one provider's functions on one processor architecture in one region.

    Parameters
    ----------
    gb_second_tiers
        (upper end in GB-s a month, USD per GB-s), ascending; the last upper end is infinite.
    memory_mb_min, memory_mb_max, memory_mb_step
        Sizes that can be set, MB of the provider's own setting.
    mb_per_vcpu
        Memory that brings one vCPU's worth of processor; smaller sizes get their part of it.
    package_mb, image_mb
        Largest unzipped code package and largest container image.
    tmp_mb_min, tmp_mb_max, usd_per_tmp_gb_s
        Temporary storage: free up to the least size, the rest billed while the function runs.
    payload_mb, async_payload_mb
        Largest synchronous request or answer; largest request of a call that nobody waits for (None: unknown).
    concurrency_limit
        Executions at once in one account and region, before an increase is asked for.
    usd_per_provisioned_gb_s, usd_per_gb_s_on_provisioned
        Price of a GB kept ready for one second, busy or not, and of a GB-second that calls run there, in place
        of `gb_second_tiers`; both None where the provider offers no provisioned concurrency.
    """

    provider: str
    arch: str
    region: str
    usd_per_million_requests: float
    gb_second_tiers: tuple[tuple[float, float], ...]
    memory_mb_min: int
    memory_mb_max: int
    memory_mb_step: int
    mb_per_vcpu: float
    billing_step_ms: float
    package_mb: int
    image_mb: int
    tmp_mb_min: int
    tmp_mb_max: int
    usd_per_tmp_gb_s: float
    payload_mb: float
    timeout_s: float
    concurrency_limit: int
    price_date: date
    source: str
    usd_per_provisioned_gb_s: float | None = None
    usd_per_gb_s_on_provisioned: float | None = None
    async_payload_mb: float | None = None

    def __post_init__(self) -> None:
        name, ends = f"{self.provider}/{self.arch}", [end for end, _ in self.gb_second_tiers]
        problems = []
        if not ends or ends != sorted(set(ends)) or ends[-1] != math.inf or ends[0] <= 0:
            problems.append(
                f"{name}: tiers end at {ends} GB-s; ends must ascend from > 0, the last without end."
            )
        if not all(math.isfinite(price) and price > 0 for _, price in self.gb_second_tiers):
            problems.append(f"{name}: every price of a GB-s must be a finite number > 0.")
        if not 0 < self.memory_mb_min <= self.memory_mb_max or self.memory_mb_step < 1:
            problems.append(
                f"{name}: memory is {self.memory_mb_min} to {self.memory_mb_max} MB in steps of "
                f"{self.memory_mb_step}; the least must be > 0 and at most the largest, the step >= 1."
            )
        ready = (self.usd_per_provisioned_gb_s, self.usd_per_gb_s_on_provisioned)
        if (ready[0] is None) != (ready[1] is None):
            problems.append(
                f"{name}: usd_per_provisioned_gb_s is {ready[0]} and usd_per_gb_s_on_provisioned {ready[1]}; "
                "give both prices, or neither where provisioned concurrency is not offered."
            )
        if any(price is not None and not (math.isfinite(price) and price > 0) for price in ready):
            problems.append(f"{name}: every price of provisioned concurrency must be a finite number > 0.")
        raise_collected(problems)

    @property
    def offers_provisioned(self) -> bool:
        """Whether executions can be kept ready, so that calls on them never start cold."""
        return self.usd_per_provisioned_gb_s is not None

    def check_memory(self, memory_mb: int) -> None:
        """Raise a CatalogError where a memory size cannot be set."""
        offset = memory_mb - self.memory_mb_min
        if memory_mb > self.memory_mb_max or offset < 0 or offset % self.memory_mb_step:
            raise CatalogError(
                [
                    f"{self.provider}: memory_mb is {memory_mb}; allowed are {self.memory_mb_min} to "
                    f"{self.memory_mb_max} MB in steps of {self.memory_mb_step}. Choose one of these sizes."
                ]
            )

    def vcpu(self, memory_mb: int) -> float:
        """Return the processor share that comes with a memory size, in vCPU."""
        return memory_mb / self.mb_per_vcpu

    def billed_ms(self, duration_ms: float) -> float:
        """Return the billed duration: rounded up to the billing step, at least one step."""
        return max(1, math.ceil(duration_ms / self.billing_step_ms)) * self.billing_step_ms

    def usd_per_request(self, memory_mb: int, billed_ms: float, *, provisioned: bool = False) -> float:
        """Return the cost of one call in the first (dearest) tier, so that a plan never underestimates it.

        Parameters
        ----------
        memory_mb
            One of the sizes that can be set.
        billed_ms
            Billed duration, > 0, within the time-out; for random durations the mean of billed ones.
        provisioned
            Whether the call runs on an execution that is kept ready, which is paid for beside it
            (`provisioned_usd_per_h`).

        Raises
        ------
        CatalogError
            Where the size cannot be set, the duration is impossible, or nothing can be kept ready.
        """
        self.check_memory(memory_mb)
        on_ready = self._provisioned_prices()[1] if provisioned else None
        if not 0 < billed_ms <= self.timeout_s * 1000:
            raise CatalogError(
                [
                    f"{self.provider}: billed_ms is {billed_ms}; it must be > 0 and at most the time-out of "
                    f"{self.timeout_s:g} s. Choose a larger memory size or a smaller batch."
                ]
            )
        gb_s = memory_mb / MB_PER_GB * billed_ms / 1000
        usd_per_gb_s = self.gb_second_tiers[0][1] if on_ready is None else on_ready
        return self.usd_per_million_requests / 1e6 + gb_s * usd_per_gb_s

    def provisioned_usd_per_h(self, memory_mb: int, executions: int) -> float:
        """Return the price of keeping executions of one size ready for an hour, calls not included, USD/h.

        Raises
        ------
        CatalogError
            Where the size cannot be set, or nothing can be kept ready.
        """
        self.check_memory(memory_mb)
        return memory_mb / MB_PER_GB * executions * 3600 * self._provisioned_prices()[0]

    def _provisioned_prices(self) -> tuple[float, float]:
        """USD per GB-s kept ready, and per GB-s that calls run there."""
        held, run = self.usd_per_provisioned_gb_s, self.usd_per_gb_s_on_provisioned
        if held is None or run is None:
            raise CatalogError(
                [
                    f"{self.provider}/{self.arch}: offers no provisioned concurrency in {self.region}. Turn "
                    "resources.functions.provisioned_concurrency off, or give a tariff with its two prices."
                ]
            )
        return held, run

    def usd_per_month(self, requests: float, gb_s: float) -> float:
        """Return the bill of a month: every tier charges the part of the GB-s that falls into it."""
        cost_usd, start = requests * self.usd_per_million_requests / 1e6, 0.0
        for end, usd_per_gb_s in self.gb_second_tiers:
            cost_usd += max(0.0, min(gb_s, end) - start) * usd_per_gb_s
            start = end
        return cost_usd
