"""Serverless containers as machines: capacities published by cores, placed in the sizes that a provider sells.

A source that counts the cores of a host it does not name says what a container of as many vCPU carries, as far as one core
is one vCPU: the group's source says that this is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from catalogs.containers import MIB_PER_GB, container_shapes, least_shape
from catalogs.machines import MachineOffer, MachinePrice, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalogs.containers import ContainerCatalog, ContainerShape, FargateTariff
    from catalogs.measurements import PublishedCapacity
    from catalogs.profiles import ProfileCatalog

FAMILY = "fargate"
CORE_ASSUMPTION = "one vCPU of a container taken to carry what one core of the host that was measured carried"
ARCH = "x86_64"  # what the sources measured on


@dataclass(frozen=True)
class Placement:
    """Published capacities, those counted by cores with a container as their instance type; and the containers' offers."""

    capacities: tuple[PublishedCapacity, ...]
    offers: Mapping[str, MachineOffer]


def container_name(shape: ContainerShape) -> str:
    """``fargate-2vcpu-4gb``."""
    return f"{FAMILY}-{shape.vcpu:g}vcpu-{shape.memory_mib / MIB_PER_GB:g}gb"


def container_offers(catalog: ContainerCatalog | None) -> dict[str, MachineOffer]:
    """Every size of container on sale with whole vCPU, by its name: sources count whole cores."""
    tariff = _tariff(catalog)
    if catalog is None or tariff is None:
        return {}
    shapes = (shape for shape in container_shapes(tariff) if shape.vcpu.is_integer())
    return {container_name(shape): _offer(catalog, tariff, shape) for shape in shapes}


def place_in_containers(profiles: ProfileCatalog, catalog: ContainerCatalog | None) -> Placement:
    """Give every capacity that is counted by cores the cheapest container with as many vCPU and memory for its model.

    Of several numbers of cores that take one container, the largest capacity counts. Capacities that no container is large
    enough for stay without a host, and so do all of them without a catalog.
    """
    tariff = _tariff(catalog)
    if catalog is None or tariff is None:
        return Placement(profiles.capacities, {})
    offers: dict[str, MachineOffer] = {}
    elsewhere: list[PublishedCapacity] = []
    placed: dict[tuple[object, ...], PublishedCapacity] = {}
    for one in profiles.capacities:
        shape = None
        if one.instance_type is None and one.cores is not None:
            variant = profiles.variants.get(one.model)
            needed_mib = variant.memory_mib or 0.0 if variant is not None else 0.0
            shape = least_shape(tariff, one.cores, needed_mib)
        if shape is None:
            elsewhere.append(one)
            continue
        name = container_name(shape)
        offers[name] = _offer(catalog, tariff, shape)
        source = f"{one.source}; {CORE_ASSUMPTION}"
        key = (one.model, name, one.batch, one.deadline_ms, one.percentile)
        if key not in placed or one.capacity_rps > placed[key].capacity_rps:
            placed[key] = replace(one, instance_type=name, source=source, obtained="derived")
    return Placement((*elsewhere, *placed.values()), offers)


def _tariff(catalog: ContainerCatalog | None) -> FargateTariff | None:
    return next((one for one in catalog.tariffs if one.arch == ARCH), None) if catalog is not None else None


def _offer(catalog: ContainerCatalog, tariff: FargateTariff, shape: ContainerShape) -> MachineOffer:
    name = container_name(shape)
    return MachineOffer(
        shape=Shape(
            instance_type=name,
            family=FAMILY,
            category="other",
            vcpu=int(shape.vcpu),
            memory_mib=shape.memory_mib,
            arch=tariff.arch,
            accelerator=None,
            accelerator_count=0,
            accelerator_memory_mib=0,
            network_mbps=None,
            source=tariff.source,
        ),
        price=MachinePrice(name, catalog.region, shape.usd_per_h, tariff.price_date, "USD", tariff.source),
        spot=None,
    )
