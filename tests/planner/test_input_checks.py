"""Histories that no forecast can start from are told when inputs are checked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from planner.errors import InputError
from planner.input_checks import history_of
from workloads.generators import generate_trace

if TYPE_CHECKING:
    from workloads.traces import Trace

START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def two_days(mean_rps: float = 5.0) -> Trace:
    return generate_trace(
        "poisson",
        name="web",
        seed=1,
        start=START,
        duration_s=2 * 86_400.0,
        interval_s=300.0,
        mean_rps=mean_rps,
    )


def test_the_future_is_cut_off() -> None:
    history = history_of(two_days(), START + DAY)
    assert history.end == START + DAY
    np.testing.assert_array_equal(history.counts, two_days().counts[: len(history.counts)])


def test_a_history_as_old_as_it_is_long_will_do() -> None:
    assert history_of(two_days(), START + 4 * DAY).end == START + 2 * DAY


@pytest.mark.parametrize(
    ("start", "fragment"),
    [
        (START, "begins at 2026-11-01T00:00:00Z, and horizon.start is 2026-11-01T00:00:00Z"),
        (START - DAY, "the history must come before the horizon"),
        (START + 4.5 * DAY, "2.5 days before horizon.start, 2026-11-05T12:00:00Z, and is only 2.0 days long"),
    ],
)
def test_a_history_out_of_reach_is_an_input_error(start: datetime, fragment: str) -> None:
    with pytest.raises(InputError) as caught:
        history_of(two_days(), start)
    assert caught.value.problems[0].startswith("workload.traces.web ")
    assert fragment in caught.value.problems[0]


def test_a_history_without_requests_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"holds no request before horizon\.start, 2026-11-02T00:00:00Z"):
        history_of(two_days(1e-12), START + DAY)
