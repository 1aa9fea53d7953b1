"""Paragon: strict and relaxed requests on the same machines, functions for strict ones alone, the model that costs least.

Source: as `planner.replay.policies.autoscaling`. A request is strict or relaxed by its deadline. Requests of both kinds share
machines; a strict one that would be late in the queue goes to a function, a relaxed one waits in any case. Of all models that
may answer a class the one with the least price per request is taken. Not given in the paper, and ours: classes of one set of
models form a service; those with its least deadline are strict, all others relaxed; machines follow the last minute's load of
the service as the mixed scheme's do.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import InputError
from planner.replay.decisions import Decision, Routes
from planner.replay.policies.autoscaling import KEPT_S, STEP_S, rate_seen
from planner.replay.policies.offers import Offer, weights_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.replay.decisions import Array, Observation, Place
    from planner.replay.supply import Supply


class Paragon:
    """Services of strict and relaxed classes.

    Parameters
    ----------
    services
        (classes, machine) of every service.
    late_to
        Strict class -> function that takes what would be late.
    """

    name = "paragon"

    def __init__(
        self,
        supply: Supply,
        services: Sequence[tuple[Sequence[str], Offer]],
        known_rps: Mapping[str, float],
        late_to: Mapping[str, str],
        lead_s: float,
    ) -> None:
        self.supply, self.services, self.known_rps, self.lead_s = supply, services, known_rps, lead_s
        self._number = {one.name: k for k, one in enumerate(supply.classes)}
        self._needed = [deque[int](maxlen=math.ceil(KEPT_S / STEP_S)) for _ in services]
        self._routes = {
            name: Routes(
                np.array([np.inf]),
                np.array([weights_of(supply, [(offer.place[0], 1.0)])]),
                late_to.get(name),
            )
            for names, offer in services
            for name in names
        }

    def decision_times_s(self, duration_s: float) -> Array:
        """Every minute, and once before the start so that machines are ready then."""
        return np.concatenate([[-self.lead_s], np.arange(0.0, duration_s, STEP_S)])

    def decide(self, seen: Observation) -> Decision:
        """Machines for the load of all classes of a service together."""
        machines: dict[Place, int] = {}
        for (names, offer), needed in zip(self.services, self._needed, strict=True):
            rate_rps = sum(
                rate_seen(seen, self._number[name], STEP_S, self.known_rps[name]) for name in names
            )
            needed.append(max(1, math.ceil(rate_rps / offer.rated_rps)))
            machines[offer.place] = machines.get(offer.place, 0) + max(needed)
        return Decision(machines, self._routes)


def services_of(
    supply: Supply, kinds: Mapping[str, object], offers: Mapping[str, Sequence[Offer]]
) -> list[tuple[tuple[str, ...], Offer]]:
    """(classes, machine): classes of one kind share the cheapest machine that may serve all of them, else each has its own.

    Parameters
    ----------
    kinds
        Class -> what its models are chosen from: equal for classes of one service.
    offers
        Class -> machines that may serve it.

    Raises
    ------
    InputError, with every class that no machine may serve.
    """
    missing = [name for name, found in offers.items() if not found]
    if missing:
        raise InputError([f"paragon: no on-demand machine may serve class {name}." for name in missing])
    together: dict[object, list[str]] = {}
    for one in supply.classes:
        together.setdefault(kinds[one.name], []).append(one.name)
    found = []
    for names in together.values():
        shared = [
            offer
            for offer in offers[names[0]]
            if all(offer.place in {one.place for one in offers[name]} for name in names)
        ]
        groups = [tuple(names)] if shared else [(name,) for name in names]
        found += [
            (group, min(shared or offers[group[0]], key=lambda one: one.usd_per_request)) for group in groups
        ]
    return found


def strict_classes(supply: Supply, kinds: Mapping[str, object]) -> set[str]:
    """Classes with the least deadline of their kind."""
    least: dict[object, float] = {}
    for one in supply.classes:
        kind = kinds[one.name]
        least[kind] = min(least.get(kind, math.inf), one.deadline_s)
    return {one.name for one in supply.classes if one.deadline_s <= least[kinds[one.name]]}
