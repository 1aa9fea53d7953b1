"""Functions: sent a rate they are meant for, set as their option says, and parts of cut models that fit together."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.checker.money import differs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.checker.catalogs import Catalogs

Plan = dict[str, Any]
ROUNDING = 1e-6
SETTINGS = (
    "provider",
    "region",
    "model",
    "memory_mb",
    "batch_size",
    "batch_timeout_ms",
    "provisioned_concurrency",
    "partition",
)


def function_options(plan: Plan) -> dict[str, Plan]:
    """Function options by their id."""
    return {one["id"]: one for one in plan["options"] if one["kind"] == "function"}


def sent_rps(window: Plan, function: str) -> list[float]:
    """Requests/s that a function is sent at each level, all classes together."""
    rows = [rows[function] for rows in window["overflow_rps"].values() if function in rows]
    return [sum(rates) for rates in zip(*rows, strict=True)]


def check_functions(plan: Plan, catalogs: Catalogs) -> Iterator[str]:
    """Rates, settings and concurrency of every function in every window; parts of every option."""
    options = function_options(plan)
    for window in plan["windows"]:
        set_aside = {line["reserved_concurrency"] > 0 for line in window["functions"]}
        if len(set_aside) > 1:
            yield f"window {window['id']}: functions: concurrency is reserved for some and for others not"
        for line in window["functions"]:
            option = options.get(line["option"])
            where = f"window {window['id']}, function {line['option']}"
            if option is None:
                yield f"{where}: functions: there is no such option"
                continue
            rates = sent_rps(window, line["option"])
            yield from _rates(where, option, rates)
            for name in SETTINGS:
                if line[name] != option[name]:
                    yield f"{where}: functions: {name} is {line[name]}, the option's is {option[name]}"
            running = max(rates, default=0.0) * option["concurrency_s"]
            needed = max(math.ceil(running - ROUNDING), line["provisioned_concurrency"])
            if 0 < line["reserved_concurrency"] < needed:
                yield f"{where}: functions: {line['reserved_concurrency']} are reserved, {needed} are needed"
    for option in options.values():
        if option["partition"] is not None:
            yield from _parts(option, catalogs)


def _rates(where: str, option: Plan, rates: list[float]) -> Iterator[str]:
    """At every level it is sent nothing, or a rate that its figures hold for."""
    if option["rate_rps"] is None:
        return
    least, most = option["rate_rps"]["least"], option["rate_rps"]["most"]
    for rate in rates:
        if 0.0 < rate < least * (1.0 - ROUNDING) or rate > (math.inf if most is None else most) * (
            1.0 + ROUNDING
        ):
            yield f"{where}: rate: {rate:.6g} requests/s are sent to it, its figures hold from {least:g} to {most}"


def _parts(option: Plan, catalogs: Catalogs) -> Iterator[str]:
    """Parts run every block once and hand on what the next one takes; price and time held are their sums."""
    where, parts = f"option {option['id']}", option["partition"]
    blocks = [block for part in parts for block in part["blocks"]]
    if len(set(blocks)) < len(blocks):
        yield f"{where}: parts: a block runs in two parts"
    if parts[0]["receives"]["via"] != "caller" or parts[-1]["sends"]["via"] != "caller":
        yield f"{where}: parts: input and answer are not the caller's"
    for number, (before, after) in enumerate(pairwise(parts), start=1):
        sent, received = before["sends"], after["receives"]
        if (sent["via"], sent["bytes"]) != (received["via"], received["bytes"]) or sent["via"] == "caller":
            yield (
                f"{where}: parts: part {number} sends {sent['bytes']} bytes via {sent['via']}, the next receives "
                f"{received['bytes']} via {received['via']}"
            )
    called = [one for part in parts for one in (part, *part["workers"])]
    for one in called:
        if one["memory_used_mib"] > one["memory_mb"]:
            yield f"{where}: parts: {one['memory_used_mib']:g} MiB are used of {one['memory_mb']} MB"
    usd = sum(part["usd"] for part in parts) / option["mean_batch"]
    if differs(option["usd_per_request"], usd):
        yield f"{where}: parts: {option['usd_per_request']:.8g} USD a request, its parts cost {usd:.8g}"
    held_s = sum(one["billed_ms"] for one in called) / 1000.0 / option["mean_batch"]
    if differs(option["concurrency_s"], held_s):
        yield f"{where}: parts: {option['concurrency_s']:.6g} s are held a request, its parts hold {held_s:.6g}"
    for number, part in enumerate(parts, start=1):
        least, most = _part_usd(option, part, catalogs)
        if not least * (1.0 - ROUNDING) <= part["usd"] <= most * (1.0 + ROUNDING):
            yield f"{where}: parts: part {number} costs {part['usd']:.8g} USD, recomputed {least:.8g} to {most:.8g}"


def _part_usd(option: Plan, part: Plan, catalogs: Catalogs) -> tuple[float, float]:
    """Least and most that a call of a part may cost: its functions, and its tensors in the store.

    A tensor is paid for by whoever writes it; what a worker takes may have been written once for all.
    """
    key = (option["provider"], option["architecture"], option["region"])
    most_per_gb_s = catalogs.usd_per_gb_s.get(key, 0.0)
    least_per_gb_s = most_per_gb_s
    if option["provisioned_concurrency"]:
        least_per_gb_s = min(most_per_gb_s, catalogs.ready_usd_per_gb_s[key][1])
    called = [part, *part["workers"]]
    gb_s = sum(one["memory_mb"] / 1024.0 * one["billed_ms"] / 1000.0 for one in called)
    fees = len(called) * catalogs.usd_per_call.get(key, 0.0)
    stored = sum(one[way]["via"] == "store" for one in called for way in ("receives", "sends"))
    handed = stored * catalogs.store_usd.get(option["region"], 0.0)
    return fees + gb_s * least_per_gb_s, fees + gb_s * most_per_gb_s + handed
