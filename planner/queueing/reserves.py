"""How many instances to set aside for a function, so that next to none of its calls is refused."""

from __future__ import annotations

import math

import numpy as np

from planner.queueing.diversion import OVERFLOW_FACTOR, erlang_loss

LOAD_ROUNDING = 1e-3  # ours: of a call at once; far below what one instance more or less changes
REFUSED_SHARE = 0.001  # ours: a tenth of what the strictest percentile in use, 0.99, may lose


def reserved_instances(running: float) -> int:
    """Whole number of instances that refuses at most `REFUSED_SHARE` of the calls, `running` of them at once on average.

    A function has no queue, so its calls are those of Erlang's loss system. Requests that machines pass on come in clumps; a
    stream z times as variable as Poisson arrivals loses what Poisson arrivals lose at a z-th of the load and of the instances
    (Hayward's equivalence; Fredericks 1980), with z = `OVERFLOW_FACTOR`. It holds for many instances; one
    more clump is added for few. 0 where nothing runs.
    """
    if running <= 0.0:
        return 0
    load = running / OVERFLOW_FACTOR
    most = math.ceil(running) + 1
    while erlang_loss(np.array([most / OVERFLOW_FACTOR]), np.array([load]))[0] > REFUSED_SHARE:
        most *= 2
    counts = np.arange(math.ceil(running), most + 1)
    refused = erlang_loss(counts / OVERFLOW_FACTOR, np.full(len(counts), load))
    return int(counts[np.argmax(refused <= REFUSED_SHARE)]) + math.ceil(OVERFLOW_FACTOR)


def most_running(instances: int) -> float:
    """Most calls at once on average for which so many instances do by `reserved_instances`; 0 where they do for none.

    The inverse of `reserved_instances` by halving: calls of several functions that share one account vary as those of one.
    """
    least, most = 0.0, float(instances)
    while most - least > LOAD_ROUNDING:
        middle = (least + most) / 2
        if reserved_instances(middle) <= instances:
            least = middle
        else:
            most = middle
    return least
