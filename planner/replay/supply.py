"""What a replay may use: pools with their queues, machines to rent, functions to call, and whom all of it serves.

A pool is a worker group of a plan: one queue, first come, first served (late requests may have to yield), in front of all machines
at work in it. A rental is an instance type in a market and zone. Policies name pools, rentals and functions; the engine keeps
their state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.replay.laws import ServiceLaw


@dataclass(frozen=True)
class ServedClass:
    """A request class as a replay judges it.

    Parameters
    ----------
    deadline_s
        Time from arrival to answer that counts as in time; infinite where the class states none.
    percentile
        Share of its requests that must be in time; 0 where none is asked.
    trace, share
        The trace it is part of, and which part of that trace's requests.
    """

    name: str
    deadline_s: float
    percentile: float
    trace: str
    share: float


@dataclass(frozen=True)
class Pool:
    """One queue and what answers it: calls of up to `batch` requests on machines of one type.

    Parameters
    ----------
    laws
        Class name -> how long one call lasts on one replica, the same for every class where batches mix them; a call
        that is not full lasts as long as a full one. A class that is missing may not be sent here.
    batch, batch_timeout_s
        Most requests of a call; how long the first of a batch waits for others while a replica is free.
    replicas
        Calls that one machine works on at once.
    load_s
        Time to bring the model into a machine.
    accuracy
        Of its model, a share of 1; None: not stated.
    rated_rps
        Requests/s that one machine carries within the deadline by itself, as planners count it: for policies, not for the
        engine.
    """

    name: str
    model: str
    instance_type: str
    laws: dict[str, ServiceLaw]
    batch: int
    batch_timeout_s: float
    replicas: int
    load_s: float
    accuracy: float | None
    rated_rps: float

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes it may serve."""
        return tuple(self.laws)


@dataclass(frozen=True)
class Rental:
    """What is rented: an instance type in a market, in a zone.

    Parameters
    ----------
    id
        ``instance type/market[/zone]``.
    market
        on-demand, spot, committed, standby or container.
    price_usd_per_h
        USD per machine-hour from launch to stop; of a standby machine while it is stopped.
    running_usd_per_h
        USD per machine-hour of a standby machine while it runs; of all others equal to `price_usd_per_h`.
    boot_s
        From launch to the moment it can load a model.
    least_billed_s
        A shorter stay is billed as this long.
    spot_pool
        What it is interrupted with; None: it is not interrupted.
    """

    id: str
    instance_type: str
    market: str
    price_usd_per_h: float
    running_usd_per_h: float
    boot_s: float
    least_billed_s: float
    spot_pool: str | None

    @property
    def is_standby(self) -> bool:
        """Whether it stands stopped until spot machines are lost."""
        return self.market == "standby"


@dataclass(frozen=True)
class SpotPool:
    """Spot machines that are interrupted together.

    Parameters
    ----------
    losses_per_h
        Rate at which the whole pool is lost, per hour; unused where `availability` tells.
    availability
        Name of the availability trace that tells when machines can be had; None: losses come at the rate.
    """

    name: str
    losses_per_h: float
    availability: str | None = None


@dataclass(frozen=True)
class CalledFunction:
    """A serverless function: every call starts at once, warm where an idle instance is left, up to a limit.

    Parameters
    ----------
    law
        How long a warm call of a full batch lasts; of a cut model, the chain.
    classes
        Names of the classes it may serve.
    batch, batch_timeout_s
        Most requests of a call; how long the first of them waits for the others. 1 and 0: no waiting.
    cold_s
        Further time of a cold call.
    functions
        Functions that one call goes through (those of a cut model), each with an execution of its own.
    usd_per_call, usd_per_s
        Fee of a call; price of a second of it on demand, memory counted in.
    provisioned_usd_per_s, usd_per_s_on_provisioned
        Price of keeping one instance ready for a second, and of a second of calls there; 0 where it is not offered.
    billing_step_s
        Durations are rounded up to whole steps.
    bills_cold
        Whether the cold start's time is billed.
    size_stretch
        Warm time of a call with 1, 2, ..., `batch` requests over that of a full one; empty: all last the same.
    """

    name: str
    model: str
    law: ServiceLaw
    classes: tuple[str, ...]
    accuracy: float | None
    batch: int
    batch_timeout_s: float
    cold_s: float
    functions: int
    usd_per_call: float
    usd_per_s: float
    provisioned_usd_per_s: float
    usd_per_s_on_provisioned: float
    billing_step_s: float
    bills_cold: bool = True
    size_stretch: tuple[float, ...] = ()


@dataclass(frozen=True)
class Supply:
    """Everything requests may run on. Targets of routing are the pools, then the functions, in this order.

    Parameters
    ----------
    concurrency_limit
        Executions of all functions at once; a call beyond it is refused.
    keep_alive_s
        How long an idle instance of a function stays warm.
    """

    classes: tuple[ServedClass, ...]
    pools: tuple[Pool, ...]
    rentals: tuple[Rental, ...]
    functions: tuple[CalledFunction, ...]
    spot_pools: tuple[SpotPool, ...] = ()
    concurrency_limit: int = 1000
    keep_alive_s: float = math.inf

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of pools, then of functions."""
        return (*(one.name for one in self.pools), *(one.name for one in self.functions))
