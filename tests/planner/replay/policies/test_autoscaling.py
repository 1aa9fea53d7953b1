"""Paragon and the schemes that it compares itself with: their machines and routes, reckoned by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.errors import InputError
from planner.replay.laws import law_of
from planner.replay.policies.autoscaling import (
    Autoscaler,
    follow_rate,
    follow_utilisation,
    foresee_rate,
    mixed,
    rate_seen,
    services_on,
    shared_by,
    strict_classes,
)
from planner.replay.policies.offers import offers_of
from tests.planner.replay.policies.scaling_case import (
    FUNCTION,
    KNOWN_RPS,
    PLACE,
    SERVICE,
    SUPPLY,
    minutes,
    seen,
)

APART = [("quick",), ("slow",)]
TOGETHER = [("quick", "slow")]


def test_every_class_has_the_cheapest_machines_and_pools_of_its_own() -> None:
    """Per request fast costs .036, big .04, lean, for slow requests alone, .018."""
    supply, services = services_on(SUPPLY, APART, "on-demand", KNOWN_RPS, {}, "reactive")
    assert [one.offer.place for one in services] == [PLACE, ("slow: lean", "c5/on-demand")]
    assert [(one.rows, one.known_rps) for one in services] == [((0,), 30.0), ((1,), 10.0)]
    assert [(one.name, one.classes) for one in supply.pools] == [
        ("quick: fast", ("quick",)),
        ("slow: lean", ("slow",)),
    ]
    assert [one.id for one in supply.rentals] == ["c5/on-demand"]
    assert supply.functions == supply.spot_pools == ()


def test_a_machine_carries_more_of_the_class_whose_calls_are_shorter() -> None:
    """Rated at 10 req/s of calls of 50 ms; of calls of 25 ms it carries 20, of both 3 to 1 16: 3/4/20 + 1/4/10 = 1/16."""
    both = replace(SUPPLY.pools[0], laws={"quick": law_of(0.025, (), 0.025), "slow": law_of(0.05, (), 0.05)})
    offers = offers_of(replace(SUPPLY, pools=(both,)), "on-demand")
    assert mixed(offers["quick"] + offers["slow"], [0.75, 0.25]).rated_rps == pytest.approx(16.0)
    assert {name: one.rated_rps for name, (one,) in offers.items()} == pytest.approx(
        {"quick": 20.0, "slow": 10.0}
    )


def test_a_class_without_machines_is_told() -> None:
    without = replace(SUPPLY, pools=SUPPLY.pools[1:2])
    with pytest.raises(InputError, match="reactive: no on-demand machine may serve class quick"):
        services_on(without, APART, "on-demand", KNOWN_RPS, {}, "reactive")


def test_the_load_of_the_last_minute() -> None:
    """Before a minute was seen, what was known before the start."""
    arrived = minutes(12.0, 25.0)
    assert rate_seen(seen(59.0, arrived), (0,), 60.0, 30.0) == 30.0
    assert rate_seen(seen(90.0, arrived), (0,), 60.0, 30.0) == pytest.approx(18.5)
    assert rate_seen(seen(120.0, arrived), (0, 1), 60.0, 30.0) == 25.0
    assert rate_seen(seen(120.0, arrived), (0,), 60.0, 30.0, ago_s=60.0) == 12.0


def test_reactive_has_as_many_machines_as_carried_the_last_minute() -> None:
    assert follow_rate(seen(0.0), SERVICE) == 3
    assert follow_rate(seen(60.0, minutes(25.0)), SERVICE) == 3
    assert follow_rate(seen(60.0, minutes(31.0)), SERVICE) == 4


@pytest.mark.parametrize(("ready", "busy", "wanted"), [(4, 0.9, 5), (4, 0.8, 4), (4, 0.3, 2), (0, 0.0, 4)])
def test_util_aware_brings_machines_at_work_to_four_fifths(ready: int, busy: float, wanted: int) -> None:
    """4 x .9 / .8 = 4.5; none at work: 30 req/s known, 8 a machine."""
    assert follow_utilisation(seen(300.0, ready=ready, busy=busy), SERVICE) == wanted


def test_exascale_has_half_as_much_again_as_the_trend_leads_to() -> None:
    """From 14 to 20 req/s in a minute, and two minutes from launch to serving: 32, times 1.5; a falling load stays as it is."""
    assert foresee_rate(seen(120.0, minutes(14.0, 20.0)), SERVICE) == 5
    assert foresee_rate(seen(120.0, minutes(26.0, 20.0)), SERVICE) == 3
    assert foresee_rate(seen(0.0), SERVICE) == 5


def counts(scheme: Autoscaler, *rates_rps: float) -> list[int]:
    """Machines of the quick class at every decision."""
    arrived = minutes(*rates_rps)
    times_s = scheme.decision_times_s(60.0 * len(rates_rps))
    return [scheme.decide(seen(float(now_s), arrived)).machines[PLACE] for now_s in times_s]


def test_machines_stay_for_five_minutes() -> None:
    """Launched two minutes before the start; up at once, down when five decisions have not needed them."""
    supply, services = services_on(SUPPLY, APART, "on-demand", KNOWN_RPS, {}, "reactive")
    scheme = Autoscaler("reactive", follow_rate, supply, services, {})
    np.testing.assert_array_equal(scheme.decision_times_s(180.0), [-120.0, 0.0, 60.0, 120.0])
    assert counts(scheme, 55.0, *[8.0] * 7) == [3, 3, 6, 6, 6, 6, 6, 1, 1]


def test_requests_wait_unless_a_function_takes_them() -> None:
    """Reactive requests wait; of the mixed scheme's those of classes with a function do not."""
    for functions, overflow in (({}, None), ({"quick": FUNCTION}, "lambda")):
        supply, services = services_on(SUPPLY, APART, "on-demand", KNOWN_RPS, functions, "mixed")
        decision = Autoscaler("mixed", follow_rate, supply, services, functions).decide(seen(0.0))
        assert decision.routes["quick"].overflow == overflow
        assert decision.routes["slow"].overflow is None
        row = decision.routes["slow"].weights[0]
        assert [name for name, share in zip(supply.targets, row, strict=True) if share] == ["slow: lean"]


def test_paragon_serves_strict_and_relaxed_requests_on_the_same_machines() -> None:
    """30 + 10 req/s on machines of 10 that both may use; the function is there for the quick ones."""
    functions = {"quick": FUNCTION}
    supply, services = services_on(SUPPLY, TOGETHER, "on-demand", KNOWN_RPS, functions, "paragon")
    decision = Autoscaler("paragon", follow_rate, supply, services, functions).decide(seen(0.0))
    assert decision.machines == {("quick+slow: fast", "c5/on-demand"): 4}
    assert supply.pools[0].classes == ("quick", "slow")
    assert [decision.routes[name].overflow for name in ("quick", "slow")] == ["lambda", None]
    np.testing.assert_array_equal(decision.routes["slow"].weights, [[1.0, 0.0]])


def test_classes_of_one_kind_share_where_a_machine_may_serve_them_all() -> None:
    alike = dict.fromkeys(KNOWN_RPS, "cnn")
    assert shared_by(SUPPLY, alike, "on-demand") == TOGETHER
    assert shared_by(SUPPLY, {"quick": "cnn", "slow": "text"}, "on-demand") == APART
    quick_alone = replace(SUPPLY.pools[0], laws={"quick": SUPPLY.pools[0].laws["quick"]})
    assert shared_by(replace(SUPPLY, pools=(quick_alone, SUPPLY.pools[1])), alike, "on-demand") == APART


def test_strict_requests_are_those_with_the_least_deadline_of_their_kind() -> None:
    assert strict_classes(SUPPLY, dict.fromkeys(KNOWN_RPS, "cnn")) == {"quick"}
    assert strict_classes(SUPPLY, {"quick": "cnn", "slow": "text"}) == {"quick", "slow"}
