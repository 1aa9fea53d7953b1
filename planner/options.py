"""Serving options: what may serve whom, with where each figure comes from, and why the rest was rejected.

A group (model x instance type x items x batch x replicas and threads x tier) is one queue; a machine
(instance type x market x zone) feeds groups of its type; an option is a machine working in a group; a function
serves alone. `planner.enumeration` makes the `OptionTable`, `planner.assembly` turns it into the arrays of a
program.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from catalogs.machines import MachineOffer
    from catalogs.variants import ModelVariant
    from planner.queueing import PoolService
    from planner.rejections import RejectedOption
    from planner.scenario import MachineMarket, Market, RequestClass
    from planner.serverless import ServerlessFunction
    from planner.tiers import Tier

    Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ServingGroup:
    """One queue: a model on one instance type, called with up to `batch` requests, sized for one tier.

    Parameters
    ----------
    id
        ``model/instance type/b{batch}x{items}[r{replicas}][t{threads}]/{tier}[/standby]``, e.g.
        ``resnet50/c5.4xlarge/b1x10/d200p98``.
    mode
        "queueing" where capacity follows from service times, "linear" where the source publishes it.
    service
        Service of the pool in queueing mode; None in linear mode.
    published_rps
        Requests/s of one machine as published, before the target utilisation; None where service times tell, or where the
        rate differs by class.
    batch_timeout_s
        How long a batch waits for more requests before it starts.
    dispersion_index
        Variance over mean of arrivals, the largest over the classes it may serve.
    classes
        Names of the classes it may serve.
    capacity_rps
        ``[n]`` requests/s of n = 0, 1, ... machines within the tier; the last n carries all the classes may
        ever send together, or is the cap on machines of one group. No more than the 0 of no machine where `linear_rps` tells.
    source, obtained
        Where the figures come from, and whether they are measured, published or derived.
    linear_rps
        Class -> requests/s that one machine carries of it alone, target utilisation taken off, in linear mode; empty in
        queueing mode, and where bursts leave machines less than that (`planner.published`).
    load_s
        Time to bring the model into a machine; None where the profile is silent.
    standby
        It is fed by stopped machines only, which serve at full speed after a loss of spot machines.
    quantiles_ms
        (share, ms) of its calls, all that are known, in queueing mode.
    """

    id: str
    variant: ModelVariant
    instance_type: str
    items_per_request: int
    batch: int
    replicas: int
    threads: int | None
    tier: Tier
    mode: Literal["queueing", "linear"]
    service: PoolService | None
    published_rps: float | None
    batch_timeout_s: float
    dispersion_index: float
    classes: tuple[str, ...]
    capacity_rps: Array
    source: str
    obtained: str
    linear_rps: Mapping[str, float] = field(default_factory=dict)
    load_s: float | None = None
    standby: bool = False
    quantiles_ms: tuple[tuple[float, float], ...] = ()

    @property
    def model(self) -> str:
        """Name of the variant."""
        return self.variant.name

    @property
    def count_max(self) -> int:
        """Most machines that count towards its capacity."""
        return len(self.capacity_rps) - 1

    def share_in_time(self, class_name: str) -> float:
        """Least share of a class's requests that it answers in time: what it is sized for, whatever the class."""
        return self.tier.percentile


@dataclass(frozen=True)
class Machine:
    """What is rented: an instance type in a market, in a zone.

    Parameters
    ----------
    id
        ``instance type/market[/zone]``.
    offer
        Its shape, on-demand price and spot figures, each with its source.
    market
        on-demand, spot, committed (paid for already), standby (stopped until a spot loss), container.
    quota_family
        Family as the provider's quotas count it.
    price_usd_per_h
        USD per machine-hour with the scenario's extra: spot is the on-demand price less the published saving, committed
        machines cost nothing more, standby machines what they cost while stopped.
    zone
        Where it stands; None: the provider chooses.
    owned
        Most that may run, where they are paid for already; None: no such limit.
    """

    id: str
    offer: MachineOffer
    market: MachineMarket
    quota_family: str
    price_usd_per_h: float
    zone: str | None = None
    owned: int | None = None

    @property
    def instance_type(self) -> str:
        """Name of the instance type."""
        return self.offer.instance_type

    @property
    def vcpu(self) -> float:
        """Virtual processors of one machine."""
        return self.offer.shape.vcpu

    @property
    def is_spot(self) -> bool:
        """Whether it may be interrupted."""
        return self.market == "spot"

    @property
    def is_standby(self) -> bool:
        """Whether it stands stopped until spot machines are lost."""
        return self.market == "standby"

    @property
    def quota_market(self) -> Market:
        """Market whose quota it counts under."""
        return "spot" if self.is_spot else "on-demand"

    @property
    def place(self) -> str:
        """``market[/zone]``."""
        return self.market if self.zone is None else f"{self.market}/{self.zone}"

    @property
    def pool(self) -> str:
        """``instance type[/zone]``: what is interrupted together, where the machine is spot."""
        return self.instance_type if self.zone is None else f"{self.instance_type}/{self.zone}"

    def feeds(self, group: ServingGroup) -> bool:
        """Whether it may work in a group: of its type, and for stopped machines or running ones as it is."""
        return self.instance_type == group.instance_type and self.is_standby == group.standby


def sustained_note(share: float) -> str:
    """What the source of a group's figures says where its machines cannot run at full speed all the time."""
    return (
        "" if share == 1 else f"; no more than {share:.3g} of full speed, what its processor credits sustain"
    )


@dataclass(frozen=True)
class ServingOption:
    """A machine working in a group."""

    group: ServingGroup
    machine: Machine

    @property
    def id(self) -> str:
        """``group id@market[/zone]``."""
        return f"{self.group.id}@{self.machine.place}"


@dataclass(frozen=True)
class OptionTable:
    """All that may serve the classes, and all that was rejected.

    Parameters
    ----------
    classes
        The scenario's request classes, in its order.
    groups, machines, functions
        Sorted by id; every machine feeds at least one group and every group is fed.
    rejected
        Sorted by option.
    notes
        What a reader of the plan should know of them: capped groups, keep-alive time, classes nothing may
        serve.
    """

    classes: tuple[RequestClass, ...]
    groups: tuple[ServingGroup, ...]
    machines: tuple[Machine, ...]
    functions: tuple[ServerlessFunction, ...]
    rejected: tuple[RejectedOption, ...]
    notes: tuple[str, ...]

    @property
    def options(self) -> tuple[ServingOption, ...]:
        """Every machine in every group that it may feed, groups first."""
        of_type: dict[str, list[Machine]] = {}
        for machine in self.machines:
            of_type.setdefault(machine.instance_type, []).append(machine)
        return tuple(
            ServingOption(group, machine)
            for group in self.groups
            for machine in of_type.get(group.instance_type, ())
            if machine.feeds(group)
        )
