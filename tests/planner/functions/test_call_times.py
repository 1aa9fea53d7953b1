"""Times of calls by memory and batch: between measured batches, never faster for a larger one, and never beyond them."""

from __future__ import annotations

import numpy as np
import pytest

from planner.functions.call_times import NEVER_S, call_times
from tests.planner.functions.buffer_cases import batches
from tests.planner.small_catalogs import function_time


def test_times_between_measured_batches_are_linear_and_never_fall() -> None:
    """100, 200 and 180 ms at 1, 3 and 5 requests: the running maximum is 100, 150, 200, 200, 200."""
    points = [function_time(batch=batch, mean_ms=ms) for batch, ms in ((5, 180.0), (1, 100.0), (3, 200.0))]
    found = call_times(points, 8)
    assert found.mean_s.tolist() == [pytest.approx([0.1, 0.15, 0.2, 0.2, 0.2])]
    assert found.batch_most.tolist() == [5]
    assert found.obtained == "derived"


def test_a_batch_below_the_smallest_measured_takes_as_long() -> None:
    assert call_times([function_time(batch=4, mean_ms=80.0)], 8).mean_s.tolist() == [[0.08] * 4]


def test_percentiles_are_those_that_every_batch_tells() -> None:
    """Of 20 calls at eight requests nothing is known above .95; of 100 single ones .99 is 120 ms."""
    points = [function_time(), function_time(batch=2, mean_ms=200.0, samples=20)]
    found = call_times(points, 2)
    assert found.shares.tolist() == [0.95, 0.99]
    assert found.share_s[0].tolist() == [pytest.approx([0.11, 0.22])]
    assert found.share_s[1].tolist() == [[NEVER_S, NEVER_S]]
    assert [share for share, _ in found.steps] == [0.95]
    assert found.quantiles_ms(0, 2) == ((0.95, pytest.approx(220.0)),)


def test_one_figure_for_each_of_several_batches_is_taken_as_exact_and_says_so() -> None:
    found = call_times(batches(), 1)
    ((share, time_s),) = found.steps
    assert (share, time_s.tolist()) == (1.0, [[0.1]])
    assert found.source == "calls; every call is taken to last this long"


def test_one_figure_of_one_batch_tells_no_percentile() -> None:
    assert call_times([function_time(quantiles=(), samples=None)], 1).steps == []


def test_memory_sizes_keep_their_own_batches_and_loads() -> None:
    points = [
        function_time(memory_mb=1024, load_ms=None),
        function_time(memory_mb=2048, batch=8, mean_ms=300.0),
        function_time(memory_mb=2048, mean_ms=50.0),
    ]
    found = call_times(points, 8)
    assert found.batch_most.tolist() == [1, 8]
    assert np.isnan(found.load_s[0])
    assert found.load_s[1] == 2.0
    assert found.taking(np.array([1])).memory_mb.tolist() == [2048]
