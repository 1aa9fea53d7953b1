"""Shares of cold calls by hand: calls that come and go, and calls beyond what is kept ready."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np
import pytest

from planner.functions.arrivals import BufferArrivals
from planner.functions.candidates import idle_candidates, ready_candidates
from planner.functions.cold_starts import idle_cold_share, spilled_share
from planner.tiers import Tier
from tests.planner.functions.buffer_cases import PROVISIONED, rated
from tests.solvers.batching.events import batched

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLOSE = 1e-9


def test_the_spill_is_erlang_s_loss() -> None:
    """One call running on average: 1 ready loses (1)/(1 + 1); 2 lose (1/2)/(1 + 1 + 1/2); 3 (1/6)/(1 + 1 + 1/2 + 1/6)."""
    found = spilled_share([1, 2, 3], [[10.0]], 0.1, [[1.0]])
    assert found == pytest.approx([1 / 2, 1 / 5, 1 / 16], abs=CLOSE)


def test_calls_spill_phase_by_phase() -> None:
    """Two ready: a quarter of the calls come at 20/s, 2 / (1 + 2 + 2) of them spill; the others at 10/s, 1 in 5."""
    assert float(spilled_share(2, [20.0, 10.0], 0.1, [0.25, 0.75])) == pytest.approx(0.25 * 0.4 + 0.75 * 0.2)
    assert float(spilled_share(2, [0.0, 10.0], 0.1, [0.0, 1.0])) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("index", "window_s", "batch", "timeout_s", "call_s", "ready"),
    [
        (1.0, 1.0, 1, 0.0, 0.3, 10),
        (10.0, 1.0, 1, 0.0, 0.3, 17),
        (20.0, 0.2, 4, 0.5, 0.5, 22),
        (10.0, 0.2, 8, 0.8, 1.0, 4),
        (3.0, 1.0, 4, 0.1, 0.4, 6),
    ],
)
def test_no_more_calls_spill_in_a_simulation(
    index: float, window_s: float, batch: int, timeout_s: float, call_s: float, ready: int
) -> None:
    """Requests gather, calls hold a ready function or spill: at most the share said, but for a tenth of sampling error."""
    arrivals = BufferArrivals("load", index, window_s)
    process = arrivals.at(20.0)
    times = np.cumsum(process.sample_gaps_s(np.random.default_rng(5), 60_000))
    gathered = batched(times, batch, timeout_s)
    first = np.cumsum(gathered.sizes) - gathered.sizes
    (buffers,) = rated([20.0], [batch], [timeout_s], arrivals)
    said = spilled_share(ready, buffers.calls_by_phase[0], call_s, buffers.calls_by_phase[1]).item()
    assert 0 < spilled_of(times[first] + gathered.wait_s[first], call_s, ready) <= 1.1 * said


def spilled_of(calls_s: NDArray[np.float64], call_s: float, ready: int) -> float:
    """Share of the calls at these times that find so many functions busy."""
    free_s, spilled = [0.0] * ready, 0
    for now in calls_s.tolist():
        if free_s[0] > now:
            spilled += 1
        else:
            heapq.heapreplace(free_s, now + call_s)
    return spilled / len(calls_s)


def test_calls_that_come_and_go_are_cold_as_overflow_is() -> None:
    """A batch a second of 0.25 s: 3.5 (e^-600 + (1 + .45 sqrt .25)/600)."""
    assert float(idle_cold_share(1.0, 0.25, 600.0)) == pytest.approx(3.5 * 1.225 / 600)
    assert float(idle_cold_share(0.0, 0.25, 600.0)) == 1.0


def test_batches_are_called_less_often_and_start_cold_more_often() -> None:
    """At 40 requests/s batches of eight gather within 1 s always: 5 calls/s of 0.3 s in place of 40 of 0.1 s."""
    (single,) = rated([40.0], [1], [0.0])
    (eight,) = rated([40.0], [8], [1.0])
    assert single.idle_cold_share.item() == pytest.approx(float(idle_cold_share(40.0, 0.1, 600.0)))
    assert eight.idle_cold_share.item() == pytest.approx(float(idle_cold_share(5.0, 0.3, 600.0)), rel=1e-6)


def test_functions_kept_ready_are_tried_until_few_enough_calls_spill() -> None:
    """10 single requests/s of 0.1 s, 90 % in time, spilled calls late: the third one ready is the first that will do (1/16)."""
    buffers = rated([10.0], [1], [0.0])
    price = PROVISIONED["usd_per_gb_s_on_provisioned"]
    found = ready_candidates(
        buffers, Tier(200.0, 0.9), np.ones((1, 1, 1), dtype=bool), price, np.array([0.03]), 1000
    )
    assert found.point[:, 3].tolist() == [3, 4, 5, 6]
    assert found.usd_per_h == pytest.approx([0.09, 0.12, 0.15, 0.18])
    spill = 1 / 16
    warm, cold = 0.2e-6 + 2 * 0.1 * price, 0.2e-6 + 2 * 2.1 * 0.0000166667
    assert found.usd_per_request[0] == pytest.approx((1 - spill) * warm + spill * cold)
    assert found.concurrency_s[0] == pytest.approx(0.1 + spill * 2.0)


def test_nothing_kept_ready_needs_warm_calls_enough() -> None:
    """At 10 requests/s 3.5 x 1.45 / 6,000 of the calls are cold and late."""
    buffers, everywhere = rated([10.0], [1], [0.0]), np.ones((1, 1, 1), dtype=bool)
    cold = 3.5 * 1.45 / 6000
    assert len(idle_candidates(buffers, Tier(200.0, 1 - 1.01 * cold), everywhere).point) == 1
    assert len(idle_candidates(buffers, Tier(200.0, 1 - 0.99 * cold), everywhere).point) == 0
    assert len(idle_candidates(buffers, Tier(2200.0, 0.999999), everywhere).point) == 1
