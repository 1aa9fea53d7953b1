"""How often spot pools are lost in a replay: as a plan or the catalogs say, at a stated rate, or as availability traces tell."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from planner.errors import InputError, nearest
from planner.replay.supply import SpotPool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from catalogs.availability import AvailabilityTrace
    from planner.options import Machine
    from planner.plan import MachineOption, ProvisioningPlan
    from planner.replay.supply import Supply

HOURS_PER_DAY = 24.0
HOURS_PER_MONTH = 730.0  # the month of prices and interruption bands
SECONDS_PER_HOUR = 3600.0


def losses_per_h(share: float, hours: float) -> float:
    """Rate of losses at which a share of the pools is lost within so many hours."""
    return -math.log1p(-min(share, 1 - 1e-9)) / hours


def pools_of_plan(plan: ProvisioningPlan, options: Iterable[MachineOption]) -> tuple[SpotPool, ...]:
    """Losses at the rate that the plan counted them at, else at that of the monthly band.

    Raises
    ------
    InputError, with every pool of which the plan tells neither.
    """
    monthly = {one.pool: one.interruption_share for one in options if one.pool is not None}
    found = {
        name: losses_per_h(share, HOURS_PER_MONTH) for name, share in monthly.items() if share is not None
    }
    if plan.problem.spot.exposure_s is not None:
        exposure_h = plan.problem.spot.exposure_s / SECONDS_PER_HOUR
        found |= {
            one.name: losses_per_h(one.loss_share, exposure_h)
            for one in plan.problem.spot.pools
            if one.name in monthly
        }
    unknown = sorted(monthly.keys() - found.keys())
    if unknown:
        raise InputError(
            [
                f"the plan does not tell how often spot pool {name!r} is lost; state `interruption_share` of its options."
                for name in unknown
            ]
        )
    return tuple(SpotPool(name, rate) for name, rate in sorted(found.items()))


def pools_of_machines(machines: Iterable[Machine]) -> tuple[SpotPool, ...]:
    """Losses at the rate of the monthly band of the machines of an option table."""
    monthly = {
        one.pool: one.offer.spot.monthly_loss_share
        for one in machines
        if one.is_spot and one.offer.spot is not None
    }
    return tuple(
        SpotPool(name, losses_per_h(share, HOURS_PER_MONTH)) for name, share in sorted(monthly.items())
    )


def with_losses(supply: Supply, losses_per_day: float | None) -> Supply:
    """The supply with another rate of losses of every spot pool; None: as it is."""
    if losses_per_day is None:
        return supply
    rate = losses_per_day / HOURS_PER_DAY
    return replace(supply, spot_pools=tuple(replace(one, losses_per_h=rate) for one in supply.spot_pools))


def with_availability(supply: Supply, availability: Mapping[str, AvailabilityTrace]) -> Supply:
    """The supply with spot pools that are lost, and can be had, as traces tell.

    Parameters
    ----------
    availability
        Zone, instance type or type/zone -> trace; of several that fit a pool, type/zone counts before the type and the type
        before the zone, as when planning (`catalogs.interruptions`). A pool without one keeps its rate.

    Raises
    ------
    InputError, with every trace that fits no pool.
    """
    keys = {one.name: _names_of(one) for one in supply.spot_pools}
    known = sorted({name for names in keys.values() for name in names})
    problems = [
        f"no spot pool of the plan goes by the name {name!r} of an availability trace; there are "
        f"{', '.join(known) or 'none'}.{nearest(name, known)}"
        for name in availability
        if name not in known
    ]
    if problems:
        raise InputError(problems)
    return replace(
        supply,
        spot_pools=tuple(
            replace(one, availability=next((name for name in keys[one.name] if name in availability), None))
            for one in supply.spot_pools
        ),
    )


def fitting(supply: Supply, availability: Mapping[str, AvailabilityTrace]) -> dict[str, AvailabilityTrace]:
    """Those availability traces that fit some spot pool of a supply."""
    known = {name for one in supply.spot_pools for name in _names_of(one)}
    return {name: trace for name, trace in availability.items() if name in known}


def _names_of(pool: SpotPool) -> tuple[str, ...]:
    """Names that a trace of a pool may go by, the one that counts first in front."""
    instance_type, _, zone = pool.name.partition("/")
    return tuple(dict.fromkeys((pool.name, instance_type, *((zone,) if zone else ()))))
