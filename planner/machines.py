"""Machines that may be rented: the price catalog under the scenario's markets, patterns and price age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING

from catalogs.burstable import stopped_usd_per_h
from planner.containers import FAMILY
from planner.options import Machine
from planner.rejections import RejectedOption
from planner.scenario.fleet import ZONELESS_MARKETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from catalogs.burstable import BurstFacts
    from catalogs.machines import MachineOffer
    from catalogs.prices import PriceCatalog
    from planner.rejections import RejectionKind
    from planner.scenario import MachineMarket, Scenario

NO_CONTAINERS: Mapping[str, MachineOffer] = MappingProxyType({})
NO_BURSTS: Mapping[str, BurstFacts] = MappingProxyType({})

# AWS Service Quotas (EC2, 2026) count families together; by the start of the name, first match.
QUOTA_FAMILIES = (
    ("fargate", "fargate"),
    ("trn", "trn"),
    ("inf", "inf"),
    ("hpc", "hpc"),
    ("high", "high-memory"),
    ("u-", "high-memory"),
    ("u7", "high-memory"),
    ("dl", "dl"),
    ("vt", "g"),
    ("f", "f"),
    ("g", "g"),
    ("p", "p"),
    ("x", "x"),
)


def quota_family(family: str) -> str:
    """Return the quota a family counts under; "standard" covers A, C, D, H, I, M, R, T and Z."""
    return next((quota for start, quota in QUOTA_FAMILIES if family.startswith(start)), "standard")


@dataclass(frozen=True)
class Rentals:
    """Machines by instance type, and why the other types and markets are left out.

    Parameters
    ----------
    sustained_share
        Instance type -> part of full speed that it sustains, where that is less than all.
    """

    machines: dict[str, tuple[Machine, ...]]
    offers: dict[str, MachineOffer]
    rejected_types: dict[str, RejectedOption]
    rejected_markets: tuple[RejectedOption, ...]
    sustained_share: dict[str, float]

    def uses_of(self, host: str) -> list[tuple[float, bool]]:
        """(part of full speed, whether stopped until a spot loss) of the ways to use an instance type."""
        machines = self.machines[host]
        working = (
            [(self.sustained_share.get(host, 1.0), False)]
            if any(not one.is_standby for one in machines)
            else []
        )
        return working + ([(1.0, True)] if any(one.is_standby for one in machines) else [])


def rentals_of(
    scenario: Scenario,
    prices: PriceCatalog,
    hosts: Iterable[str],
    containers: Mapping[str, MachineOffer] = NO_CONTAINERS,
    bursts: Mapping[str, BurstFacts] = NO_BURSTS,
) -> Rentals:
    """Find the machines of the instance types that profiles name.

    Parameters
    ----------
    hosts
        Instance types with a profile; the other types of the catalog are nothing to plan with.
    containers
        Containers among them, by name.
    bursts
        Processor credits by instance type.
    """
    offers = {offer.instance_type: offer for offer in prices.machines} | dict(containers)
    set_aside = {rejection.name: rejection.reason for rejection in prices.rejected}
    machines: dict[str, tuple[Machine, ...]] = {}
    types: dict[str, RejectedOption] = {}
    left_out: list[RejectedOption] = []
    sustained: dict[str, float] = {}
    for host in sorted(set(hosts)):
        rejected = _rejected_type(scenario, host, offers.get(host), set_aside)
        if rejected is not None:
            types[host] = rejected
            continue
        facts = bursts.get(host)
        reasons: list[RejectedOption] = []
        if host in containers:
            markets: list[MachineMarket] = ["container"]
        elif facts is not None:
            markets, reasons = _burstable_markets(scenario, offers[host], facts)
            sustained[host] = facts.baseline_share
        else:
            markets = _rented_markets(scenario, offers[host])
        if "spot" in markets and offers[host].spot is None:
            reason = set_aside.get(f"{host}/spot") or f"no spot saving is known in {scenario.region}"
            reasons.append(RejectedOption(f"{host}/spot", "no spot figures", reason))
            markets.remove("spot")
        left_out += reasons
        found = [one for market in markets for one in _machines_of(scenario, offers[host], market)]
        if found:
            machines[host] = tuple(sorted(found, key=lambda machine: machine.id))
        elif reasons:
            types[host] = RejectedOption(host, reasons[0].kind, "; ".join(one.reason for one in reasons))
        else:
            types[host] = RejectedOption(host, "excluded", "no market of resources.markets offers it")
    return Rentals(machines, offers, types, tuple(left_out), sustained)


def _rejected_type(
    scenario: Scenario, host: str, offer: MachineOffer | None, set_aside: dict[str, str]
) -> RejectedOption | None:
    resources = scenario.resources
    if offer is None:
        reason = set_aside.get(host)
        kind: RejectionKind = "no shape" if reason and "no shape" in reason else "no price"
        return RejectedOption(
            host, kind, reason or f"has a profile and no price in {scenario.region}; add one to a price file"
        )
    hit = next((pattern for pattern in resources.excluded if fnmatchcase(host, pattern)), None)
    if hit is not None:
        return RejectedOption(host, "excluded", f"resources.excluded has the pattern {hit!r}")
    contained = offer.shape.family == FAMILY  # enabled by a key of its own
    allowed = resources.allowed
    if allowed is not None and not contained and not any(fnmatchcase(host, pattern) for pattern in allowed):
        return RejectedOption(
            host, "excluded", f"no pattern of resources.allowed fits it ({', '.join(allowed)})"
        )
    if resources.max_price_age_days is None:
        return None
    day = offer.price.price_date
    limit = (
        f"resources.max_price_age_days allows {resources.max_price_age_days:g} days at the horizon's start"
    )
    if day is None:
        return RejectedOption(host, "old price", f"its price ({offer.price.source}) has no date, and {limit}")
    age = (scenario.horizon.start.astimezone(UTC).date() - day).days
    if age > resources.max_price_age_days:
        return RejectedOption(
            host, "old price", f"its price is of {day.isoformat()}, {age} days old; {limit}"
        )
    return None


def price_usd_per_h(scenario: Scenario, offer: MachineOffer, market: MachineMarket) -> float:
    """USD per machine-hour in a market: what is paid for already costs nothing more, what is stopped its disk.

    The scenario's extra comes with every machine that runs.
    """
    if market == "committed":
        return 0.0
    if market == "standby":
        return stopped_usd_per_h(scenario.resources.burstable.standby_disk_gb)
    usd = offer.spot_usd_per_h if market == "spot" else offer.on_demand_usd_per_h
    if usd is None:
        raise ValueError(f"{offer.instance_type} has no spot price; check offer.spot before")
    return usd + scenario.resources.extra_usd_per_h


def on_demand_floor_share(scenario: Scenario) -> float:
    """Least share of every group that is not spot: the floor asked for, or what the spot limit leaves."""
    limit = 0.0 if scenario.spot.policy == "none" else scenario.spot.max_share
    return max(scenario.resources.on_demand_floor_share, 1 - limit)


def owned_count(scenario: Scenario, instance_type: str) -> int:
    """Machines of a type that are paid for already."""
    return sum(one.count for one in scenario.resources.commitments if one.instance_type == instance_type)


def _machines_of(scenario: Scenario, offer: MachineOffer, market: MachineMarket) -> Iterator[Machine]:
    """One machine for each zone that the market has, or one where the provider chooses."""
    zones = (None,) if market in ZONELESS_MARKETS else scenario.resources.zones or (None,)
    for zone in zones:
        place = market if zone is None else f"{market}/{zone}"
        yield Machine(
            id=f"{offer.instance_type}/{place}",
            offer=offer,
            market=market,
            quota_family=quota_family(offer.shape.family),
            price_usd_per_h=price_usd_per_h(scenario, offer, market),
            zone=zone,
            owned=owned_count(scenario, offer.instance_type) if market == "committed" else None,
        )


def _rented_markets(scenario: Scenario, offer: MachineOffer) -> list[MachineMarket]:
    """Markets that the scenario takes a plain machine from."""
    markets: list[MachineMarket] = ["committed"] if owned_count(scenario, offer.instance_type) else []
    if "on-demand" in scenario.resources.markets:
        markets.append("on-demand")
    if buys_spot(scenario):
        markets.append("spot")
    return markets


def buys_spot(scenario: Scenario) -> bool:
    """Whether any spot machine may be rented."""
    return "spot" in scenario.resources.markets and on_demand_floor_share(scenario) < 1


def _burstable_markets(
    scenario: Scenario, offer: MachineOffer, facts: BurstFacts
) -> tuple[list[MachineMarket], list[RejectedOption]]:
    """Markets of a machine with processor credits, and why it is no worker or no standby where that was asked for."""
    settings, name = scenario.resources.burstable, offer.instance_type
    markets = _rented_markets(scenario, offer)
    left_out: list[RejectedOption] = []
    if settings.workers == "exclude":
        markets = []
        left_out.append(
            RejectedOption(f"{name}/workers", "burstable", "resources.burstable.workers is exclude")
        )
    if settings.standby and buys_spot(scenario):
        lasting_s, needed_s = 3600 * facts.full_speed_h(facts.launch_credits), scenario.exposure_s
        if lasting_s >= needed_s:
            markets.append("standby")
        else:
            reason = f"its launch credits hold full speed for {lasting_s:.0f} s; a lost machine is replaced in {needed_s:.0f} s"
            left_out.append(RejectedOption(f"{name}/standby", "burstable", reason))
    return markets, left_out
