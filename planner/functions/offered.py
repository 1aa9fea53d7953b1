"""All functions that the scenario allows: called one request at a time, behind buffers, or cut over several functions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from planner.functions.batched import BufferSearch
from planner.functions.buffers import BufferLaws
from planner.functions.call_times import call_times
from planner.functions.grid import BufferGrid
from planner.functions.measured import (
    broken_limit,
    function_name,
    function_option,
    lasts_exactly,
    other_sizes,
    with_sizes_between,
)
from planner.functions.partitioned import partitioned_functions
from planner.groups import unknown_quantile
from planner.partition.supplies import Supplies
from planner.rejections import RejectedOption
from planner.tiers import tiers_with_meets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catalogs.functions import FunctionCatalog, FunctionTariff
    from catalogs.measurements import FunctionTime
    from catalogs.profiles import ProfileCatalog
    from planner.functions.arrivals import BufferArrivals
    from planner.functions.partitioned import PartitionInputs
    from planner.profile_join import Join, Rejected
    from planner.serverless import ServerlessFunction
    from planner.tiers import Tier

    Tariffs = Mapping[tuple[str, str], FunctionTariff]  # by provider and architecture
    ModelKey = tuple[str, str, str, int]

PROVIDER, ARCH = (
    "aws-lambda",
    "x86_64",
)  # of partitions: the one object store and the times known are of these
TIMEOUT_STEPS = 10  # of a deadline: T in tenths of it, the whole left out since a call takes time too


@dataclass(frozen=True)
class FunctionInputs:
    """What functions are made of beside profiles and tariffs.

    Parameters
    ----------
    arrivals
        Of every trace, by its name, where functions gather requests or stand ready.
    partition
        Models that may be cut over several functions, where the scenario names some.
    """

    arrivals: Mapping[str, BufferArrivals] = field(default_factory=dict)
    partition: PartitionInputs | None = None


NO_INPUTS = FunctionInputs()


def serverless_functions(
    join: Join, profiles: ProfileCatalog, tariffs: FunctionCatalog, inputs: FunctionInputs
) -> tuple[list[ServerlessFunction], Rejected]:
    """Functions of the wanted variants: at every memory size measured and sizes between, or at those asked for; and in parts."""
    settings = join.scenario.resources.functions
    measured = [one for one in profiles.function_times if one.model in join.wanted]
    if not settings.enabled or settings.concurrency_limit == 0:
        why = "resources.functions: " + ("concurrency_limit is 0" if settings.enabled else "enabled is false")
        return [], [RejectedOption(function_name(one), "excluded", why) for one in measured]
    offered = {(tariff.provider, tariff.arch): tariff for tariff in tariffs.tariffs}
    times = with_sizes_between(measured, profiles.failed_sizes, settings.memory_mb)
    rejected = other_sizes(measured, times, settings.memory_mb)
    functions: list[ServerlessFunction] = []
    if settings.bracketed_batch_sizes:
        buffered, left_out = behind_buffers(join, times, offered, inputs.arrivals)
        functions += buffered
        rejected += left_out
    if 1 in settings.batch_sizes:
        single, left_out = one_request_a_call(join, times, offered)
        functions += single
        rejected += left_out
    if inputs.partition is not None:
        tariff = tariffs.tariff(PROVIDER, ARCH)
        supplies = Supplies(tariff, inputs.partition.store, profiles, inputs.partition.digests)
        parts, left_out = partitioned_functions(join, inputs.partition, supplies)
        functions += parts
        rejected += left_out
    return functions, rejected


def one_request_a_call(
    join: Join, times: Sequence[FunctionTime], offered: Tariffs
) -> tuple[list[ServerlessFunction], Rejected]:
    """Functions that are called for every request, at any rate; a batch of b single items is also one request of b items.

    Where buffers are searched too, calls that these take to last exactly as long as stated do so one at a time as well.
    """
    found: list[ServerlessFunction] = []
    rejected: Rejected = []
    settings = join.scenario.resources.functions
    gathers = max(settings.batch_sizes) > 1
    rows = by_model(times).items() if settings.bracketed_batch_sizes else ()
    exact = {key for key, points in rows if lasts_exactly(points)}
    for time in times:
        one, name, items = join.wanted[time.model], function_name(time), time.batch * time.items_per_request
        tariff = offered.get((time.provider, time.arch))
        accepting = one.accepting.get(items, ())
        if gathers and time.batch > 1 and (time.items_per_request > 1 or not accepting):
            continue  # what buffers gather
        if tariff is None:
            rejected.append(RejectedOption(name, "no price", _no_tariff(join, time.provider, time.arch)))
        elif time.batch > 1 and time.items_per_request > 1:
            rejected.append(RejectedOption(name, "batch", "overflow goes to functions one request a call"))
        elif not accepting:
            reason = f"no class that accepts it sends {items} items a request"
            rejected.append(RejectedOption(name, "items", reason))
        else:
            asked = {join.classes.classes[k].name: join.classes.tier(k) for k in accepting}
            exactly = model_key(time) in exact
            option, reasons = function_option(time, one.variant, tariff, asked, settings, exactly=exactly)
            rejected += reasons
            found += [] if option is None else [option]
    return found, rejected


def model_key(time: FunctionTime) -> ModelKey:
    """Model, provider, architecture and items of a request: what one buffer may gather."""
    return time.model, time.provider, time.arch, time.items_per_request


def by_model(times: Iterable[FunctionTime]) -> dict[ModelKey, list[FunctionTime]]:
    """Calls of all memory sizes and batches together."""
    rows: dict[ModelKey, list[FunctionTime]] = defaultdict(list)
    for time in times:
        rows[model_key(time)].append(time)
    return rows


def behind_buffers(
    join: Join, times: Sequence[FunctionTime], offered: Tariffs, arrivals: Mapping[str, BufferArrivals]
) -> tuple[list[ServerlessFunction], Rejected]:
    """Functions that a buffer calls, or that stand ready, for ranges of rates."""
    laws = BufferLaws()
    timeouts_s = timeouts_of(join)
    found: list[ServerlessFunction] = []
    rejected: Rejected = []
    for (model, provider, arch, items), points in by_model(times).items():
        tariff, accepting = offered.get((provider, arch)), join.wanted[model].accepting.get(items, ())
        name = "/".join([provider.removeprefix("aws-"), model, *([] if arch == "x86_64" else [arch])])
        if not accepting:
            continue  # told for every call of these items
        if tariff is None:
            reason = _no_tariff(join, provider, arch)
            rejected.append(RejectedOption(f"{name} in a buffer", "no price", reason))
            continue
        search = _search(join, name, points, tariff, accepting, arrivals, timeouts_s, laws)
        if isinstance(search, RejectedOption):
            rejected.append(search)
            continue
        options, reasons = search.found()
        found += options
        rejected += reasons
    return found, rejected


def _search(
    join: Join,
    name: str,
    points: Sequence[FunctionTime],
    tariff: FunctionTariff,
    accepting: Sequence[int],
    arrivals: Mapping[str, BufferArrivals],
    timeouts_s: tuple[float, ...],
    laws: BufferLaws,
) -> BufferSearch | RejectedOption:
    """The search for one model, or why there is none; memory sizes beyond the provider's limits are left out."""
    settings, classes, first = join.scenario.resources.functions, join.classes, points[0]
    variant = join.wanted[first.model].variant
    sizes = settings.bracketed_batch_sizes
    measured = sorted({one.batch for one in points})
    if min(sizes) > max(measured) or min(measured) > max(sizes):
        known = f"measured with {measured[0]} to {measured[-1]} requests a call"
        reason = f"{known}; batches of {sizes[0]} to {sizes[-1]} are asked for"
        return RejectedOption(f"{name} in a buffer", "batch", reason)
    asked: dict[str, Tier] = {classes.classes[k].name: classes.tier(k) for k in accepting}
    times = call_times(points, max(sizes))
    if not times.steps:
        reason = unknown_quantile((), None, min(tier.percentile for tier in asked.values()))
        return RejectedOption(f"{name} in a buffer", "percentile", reason)
    limits = [
        broken_limit(size, 1000 * slowest, variant, tariff)
        for size, slowest in zip(times.memory_mb.tolist(), times.mean_s[:, -1].tolist(), strict=True)
    ]
    kept = np.array([row for row, limit in enumerate(limits) if limit is None], dtype=int)
    if not len(kept):
        return RejectedOption(f"{name} in a buffer", "function limits", str(limits[-1]))
    traces = sorted({classes.classes[k].trace for k in accepting})
    # Poisson arrivals of two traces are alike.
    apart = tuple({arrivals[trace].label: arrivals[trace] for trace in traces}.values())
    grid = BufferGrid(times.taking(kept), tariff, apart, timeouts_s, settings, laws)
    return BufferSearch(
        name=name,
        variant=variant,
        provider=first.provider,
        arch=first.arch,
        items_per_request=first.items_per_request,
        grid=grid,
        asked=asked,
        tiers=tiers_with_meets(tier for k in accepting for tier in classes.sized_tiers(k)),
        top_rps=float(classes.demand.top_rps[list(accepting)].sum(axis=0).max()),
    )


def timeouts_of(join: Join) -> tuple[float, ...]:
    """Seconds that the first request of a batch may wait: as asked for, or tenths of every deadline; 0 where none is gathered."""
    settings = join.scenario.resources.functions
    if max(settings.batch_sizes) == 1:
        return (0.0,)
    if settings.batch_timeouts_ms is not None:
        return tuple(one / 1000 for one in settings.batch_timeouts_ms)
    deadlines = {one.tier.deadline_s for one in join.classes.classes if one.bucket is None}
    steps = range(1, TIMEOUT_STEPS)
    return tuple(
        sorted({round(deadline * step / TIMEOUT_STEPS, 9) for deadline in deadlines for step in steps})
    )


def _no_tariff(join: Join, provider: str, arch: str) -> str:
    return f"no tariff of {provider}/{arch} in {join.scenario.region}"
