"""Profiles of the variants that some class accepts, beside the machines they may run on (`Join`)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.rejections import RejectedOption

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalogs.bucket_throughput import BucketThroughput
    from catalogs.measurements import PublishedCapacity, ServiceTime
    from catalogs.profiles import ProfileCatalog
    from catalogs.variants import ModelVariant
    from planner.machines import Rentals
    from planner.request_classes import ClassSet
    from planner.scenario import Scenario

    Rejected = list[RejectedOption]
    Place = tuple[str, str | None]  # model, instance type (None: the source names no host)


@dataclass(frozen=True)
class Wanted:
    """A variant that some class accepts, as indices: `accepting` by items a request, `in_buckets` by size bucket."""

    variant: ModelVariant
    accepting: Mapping[int, Sequence[int]]
    in_buckets: Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Join:
    """Profiles of the wanted variants beside the machines they may run on, by (model, instance type)."""

    scenario: Scenario
    classes: ClassSet
    wanted: Mapping[str, Wanted]
    times: Mapping[Place, Sequence[ServiceTime]]
    capacities: Mapping[Place, Sequence[PublishedCapacity]]
    throughputs: Mapping[Place, Sequence[BucketThroughput]]
    rentals: Rentals


def wanted_variants(
    scenario: Scenario, profiles: ProfileCatalog, classes: ClassSet
) -> tuple[dict[str, Wanted], Rejected]:
    """Variants that some class accepts, by name; each other one is rejected once, whatever its profiles."""
    wanted: dict[str, Wanted] = {}
    rejected: Rejected = []
    profiled = {one.model for one in profiles.service_times}
    profiled |= {one.model for one in profiles.capacities} | {one.model for one in profiles.function_times}
    profiled |= {one.model for one in profiles.bucket_throughputs}
    for name in sorted(profiled):
        variant = profiles.variants.get(name)
        if variant is None:
            reason = "has profiles and no row among the model variants"
            rejected.append(RejectedOption(name, "no variant", reason))
        elif scenario.models.allowed is not None and name not in scenario.models.allowed:
            rejected.append(RejectedOption(name, "excluded", "models.allowed does not name it"))
        elif not classes.asking(variant):
            rejected.append(RejectedOption(name, "task", f"no class asks for it or its task, {variant.task}"))
        else:
            accepting = {
                items: found
                for items in classes.items_of(variant)
                if (found := classes.accepting(variant, items))
            }
            in_buckets = classes.accepting_in_buckets(variant)
            if accepting or in_buckets:
                wanted[name] = Wanted(variant, accepting, in_buckets)
            else:
                rejected.append(RejectedOption(name, "accuracy", classes.why_not_accurate(variant)))
    return wanted, rejected


def profiles_by_host(
    profiles: ProfileCatalog, capacities: Sequence[PublishedCapacity], wanted: Mapping[str, Wanted]
) -> tuple[
    dict[Place, list[ServiceTime]], dict[Place, list[PublishedCapacity]], dict[Place, list[BucketThroughput]]
]:
    """Service times, published capacities and throughputs of the wanted variants by (model, instance type).

    Parameters
    ----------
    capacities
        Published capacities, those counted by cores placed in containers where that was asked for.
    """
    times: dict[Place, list[ServiceTime]] = defaultdict(list)
    published: dict[Place, list[PublishedCapacity]] = defaultdict(list)
    for time in profiles.service_times:
        if time.model in wanted:
            times[time.model, time.instance_type].append(time)
    for capacity in capacities:
        if capacity.model in wanted:
            published[capacity.model, capacity.instance_type].append(capacity)
    throughputs: dict[Place, list[BucketThroughput]] = defaultdict(list)
    for throughput in profiles.bucket_throughputs:
        if throughput.model in wanted and wanted[throughput.model].in_buckets:
            throughputs[throughput.model, throughput.instance_type].append(throughput)
    return dict(times), dict(published), dict(throughputs)
