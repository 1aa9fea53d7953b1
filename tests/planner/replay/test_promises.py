"""Promised against happened, by hand: every section of `plan_replay_case`, and that no number of a window is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from planner.plan import ProvisioningPlan
from planner.replay.promise import Promise
from planner.replay.promises import promises_of
from tests.planner.plan_case import FUNCTION, FUNCTION_USD, GROUP, plan_data
from tests.planner.replay.plan_numbers import PROMISED, SETTINGS, numbers_of
from tests.planner.replay.plan_replay_case import make_replay

nan = float("nan")


def found(section: str, figure: str, subject: str = "", **changed: Any) -> Promise:
    """One promise of the case."""
    (one,) = (
        promise
        for promise in promises_of(make_replay(**changed))
        if (promise.section, promise.figure, promise.subject) == (section, figure, subject)
    )
    return one


@pytest.mark.parametrize(
    ("section", "figure", "subject", "promised", "happened"),
    [
        ("cost", "machines_usd", "", [0.7, 1.2], [0.7, 1.1]),
        ("cost", "starts_usd", "", [0.02, 0.01], [0.03, 0.0]),
        ("cost", "functions_usd", "", [FUNCTION_USD] * 2, [0.04, 0.05]),
        ("cost", "total_usd", "", [0.72 + FUNCTION_USD, 1.21 + FUNCTION_USD], [0.77, 1.15]),
        ("class", "served_share", "strict", [1.0, 1.0], [1.0, 0.9]),
        ("class", "deadline_meet_rate", "strict", [0.99, 0.99], [1.0, 8 / 9]),
        ("class", "accuracy", "lax", [0.76, 0.76], [0.76, 0.76]),
        ("class", "effective_accuracy", "strict", [0.7524, 0.7524], [0.76, 0.76 * 0.8]),
        ("class", "percentile", "strict", [0.98, 0.98], [1.0, 8 / 9]),
        # a machine carries 12 requests/s inside the tier, 2 are at work, then 2.5; they answer 8.5, then 11 requests/s
        ("window", "capacity_rps", "", [24.0, 36.0], [24.0, 30.0]),
        ("window", "deadline_meet_rate", "", [0.99, 0.99], [1.0, 11 / 12]),
        ("window", "effective_accuracy", "", [0.7524, 0.7524], [0.76, 0.76 * 11 / 13]),
        ("window", "utilisation", "", [0.4, 0.4], [8.5 / 24, 11 / 30]),
        ("window", "overflow_share", "", [0.02, 0.02], [1 / 9.5, 1 / 13]),
        ("window", "unserved_share", "", [0.0, 0.0], [0.0, 1 / 13]),
        ("demand", "expected_demand_rps", "strict", [6.4, 6.4], [7.0, 10.0]),
        ("demand", "within_level_share", "strict at 0.8", [0.8, 0.8], [0.0, 0.0]),
        ("demand", "within_level_share", "strict at 0.99", [0.99, 0.99], [1.0, 0.0]),
        ("demand", "level_rps", "lax at 0.99", [3.0, 3.0], [2.5, 3.0]),
        ("machines", "machines", GROUP, [2.0, 3.0], [2.0, 2.5]),
        ("machines", "capacity_rps", GROUP, [24.0, 36.0], [24.0, 30.0]),
        ("machines", "utilisation", GROUP, [8.4 / 24, 8.4 / 36], [8.5 / 24, 11 / 30]),
        ("machines", "percentile", GROUP, [0.98, 0.98], [1.0, 10 / 11]),
        ("machines", "paid_machines", "c5.xlarge/spot", [1.0, 1.0], [1.05, 0.5]),
        ("machines", "launches", "c5.xlarge/on-demand", [2.0, 0.0], [2.0, 0.0]),
        ("functions", "deadline_meet_rate", f"lax on {FUNCTION}", [0.96, 0.96], [1.0, 1.0]),
        ("functions", "cold_start_share", FUNCTION, [0.001, 0.001], [0.01, 0.0]),
        ("functions", "mean_batch", FUNCTION, [1.0, 1.0], [1.0, 1.0]),
        # calls: 3,600 an hour, of them 36 cold and 2 s longer; each holds one function
        ("functions", "mean_ms", FUNCTION, [100.0, 100.0], [100.0, 120.0]),
        ("functions", "billed_ms", FUNCTION, [101.0, 101.0], [110.0, 130.0]),
        ("functions", "usd_per_request", FUNCTION, [1e-5, 1e-5], [0.04 / 3600, 0.05 / 3600]),
        ("functions", "concurrency_s", FUNCTION, [0.101, 0.101], [(360 + 72) / 3600, 0.12]),
        ("functions", "reserved_concurrency", FUNCTION, [8.0, 8.0], [3.0, 9.0]),
        ("functions", "usd_per_h", "", [0.0, 0.0], [0.0, 0.0]),
        ("losses", "spot_machines", "c5.xlarge", [1.0, 1.0], [1.05, 0.5]),
        ("losses", "spot_survival", "", [0.999, 0.999], [1.0, 0.0]),
        # strict at 7 of 6 and 8: the upper level's 8 in proportion; at 10 the plan promises the top level's
        ("routes", "served_rps", f"strict on {GROUP}", [7.0, 8.0], [7.0, 9.0]),
        # lax at 2.5 of 2 and 3: 2 and 1 of the upper level in proportion
        ("routes", "served_rps", f"lax on {GROUP}", [2 * 2.5 / 3, 2.0], [1.5, 2.0]),
        ("routes", "overflow_rps", f"lax on {FUNCTION}", [2.5 / 3, 1.0], [1.0, 1.0]),
        ("routes", "unserved_rps", "strict", [0.0, 0.0], [0.0, 1.0]),
    ],
)
def test_each_number_is_set_against_its_own_window(
    section: str, figure: str, subject: str, promised: list[float], happened: list[float]
) -> None:
    one = found(section, figure, subject)
    np.testing.assert_allclose(one.promised, promised)
    np.testing.assert_allclose(one.happened, happened)


def test_every_number_of_the_plan_model_is_a_promise_or_a_setting() -> None:
    """A number that is new in the model must be put on one of the two lists."""
    assert not PROMISED.keys() & SETTINGS.keys()
    assert numbers_of() == PROMISED.keys() | SETTINGS.keys()


def test_a_new_number_of_the_model_would_be_noticed() -> None:
    """The walk reaches numbers in parts of parts, in tables of rows, and where they may be null; flags are no numbers."""

    class Part(BaseModel):
        rows: dict[str, tuple[float, ...]]
        flag: bool

    class Whole(BaseModel):
        name: str
        count: int | None
        parts: dict[str, tuple[Part, ...]] | None

    assert numbers_of((Whole,)) == {"Whole.count", "Part.rows"}


def test_windows_within_the_top_level_are_told_apart() -> None:
    done = make_replay()
    assert done.within.tolist() == [True, False]
    one = found("class", "deadline_meet_rate", "strict")
    promised, happened = one.total()
    assert promised == pytest.approx(0.99)
    assert happened == pytest.approx(15 / 16)  # 7 + 8 of 7 + 9 answered
    assert one.total(done.within) == pytest.approx((0.99, 1.0))
    assert found("cost", "total_usd").total()[1] == pytest.approx(1.92)


def test_only_what_is_known_on_both_sides_is_summed_up() -> None:
    weights = np.array([1.0, 3.0, 5.0, 0.0])
    one = Promise("class", "x", "", np.array([0.5, 0.9, nan, 0.1]), np.array([0.7, 0.5, 0.2, 0.1]), weights)
    assert one.total() == pytest.approx((0.8, 0.55))
    nothing = np.isnan(one.total(np.array([False, False, True, True])))
    assert nothing.all()


def test_losses_count_over_the_exposure_time() -> None:
    """A loss in the second hour breaks what was promised for two hours from the first one's start."""
    data = plan_data()
    guard = {"spare_rps": 4.0, "lost_rps": {}, "violation_share": 0.01, "normal_violation_share": 0.02}
    data["problem"]["spot"] |= {
        "exposure_s": 5400.0,
        "guards": [{"name": "image/tier", "classes": ["strict"]}, {"name": "image/lax", "classes": ["lax"]}],
    }
    for window in data["windows"]:
        window["spot_risk"] = {
            "pools": {},
            "standby": {},
            "guards": {"image/tier": guard, "image/lax": guard},
        }
    plan = ProvisioningPlan.model_validate(data)
    assert found("losses", "spot_survival", plan=plan).happened.tolist() == [0.0, 0.0]
    short = found("losses", "violation_share", "image/tier", plan=plan)
    assert short.promised.tolist() == [0.01, 0.01]
    assert short.happened.tolist() == [1.0, 1.0]
    assert found("losses", "violation_share", "image/lax", plan=plan).happened.tolist() == [0.0, 0.0]


def guarded_plan() -> ProvisioningPlan:
    """Without the spot machine 1 and 2 machines are left, which carry 12 and 24 of 24 and 36 requests/s."""
    data = plan_data()
    data["problem"]["spot"] |= {"guards": [{"name": "image/tier", "classes": ["strict", "lax"]}]}
    for count, window in enumerate(data["windows"], start=1):
        risk = {"spare_rps": 12.0 * count + 1, "lost_rps": {"c5.xlarge": 12.0}}
        risk |= {"violation_share": 0.01, "normal_violation_share": 0.02}
        left = {GROUP: {"count": count, "capacity_rps": 12.0 * count}}
        window["spot_risk"] = {
            "pools": {"c5.xlarge": {"machines": 1, "left": left}},
            "standby": {},
            "guards": {"image/tier": risk},
        }
    return ProvisioningPlan.model_validate(data)


@pytest.mark.parametrize(
    ("figure", "subject", "promised", "happened"),
    [
        ("machines_left", f"{GROUP} without c5.xlarge", [1.0, 2.0], [nan, 2.0]),
        ("capacity_left_rps", f"{GROUP} without c5.xlarge", [12.0, 24.0], [nan, 24.0]),
        ("lost_rps", "image/tier with c5.xlarge", [12.0, 12.0], [nan, 12.0]),
        # at work, and 1 request/s on the function, less the demand
        ("spare_rps", "image/tier", [13.0, 25.0], [24 + 1 - 9.5, 30 + 1 - 13]),
        ("normal_violation_share", "image/tier", [0.02, 0.02], [0.0, 1.0]),
    ],
)
def test_what_a_loss_leaves_is_set_against_the_machines_at_its_notice(
    figure: str, subject: str, promised: list[float], happened: list[float]
) -> None:
    one = found("losses", figure, subject, plan=guarded_plan())
    np.testing.assert_allclose(one.promised, promised)
    np.testing.assert_allclose(one.happened, happened)


@pytest.mark.parametrize(("notice_s", "short"), [(3550.0, [1.0, 0.0]), (3400.0, [0.0, 0.0])])
def test_a_loss_is_judged_where_its_machines_go_and_counts_where_it_is_noticed(
    notice_s: float, short: list[float]
) -> None:
    """Only the second window misses a percentile; a boot of 180 s from 3,400 s on ends before it, one from 3,550 s within."""
    done = make_replay(guarded_plan())
    (notice,) = done.replayed.notices
    early = replace(done, replayed=replace(done.replayed, notices=(replace(notice, at_s=notice_s),)))
    (one,) = (each for each in promises_of(early) if each.figure == "violation_share")
    assert one.happened.tolist() == short
    (survival,) = (each for each in promises_of(early) if each.figure == "spot_survival")
    assert survival.happened.tolist() == [0.0, 1.0]


def test_a_class_that_sends_nothing_is_no_breach() -> None:
    """Shares of no requests are not known, and do not count in any mean."""
    done = make_replay()
    for counts in (done.replayed.arrived, done.replayed.served, done.replayed.in_time):
        counts[1] = 0.0
    (one,) = (
        promise
        for promise in promises_of(done)
        if (promise.section, promise.figure, promise.subject) == ("class", "percentile", "lax")
    )
    assert np.isnan(one.happened).all()
    assert np.isnan(one.total()).all()
