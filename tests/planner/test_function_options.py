"""Serverless functions as options: price, cold starts, limits, and the reason of each that is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from catalogs.measurements import FailedProfile
from tests.planner.enumerated import reasons, table
from tests.planner.small_catalogs import function_time, profiles, request_class, scenario, tariffs

if TYPE_CHECKING:
    from planner.options import OptionTable
    from planner.scenario import Scenario


def functions(question: Scenario, *times: Any, **tariff: Any) -> OptionTable:
    """Enumerate with function times only."""
    return table(question, profiles=profiles(functions=times), tariffs=tariffs(**tariff))


RELAXED = request_class(deadline_ms=300.0, percentile=0.94)


def test_a_function_request_costs_its_billed_time_cold_starts_included() -> None:
    """2 GB for 100 ms and c x 2 s of loading, rounded up to whole ms; c = 3.5 (1 + .45 sqrt .1)/600 at 1 call/s."""
    (function,) = functions(scenario(RELAXED), function_time()).functions
    cold = 3.5 * (1 + 0.45 * 0.1**0.5) / 600
    assert function.id == "lambda/good/2048"
    assert function.cold_start_share == pytest.approx(cold)
    assert function.billed_ms == np.ceil(100 + cold * 2000)
    assert function.usd_per_request == pytest.approx(0.2e-6 + 2 * function.billed_ms / 1000 * 0.0000166667)
    assert function.concurrency_s == pytest.approx(0.1 + cold * 2)


def test_a_function_must_meet_the_deadline_with_its_cold_starts() -> None:
    """p99 is 120 ms; a share c of the calls takes 2 s more: at 200 ms .99 (1 - c) are known to be in time."""
    known = 0.99 * (1 - 3.5 * (1 + 0.45 * 0.1**0.5) / 600)
    (function,) = functions(scenario(request_class(percentile=0.98)), function_time()).functions
    assert function.deadline_meet_rate["web"] == pytest.approx(known)
    found = functions(scenario(request_class(percentile=0.985)), function_time())
    assert reasons(found)["lambda/good/2048 for web"] == "cold starts"


def test_a_rate_too_low_to_keep_functions_warm_rules_them_out() -> None:
    rare = scenario(request_class(percentile=0.9), resources={"functions": {"least_rate_rps": 0.01}})
    assert not functions(rare, function_time()).functions


def test_cold_starts_that_meet_the_deadline_too_do_not_matter() -> None:
    rare = scenario(
        request_class(deadline_ms=2500.0, percentile=0.99), resources={"functions": {"least_rate_rps": 0.01}}
    )
    (function,) = functions(rare, function_time()).functions
    assert function.deadline_meet_rate["web"] == pytest.approx(0.99)


@pytest.mark.parametrize(
    ("question", "change", "tariff", "kind"),
    [
        (scenario(RELAXED), {"mean_ms": 290.0}, {}, "deadline"),
        (scenario(request_class(percentile=0.98)), {"samples": 20}, {}, "percentile"),
        (scenario(RELAXED), {"memory_mb": 20480}, {}, "function limits"),
        (scenario(RELAXED), {}, {"image_mb": 50}, "function limits"),
        (scenario(RELAXED), {}, {"timeout_s": 0.05}, "function limits"),
        (scenario(RELAXED), {"memory_mb": 256}, {}, "function limits"),
        (scenario(RELAXED), {"arch": "arm64"}, {}, "no price"),
        (scenario(RELAXED), {"items_per_request": 3}, {}, "items"),
        (scenario(RELAXED), {"items_per_request": 2, "batch": 2}, {}, "batch"),
        (scenario(RELAXED, resources={"functions": {"enabled": False}}), {}, {}, "excluded"),
        (scenario(RELAXED, resources={"functions": {"concurrency_limit": 0}}), {}, {}, "excluded"),
    ],
)
def test_a_function_that_is_left_out_says_why(
    question: Scenario, change: dict[str, Any], tariff: dict[str, Any], kind: str
) -> None:
    found = functions(question, function_time(**change), **tariff)
    assert not found.functions
    assert {one.kind for one in found.rejected if one.option.startswith("lambda/")} == {kind}


def test_memory_sizes_between_measured_ones_are_offered_and_say_so() -> None:
    question = scenario(RELAXED)
    found = functions(question, function_time(), function_time(memory_mb=4096, mean_ms=60.0)).functions
    assert [one.memory_mb for one in found] == [2048, 3072, 4096]
    assert found[1].mean_ms == pytest.approx(80.0)
    assert "interpolated between memory MB 2048 and 4096" in found[1].source


# names ----------------------------------------------------------------------------------------------------------------


def test_no_memory_size_is_offered_across_one_that_failed() -> None:
    """Measured at 1,024 and 4,096 MB and tried in vain at 2,048: neither 2,048 nor 3,072 is known."""
    times = (function_time(memory_mb=1024, mean_ms=150.0), function_time(memory_mb=4096, mean_ms=80.0))
    failed = FailedProfile("good", "aws-lambda 2048 MB", 1, "out of memory", "calls")
    catalog = profiles(functions=times, failed=(failed,))
    found = {one.id for one in table(scenario(RELAXED), profiles=catalog).functions}
    assert found == {"lambda/good/1024", "lambda/good/4096"}
    free = {one.id for one in table(scenario(RELAXED), profiles=profiles(functions=times)).functions}
    assert {"lambda/good/2048", "lambda/good/3072"} <= free
