"""Service times that published capacities imply."""

from __future__ import annotations

import math

import pytest

from planner.queueing import PoolService, capacity_rps, implied_service_s


@pytest.mark.parametrize(("rate_rps", "deadline_s"), [(4.0, 1.0), (15.0, 0.5), (40.0, 0.1)])
def test_a_machine_with_the_implied_service_carries_the_published_rate(
    rate_rps: float, deadline_s: float
) -> None:
    service_s = implied_service_s(rate_rps, deadline_s, 0.98)
    assert 0 < service_s < min(deadline_s, 1 / rate_rps)
    carried = capacity_rps(PoolService(service_s, service_s), [1], deadline_s, 0.98)[0]
    assert carried == pytest.approx(rate_rps, rel=1e-6)


def test_without_a_deadline_the_machine_is_always_busy_at_its_rate() -> None:
    assert implied_service_s(8.0, math.inf, 0.0) == 0.125
