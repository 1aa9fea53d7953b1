"""Why profiles and machines find no place among the options."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from planner.options import RejectedOption

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catalogs.machines import Shape
    from catalogs.measurements import ModelVariant, ServiceTime
    from catalogs.prices import PriceCatalog
    from catalogs.profiles import ProfileCatalog
    from planner.machines import Rentals
    from planner.profile_join import Rejected, Wanted


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
