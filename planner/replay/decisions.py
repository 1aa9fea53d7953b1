"""What a policy sees and what it decides.

The engine asks a policy at the instants that it names, and never shows it what comes later. All times are seconds since the
start of the replay.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Place = tuple[str, str]  # pool, rental


@dataclass(frozen=True, eq=False)
class Observation:
    """What is known at one instant.

    Parameters
    ----------
    now_s
        The instant.
    arrived
        ``[class, bin]`` requests that arrived in every past bin of `bin_s` since the start.
    ready, coming
        (pool, rental) -> machines at work there; machines that boot, load or wait for it.
    busy_share
        Pool -> busy part of its ready replicas since the last decision.
    waiting
        Pool -> requests in its queue.
    in_time_share
        ``[class]`` of what was answered since the last decision; nan where nothing was.
    lost
        Rental -> machines taken back by the provider since the last decision.
    """

    now_s: float
    bin_s: float
    arrived: Array
    ready: Mapping[Place, int]
    coming: Mapping[Place, int]
    busy_share: Mapping[str, float]
    waiting: Mapping[str, int]
    in_time_share: Array
    lost: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Routes:
    """Where a class's requests go, by the load that the dispatcher measures.

    Parameters
    ----------
    up_to_rps
        ``[level]`` rates of the class, rising; weights of the first level not below the measured rate hold, beyond the
        last those of the last.
    weights
        ``[level, target]`` shares over pools, then functions, in the order of the supply; handed out by weighted round robin.
        A row of zeros refuses the requests.
    overflow
        Name of the function that takes a request which would be late in its pool's queue; None: it waits.
    late_yields
        Where a request that would be late in its pool's queue has no function to go to, it waits behind all that would not;
        false: in the order of arrival.
    by_deadline
        Where the class allows more time than others of a pool, its requests stand aside for theirs as long as they can.
    """

    up_to_rps: Array
    weights: Array
    overflow: str | None = None
    late_yields: bool = False
    by_deadline: bool = False


@dataclass(frozen=True, eq=False)
class Decision:
    """What should run from now on, and who goes where.

    Parameters
    ----------
    machines
        (pool, rental) -> machines wanted at work. Missing ones are launched, or moved from pools that have too many of the
        same rental (they load the model where it differs); what is too many finishes its calls and stops.
    ahead
        (pool, rental) -> machines to launch, boot and load now, which join no pool until `machines` wants them there.
    routes
        Class -> its routes.
    provisioned
        Function -> instances kept ready.
    reserved
        Function -> instances set aside, those kept ready among them: the most that run at once. Without an entry only the limit of
        the supply holds.
    running
        (pool, rental) -> machines that run already and are taken over as they are, paid for from now on. Only where the replay
        begins.
    """

    machines: Mapping[Place, int]
    routes: Mapping[str, Routes]
    ahead: Mapping[Place, int] = field(default_factory=dict)
    provisioned: Mapping[str, int] = field(default_factory=dict)
    reserved: Mapping[str, int] = field(default_factory=dict)
    running: Mapping[Place, int] = field(default_factory=dict)


class Policy(Protocol):
    """A scheme that decides what runs."""

    name: str

    def decision_times_s(self, duration_s: float) -> Array:
        """Instants at which `decide` is asked: rising, the first is <= 0 (what is launched before the start)."""
        ...

    def decide(self, seen: Observation) -> Decision:
        """Decide from what is known at ``seen.now_s``."""
        ...


def by_pool(machines: Mapping[Place, int]) -> Counter[str]:
    """Pool -> machines, whatever their rentals."""
    found: Counter[str] = Counter()
    for (pool, _), number in machines.items():
        found[pool] += number
    return found
