"""Functions without machines: which one a class calls, and when the choice is made again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from planner.errors import InputError
from planner.replay.policies.functions_only import Batch, LambdaOnly, cheapest_at
from planner.replay.policies.offers import cheapest_functions
from planner.serverless import ServerlessFunction
from tests.planner.replay.policies.scaling_case import FUNCTION, SUPPLY, minutes, seen
from tests.planner.small_catalogs import variant


def choice(name: str, usd: float, rate_rps: tuple[float, float] | None) -> ServerlessFunction:
    """A function with a price of a request and the rates that it holds for."""
    fields: dict[str, Any] = {
        "provider": "aws-lambda",
        "arch": "x86_64",
        "memory_mb": 2048,
        "batch": 1,
        "items_per_request": 1,
        "mean_ms": 50.0,
        "quantile_ms": 50.0,
        "quantiles": ((0.99, 50.0),),
        "load_ms": None,
        "billed_ms": 50.0,
        "cold_start_share": 0.0,
        "concurrency_s": 0.05,
        "source": "calls",
        "obtained": "measured",
        "tariff_source": "tariff",
    }
    met = {"quick": 0.99, "slow": 0.99}
    return ServerlessFunction(
        id=name,
        variant=variant("good"),
        usd_per_request=usd,
        deadline_meet_rate=met,
        rate_rps=rate_rps,
        **fields,
    )


SINGLE = choice("single", 3e-6, None)
FEW = choice("few", 2e-6, (4.0, 8.0))
MANY = choice("many", 1e-6, (8.0, 16.0))


def test_the_cheapest_function_that_answers_in_time() -> None:
    """The cheapest is late, the next needs a buffer, another stands ready and has no price of a request alone."""
    late, slower = replace(FUNCTION, name="late"), replace(FUNCTION, name="slower")
    buffered, ready = replace(FUNCTION, name="buffered", batch=8), replace(FUNCTION, name="ready")
    supply = replace(SUPPLY, functions=(FUNCTION, slower, late, buffered, ready))
    usd = {"late": 1.0, "buffered": 2.0, "slower": 3.0, "lambda": 4.0}
    met = {name: {"quick": 0.98, "slow": 0.98} for name in (*usd, "ready")}
    met["late"] = {"slow": 0.89}
    met["slower"] = {"quick": 0.97, "slow": 0.9}
    found = cheapest_functions(supply, usd, met)
    assert {name: one.name for name, one in found.items()} == {"quick": "lambda", "slow": "slower"}
    assert cheapest_functions(replace(supply, functions=(late,)), usd, met) == {}


def test_lambda_only_decides_once_and_has_no_machines() -> None:
    supply = replace(SUPPLY, pools=(), rentals=())
    policy = LambdaOnly(supply, {"quick": FUNCTION, "slow": FUNCTION})
    np.testing.assert_array_equal(policy.decision_times_s(86_400.0), [0.0])
    decision = policy.decide(seen(0.0))
    assert not decision.machines
    assert {name: one.weights.tolist() for name, one in decision.routes.items()} == {
        "quick": [[1.0]],
        "slow": [[1.0]],
    }


def test_lambda_only_tells_which_class_no_function_answers() -> None:
    with pytest.raises(InputError, match="no function answers class slow"):
        LambdaOnly(SUPPLY, {"quick": FUNCTION})


@pytest.mark.parametrize(
    ("rate_rps", "name"), [(1.0, "single"), (6.0, "few"), (12.0, "many"), (40.0, "single")]
)
def test_the_cheapest_function_at_a_rate(rate_rps: float, name: str) -> None:
    assert cheapest_at([SINGLE, FEW, MANY], rate_rps).id == name


@pytest.mark.parametrize(("rate_rps", "name"), [(1.0, "few"), (40.0, "many")])
def test_beyond_all_ranges_the_nearest_one(rate_rps: float, name: str) -> None:
    assert cheapest_at([FEW, MANY], rate_rps).id == name


def test_batch_chooses_every_hour_for_the_rate_of_the_last() -> None:
    """6 req/s known, then an hour at 12: a larger buffer in the second hour; slow requests, none of which come, as before."""
    functions = tuple(replace(FUNCTION, name=one) for one in ("few", "many", "slow few"))
    supply = replace(SUPPLY, pools=(), rentals=(), functions=functions)
    choices = {"quick": [FEW, MANY], "slow": [replace(FEW, id="slow few")]}
    policy = Batch(supply, choices, {"quick": 6.0, "slow": 5.0})
    np.testing.assert_array_equal(policy.decision_times_s(7_300.0), [0.0, 3_600.0, 7_200.0])
    arrived = minutes(*[12.0] * 60)
    weights = [
        policy.decide(seen(now_s, arrived)).routes["quick"].weights.tolist() for now_s in (0.0, 3_600.0)
    ]
    assert weights == [[[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]]]
    assert policy.decide(seen(0.0)).routes["slow"].weights.tolist() == [[0.0, 0.0, 1.0]]


def test_batch_tells_which_class_has_no_choice() -> None:
    with pytest.raises(InputError, match="batch: no function answers class slow"):
        Batch(SUPPLY, {"quick": [SINGLE], "slow": []}, {"quick": 6.0, "slow": 5.0})
