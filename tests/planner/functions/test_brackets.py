"""Ranges of rates: from the least rate to the top demand, or as the scenario gives them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from planner.functions.brackets import BRACKETS_MOST, rate_brackets, rates_in
from planner.scenario import Functions


def test_ranges_double_from_the_least_rate_to_the_top_demand() -> None:
    assert rate_brackets(Functions(least_rate_rps=2.0), 16.0) == [(2.0, 4.0), (4.0, 8.0), (8.0, 16.0)]


def test_a_wide_demand_makes_wider_ranges_and_not_more_of_them() -> None:
    found = rate_brackets(Functions(least_rate_rps=0.01), 10_000.0)
    assert len(found) == BRACKETS_MOST
    assert (found[0][0], found[-1][1]) == (0.01, 10_000.0)
    assert all(before[1] == after[0] for before, after in pairwise(found))


def test_demand_below_the_least_rate_makes_no_range() -> None:
    assert rate_brackets(Functions(least_rate_rps=2.0), 2.0) == []


def test_given_ranges_that_no_demand_reaches_are_left_out() -> None:
    settings = Functions(rate_brackets_rps=(1.0, 5.0, 20.0, 80.0))
    assert rate_brackets(settings, 19.0) == [(1.0, 5.0), (5.0, 20.0)]


def test_rates_of_a_range_begin_and_end_with_it() -> None:
    assert rates_in((1.0, 4.0), 3).tolist() == pytest.approx([1.0, 2.0, 4.0])
    assert rates_in((0.1, 0.3), 7)[-1] == 0.3
