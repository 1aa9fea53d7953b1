"""When spot pools are lost: at their rates, or where a trace of availability goes down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.testing import assert_allclose

from catalogs.availability import AvailabilityTrace
from planner.replay.interruptions import Interruptions, PoolHistory, draw_interruptions
from planner.replay.supply import SpotPool, Supply

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR_S = 3600.0


def supply_of(*pools: SpotPool) -> Supply:
    """Spot pools alone."""
    return Supply(classes=(), pools=(), rentals=(), functions=(), spot_pools=pools)


def trace_of(up: str, start: datetime | None = START) -> AvailabilityTrace:
    """One sample in 100 s for each character, up where it is 1."""
    return AvailabilityTrace(np.array([one == "1" for one in up]), 100.0, start, "test")


def history_of(up: str, duration_s: float, start: datetime = START, seed: int = 1) -> PoolHistory:
    """What a trace that begins at `START` does to its pool."""
    supply = supply_of(SpotPool("a", 9.0, availability="trace"))
    return draw_interruptions(supply, duration_s, seed, {"trace": trace_of(up)}, start).pools["a"]


def test_losses_come_at_the_rate_of_the_pool() -> None:
    """Half a loss an hour over 4,000 h are 2,000, give or take three standard deviations; none at rate 0."""
    drawn = draw_interruptions(supply_of(SpotPool("a", 0.5), SpotPool("b", 0.0)), 4000 * HOUR_S, 3)
    notice_s = drawn.pools["a"].notice_s
    assert abs(len(notice_s) - 2000) < 3 * np.sqrt(2000)
    assert np.all(np.diff(notice_s) > 0)
    assert drawn.pools["b"].notice_s.size == 0
    assert drawn.offered("a", notice_s[0])


def test_a_pool_has_its_losses_by_its_name_and_the_seed_alone() -> None:
    """Another policy's supply, with other pools in another order, sees the same losses; another seed sees others."""
    one = draw_interruptions(supply_of(SpotPool("a", 1.0), SpotPool("b", 1.0)), 100 * HOUR_S, 3)
    other = draw_interruptions(supply_of(SpotPool("c", 1.0), SpotPool("a", 1.0)), 100 * HOUR_S, 3)
    reseeded = draw_interruptions(supply_of(SpotPool("a", 1.0)), 100 * HOUR_S, 4)
    assert_allclose(one.pools["a"].notice_s, other.pools["a"].notice_s)
    assert one.pools["a"].notice_s[0] != one.pools["b"].notice_s[0]
    assert one.pools["a"].notice_s[0] != reseeded.pools["a"].notice_s[0]


def test_a_trace_gives_notice_where_it_goes_down() -> None:
    """Up, up, down, down, up, down: notices at 200 and 500; nothing is offered until 400 and 600."""
    history = history_of("110010", 600.0)
    assert_allclose(history.notice_s, [200, 500])
    assert_allclose(history.down_s, [200, 500])
    assert_allclose(history.up_s, [400, 600])
    offered = [history.offered(at_s) for at_s in (-50, 0, 199, 200, 399, 400, 499, 500, 599)]
    assert offered == [True, True, True, False, False, True, True, False, False]


def test_a_trace_that_is_down_at_the_start_was_down_before() -> None:
    """No notice, and nothing can be launched ahead of the start."""
    history = history_of("0011", 400.0)
    assert history.notice_s.size == 0
    assert_allclose(history.up_s, [200])
    assert not history.offered(-300.0)
    assert not history.offered(0.0)
    assert history.offered(200.0)


def test_a_trace_is_read_where_the_replay_begins_and_goes_round() -> None:
    """The replay begins 250 s into four samples, of which the second and the last are down, and lasts for 700 s."""
    history = history_of("1010", 700.0, START + timedelta(seconds=250))
    assert_allclose(history.notice_s, [50, 250, 450, 650])
    assert_allclose(history.up_s, [150, 350, 550, 750])


def test_a_trace_without_instants_is_read_from_a_place_drawn_with_the_seed() -> None:
    """The place differs between seeds, and is the same for every call with one."""
    supply = supply_of(SpotPool("a", 0.0, availability="trace"))
    up = "".join("10"[n % 7 == 3] for n in range(70))
    found = [
        draw_interruptions(supply, HOUR_S, seed, {"trace": trace_of(up, None)}).pools["a"].notice_s
        for seed in (1, 1, 2)
    ]
    assert_allclose(found[0], found[1])
    assert found[0][0] != found[2][0]
    assert_allclose(np.diff(found[2]), 700.0)


def test_a_pool_without_its_trace_is_lost_at_its_rate() -> None:
    """No traces were given: 9 losses an hour."""
    drawn = draw_interruptions(supply_of(SpotPool("a", 9.0, availability="trace")), 100 * HOUR_S, 5)
    assert len(drawn.pools["a"].notice_s) == pytest.approx(900, abs=90)


def test_instants_are_in_order_and_machines_come_back_before_notices() -> None:
    """At 100 one pool's machines can be had again and another's are lost."""
    nothing = np.zeros(0)
    drawn = Interruptions(
        {
            "a": PoolHistory(np.array([100.0, 300.0]), nothing, nothing),
            "b": PoolHistory(np.array([50.0]), np.array([50.0]), np.array([100.0])),
        }
    )
    assert drawn.instants_s() == [(50.0, "b"), (100.0, None), (100.0, "a"), (300.0, "a")]


def test_machines_outside_of_spot_pools_can_always_be_had() -> None:
    """On demand, and in a pool of which no history is known."""
    down = PoolHistory(np.zeros(0), np.array([-np.inf]), np.array([np.inf]))
    drawn = Interruptions({"a": down})
    assert [drawn.offered(pool, 5.0) for pool in (None, "b", "a")] == [True, True, False]
