"""Spot machines as pools that are lost together, and the classes that a loss must leave served (`SpotRisk`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from catalogs.errors import CatalogError
from catalogs.interruptions import SpotPool, losses_of
from planner.errors import InputError
from solvers.limits import SpotRisk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalogs.availability import AvailabilityTrace
    from catalogs.interruptions import SpotLosses
    from planner.options import Machine
    from planner.request_classes import ClassSet
    from planner.scenario import Scenario
    from solvers.problem import BoolArray

HOUR_S = 3600


def spot_risk(
    scenario: Scenario,
    classes: ClassSet,
    machines: Sequence[Machine],
    availability: Mapping[str, AvailabilityTrace],
) -> SpotRisk | None:
    """Pools, guards and losses; None where the policy looks at shares only, or no machine is spot."""
    spot = scenario.spot
    if not (spot.guards_losses or spot.weighs_losses) or not any(machine.is_spot for machine in machines):
        return None
    losses = pool_losses(scenario, machines, availability)
    number = {pool.name: z for z, pool in enumerate(losses.pools)}
    guards, guard_classes = guards_of(classes)
    return SpotRisk(
        pools=tuple(number),
        pool_of_machine=np.array([number[one.pool] if one.is_spot else -1 for one in machines], dtype=int),
        is_standby=np.array([one.is_standby for one in machines], dtype=bool),
        guards=guards,
        guard_classes=guard_classes,
        loss_share=losses.loss_share,
        covariance=losses.covariance,
        level=scenario.spot_level,
        survive_any_loss=spot.policy == "survive-loss",
        violation_share=spot.violation_share,
        aversion_usd=spot.risk_aversion_usd,
    )


def pool_losses(
    scenario: Scenario, machines: Sequence[Machine], availability: Mapping[str, AvailabilityTrace]
) -> SpotLosses:
    """Loss shares of the pools of spot machines within the exposure time, and their covariance.

    Raises
    ------
    InputError, when a trace of availability is too short for the exposure time.
    """
    pools = sorted(
        {SpotPool(one.instance_type, one.zone) for one in machines if one.is_spot}, key=lambda one: one.name
    )
    offers = {one.instance_type: one.offer.spot for one in machines if one.offer.spot is not None}
    exposure_h = scenario.exposure_s / HOUR_S
    try:
        return losses_of(pools, offers, availability, exposure_h, scenario.spot.common_shock_share)
    except CatalogError as error:
        raise InputError(error.problems) from None


def guards_of(classes: ClassSet) -> tuple[tuple[str, ...], BoolArray]:
    """Names ``task/tier``, and ``[s, k]`` the classes of each guard's task that are at least as strict as its tier."""
    asked = [(one.asks_for, classes.tier(k)) for k, one in enumerate(classes.classes)]
    guards = sorted(set(asked))
    counted = [[task == own and tier.covers(least) for task, tier in asked] for own, least in guards]
    return tuple(f"{task}/{tier.label}" for task, tier in guards), np.array(counted, dtype=bool)
