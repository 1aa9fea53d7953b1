"""Life cycles of machines, second by second on paper: boot 30 s, load 10 or 20 s, 60 s billed at least, 0.001 USD per second."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from planner.replay.decisions import Routes
from planner.replay.fleet import Fleet
from planner.replay.interruptions import Interruptions, PoolHistory
from planner.replay.results import COST_PARTS
from tests.planner.replay.fleet_cases import DRAIN_S, EXTRA, OD, PER_S, SPOT, SUPPLY, Record, want

END_S = 1000.0
MACHINES, STARTS, LOADS, FUNCTIONS = range(len(COST_PARTS))


def fleet_of(
    drain_s: float = 0.0,
    notices_s: tuple[float, ...] = (),
    down: tuple[tuple[float, float], ...] = (),
    edges: tuple[float, ...] = (0.0, END_S),
) -> tuple[Fleet, Record]:
    """A fleet, and the workplace that records its machines."""
    spans = np.array(down).reshape(-1, 2)
    history = PoolHistory(np.array(notices_s), spans[:, 0], spans[:, 1])
    work = Record(drain_s)
    return Fleet(SUPPLY, work, edges, Interruptions({"m/a": history})), work


def paid(fleet: Fleet) -> list[float]:
    """Seconds of one machine-price that each part of the bill is worth."""
    return [float(usd / PER_S) for usd in fleet.bills.usd.sum(axis=1)]


def test_machine_boots_loads_and_works_until_the_end() -> None:
    """Launched at 100: at work from 100 + 30 + 10, and billed for 900 s of which 30 are boot and 10 are load."""
    fleet, work = fleet_of()
    fleet.decide(100.0, want({("first", OD): 1}))
    assert (fleet.ready, fleet.coming) == ({}, {("first", OD): 1})
    assert fleet.next_event_s == 140.0
    fleet.happen(140.0)
    assert (fleet.ready, fleet.coming) == ({("first", OD): 1}, {})
    fleet.end(END_S)
    assert work.events == [(140.0, "join", "first")]
    assert_allclose(paid(fleet), [860, 30, 10, 0])
    assert_allclose(fleet.bills.machines_s.sum(axis=1), [900, 0, 0])
    assert_allclose(fleet.bills.starts.sum(axis=1), [1, 0, 0])


def test_launch_before_the_start_is_billed_in_the_first_window() -> None:
    """Launched at -40, it works at 0; the window edge at 300 lies in its work."""
    fleet, work = fleet_of(edges=(0.0, 300.0, END_S))
    fleet.decide(-40.0, want({("first", OD): 1}))
    fleet.happen(0.0)
    fleet.end(END_S)
    assert work.events == [(0.0, "join", "first")]
    assert_allclose(fleet.bills.usd / PER_S, [[300, 700], [30, 0], [10, 0], [0, 0]])
    assert_allclose(fleet.bills.machines_s[0], [340, 700])
    assert_allclose(fleet.bills.starts[0], [1, 0])


def test_spans_of_every_part_are_split_at_window_edges() -> None:
    """Boot runs from 0 to 30 and load to 40, over edges at 20, 35 and 50."""
    fleet, _ = fleet_of(edges=(0.0, 20.0, 35.0, 50.0, 100.0))
    fleet.decide(0.0, want({("first", OD): 1}))
    fleet.happen(100.0)
    fleet.end(100.0)
    assert_allclose(fleet.bills.usd[MACHINES] / PER_S, [0, 0, 10, 50], atol=1e-12)
    assert_allclose(fleet.bills.usd[STARTS] / PER_S, [20, 10, 0, 0], atol=1e-12)
    assert_allclose(fleet.bills.usd[LOADS] / PER_S, [0, 5, 5, 0], atol=1e-12)


def test_a_machine_stopped_early_is_billed_for_the_least_stay() -> None:
    """Given up after 5 s of boot: 60 s, of which 30 would have been boot and 10 load; it never works."""
    fleet, work = fleet_of()
    fleet.decide(0.0, want({("first", OD): 1}))
    fleet.decide(5.0, want({}))
    fleet.happen(END_S)
    fleet.end(END_S)
    assert work.events == []
    assert_allclose(paid(fleet), [20, 30, 10, 0])


def test_a_draining_machine_is_billed_until_its_calls_end() -> None:
    """Stopped at 200 while it works for 4 s more."""
    fleet, work = fleet_of(DRAIN_S)
    fleet.decide(0.0, want({("first", OD): 1}))
    fleet.happen(200.0)
    fleet.decide(200.0, want({}))
    fleet.end(END_S)
    assert work.events == [(40.0, "join", "first"), (200.0, "leave", "first")]
    assert_allclose(paid(fleet), [164, 30, 10, 0])
    assert (fleet.ready, fleet.coming) == ({}, {})


def test_the_end_bills_no_least_stay() -> None:
    """A launch 10 s before the end costs 10 s, stopped or not."""
    for stopped in (False, True):
        fleet, _ = fleet_of()
        fleet.decide(990.0, want({("first", OD): 1}))
        if stopped:
            fleet.decide(995.0, want({}))
        fleet.end(END_S)
        assert_allclose(paid(fleet), [0, 10, 0, 0])


@pytest.mark.parametrize(("target", "load_s"), [("second", 0.0), ("third", 20.0)])
def test_a_move_drains_and_loads_the_model_where_it_differs(target: str, load_s: float) -> None:
    """Moved at 200: it finishes 4 s of calls, loads if it must, and joins without a boot."""
    fleet, work = fleet_of(DRAIN_S)
    fleet.decide(0.0, want({("first", OD): 1}))
    fleet.happen(200.0)
    fleet.decide(200.0, want({(target, OD): 1}))
    assert fleet.coming == {(target, OD): 1}
    fleet.happen(END_S)
    fleet.end(END_S)
    assert work.events[1:] == [(200.0, "leave", "first"), (204.0 + load_s, "join", target)]
    assert_allclose(paid(fleet), [960 - load_s, 30, 10 + load_s, 0])
    assert fleet.bills.starts.sum() == 1


def test_a_move_in_boot_drops_the_load_and_one_in_a_load_breaks_it_off() -> None:
    """At 10 its model becomes the large one; at 35, 5 s into that load, the small one again."""
    fleet, work = fleet_of()
    fleet.decide(0.0, want({("first", OD): 1}))
    fleet.decide(10.0, want({("third", OD): 1}))
    assert fleet.next_event_s == 40.0
    fleet.happen(35.0)
    fleet.decide(35.0, want({("second", OD): 1}))
    fleet.happen(END_S)
    fleet.end(END_S)
    assert work.events == [(45.0, "join", "second")]
    assert_allclose(paid(fleet), [955, 30, 15, 0])


def test_a_move_while_draining_waits_for_the_calls() -> None:
    """Sent from first to third at 100 and back at 101: the calls end at 104, the small model is loaded until 114."""
    fleet, work = fleet_of(DRAIN_S)
    fleet.decide(0.0, want({("first", OD): 1}))
    fleet.happen(100.0)
    fleet.decide(100.0, want({("third", OD): 1}))
    fleet.decide(101.0, want({("first", OD): 1}))
    fleet.happen(END_S)
    assert work.events[1:] == [(100.0, "leave", "first"), (114.0, "join", "first")]


def test_moves_prefer_the_same_model_and_launches_fill_the_rest() -> None:
    """Of one small and one large spare machine the small one goes to the pool of the small model, without a load."""
    fleet, work = fleet_of()
    fleet.decide(0.0, want({("first", OD): 1, ("third", OD): 1}))
    fleet.happen(100.0)
    fleet.decide(100.0, want({("second", OD): 2, ("third", SPOT): 1}))
    assert fleet.coming == {("second", OD): 2, ("third", SPOT): 1}
    fleet.happen(END_S)
    joins = [(at_s, where) for at_s, kind, where in work.events[2:] if kind == "join"]
    assert joins == [(100.0, "second"), (110.0, "second"), (150.0, "third")]
    assert_allclose(fleet.bills.starts.sum(axis=1), [2, 1, 0])


def test_of_too_many_machines_those_not_at_work_go_first() -> None:
    """Two at work and one in boot, two wanted: the one in boot is stopped."""
    fleet, work = fleet_of()
    fleet.decide(0.0, want({("first", OD): 2}))
    fleet.happen(50.0)
    fleet.decide(50.0, want({("first", OD): 3}))
    fleet.decide(51.0, want({("first", OD): 2}))
    fleet.happen(END_S)
    assert [kind for _, kind, _ in work.events] == ["join", "join"]


def test_machines_launched_ahead_join_when_they_are_wanted() -> None:
    """Launched at 0 for later, loaded at 40, paid all the while, at work at 100 at once."""
    fleet, work = fleet_of()
    fleet.decide(0.0, want({}, ahead={("first", OD): 2}))
    fleet.happen(100.0)
    assert (work.events, fleet.coming) == ([], {("first", OD): 2})
    fleet.decide(100.0, want({("first", OD): 1}, ahead={("first", OD): 1}))
    assert (fleet.ready, fleet.coming) == ({("first", OD): 1}, {("first", OD): 1})
    fleet.decide(200.0, want({("first", OD): 1}))
    fleet.end(END_S)
    assert work.events == [(100.0, "join", "first")]
    assert_allclose(paid(fleet), [960 + 160, 60, 20, 0])


def test_a_machine_wanted_before_it_is_ready_joins_when_it_is() -> None:
    """Ahead at 0, wanted at 20: it joins at 40."""
    fleet, work = fleet_of()
    fleet.decide(0.0, want({}, ahead={("first", OD): 1}))
    fleet.decide(20.0, want({("first", OD): 1}))
    fleet.happen(END_S)
    assert work.events == [(40.0, "join", "first")]
    assert fleet.bills.starts.sum() == 1


def test_running_machines_are_taken_over_as_they_are() -> None:
    """Two run at 0, one more is launched: no boot and no load is billed for the two."""
    fleet, work = fleet_of()
    fleet.decide(0.0, want({("first", OD): 3}, running={("first", OD): 2}))
    assert fleet.ready == {("first", OD): 2}
    fleet.happen(END_S)
    fleet.end(END_S)
    assert work.counts == {"first": 3}
    assert_allclose(paid(fleet), [2960, 30, 10, 0])
    assert fleet.bills.starts.sum() == 1


def test_an_interruption_gives_notice_and_launches_replacements() -> None:
    """Notice at 200: billed until 320, out of the pool's calls by then; the replacement works at 240. Spot costs half."""
    fleet, work = fleet_of(notices_s=(200.0,))
    fleet.decide(0.0, want({("first", SPOT): 2, ("first", OD): 1}))
    fleet.happen(200.0)
    assert fleet.ready == {("first", OD): 1}
    assert fleet.coming == {("first", SPOT): 2}
    assert (fleet.taken_back(), fleet.taken_back()) == ({SPOT: 2}, {})
    fleet.happen(END_S)
    fleet.end(END_S)
    assert work.events[3:] == [(200.0, "gone 320", "first")] * 2 + [(240.0, "join", "first")] * 2
    assert_allclose(fleet.bills.machines_s.sum(axis=1), [1000, 2 * (320 + 800), 0])
    assert_allclose(paid(fleet), [960 + (280 + 760), 30 + 60, 10 + 20, 0])
    assert_allclose(fleet.bills.starts.sum(axis=1), [1, 4, 0])
    assert_allclose(fleet.bills.lost.sum(axis=1), [0, 2, 0])
    assert [one.at_s for one in fleet.bills.notices] == [200.0]


def test_a_loss_without_machines_is_no_interruption() -> None:
    """Nothing of the pool runs at the notice."""
    fleet, _ = fleet_of(notices_s=(200.0,))
    fleet.decide(0.0, want({("first", OD): 1}))
    fleet.happen(END_S)
    assert fleet.bills.notices == []
    assert fleet.taken_back() == {}


def test_while_a_trace_is_down_nothing_is_launched_until_it_comes_up() -> None:
    """Down from 200 to 500: decisions in between launch nothing of the pool, its end does."""
    fleet, work = fleet_of(notices_s=(200.0,), down=((200.0, 500.0),))
    fleet.decide(0.0, want({("first", SPOT): 1}))
    fleet.happen(300.0)
    fleet.decide(300.0, want({("first", SPOT): 2}))
    assert fleet.coming == {}
    assert fleet.next_event_s == 500.0
    fleet.happen(END_S)
    assert work.events[1:] == [(200.0, "gone 320", "first"), *[(540.0, "join", "first")] * 2]


def test_a_pool_that_is_down_at_the_start_has_no_running_machines() -> None:
    """Down until 100: what was to run already is launched then."""
    fleet, work = fleet_of(down=((-np.inf, 100.0),))
    fleet.decide(0.0, want({("first", SPOT): 1}, running={("first", SPOT): 1}))
    assert (fleet.ready, fleet.coming) == ({}, {})
    fleet.happen(END_S)
    assert work.events == [(140.0, "join", "first")]


def test_standby_machines_start_after_a_loss_and_stop_when_it_is_made_good() -> None:
    """Notice at 200 in a trace down until 500: they boot, load, and work from 240 until the spot machine is back at 540.

    Stopped they cost a tenth: 200 s before and 460 s after; 340 s of full price in between, of which 30 boot and 10 load.
    """
    fleet, work = fleet_of(notices_s=(200.0,), down=((200.0, 500.0),))
    decision = want({("first", SPOT): 1, (EXTRA, "t/standby"): 1})
    fleet.decide(0.0, decision)
    fleet.happen(300.0)
    assert fleet.ready == {(EXTRA, "t/standby"): 1}
    fleet.decide(300.0, decision)
    fleet.happen(END_S)
    fleet.end(END_S)
    assert work.events[1:] == [
        (200.0, "gone 320", "first"),
        (240.0, "join", EXTRA),
        (540.0, "join", "first"),
        (540.0, "leave", EXTRA),
    ]
    spot = np.array([280 + 460, 60, 20, 0]) / 2
    assert_allclose(paid(fleet), spot + np.array([(200 + 460) / 10 + 300, 30, 10, 0]))
    assert_allclose(fleet.bills.machines_s.sum(axis=1), [0, 320 + 500, 340])
    assert_allclose(fleet.bills.starts.sum(axis=1), [0, 2, 1])


def test_a_decision_without_the_lost_machines_makes_a_loss_good() -> None:
    """Once nothing of the lost pool is wanted, standby machines stop; those given up are not paid for any more."""
    fleet, work = fleet_of(notices_s=(200.0,), down=((200.0, 900.0),))
    fleet.decide(0.0, want({("first", SPOT): 1, (EXTRA, "t/standby"): 1}))
    fleet.happen(300.0)
    fleet.decide(300.0, want({("first", OD): 1}))
    fleet.end(END_S)
    assert work.events[-1] == (300.0, "leave", EXTRA)
    assert fleet.bills.machines_s[2].sum() == 100.0
    assert fleet.bills.usd[MACHINES].sum() / PER_S == pytest.approx(280 / 2 + 200 / 10 + 60 + 660)


def test_a_loss_calls_no_standby_machine_that_serves_other_classes() -> None:
    """Mail is lost and comes back, the standby machines serve the web."""
    fleet, work = fleet_of(notices_s=(200.0,), down=((200.0, 900.0),))
    fleet.decide(0.0, want({("mail", SPOT): 1, (EXTRA, "t/standby"): 1}))
    fleet.happen(END_S)
    assert [where for _, _, where in work.events] == ["mail", "mail", "mail"]


def test_requests_go_around_a_loss_until_it_is_made_good() -> None:
    """Four machines of 8 requests/s serve 20; three are lost: 12 go to the standby machine once it works, as far as it can."""
    fleet, _ = fleet_of(notices_s=(200.0,), down=((200.0, 900.0),))
    routes = {"web": Routes(np.array([20.0]), np.array([[1.0, 0.0, 0.0, 0.0, 0.0]]))}
    fleet.decide(0.0, want({("first", SPOT): 3, ("first", OD): 1, (EXTRA, "t/standby"): 1}))
    fleet.happen(199.0)
    assert fleet.rerouted(routes) is routes
    fleet.happen(200.0)
    assert_allclose(fleet.rerouted(routes)["web"].weights, [[1.0, 0.0, 0.0, 0.0, 0.0]])
    fleet.happen(240.0)
    assert_allclose(fleet.rerouted(routes)["web"].weights, [[0.6, 0.0, 0.0, 0.4, 0.0]])
    fleet.happen(940.0)
    assert fleet.rerouted(routes) is routes


def test_parts_add_up_to_machine_time_at_its_price() -> None:
    """Whatever happens to one rental, boot, loads and the rest are its seconds times its price."""
    fleet, _ = fleet_of(DRAIN_S, edges=tuple(np.linspace(0, END_S, 8)))
    for at_s in range(0, 1000, 35):
        fleet.happen(at_s)
        fleet.decide(at_s, want({("first", OD): at_s % 4, ("third", OD): at_s % 3}))
    fleet.end(END_S)
    assert_allclose(fleet.bills.usd.sum(axis=0), fleet.bills.machines_s[0] * PER_S)
    assert fleet.bills.usd[LOADS].sum() > 0
    assert fleet.bills.usd[FUNCTIONS].sum() == 0
