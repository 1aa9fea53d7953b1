"""What a plan promises of its functions beside what happened: of every call, of every request, and of all that run at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.replay.promise import Promise, numbers
from planner.replay.summaries import ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from planner.plan import FunctionOption
    from planner.replay.plan_replay import PlanReplay

    Array = NDArray[np.float64]

SECONDS_PER_HOUR = 3600.0
FUNCTIONS_PART = -1  # of `planner.replay.results.COST_PARTS`


def function_promises(done: PlanReplay) -> Iterator[Promise]:
    """Every function's calls and requests, over what it was called or answered, and what functions kept ready cost an hour."""
    options = {one.id: one for one in done.plan.options if one.kind == "function"}
    for f, function in enumerate(done.replayed.supply.functions):
        yield from _in_time(done, f, options[function.name])
        yield from _calls(done, f, options[function.name])
        yield from _at_once(done, f)
    if options:
        kept_usd_per_h = numbers(
            sum(options[line.option].usd_per_h for line in window.functions) for window in done.plan.windows
        )
        kept_usd = done.replayed.usd[FUNCTIONS_PART] - done.replayed.calls_usd.sum(axis=0)
        happened = kept_usd * SECONDS_PER_HOUR / done.window_s
        yield Promise("functions", "usd_per_h", "", kept_usd_per_h, happened, done.window_s)


def _in_time(done: PlanReplay, f: int, option: FunctionOption) -> Iterator[Promise]:
    """Share in time of each class, of what the function answered."""
    replayed = done.replayed
    target = len(replayed.supply.pools) + f
    for k, one in enumerate(replayed.supply.classes):
        if (rate := option.deadline_meet_rate.get(one.name)) is not None:
            served = replayed.served[k, target]
            happened = ratio(replayed.in_time[k, target], served)
            promised = np.full(len(served), rate)
            yield Promise(
                "functions", "deadline_meet_rate", f"{one.name} on {option.id}", promised, happened, served
            )


def _calls(done: PlanReplay, f: int, option: FunctionOption) -> Iterator[Promise]:
    """Times, bills and cold starts of calls, and what a request costs and holds; a cut model is not billed by its time."""
    replayed, function = done.replayed, done.replayed.supply.functions[f]
    calls, warm_s, cold = replayed.calls[f], replayed.warm_s[f], replayed.cold_calls[f]
    requests = replayed.served[:, len(replayed.supply.pools) + f].sum(axis=0)
    held_s = function.functions * (warm_s + cold * function.cold_s)
    billed_s = replayed.billed_s[f] if option.partition is None else np.full(len(calls), np.nan)
    for figure, promise, part, whole in (
        ("cold_start_share", option.cold_start_share, cold, calls),
        ("mean_batch", option.mean_batch, requests, calls),
        ("mean_ms", option.mean_ms, 1000 * warm_s, calls),
        ("billed_ms", option.billed_ms, 1000 * billed_s, calls),
        ("usd_per_request", option.usd_per_request, replayed.calls_usd[f], requests),
        ("concurrency_s", option.concurrency_s, held_s, requests),
    ):
        promised = np.full(len(calls), promise)
        yield Promise("functions", figure, option.id, promised, ratio(part, whole), whole)


def _at_once(done: PlanReplay, f: int) -> Iterator[Promise]:
    """The most calls under way at once, for which the plan sets concurrency aside; no promise where it sets none aside."""
    name = done.replayed.supply.functions[f].name
    reserved = numbers(
        next((one.reserved_concurrency or None for one in window.functions if one.option == name), None)
        for window in done.plan.windows
    )
    most = done.replayed.most_calls[f]
    yield Promise("functions", "reserved_concurrency", name, reserved, most, done.window_s)
