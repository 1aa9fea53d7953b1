"""The dry run: the change set of one window against the current fleet, and plans that are out of date."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest

from planner.errors import InputError, StalePlanError
from planner.executors import check_target_name
from planner.executors.changes import change_bytes, clock, staleness
from planner.executors.dry_run import prepare
from planner.plan import ProvisioningPlan, Worker, plan_digest
from planner.report.changes import change_tables
from planner.schemas import SCHEMAS
from tests.planner.plan_case import (
    FUNCTION,
    GROUP,
    START,
    buffered_plan_data,
    make_plan,
    part,
    plan_data,
)


def test_machines_are_compared_by_type_and_market() -> None:
    changes = prepare(make_plan(), window="w1", at=START)
    rows = [(one.market, one.action, one.count_before, one.count_after) for one in changes.machines]
    assert rows == [("on-demand", "stop", 4, 2), ("spot", "launch", 0, 1)]
    assert changes.machines[0].launch_at is None
    assert changes.machines[1].launch_at == START + timedelta(hours=1) - timedelta(seconds=180)


def test_types_that_are_not_planned_stop_and_those_that_fit_stay() -> None:
    data = plan_data()
    entry = data["problem"]["current_fleet"][0]
    data["problem"]["current_fleet"] = [
        entry | {"count": 1},
        entry | {"instance_type": "m5.large", "count": 3},
    ]
    changes = prepare(ProvisioningPlan.model_validate(data), window="w0", at=START)
    rows = [(one.instance_type, one.market, one.action) for one in changes.machines]
    assert rows == [
        ("c5.xlarge", "on-demand", "keep"),
        ("c5.xlarge", "spot", "launch"),
        ("m5.large", "on-demand", "stop"),
    ]


def test_zones_standby_and_containers_have_their_own_changes() -> None:
    """A machine moves from zone b to a; one is made ready to start, one no longer; containers are counted as a service."""
    data = plan_data()
    running = data["problem"]["current_fleet"][0] | {"count": 1}
    data["problem"]["current_fleet"] = [
        running | {"zone": "b"},
        running | {"instance_type": "t3.large", "market": "standby"},
        running | {"instance_type": "1-vcpu-2048-mib", "market": "container", "count": 3},
    ]
    window = data["windows"][0]
    line = window["fleet"][0]
    line["zone"] = "a"
    window["fleet"] = [
        line,
        line | {"market": "standby", "instance_type": "t3.medium", "launch_at": None},
        line | {"market": "container", "zone": None, "instance_type": "1-vcpu-2048-mib", "count": 2},
    ]
    changes = prepare(ProvisioningPlan.model_validate(data), window="w0", at=START)
    assert [(one.instance_type, one.zone, one.action) for one in changes.machines] == [
        ("c5.xlarge", "a", "launch"),
        ("c5.xlarge", "b", "stop"),
        ("t3.large", None, "discard"),
        ("t3.medium", "a", "prepare"),
    ]
    (service,) = changes.services
    assert (service.size, service.count_before, service.count_after) == ("1-vcpu-2048-mib", 3, 2)
    (ready,) = changes.standby
    assert (ready.instance_type, ready.count, ready.start_on) == ("t3.medium", 1, "spot interruption")
    titles = [table.title for table in change_tables(changes)]
    assert titles[1:4] == ["Containers", "Standby", "Groups"]


def test_without_a_current_fleet_everything_is_launched() -> None:
    data = plan_data()
    data["problem"]["current_fleet"] = None
    changes = prepare(ProvisioningPlan.model_validate(data), window="w0", at=START)
    assert [(one.count_before, one.action) for one in changes.machines] == [(0, "launch"), (0, "launch")]


def test_the_change_set_says_what_runs_and_who_is_routed_where() -> None:
    changes = prepare(make_plan(), window="w0", at=START)
    assert [(one.group, one.market, one.count) for one in changes.assignments] == [
        (GROUP, "on-demand", 1),
        (GROUP, "spot", 1),
    ]
    assert changes.functions[0].option == FUNCTION
    assert changes.routing["lax"].functions == {FUNCTION: pytest.approx(1 / 3)}  # of the top level
    assert changes.plan_sha256 == plan_digest(make_plan())


def test_a_cut_model_is_deployed_part_by_part() -> None:
    """The first part is held for three quarters of the time, so it needs 5 of the 6 functions at once, the second 2."""
    changes = prepare(ProvisioningPlan.model_validate(buffered_plan_data()), window="w0", at=START)
    first, second = changes.functions
    assert [(one.part, one.memory_mb, one.reserved_concurrency) for one in changes.functions] == [
        (1, 1024, 5),
        (2, 2048, 2),
    ]
    for one in changes.functions:
        assert (one.batch_size, one.batch_timeout_ms, one.provisioned_concurrency) == (8, 40.0, 2)
        assert (one.provider, one.region, one.architecture) == ("aws-lambda", "us-east-1", "x86_64")
        assert one.rate_rps is not None
        assert (one.rate_rps.least, one.rate_rps.most) == (0.5, 2.0)
    assert first.layers is not None
    assert second.layers is not None
    assert (first.layers.last_layer, second.layers.first_layer) == ("conv3", "conv4")
    assert (first.layers.sends.via, second.layers.receives.via) == ("store", "store")
    (table,) = (one for one in change_tables(changes) if one.title == "Functions")
    assert [row[1] for row in table.rows] == [1, 2]
    jsonschema.validate(json.loads(change_bytes(changes)), SCHEMAS["changes"]())


def test_workers_of_a_part_are_counted_with_it() -> None:
    """A worker of 200 ms beside the second part's 100 ms: either part is held for 300 ms, half of the 6 functions."""
    data = buffered_plan_data()
    whole = part("branch1", "branch1", 2048, 200.0)
    worker = {key: whole[key] for key in Worker.model_fields if key in whole} | {"block": "conv4"}
    for window in data["windows"]:
        window["functions"][0]["partition"][1]["workers"] = [worker]
    changes = prepare(ProvisioningPlan.model_validate(data), window="w0", at=START)
    assert [one.reserved_concurrency for one in changes.functions] == [3, 3]


def test_the_same_window_gives_the_same_bytes_and_they_satisfy_the_schema() -> None:
    first = change_bytes(prepare(make_plan(), window="w0", at=START))
    assert first == change_bytes(prepare(make_plan(), window="now", at=START + timedelta(minutes=59)))
    jsonschema.validate(json.loads(first), SCHEMAS["changes"]())


def test_now_is_the_window_that_holds_the_clock() -> None:
    assert prepare(make_plan(), window="now", at=START + timedelta(hours=1)).window == "w1"


def test_launches_before_the_first_window_belong_to_it() -> None:
    data = plan_data()
    data["validity"]["not_before"] = (START - timedelta(seconds=180)).isoformat()
    plan = ProvisioningPlan.model_validate(data)
    assert prepare(plan, window="now", at=START - timedelta(seconds=100)).window == "w0"


@pytest.mark.parametrize(
    ("window", "hours", "fragment"),
    [
        ("now", 2.0, "the plan expired at"),
        ("w1", 2.5, "the plan expired at"),
        ("now", -1.0, "the plan begins at"),
        ("w0", 1.0, "window w0 ended at"),
    ],
)
def test_a_plan_out_of_its_time_is_refused(window: str, hours: float, fragment: str) -> None:
    with pytest.raises(StalePlanError, match=fragment):
        prepare(make_plan(), window=window, at=START + timedelta(hours=hours))


def test_a_window_may_be_looked_at_ahead_of_time() -> None:
    assert prepare(make_plan(), window="w1", at=START - timedelta(days=1)).window == "w1"


def test_an_unknown_window_offers_the_nearest() -> None:
    with pytest.raises(InputError, match=r"the plan has w0 to w1, or now. Did you mean 'w1'\?"):
        prepare(make_plan(), window="w11", at=START)


def test_stale_is_after_the_moment_to_plan_anew() -> None:
    assert staleness(make_plan(), START) == ""
    assert "the plan is stale" in staleness(make_plan(), START + timedelta(hours=1))


def test_an_unknown_target_offers_what_there_is() -> None:
    with pytest.raises(InputError, match=r"must be one of dry-run, .*terraform. Did you mean 'dry-run'\?"):
        check_target_name("dryrun")


@pytest.mark.parametrize("text", ["soon", "2026-11-23", "2026-11-23T08:00:00", ""])
def test_the_clock_needs_a_time_with_its_zone(text: str) -> None:
    with pytest.raises(InputError, match="a time with its zone"):
        clock(text)


def test_the_clock_is_utc() -> None:
    assert clock("2026-11-23T09:00:00+01:00") == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert abs(clock(None) - datetime.now(UTC)) < timedelta(minutes=1)
