"""Machines and functions that may serve one class, as schemes look at them that choose class by class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from planner.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from planner.replay.decisions import Place
    from planner.replay.supply import CalledFunction, Pool, Rental, Supply


@dataclass(frozen=True)
class Offer:
    """A machine that may serve one class: where, what it carries alone within the deadline, its price, and how soon it serves."""

    place: Place
    rated_rps: float
    price_usd_per_h: float
    lead_s: float

    @property
    def usd_per_request(self) -> float:
        """Price of a request on a machine that is always at its rate, up to the factor of an hour's seconds."""
        return self.price_usd_per_h / self.rated_rps


def offers_of(supply: Supply, market: str) -> dict[str, list[Offer]]:
    """Class -> machines of a market for every pool that may serve it."""

    def feeds(rental: Rental, pool: Pool) -> bool:
        return rental.instance_type == pool.instance_type and rental.market == market

    return {
        one.name: [
            Offer(
                (pool.name, rental.id),
                rated_for(pool, one.name),
                rental.price_usd_per_h,
                rental.boot_s + pool.load_s,
            )
            for pool in supply.pools
            if one.name in pool.laws and pool.rated_rps > 0
            for rental in supply.rentals
            if feeds(rental, pool)
        ]
        for one in supply.classes
    }


def rated_for(pool: Pool, class_name: str) -> float:
    """Requests/s of a class that one machine carries: a pool is rated for the class whose calls last longest."""
    mean_s = {name: float(law.quantile_s.mean()) for name, law in pool.laws.items()}
    return pool.rated_rps * max(mean_s.values()) / mean_s[class_name]


def offers_for_all(supply: Supply, market: str, scheme: str) -> dict[str, list[Offer]]:
    """Class -> machines of a market, at least one for every class.

    Raises
    ------
    InputError, with every class that no machine of the market may serve.
    """
    found = offers_of(supply, market)
    missing = [name for name, offers in found.items() if not offers]
    if missing:
        raise InputError(
            [f"{scheme}: no {market} machine may serve class {name} within its deadline." for name in missing]
        )
    return found


def cheapest_functions(
    supply: Supply, usd_per_request: Mapping[str, float], in_time: Mapping[str, Mapping[str, float]]
) -> dict[str, CalledFunction]:
    """Class -> the cheapest function that answers its share in time without a buffer; classes without one are left out.

    Parameters
    ----------
    usd_per_request
        By function.
    in_time
        Function -> class -> share of its requests answered in time.
    """
    found = {}
    for one in supply.classes:
        fit = [
            function
            for function in supply.functions
            if function.batch == 1
            and function.name in usd_per_request
            and in_time[function.name].get(one.name, -1.0) >= one.percentile
        ]
        if fit:
            found[one.name] = min(fit, key=lambda function: usd_per_request[function.name])
    return found


def separated(supply: Supply, services: Iterable[Sequence[str]]) -> Supply:
    """The supply with pools of its own for every service: ``classes: pool`` for each pool that may serve all its classes."""
    pools = [
        replace(pool, name=f"{'+'.join(names)}: {pool.name}", laws={name: pool.laws[name] for name in names})
        for names in services
        for pool in supply.pools
        if all(name in pool.laws for name in names)
    ]
    return replace(supply, pools=tuple(pools))


def restricted(supply: Supply, offers: Iterable[Offer], functions: Collection[CalledFunction] = ()) -> Supply:
    """The supply with these machines and functions alone: what a scheme never uses would only be carried along."""
    places = {one.place for one in offers}
    pools, rentals = {pool for pool, _ in places}, {rental for _, rental in places}
    kept = tuple(one for one in supply.rentals if one.id in rentals)
    return replace(
        supply,
        pools=tuple(one for one in supply.pools if one.name in pools),
        rentals=kept,
        functions=tuple({one.name: one for one in functions}.values()),
        spot_pools=tuple(
            one for one in supply.spot_pools if any(rental.spot_pool == one.name for rental in kept)
        ),
    )


def weights_of(supply: Supply, target: str) -> list[float]:
    """A row of weights over the supply's targets: all to one of them."""
    return [float(one == target) for one in supply.targets]
