"""Buffers in front of functions, simulated: requests in time, and what one of them costs.

Only where all arrivals are stated to be Poisson: other processes are not told in the plan. Calls are taken to be warm, which bounds
the share in time from above and the price from below: a plan may promise no more than that, and charge no less.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.checker.functions import function_options, sent_rps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tests.checker.catalogs import Catalogs

    Array = NDArray[np.float64]

Plan = dict[str, Any]
REQUESTS = 60_000  # of one simulation: shares near 0.95 to 0.1 points
ERRORS = 4.0  # standard errors of a share in time, neighbours in a batch being late together
PRICE_SHARE = 0.02  # a simulated price is this close
QUANTILE = "p{}_ms"


def check_buffers(plan: Plan, catalogs: Catalogs) -> Iterator[str]:
    """Every buffer at every rate it is sent."""
    options = function_options(plan)
    classes = {one["name"]: one for one in plan["problem"]["classes"]}
    rates: dict[str, set[float]] = {}
    for window in plan["windows"]:
        for name in {line["option"] for line in window["functions"]} & set(options):
            rates.setdefault(name, set()).update(rate for rate in sent_rps(window, name) if rate > 0.0)
    for name, found in rates.items():
        option = options[name]
        poisson = all(part.startswith("Poisson") for part in (option["arrivals"] or "").split("; "))
        if option["rate_rps"] is None or option["partition"] is not None or not poisson:
            continue
        times = call_times(option, catalogs)
        if times is None:
            yield f"option {name}: profile: {option['model']} was not measured around {option['memory_mb']} MB"
            continue
        for rate in sorted(found):
            yield from _buffer(option, rate, times, classes, catalogs)


def _buffer(
    option: Plan, rate: float, times: list[tuple[float, Array]], classes: dict[str, Plan], catalogs: Catalogs
) -> Iterator[str]:
    where = f"option {option['id']} at {rate:.6g} requests/s"
    waits, sizes = gathered(rate, option["batch_size"], option["batch_timeout_ms"] / 1000.0)
    for name, stated in option["deadline_meet_rate"].items():
        deadline_ms = classes[name]["deadline_ms"] if name in classes else None
        if deadline_ms is None:
            continue
        left_ms = deadline_ms - 1000.0 * waits
        met = sum(share * float(np.mean(call_ms[sizes - 1] <= left_ms + 1e-9)) for share, call_ms in times)
        error = math.sqrt(max(met * (1.0 - met), 1e-6) * option["batch_size"] / REQUESTS)
        if stated > met + ERRORS * error:
            yield f"{where}: buffer: {stated:.5g} of {name} in time is stated, {met:.5g} are"
    key = (option["provider"], option["architecture"], option["region"])
    if key not in catalogs.usd_per_call:
        return
    mean_ms = call_means(option, catalogs)
    price = catalogs.usd_per_gb_s[key]
    if option["provisioned_concurrency"]:
        price = min(price, catalogs.ready_usd_per_gb_s[key][1])
    gb_s = option["memory_mb"] / 1024.0 * mean_ms[sizes - 1] / 1000.0
    usd = float(np.mean((catalogs.usd_per_call[key] + gb_s * price) / sizes))
    if option["usd_per_request"] < usd * (1.0 - PRICE_SHARE):
        yield f"{where}: buffer: {option['usd_per_request']:.6g} USD a request, simulated {usd:.6g}"


def gathered(rate: float, batch: int, timeout_s: float) -> tuple[Array, NDArray[np.int64]]:
    """[n] seconds that each request of a Poisson stream waits for its batch to close, and the batch's size."""
    arrivals = np.cumsum(np.random.default_rng(17).exponential(1.0 / rate, size=REQUESTS))
    waits, sizes = np.zeros(REQUESTS), np.ones(REQUESTS, dtype=np.int64)
    first, times = 0, arrivals.tolist()
    while batch > 1 and first < REQUESTS:
        last, closes = first + 1, times[first] + timeout_s
        while last < REQUESTS and last - first < batch and times[last] <= closes:
            last += 1
        if last - first == batch:
            closes = times[last - 1]
        waits[first:last], sizes[first:last] = closes - arrivals[first:last], last - first
        first = last
    return waits, sizes


def call_means(option: Plan, catalogs: Catalogs) -> Array:
    """[n] mean milliseconds of a call with n + 1 requests."""
    found = _by_batch(option, catalogs, "mean_ms")
    assert found is not None
    return found


def call_times(option: Plan, catalogs: Catalogs) -> list[tuple[float, Array]] | None:
    """Further share of the calls, and [n] milliseconds that these stay within; None where nothing was measured.

    A profile of one figure a call is taken at its word; of one with quantiles only these are known.
    """
    mean = _by_batch(option, catalogs, "mean_ms")
    if mean is None:
        return None
    if not option["quantiles_ms"] or list(option["quantiles_ms"]) == ["1"]:
        return [(1.0, mean)]
    steps, before = [], 0.0
    for text in sorted(option["quantiles_ms"], key=float):
        share = float(text)
        times = _by_batch(option, catalogs, QUANTILE.format(f"{share:.3f}"[2:].rstrip("0").ljust(2, "0")))
        if times is not None:
            steps.append((share - before, times))
            before = share
    return steps


def _by_batch(option: Plan, catalogs: Catalogs, column: str) -> Array | None:
    """[n] milliseconds by requests of a call: chords between the measured batches, and between the memory sizes around."""
    key = (option["model"], option["provider"], option["architecture"])
    by_memory: dict[int, dict[int, float]] = {}
    for (*name, memory_mb), rows in catalogs.function_times.items():
        for row in rows if tuple(name) == key else ():
            if row.get(column) and int(row.get("items_per_request") or 1) == option["items_per_request"]:
                by_memory.setdefault(memory_mb, {})[int(row.get("batch") or 1)] = float(row[column])
    memory_mb = option["memory_mb"]
    low = max((size for size in by_memory if size <= memory_mb), default=None)
    high = min((size for size in by_memory if size >= memory_mb), default=None)
    if low is None or high is None:
        return None
    if low == high:
        return _rising(by_memory[low], option["batch_size"])
    weight = (memory_mb - low) / (high - low)
    ends = [_slowest(by_memory, size, option["batch_size"]) for size in (low, high)]
    return (1.0 - weight) * ends[0] + weight * ends[1]


def _slowest(by_memory: dict[int, dict[int, float]], memory_mb: int, batch: int) -> Array:
    """[n] the longest time of a memory size and all larger ones."""
    larger = [_rising(rows, batch) for size, rows in by_memory.items() if size >= memory_mb]
    return np.asarray(np.max(larger, axis=0))


def _rising(rows: dict[int, float], batch: int) -> Array:
    """[n] chords between the batches of one memory size, never less than the time of a smaller batch."""
    order = sorted(rows)
    return np.interp(np.arange(1.0, batch + 1.0), order, np.maximum.accumulate([rows[one] for one in order]))
