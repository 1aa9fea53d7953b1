"""Requests with time to spare: who goes first, when their turn comes, and what that saves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.replay.decisions import Routes
from planner.replay.kernel import Kernel
from planner.replay.patient_lines import patience_s
from planner.replay.supply import Pool, ServedClass, Supply
from tests.planner.replay.kernel_cases import FUNCTION, SERVICE_S, STEADY, poisson_s

CLASSES = ("strict", "relaxed")
STRICT, RELAXED = 0, 1


def supply(relaxed_s: float = 1.0, batch: int = 1) -> Supply:
    """Calls of 0.1 s for requests that allow 0.25 s, and for others that allow more; a function for both."""
    served = tuple(
        ServedClass(name, d, 0.98, "t", 0.5) for name, d in zip(CLASSES, (0.25, relaxed_s), strict=True)
    )
    pool = Pool("pool", "m", "x", dict.fromkeys(CLASSES, STEADY), batch, 0.0, 1, 1.0, None, 1.0)
    return Supply(served, (pool,), (), (replace(FUNCTION, classes=CLASSES),), (), 1000, np.inf)


def routes(*, by_deadline: bool, overflow: str | None = None) -> dict[str, Routes]:
    weights = np.array([[1.0, 0.0]])
    return {name: Routes(np.array([1.0]), weights, overflow, by_deadline=by_deadline) for name in CLASSES}


def kernel(one: Supply, machines: int, *, by_deadline: bool = True, overflow: str | None = None) -> Kernel:
    found = Kernel(one, (0.0, 1e9), seed=1)
    for _ in range(machines):
        found.machine_joins("pool", -1.0)
    found.set_routes(routes(by_deadline=by_deadline, overflow=overflow), 0.0)
    return found


def latencies_s(found: Kernel) -> list[float]:
    return found.tally.latency_sum_s[:, 0].tolist()


@pytest.mark.parametrize(("by_deadline", "strict_s", "relaxed_s"), [(True, 0.18, 0.29), (False, 0.28, 0.19)])
def test_who_has_time_stands_aside(by_deadline: bool, strict_s: float, relaxed_s: float) -> None:
    """Busy until 0.1 s; a relaxed request of 0.01 s lets a strict one of 0.02 s go first."""
    found = kernel(supply(), 1, by_deadline=by_deadline)
    found.advance([0.0, 0.01, 0.02], [STRICT, RELAXED, STRICT], 1.0)
    assert latencies_s(found) == pytest.approx([0.1 + strict_s, relaxed_s])


def test_who_stands_aside_is_served_where_nobody_waits() -> None:
    found = kernel(supply(), 1)
    found.advance([0.0, 0.01, 0.30], [STRICT, RELAXED, STRICT], 1.0)
    assert latencies_s(found) == pytest.approx([0.2, 0.19])


def test_who_stood_aside_takes_a_place_when_both_have_the_same_time_left() -> None:
    """Strict requests every 0.1 s keep the machine busy; a relaxed one of 0.05 s may stand aside for 0.3 s, until 0.35 s.

    Then it is before the strict one of 0.4 s, not before that of 0.3 s, which waits until 0.4 s.
    """
    found = kernel(supply(relaxed_s=0.55), 1)
    found.advance([0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4], [STRICT, STRICT, RELAXED, *[STRICT] * 4], 2.0)
    assert found.tally.latency_sum_s[RELAXED, 0] == pytest.approx(0.5 + 0.1 - 0.05)
    assert found.tally.in_time[RELAXED, 0, 0] == 1


def test_what_is_late_when_its_turn_comes_goes_to_the_function() -> None:
    """The relaxed one of 0.05 s stands aside until 0.1 s; then the machine is busy until 0.3 s, and it may last until 0.35 s.

    It is looked at when the strict one of 0.16 s comes. The function takes 0.1 s, and 0.5 s more since it is cold.
    """
    found = kernel(supply(relaxed_s=0.30), 1, overflow="function")
    found.advance([0.0, 0.01, 0.05, 0.06, 0.16], [STRICT, STRICT, RELAXED, STRICT, STRICT], 2.0)
    assert found.tally.overflowed[:, 0].tolist() == [0.0, 1.0]
    assert found.tally.served[RELAXED, 1, 0] == 1
    assert found.tally.latency_sum_s[RELAXED, 0] == pytest.approx(0.16 - 0.05 + 0.6)


def test_requests_that_stand_aside_are_waiting_and_refused_at_the_end() -> None:
    found = kernel(supply(), 1)
    found.advance([0.0, 0.01, 0.02], [STRICT, RELAXED, RELAXED], 0.05)
    assert found.observe(0.05).waiting.tolist() == [2]
    found.finish(0.05)
    assert found.tally.refused[RELAXED, 0] == 2


def test_patience_leaves_the_shortest_deadline_or_the_time_of_a_call() -> None:
    one = supply()
    assert patience_s(one, routes(by_deadline=True)).tolist() == [[0.0], [0.75]]
    assert patience_s(one, routes(by_deadline=False)).tolist() == [[0.0], [0.0]]
    slow = replace(one, functions=(replace(one.functions[0], law=replace(STEADY, foreseen_s=0.4)),))
    assert patience_s(slow, routes(by_deadline=True, overflow="function")).tolist() == [[0.0], [0.6]]
    alone = {"relaxed": routes(by_deadline=True)["relaxed"]}
    assert patience_s(one, alone).tolist() == [[0.0], [0.0]]
    assert patience_s(supply(batch=4), routes(by_deadline=True)).tolist() == [[0.0], [0.0]]
    endless = supply(relaxed_s=np.inf)
    assert patience_s(endless, routes(by_deadline=True)).tolist() == [[0.0], [np.inf]]


@pytest.mark.parametrize("load", [0.8, 0.9, 0.95])
def test_the_strict_gain_more_than_the_relaxed_lose(load: float) -> None:
    """Five machines, half of the requests strict: in the order of arrival many strict ones are late at these loads."""
    times_s = poisson_s(load * 5 / SERVICE_S, 50_000)
    kinds = np.random.default_rng(3).integers(0, 2, len(times_s))
    met = []
    for by_deadline in (False, True):
        found = kernel(supply(), 5, by_deadline=by_deadline)
        found.advance(times_s, kinds, times_s[-1] + 1e3)
        assert found.tally.served.sum() == len(times_s)
        met.append(found.tally.in_time[:, 0, 0] / np.bincount(kinds))
    assert 1 - met[1][STRICT] < (1 - met[0][STRICT]) / 4
    assert met[1].min() > met[0].min()
    assert met[1].sum() > met[0].sum()
