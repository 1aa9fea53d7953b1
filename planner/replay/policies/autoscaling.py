"""The reactive schemes that Paragon compares itself with, class by class: machines follow the load that was seen.

reactive     as many machines as carried the last minute's load
util_aware   more machines once those at work are busy for more than 80 % of the time
exascale     machines for more than the load that is foreseen when a machine launched now serves
mixed        as reactive; requests that would be late in the queue go to a function

Source: Gunasekaran, Mishra, Thinakaran, Kandemir and Das, Towards Designing a Self-Managed Machine Learning Inference Serving
System in Public Cloud (Paragon), 2020, which names the schemes after the systems that use them. Not given there, and ours:

- how often a scheme looks, and how long machines stay: every minute; a machine goes once five minutes have not needed it
  (EC2 Auto Scaling's default cooldown, 300 s);
- the factor of exascale: 1.5 times the load that the last two minutes' trend leads to;
- the machine: the one with the least price per request among all models that may answer the class, for all schemes alike.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Protocol

import numpy as np

from planner.replay.decisions import Decision, Routes
from planner.replay.policies.offers import weights_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.replay.decisions import Array, Observation, Place
    from planner.replay.policies.offers import Offer
    from planner.replay.supply import Supply

STEP_S = 60.0  # ours: once a minute, as the planning schemes do
KEPT_S = 300.0  # EC2 Auto Scaling, default cooldown
UTILISATION = 0.8  # Paragon: util_aware spawns machines above 80 %
HEADROOM = 1.5  # ours: exascale's factor is not given


class Rule(Protocol):
    """How many machines a class needs by what was seen."""

    def __call__(self, seen: Observation, k: int, offer: Offer, known_rps: float, lead_s: float) -> int:
        """Machines of `offer` for class number k; `known_rps` before anything was seen, `lead_s` from launch to serving."""
        ...


class Autoscaler:
    """One kind of machine a class, as many as a rule asks for.

    Parameters
    ----------
    offers, known_rps
        By class: its machine; its rate before the start.
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
        offers: Mapping[str, Offer],
        known_rps: Mapping[str, float],
        lead_s: float,
        late_to: Mapping[str, str] | None = None,
        step_s: float = STEP_S,
        kept_s: float = KEPT_S,
    ) -> None:
        self.name, self.rule, self.supply = name, rule, supply
        self.offers, self.known_rps, self.lead_s = offers, known_rps, lead_s
        self.step_s = step_s
        late = late_to or {}
        self._routes = {
            one.name: Routes(
                np.array([np.inf]),
                np.array([weights_of(supply, [(offers[one.name].place[0], 1.0)])]),
                late.get(one.name),
            )
            for one in supply.classes
        }
        steps = max(1, math.ceil(kept_s / step_s))
        self._needed: dict[str, deque[int]] = {one.name: deque(maxlen=steps) for one in supply.classes}

    def decision_times_s(self, duration_s: float) -> Array:
        """Every step, and once before the start so that machines are ready then."""
        return np.concatenate([[-self.lead_s], np.arange(0.0, duration_s, self.step_s)])

    def decide(self, seen: Observation) -> Decision:
        """Hold the most machines that the last minutes needed."""
        machines: dict[Place, int] = {}
        for k, one in enumerate(self.supply.classes):
            offer, needed = self.offers[one.name], self._needed[one.name]
            needed.append(max(1, self.rule(seen, k, offer, self.known_rps[one.name], self.lead_s)))
            machines[offer.place] = machines.get(offer.place, 0) + max(needed)
        return Decision(machines, self._routes)


def rate_seen(seen: Observation, k: int, over_s: float, known_rps: float, ago_s: float = 0.0) -> float:
    """Mean rate of a class over the last `over_s` seconds before `ago_s` seconds ago; `known_rps` where nothing was seen then."""
    last = seen.arrived.shape[1] - round(ago_s / seen.bin_s)
    first = last - max(1, round(over_s / seen.bin_s))
    if first < 0:
        return known_rps
    return float(seen.arrived[k, first:last].mean() / seen.bin_s)


def follow_rate(seen: Observation, k: int, offer: Offer, known_rps: float, lead_s: float) -> int:
    """As many machines as carried the last minute's load."""
    return math.ceil(rate_seen(seen, k, STEP_S, known_rps) / offer.rated_rps)


def follow_utilisation(seen: Observation, k: int, offer: Offer, known_rps: float, lead_s: float) -> int:
    """So many machines that those at work would be busy for 80 % of the time; what comes already counts as relief."""
    ready = seen.ready.get(offer.place, 0)
    if ready == 0:
        return math.ceil(known_rps / (UTILISATION * offer.rated_rps))
    return math.ceil(ready * seen.busy_share[offer.place[0]] / UTILISATION)


def foresee_rate(seen: Observation, k: int, offer: Offer, known_rps: float, lead_s: float) -> int:
    """Machines for more than the load that the trend of the last two minutes leads to once a machine launched now serves."""
    now_rps = rate_seen(seen, k, STEP_S, known_rps)
    before_rps = rate_seen(seen, k, STEP_S, now_rps, ago_s=STEP_S)
    foreseen_rps = now_rps + max(0.0, now_rps - before_rps) * lead_s / STEP_S
    return math.ceil(HEADROOM * foreseen_rps / offer.rated_rps)
