"""Classes of size buckets: taken apart, joined with throughputs, and what keeps a machine from serving one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from catalogs.bucket_throughput import BucketThroughput
from planner.errors import InputError
from planner.shortfall import check_served
from tests.planner.enumerated import reasons, table
from tests.planner.small_catalogs import TASK, profiles, request_class, scenario, time

if TYPE_CHECKING:
    from catalogs.profiles import ProfileCatalog
    from planner.scenario import Scenario

SHORT, LONG = {"input_tokens": 250, "output_tokens": 100}, {"input_tokens": 1000, "output_tokens": 100}


def chat(**more: Any) -> dict[str, Any]:
    """A class of two buckets that asks for no deadline."""
    asked = {
        "buckets": [SHORT | {"share": 0.75}, LONG | {"share": 0.25}],
        "deadline_ms": None,
        "percentile": None,
    }
    return request_class("chat") | asked | more


def throughput(
    bucket: str, rps: float, host: str = "c5.large", promise: tuple[float | None, float | None] = (None, None)
) -> BucketThroughput:
    """Of the good model; `promise` is a deadline in ms and a percentile."""
    return BucketThroughput("good", host, bucket, rps, *promise, "bench", "measured")


def known(*rows: BucketThroughput, **more: Any) -> ProfileCatalog:
    """Profiles with throughputs; both buckets on c5.large unless rows are given."""
    usual = (throughput("i250o100", 4.0), throughput("i1000o100", 1.0))
    return replace(profiles(**more), bucket_throughputs=rows or usual)


def question(*classes: dict[str, Any], **resources: Any) -> Scenario:
    return scenario(*(classes or (chat(),)), resources=resources)


def test_a_class_is_planned_bucket_by_bucket() -> None:
    parts = question().workload.planned_classes
    assert [(one.name, one.bucket) for one in parts] == [
        ("chat/i250o100", "i250o100"),
        ("chat/i1000o100", "i1000o100"),
    ]
    assert [one.share for one in parts] == pytest.approx([0.375, 0.125])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"buckets": [{"name": "a", "share": 0.5}, {"name": "a", "share": 0.5}]}, "a more than once"),
        ({"buckets": [{"name": "a", "share": 0.5}]}, "sum to 0.5"),
        ({"buckets": [{"share": 1.0}]}, "states its name, or input_tokens and output_tokens"),
        ({"buckets": [{"name": "a", "input_tokens": 5, "share": 1.0}]}, "Keep one of the two ways"),
        ({"buckets": [{"input_tokens": 5, "share": 1.0}]}, "states its name, or"),
        ({"buckets": [{"name": "a", "share": 0}]}, "share is 0"),
        ({"buckets": None}, "deadline_ms is missing"),
        ({"percentile": 0.9}, "deadline_ms is missing"),
    ],
)
def test_buckets_that_cannot_be_meant_are_refused(changes: dict[str, Any], expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        question(chat(**changes))


def test_a_machine_carries_each_bucket_at_its_own_rate() -> None:
    found = table(question(target_utilisation=0.8), profiles=known())
    (group,) = found.groups
    assert group.id == "good/c5.large/buckets/untimed"
    assert group.linear_rps == pytest.approx({"chat/i250o100": 3.2, "chat/i1000o100": 0.8})
    assert group.classes == ("chat/i250o100", "chat/i1000o100")
    assert (group.mode, group.count_max) == ("linear", 0)


def test_buckets_and_plain_requests_keep_to_their_own_profiles() -> None:
    """A service time says nothing of buckets, and a bucket's throughput nothing of plain requests."""
    asked = question(chat(), request_class("web", share=0.5))
    found = table(asked, profiles=replace(known(), service_times=(time(),)))
    served = {group.id: group.classes for group in found.groups}
    assert served.pop("good/c5.large/buckets/untimed") == ("chat/i250o100", "chat/i1000o100")
    assert set(served.values()) == {("web",)}


def test_a_throughput_serves_what_its_source_promises() -> None:
    """A group for each promise; no promise serves no deadline."""
    rows = [throughput(b, r, promise=(2000.0, 0.99)) for b, r in (("i250o100", 3.0), ("i1000o100", 0.5))]
    rows += [throughput("i250o100", 4.0), throughput("i1000o100", 1.0)]
    asked = question(chat(deadline_ms=3000.0, percentile=0.95))
    found = table(asked, profiles=known(*rows))
    assert [group.id for group in found.groups] == ["good/c5.large/buckets/d2000p99"]
    assert reasons(found)["good/c5.large/buckets/untimed"] == "source deadline"
    found = table(question(), profiles=known(*rows))
    assert [group.tier.label for group in found.groups] == ["d2000p99", "untimed"]
    strict = table(question(chat(deadline_ms=1000.0, percentile=0.95)), profiles=known(*rows))
    assert strict.groups == ()
    with pytest.raises(Exception, match="no machine can serve bucket i250o100"):
        check_served(strict, known(*rows))


def test_a_throughput_of_zero_leaves_the_bucket_to_others() -> None:
    rows = (
        *(throughput("i250o100", 4.0), throughput("i1000o100", 0.0)),
        *(throughput("i250o100", 8.0, "c5.xlarge"), throughput("i1000o100", 2.0, "c5.xlarge")),
    )
    found = table(question(), profiles=known(*rows))
    assert {group.instance_type: group.classes for group in found.groups} == {
        "c5.large": ("chat/i250o100",),
        "c5.xlarge": ("chat/i250o100", "chat/i1000o100"),
    }
    assert reasons(found)["good/c5.large/buckets/untimed"] == "carries nothing"
    check_served(found, known(*rows))


def test_a_bucket_without_a_row_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"good on c5\.large has no throughput for i1000o100") as error:
        table(question(), profiles=known(throughput("i250o100", 4.0), throughput("i1000o10", 4.0)))
    assert "Did you mean 'i1000o10'" in str(error.value)


def test_a_class_of_buckets_needs_a_model_with_throughputs() -> None:
    with pytest.raises(InputError, match="has throughputs by bucket"):
        table(question(), profiles=profiles(time()))


def test_a_scenario_of_queues_takes_no_throughputs() -> None:
    found = table(question(capacity="queueing"), profiles=known())
    assert found.groups == ()
    assert reasons(found)["good/c5.large"] == "capacity mode"


def test_every_bucket_of_every_model_is_asked_about() -> None:
    """A class that names its models is served by those alone."""
    named = chat(task=None, models=["good"])
    assert [group.model for group in table(question(named), profiles=known()).groups] == ["good"]
    assert known().variants["poor"].task == TASK
    with pytest.raises(InputError, match="has throughputs by bucket"):
        table(question(chat(task=None, models=["poor"])), profiles=known())
