"""Capacity tables: the least number of machines is read off the table of every size, however far that was computed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.capacity_tables import CapacityTables
from planner.queueing import PoolService, capacity_rps
from planner.tiers import Tier
from tests.planner.pool_services import services


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    service=services, deadline_ms=st.floats(200, 1500), share=st.floats(0.05, 1.3), count=st.integers(1, 60)
)
def test_the_least_count_is_the_first_of_the_table_that_carries_the_rate(
    service: PoolService, deadline_ms: float, share: float, count: int
) -> None:
    tier = Tier(deadline_ms, 0.98)
    table = capacity_rps(service, np.arange(61), tier.deadline_s, tier.percentile)
    rate = share * float(table[count])
    enough = np.flatnonzero(table >= rate)
    expected = max(int(enough[0]), 1) if len(enough) else 60
    assert CapacityTables(60).least_count(service, tier, rate) == expected


@pytest.mark.parametrize(
    ("rate_of_five", "deadline_ms", "cap", "expected"),
    [(0.0, 300, 9, 1), (1.0, 300, 9, 5), (1 + 1e-9, 300, 9, 6), (1 + 1e-9, 300, 5, 5), (1.0, 90, 9, 9)],
)
def test_the_edges(rate_of_five: float, deadline_ms: float, cap: int, expected: int) -> None:
    """No rate takes one machine, a rate out of reach or a deadline too short the cap."""
    service = PoolService(0.1, 0.1)
    rate = rate_of_five * float(capacity_rps(service, [5], 0.3, 0.98)[0])
    assert CapacityTables(cap).least_count(service, Tier(deadline_ms, 0.98), rate) == expected


def test_a_table_does_not_depend_on_the_order_it_was_asked_in() -> None:
    service, tier = PoolService(0.1, 0.104, dispersion_index=1.6), Tier(300, 0.98)
    tables = CapacityTables(500)
    tables.up_to(service, tier, 3)
    tables.least_count(service, tier, 200.0)
    assert np.array_equal(tables.up_to(service, tier, 20), capacity_rps(service, np.arange(21), 0.3, 0.98))
