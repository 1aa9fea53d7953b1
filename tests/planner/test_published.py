"""Published capacities: what bursts leave of them, and who takes what bursts make late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from catalogs.measurements import PublishedCapacity
from planner.queueing import PoolService, capacity_rps, implied_service_s
from tests.planner.enumerated import reasons, table
from tests.planner.small_catalogs import demand, function_time, profiles, request_class, scenario

if TYPE_CHECKING:
    from planner.options import OptionTable

PUBLISHED = PublishedCapacity("good", "c5.large", None, 1, 8.0, 150.0, 0.98, "paper", "published")
SURE = {"deadline_ms": 5000.0, "percentile": 0.95}  # even cold calls are in time


def found(bursts: float, *classes: dict[str, Any], calls: bool = False, **resources: Any) -> OptionTable:
    question = scenario(*(classes or (request_class(),)), resources=resources)
    catalog = profiles(capacities=(PUBLISHED,), functions=(function_time(mean_ms=190.0),) if calls else ())
    return table(question, profiles=catalog, demand=demand(question, dispersion_index=bursts))


def test_machines_carry_no_more_than_their_multiple_nor_than_bursts_leave() -> None:
    (group,) = found(4.0).groups
    assert (group.mode, group.linear_rps, group.dispersion_index) == ("linear", {}, 4.0)
    counts = np.arange(group.count_max + 1)
    service_s = implied_service_s(8.0, 0.15, 0.98)
    left = capacity_rps(PoolService(service_s, service_s, dispersion_index=4.0), counts, 0.15, 0.98)
    np.testing.assert_array_equal(group.capacity_rps, np.minimum(left, 8.0 * counts))
    assert group.capacity_rps[1] < 4.0
    assert group.capacity_rps[-2] < 40.0 <= group.capacity_rps[-1]


def test_the_target_utilisation_is_of_the_published_figure() -> None:
    (group,) = found(1.5, target_utilisation=0.25).groups
    np.testing.assert_allclose(group.capacity_rps[-3:], 2.0 * np.arange(len(group.capacity_rps))[-3:])


@pytest.mark.parametrize(
    ("bursts", "calls", "resources", "multiplied"),
    [
        (1.0, False, {}, True),
        (0.5, False, {}, True),
        (4.0, True, {}, True),
        (4.0, True, {"functions": {"take_late": False}}, False),
        (4.0, True, {"budget_usd": 10.0}, False),
        (4.0, True, {"functions": {"enabled": False}}, False),
    ],
)
def test_bursts_count_where_no_function_takes_what_they_make_late(
    bursts: float, calls: bool, resources: dict[str, Any], multiplied: bool
) -> None:
    (group,) = found(bursts, request_class(**SURE), calls=calls, **resources).groups
    assert (group.linear_rps == {"web": 8.0}) == multiplied
    assert (group.count_max == 0) == multiplied


def test_one_class_without_a_function_is_enough() -> None:
    """A call takes longer than the class of 200 ms allows."""
    (group,) = found(4.0, request_class("lax", **SURE), request_class("strict"), calls=True).groups
    assert set(group.classes) == {"lax", "strict"}
    assert group.linear_rps == {}


def test_bursts_that_leave_nothing_are_the_reason() -> None:
    left = found(1e6)
    assert not left.groups
    assert reasons(left)["good/c5.large/b1x1/d150p98"] == "carries nothing"
