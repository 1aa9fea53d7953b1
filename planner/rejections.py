"""What is not planned with, and why: profiles and machines that find no place among the options."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catalogs.machines import Shape
    from catalogs.measurements import ServiceTime
    from catalogs.prices import PriceCatalog
    from catalogs.profiles import ProfileCatalog
    from catalogs.variants import ModelVariant
    from planner.machines import Rentals
    from planner.profile_join import Rejected, Wanted

RejectionKind = Literal[
    "accuracy",  # less accurate than any class asks, or in another metric
    "capacity mode",  # the scenario asks for the other kind of profile, or auto prefers it
    "batch",  # overflow goes to functions one request a call
    "bucket",  # no class asks for that size of requests, or the machine cannot serve it
    "burstable",  # its processor credits do not last
    "carries nothing",  # a capacity of 0
    "cold starts",  # calls that start cold come too late too often
    "deadline",  # too short for one call, or for batches (2 S_b <= D)
    "dominated",  # another option does all it does at no more cost
    "excluded",  # by the scenario
    "failed profile",  # the source tried, and failed
    "function limits",  # beyond what the provider allows
    "host",  # the profile names no machine
    "items",  # no class sends that many items in a request
    "memory",  # the model does not fit
    "no price",
    "no profile",
    "no shape",
    "no spot figures",
    "no variant",  # the profile's model is in no table of variants
    "old price",
    "partition",  # no cut of the model keeps the deadline
    "rate",  # demand never reaches the range of rates it is priced for
    "percentile",  # more than the samples or the source can tell
    "repeated",  # the same call was measured directly
    "source deadline",  # a published capacity holds for its own deadline and longer ones only
    "task",  # no class asks for it
]


@dataclass(frozen=True)
class RejectedOption:
    """An option that is not planned with.

    Parameters
    ----------
    option
        Its id, or as much of it as was known.
    kind, reason
        What kind of reason, and the reason with its numbers.
    needed_ms
        The deadline that would let it in, where that is what fails it.
    classes
        Classes it was sized for, where it was that far.
    """

    option: str
    kind: RejectionKind
    reason: str
    needed_ms: float | None = None
    classes: tuple[str, ...] = ()


def failed_profiles(profiles: ProfileCatalog, wanted: Mapping[str, Wanted]) -> Rejected:
    """What the sources tried without success, of the wanted variants."""
    return [
        RejectedOption(
            f"{one.model}/{one.host}" + (f"/b{one.batch}" if one.batch else ""),
            "failed profile",
            f"{one.reason} ({one.source})",
        )
        for one in profiles.failed
        if one.model in wanted
    ]


def without_profile(prices: PriceCatalog, hosts: Iterable[str]) -> Rejected:
    """Instance types that no wanted variant was profiled on, a line a family; and those without a shape."""
    known = set(hosts)
    families: dict[str, list[str]] = defaultdict(list)
    for offer in prices.machines:
        if offer.instance_type not in known:
            families[offer.shape.family].append(offer.instance_type)
    found = []
    for family, names in families.items():
        reason = f"no wanted model was profiled on {', '.join(sorted(names))}"
        found.append(RejectedOption(f"{family}.*", "no profile", reason))
    types = (one for one in prices.rejected if "/" not in one.name and one.name not in known)
    return found + [RejectedOption(one.name, "no shape", one.reason) for one in types]


def unfit_host(
    name: str, host: str, variant: ModelVariant, replicas: int, rentals: Rentals
) -> RejectedOption | None:
    """Why replicas of a variant cannot run on a machine: it is left out, or too small."""
    rejected = rentals.rejected_types.get(host)
    if rejected is not None:
        return RejectedOption(name, rejected.kind, rejected.reason)
    needed = (variant.memory_mib or 0.0) * replicas
    place, size = memory_of(rentals.offers[host].shape)
    if needed > size:
        copies = f"{replicas} replicas need" if replicas > 1 else "it needs"
        return RejectedOption(name, "memory", f"{copies} {needed:.0f} MiB; the {place} has {size} MiB")
    return None


def memory_of(shape: Shape) -> tuple[str, int]:
    """Where a model lives on a machine, and how much memory is there, MiB: its accelerators, or the host."""
    if shape.accelerator is None or not shape.accelerator_memory_mib:
        return "host", shape.memory_mib
    return "accelerator", shape.accelerator_memory_mib * max(shape.accelerator_count, 1)


def other_items(name: str, measured: Sequence[ServiceTime], one: Wanted) -> RejectedOption:
    """Why service times fit no class: they are of other numbers of items."""
    sizes = sorted({time.batch * time.items_per_request for time in measured})
    asked = ", ".join(str(items) for items in sorted(one.accepting))
    reason = f"measured with {sizes[0]} to {sizes[-1]} items; the classes that accept it send {asked}"
    return RejectedOption(name, "items", reason)
