"""What a replay comes to: the figures of a table, from counts by class, target and window.

A request that was refused is late, and counts 0 in effective accuracy. Means over requests are weighted by requests, never means
of means. A figure of nothing is nan: the deadline-meet rate of a class without requests, the utilisation of no machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.replay.results import COST_PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planner.replay.results import Replayed

    Array = NDArray[np.float64]

PERCENTILES = (0.5, 0.9, 0.95, 0.99, 0.999)  # those that the papers and providers quote


@dataclass(frozen=True, eq=False)
class Summary:
    """Figures of one replay. Indices as in `Replayed`: class k, window t.

    Parameters
    ----------
    policy, seed
        Who decided, and which draw it is.
    usd_by_part
        Part of the cost -> USD, by `COST_PARTS`.
    requests
        ``[k]`` requests.
    deadline_meet_rate
        Share of all requests answered within their deadline.
    deadline_meet_rate_by_class, deadline_meet_rate_by_window
        ``[k]`` and ``[k, t]`` the same.
    worst_deadline_meet_rate
        That of the class that is served worst.
    in_time_of_served_by_class
        ``[k]`` share of what was answered that was in time: what a plan promises.
    served_share, overflow_share
        Share of all requests that was answered; that went to a function instead of waiting in a pool.
    functions_share
        Share of all requests that functions answered.
    latency_s
        ``[k, p]`` quantiles at `PERCENTILES` of the time from arrival to answer.
    mean_latency_s
        ``[k]``.
    accuracy, accuracy_by_class
        Mean accuracy of what was answered; nan where a model that answered states none.
    effective_accuracy, effective_accuracy_by_class
        Mean over all requests of accuracy x in time.
    utilisation
        Busy part of the machine-seconds at work.
    over_provisioning
        Machine-seconds paid for over those busy, less 1.
    starts, lost
        Machines launched; machines that the provider took back.
    interruptions, survived
        Losses of a spot pool that had machines; those during which every class kept its percentile, in every window from the
        notice until the machines are gone and others can have booted.
    cold_share
        Share of the function calls that began cold.
    """

    policy: str
    seed: int
    usd_by_part: dict[str, float]
    requests: Array
    deadline_meet_rate: float
    deadline_meet_rate_by_class: Array
    deadline_meet_rate_by_window: Array
    worst_deadline_meet_rate: float
    in_time_of_served_by_class: Array
    served_share: float
    overflow_share: float
    functions_share: float
    latency_s: Array
    mean_latency_s: Array
    accuracy: float
    accuracy_by_class: Array
    effective_accuracy: float
    effective_accuracy_by_class: Array
    utilisation: float
    over_provisioning: float
    starts: float
    lost: float
    interruptions: float
    survived: float
    cold_share: float

    @property
    def total_usd(self) -> float:
        """All parts of the cost."""
        return sum(self.usd_by_part.values())


def summary_of(replayed: Replayed) -> Summary:
    """The figures of a replay."""
    arrived, served, in_time = (
        one.sum(axis=-1) for one in (replayed.arrived, replayed.served, replayed.in_time)
    )
    pools = len(replayed.supply.pools)
    accuracy = accuracies(replayed)
    of_served, of_all = weighted(served, accuracy), weighted(in_time, accuracy)
    by_window = ratio(replayed.in_time.sum(axis=1), replayed.arrived)
    by_class = ratio(in_time.sum(axis=1), arrived)
    busy, paid = replayed.busy_s.sum(), replayed.machines_s.sum()
    return Summary(
        policy=replayed.policy,
        seed=replayed.seed,
        usd_by_part=dict(zip(COST_PARTS, replayed.usd.sum(axis=1).tolist(), strict=True)),
        requests=arrived,
        deadline_meet_rate=share(in_time.sum(), arrived.sum()),
        deadline_meet_rate_by_class=by_class,
        deadline_meet_rate_by_window=by_window,
        worst_deadline_meet_rate=float(by_class[arrived > 0].min()) if arrived.any() else float("nan"),
        in_time_of_served_by_class=ratio(in_time.sum(axis=1), served.sum(axis=1)),
        served_share=share(served.sum(), arrived.sum()),
        overflow_share=share(replayed.overflowed.sum(), arrived.sum()),
        functions_share=share(served[:, pools:].sum(), arrived.sum()),
        latency_s=quantiles(replayed.latency_edge_s, replayed.latency, PERCENTILES),
        mean_latency_s=ratio(replayed.latency_sum_s.sum(axis=1), served.sum(axis=1)),
        accuracy=share(of_served.sum(), served.sum()),
        accuracy_by_class=ratio(of_served, served.sum(axis=1)),
        effective_accuracy=share(of_all.sum(), arrived.sum()),
        effective_accuracy_by_class=ratio(of_all, arrived),
        utilisation=share(busy, replayed.ready_s.sum()),
        over_provisioning=share(paid, busy) - 1.0,
        starts=float(replayed.starts.sum()),
        lost=float(replayed.lost.sum()),
        interruptions=float(len(replayed.notices)),
        survived=survived(replayed, by_window),
        cold_share=share(replayed.cold_calls.sum(), replayed.calls.sum()),
    )


def ratio(part: Array, whole: Array) -> Array:
    """Part of a whole, element by element; nan where the whole is 0."""
    parts: Array = np.full(np.shape(whole), np.nan)
    return np.divide(part, whole, out=parts, where=np.asarray(whole) > 0)


def share(part: float, whole: float) -> float:
    """Part of a whole; nan where the whole is 0."""
    return float(part / whole) if whole > 0 else float("nan")


def accuracies(replayed: Replayed) -> Array:
    """``[g]`` accuracy of the model of every target; nan where it states none."""
    supply = replayed.supply
    stated = [one.accuracy for one in supply.pools] + [one.accuracy for one in supply.functions]
    return np.array([np.nan if one is None else one for one in stated])


def weighted(requests: Array, accuracy: Array) -> Array:
    """``[k]`` sum of accuracy over requests ``[k, g]``; what answered nothing does not count, stated or not."""
    total: Array = np.where(requests > 0, requests * accuracy, 0.0).sum(axis=1)
    return total


def quantiles(edge_s: Array, counts: Array, levels: Sequence[float]) -> Array:
    """``[k, p]`` quantiles of histograms ``[k, b]``, even inside a bin; nan where a histogram is empty."""
    found = np.full((len(counts), len(levels)), np.nan)
    for k, row in enumerate(counts):
        reached = np.concatenate([[0.0], np.cumsum(row)])
        if reached[-1] > 0:
            some = np.concatenate(
                [[True], row > 0]
            )  # edges at which the count grows: an inverse needs no flat parts
            some[:-1] |= row > 0
            found[k] = np.interp(np.array(levels) * reached[-1], reached[some], edge_s[some])
    return found


def survived(replayed: Replayed, meet_rate: Array) -> float:
    """Interruptions in all of whose windows every class with a percentile kept it, by deadline-meet rates ``[k, t]``."""
    asked = np.array([one.percentile for one in replayed.supply.classes])[:, None]
    kept = np.all(np.isnan(meet_rate) | (meet_rate >= asked), axis=0)
    return float(np.sum(~np.any(replayed.touched & ~kept, axis=1)))
