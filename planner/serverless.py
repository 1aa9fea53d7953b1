"""Serverless functions as the planner sees them: what one costs and holds, at which rates, and whom it answers in time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalogs.variants import ModelVariant
    from planner.plan import PartitionSegment
    from planner.scenario import RequestClass


@dataclass(frozen=True)
class ServerlessFunction:
    """One function: a model at one memory size, called with one request, or with what a buffer has gathered.

    Parameters
    ----------
    id
        ``lambda/model/memory[/arm64][/b{batch}x{items}]``, e.g. ``lambda/resnet50/2048``, batch and items as they were measured;
        what gathers requests, takes a range of rates or stands ready says so behind it, e.g. ``/b8t40/r4-8/p2``: up to 8
        requests within 40 ms, 4 to 8 requests/s, 2 functions.
    batch, batch_timeout_ms
        Most requests of a call, and how long the first of them waits for the others.
    mean_ms, billed_ms
        Mean duration of a warm call, and what is billed on average: cold starts included, in the provider's
        steps.
    size_mean_ms
        Mean duration of a warm call with 1, 2, ..., `batch` requests; empty: `mean_ms` however many it has.
    quantiles, quantile_ms
        (share, ms) of a warm call of a full batch, and that of the strictest class.
    cold_start_share
        Share of calls that start cold at the stated rate and keep-alive time.
    usd_per_request, concurrency_s
        Price of one request and the function-seconds it holds, cold starts included; within `rate_rps` at its dearer end.
    least_usd_per_request
        Price at the cheapest rate within `rate_rps`; None: the price is the same at any rate.
    deadline_meet_rate
        Class name -> share of its requests known to be answered in time, waits and cold starts included; within `rate_rps` at
        its worst rate.
    rate_rps
        Least and most requests/s, all classes together, that all of this holds for; None: at any rate.
    mean_batch
        Requests of a call on average, at the dearer end of `rate_rps`.
    provisioned_concurrency, usd_per_h
        Functions that stand ready, and what they cost by the hour.
    arrivals
        Which arrivals at the buffer were assumed; None where no request waits for others.
    partition
        Functions that the model is cut over, in order; None: it runs in one. Of a cut model `memory_mb` is the largest part's.
    """

    id: str
    variant: ModelVariant
    provider: str
    arch: str
    memory_mb: int
    batch: int
    items_per_request: int
    mean_ms: float
    quantile_ms: float
    quantiles: tuple[tuple[float, float], ...]
    load_ms: float | None
    billed_ms: float
    cold_start_share: float
    usd_per_request: float
    concurrency_s: float
    deadline_meet_rate: dict[str, float]
    source: str
    obtained: str
    tariff_source: str
    batch_timeout_ms: float = 0.0
    rate_rps: tuple[float, float] | None = None
    mean_batch: float = 1.0
    provisioned_concurrency: int = 0
    usd_per_h: float = 0.0
    arrivals: str | None = None
    partition: tuple[PartitionSegment, ...] | None = None
    least_usd_per_request: float | None = None
    size_mean_ms: tuple[float, ...] = ()

    @property
    def model(self) -> str:
        """Name of the variant."""
        return self.variant.name

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes it may serve."""
        return tuple(self.deadline_meet_rate)

    def share_in_time(self, class_name: str) -> float:
        """Least share of a class's requests that it answers in time."""
        return self.deadline_meet_rate[class_name]

    def takes_late(self, one: RequestClass) -> bool:
        """Whether it may take any request of a class that would be late elsewhere: at any rate, in time, as accurate as asked."""
        floor = 0.0 if one.min_accuracy is None else one.min_accuracy.value
        return (
            one.name in self.classes
            and self.rate_rps in (None, (0.0, math.inf))
            and self.usd_per_h == 0
            and self.share_in_time(one.name) >= one.tier.percentile
            and (floor == 0 or (self.variant.accuracy_share or 0.0) >= floor)
        )

    @property
    def counted_concurrency_s(self) -> float:
        """Function-seconds of a request as they count against the account's limit: executions kept ready count though they idle.

        They are spread over the least rate of the range, so at any rate sent they are counted in full.
        """
        if self.provisioned_concurrency == 0 or self.rate_rps is None:
            return self.concurrency_s
        return max(self.concurrency_s, self.provisioned_concurrency / self.rate_rps[0])

    @property
    def functions(self) -> int:
        """Functions that one call goes through: 1, or those of a partition, workers of parallel branches included."""
        return sum(1 + len(segment.workers) for segment in self.partition or ()) or 1

    def meet_rate(self, deadline_ms: float, cold_start_share: float) -> float:
        """Share of calls known to be answered within a deadline at another share of cold starts of each of its functions."""
        cold = min(1.0, self.functions * cold_start_share)
        return known_meet_rate(self.quantiles, self.load_ms, deadline_ms, cold)


def known_meet_rate(
    quantiles: tuple[tuple[float, float], ...], load_ms: float | None, deadline_ms: float, cold: float
) -> float:
    """Share of function calls known to be answered within a deadline: (1 - c) u + c v.

    u is the highest known percentile of the duration within the deadline, v the same with the load time
    added; a cold call whose load time is unknown counts as late.
    """

    def known(limit_ms: float) -> float:
        return max((share for share, ms in quantiles if ms <= limit_ms), default=0.0)

    return (1 - cold) * known(deadline_ms) + (
        cold * known(deadline_ms - load_ms) if load_ms is not None else 0.0
    )
