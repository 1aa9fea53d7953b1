"""Schedules read by KEDA's own rule, minute by minute, against the plan; and what they cannot say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from planner.errors import InputError
from planner.executors.kubernetes.target import KubernetesTarget
from planner.plan import ProvisioningPlan
from tests.planner.executors.kubernetes.conftest import settings
from tests.planner.plan_case import START, plan_data

if TYPE_CHECKING:
    from planner.executors.resources import Body

MINUTE = timedelta(minutes=1)


def with_counts(*counts: tuple[int, int], hours: int = 1) -> ProvisioningPlan:
    """The small plan with a window for every (on-demand, spot), machines of 0 left out."""
    data = plan_data()
    first = data["windows"][0]
    data["windows"] = []
    for index, pair in enumerate(counts):
        start = START + timedelta(hours=hours * index)
        fleet = [
            {**line, "count": count, "launch_at": (start - timedelta(seconds=200)).isoformat()}
            for line, count in zip(first["fleet"], pair, strict=True)
            if count
        ]
        group = {**first["groups"][0], "count": sum(pair)}
        end = start + timedelta(hours=hours)
        times = {"start": start.isoformat(), "end": end.isoformat()}
        data["windows"].append({**first, "id": f"w{index}", "fleet": fleet, "groups": [group], **times})
    data["validity"]["not_after"] = (START + timedelta(hours=hours * len(counts))).isoformat()
    return ProvisioningPlan.model_validate(data)


def schedules(plan: ProvisioningPlan, window: int = 0, at: datetime | None = None) -> dict[str, Body]:
    """Market -> spec of its ScaledObject."""
    target = KubernetesTarget(settings(schedule="keda"), "us-east-1")
    chosen = plan.windows[window]
    resources = target.desired(plan, chosen, at or chosen.start)
    market = {one.name: one.body["spec"]["template"]["spec"] for one in resources if one.kind == "Deployment"}
    return {
        market[one.name]["nodeSelector"]["karpenter.sh/capacity-type"]: one.body["spec"]
        for one in resources
        if one.kind == "ScaledObject"
    }


def next_time(cron: str, after: datetime) -> datetime:
    """First instant after another that a cron line of one day a year names."""
    minute, hour, day, month, weekday = cron.split()
    assert weekday == "*"
    here = datetime(after.year, int(month), int(day), int(hour), int(minute), tzinfo=UTC)
    return here if here > after else here.replace(year=after.year + 1)


def replicas(spec: Body, now: datetime) -> int:
    """What KEDA asks of the autoscaler: the highest of the floor and the triggers that are active, within the limits."""
    active = [
        int(one["metadata"]["desiredReplicas"])
        for one in spec["triggers"]
        if next_time(one["metadata"]["end"], now) < next_time(one["metadata"]["start"], now)
    ]
    return min(max([spec["minReplicaCount"], *active]), spec["maxReplicaCount"])


@pytest.mark.parametrize(
    "counts",
    [
        ((1, 1), (2, 1)),
        ((3, 0), (1, 2), (1, 2), (4, 0)),
        ((1, 2), (2, 0), (3, 1)),
        ((2, 2), (2, 2)),
        ((1, 0), (1, 0), (1, 5)),
    ],
)
def test_every_minute_has_the_machines_of_its_window(counts: tuple[tuple[int, int], ...]) -> None:
    """At least the window's machines, launched in time, and no others except those launched for the next one."""
    plan = with_counts(*counts)
    specs = schedules(plan)
    for place, market in enumerate(("on-demand", "spot")):
        if market not in specs:
            assert not any(pair[place] for pair in counts)
            continue
        for minute in range(60 * len(counts)):
            now = START + minute * MINUTE
            index = minute // 60
            expected = counts[index][place]
            if minute % 60 >= 56 and index + 1 < len(counts):  # launched 200 s before the hour
                expected = max(expected, counts[index + 1][place])
            assert replicas(specs[market], now) == expected, (market, now)


def test_machines_of_the_last_window_stay_until_a_newer_plan() -> None:
    """A plan that is not renewed in time does not end the service."""
    specs = schedules(with_counts((1, 1), (3, 2)))
    for days in (1, 30, 300):
        late = START + timedelta(days=days)
        assert [replicas(specs[one], late) for one in ("on-demand", "spot")] == [3, 2]


def test_a_window_applied_before_its_start_holds_at_once() -> None:
    """``--window w1`` an hour early sets the machines of w1 now, though w0 has others."""
    early = schedules(with_counts((4, 1), (3, 2)), 1, START)
    assert [replicas(early[one], START) for one in ("on-demand", "spot")] == [3, 2]


def test_every_window_of_a_plan_leaves_the_same_schedule() -> None:
    """Otherwise time alone would look like drift; an option that no later window has is let go."""
    plan = with_counts((4, 1), (3, 2), (5, 0))
    first, second, third = (schedules(plan, number) for number in range(3))
    assert first == second
    assert third == {"on-demand": first["on-demand"]}


def test_no_trigger_asks_for_none_and_zero_windows_scale_to_zero() -> None:
    specs = schedules(with_counts((1, 2), (1, 0)))
    wanted = [trigger["metadata"]["desiredReplicas"] for trigger in specs["spot"]["triggers"]]
    assert wanted == ["2"]
    assert (specs["spot"]["minReplicaCount"], specs["spot"]["cooldownPeriod"]) == (0, 0)
    assert specs["on-demand"]["minReplicaCount"] == specs["on-demand"]["maxReplicaCount"] == 1


@pytest.mark.parametrize(
    ("hours", "days_early", "problem"),
    [
        (200 * 24, 0, "the plan ends at 2027-12-28T00:00:00Z, more than 330 days after window w0 starts"),
        (1, 31, "begin 30 days before. Apply it later"),
    ],
)
def test_times_that_cron_without_years_cannot_say_are_refused(
    hours: int, days_early: int, problem: str
) -> None:
    plan = with_counts((1, 1), (1, 1), hours=hours)
    with pytest.raises(InputError) as error:
        schedules(plan, 0, START - timedelta(days=days_early))
    assert problem in str(error.value)
