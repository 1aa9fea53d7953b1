"""Pages of a trace: how many requests fall where, whatever the order they are asked for in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from planner.replay.pages import PagedTrace, switching
from planner.replay.requests import Requests
from planner.replay.supply import ServedClass
from workloads.rate_moments import mmpp_with
from workloads.traces import Trace

START = datetime(2026, 11, 23, tzinfo=UTC)
COUNTS = np.array([600.0, 0.0, 1200.0, 60.0, 300.0, 900.0, 30.0])  # of half an hour each: two to a page


def paged(*shares: float, index: float | None = None, seed: int = 7, lead_s: float = 0.0) -> PagedTrace:
    trace = Trace(
        name="web",
        start=START - timedelta(seconds=lead_s),
        interval_s=1800.0,
        counts=COUNTS,
        dispersion_index=index,
    )
    classes = [ServedClass(f"c{k}", 0.2, 0.9, "web", share) for k, share in enumerate(shares)]
    return PagedTrace(Requests({"web": trace}, START, 7 * 1800.0 - lead_s), "web", classes, seed)


@pytest.mark.parametrize("index", [None, 4.0])
def test_every_interval_has_its_own_count(index: float | None) -> None:
    trace = paged(1.0, index=index)
    for number in range(4):
        page = trace.page(number)
        into = ((page.edge_s[:-1] + 1e-6) // 1800.0).astype(int)
        for interval in range(2 * number, min(2 * number + 2, 7)):
            assert page.counts[into == interval].sum() == COUNTS[interval]
        assert np.all(np.diff(page.edge_s) <= 1.0 + 1e-9)
        assert page.edge_s[0] == 3600.0 * number
        assert page.before[-1] == page.counts.sum()


def test_classes_get_their_shares_and_the_rest_goes_nowhere() -> None:
    """Of 1,200 requests a quarter and a half: 300 and 600, within 4 standard deviations of 15 and 17."""
    counts = paged(0.25, 0.5).page(1).counts.sum(axis=0)
    assert counts.shape == (2,)
    assert abs(counts[0] - 0.25 * 1260) < 4 * np.sqrt(1260 * 0.25 * 0.75)
    assert abs(counts[1] - 0.5 * 1260) < 4 * np.sqrt(1260 * 0.25)


def test_a_page_is_the_same_however_it_is_reached() -> None:
    one, other = paged(1.0), paged(1.0)
    for number in (0, 1, 2, 3):
        one.page(number)
    assert np.array_equal(one.page(2).counts, other.page(2).counts)
    assert one.page(2).key == other.page(2).key
    assert not np.array_equal(paged(1.0, seed=8).page(2).counts, other.page(2).counts)


@pytest.mark.parametrize(
    ("from_s", "until_s", "pages"),
    [(0.0, 3600.0, [0]), (3599.0, 3601.0, [0, 1]), (-100.0, 1.0, [0]), (7200.0, 99_999.0, [2, 3])],
)
def test_pages_reach_into_a_stretch(from_s: float, until_s: float, pages: list[int]) -> None:
    assert list(paged(1.0).pages_between(from_s, until_s)) == pages


def test_a_rate_that_switches_has_the_mean_and_the_segments_asked_for() -> None:
    """An hour in seconds at 10 requests/s: no segment crosses a second, and the expected requests are near 36,000."""
    grid = np.arange(3601.0)
    edges, weights = switching(mmpp_with(10.0, 3.0, 0.2), grid, np.random.default_rng(1))
    assert np.isin(grid, edges).all()
    assert edges.size == weights.size + 1
    assert weights.sum() == pytest.approx(36_000, rel=0.05)
    rates = np.unique(np.round(weights / np.diff(edges), 6))
    assert rates.size == 2
