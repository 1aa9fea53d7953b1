"""Calls set aside before they are tabulated: only those that another on the same machine outruns at any size."""

from __future__ import annotations

import pytest

from planner.calls import Call
from planner.groups import Candidate, drop_slower
from planner.queueing import PoolService, capacity_rps
from planner.tiers import Tier
from tests.planner.small_catalogs import time, variant


def candidate(model: str, mean_ms: float, quantile_ms: float, deadline_ms: float) -> Candidate:
    call = Call(time(model, mean_ms=mean_ms), 1, 1)
    service = PoolService(mean_ms / 1000.0, quantile_ms / 1000.0)
    return Candidate(call, variant(model), Tier(deadline_ms, 0.98), service, (0,), ())


@pytest.mark.parametrize(("deadline_ms", "kept"), [(140.0, {"noisy", "steady"}), (250.0, {"noisy"})])
def test_a_faster_call_too_noisy_for_the_deadline_sets_nothing_aside(
    deadline_ms: float, kept: set[str]
) -> None:
    """50 ms on average and 100 ms at its quantile, beside 90 and 102 ms: the first carries nothing within 140 ms."""
    pair = [candidate("noisy", 50.0, 100.0, deadline_ms), candidate("steady", 90.0, 102.0, deadline_ms)]
    carried = {
        one.call.time.model: float(capacity_rps(one.service, [4], deadline_ms / 1000.0, 0.98)[0])
        for one in pair
    }
    assert carried["steady"] > 0.0
    assert (carried["noisy"] > carried["steady"]) == ("steady" not in kept)
    assert {one.call.time.model for one in drop_slower(pair)[0]} == kept


@pytest.mark.parametrize(("same_model", "kept"), [(False, {"quick"}), (True, {"quick", "slow"})])
def test_models_that_differ_do_not_set_each_other_aside(same_model: bool, kept: set[str]) -> None:
    pair = [candidate("quick", 50.0, 55.0, 250.0), candidate("slow", 90.0, 95.0, 250.0)]
    assert {one.call.time.model for one in drop_slower(pair, same_model=same_model)[0]} == kept
