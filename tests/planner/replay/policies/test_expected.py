"""What a policy may reckon with: histories that grow by what was seen, forecasts from them, and rates that will be."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from planner.errors import InputError
from planner.replay.policies.expected import Forecasts, Realised, grown, one_level, stretch
from tests.planner.replay.policies.rolling_case import Case, case, seen_at
from tests.planner.small_catalogs import request_class, scenario
from workloads.traces import Trace

START = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def small() -> Case:
    return case()


def history(*counts: float) -> Trace:
    """Minutes that end at the start."""
    begun = datetime(2026, 11, 22, 23, 60 - len(counts), tzinfo=UTC)
    return Trace(name="load", start=begun, interval_s=60.0, counts=np.array(counts))


def test_a_history_grows_by_whole_intervals() -> None:
    """Bins of 20 s: five of them are one minute and a part that waits."""
    longer = grown(history(6.0, 9.0), np.array([1.0, 2.0, 3.0, 40.0, 50.0]), 20.0, START)
    np.testing.assert_array_equal(longer.counts, [6.0, 9.0, 6.0])


def test_bins_longer_than_intervals_are_taken_evenly() -> None:
    longer = grown(history(6.0), np.array([30.0]), 300.0, START)
    np.testing.assert_allclose(longer.counts, [6.0, 6.0, 6.0, 6.0, 6.0, 6.0])


def test_what_nobody_saw_before_the_start_is_not_known() -> None:
    """A history that ends two minutes early, and one whose next interval began before the replay."""
    early = Trace(
        name="load",
        start=datetime(2026, 11, 22, 23, 57, tzinfo=UTC),
        interval_s=60.0,
        counts=np.array([5.0]),
    )
    np.testing.assert_array_equal(
        grown(early, np.array([7.0]), 60.0, START).counts, [5.0, np.nan, np.nan, 7.0]
    )
    askew = Trace(
        name="load",
        start=datetime(2026, 11, 22, 23, 58, 30, tzinfo=UTC),
        interval_s=60.0,
        counts=np.array([5.0]),
    )
    np.testing.assert_array_equal(grown(askew, np.array([7.0, 8.0]), 60.0, START).counts, [5.0, np.nan, 7.5])


def test_nothing_seen_leaves_the_history() -> None:
    known = history(6.0, 9.0)
    assert grown(known, np.empty(0), 60.0, START) is known


def test_a_forecast_is_in_the_units_of_the_classes() -> None:
    """Half of the trace is planned, at three times its load: what arrives is divided by 1.5 before it joins the history."""
    asked = scenario(
        request_class("one", share=0.2),
        request_class("two", share=0.3),
        workload={
            "traces": {"load": {"file": __file__, "interval": "1min", "scale": 3}},
            "classes": [request_class("one", share=0.2), request_class("two", share=0.3)],
        },
    )
    minutes = np.full(2 * 1440, 600.0)
    begun = datetime(2026, 11, 21, tzinfo=UTC)
    known = {"load": Trace(name="load", start=begun, interval_s=60.0, counts=minutes)}
    forecasts = Forecasts(asked, known, {"one": 1.0, "two": 1.0}, ("one", "two"))
    arrived = np.repeat([[0.2 * 3 * 600.0], [0.3 * 3 * 600.0]], 60, axis=1)
    demand = forecasts.demand(seen_at(3_600.0, arrived, bin_s=60.0), 3_600.0, 2)
    np.testing.assert_allclose(demand.mean_rps, [[6.0, 6.0], [9.0, 9.0]], rtol=1e-6)
    np.testing.assert_allclose(demand.rate_rps[:, :, 0], [[6.0, 6.0], [9.0, 9.0]], rtol=1e-6)


def test_before_the_start_only_what_ended_by_then_is_known(small: Case) -> None:
    """Ten minutes early the last two intervals of five minutes have not happened yet."""
    longer = small.forecasts()
    longer.demand(seen_at(-600.0, small.realised()), 0.0, 1)
    said = longer.memories["load", 600.0].said
    assert said is not None
    assert said.origin_s[-1] == small.inputs.histories["load"].duration_s - 600.0


def test_a_history_that_teaches_nothing_is_told(small: Case) -> None:
    brief = {"load": small.inputs.histories["load"].between(START.replace(day=22, hour=23, minute=50), START)}
    forecasts = Forecasts(small.scenario, brief, small.context.dispersion_index, ("web",))
    with pytest.raises(InputError, match=r"too few outcomes|lasts"):
        forecasts.demand(seen_at(0.0, small.realised()), 0.0, 4)


def test_a_constant_trace_is_its_rate() -> None:
    asked = scenario(
        workload={
            "traces": {"load": {"generator": "constant", "rate_rps": 12.0}},
            "classes": [request_class(share=0.5)],
        }
    )
    known = {"load": history(1.0)}
    demand = Forecasts(asked, known, {"web": 1.0}, ("web",)).demand(seen_at(0.0, np.zeros((1, 0))), 0.0, 3)
    np.testing.assert_array_equal(demand.rate_rps, np.full((1, 3, 2), 6.0))


def test_realised_rates_are_the_only_level_and_go_on(small: Case) -> None:
    known = Realised(one_level(small.scenario), np.array([[1.0, 2.0, 3.0]]), np.ones(1))
    demand = known.demand(seen_at(0.0, small.realised()), 900.0, 4)
    np.testing.assert_array_equal(demand.rate_rps[0, :, 0], [2.0, 3.0, 3.0, 3.0])
    np.testing.assert_array_equal(demand.level_share, [1.0])
    assert one_level(small.scenario).spot_level == 0


def test_a_stretch_is_the_scenario_at_another_time(small: Case) -> None:
    later = stretch(small.scenario, 1_800.0, 3)
    assert (later.horizon.start - small.scenario.horizon.start).total_seconds() == 1_800.0
    assert later.windows == 3
