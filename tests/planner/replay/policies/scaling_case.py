"""A supply to reckon with: two classes of one trace, three pools on two instance types, one function."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.replay.decisions import Observation
from planner.replay.laws import law_of
from planner.replay.policies.autoscaling import Service
from planner.replay.policies.offers import Offer
from planner.replay.supply import CalledFunction, Pool, Rental, ServedClass, SpotPool, Supply

if TYPE_CHECKING:
    from planner.replay.decisions import Array, Place

LAW = law_of(0.05, (), 0.05)
QUICK = ServedClass("quick", 0.15, 0.98, "web", 0.75)
SLOW = ServedClass("slow", 0.5, 0.9, "web", 0.25)
FAST = Pool("fast", "resnet", "c5", {"quick": LAW, "slow": LAW}, 1, 0.0, 1, 20.0, 0.75, 10.0)
LEAN = replace(FAST, name="lean", laws={"slow": LAW}, rated_rps=20.0)
BIG = replace(FAST, name="big", instance_type="m5", load_s=80.0, rated_rps=50.0)
ON_DEMAND = Rental("c5/on-demand", "c5", "on-demand", 0.36, 0.36, 100.0, 60.0, None)
SPOT = Rental("c5/spot", "c5", "spot", 0.12, 0.12, 100.0, 60.0, "c5/a")
LARGE = Rental("m5/on-demand", "m5", "on-demand", 2.0, 2.0, 100.0, 60.0, None)
FUNCTION = CalledFunction(
    "lambda", "resnet", LAW, ("quick", "slow"), 0.75, 1, 0.0, 0.4, 1, 2e-7, 3e-5, 0.0, 0.0, 0.001
)
SUPPLY = Supply(
    classes=(QUICK, SLOW),
    pools=(FAST, LEAN, BIG),
    rentals=(ON_DEMAND, SPOT, LARGE),
    functions=(FUNCTION,),
    spot_pools=(SpotPool("c5/a", 0.1),),
)
KNOWN_RPS = {"quick": 30.0, "slow": 10.0}
PLACE: Place = ("quick: fast", "c5/on-demand")
SERVICE = Service((0,), Offer(PLACE, 10.0, 0.36, 120.0), 30.0)


def minutes(*rates_rps: float) -> Array:
    """``[class, second]`` of the quick class: a rate for every minute; nothing slow."""
    seconds = np.repeat(np.array(rates_rps), 60)
    return np.stack([seconds, np.zeros_like(seconds)])


def seen(
    now_s: float, arrived: Array | None = None, ready: int = 0, busy: float = 0.0, coming: int = 0
) -> Any:
    """What the quick class's service sees; seconds that have not passed are cut off."""
    past = np.zeros((2, max(0, int(now_s)))) if arrived is None else arrived[:, : max(0, int(now_s))]
    return Observation(
        now_s=now_s,
        bin_s=1.0,
        arrived=past,
        ready={PLACE: ready} if ready else {},
        coming={PLACE: coming} if coming else {},
        busy_share={PLACE[0]: busy},
        waiting={},
        in_time_share=np.full(2, np.nan),
        lost={},
    )
