"""Policies by their names, made from one context and sent the same requests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from planner.errors import InputError
from planner.replay.engine import replay
from planner.replay.policies.context import ENDPOINT_PRICE_RATIO, context_of
from planner.replay.policies.registry import BATCH_SIZES, MAKERS, make_policy
from planner.replay.results import COST_PARTS
from tests.planner.replay.policies.rolling_case import TIMES, Case, case, surging
from tests.planner.small_catalogs import function_time, profiles, request_class, variant

if TYPE_CHECKING:
    from planner.replay.results import Replayed
    from workloads.traces import Trace

DURATION_S = 1_800.0
FUNCTIONS_USD = COST_PARTS.index("functions_usd")
SCALING = ("reactive", "util_aware", "exascale", "mixed", "paragon", "sagemaker", "hpa")


@pytest.fixture(scope="module")
def two() -> Case:
    """Strict and relaxed requests of one trace; functions measured with up to eight requests a call."""
    calls = [function_time("good", 2048, 90.0 + 10.0 * batch, batch=batch) for batch in (1, 2, 4, 8)]
    catalog = profiles(
        *TIMES, variants=(variant("good", 0.76), variant("poor", 0.60)), functions=tuple(calls)
    )
    strict = request_class("strict", share=0.6, models=["good"], task=None)
    relaxed = request_class("relaxed", share=0.4, models=["good"], task=None, deadline_ms=1_000.0)
    return case(strict, relaxed, mean_rps=60.0, catalog=catalog)


@pytest.fixture(scope="module")
def sent(two: Case) -> dict[str, Replayed]:
    """Half an hour of the same requests under every scheme without forecasts."""
    return {name: played(two, name, two.trace) for name in (*SCALING, "lambda-only", "batch")}


@pytest.fixture(scope="module")
def surged(two: Case) -> dict[str, Replayed]:
    """The same with eight times the requests after ten minutes, under the schemes of Paragon."""
    return {name: played(two, name, surging(two, 600.0, 8.0)) for name in SCALING[:5]}


def played(one: Case, name: str, trace: Trace) -> Replayed:
    """Half an hour of a trace under a scheme."""
    policy, supply = make_policy(name, one.context)
    requests = replace(one.context.requests, traces={"load": trace}, duration_s=DURATION_S)
    return replay(policy, supply, requests, seed=1, window_edge_s=np.array([0.0, DURATION_S]))


def meet_rate(one: Replayed) -> float:
    """Requests in time of all that arrived."""
    return float(one.in_time.sum() / one.arrived.sum())


def test_names_are_sorted_and_those_of_the_policies(two: Case) -> None:
    assert list(MAKERS) == sorted(MAKERS)
    for name in (*SCALING, "lambda-only", "batch"):
        assert make_policy(name, two.context)[0].name == name


def test_an_unknown_name_is_told_with_the_nearest(two: Case) -> None:
    with pytest.raises(InputError, match=r"no policy 'reactiv'.*reactive"):
        make_policy("reactiv", two.context)


def test_all_schemes_are_sent_the_same_requests(sent: dict[str, Replayed]) -> None:
    counts = {name: one.arrived.sum(axis=1).tolist() for name, one in sent.items()}
    assert len({tuple(one) for one in counts.values()}) == 1


def test_a_steady_load_is_served_in_time_by_all(sent: dict[str, Replayed]) -> None:
    """The hour before tells what comes; every scheme has machines or functions for it from the start."""
    assert {name: meet_rate(one) > 0.95 for name, one in sent.items()} == dict.fromkeys(sent, True)


def test_functions_serve_only_where_the_scheme_calls_them(sent: dict[str, Replayed]) -> None:
    called = {name for name, one in sent.items() if one.supply.functions}
    assert called == {"mixed", "paragon", "lambda-only", "batch"}
    assert all(sent[name].usd[FUNCTIONS_USD].sum() == 0 for name in sent if name not in called)


def test_functions_take_what_would_be_late_of_all_requests_or_of_strict_ones_alone(
    surged: dict[str, Replayed],
) -> None:
    """Until machines come for the surge: reactive calls nothing, mixed for both kinds, Paragon for strict requests."""
    rows = [one.name for one in surged["mixed"].supply.classes]
    called = {
        name: {rows[k] for k in np.flatnonzero(one.overflowed.sum(axis=1))} for name, one in surged.items()
    }
    assert called == {
        "reactive": set(),
        "util_aware": set(),
        "exascale": set(),
        "mixed": {"strict", "relaxed"},
        "paragon": {"strict"},
    }
    assert meet_rate(surged["reactive"]) < meet_rate(surged["paragon"]) < meet_rate(surged["mixed"])
    assert surged["paragon"].usd.sum() < surged["mixed"].usd.sum()


def test_schemes_of_paragon_share_machines_and_the_others_do_not(sent: dict[str, Replayed]) -> None:
    shared = {name: [pool.classes for pool in sent[name].supply.pools] for name in SCALING}
    apart = {"hpa", "sagemaker"}
    assert shared == {
        name: [("strict",), ("relaxed",)] if name in apart else [("strict", "relaxed")] for name in SCALING
    }


def test_exascale_launches_more_than_reactive_and_endpoints_have_twice_the_machines(
    sent: dict[str, Replayed], surged: dict[str, Replayed]
) -> None:
    assert surged["reactive"].machines_s.sum() < surged["exascale"].machines_s.sum()
    assert 1.5 * sent["reactive"].machines_s.sum() < sent["sagemaker"].machines_s.sum()


def test_an_endpoint_is_the_on_demand_machine_at_its_own_price(two: Case) -> None:
    """The ratio of prices that the context states."""
    usd = {one.instance_type: one.price_usd_per_h for one in two.supply.rentals if one.market == "on-demand"}
    _, supply = make_policy("sagemaker", two.context)
    assert [(one.id, one.price_usd_per_h) for one in supply.rentals] == [
        (f"{one.instance_type}/endpoint", pytest.approx(1.4 * usd[one.instance_type]))
        for one in supply.rentals
    ]


def test_batch_gathers_requests_even_where_the_scenario_asks_for_no_batches(
    two: Case, sent: dict[str, Replayed]
) -> None:
    """A buffer a class, cheaper than a call for every request, and fewer calls."""
    assert two.scenario.resources.functions.batch_sizes == (1,)
    supply = sent["batch"].supply
    assert {one.batch for one in supply.functions} <= set(BATCH_SIZES)
    assert all(one.name.startswith(f"{only}: ") for one in supply.functions for only in one.classes)
    assert sent["batch"].calls.sum() < sent["lambda-only"].calls.sum() == sent["lambda-only"].arrived.sum()
    assert sent["batch"].usd.sum() < sent["lambda-only"].usd.sum()


def test_a_context_is_made_from_what_is_known_at_the_start(two: Case) -> None:
    made = context_of(two.scenario, two.inputs, two.context.requests)
    assert made.endpoint_price_ratio == ENDPOINT_PRICE_RATIO
    last_hour = two.inputs.histories["load"].rate_rps[-12:].mean()
    assert made.known_rps == {
        "strict": pytest.approx(0.6 * last_hour),
        "relaxed": pytest.approx(0.4 * last_hour),
    }
    assert {name: one.batch for name, one in made.functions.items()} == {"strict": 1, "relaxed": 1}
    assert [one.id for one in made.supply.rentals] == [one.id for one in two.supply.rentals]
