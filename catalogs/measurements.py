"""What is known about the speed and accuracy of models: one frozen record a measurement.

A record says where its figure comes from (`source`) and how it was got (`obtained`): "measured" is raw data
summarised here, "published" a figure as its authors print it, "derived" a figure computed here from others.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from catalogs.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OBTAINED = ("measured", "published", "derived")
FUNCTION_HOST = re.compile(r"(?P<provider>\S+) (?P<memory_mb>\d+) MB")  # how failures name a function
TOLERANCE_SHARE = 1e-9  # two percentiles closer than this are one; far below one request in any window


def known_quantile_ms(
    quantiles: Sequence[tuple[float, float]], samples: int | None, percentile: float
) -> float | None:
    """Smallest known quantile at or above `percentile`, in milliseconds; None where the data cannot tell.

    Never interpolates between quantiles, so the answer is on the safe side. With n raw samples nothing is
    claimed above 1 - 1/n: of 20 calls the .99 quantile is unknown, whatever the longest of them was.
    """
    if samples is not None and percentile > 1 - 1 / samples + TOLERANCE_SHARE:
        return None
    return next((ms for share, ms in quantiles if share >= percentile - TOLERANCE_SHARE), None)


@dataclass(frozen=True)
class ModelVariant:
    """A trained model that can answer requests of one task.

    Parameters
    ----------
    name
        Canonical name, the same in every source (`resnet50`, `bert-base-uncased-128`: 128 tokens a request).
    task
        What it answers, as request classes name it: `image-classification`, `text-encoding` and so on.
    accuracy_share, accuracy_metric
        Accuracy in 0..1 and what it is measured by (`imagenet-top1`); both None where no source gives one.
    memory_mib
        Memory that one replica needs on its host, MiB; None where unknown.
    artifact_mib
        Size of the weights file, MiB.
    parameters
        Number of weights.
    """

    name: str
    task: str
    accuracy_share: float | None
    accuracy_metric: str | None
    memory_mib: float | None
    artifact_mib: float | None
    parameters: int | None
    source: str
    obtained: str

    def __post_init__(self) -> None:
        problems = provenance_problems(self.source, self.obtained)
        problems += _positive_problems(
            memory_mib=self.memory_mib, artifact_mib=self.artifact_mib, parameters=self.parameters
        )
        if self.accuracy_share is not None and not 0 <= self.accuracy_share <= 1:
            problems.append(
                f"accuracy_share is {self.accuracy_share:g}; it must be within 0..1. Write 76.13 % as 0.7613."
            )
        if (self.accuracy_share is None) != (self.accuracy_metric is None):
            problems.append(
                f"accuracy_share is {self.accuracy_share} and accuracy_metric is {self.accuracy_metric}; "
                "give both or neither."
            )
        _raise(f"model {self.name}", problems)


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
        problems += _positive_problems(
            batch=self.batch,
            items_per_request=self.items_per_request,
            replicas=self.replicas,
            threads=self.threads,
            mean_ms=self.mean_ms,
            samples=self.samples,
            load_s=self.load_s,
        )
        problems += _quantile_problems(self.quantiles)
        _raise(f"{self.model} on {self.instance_type}, batch {self.batch}", problems)

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
        return _exact_quantile_ms(self.quantiles, 0.50)

    @property
    def p95_ms(self) -> float | None:
        """95th percentile, milliseconds, where it is known itself."""
        return _exact_quantile_ms(self.quantiles, 0.95)

    @property
    def p99_ms(self) -> float | None:
        """99th percentile, milliseconds, where it is known itself."""
        return _exact_quantile_ms(self.quantiles, 0.99)

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
        problems += _positive_problems(
            cores=self.cores, batch=self.batch, capacity_rps=self.capacity_rps, deadline_ms=self.deadline_ms
        )
        if not 0 < self.percentile < 1:
            problems.append(f"percentile is {self.percentile:g}; it must be > 0 and < 1. Write 98 % as 0.98.")
        if self.instance_type is None and self.cores is None:
            problems.append(
                "instance_type and cores are both empty. Name the machine or the number of cores."
            )
        host = self.instance_type or ("an unnamed host" if self.cores is None else f"{self.cores} cores")
        _raise(f"{self.model} on {host}, batch {self.batch}", problems)

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
        problems += _positive_problems(
            memory_mb=self.memory_mb,
            batch=self.batch,
            items_per_request=self.items_per_request,
            mean_ms=self.mean_ms,
            load_ms=self.load_ms,
            samples=self.samples,
        )
        problems += _quantile_problems(self.quantiles)
        _raise(f"{self.model} on {self.provider}, {self.memory_mb} MB", problems)

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


def _exact_quantile_ms(quantiles: Sequence[tuple[float, float]], percentile: float) -> float | None:
    return next((ms for share, ms in quantiles if abs(share - percentile) <= TOLERANCE_SHARE), None)


def provenance_problems(source: str, obtained: str) -> list[str]:
    """Say what is wrong with where a figure comes from, and how it was got."""
    problems = []
    if not source:
        problems.append("source is empty. Say where the figure comes from.")
    if obtained not in OBTAINED:
        problems.append(f"obtained is {obtained!r}; allowed are {', '.join(OBTAINED)}.")
    return problems


def _positive_problems(**values: float | None) -> list[str]:
    fields: Mapping[str, float | None] = values
    return [
        f"{name} is {value:g}; it must be a finite number > 0. Correct it."
        for name, value in fields.items()
        if value is not None and not (math.isfinite(value) and value > 0)
    ]


def _quantile_problems(quantiles: Sequence[tuple[float, float]]) -> list[str]:
    problems = []
    for share, ms in quantiles:
        if not 0 < share < 1 or not (math.isfinite(ms) and ms > 0):
            problems.append(f"quantile {share:g} is {ms:g} ms; shares must be within 0..1 and times > 0.")
    for (low, low_ms), (high, high_ms) in pairwise(quantiles):
        if low >= high or low_ms > high_ms:
            problems.append(
                f"quantile {low:g} is {low_ms:g} ms and quantile {high:g} is {high_ms:g} ms; "
                "higher percentiles cannot be shorter. Order and correct them."
            )
    return problems


def _raise(where: str, problems: Sequence[str]) -> None:
    if problems:
        raise CatalogError([f"{where}: {problem}" for problem in problems])
