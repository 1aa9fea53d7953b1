"""Serving options: what profiles, prices and classes allow, and the reason of everything that is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from catalogs.machines import Rejection
from catalogs.measurements import FailedProfile, PublishedCapacity
from planner.calls import calls_for
from planner.errors import InputError
from planner.machines import quota_family
from planner.queueing import capacity_rps
from tests.planner.enumerated import reasons, table
from tests.planner.small_catalogs import (
    demand,
    offer,
    prices,
    profiles,
    request_class,
    scenario,
    time,
    variant,
)


def test_a_measured_call_becomes_a_group_on_every_market_of_its_machine() -> None:
    found = table()
    assert [group.id for group in found.groups] == ["good/c5.large/b1x1/d200p95"]
    assert [option.id for option in found.options] == [
        "good/c5.large/b1x1/d200p95@on-demand",
        "good/c5.large/b1x1/d200p95@spot",
    ]
    on_demand, spot = found.machines
    assert (on_demand.price_usd_per_h, spot.price_usd_per_h) == (0.1, pytest.approx(0.04))
    assert (found.groups[0].source, found.groups[0].obtained) == ("bench", "measured")


def test_the_table_of_a_group_ends_where_it_carries_all_its_classes_together() -> None:
    """Two classes of 40 req/s at the top level: the last size is the first to carry 80."""
    question = scenario(request_class("a"), request_class("b", deadline_ms=300.0))
    found = table(question)
    group = next(one for one in found.groups if one.classes == ("a", "b"))
    assert group.service is not None
    assert np.array_equal(
        group.capacity_rps, capacity_rps(group.service, np.arange(group.count_max + 1), 0.2, 0.95)
    )
    assert group.capacity_rps[-2] < 80 <= group.capacity_rps[-1]


def test_service_is_the_mean_for_utilisation_and_the_tiers_quantile_for_the_budget() -> None:
    (group,) = table().groups
    assert group.service is not None
    assert (group.service.mean_s, group.service.quantile_s) == (0.05, pytest.approx(0.055))


def test_bursts_of_the_classes_shrink_the_capacity() -> None:
    question = scenario()
    (calm,) = table(question).groups
    (bursty,) = table(question, demand=demand(question, dispersion_index=3.0)).groups
    assert bursty.dispersion_index == 3.0
    assert bursty.capacity_rps[1] < calm.capacity_rps[1]


def test_incomparable_classes_bring_a_group_for_their_meet() -> None:
    question = scenario(
        request_class("fast", deadline_ms=100.0, percentile=0.95),
        request_class("sure", deadline_ms=400.0, percentile=0.99),
    )
    found = {group.tier.label: group for group in table(question).groups}
    assert found["d100p99"].classes == ("fast", "sure")
    assert {"d100p95", "d100p99", "d400p99"} == set(found)


def test_a_group_serves_a_class_its_tier_does_not_cover_where_its_table_shows_it() -> None:
    """At its capacity for 95 % in 60 ms a group of 50 ms calls answers 99 % in 1 s at every size; not the other way round."""
    steady = time(quantiles=((0.95, 50.0), (0.99, 50.0)))
    question = scenario(
        request_class("fast", deadline_ms=60.0), request_class("sure", deadline_ms=1000.0, percentile=0.99)
    )
    found = {group.tier.label: group for group in table(question, profiles=profiles(steady)).groups}
    assert found["d60p95"].classes == ("fast", "sure")
    assert found["d1000p99"].classes == ("sure",)


@pytest.mark.parametrize(
    ("change", "kind", "fragment"),
    [
        ({"quantiles": ()}, "percentile", "one figure"),
        ({"quantiles": ((0.5, 50.0),)}, "percentile", "highest known quantile is 0.5"),
        ({"samples": 10}, "percentile", "10 samples tell quantiles up to 0.9"),
        ({"mean_ms": 190.0}, "deadline", "take up to 209 ms"),
        ({"mean_ms": 100.0, "batch": 4}, "deadline", "2 S_b <= D"),
    ],
)
def test_a_call_that_cannot_keep_the_tier_says_why(change: dict[str, Any], kind: str, fragment: str) -> None:
    found = table(profiles=profiles(time(**change)))
    assert not found.groups
    (reason,) = (one for one in found.rejected if one.option.startswith("good/c5.large"))
    assert (reason.kind, fragment in reason.reason) == (kind, True), reason


@pytest.mark.parametrize(
    ("resources", "catalog", "kind"),
    [
        ({"excluded": ["c5.*"]}, prices(), "excluded"),
        ({"allowed": ["m5.*"]}, prices(), "excluded"),
        ({"max_price_age_days": 30}, prices(), "old price"),
        ({}, prices(offer("m5.xlarge", 0.3)), "no price"),
        (
            {},
            prices(offer("m5.xlarge", 0.3), rejected=(Rejection("c5.large", "a price and no shape"),)),
            "no shape",
        ),
        ({}, prices(offer("c5.large", 0.1, memory_mib=400)), "memory"),
        ({"capacity": "linear"}, prices(), "capacity mode"),
    ],
)
def test_a_machine_that_is_left_out_says_why(resources: dict[str, Any], catalog: Any, kind: str) -> None:
    found = table(scenario(resources=resources), prices=catalog)
    assert not found.groups
    assert reasons(found)["good/c5.large"] == kind


def test_variants_that_no_class_accepts_are_rejected_once_each() -> None:
    known = (
        variant("good"),
        variant("poor", 0.60),
        variant("unknown", None),
        variant("other", task="translation"),
        variant("left-out"),
    )
    times = [time(name) for name in ("good", "poor", "unknown", "other", "left-out", "stranger")]
    question = scenario(
        request_class(min_accuracy=0.7), models={"allowed": ["good", "poor", "unknown", "other"]}
    )
    found = table(question, profiles=profiles(*times, variants=known))
    assert [group.model for group in found.groups] == ["good"]
    expected = {
        "poor": "accuracy",
        "unknown": "accuracy",
        "other": "task",
        "left-out": "excluded",
        "stranger": "no variant",
    }
    assert expected.items() <= reasons(found).items()


def test_accuracy_is_asked_class_by_class() -> None:
    question = scenario(request_class("any"), request_class("exact", min_accuracy=0.7))
    found = table(question, profiles=profiles(time(), time("poor", mean_ms=10.0)))
    served = {group.model: group.classes for group in found.groups}
    assert served == {"good": ("any", "exact"), "poor": ("any",)}


def test_batches_between_two_measured_ones_are_offered_and_say_so() -> None:
    """10 ms at batch 1 and 24 ms at batch 8 give 12 and 16 ms at 2 and 4; nothing beyond 8, nor for other replicas."""
    measured = [
        time(batch=1, mean_ms=10.0, quantiles=((0.95, 11.0),)),
        time(batch=8, mean_ms=24.0, quantiles=((0.95, 25.0),)),
        time(batch=16, mean_ms=24.0, quantiles=((0.95, 25.0),), replicas=2),
    ]
    found = {calls.batch: calls.time for calls in calls_for(measured, 1) if calls.time.replicas == 1}
    assert sorted(found) == [1, 2, 4, 8]
    assert [found[batch].mean_ms for batch in (2, 4)] == pytest.approx([12.0, 16.0])
    assert [found[batch].quantile_ms(0.95) for batch in (2, 4)] == pytest.approx([13.0, 17.0])
    groups = {group.batch: group for group in table(profiles=profiles(*measured[:2])).groups}
    assert sorted(groups) == [1, 2, 4, 8]
    assert groups[4].source == "interpolated between batch 1 and 8 of bench"
    assert (groups[4].obtained, groups[8].obtained) == ("derived", "measured")


def test_a_batch_of_single_items_is_one_request_of_many_items_too() -> None:
    question = scenario(request_class("one"), request_class("ten", items_per_request=10))
    found = table(question, profiles=profiles(time(batch=10, mean_ms=60.0)))
    assert {group.id: group.classes for group in found.groups} == {
        "good/c5.large/b10x1/d200p95": ("one",),
        "good/c5.large/b1x10/d200p95": ("ten",),
    }
    assert {group.id: group.batch_timeout_s > 0 for group in found.groups} == {
        "good/c5.large/b10x1/d200p95": True,
        "good/c5.large/b1x10/d200p95": False,
    }


def test_items_between_two_measured_sizes_are_interpolated_and_say_so() -> None:
    question = scenario(request_class(items_per_request=15))
    measured = [time(items_per_request=10, mean_ms=50.0), time(items_per_request=20, mean_ms=70.0)]
    (group,) = table(question, profiles=profiles(*measured)).groups
    assert group.service is not None
    assert group.service.mean_s == pytest.approx(0.06)
    assert group.obtained == "derived"
    assert "interpolated between items 10 and 20" in group.source


def test_items_outside_the_measured_sizes_are_not_extrapolated() -> None:
    found = table(scenario(request_class(items_per_request=15)))
    assert not found.groups
    assert reasons(found)["good/c5.large"] == "items"


def test_a_clearly_slower_model_on_the_same_machine_is_not_tabulated() -> None:
    found = table(profiles=profiles(time(), time("poor", mean_ms=80.0)))
    assert [group.model for group in found.groups] == ["good"]
    (slower,) = (one for one in found.rejected if one.option.startswith("poor"))
    assert slower.kind == "dominated"
    assert "good/c5.large/b1x1/d200p95" in slower.reason


def capacity(
    deadline_ms: float = 150.0, percentile: float = 0.98, host: str | None = "c5.large"
) -> PublishedCapacity:
    """8 req/s of one machine."""
    return PublishedCapacity(
        "good", host, None if host else 4, 1, 8.0, deadline_ms, percentile, "paper", "published"
    )


def test_a_published_capacity_scales_with_the_machines_and_its_target() -> None:
    question = scenario(resources={"target_utilisation": 0.5})
    (group,) = table(question, profiles=profiles(capacities=(capacity(),))).groups
    assert (group.mode, group.tier.label, group.service) == ("linear", "d150p98", None)
    assert group.linear_rps == {"web": 4.0}  # half of the 8 req/s published
    assert (group.capacity_rps.tolist(), group.count_max) == ([0.0], 0)


@pytest.mark.parametrize(
    ("published", "kind"),
    [
        (capacity(deadline_ms=300.0), "source deadline"),
        (capacity(percentile=0.9), "percentile"),
        (capacity(host=None), "host"),
    ],
)
def test_a_published_capacity_holds_for_its_own_promise_only(published: PublishedCapacity, kind: str) -> None:
    found = table(profiles=profiles(capacities=(published,)))
    assert not found.groups
    assert kind in {one.kind for one in found.rejected}


def test_service_times_go_before_published_capacities_unless_linear_is_asked() -> None:
    both = profiles(time(), capacities=(capacity(),))
    assert [group.mode for group in table(profiles=both).groups] == ["queueing"]
    assert [
        group.mode for group in table(scenario(resources={"capacity": "linear"}), profiles=both).groups
    ] == ["linear"]
    asked = table(scenario(resources={"capacity": "queueing"}), profiles=both)
    assert [group.mode for group in asked.groups] == ["queueing"]


def test_spot_needs_figures_a_market_and_a_share() -> None:
    on_m5 = profiles(time(host="m5.xlarge"))
    assert reasons(table(profiles=on_m5))["m5.xlarge/spot"] == "no spot figures"
    for question in (
        scenario(spot={"policy": "none"}),
        scenario(spot={"max_share": 0.0}),
        scenario(resources={"markets": ["on-demand"]}),
        scenario(resources={"on_demand_floor_share": 1.0}),
    ):
        assert [machine.market for machine in table(question).machines] == ["on-demand"]


def test_extra_cost_is_part_of_every_price() -> None:
    found = table(scenario(resources={"extra_usd_per_h": 0.01}))
    assert [machine.price_usd_per_h for machine in found.machines] == [
        pytest.approx(0.11),
        pytest.approx(0.05),
    ]


@pytest.mark.parametrize(
    ("family", "quota"),
    [("c5", "standard"), ("t3", "standard"), ("im4gn", "standard"), ("g4dn", "g"), ("vt1", "g"), ("p4d", "p"),
     ("inf2", "inf"), ("trn1", "trn"), ("x2idn", "x"), ("dl1", "dl"), ("hpc7g", "hpc"), ("u-6tb1", "high-memory"), ("f2", "f")],
)  # fmt: skip
def test_families_count_under_the_providers_quotas(family: str, quota: str) -> None:
    assert quota_family(family) == quota


def test_failures_and_types_without_a_profile_keep_their_reasons() -> None:
    failed = FailedProfile("good", "m5.xlarge", 8, "out of memory", "bench")
    known = prices(
        offer("c5.large", 0.1),
        offer("r5.large", 0.2),
        offer("r5.xlarge", 0.4),
        rejected=(Rejection("p2.xlarge", "no shape"),),
    )
    found = reasons(table(profiles=profiles(time(), failed=(failed,)), prices=known))
    assert found == {"good/m5.xlarge/b8": "failed profile", "r5.*": "no profile", "p2.xlarge": "no shape"}


def test_a_class_that_nothing_may_serve_is_noted() -> None:
    question = scenario(request_class(), request_class("hurried", deadline_ms=10.0))
    assert "no option may serve class hurried" in table(question).notes


# functions ------------------------------------------------------------------------------------------------------------


def test_all_names_that_match_nothing_are_told_at_once() -> None:
    two_metrics = (variant("good"), variant("poor", 0.6, metric="imagenet-v2"))
    question = scenario(
        request_class("a", task="image-clasification"),
        request_class("b", min_accuracy=0.5),
        models={"allowed": ["god", "good", "poor"]},
        resources={
            "allowed": ["z9.*"],
            "current_fleet": [
                {"instance_type": "c5.lage", "count": 1},
                {"instance_type": "m5.xlarge", "market": "spot", "count": 1},
            ],
        },
    )
    with pytest.raises(InputError) as told:
        table(question, profiles=profiles(time(), variants=two_metrics))
    expected = [
        "models.allowed names 'god', which is no model variant. Did you mean 'good'?",
        "workload.classes[0] (a): task is 'image-clasification'",
        "workload.classes[1] (b): min_accuracy states no metric; name one of imagenet-top1, imagenet-v2",
        "resources.allowed has 'z9.*', which fits no machine",
        "resources.current_fleet: c5.lage has no price and shape in us-east-1. Did you mean 'c5.large'?",
        "resources.current_fleet: m5.xlarge has no spot price",
    ]
    assert len(told.value.problems) == len(expected)
    for line, fragment in zip(told.value.problems, expected, strict=True):
        assert fragment in line


@pytest.mark.parametrize(
    ("floor", "fragment"),
    [
        ({"value": 0.5, "metric": "imagnet-top1"}, "Did you mean 'imagenet-top1'?"),
        (0.5, "no model of image-classification states one"),
    ],
)
def test_accuracy_in_no_known_metric_is_an_error(floor: Any, fragment: str) -> None:
    known = (variant("good", None),) if floor == 0.5 else (variant("good"),)
    with pytest.raises(InputError, match="min_accuracy") as told:
        table(scenario(request_class(min_accuracy=floor)), profiles=profiles(time(), variants=known))
    assert fragment in told.value.problems[0]


def test_equal_inputs_give_equal_options_in_one_order() -> None:
    """Order of the profiles does not matter."""
    times = [time(host=host, mean_ms=ms) for host in ("c5.large", "c5.xlarge") for ms in (50.0,)]
    one, other = (table(profiles=profiles(*order)) for order in (times, times[::-1]))
    assert [group.id for group in one.groups] == [group.id for group in other.groups]
    assert replace(one, groups=(), machines=()) == replace(other, groups=(), machines=())
