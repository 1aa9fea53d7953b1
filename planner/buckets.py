"""Language models: requests in buckets by size, machines with one throughput for each bucket (linear mode).

A class of one bucket (`planner.scenario.RequestClass.parts`) is served by groups whose model has a throughput above 0 for that
bucket, and which promise what their source states: a machine that spends shares y[k] of its time on the classes k carries
y[k] x throughput[k] of each (FORMULATION section 4, share_capacity in linear mode).
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import nearest
from planner.options import ServingGroup
from planner.rejections import RejectedOption
from planner.tiers import Tier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from catalogs.bucket_throughput import BucketThroughput
    from catalogs.profiles import ProfileCatalog
    from catalogs.variants import ModelVariant
    from planner.rejections import RejectionKind
    from planner.request_classes import ClassSet
    from planner.scenario import RequestClass, Scenario

NAMED = 3  # buckets quoted in a message, the rest counted


def bucket_groups(
    rows: Sequence[BucketThroughput],
    variant: ModelVariant,
    accepting: Mapping[str, Sequence[int]],
    classes: ClassSet,
    target_utilisation: float,
) -> tuple[list[ServingGroup], list[RejectedOption]]:
    """Groups of one model on one machine: one for each promise (deadline, percentile) that its throughputs state.

    Parameters
    ----------
    rows
        Throughputs of the model on the machine.
    accepting
        Bucket -> classes of that bucket that accept the model, as indices.
    """
    promises: dict[Tier, list[BucketThroughput]] = defaultdict(list)
    for row in rows:
        promises[_promise(row)].append(row)
    groups: list[ServingGroup] = []
    rejected: list[RejectedOption] = []
    for own, stated in sorted(promises.items()):
        name = f"{variant.name}/{rows[0].instance_type}/buckets/{own.label}"
        asked = [(k, row) for row in stated for k in accepting.get(row.bucket, ())]
        kept = [(k, row) for k, row in asked if own.covers(classes.tier(k))]
        rates = {classes.classes[k].name: row.throughput_rps for k, row in kept if row.throughput_rps > 0}
        late = [(k, row) for k, row in asked if not own.covers(classes.tier(k))]
        rejected += _left_out(
            name, "source deadline", f"its throughput promises {own.label} only", late, classes
        )
        cannot = [(k, row) for k, row in kept if row.throughput_rps == 0]
        rejected += _left_out(name, "carries nothing", "its throughput is 0", cannot, classes)
        if rates:
            used = {name: rate * target_utilisation for name, rate in rates.items()}
            groups.append(_group(name, variant, own, stated[0], used))
    return groups, rejected


def _promise(row: BucketThroughput) -> Tier:
    """Tier that the source of a throughput states; one without promises nothing."""
    if row.deadline_ms is None or row.percentile is None:
        return Tier(math.inf, 0.0)
    return Tier(row.deadline_ms, row.percentile)


def _group(
    name: str, variant: ModelVariant, own: Tier, row: BucketThroughput, linear_rps: dict[str, float]
) -> ServingGroup:
    return ServingGroup(
        id=name,
        variant=variant,
        instance_type=row.instance_type,
        items_per_request=1,
        batch=1,
        replicas=1,
        threads=None,
        tier=own,
        mode="linear",
        service=None,
        published_rps=None,
        batch_timeout_s=0.0,
        dispersion_index=1.0,
        classes=tuple(linear_rps),
        capacity_rps=np.zeros(1),
        source=row.source,
        obtained=row.obtained,
        linear_rps=linear_rps,
    )


def _left_out(
    name: str,
    kind: RejectionKind,
    why: str,
    left_out: Sequence[tuple[int, BucketThroughput]],
    classes: ClassSet,
) -> Iterator[RejectedOption]:
    """One rejection for all the classes that a group cannot serve for one reason."""
    if left_out:
        buckets = sorted({row.bucket for _, row in left_out})
        names = tuple(classes.classes[k].name for k, _ in left_out)
        yield RejectedOption(name, kind, f"{why}: {quoted(buckets)}", classes=names)


def quoted(buckets: Sequence[str]) -> str:
    """Some buckets by name, and how many more there are."""
    more = len(buckets) - NAMED
    return ", ".join(buckets[:NAMED]) + (f" and {more} more" if more > 0 else "")


def bucket_problems(scenario: Scenario, profiles: ProfileCatalog) -> Iterator[str]:
    """Buckets of classes that a machine profiled for their model says nothing of: not even that it cannot serve them."""
    known: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in profiles.bucket_throughputs:
        known[row.model][row.instance_type].add(row.bucket)
    wanted: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for one in scenario.workload.planned_classes:
        if one.bucket is not None:
            wanted[_models_of(one, profiles, known)].add(one.bucket)
    for models, buckets in wanted.items():
        if not models:
            yield f"no model that buckets may be served by has throughputs by bucket ({quoted(sorted(buckets))})."
        for model in models:
            for host, stated in known[model].items():
                missing = sorted(buckets - stated)
                if missing:
                    yield (
                        f"{model} on {host} has no throughput for {quoted(missing)}.{nearest(missing[0], stated)} "
                        "Add the rows; 0 says that it cannot serve a bucket."
                    )


def _models_of(one: RequestClass, profiles: ProfileCatalog, known: Mapping[str, object]) -> tuple[str, ...]:
    """Models with throughputs by bucket that a class names, or that perform its task."""
    if one.models is not None:
        return tuple(sorted(set(one.models) & set(known)))
    return tuple(
        sorted(
            name for name in known if name in profiles.variants and profiles.variants[name].task == one.task
        )
    )
