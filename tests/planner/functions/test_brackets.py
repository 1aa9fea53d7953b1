"""Ranges of rates: from the least rate to the top demand, or as the scenario gives them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from planner.functions.brackets import BRACKETS_MOST, joined, rate_brackets, rates_in
from planner.scenario import Functions
from planner.serverless import ServerlessFunction
from tests.planner.small_catalogs import variant


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


def deployed(
    ends: tuple[float, float],
    usd: float,
    share: float = 0.99,
    names: tuple[str, ...] = ("web",),
    timeout_ms: float = 40.0,
) -> ServerlessFunction:
    """A function behind one buffer, in one range of rates."""
    return ServerlessFunction(
        id=f"lambda/good/2048/b2t{timeout_ms:g}/r{ends[0]:g}-{ends[1]:g}/p3",
        variant=variant("good"),
        provider="aws-lambda",
        arch="x86_64",
        memory_mb=2048,
        batch=2,
        items_per_request=1,
        mean_ms=100.0,
        quantile_ms=100.0,
        quantiles=((1.0, 100.0),),
        load_ms=None,
        billed_ms=100.0,
        cold_start_share=0.01,
        usd_per_request=usd,
        least_usd_per_request=0.9 * usd,
        concurrency_s=usd,
        deadline_meet_rate=dict.fromkeys(names, share),
        source="calls",
        obtained="measured",
        tariff_source="tariff",
        batch_timeout_ms=timeout_ms,
        rate_rps=ends,
        provisioned_concurrency=3,
        usd_per_h=0.1,
    )


def test_one_deployment_at_one_price_is_one_option_over_all_its_ranges() -> None:
    """Within one per cent of each other: the dearest price, the cheapest, the worst share in time, from end to end."""
    (one,) = joined([deployed((4, 8), 1.01, 0.96), deployed((2, 4), 1.005, 0.97), deployed((1, 2), 1.0)])
    assert (one.rate_rps, one.id) == ((1, 8), "lambda/good/2048/b2t40/r1-8/p3")
    assert (one.usd_per_request, one.least_usd_per_request, one.concurrency_s) == (1.01, 0.9, 1.01)
    assert one.deadline_meet_rate == {"web": 0.96}


@pytest.mark.parametrize(
    "other",
    [
        deployed((2, 4), 1.02),
        deployed((3, 4), 1.0),
        deployed((2, 4), 1.0, names=("web", "mail")),
        deployed((2, 4), 1.0, timeout_ms=80.0),
    ],
    ids=["dearer", "not side by side", "other classes", "set otherwise"],
)
def test_other_ranges_stay_apart(other: ServerlessFunction) -> None:
    first = deployed((1, 2), 1.0)
    assert joined([first, other]) == [first, other]


def test_a_price_that_creeps_up_is_not_joined_without_end() -> None:
    """0.6 % from range to range: the third is more than 1 % above the first."""
    steps = [deployed((2.0**n, 2.0 ** (n + 1)), 1.006**n) for n in range(4)]
    assert [one.rate_rps for one in joined(steps)] == [(1.0, 4.0), (4.0, 16.0)]
