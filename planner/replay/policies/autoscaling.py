"""Schemes that hold so many machines of one kind a service as a rule asks for by what was seen.

Five schemes, the last one Paragon itself:

reactive     as many machines as carried the last minute's load
util_aware   more machines once those at work are busy for more than 80 % of the time
exascale     machines for more than the load that is foreseen for when a machine launched now serves
mixed        as reactive; requests that would be late in the queue go to a function
paragon      as mixed, but for strict requests alone: relaxed ones wait in any case

Source: Gunasekaran, Thinakaran, Mishra, Kandemir and Das, Towards Designing a Self-Managed Machine Learning Inference Serving
System in Public Cloud (Paragon), arXiv 2008.09491, 2020. Not given there, and ours:

- which requests are strict: classes that choose from the same models for the same trace are one service where a machine may serve
  them all, those with the least deadline its strict ones. They share machines under all five schemes, so that these differ in
  nothing but their rules; a machine's rate is the one within the strict deadline;
- how often a scheme looks, and how long machines stay: every minute; a machine goes once five minutes have not needed it, and one
  stays in any case;
- when a request goes to a function: where it would be late by its own deadline, so a relaxed one does so later than a strict one;
- the factor of exascale: 1.5 times the load that the trend of the last two minutes leads to;
- the machine: the one with the least price per request among all models that may answer the service, for all five alike. The paper
  states the model of least cost for Paragon; scenarios whose classes name one model show what it brings.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from planner.replay.decisions import Decision, Routes
from planner.replay.policies.offers import (
    offers_for_all,
    offers_of,
    restricted,
    separated,
    weights_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.replay.decisions import Array, Observation
    from planner.replay.policies.offers import Offer
    from planner.replay.supply import CalledFunction, Supply

STEP_S = 60.0  # ours: once a minute, as the planning schemes do
KEPT_S = 300.0  # ours: the default cooldown of EC2 Auto Scaling
UTILISATION = 0.8  # Paragon: util_aware launches machines above 80 %
HEADROOM = 1.5  # ours: exascale's factor is not given


@dataclass(frozen=True)
class Service:
    """Classes that share machines.

    Parameters
    ----------
    rows
        Their places among the supply's classes.
    offer
        Where its machines work.
    known_rps
        Its rate before the start.
    """

    rows: tuple[int, ...]
    offer: Offer
    known_rps: float


class Rule(Protocol):
    """How many machines a service needs by what was seen."""

    def __call__(self, seen: Observation, service: Service) -> int:
        """Machines of the service's offer."""
        ...


class Autoscaler:
    """One kind of machine a service, as many as a rule asks for.

    Parameters
    ----------
    late_to
        Class -> function that takes what would be late; classes without one wait.
    step_s, kept_s
        Time between decisions; how long a machine stays though it is not needed.
    """

    def __init__(
        self,
        name: str,
        rule: Rule,
        supply: Supply,
        services: Sequence[Service],
        late_to: Mapping[str, CalledFunction],
        step_s: float = STEP_S,
        kept_s: float = KEPT_S,
    ) -> None:
        self.name, self.rule, self.supply, self.services = name, rule, supply, services
        self.step_s = step_s
        self._ready_s = max(one.offer.lead_s for one in services)
        steps = max(1, math.ceil(kept_s / step_s))
        self._needed = [deque[int](maxlen=steps) for _ in services]
        self._routes = {
            supply.classes[k].name: Routes(
                np.array([np.inf]),
                np.array([weights_of(supply, one.offer.place[0])]),
                late_to[supply.classes[k].name].name if supply.classes[k].name in late_to else None,
            )
            for one in services
            for k in one.rows
        }

    def decision_times_s(self, duration_s: float) -> Array:
        """Every step, and once before the start so that machines are ready then."""
        return np.concatenate([[-self._ready_s], np.arange(0.0, duration_s, self.step_s)])

    def decide(self, seen: Observation) -> Decision:
        """Hold the most machines that the last steps needed."""
        for service, needed in zip(self.services, self._needed, strict=True):
            needed.append(max(1, self.rule(seen, service)))
        most = [max(needed) for needed in self._needed]
        places = [one.offer.place for one in self.services]
        return Decision(dict(zip(places, most, strict=True)), self._routes)


def services_on(
    supply: Supply,
    groups: Sequence[Sequence[str]],
    market: str,
    known_rps: Mapping[str, float],
    functions: Mapping[str, CalledFunction],
    scheme: str,
) -> tuple[Supply, list[Service]]:
    """One service for every group of classes, on the cheapest machine of a market, and the supply that they need.

    Parameters
    ----------
    known_rps, functions
        By class: its rate before the start; the function that takes what would be late.

    Raises
    ------
    InputError, with every class that no machine of the market may serve.
    """
    own = separated(supply, groups)
    offers = offers_for_all(own, market, scheme)
    number = {one.name: k for k, one in enumerate(supply.classes)}
    services = []
    for names in groups:
        rows = tuple(number[name] for name in names)
        shares = [supply.classes[k].share for k in rows]
        alike = zip(*(offers[name] for name in names), strict=True)
        chosen = min((mixed(one, shares) for one in alike), key=lambda one: one.usd_per_request)
        services.append(Service(rows, chosen, sum(known_rps[name] for name in names)))
    return restricted(own, [one.offer for one in services], list(functions.values())), services


def mixed(offers: Sequence[Offer], shares: Sequence[float]) -> Offer:
    """One machine as several classes see it, rated for requests that come in the proportions of their shares."""
    busy = sum(share / one.rated_rps for one, share in zip(offers, shares, strict=True))
    return replace(offers[0], rated_rps=sum(shares) / busy)


def shared_by(supply: Supply, kinds: Mapping[str, object], market: str) -> list[tuple[str, ...]]:
    """Classes of one kind together where one machine of a market may serve all of them, else each by itself."""
    offers = offers_of(supply, market)
    together: dict[object, list[str]] = {}
    for one in supply.classes:
        together.setdefault(kinds[one.name], []).append(one.name)
    found: list[tuple[str, ...]] = []
    for names in together.values():
        common = set.intersection(*({offer.place for offer in offers[name]} for name in names))
        found += [tuple(names)] if common else [(name,) for name in names]
    return found


def strict_classes(supply: Supply, kinds: Mapping[str, object]) -> set[str]:
    """Classes with the least deadline of their kind."""
    least: dict[object, float] = {}
    for one in supply.classes:
        kind = kinds[one.name]
        least[kind] = min(least.get(kind, math.inf), one.deadline_s)
    return {one.name for one in supply.classes if one.deadline_s <= least[kinds[one.name]]}


def rate_seen(
    seen: Observation, rows: Sequence[int], over_s: float, known_rps: float, ago_s: float = 0.0
) -> float:
    """Mean rate of classes together over the `over_s` seconds that ended `ago_s` ago; `known_rps` where they were not all seen."""
    last = seen.arrived.shape[1] - round(ago_s / seen.bin_s)
    first = last - max(1, round(over_s / seen.bin_s))
    if first < 0:
        return known_rps
    rate_rps: float = seen.arrived[list(rows), first:last].sum() / ((last - first) * seen.bin_s)
    return rate_rps


def follow_rate(seen: Observation, service: Service) -> int:
    """As many machines as carried the last minute's load."""
    rate_rps = rate_seen(seen, service.rows, STEP_S, service.known_rps)
    return math.ceil(rate_rps / service.offer.rated_rps)


def follow_utilisation(seen: Observation, service: Service) -> int:
    """So many machines that those at work would be busy for 80 % of the time."""
    place = service.offer.place
    ready = seen.ready.get(place, 0)
    if ready == 0:
        return math.ceil(service.known_rps / (UTILISATION * service.offer.rated_rps))
    return math.ceil(ready * seen.busy_share[place[0]] / UTILISATION)


def foresee_rate(seen: Observation, service: Service) -> int:
    """Machines for more than the load that the trend of the last two minutes leads to once a machine launched now serves."""
    now_rps = rate_seen(seen, service.rows, STEP_S, service.known_rps)
    before_rps = rate_seen(seen, service.rows, STEP_S, now_rps, ago_s=STEP_S)
    foreseen_rps = now_rps + max(0.0, now_rps - before_rps) * service.offer.lead_s / STEP_S
    return math.ceil(HEADROOM * foreseen_rps / service.offer.rated_rps)
