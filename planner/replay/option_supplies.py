"""What a replay may use of a scenario: all of its options, for schemes that choose among them by themselves."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from catalogs.functions import load_function_tariffs
from planner.queueing import capacity_rps
from planner.replay.functions import functions_of_options
from planner.replay.laws import law_of
from planner.replay.losses import pools_of_machines
from planner.replay.supplies import LEAST_BILLED_S, published_laws
from planner.replay.supply import Pool, Rental, ServedClass, Supply

if TYPE_CHECKING:
    from catalogs.functions import FunctionCatalog
    from planner.options import Machine, OptionTable, ServingGroup
    from planner.scenario import Scenario


def supply_of_options(
    scenario: Scenario, options: OptionTable, tariffs: FunctionCatalog | None = None
) -> Supply:
    """Everything that a scenario's options may serve with, for schemes that choose among it by themselves.

    Stopped machines are left out: they serve only what plans foresee for a loss.
    """
    groups = [one for one in options.groups if not one.standby]
    machines = [one for one in options.machines if not one.is_standby]
    return Supply(
        classes=tuple(
            ServedClass(one.name, one.tier.deadline_s, one.tier.percentile, one.trace, one.share)
            for one in options.classes
        ),
        pools=tuple(_pool_of(group) for group in groups),
        rentals=tuple(_machine_rental(one, scenario.resources.boot_s) for one in machines),
        functions=functions_of_options(options.functions, tariffs or load_function_tariffs(scenario.region))
        if options.functions
        else (),
        spot_pools=pools_of_machines(machines),
        concurrency_limit=scenario.resources.functions.concurrency_limit,
        keep_alive_s=scenario.resources.functions.keep_alive_s,
    )


def _pool_of(group: ServingGroup) -> Pool:
    tier_s = group.tier.deadline_s
    if group.service is not None:
        quantiles_s = [(share, ms / 1000) for share, ms in group.quantiles_ms]
        law = law_of(group.service.mean_s, quantiles_s, group.service.quantile_s)
        laws = dict.fromkeys(group.classes, law)
    elif group.published_rps is not None:
        rates = dict.fromkeys(group.classes, group.published_rps)
        laws = published_laws(rates, tier_s, group.tier.percentile)
    else:
        laws = published_laws(group.linear_rps, math.inf, 0.0)
    return Pool(
        name=group.id,
        model=group.model,
        instance_type=group.instance_type,
        laws=laws,
        batch=group.batch if group.published_rps is None else 1,  # its rate is taken for single requests
        batch_timeout_s=group.batch_timeout_s,
        replicas=group.replicas,
        load_s=group.load_s or 0.0,
        accuracy=group.variant.accuracy_share,
        rated_rps=_rated_alone(group),
    )


def _rated_alone(group: ServingGroup) -> float:
    """Requests/s of one machine; where they differ by class, those of the class that takes longest.

    Where bursts would leave one machine nothing, what it carries of Poisson arrivals: schemes that count machines at a fixed rate
    each would have none to count, though many together serve.
    """
    if group.published_rps is not None:
        return group.published_rps
    if group.service is None:
        return min(group.linear_rps.values())
    calm = replace(group.service, dispersion_index=1.0)
    return float(group.capacity_rps[1]) or float(
        capacity_rps(calm, [1], group.tier.deadline_s, group.tier.percentile)[0]
    )


def _machine_rental(machine: Machine, boot_s: float) -> Rental:
    return Rental(
        id=machine.id,
        instance_type=machine.instance_type,
        market=machine.market,
        price_usd_per_h=machine.price_usd_per_h,
        running_usd_per_h=machine.price_usd_per_h,
        boot_s=boot_s,
        least_billed_s=LEAST_BILLED_S,
        spot_pool=machine.pool if machine.is_spot else None,
    )
