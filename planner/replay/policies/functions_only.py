"""No machines: every request is a function call, by itself (lambda-only) or gathered in a buffer (batch).

BATCH (Ali, Pinciroli, Yan and Smirni, BATCH, SC 2020) gathers requests in front of one function a service and chooses memory, batch
size and batch timeout anew every hour, at least price with the 95th percentile of the latency inside the deadline, by the
arrivals it has seen. Not as there, and ours: each class keeps its own percentile; the arrivals are those of `planner.functions`,
fitted to the history where it is fine enough, at the rate of the hour before; the choice is among the cheapest points of the
whole grid in ranges of rates, where the published search prices every point as if 20 requests came in a batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.errors import InputError
from planner.replay.decisions import Decision, Routes
from planner.replay.policies.autoscaling import rate_seen
from planner.replay.policies.offers import weights_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.replay.decisions import Array, Observation
    from planner.replay.supply import CalledFunction, Supply
    from planner.serverless import ServerlessFunction

CHOICE_S = 3600.0  # BATCH: parameters are chosen by the hour


class LambdaOnly:
    """One call for every request, on the cheapest function that answers the class's share in time.

    Raises
    ------
    InputError, with every class that no function answers so.
    """

    name = "lambda-only"

    def __init__(self, supply: Supply, functions: Mapping[str, CalledFunction]) -> None:
        missing = [one.name for one in supply.classes if one.name not in functions]
        if missing:
            raise InputError(
                [f"lambda-only: no function answers class {name} in time often enough." for name in missing]
            )
        self.supply = supply
        self._routes = {
            one.name: Routes(
                np.array([np.inf]),
                np.array([weights_of(supply, functions[one.name].name)]),
            )
            for one in supply.classes
        }

    def decision_times_s(self, duration_s: float) -> Array:
        """Once."""
        return np.zeros(1)

    def decide(self, seen: Observation) -> Decision:
        """Route, and never again."""
        return Decision({}, self._routes)


class Batch:
    """A buffer a class, chosen every hour for the rate of the hour before.

    Parameters
    ----------
    choices
        Class -> functions with or without buffers that answer its share in time, by their names in the supply.
    known_rps
        Class -> rate before the start.

    Raises
    ------
    InputError, with every class without a choice.
    """

    name = "batch"

    def __init__(
        self,
        supply: Supply,
        choices: Mapping[str, Sequence[ServerlessFunction]],
        known_rps: Mapping[str, float],
    ) -> None:
        missing = [one.name for one in supply.classes if not choices.get(one.name)]
        if missing:
            raise InputError(
                [
                    f"batch: no function answers class {name} in time often enough, with a buffer or without."
                    for name in missing
                ]
            )
        self.supply, self.choices, self.known_rps = supply, choices, known_rps

    def decision_times_s(self, duration_s: float) -> Array:
        """Every hour."""
        return np.arange(0.0, duration_s, CHOICE_S)

    def decide(self, seen: Observation) -> Decision:
        """Take what is cheapest at the rate of the last hour."""
        routes = {}
        for k, one in enumerate(self.supply.classes):
            rate_rps = rate_seen(seen, [k], CHOICE_S, self.known_rps[one.name])
            chosen = cheapest_at(self.choices[one.name], rate_rps)
            routes[one.name] = Routes(np.array([np.inf]), np.array([weights_of(self.supply, chosen.id)]))
        return Decision({}, routes)


def cheapest_at(functions: Sequence[ServerlessFunction], rate_rps: float) -> ServerlessFunction:
    """The least price of a request among functions whose figures hold at a rate; where none does, among the nearest."""

    def distance(one: ServerlessFunction) -> float:
        least, most = one.rate_rps or (0.0, np.inf)
        return max(least - rate_rps, rate_rps - most, 0.0)

    near = min(distance(one) for one in functions)
    return min((one for one in functions if distance(one) == near), key=lambda one: one.usd_per_request)
