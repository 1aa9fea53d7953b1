"""Which parts of the time are simulated: all of it, or a block of every stretch, each after a warm-up that does not count.

The time is cut into stretches, and of every stretch one block at a random place is simulated, whose requests count for those of
the whole stretch (stratified sampling: Cochran, Sampling Techniques, 3rd edition 1977, chapter 5). Between blocks the queues are
frozen, not emptied, so a block goes on from the state that the one before it left: a warm-up has to make up for the machines and
the rate that have changed, not for an empty start. Frozen queues also keep what overload builds up: in a window that is too much
for its machines the backlog grows for the same share of the simulated time as of the whole.

Error, by tests.benchmarks.replay_modes: in settings of two hours at 100 requests/s with a tenth simulated, load 0.62 to 0.96,
batches, bursts, overflow, machines that change every five minutes, and spot losses, the deadline-meet rate differs from that of
the exact mode by 0.3 points (standard deviation) at the most, the share that overflows by 0.4 and utilisation by 0.7; with
machines overloaded for a sixth of the time the rate differs by 0.5 points. Such errors fall with the root of the simulated
requests, 72,000 there, and so with the length of the replay.

Not to be had from blocks: how late the late ones are (a backlog grows for a share of the time only, so waits behind it are
shorter), and cold starts that happen once, as the first call of every instance, which count like those that go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.replay.supply import Supply

    Array = NDArray[np.float64]

SAMPLE_SHARE = 0.1  # ours: ten times faster at a third of the error of a hundredth
STRETCH_S = 60.0  # ours: MArk, the quickest of the planning schemes, decides every minute
LEAST_STRETCH_S = 10.0  # ours: for autoscalers that decide more often than machines can follow
WARM_UP_CALLS = 10.0  # ours: a queue at 9 tenths of its capacity forgets its state within so many calls


@dataclass(frozen=True)
class Phase:
    """A part of the time.

    Parameters
    ----------
    until_s
        Its end; it begins where the one before ends, the first at 0.
    weight
        Requests that each simulated one counts for, 0 in a warm-up; None: nothing is simulated.
    """

    until_s: float
    weight: float | None


def whole(duration_s: float) -> tuple[Phase, ...]:
    """Everything is simulated, and counts once."""
    return (Phase(duration_s, 1.0),)


def sampled(
    window_edge_s: Array, decision_s: Array, share: float, warm_up_s: float, seed: int
) -> tuple[Phase, ...]:
    """A block of every stretch of time.

    Parameters
    ----------
    window_edge_s
        ``[t + 1]`` edges that no stretch crosses.
    decision_s
        ``[n]`` instants of decisions: where they come more often than once in `STRETCH_S`, so do blocks.
    share
        Part of the time that is simulated and counted, in (0, 1).
    warm_up_s
        Simulated before a block, uncounted; stretches are so long that a block lasts at least twice as long.
    seed
        Of the places of the blocks.

    Returns
    -------
    phases
        Rising; their counted lengths times their weights sum to the length of every window.
    """
    rng = np.random.default_rng([seed, 1])
    steps = np.diff(decision_s)
    often = float(steps.min()) if steps.size else np.inf
    stretch_s = max(LEAST_STRETCH_S, min(STRETCH_S, often), 2.0 * warm_up_s / share)
    marks: list[tuple[float, float | None]] = []
    for start_s, end_s in pairwise(window_edge_s.tolist()):
        edges = np.linspace(start_s, end_s, 1 + max(1, round((end_s - start_s) / stretch_s)))
        length_s = float(edges[1] - edges[0])
        block_s = share * length_s
        for first_s in (edges[:-1] + rng.random(edges.size - 1) * (length_s - block_s)).tolist():
            marks += [(first_s - warm_up_s, None), (first_s, 0.0), (first_s + block_s, length_s / block_s)]
    marks += [(min(marks[-1][0] + warm_up_s, end_s), 0.0), (end_s, None)]  # what waits last is answered, too
    phases: list[Phase] = []
    reached = 0.0
    for until_s, weight in marks:
        if until_s > reached:
            phases.append(Phase(until_s, weight))
            reached = until_s
    return tuple(phases)


def warm_up_s(supply: Supply) -> float:
    """Warm-up for a supply: `WARM_UP_CALLS` of the longest foreseen call."""
    laws = [law for pool in supply.pools for law in pool.laws.values()]
    laws += [one.law for one in supply.functions]
    return WARM_UP_CALLS * max((law.foreseen_s for law in laws), default=0.0)
