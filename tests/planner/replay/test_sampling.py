"""Blocks of time: every window is represented by its own blocks, at the length it has."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from planner.replay.laws import GRID, ServiceLaw
from planner.replay.sampling import Phase, sampled, warm_up_s, whole
from planner.replay.supply import Pool, Supply

EDGES = np.array([0.0, 300.0, 420.0, 3600.0])


def lengths_of(phases: tuple[Phase, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the phases, and their weighted lengths, 0 where nothing counts."""
    ends = np.array([one.until_s for one in phases])
    weight = np.array([one.weight or 0.0 for one in phases])
    return ends, weight * np.diff(ends, prepend=0.0)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("warm_s", [0.0, 0.5, 40.0])
def test_counted_blocks_stand_for_every_window(share: float, warm_s: float) -> None:
    ends, counted = lengths_of(sampled(EDGES, np.arange(0.0, 3600.0, 300.0), share, warm_s, seed=1))
    assert np.all(np.diff(ends, prepend=0.0) > 0)
    assert ends[-1] == EDGES[-1]
    window = np.searchsorted(EDGES, ends, side="left") - 1
    assert np.bincount(window, counted) == pytest.approx(np.diff(EDGES))


def test_warm_ups_come_before_blocks_and_skips_before_warm_ups() -> None:
    phases = sampled(EDGES, np.array([0.0]), 0.1, 1.0, seed=2)
    kinds = ["skip" if one.weight is None else "warm" if one.weight == 0 else "block" for one in phases]
    assert kinds.count("block") == 5 + 2 + 53  # stretches of a minute
    follows = set(pairwise(kinds))
    assert follows <= {
        ("skip", "warm"),
        ("warm", "block"),
        ("block", "skip"),
        ("block", "warm"),
        ("warm", "skip"),
    }
    simulated = sum(
        one.until_s - other.until_s
        for other, one in zip((Phase(0.0, None), *phases), phases, strict=False)
        if one.weight is not None
    )
    assert simulated == pytest.approx(0.1 * 3600 + 60 * 1.0, abs=5.0)


def test_blocks_come_as_often_as_decisions() -> None:
    def blocks(step_s: float, warm_s: float) -> int:
        phases = sampled(np.array([0.0, 3600.0]), np.arange(0.0, 3600.0, step_s), 0.1, warm_s, seed=3)
        return sum(bool(one.weight) for one in phases)

    assert blocks(300.0, 0.1) == 60
    assert blocks(15.0, 0.1) == 240
    assert blocks(1.0, 0.1) == 360
    assert blocks(15.0, 6.0) == 30  # a block of 12 s, twice its warm-up


def test_places_of_blocks_depend_on_the_seed() -> None:
    one, same, other = (sampled(EDGES, np.array([0.0]), 0.1, 1.0, seed) for seed in (4, 4, 5))
    assert one == same
    assert one != other


def test_a_warm_up_lasts_ten_of_the_longest_calls() -> None:
    slow, quick = (ServiceLaw(np.full(GRID + 1, s), s) for s in (0.5, 0.05))
    pool = Pool("p", "m", "c5", {"a": quick, "b": slow}, 1, 0.0, 1, 5.0, 0.8, 20.0)
    assert warm_up_s(Supply((), (pool,), (), ())) == 5.0
    assert warm_up_s(Supply((), (), (), ())) == 0.0
    assert whole(7.0) == (Phase(7.0, 1.0),)
