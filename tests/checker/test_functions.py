"""Functions behind buffers and cut models: the checker passes plans that hold and catches what is wrong with others."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.checker import check_plan
from tests.checker.buffered_sample import FUNCTION, buffered_catalogs, buffered_plan
from tests.checker.buffers import gathered
from tests.checker.spot import takes_any_rate
from tests.checker.test_checker import option, scale, swap_class

if TYPE_CHECKING:
    from collections.abc import Callable

Plan = dict[str, Any]


def test_a_sound_buffer_passes() -> None:
    assert check_plan(buffered_plan(), buffered_catalogs()) == []


def set_lines(plan: Plan, **changes: Any) -> None:
    for window in plan["windows"]:
        window["functions"][0].update(changes)


def set_all(plan: Plan, **changes: Any) -> None:
    """Of the option and its lines alike."""
    option(plan, FUNCTION).update(changes)
    set_lines(plan, **changes)


TAMPERINGS: dict[str, tuple[Callable[[Plan], Any], str]] = {
    "sent too little": (
        lambda p: option(p, FUNCTION).update(rate_rps={"least": 7.0, "most": 12.0}),
        "rate: 6 requests/s are sent to it, its figures hold from 7 to 12",
    ),
    "sent too much": (
        lambda p: option(p, FUNCTION).update(rate_rps={"least": 4.0, "most": 9.0}),
        "rate: 10 requests/s",
    ),
    "another timeout set": (lambda p: set_lines(p, batch_timeout_ms=50.0), "batch_timeout_ms is 50.0"),
    "reserved less than kept ready": (
        lambda p: set_lines(p, reserved_concurrency=1),
        "1 are reserved, 2 are",
    ),
    "no such option": (lambda p: set_lines(p, option="lambda/none"), "there is no such option"),
    "readiness forgotten": (
        lambda p: p["windows"][0]["cost"].update(
            functions_usd=p["windows"][0]["cost"]["functions_usd"] - 0.0072
        ),
        "functions_usd",
    ),
    "readiness too cheap": (
        lambda p: scale(option(p, FUNCTION), "usd_per_h", 0.5),
        "USD/h for what is kept ready",
    ),
    "a call too cheap": (lambda p: scale(option(p, FUNCTION), "usd_per_request", 0.6), "USD a request"),
    "a batch too large": (lambda p: scale(option(p, FUNCTION), "mean_batch", 1.2), "s a call, recomputed"),
    "billed too short": (lambda p: scale(option(p, FUNCTION), "billed_ms", 0.9), "a call is held"),
    "waits beyond the deadline": (
        lambda p: set_all(p, batch_timeout_ms=400.0),
        "buffer: 0.99 of relaxed in time is stated",
    ),
    "percentile of a class": (lambda p: swap_class(p, "relaxed", percentile=0.995), f"tier: {FUNCTION}"),
    "class not promised": (lambda p: option(p, FUNCTION).update(deadline_meet_rate={}), f"tier: {FUNCTION}"),
    "never measured": (
        lambda p: set_all(p, memory_mb=2048),
        "small was not measured around 2048 MB",
    ),
}


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_tampering_is_caught(kind: str) -> None:
    tamper, expected = TAMPERINGS[kind]
    plan = copy.deepcopy(buffered_plan())
    tamper(plan)
    problems = check_plan(plan, buffered_catalogs())
    assert any(expected in problem for problem in problems), problems


def test_a_price_that_batches_do_not_earn_is_caught_by_simulation() -> None:
    """All figures agree with batches of 4, and at 6 requests/s within 100 ms they hold 1.6."""
    plan = buffered_plan()
    one = option(plan, FUNCTION)
    one.update(mean_batch=4.0, usd_per_request=one["usd_per_request"] * one["mean_batch"] / 4.0)
    problems = check_plan(plan, buffered_catalogs())
    assert any("at 6 requests/s: buffer" in problem and "simulated" in problem for problem in problems), (
        problems
    )


def test_arrivals_that_the_plan_does_not_tell_are_not_simulated() -> None:
    plan = buffered_plan()
    set_all(plan, batch_timeout_ms=400.0)
    option(plan, FUNCTION)["arrivals"] = "MAP(2) fitted to web"
    assert check_plan(plan, buffered_catalogs()) == []


def test_known_quantiles_bound_the_share_in_time() -> None:
    """Of calls known at .95 only no more than .95 can be promised."""
    catalogs, plan = buffered_catalogs(), buffered_plan()
    for row in catalogs.function_times["small", "aws-lambda", "x86_64", 1024]:
        row["p95_ms"] = row["mean_ms"]
    option(plan, FUNCTION)["quantiles_ms"] = {"0.95": 260.0}
    problems = check_plan(plan, catalogs)
    assert any("0.99 of relaxed in time is stated, 0.95 are" in problem for problem in problems), problems


def test_gathered_batches_match_the_closed_form() -> None:
    """Batches of up to 3 within T: 1 + P(N >= 1) + P(N >= 2) requests on average, N Poisson of rate T = 1."""
    waits, sizes = gathered(10.0, 3, 0.1)
    mean_batch = 1.0 / float(np.mean(1.0 / sizes))
    assert mean_batch == pytest.approx(1 + (1 - np.exp(-1)) + (1 - 2 * np.exp(-1)), rel=0.01)
    assert waits.max() <= 0.1 + 1e-9
    assert gathered(10.0, 1, 0.1)[0].max() == 0.0


def test_what_stands_ready_takes_no_burst() -> None:
    plan = buffered_plan()
    assert not takes_any_rate(option(plan, FUNCTION))
    assert takes_any_rate(option(plan, FUNCTION) | {"rate_rps": None, "usd_per_h": 0.0})


# ---- models cut over several functions -------------------------------------------------------------------------


def cut_plan() -> Plan:
    """The function cut in two parts, a worker beside the second; the price covers all of them and a store."""
    plan = buffered_plan()
    handed, caller = (
        {"via": "store", "bytes": 3_000_000, "ms": 1.0},
        {"via": "caller", "bytes": 4_000, "ms": 0.0},
    )
    first = _part(["conv", "pool"], 512, 100.0, caller, handed)
    second = _part(["tail"], 1024, 60.0, handed, caller) | {
        "workers": [_part(["tail"], 1024, 40.0, handed, handed)]
    }
    one = option(plan, FUNCTION)
    parts = [first, second]
    usd = sum(part["usd"] for part in parts) / one["mean_batch"]
    held_s = 0.2 / one["mean_batch"]
    ready_usd = one["usd_per_h"] * (512 + 1024 + 1024) / 1024
    set_all(plan, partition=parts)
    one.update(usd_per_request=usd, concurrency_s=held_s, usd_per_h=ready_usd)
    total = 0.0
    for window in plan["windows"]:
        cost, rates = window["cost"], window["overflow_rps"]["relaxed"][FUNCTION]
        cost["functions_usd"] = 0.25 * (3600.0 * sum(rates) / len(rates) * usd + ready_usd)
        cost["total_usd"] = cost["machines_usd"] + cost["starts_usd"] + cost["functions_usd"]
        total += cost["total_usd"]
    for name, value in (("objective", total), ("bound", 0.98 * total)):
        plan["certificate"][name]["value"] = plan["certificate"][f"{name}_usd"] = value
    plan["certificate"]["spend_usd"] = total
    return plan


def _part(blocks: list[str], memory_mb: int, billed_ms: float, receives: Plan, sends: Plan) -> Plan:
    return {
        "blocks": blocks,
        "memory_mb": memory_mb,
        "memory_used_mib": 400.0,
        "billed_ms": billed_ms,
        "usd": 1.8e-6 if memory_mb == 512 else 2.8e-6,  # between its functions and these with a store
        "receives": receives,
        "sends": sends,
        "workers": [],
    }


def test_a_sound_cut_passes() -> None:
    assert check_plan(cut_plan(), buffered_catalogs()) == []


CUTS: dict[str, tuple[Callable[[list[Plan]], Any], str]] = {
    "another tensor": (
        lambda p: p[1].update(receives=p[1]["receives"] | {"bytes": 1}),
        "part 1 sends 3000000",
    ),
    "another way": (
        lambda p: p[1].update(receives=p[1]["receives"] | {"via": "payload"}),
        "via store, the next",
    ),
    "handed to the caller": (
        lambda p: (p[0].update(sends=p[1]["sends"]), p[1].update(receives=p[1]["sends"])),
        "part 1 sends",
    ),
    "no caller": (lambda p: p[0].update(receives=p[0]["sends"]), "input and answer are not the caller's"),
    "a block twice": (lambda p: p[1].update(blocks=["pool", "tail"]), "a block runs in two parts"),
    "too little memory": (lambda p: p[0].update(memory_used_mib=600.0), "600 MiB are used of 512 MB"),
    "dearer parts": (lambda p: p[0].update(usd=1.9e-6), "its parts cost"),
    "parts too cheap": (lambda p: p[1].update(usd=1e-6), "part 2 costs 1e-06 USD, recomputed"),
    "parts too dear": (lambda p: p[0].update(usd=5e-6), "part 1 costs 5e-06 USD, recomputed"),
    "longer parts": (lambda p: p[0].update(billed_ms=200.0), "its parts hold"),
    "larger parts kept ready": (lambda p: p[0].update(memory_mb=2048), "for what is kept ready"),
}


@pytest.mark.parametrize("kind", CUTS)
def test_parts_that_do_not_fit_together_are_caught(kind: str) -> None:
    tamper, expected = CUTS[kind]
    plan = cut_plan()
    parts = copy.deepcopy(option(plan, FUNCTION)["partition"])
    tamper(parts)
    set_all(plan, partition=parts)
    problems = check_plan(plan, buffered_catalogs())
    assert any(expected in problem for problem in problems), problems
