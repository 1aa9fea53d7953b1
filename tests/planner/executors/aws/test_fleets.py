"""Fleets for one-off windows against a running moto server."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from planner.errors import InputError
from tests.planner.executors.aws.bench import Bench, only, verbs
from tests.planner.plan_case import START

if TYPE_CHECKING:
    from collections.abc import Callable

    Clients = Callable[[str], Any]

NEXT = START + timedelta(hours=1)


@pytest.fixture
def fleets(bench: Bench, deployment: dict[str, Any]) -> Bench:
    """The account with settings that ask for fleets."""
    deployment["aws"]["machines"] = "fleet"
    bench.set_up(deployment)
    return bench


def live(client: Clients) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client("ec2").describe_fleets()["Fleets"]
    return [one for one in found if one["FleetState"] == "active"]


def test_a_window_has_a_fleet_for_every_market_until_it_ends(fleets: Bench, client: Clients) -> None:
    fleets.apply()
    made = {one["TargetCapacitySpecification"]["DefaultTargetCapacityType"]: one for one in live(client)}
    assert {
        market: one["TargetCapacitySpecification"]["TotalTargetCapacity"] for market, one in made.items()
    } == {
        "on-demand": 1,
        "spot": 1,
    }
    for one in made.values():
        assert (one["Type"], one["ValidUntil"], one["TerminateInstancesWithExpiration"]) == (
            "maintain",
            NEXT,
            True,
        )
    assert made["spot"]["SpotOptions"]["AllocationStrategy"] == "price-capacity-optimized"
    again = fleets.apply()
    assert (again.pending, fleets.writes()) == ((), [])


def test_the_next_window_has_fleets_of_its_own_before_the_old_ones_go(fleets: Bench, client: Clients) -> None:
    fleets.apply()
    operations = fleets.apply(window=1, at=NEXT)
    assert verbs(operations)["fleet"] == ["create", "create", "delete", "delete"]
    assert {one["TargetCapacitySpecification"]["TotalTargetCapacity"] for one in live(client)} == {1, 2}
    assert {one["ValidUntil"] for one in live(client)} == {NEXT + timedelta(hours=1)}
    assert fleets.work_out(window=1, at=NEXT).pending == ()


def test_groups_take_over_from_fleets(fleets: Bench, client: Clients, deployment: dict[str, Any]) -> None:
    fleets.apply()
    deployment["aws"]["machines"] = "groups"
    fleets.set_up(deployment)
    assert verbs(fleets.apply())["fleet"] == ["delete", "delete"]
    assert live(client) == []


def test_a_deleted_fleet_is_made_again_and_a_second_one_of_a_name_goes(
    fleets: Bench, client: Clients
) -> None:
    fleets.apply()
    ec2 = client("ec2")
    lost, doubled = live(client)
    ec2.delete_fleets(FleetIds=[lost["FleetId"]], TerminateInstances=True)
    (config,) = doubled["LaunchTemplateConfigs"]
    ec2.create_fleet(
        Type="maintain",
        LaunchTemplateConfigs=[
            {
                "LaunchTemplateSpecification": {
                    "LaunchTemplateName": config["LaunchTemplateSpecification"]["LaunchTemplateName"],
                    "Version": "1",
                }
            }
        ],
        TargetCapacitySpecification={"TotalTargetCapacity": 3, "DefaultTargetCapacityType": "spot"},
        TagSpecifications=[{"ResourceType": "fleet", "Tags": doubled["Tags"]}],
    )
    operations = fleets.apply()
    assert sorted(verbs(operations)["fleet"]) == ["create", "update"]
    assert "copies" in only(operations, "fleet", "-spot-").changes
    assert [one["TargetCapacitySpecification"]["TotalTargetCapacity"] for one in live(client)] == [1, 1]
    assert fleets.work_out().pending == ()


def test_other_tags_keep_the_fleet(fleets: Bench, client: Clients) -> None:
    fleets.apply()
    kept = {one["FleetId"] for one in live(client)}
    for one in kept:
        client("ec2").create_tags(Resources=[one], Tags=[{"Key": "planner-plan", "Value": "other"}])
    assert [one.changes for one in fleets.apply().pending] == [("tags.planner-plan",)] * 2
    assert {one["FleetId"] for one in live(client)} == kept
    assert fleets.work_out().pending == ()


def test_a_run_that_is_cut_off_anywhere_makes_no_second_fleet(fleets: Bench, client: Clients) -> None:
    assert fleets.apply_cut_off_everywhere() == ["CreateLaunchTemplate"] * 2 + ["CreateFleet"] * 2
    assert len(live(client)) == 2
    assert fleets.work_out().pending == ()


def test_a_window_that_is_not_due_is_refused(fleets: Bench) -> None:
    with pytest.raises(InputError, match="window w1 is due at 2026-11-23T00:57:00Z: a fleet starts at once"):
        fleets.work_out(window=1)
