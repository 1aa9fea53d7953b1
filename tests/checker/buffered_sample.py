"""The small plan with its function behind a buffer: up to 4 requests within 100 ms, at 4 to 12 requests/s, two kept ready.

At 4 requests/s, where a request is dearest, a batch has 1 + sum over k = 1..3 of P(Poisson(0.4) >= k) requests on average.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tests.checker.sample import (
    OVERFLOW_SHARE,
    REGION,
    WINDOW_H,
    function_line,
    sample_catalogs,
    sample_plan,
)

if TYPE_CHECKING:
    from tests.checker.catalogs import Catalogs

Plan = dict[str, Any]
FUNCTION = "lambda/small/1024/b4t100/r4-12/p2"
KEY = ("aws-lambda", "x86_64", REGION)
BATCH, TIMEOUT_S, LEAST_RPS, MOST_RPS = 4, 0.1, 4.0, 12.0
CALL_MS = {1: 200.0, 4: 260.0}  # measured; 220 and 240 between
COLD_SHARE, LOAD_MS, READY = 0.01, 400.0, 2
HELD_USD_PER_GB_S, RUN_USD_PER_GB_S = 4e-6, 1e-5  # sample_catalogs: 1.6e-5 elsewhere, 2e-7 a call


def buffered_catalogs() -> Catalogs:
    """Those of the small plan, with calls of one and of four requests, and prices of standing ready."""
    found = sample_catalogs()
    found.ready_usd_per_gb_s[KEY] = (HELD_USD_PER_GB_S, RUN_USD_PER_GB_S)
    found.store_usd[REGION] = 1e-6
    found.function_times["small", "aws-lambda", "x86_64", 1024] = [
        {"batch": str(batch), "items_per_request": "1", "mean_ms": str(ms)} for batch, ms in CALL_MS.items()
    ]
    return found


def buffered_plan() -> Plan:
    """The plan: what the function costs in each window follows from its option."""
    plan = sample_plan()
    function = _buffered(next(one for one in plan["options"] if one["kind"] == "function"))
    plan["options"][-1] = function
    total = 0.0
    for window in plan["windows"]:
        rates = window["overflow_rps"]["relaxed"].pop("lambda/small/1024")
        window["overflow_rps"]["relaxed"][FUNCTION] = rates
        window["functions"] = [function_line(function, READY)]
        for route in window["routing"]["relaxed"]:
            route["functions"] = {FUNCTION: OVERFLOW_SHARE}
        cost = window["cost"]
        mean_rps = sum(
            level["weight_share"] * rate for level, rate in zip(window["levels"], rates, strict=True)
        )
        cost["functions_usd"] = WINDOW_H * (
            3600.0 * mean_rps * function["usd_per_request"] + function["usd_per_h"]
        )
        cost["total_usd"] = cost["machines_usd"] + cost["starts_usd"] + cost["functions_usd"]
        total += cost["total_usd"]
    for name, usd in (("objective", total), ("bound", 0.98 * total)):
        plan["certificate"][name]["value"] = plan["certificate"][f"{name}_usd"] = usd
    plan["certificate"]["spend_usd"] = total
    return plan


def _buffered(function: Plan) -> Plan:
    """The option, its figures at the least rate."""
    mean = LEAST_RPS * TIMEOUT_S
    counts = [math.exp(-mean) * mean**k / math.factorial(k) for k in range(BATCH - 1)]
    sizes = [*counts, 1.0 - sum(counts)]  # of 1 to 4 requests
    mean_batch = sum(size * share for size, share in enumerate(sizes, start=1))
    warm_ms = sum(
        share * (200.0 + 20.0 * (size - 1)) for size, share in enumerate(sizes, start=1)
    )  # every batch is a whole number of steps
    held_ms = warm_ms + COLD_SHARE * LOAD_MS
    usd_per_call = (
        2e-7
        + ((1.0 - COLD_SHARE) * warm_ms * RUN_USD_PER_GB_S + COLD_SHARE * (warm_ms + LOAD_MS) * 1.6e-5)
        / 1000.0
    )
    return function | {
        "id": FUNCTION,
        "batch_size": BATCH,
        "batch_timeout_ms": 1000.0 * TIMEOUT_S,
        "rate_rps": {"least": LEAST_RPS, "most": MOST_RPS},
        "mean_batch": mean_batch,
        "mean_ms": warm_ms,
        "quantiles_ms": {"1": 260.0},
        "billed_ms": held_ms,
        "cold_start_share": COLD_SHARE,
        "cold_start_ms": LOAD_MS,
        "usd_per_request": usd_per_call / mean_batch,
        "concurrency_s": held_ms / 1000.0 / mean_batch,
        "deadline_meet_rate": {"relaxed": 0.99},  # all warm calls, within 360 of 500 ms
        "provisioned_concurrency": READY,
        "usd_per_h": READY * 3600.0 * HELD_USD_PER_GB_S,
        "arrivals": "Poisson (web)",
    }
