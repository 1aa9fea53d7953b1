"""Managed endpoints and pods: when their alarms fire and how far they scale, reckoned by hand."""

from __future__ import annotations

import pytest

from planner.replay.policies.target_tracking import EndpointTracking, scale_pods
from tests.planner.replay.policies.scaling_case import SERVICE, minutes, seen


def tracked(*rates_rps: float) -> list[int]:
    """Machines at the end of every minute; what is wanted is at work by the next one."""
    rule, arrived = EndpointTracking(), minutes(*rates_rps)
    found = [rule(seen(-120.0), SERVICE)]
    for minute in range(len(rates_rps)):
        found.append(rule(seen(60.0 * (minute + 1), arrived, ready=found[-1]), SERVICE))
    return found


def test_an_endpoint_starts_with_twice_the_machines_of_its_known_load() -> None:
    """30 req/s, machines that carry 10, half of it the target."""
    assert tracked() == [6]
    assert EndpointTracking()(seen(0.0, ready=6), SERVICE) == 6


def test_three_minutes_above_the_target_scale_out_to_it() -> None:
    """41 req/s over a target of 5 are nine machines; two minutes are not enough."""
    assert tracked(41.0, 41.0, 30.0, 41.0, 41.0, 41.0, 41.0) == [6, 6, 6, 6, 6, 6, 9, 9]


def test_machines_under_way_do_not_add_to_what_is_launched() -> None:
    """While nine are wanted and six are at work the metric stays high."""
    rule, arrived = EndpointTracking(), minutes(*[41.0] * 6)
    wanted = [rule(seen(60.0 * minute, arrived, ready=6), SERVICE) for minute in range(1, 7)]
    assert wanted == [6, 6, 9, 9, 9, 9]


def test_fifteen_minutes_below_nine_tenths_scale_in() -> None:
    """27.5 of 30 req/s are .92 of the target, 24 are .8 of it, and five machines carry them."""
    assert tracked(*[27.5] * 20) == [6] * 21
    assert tracked(*[24.0] * 16) == [6] * 15 + [5, 5]


def test_machines_go_once_in_five_minutes() -> None:
    """The alarm still holds a minute later at 10 req/s, and brings three machines less at the next time allowed."""
    assert tracked(*[24.0] * 15, *[10.0] * 6)[14:] == [6, 5, 5, 5, 5, 5, 2, 2]


@pytest.mark.parametrize(
    ("ready", "coming", "busy", "wanted"),
    [
        (10, 0, 0.88, 10),  # 1.1 times the target: within the tolerance
        (10, 0, 0.90, 12),  # 10 x 1.125
        (10, 0, 0.73, 10),
        (10, 0, 0.70, 9),  # 10 x .875
        (10, 4, 1.00, 14),  # 12.5 pods' work for the 14 that were launched
        (10, 1, 1.00, 13),  # 12.5 over 11 pods are 1.14 times the target
        (10, 4, 0.40, 5),  # those not ready do not count
        (0, 0, 0.0, 4),  # 30 req/s known, 8 a pod
        (0, 5, 0.0, 5),
    ],
)
def test_pods_by_the_utilisation_of_those_at_work(ready: int, coming: int, busy: float, wanted: int) -> None:
    assert scale_pods(seen(300.0, ready=ready, busy=busy, coming=coming), SERVICE) == wanted
