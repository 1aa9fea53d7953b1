"""Model-Switching (Zhang, Elnikety, Zarar, Gupta and Garg, HotCloud 2020), and each of its models held still.

The hardware is given and stays; what changes is the model that answers. From the load of the last second, algorithm 1 takes the
model of the largest effective accuracy, accuracy x share in time (equation 1), as profiled for that load beforehand; the last
second's load is the forecast of the next. Every request goes to the one model.

Ours, where the paper leaves it open or measured:
- the profile of shares in time is that of `planner.queueing` for the pool's service, not a measurement;
- which machines are given: `planner.replay.policies.hardware`;
- a machine holds one model at a time, and takes the time its profile states to load another; the paper keeps all models loaded.
  While requests wait for the model before, one of several machines stays with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.queueing import PoolService, deadline_meet_rate
from planner.replay.decisions import Decision, Routes
from planner.replay.policies.expected import largest_known_rps
from planner.replay.policies.hardware import hardware_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.replay.decisions import Array, Observation
    from planner.replay.policies.context import PolicyContext
    from planner.replay.policies.hardware import Hardware
    from planner.replay.supply import Pool, Supply

STATIC = "static-"  # before the name of the model that is held still
SAMPLE_S = 1.0  # HotCloud 2020 (design/EVIDENCE.md, section 5): the load is sampled every second
KNOWN_S = 86_400.0  # ours: a day shows a service its largest load
LEAST_LOAD_SHARE = 0.05  # ours: of what the fastest model carries; below it no model is late
STEADY_SHARE = 0.999  # ours: of what keeps the machines busy all the time; above it queues do not settle
RATES = 512  # ours: steps of load in the profile; the models' shares cross within a fraction of a percent


class ModelSwitching:
    """One model at a time, by the load of the last second."""

    def __init__(self, name: str, supply: Supply, hardware: Hardware) -> None:
        self.name, self.supply, self.hardware = name, supply, hardware
        ready_s = hardware.rental.boot_s + max(one.load_s for one in hardware.pools)
        self._ready_s = ready_s
        self._rate_rps, self._best = profile(supply, hardware)
        self._chosen = int(self._best[0])
        self._routes = [routes_to(supply, pool) for pool in hardware.pools]

    def decision_times_s(self, duration_s: float) -> Array:
        """Every second, and once before the start so that machines are ready then."""
        if len(self.hardware.pools) == 1:
            return np.array([-self._ready_s])
        return np.concatenate([[-self._ready_s], np.arange(0.0, duration_s, SAMPLE_S)])

    def decide(self, seen: Observation) -> Decision:
        """Take the model that is best at the load of the last sample."""
        bins = max(1, round(SAMPLE_S / seen.bin_s))
        if seen.arrived.shape[1] >= bins:
            load_rps = float(seen.arrived[:, -bins:].sum()) / (bins * seen.bin_s)
            nearest = np.searchsorted(self._rate_rps, load_rps)
            self._chosen = int(self._best[min(int(nearest), len(self._best) - 1)])
        machines = {self.hardware.place(self._chosen): self.hardware.count}
        staying = [
            self.hardware.place(m)
            for m, pool in enumerate(self.hardware.pools)
            if m != self._chosen and seen.waiting.get(pool.name, 0) and self.hardware.place(m) in seen.ready
        ][: self.hardware.count - 1]
        for place in staying:
            machines[place] = 1
        machines[self.hardware.place(self._chosen)] -= len(staying)
        return Decision(machines, self._routes[self._chosen])


def profile(supply: Supply, hardware: Hardware) -> tuple[Array, NDArray[np.int64]]:
    """``[r]`` loads in requests/s of all classes together, rising, and ``[r]`` the best model at each.

    A load's share in time is the mean over the classes, which share it as the traces share their requests. Where no model keeps
    up at all, the one that answers most is best.
    """
    most = max(rated_limit_rps(pool) for pool in hardware.pools) * hardware.count
    loads = np.linspace(LEAST_LOAD_SHARE * most, most, RATES)
    shares = np.array([one.share for one in supply.classes])
    effective = np.zeros((len(hardware.pools), RATES))
    for m, pool in enumerate(hardware.pools):
        steady = loads < STEADY_SHARE * hardware.count * rated_limit_rps(pool)
        met = [
            deadline_meet_rate(service_of(pool, one.name), hardware.count, loads[steady], one.deadline_s)
            for one in supply.classes
        ]
        effective[m, steady] = (pool.accuracy or 0.0) * np.average(met, axis=0, weights=shares)
    fastest = int(np.argmax([rated_limit_rps(pool) for pool in hardware.pools]))
    best = np.where(effective.max(axis=0) > 0, effective.argmax(axis=0), fastest)
    return loads, best.astype(np.int64)


def service_of(pool: Pool, class_name: str) -> PoolService:
    """The service of a pool as queueing sees it: the mean of its law, and what the dispatcher foresees as its quantile."""
    law = pool.laws[class_name]
    return PoolService(
        law.mean_s,
        max(law.foreseen_s, law.mean_s),
        pool.batch,
        pool.replicas,
        variation=0.0 if law.steady else law.variation,
    )


def rated_limit_rps(pool: Pool) -> float:
    """Requests/s at which one machine of a pool is busy all the time."""
    slowest = max(service_of(pool, name).mean_s for name in pool.classes)
    return pool.batch * pool.replicas / slowest


def routes_to(supply: Supply, pool: Pool) -> dict[str, Routes]:
    """All requests to one pool."""
    weights = np.zeros((1, len(supply.targets)))
    weights[0, supply.targets.index(pool.name)] = 1.0
    return {one.name: Routes(np.array([np.inf]), weights) for one in supply.classes}


def model_switching(context: PolicyContext) -> ModelSwitching:
    """Algorithm 1 on the hardware that is given.

    Raises
    ------
    InputError, where no hardware holds models for all classes.
    """
    return ModelSwitching("model-switching", context.supply, hardware(context))


def static_models(context: PolicyContext) -> dict[str, ModelSwitching]:
    """``static-MODEL`` -> the same hardware with one of its models all the time, for every one of them.

    Raises
    ------
    InputError, as `model_switching`.
    """
    given = hardware(context)
    names = [f"{STATIC}{one.model}" for one in given.pools]
    return {
        name: ModelSwitching(name, context.supply, given.only(pool.model))
        for name, pool in zip(names, given.pools, strict=True)
    }


def hardware(context: PolicyContext) -> Hardware:
    """The machines that both have; where the scenario states none, enough for the last day's largest load."""
    largest_rps = sum(largest_known_rps(context, KNOWN_S).values())
    return hardware_of(context.scenario, context.options, context.supply, largest_rps)
