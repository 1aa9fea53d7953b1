"""Service laws as arrays, compiled: how long the call of a request lasts on a target, and what the dispatcher foresees."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.replay.compiled import compiled, luck
from planner.replay.laws import GRID

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.replay.laws import ServiceLaw
    from planner.replay.supply import Supply

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

NO_LAW = -1


class Services(NamedTuple):
    """Laws of a supply.

    Parameters
    ----------
    law
        ``[k, g]`` row of `quantile_s`; NO_LAW where the class may not be sent to the target.
    quantile_s
        ``[law, GRID + 1]`` seconds.
    foreseen_s, mean_s
        ``[k, g]`` seconds of `ServiceLaw`; infinite without a law.
    steady
        ``[g]`` 1 where all calls of every class last the same, so that the dispatcher knows when those under way end.
    seed
        ``[1]`` of the luck of requests.
    """

    law: IntArray
    quantile_s: Array
    foreseen_s: Array
    mean_s: Array
    steady: IntArray
    seed: NDArray[np.uint64]


def services_of(supply: Supply, seed: int) -> Services:
    """Laws of every class on every target, each kept once."""
    by_target = [
        *(pool.laws for pool in supply.pools),
        *(dict.fromkeys(one.classes, one.law) for one in supply.functions),
    ]
    rows: dict[int, int] = {}
    kept: list[ServiceLaw] = []
    law = np.full((len(supply.classes), len(by_target)), NO_LAW)
    foreseen_s, mean_s = np.full(law.shape, np.inf), np.full(law.shape, np.inf)
    for g, laws in enumerate(by_target):
        for k, served in enumerate(supply.classes):
            if (one := laws.get(served.name)) is not None:
                if id(one) not in rows:
                    rows[id(one)] = len(kept)
                    kept.append(one)
                law[k, g] = rows[id(one)]
                foreseen_s[k, g], mean_s[k, g] = one.foreseen_s, one.mean_s
    quantile_s = np.array([one.quantile_s for one in kept]).reshape(-1, GRID + 1)
    steady = np.array([all(one.steady for one in laws.values()) for laws in by_target], dtype=np.int64)
    return Services(law, quantile_s, foreseen_s, mean_s, steady, np.array([seed], dtype=np.uint64))


@compiled
def service_s(services: Services, k: int, target: int, number: int) -> float:
    """How long the call that request `number` leads lasts: the quantile at its luck."""
    law, grid = int(services.law[k, target]), services.quantile_s.shape[1] - 1
    shortest = float(services.quantile_s[law, 0])
    if shortest == services.quantile_s[law, grid]:
        return shortest
    place = luck(services.seed[0], number) * grid
    step = int(place)
    low = float(services.quantile_s[law, step])
    return float(low + (place - step) * (services.quantile_s[law, step + 1] - low))
