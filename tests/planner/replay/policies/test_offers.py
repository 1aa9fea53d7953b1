"""Which machines schemes see that choose class by class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.errors import InputError
from planner.replay.option_supplies import supply_of_options
from planner.replay.policies.offers import offers_for_all, offers_of, restricted, separated, weights_of
from tests.planner.enumerated import table
from tests.planner.replay.policies.scaling_case import FUNCTION, SUPPLY
from tests.planner.test_buckets import known, question


def test_offers_are_the_machines_of_a_market_that_fit_a_pool() -> None:
    """Slow requests may go to all three pools, quick ones not to lean; a large machine serves after 100 + 80 s."""
    found = offers_of(SUPPLY, "on-demand")
    assert [one.place for one in found["quick"]] == [("fast", "c5/on-demand"), ("big", "m5/on-demand")]
    assert len(found["slow"]) == 3
    assert found["quick"][1].lead_s == 180.0
    assert [one.usd_per_request for one in found["quick"]] == pytest.approx([0.036, 0.04])
    assert [one.place for one in offers_of(SUPPLY, "spot")["quick"]] == [("fast", "c5/spot")]


def test_a_market_that_misses_classes_is_told() -> None:
    with pytest.raises(InputError, match=r"no spot machine may serve class quick"):
        offers_for_all(replace(SUPPLY, pools=SUPPLY.pools[1:]), "spot", "mark-spot")


def test_services_have_pools_of_their_own() -> None:
    """Lean may serve slow requests alone."""
    apart = separated(SUPPLY, [("quick",), ("slow",)])
    assert [one.name for one in apart.pools] == [
        "quick: fast",
        "quick: big",
        "slow: fast",
        "slow: lean",
        "slow: big",
    ]
    assert [one.name for one in separated(SUPPLY, [("quick", "slow")]).pools] == [
        "quick+slow: fast",
        "quick+slow: big",
    ]


def test_a_supply_keeps_what_a_scheme_uses() -> None:
    kept = restricted(SUPPLY, offers_of(SUPPLY, "spot")["quick"], [FUNCTION, FUNCTION])
    assert ([one.name for one in kept.pools], [one.id for one in kept.rentals]) == (["fast"], ["c5/spot"])
    assert kept.functions == (FUNCTION,)
    assert kept.spot_pools == SUPPLY.spot_pools
    assert restricted(SUPPLY, ()).spot_pools == ()
    assert weights_of(kept, "lambda") == [0.0, 1.0]


def test_machines_rated_by_size_carry_each_size_at_its_rate() -> None:
    """4 short requests a second or 1 long one, with no deadline: the long ones last four times as long."""
    asked = question()
    supply = supply_of_options(asked, table(asked, profiles=known()))
    offers = offers_of(supply, "on-demand")
    assert [one.rated_rps for one in offers["chat/i250o100"]] == pytest.approx([4.0])
    assert [one.rated_rps for one in offers["chat/i1000o100"]] == pytest.approx([1.0])
    laws = supply.pools[0].laws
    np.testing.assert_allclose(laws["chat/i250o100"].quantile_s, 0.25)
