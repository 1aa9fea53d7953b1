"""Random decisions, losses and gaps: the fleet ends with the machines and the bill of one that looks at every second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.testing import assert_allclose

from planner.replay.fleet import Fleet
from planner.replay.interruptions import Interruptions, PoolHistory
from planner.replay.results import COST_PARTS
from tests.planner.replay.fleet_cases import DRAIN_S, OD, SPOT, SUPPLY, Record, want
from tests.planner.replay.slow_fleet import SlowFleet

if TYPE_CHECKING:
    from planner.replay.decisions import Decision

END_S = 900
PLACES = [(pool, rental) for pool in ("first", "second", "third") for rental in (OD, SPOT)]
PRICES = {one.id: one.price_usd_per_h / 3600 for one in SUPPLY.rentals}


def random_case(seed: int) -> tuple[dict[int, Decision], PoolHistory]:
    """Decisions at random seconds, from 1 to 200 apart; notices, half of them with a gap in which nothing can be launched."""
    rng = np.random.default_rng(seed)
    times_s = np.cumsum(rng.choice([1, 3, 20, 47, 200], 40))
    decisions = {}
    for at_s in [0, *times_s[times_s < END_S].tolist()]:
        machines = {place: int(rng.integers(0, 4)) for place in PLACES if rng.random() < 0.6}
        ahead = {place: int(rng.integers(1, 3)) for place in PLACES if rng.random() < 0.2}
        decisions[at_s] = want(machines, ahead=ahead)
    notices_s = np.sort(rng.choice(END_S, 3, replace=False)).astype(float)
    gaps = notices_s[:: 1 + seed % 2]
    up_s = np.minimum(gaps + rng.integers(20, 150, len(gaps)), np.append(gaps[1:], np.inf))
    return decisions, PoolHistory(notices_s, gaps, up_s)


@pytest.mark.parametrize("drain_s", [0.0, DRAIN_S])
@pytest.mark.parametrize("seed", range(30))
def test_fleet_agrees_with_a_look_at_every_second(seed: int, drain_s: float) -> None:
    """Machines at work at every second, seconds paid for by rental, the bill by part, launches and losses are the same."""
    decisions, history = random_case(seed)
    slow = SlowFleet(SUPPLY, history, "m/a", drain_s)
    expected = slow.play(END_S, decisions)

    work = Record(drain_s)
    fleet = Fleet(SUPPLY, work, (0.0, 111.0, 512.5, END_S), Interruptions({"m/a": history}))
    found = []
    for now_s in range(END_S):
        fleet.happen(now_s)
        if now_s in decisions:
            fleet.decide(now_s, decisions[now_s])
        fleet.happen(now_s)
        found.append(work.counts)
        assert sum(fleet.ready.values()) == work.counts.total()
    fleet.end(END_S)

    assert found == expected
    rentals = list(PRICES)
    seconds = [sum(slow.seconds[name, part] for part in ("boot", "load", "rest")) for name in rentals]
    assert_allclose(fleet.bills.machines_s.sum(axis=1), seconds)
    assert_allclose(fleet.bills.starts.sum(axis=1), [slow.starts[name] for name in rentals])
    assert_allclose(fleet.bills.lost.sum(axis=1), [slow.lost[name] for name in rentals])
    parts = [
        sum(slow.seconds[name, part] * PRICES[name] for name in rentals) for part in ("rest", "boot", "load")
    ]
    assert_allclose(fleet.bills.usd.sum(axis=1), [*parts, 0.0])
    assert len(COST_PARTS) == len(parts) + 1
