"""The figures of a replay, against counts small enough to work out on paper."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.replay.laws import GRID, ServiceLaw
from planner.replay.results import Notice, Replayed
from planner.replay.summaries import PERCENTILES, quantiles, summary_of
from planner.replay.supply import CalledFunction, Pool, Rental, ServedClass, Supply

LAW = ServiceLaw(np.full(GRID + 1, 0.05), 0.05)
SUPPLY = Supply(
    classes=(ServedClass("strict", 0.2, 0.9, "web", 0.5), ServedClass("free", np.inf, 0.0, "web", 0.5)),
    pools=(Pool("p", "m", "c5", {"strict": LAW, "free": LAW}, 1, 0.0, 1, 5.0, 0.8, 20.0),),
    rentals=(),
    functions=(CalledFunction("f", "m2", LAW, ("strict",), 0.6, 1, 0.0, 1.0, 1, 0.0, 0.0, 0.0, 0.0, 0.001),),
)


def notice(at_s: float) -> Notice:
    """One of two machines is lost."""
    return Notice(at_s, "c5/a", {"p": 2}, {"p": 1})


@pytest.fixture
def replayed() -> Replayed:
    """Two windows: strict sends 100 and 50, free 100 and 0; in the second a spot loss costs strict 15 requests in time."""
    return Replayed(
        policy="fixed",
        seed=3,
        supply=SUPPLY,
        window_edge_s=np.array([0.0, 300.0, 600.0]),
        arrived=np.array([[100.0, 50.0], [100.0, 0.0]]),
        served=np.array([[[80.0, 40.0], [20.0, 5.0]], [[100.0, 0.0], [0.0, 0.0]]]),
        in_time=np.array([[[75.0, 30.0], [20.0, 5.0]], [[100.0, 0.0], [0.0, 0.0]]]),
        refused=np.array([[0.0, 5.0], [0.0, 0.0]]),
        overflowed=np.array([[20.0, 0.0], [0.0, 0.0]]),
        latency_edge_s=np.array([0.0, 0.1, 0.2, 0.4]),
        latency=np.array([[100.0, 30.0, 15.0], [0.0, 100.0, 0.0]]),
        latency_sum_s=np.array([[10.0, 4.5], [15.0, 0.0]]),
        ready_s=np.array([[600.0, 300.0]]),
        busy_s=np.array([[300.0, 150.0]]),
        machines_s=np.array([[600.0, 300.0], [0.0, 225.0]]),
        usd=np.array([[1.0, 1.0], [0.5, 0.0], [0.25, 0.0], [0.125, 0.125]]),
        starts=np.array([[2.0, 0.0], [0.0, 1.0]]),
        lost=np.array([[0.0, 1.0], [0.0, 0.0]]),
        notices=(notice(0.0), notice(300.0)),
        calls=np.array([[20.0, 5.0]]),
        cold_calls=np.array([[4.0, 1.0]]),
        calls_usd=np.array([[0.125, 0.125]]),
        warm_s=np.array([[2.0, 0.5]]),
        billed_s=np.array([[4.0, 1.0]]),
        most_calls=np.array([[3.0, 1.0]]),
        simulated_share=1.0,
    )


def test_shares_are_of_all_requests(replayed: Replayed) -> None:
    found = summary_of(replayed)
    assert found.requests.tolist() == [150.0, 100.0]
    assert found.deadline_meet_rate == pytest.approx(230 / 250)
    assert found.deadline_meet_rate_by_class == pytest.approx([130 / 150, 1.0])
    assert found.worst_deadline_meet_rate == pytest.approx(130 / 150)
    assert found.in_time_of_served_by_class == pytest.approx([130 / 145, 1.0])
    assert found.deadline_meet_rate_by_window == pytest.approx(
        np.array([[0.95, 0.7], [1.0, np.nan]]), nan_ok=True
    )
    assert found.served_share == pytest.approx(245 / 250)
    assert found.overflow_share == pytest.approx(20 / 250)
    assert found.functions_share == pytest.approx(25 / 250)
    assert found.mean_latency_s == pytest.approx([14.5 / 145, 0.15])


def test_accuracy_weighs_answers_and_effective_accuracy_all_requests(replayed: Replayed) -> None:
    found = summary_of(replayed)
    assert found.accuracy_by_class == pytest.approx([(120 * 0.8 + 25 * 0.6) / 145, 0.8])
    assert found.accuracy == pytest.approx((220 * 0.8 + 25 * 0.6) / 245)
    assert found.effective_accuracy_by_class == pytest.approx([(105 * 0.8 + 25 * 0.6) / 150, 0.8])
    assert found.effective_accuracy == pytest.approx((205 * 0.8 + 25 * 0.6) / 250)


def test_a_model_without_accuracy_leaves_the_mean_open_only_where_it_answers(replayed: Replayed) -> None:
    silent = replace(SUPPLY, functions=(replace(SUPPLY.functions[0], accuracy=None),))
    found = summary_of(replace(replayed, supply=silent))
    assert np.isnan(found.accuracy)
    assert np.isnan(found.accuracy_by_class[0])
    assert found.accuracy_by_class[1] == pytest.approx(0.8)


def test_machines_and_money(replayed: Replayed) -> None:
    found = summary_of(replayed)
    assert found.usd_by_part == {
        "machines_usd": 2.0,
        "starts_usd": 0.5,
        "loads_usd": 0.25,
        "functions_usd": 0.25,
    }
    assert found.total_usd == 3.0
    assert found.utilisation == pytest.approx(0.5)
    assert found.over_provisioning == pytest.approx(1125 / 450 - 1)
    assert (found.starts, found.lost, found.cold_share) == (3.0, 1.0, pytest.approx(0.2))


def test_an_interruption_is_survived_where_every_percentile_was_kept(replayed: Replayed) -> None:
    """95 % in the first window keeps the 90 % asked for, 70 % in the second does not."""
    found = summary_of(replayed)
    assert (found.interruptions, found.survived) == (2.0, 1.0)


def test_an_interruption_is_judged_until_its_machines_are_gone_and_others_can_have_booted(
    replayed: Replayed,
) -> None:
    """Notices of the first window, which kept all: machines of the second go at 301 s, in the window that did not."""
    early, late = (replace(replayed, notices=(notice(at_s),)) for at_s in (179.0, 181.0))
    assert (summary_of(early).survived, summary_of(late).survived) == (1.0, 0.0)
    slow = Rental("c5/spot", "c5", "spot", 0.1, 0.1, 180.0, 60.0, "c5/a")
    slowly = replace(early, supply=replace(SUPPLY, rentals=(slow,)))  # nothing stands in before 359 s
    assert summary_of(slowly).survived == 0.0


def test_quantiles_are_even_inside_a_bin(replayed: Replayed) -> None:
    assert PERCENTILES[:2] == (0.5, 0.9)
    strict, free = summary_of(replayed).latency_s
    assert strict[0] == pytest.approx(0.1 * 72.5 / 100)
    assert strict[1] == pytest.approx(0.2 + 0.2 * 0.5 / 15)
    assert free[:2] == pytest.approx([0.15, 0.19])
    empty = quantiles(np.array([0.0, 1.0]), np.zeros((1, 1)), [0.5])
    assert np.isnan(empty).all()


def test_a_quantile_skips_bins_without_requests() -> None:
    edges, counts = np.array([0.0, 1.0, 2.0, 3.0, 4.0]), np.array([[0.0, 10.0, 0.0, 10.0]])
    assert quantiles(edges, counts, [0.0, 0.25, 0.75, 1.0])[0] == pytest.approx([1.0, 1.5, 3.5, 4.0])


def test_figures_of_nothing_are_open(replayed: Replayed) -> None:
    def none(field: str) -> np.ndarray:
        return np.zeros_like(getattr(replayed, field))

    names = (
        "arrived",
        "served",
        "in_time",
        "refused",
        "overflowed",
        "latency",
        "busy_s",
        "ready_s",
        "machines_s",
    )
    found = summary_of(replace(replayed, **{name: none(name) for name in (*names, "calls", "cold_calls")}))
    for figure in (found.deadline_meet_rate, found.accuracy, found.utilisation, found.over_provisioning):
        assert np.isnan(figure)
    assert np.isnan(found.worst_deadline_meet_rate)
