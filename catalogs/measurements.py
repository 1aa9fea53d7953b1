"""What is known about the speed of models: one frozen record a measurement.

A record says where its figure comes from (`source`) and how it was got (`obtained`): "measured" is raw data
summarised here, "published" a figure as its authors print it, "derived" a figure computed here from others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from catalogs.quantiles import TOLERANCE_SHARE, exact_quantile_ms, known_quantile_ms, quantile_problems
from catalogs.record_checks import positive_problems, provenance_problems, raise_problems

FUNCTION_HOST = re.compile(r"(?P<provider>\S+) (?P<memory_mb>\d+) MB")  # how failures name a function


@dataclass(frozen=True)
class ServiceTime:
    """Time of one inference call (one whole batch) on one replica of one machine.

    Parameters
    ----------
    model, instance_type
        Canonical variant name; the machine it was measured on.
    batch
        Requests answered by one call.
    items_per_request
        Items (images, candidate pairs) that each of these requests carries.
    replicas
        Calls that one machine works on at the same time, each taking this long.
    threads
        Threads a replica uses, None where the source is silent.
    mean_ms
        Mean time of a call, milliseconds.
    quantiles
        (percentile share, ms) in ascending order: all known ones; empty for a one-figure profile.
    samples
        Raw samples behind the quantiles; None where the source prints quantiles without their number.
    load_s
        Time to load the model into a replica, seconds.
    """

    model: str
    instance_type: str
    batch: int
    items_per_request: int
    replicas: int
    threads: int | None
    mean_ms: float
    quantiles: tuple[tuple[float, float], ...]
    samples: int | None
    load_s: float | None
    source: str
    obtained: str

    def __post_init__(self) -> None:
        problems = provenance_problems(self.source, self.obtained)
        problems += positive_problems(
            batch=self.batch,
            items_per_request=self.items_per_request,
            replicas=self.replicas,
            threads=self.threads,
            mean_ms=self.mean_ms,
            samples=self.samples,
            load_s=self.load_s,
        )
        problems += quantile_problems(self.quantiles)
        raise_problems(f"{self.model} on {self.instance_type}, batch {self.batch}", problems)

    @property
    def key(self) -> tuple[str, str, int, int, int, int]:
        """Configuration measured; of two records with one key the later one counts."""
        return (
            self.model,
            self.instance_type,
            self.batch,
            self.items_per_request,
            self.replicas,
            self.threads or 0,
        )

    @property
    def p50_ms(self) -> float | None:
        """Median, milliseconds, where it is known itself."""
        return exact_quantile_ms(self.quantiles, 0.50)

    @property
    def p95_ms(self) -> float | None:
        """95th percentile, milliseconds, where it is known itself."""
        return exact_quantile_ms(self.quantiles, 0.95)

    @property
    def p99_ms(self) -> float | None:
        """99th percentile, milliseconds, where it is known itself."""
        return exact_quantile_ms(self.quantiles, 0.99)

    def quantile_ms(self, percentile: float) -> float | None:
        """Time that at least `percentile` (share of 1) of the calls keep within, or None where unknown."""
        return known_quantile_ms(self.quantiles, self.samples, percentile)


@dataclass(frozen=True)
class PublishedCapacity:
    """Rate that one machine, or a number of cores, was found to carry inside a deadline.

    Valid only for deadlines of `deadline_ms` and longer, and for percentiles up to `percentile`: nothing is
    known about shorter deadlines. `instance_type` is None where the source counts cores of an unnamed host: to use
    such a figure on another host is to assume that a core there is as fast (`catalogs.containers`).
    """

    model: str
    instance_type: str | None
    cores: int | None
    batch: int
    capacity_rps: float
    deadline_ms: float
    percentile: float
    source: str
    obtained: str

    def __post_init__(self) -> None:
        problems = provenance_problems(self.source, self.obtained)
        problems += positive_problems(
            cores=self.cores, batch=self.batch, capacity_rps=self.capacity_rps, deadline_ms=self.deadline_ms
        )
        if not 0 < self.percentile < 1:
            problems.append(f"percentile is {self.percentile:g}; it must be > 0 and < 1. Write 98 % as 0.98.")
        if self.instance_type is None and self.cores is None:
            problems.append(
                "instance_type and cores are both empty. Name the machine or the number of cores."
            )
        host = self.instance_type or ("an unnamed host" if self.cores is None else f"{self.cores} cores")
        raise_problems(f"{self.model} on {host}, batch {self.batch}", problems)

    @property
    def key(self) -> tuple[str, str, int, int, float, float]:
        """Configuration measured; of two records with one key the later one counts."""
        return (
            self.model,
            self.instance_type or "",
            self.cores or 0,
            self.batch,
            self.deadline_ms,
            self.percentile,
        )

    def holds_for(self, deadline_ms: float, percentile: float) -> bool:
        """Whether the figure may be used for this deadline and percentile."""
        return (
            deadline_ms >= self.deadline_ms - TOLERANCE_SHARE
            and percentile <= self.percentile + TOLERANCE_SHARE
        )


@dataclass(frozen=True)
class FunctionTime:
    """Time of one call of a serverless function that answers one batch, its model already loaded.

    Parameters
    ----------
    memory_mb
        The function's memory setting, MB as the provider counts them.
    load_ms
        Time to load the model in a new function, milliseconds: part of a cold start.
    quantiles, samples
        As in `ServiceTime`.
    """

    model: str
    provider: str
    arch: str
    memory_mb: int
    batch: int
    items_per_request: int
    mean_ms: float
    quantiles: tuple[tuple[float, float], ...]
    load_ms: float | None
    samples: int | None
    source: str
    obtained: str

    def __post_init__(self) -> None:
        problems = provenance_problems(self.source, self.obtained)
        problems += positive_problems(
            memory_mb=self.memory_mb,
            batch=self.batch,
            items_per_request=self.items_per_request,
            mean_ms=self.mean_ms,
            load_ms=self.load_ms,
            samples=self.samples,
        )
        problems += quantile_problems(self.quantiles)
        raise_problems(f"{self.model} on {self.provider}, {self.memory_mb} MB", problems)

    @property
    def key(self) -> tuple[str, str, str, int, int, int]:
        """Configuration measured; of two records with one key the later one counts."""
        return (self.model, self.provider, self.arch, self.memory_mb, self.batch, self.items_per_request)

    def quantile_ms(self, percentile: float) -> float | None:
        """Time that at least `percentile` (share of 1) of the calls keep within, or None where unknown."""
        return known_quantile_ms(self.quantiles, self.samples, percentile)


@dataclass(frozen=True)
class FailedProfile:
    """A configuration that the source tried without success, or that no machine can be joined to, and why.

    Parameters
    ----------
    host
        What it was tried on; a function is written `PROVIDER N MB`, such as `aws-lambda 512 MB`.
    """

    model: str
    host: str
    batch: int | None
    reason: str
    source: str

    @property
    def key(self) -> tuple[str, str, int, str]:
        """Configuration tried, and why it failed: several deadlines may have failed on one host."""
        return (self.model, self.host, self.batch or 0, self.reason)

    @property
    def provider(self) -> str | None:
        """Provider of the function it was tried on; None for other hosts."""
        found = FUNCTION_HOST.fullmatch(self.host)
        return None if found is None else found["provider"]

    @property
    def memory_mb(self) -> int | None:
        """Memory setting of the function it was tried on; None for other hosts."""
        found = FUNCTION_HOST.fullmatch(self.host)
        return None if found is None else int(found["memory_mb"])
