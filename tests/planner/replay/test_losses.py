"""Losses of spot pools: stated rates, and availability traces by the name of a pool, its type or its zone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from catalogs.availability import AvailabilityTrace
from planner.errors import InputError
from planner.replay.losses import with_availability, with_losses
from planner.replay.supply import SpotPool
from tests.planner.replay.fixed_policy import SUPPLY

TRACE = AvailabilityTrace(np.array([True, False, True]), 60.0, None, "made up for this test")


def test_a_stated_rate_takes_the_place_of_the_catalogs() -> None:
    assert with_losses(SUPPLY, None) is SUPPLY
    assert [one.losses_per_h for one in with_losses(SUPPLY, 48.0).spot_pools] == [2.0]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("a",), ("a", None)),
        (("c5",), ("c5", "c5")),
        (("c5", "a", "c5/a"), ("c5/a", "c5")),
        ((), (None, None)),
    ],
)
def test_the_closest_name_of_a_trace_counts(given: tuple[str, ...], expected: tuple[str | None, ...]) -> None:
    supply = replace(SUPPLY, spot_pools=(SpotPool("c5/a", 0.1), SpotPool("c5/b", 0.1)))
    found = with_availability(supply, dict.fromkeys(given, TRACE))
    assert tuple(one.availability for one in found.spot_pools) == expected


def test_a_trace_of_no_pool_is_told() -> None:
    with pytest.raises(InputError) as failure:
        with_availability(SUPPLY, {"c4": TRACE, "b": TRACE})
    assert len(failure.value.problems) == 2
    assert "'c4'" in failure.value.problems[0]
    assert "a, c5, c5/a" in failure.value.problems[0]
