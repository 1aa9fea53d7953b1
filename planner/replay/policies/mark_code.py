"""MArk as its published code runs it (github.com/marcoszh/MArk-Project: scheduler.py, proactive_controller2.py, constants.py).

It differs from the paper (`planner.replay.policies.mark`) in what it expects and in how it fills:
- the forecast of its network is switched off; every step ahead is taken to bring 1.2 times the largest rate of any five seconds
  so far, which never falls again;
- each minute the fleet is composed from nothing: machine by machine, the least cost per request over the steps from the largest
  gap of the next six on, a machine that runs costing no launch;
- a machine goes once it has been in none of the last six compositions;
- no request goes to a function: that branch cannot be reached.

One service, one table of capacities, as in the code: every class is provisioned by itself, with the pools that may serve it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from planner.replay.decisions import Decision, Routes
from planner.replay.policies.expected import largest_known_rps
from planner.replay.policies.mark import HEAD_STEPS, LAUNCH_S, STEP_S
from planner.replay.policies.offers import offers_for_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from planner.replay.decisions import Array, Observation, Place
    from planner.replay.policies.context import PolicyContext
    from planner.replay.policies.offers import Offer
    from planner.replay.supply import Supply

    IntArray = NDArray[np.int64]

STEPS = 50  # scheduler.py: forecasts of 50 steps
RISE = 1.2  # scheduler.py: Times
PEAK_S = 5.0  # constants.py: PREDICTOR_WINDOW, requests are counted every 5 s
WARM_UP_S = 300.0  # constants.py: PREDICTOR_PARAM, five minutes are watched before the first fleet
KEPT = 6  # scheduler.py: compositions that a machine must be absent from before it goes


class MarkCode:
    """The scheduler of the published code, class by class."""

    def __init__(
        self,
        name: str,
        supply: Supply,
        offers: Mapping[str, Sequence[Offer]],
        known_rps: Mapping[str, float],
        ready_s: float,
    ) -> None:
        """Rent from `offers` of each class.

        Parameters
        ----------
        known_rps
            Class -> largest rate known before the start; the code warms up on five minutes.
        ready_s
            How long before the start the first machines are launched.
        """
        self.name, self.supply, self.ready_s = name, supply, ready_s
        self._services = [Service(one.name, offers[one.name], known_rps[one.name]) for one in supply.classes]

    def decision_times_s(self, duration_s: float) -> Array:
        """Every minute, and once before the start so that machines are ready then."""
        return np.concatenate([[-self.ready_s], np.arange(0.0, duration_s, STEP_S)])

    def decide(self, seen: Observation) -> Decision:
        """Compose every class's fleet anew; pools answer in proportion to what their machines carry."""
        machines: dict[Place, int] = {}
        routes = {}
        for arrived, service in zip(seen.arrived, self._services, strict=True):
            service.compose(largest_rps(arrived, seen.bin_s))
            for offer, count in zip(service.offers, service.running, strict=True):
                if count:
                    machines[offer.place] = machines.get(offer.place, 0) + int(count)
            routes[service.name] = service.routes(self.supply, seen.ready)
        return Decision(machines, routes)


class Service:
    """One class with its machines."""

    def __init__(self, name: str, offers: Sequence[Offer], known_rps: float) -> None:
        self.name, self.offers, self.peak_rps = name, offers, known_rps
        self.running = np.zeros(len(offers), dtype=int)
        self._composed: deque[IntArray] = deque(maxlen=KEPT)

    def compose(self, largest_rps: float) -> None:
        """Take in the largest rate of the last minute; launch what the composition lacks, stop what the last ones did without."""
        self.peak_rps = max(self.peak_rps, largest_rps)
        wanted = composition(
            np.full(STEPS, RISE * self.peak_rps),
            np.array([one.rated_rps for one in self.offers]),
            np.array([one.price_usd_per_h for one in self.offers]),
            self.running,
        )
        self._composed.append(wanted)
        kept = self.running
        if len(self._composed) == KEPT:
            kept = np.minimum(self.running, np.max(self._composed, axis=0))
        self.running = np.maximum(kept, wanted)

    def routes(self, supply: Supply, ready: Mapping[Place, int]) -> Routes:
        """Shares of the pools in proportion to what their machines at work carry; before any is, to all that come."""
        weights = np.zeros((1, len(supply.targets)))
        at_work = np.minimum(self.running, [ready.get(one.place, 0) for one in self.offers])
        for offer, count in zip(self.offers, at_work if at_work.any() else self.running, strict=True):
            weights[0, supply.targets.index(offer.place[0])] += count * offer.rated_rps
        total = weights.sum()
        return Routes(np.array([np.inf]), weights / total if total > 0 else weights)


def composition(load_rps: Array, rated_rps: Array, price_usd_per_h: Array, running: IntArray) -> IntArray:
    """``[i]`` machines composed from nothing for the largest load of the head.

    Parameters
    ----------
    load_rps
        ``[step]`` requests/s of the steps ahead.
    rated_rps, price_usd_per_h, running
        ``[i]`` of every kind of machine.
    """
    wanted = np.zeros(len(rated_rps), dtype=int)
    if not len(rated_rps):
        return wanted
    while True:
        left = load_rps - wanted @ rated_rps
        peak = int(left[:HEAD_STEPS].argmax())
        if left[peak] <= 0:
            return wanted
        short = np.flatnonzero(left[peak:] < 0)
        span = left[peak : peak + int(short[0])] if len(short) else left[peak:]
        launch_s = np.where(wanted < running, 0.0, LAUNCH_S)
        usd = price_usd_per_h * (STEP_S * len(span) + launch_s)
        served = np.minimum(np.maximum(span, 0.0), rated_rps[:, None]).sum(axis=1)
        wanted[int((usd / served).argmin())] += 1


def largest_rps(arrived: Array, bin_s: float) -> float:
    """Largest rate over five seconds of the last minute ``[bin]``, requests/s; over one bin where bins are longer."""
    together = max(1, round(PEAK_S / bin_s))
    last = arrived[-max(together, round(STEP_S / bin_s)) :]
    whole = last[len(last) % together :].reshape(-1, together)
    return float(whole.sum(axis=1).max(initial=0.0) / (together * bin_s))


def mark_code(context: PolicyContext, name: str = "mark-code", market: str = "on-demand") -> MarkCode:
    """The published code's scheme on machines of one market.

    Raises
    ------
    InputError, with every class that no machine of the market may serve.
    """
    offers = offers_for_all(context.supply, market, name)
    return MarkCode(name, context.supply, offers, largest_known_rps(context, WARM_UP_S), context.lead_s)


def mark_code_spot(context: PolicyContext) -> MarkCode:
    """The published code's scheme on spot machines."""
    return mark_code(context, "mark-code-spot", "spot")
