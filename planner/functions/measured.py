"""Functions called one request at a time: measured calls under the provider's tariff and limits, cold starts counted in.

A function answers a class when P(duration + cold start <= deadline) reaches the class's percentile. With a
share c of cold calls and known quantiles only, that probability is at least (1 - c) u + c v: u the highest
known percentile of the duration within the deadline, v the same with the load time added. Overflow goes one
request a call, so price and time held do not depend on its rate; c does (more calls keep more functions
warm). It is taken at the least rate of the scenario, and the plan gives it at the planned rates.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from catalogs.errors import CatalogError
from catalogs.interpolation import function_time_at_memory
from planner.groups import unknown_quantile
from planner.queueing import cold_start_share
from planner.rejections import RejectedOption
from planner.serverless import ServerlessFunction, known_meet_rate
from planner.tiers import PERCENTILE_SLACK

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from catalogs.functions import FunctionTariff
    from catalogs.measurements import FunctionTime
    from catalogs.variants import ModelVariant
    from planner.profile_join import Rejected
    from planner.scenario import Functions
    from planner.tiers import Tier

    Quantiles = tuple[tuple[float, float], ...]  # share of the calls, ms

TAKEN_AS_EXACT = "; every call is taken to last this long"  # said with the source
MEMORY_GRID_MB = 1024  # sizes offered between measured ones: about half a vCPU apart (1,769 MB a vCPU)


def function_name(time: FunctionTime) -> str:
    """``lambda/model/memory``, with the architecture, batch and items where they are not the usual ones."""
    provider = time.provider.removeprefix("aws-")
    arch = "" if time.arch == "x86_64" else f"/{time.arch}"
    size = "" if time.batch == time.items_per_request == 1 else f"/b{time.batch}x{time.items_per_request}"
    return f"{provider}/{time.model}/{time.memory_mb}{arch}{size}"


def with_sizes_between(
    times: Iterable[FunctionTime],
    failed_mb: Callable[[str, str], Collection[int]],
    asked_mb: Collection[int] | None = None,
) -> list[FunctionTime]:
    """Measured memory sizes and interpolated ones on a grid between them, or the sizes asked for; the source of each says so.

    Parameters
    ----------
    failed_mb
        (model, provider) -> sizes that were tried without success: nothing is interpolated across them.
    asked_mb
        The only sizes wanted; those outside the measured ones are left out. None: measured ones and the grid.
    """
    rows: dict[tuple[str, str, str, int, int], list[FunctionTime]] = {}
    for one in times:
        rows.setdefault((one.model, one.provider, one.arch, one.batch, one.items_per_request), []).append(one)
    found: list[FunctionTime] = []
    for (model, provider, *_), points in rows.items():
        sizes = {one.memory_mb for one in points}
        first = -(-min(sizes) // MEMORY_GRID_MB) * MEMORY_GRID_MB
        grid = sizes | set(range(first, max(sizes), MEMORY_GRID_MB)) if asked_mb is None else asked_mb
        between = [function_time_at_memory(points, size, failed_mb(model, provider)) for size in sorted(grid)]
        found += [one for one in between if one is not None]
    return found


def other_sizes(
    measured: Iterable[FunctionTime], times: Iterable[FunctionTime], asked_mb: Sequence[int] | None
) -> Rejected:
    """Models that none of the memory sizes asked for is measured for, or lies between two that are."""
    known = {(one.model, one.provider) for one in times}
    sizes = ", ".join(f"{size}" for size in asked_mb or ())
    without = dict.fromkeys(
        (one.model, one.provider) for one in measured if (one.model, one.provider) not in known
    )
    reason = f"resources.functions.memory_mb asks for {sizes} MB; its calls were measured at other sizes, none around these"
    return [
        RejectedOption(f"{provider.removeprefix('aws-')}/{model}", "function limits", reason)
        for model, provider in without
    ]


def function_option(
    time: FunctionTime,
    variant: ModelVariant,
    tariff: FunctionTariff,
    asked: Mapping[str, Tier],
    settings: Functions,
    *,
    exactly: bool = False,
) -> tuple[ServerlessFunction | None, list[RejectedOption]]:
    """Price one function and find the classes it answers in time.

    Parameters
    ----------
    asked
        Tiers of the classes, by name, that ask for its model and items and accept its accuracy.
    exactly
        Whether every call is taken to last as long as the mean (`lasts_exactly`).

    Returns
    -------
    The function, or None where no class is left, and a reason for every class it cannot answer.
    """
    name = function_name(time)
    cold = cold_share(time, settings)
    billed_ms = tariff.billed_ms(time.mean_ms + cold * (time.load_ms or 0.0))
    limit = broken_limit(time.memory_mb, billed_ms, variant, tariff)
    if limit is not None:
        return None, [RejectedOption(name, "function limits", limit)]
    rates: dict[str, float] = {}
    quantiles = ((1.0, time.mean_ms),) if exactly else known_quantiles(time)
    rejected: list[RejectedOption] = []
    for class_name, tier in asked.items():
        rate = known_meet_rate(quantiles, time.load_ms, tier.deadline_ms, cold)
        if rate >= tier.percentile - PERCENTILE_SLACK:
            rates[class_name] = rate
        else:
            late = _too_late(f"{name} for {class_name}", time, quantiles, tier, cold)
            rejected.append(replace(late, classes=(class_name,)))
    if not rates:
        return None, rejected
    largest = max(asked[class_name].percentile for class_name in rates)
    option = ServerlessFunction(
        id=name,
        variant=variant,
        provider=time.provider,
        arch=time.arch,
        memory_mb=time.memory_mb,
        batch=1,
        items_per_request=time.batch * time.items_per_request,
        mean_ms=time.mean_ms,
        quantile_ms=time.quantile_ms(largest) or time.mean_ms,
        load_ms=time.load_ms,
        billed_ms=billed_ms,
        cold_start_share=cold,
        usd_per_request=tariff.usd_per_request(time.memory_mb, billed_ms),
        concurrency_s=(time.mean_ms + cold * (time.load_ms or 0.0)) / 1000,
        deadline_meet_rate=rates,
        quantiles=quantiles,
        source=time.source + TAKEN_AS_EXACT if exactly else time.source,
        obtained=time.obtained,
        tariff_source=tariff.source,
    )
    return option, rejected


def cold_share(time: FunctionTime, settings: Functions) -> float:
    """Share of cold calls at the scenario's least rate and keep-alive time, as overflow of machines."""
    rate, duration_s = settings.least_rate_rps, time.mean_ms / 1000
    return float(cold_start_share(rate, duration_s, settings.keep_alive_s, overflow=True))


def known_quantiles(time: FunctionTime) -> Quantiles:
    """(share, ms) of a warm call, without those that its samples cannot tell."""
    return tuple((share, ms) for share, ms in time.quantiles if time.quantile_ms(share) is not None)


def lasts_exactly(times: Iterable[FunctionTime]) -> bool:
    """Whether calls of one model are taken to last exactly as long as stated: one figure for each of several batches, no spread.

    That is how BATCH (SC'20) gives and uses its service times. One figure of one batch is a mean of unknown spread and tells no
    percentile.
    """
    points = list(times)
    return len({one.batch for one in points}) > 1 and not any(one.quantiles for one in points)


def _too_late(name: str, time: FunctionTime, quantiles: Quantiles, tier: Tier, cold: float) -> RejectedOption:
    quantile_ms = time.quantile_ms(tier.percentile) if time.quantiles else dict(quantiles).get(1.0)
    if quantile_ms is None:
        reason = unknown_quantile(time.quantiles, time.samples, tier.percentile)
        return RejectedOption(name, "percentile", reason)
    if quantile_ms > tier.deadline_ms:
        within = f"{tier.percentile:g} of its calls take up to {quantile_ms:.4g} ms"
        reason = f"{within}; the deadline is {tier.deadline_ms:g} ms"
        return RejectedOption(name, "deadline", reason, quantile_ms)
    rate = known_meet_rate(quantiles, time.load_ms, tier.deadline_ms, cold)
    load = "an unknown time" if time.load_ms is None else f"{time.load_ms:.4g} ms more"
    share = f"{cold:.2%} of its calls start cold and take {load}"
    reason = f"{share}; {rate:.4g} are known to be in time, {tier.percentile:g} must be"
    return RejectedOption(name, "cold starts", reason)


def broken_limit(
    memory_mb: int, billed_ms: float, variant: ModelVariant, tariff: FunctionTariff
) -> str | None:
    """The provider's limit that a function runs into, if any."""
    try:
        tariff.usd_per_request(memory_mb, billed_ms)
    except CatalogError as error:
        return "; ".join(error.problems)
    needed = variant.artifact_mib or 0.0
    if needed > tariff.image_mb:
        return f"its model file has {needed:.0f} MiB; an image may have {tariff.image_mb} MB"
    if (variant.memory_mib or 0.0) > memory_mb:
        return f"its model needs {variant.memory_mib:.0f} MiB of memory; the function has {memory_mb} MB"
    return None
