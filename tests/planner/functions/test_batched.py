"""Functions behind buffers: figures against an event simulation, who shares a buffer, and why a point is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.planner.enumerated import reasons
from tests.planner.functions.buffer_cases import PROVISIONED, arrivals, asked, batches, options, simulate
from tests.planner.small_catalogs import function_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalogs.measurements import FunctionTime
    from planner.scenario import Scenario
    from planner.serverless import ServerlessFunction

SERVICE_S = np.interp(np.arange(1, 9), [1, 8], [0.1, 0.3])  # as `batches` measures it


def buffered(found: Iterable[ServerlessFunction]) -> list[ServerlessFunction]:
    return [one for one in found if one.batch > 1]


@pytest.mark.parametrize("kind", ["poisson", "bursty"])
def test_a_buffer_keeps_its_promises_over_its_range_of_rates(kind: str) -> None:
    """At either end and between, no fewer requests are in time than promised; at the dearest rate the price is exact.

    Cold starts are the formula's, on top of the simulation.
    """
    question = asked(batch_sizes=[1, 2, 4, 8], least_rate_rps=10.0)
    found = buffered(options(question, kind=kind).functions)
    ranges = [one.rate_rps for one in found if one.rate_rps]
    assert {end for ends in ranges for end in ends} == {10.0, 20.0, 40.0, 80.0}
    for one in (found[0], found[-1]):
        assert one.rate_rps is not None
        usd, held = [], []
        for rate in (*one.rate_rps, 1.2 * one.rate_rps[0]):
            seen = simulate(arrivals(kind).at(rate), one.batch, one.batch_timeout_ms / 1000, SERVICE_S)
            gathered, cold = len(seen.latency_s) / seen.calls, one.cold_start_share
            billed_s = seen.busy_s / seen.calls + cold * 2.0  # whole milliseconds, 2 s to load
            usd.append((0.2e-6 + 2 * billed_s * 0.0000166667) / gathered)
            held.append(billed_s / gathered)
            for name, deadline_s in (("quick", 0.5), ("slow", 2.0)):
                if name in one.deadline_meet_rate:
                    warm = float((seen.latency_s <= deadline_s + 1e-9).mean())
                    assert (1 - cold) * warm >= one.deadline_meet_rate[name] - 0.006
        assert one.usd_per_request == pytest.approx(max(usd), rel=0.01)
        assert one.concurrency_s == pytest.approx(max(held), rel=0.01)


def test_the_cheapest_point_of_the_grid_is_offered() -> None:
    """One memory size, one timeout, full batches only: at 40 to 80 requests/s eight gather within 300 ms nearly always."""
    question = asked(
        batch_sizes=[1, 2, 8], batch_timeouts_ms=[150.0], rate_brackets_rps=[40.0, 80.0], keep_alive_s=6000.0
    )
    found = [one for one in options(question).functions if one.rate_rps]
    for one in found:
        assert one.usd_per_request <= min(
            other.usd_per_request for other in found if "quick" in other.classes
        )
    (quick,) = (one for one in found if "quick" in one.classes)
    assert (quick.batch, quick.rate_rps, quick.batch_timeout_ms) == (8, (40.0, 80.0), 150.0)
    assert quick.id == "lambda/good/2048/b8t150/r40-80"


def test_classes_share_a_buffer_that_answers_both_in_time() -> None:
    """What the quick class is offered may serve the slow one too; what waits longer serves the slow one only."""
    found = buffered(options(asked(batch_sizes=[1, 8], rate_brackets_rps=[4.0, 8.0])).functions)
    quick = [one for one in found if "quick" in one.classes]
    slow = [one for one in found if one.classes == ("slow",)]
    assert quick
    assert slow
    assert all(one.classes == ("quick", "slow") for one in quick)
    assert all(one.batch_timeout_ms <= 400 for one in quick)
    assert min(one.batch_timeout_ms for one in slow) > 400
    assert min(one.usd_per_request for one in slow) < min(one.usd_per_request for one in quick)


def test_figures_of_a_call_multiply_out() -> None:
    """Tariff x billed time over the mean batch is the price; time of a call, cold starts included, over it is the time held."""
    for one in buffered(options(asked(batch_sizes=[1, 4, 8])).functions):
        held_s = (one.mean_ms + one.cold_start_share * 2000) / 1000
        assert one.concurrency_s * one.mean_batch == pytest.approx(held_s)
        usd = 0.2e-6 + 2 * one.billed_ms / 1000 * 0.0000166667
        assert one.usd_per_request * one.mean_batch == pytest.approx(usd)
        assert 1 <= one.mean_batch <= one.batch


def test_times_by_size_go_up_to_the_batch_and_the_mean_lies_among_them() -> None:
    for one in buffered(options(asked(batch_sizes=[1, 4, 8])).functions):
        assert len(one.size_mean_ms) == one.batch
        assert list(one.size_mean_ms) == sorted(one.size_mean_ms)
        assert one.size_mean_ms[0] * (1 - 1e-9) <= one.mean_ms <= one.size_mean_ms[-1] * (1 + 1e-9)


def test_today_s_functions_stay_and_take_any_rate() -> None:
    """Ranges of rates come on top: single requests, and the bursts of a spot loss, go where they went."""
    times = [function_time(), *batches()[1:]]
    plain = options(asked(), *times).functions
    both = options(asked(batch_sizes=[1, 8]), *times).functions
    assert [one for one in both if one.rate_rps is None] == list(plain)
    assert not [one for one in options(asked(batch_sizes=[4, 8]), *times).functions if one.rate_rps is None]


def test_figures_taken_as_exact_in_batches_are_so_for_single_requests_too() -> None:
    """One figure for each of two batches: one rule for buffers and single calls, where buffers are asked for."""
    (single,) = (
        one for one in options(asked(batch_sizes=[1, 8]), *batches()).functions if one.rate_rps is None
    )
    cold = single.cold_start_share
    assert single.deadline_meet_rate == pytest.approx({"quick": 1 - cold, "slow": 1 - cold})
    assert single.quantiles == ((1.0, 100.0),)
    assert single.source.endswith("every call is taken to last this long")
    assert not options(asked(), *batches()).functions
    (late,) = (
        one
        for one in options(asked(batch_sizes=[1, 8]), *batches(single_ms=700.0)).rejected
        if "for quick" in one.option
    )
    assert (late.kind, late.reason) == (
        "deadline",
        "0.95 of its calls take up to 700 ms; the deadline is 500 ms",
    )


def test_one_figure_of_one_batch_tells_no_percentile_to_either() -> None:
    question = asked(rate_brackets_rps=[4.0, 8.0])
    found = options(question, function_time(quantiles=(), samples=None))
    assert not found.functions
    assert {one.kind for one in found.rejected if one.option.startswith("lambda/good")} == {"percentile"}


def test_rates_and_readiness_are_offered_for_single_requests_too() -> None:
    """More calls keep more functions warm: within a range of high rates fewer start cold than at the scenario's least rate."""
    question = asked(rate_brackets_rps=[20.0, 40.0])
    plain, ranged = options(question, function_time()).functions
    assert (plain.rate_rps, ranged.rate_rps) == (None, (20.0, 40.0))
    assert ranged.cold_start_share < plain.cold_start_share
    assert ranged.usd_per_request < plain.usd_per_request
    assert ranged.arrivals is not None


@pytest.mark.parametrize(
    ("functions", "times", "kind", "name"),
    [
        ({"batch_sizes": [2, 4]}, [function_time()], "batch", "lambda/good in a buffer"),
        ({"batch_sizes": [1, 8], "least_rate_rps": 500.0}, batches(), "rate", "lambda/good"),
        (
            {"batch_sizes": [1, 8], "rate_brackets_rps": [20.0, 40.0]},
            batches(single_ms=700.0),
            "deadline",
            "lambda/good/d500p95 in a buffer",
        ),
        (
            {"batch_sizes": [1, 8], "rate_brackets_rps": [0.01, 0.02]},
            batches(single_ms=50.0),
            "cold starts",
            "lambda/good/d500p95 in a buffer",
        ),
        ({"batch_sizes": [1, 8]}, batches(memory_mb=256), "function limits", "lambda/good in a buffer"),
        ({"memory_mb": [1024]}, batches(), "function limits", "lambda/good"),
    ],
)
def test_what_is_left_out_says_why_once_a_model_and_tier(
    functions: dict[str, object], times: list[FunctionTime], kind: str, name: str
) -> None:
    found = options(asked(**functions), *times)
    assert reasons(found)[name] == kind
    assert sum(one.option.startswith(name) and one.kind == kind for one in found.rejected) == 1


def test_memory_sizes_asked_for_are_the_only_ones() -> None:
    times = [*batches(2048), *batches(4096, single_ms=60.0)]
    found = options(asked(batch_sizes=[1, 8], memory_mb=[2560]), *times).functions
    assert {one.memory_mb for one in found} == {2560}


def test_where_the_concurrency_limit_may_bind_dearer_points_that_hold_less_are_offered() -> None:
    times = [*batches(1024, single_ms=160.0), *batches(2048, single_ms=90.0), *batches(4096, single_ms=60.0)]
    times = [replace(one, load_ms=200.0) for one in times]
    usual = asked(batch_sizes=[1, 8], rate_brackets_rps=[40.0, 80.0])
    short = asked(batch_sizes=[1, 8], rate_brackets_rps=[40.0, 80.0], concurrency_limit=1)
    many = [one.concurrency_s for one in buffered(options(short, *times).functions)]
    assert len(many) > len(buffered(options(usual, *times).functions))
    assert min(many) < 0.5 * max(many)


def test_functions_kept_ready_are_priced_by_the_hour_and_call_cheaper() -> None:
    """At 0.5 to 1 requests/s six in a thousand calls start cold, and 99.8 % must be in time: only readiness keeps that."""
    question = asked(rate_brackets_rps=[0.5, 1.0], provisioned_concurrency=True)
    strict = replace_percentile(question, 0.998)
    found = [one for one in options(strict, *batches(), **PROVISIONED).functions if one.rate_rps]
    assert found
    for one in found:
        assert one.provisioned_concurrency >= 1
        assert one.usd_per_h == pytest.approx(one.provisioned_concurrency * 2 * 3600 * 0.0000041667)
        assert one.id.endswith(f"/p{one.provisioned_concurrency}")
        assert one.counted_concurrency_s == max(one.concurrency_s, one.provisioned_concurrency / 0.5)
        assert min(one.deadline_meet_rate.values()) >= 0.998
    without = options(replace_percentile(asked(rate_brackets_rps=[0.5, 1.0]), 0.998), *batches())
    assert not [one for one in without.functions if one.rate_rps]


def replace_percentile(question: Scenario, percentile: float) -> Scenario:
    """The same question, all classes asking for another share in time."""
    classes = tuple(one.model_copy(update={"percentile": percentile}) for one in question.workload.classes)
    return question.model_copy(update={"workload": question.workload.with_classes(classes)})
