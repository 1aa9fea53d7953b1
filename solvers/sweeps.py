"""Sweeps of a search: a bound from all windows under multipliers, and the cheapest path through what the windows found."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from solvers.block_solver import Effort
from solvers.configurations import usable_multipliers
from solvers.fixed_capacity import horizon_relaxation
from solvers.horizon import compile_horizon
from solvers.paths import cheapest_path
from solvers.solution import BoundReport

if TYPE_CHECKING:
    from solvers.parallel import Map
    from solvers.problem import Array
    from solvers.search import Programs, Search

EXACT = "the exact problem: all counts of every group"


def first_bound(search: Search, programs: Programs, run: Map, sweeps: int) -> tuple[Array, tuple[int, ...]]:
    """Multipliers to begin with, and the windows that nobody can serve.

    Where sweeps follow, which bring bounds, a remembered solve hands its multipliers on, and a single window has no use for any.
    Without capacity tables the horizon's relaxation is worth solving and its duals are the multipliers; else the relaxed windows
    give a first bound.
    """
    if search.memory is not None and sweeps:
        return search.memory.multipliers, ()
    if sweeps and len(search.problem.window_h) == 1 and all(program.from_fleet for _, program in programs):
        return np.zeros((len(search.problem.rises.usd), 1)), ()
    if search.problem.is_linear.all():
        clock = time.perf_counter()
        horizon = search.horizons[0] if len(search.parts) == 1 else compile_horizon(search.problem)
        relaxed = search.relaxed = horizon_relaxation(horizon)
        search.remember("horizon-lp", clock)
        if relaxed.shadow_usd is not None:
            search.add_bound(
                BoundReport("horizon-lp", EXACT, relaxed.value_usd, search.phases_s["horizon-lp"])
            )
            return usable_multipliers(search.problem, relaxed.change_usd), ()
    multipliers = search.multipliers()
    return multipliers, sweep(search, programs, multipliers, run, Effort(relax=True), "relaxed-windows")


def sweep(
    search: Search, programs: Programs, multipliers: Array, run: Map, effort: Effort, name: str
) -> tuple[int, ...]:
    """Solve every window of every part under the multipliers; keep the bound, and the fleets unless they are relaxed."""
    clock = time.perf_counter()
    answers = [(part, program.sweep(multipliers, run, effort, search.answers)) for part, program in programs]
    search.remember(name, clock)
    unservable = tuple(sorted({t for _, answer in answers for t in answer.unservable}))
    if unservable:
        return unservable
    shared = not all(program.from_fleet for _, program in programs)
    initial = float(multipliers[:, 0] @ search.problem.rises.initial_count) if shared else 0.0
    bound = sum(answer.bound_usd for _, answer in answers) - initial
    floor = -np.inf if search.problem.value is not None else 0.0
    report = BoundReport(f"lagrangian-{name}", EXACT, max(bound, floor), time.perf_counter() - clock)
    search.add_bound(report, multipliers)
    search.timed_out = search.timed_out or any(answer.timed_out for _, answer in answers)
    if not effort.relax:
        search.add_fleet(search.whole((part, answer.instances) for part, answer in answers))
    return ()


def find_path(search: Search) -> None:
    """Cheapest path through the pools, part after part with the others' machines fixed, until no part changes."""
    clock = time.perf_counter()
    fleets = [search.best.instances[part.option] if search.best else None for part in search.parts]
    for _ in range(2 if len(search.parts) > 1 else 1):
        for n, part in enumerate(search.parts):
            others = search.others(fleets, n)
            found = cheapest_path(part.problem, search.pools[n], others)
            if found is None:
                return
            fleets[n] = found
    search.offer(
        search.whole(
            (part, fleet) for part, fleet in zip(search.parts, fleets, strict=True) if fleet is not None
        )
    )
    search.remember("paths", clock)
