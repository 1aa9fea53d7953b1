"""The machines that a policy without scaling is given: as the scenario states them, else as many as its load needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.errors import InputError

if TYPE_CHECKING:
    from planner.options import Machine, OptionTable
    from planner.replay.decisions import Place
    from planner.replay.supply import Pool, Rental, Supply
    from planner.scenario import Scenario

REPLICAS = 4  # HotCloud 2020 (design/EVIDENCE.md, 5): sixteen cores are four replicas of four threads
FIXED_MARKETS = ("committed", "on-demand", "container")  # hardware that is given is not taken back


@dataclass(frozen=True)
class Hardware:
    """`count` machines of a rental, and one pool for every model that they may hold, by the model's name."""

    rental: Rental
    count: int
    pools: tuple[Pool, ...]

    @property
    def fastest_rps(self) -> float:
        """Requests/s within the deadline, all machines with the model that carries most."""
        return self.count * max(pool.rated_rps for pool in self.pools)

    def place(self, m: int) -> Place:
        """Where the machines are while they hold model m."""
        return self.pools[m].name, self.rental.id

    def only(self, model: str) -> Hardware:
        """The same machines with one of the models."""
        return Hardware(self.rental, self.count, tuple(one for one in self.pools if one.model == model))


def hardware_of(scenario: Scenario, options: OptionTable, supply: Supply, largest_rps: float) -> Hardware:
    """Machines of one kind that may serve every class, with every model of a known accuracy.

    Those that the scenario says it has (`resources.current_fleet`, `resources.commitments`) come first, then as many as its
    quotas allow; of several kinds the one that carries most among those of which there are `REPLICAS`, so that machines can
    change their model one by one. Where the scenario says neither, the cheapest on which the fastest model carries `largest_rps`,
    the largest load of all classes together known before the start.

    Raises
    ------
    InputError, where no kind of machine may serve every class with a model of known accuracy.
    """
    machine_of = {one.id: one for one in options.machines}
    stated: list[Hardware] = []
    allowed: list[Hardware] = []
    needed: list[Hardware] = []
    for rental in supply.rentals:
        pools = models_on(supply, rental)
        if not pools or rental.market not in FIXED_MARKETS:
            continue
        one = Hardware(rental, 1, pools)
        has, may_have = counts_of(scenario, machine_of[rental.id])
        stated += [Hardware(rental, has, pools)] if has else []
        allowed += [Hardware(rental, may_have, pools)] if may_have else []
        needed.append(Hardware(rental, max(1, math.ceil(largest_rps / one.fastest_rps)), pools))
    if not needed:
        raise InputError(
            [
                "no kind of machine may serve every class with a model of known accuracy, so there is no hardware for "
                "Model-Switching and its static models; give the classes models in common, or leave these policies out."
            ]
        )
    if stated or allowed:
        return max(stated or allowed, key=lambda one: (min(one.count, REPLICAS), one.fastest_rps))
    return min(needed, key=lambda one: one.count * one.rental.price_usd_per_h)


def models_on(supply: Supply, rental: Rental) -> tuple[Pool, ...]:
    """One pool for every model of known accuracy that a rental may hold for all classes: of several, what Model-Switching calls.

    It calls with one request at a time (HotCloud 2020); of what is left the pool that carries most is taken.
    """
    found: dict[str, Pool] = {}
    for pool in supply.pools:
        serves_all = all(one.name in pool.laws for one in supply.classes)
        if pool.instance_type != rental.instance_type or pool.accuracy is None or not serves_all:
            continue
        if pool.model not in found or _rank(pool) > _rank(found[pool.model]):
            found[pool.model] = pool
    return tuple(found[name] for name in sorted(found) if found[name].rated_rps > 0)


def counts_of(scenario: Scenario, machine: Machine) -> tuple[int, int]:
    """How many of a kind the scenario says it has, and how many its quotas allow; 0 where they say nothing."""
    resources = scenario.resources
    has = sum(
        one.count
        for one in resources.current_fleet or ()
        if (one.instance_type, one.market) == (machine.instance_type, machine.market)
    )
    has = has or (machine.owned or 0)
    limits = [
        int(one.vcpu // machine.vcpu)
        for one in resources.quotas
        if (one.family, one.market) == (machine.quota_family, machine.quota_market)
    ]
    return has, min(limits, default=0)


def _rank(pool: Pool) -> tuple[bool, float]:
    return pool.batch == 1, pool.rated_rps
