"""BATCH's model solved exactly, on its 48 published arrival processes and three service-time surfaces: errors, time, cost.

    python -m tests.benchmarks.batching [--requests N]

1. Errors against event simulation (tests.solvers.batching.events) at points of the published grid drawn by one seed: analytic less
   simulated, in % of the simulated. The surfaces also run a twentieth as long, where waits weigh as much as services. A latency
   may jump at the percentile (from the batches of n to those of n + 1); which side the simulated one falls is then a matter of
   its sample. So the worst error is given twice: as it is, and beyond the range of percentiles that three standard errors of
   the simulated share leave open (batches, not requests, being independent). Shares in time are compared in points.
2. CPU seconds of one hour's joint search: law, prices and cheapest point, on 3,276 points and on the whole published grid with
   every batch size up to 20 (27,440 points).
3. The joint search beside the published one. Both are judged by the exact law: cost at the exact percentile of latency that the
   published choice has, and what the published search believes against what is so.
"""

from __future__ import annotations

import argparse
import time
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from planner.cli import calculate_on_one_thread

calculate_on_one_thread()

import numpy as np  # noqa: E402  after the number of threads is set
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from solvers.batching import BufferProblem, cheapest, law_of, priced  # noqa: E402
from tests.benchmarks import published_batching  # noqa: E402
from tests.benchmarks.published_batching import MEMORY_MB, TIMEOUTS_S, USD_PER_CALL, USD_PER_GB_S  # noqa: E402
from tests.solvers.batching.buffers import published, surface_s  # noqa: E402
from tests.solvers.batching.events import arrival_times, batched  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from solvers.batching import BatchGrid
    from tests.solvers.batching.events import Batched

    Array = NDArray[np.float64]
    Process = tuple[Array, Array]

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SIZES = np.arange(1, 21)
SOME_SIZES = np.array([1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20])
SOME_TIMEOUTS_S = np.array([0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.49])  # 28 x 13 x 9 = 3,276 points
PERCENTILE = 0.95
BILLING_STEP_S = 0.001  # the published solver bills the very time; its measured services are seconds
SPEEDS = (1.0, 20.0)
DRAWN = 4  # buffers a process
DEADLINES = (1.5, 2.0, 3.0, 5.0, 8.0)  # times the least service of one request


def problem_of(
    process: Process, service_s: Array, sizes: Array = SIZES, timeouts_s: Array = TIMEOUTS_S
) -> BufferProblem:
    """One hour's grid at the published tariff."""
    d0, d1 = process
    return BufferProblem(
        d0=d0,
        d1=d1,
        memory_mb=MEMORY_MB,
        service_s=service_s,
        usd_per_s=MEMORY_MB / 1024 * USD_PER_GB_S,
        usd_per_call=USD_PER_CALL,
        billing_step_s=BILLING_STEP_S,
        batch_size=sizes,
        timeout_s=timeouts_s,
    )


def errors(
    processes: dict[str, Process], surfaces: dict[str, Array], requests: int
) -> Iterator[tuple[str, float, list[float]]]:
    """(surface, speed, errors) at every point drawn: P95 in %, beyond the sample's own in %, share in points, cost in %."""
    for number, process in enumerate(processes.values()):
        rng = np.random.default_rng(number)
        times = arrival_times(rng, *process, requests)
        grids = {}
        for (name, slow_s), speed in product(surfaces.items(), SPEEDS):
            problem = problem_of(process, slow_s / speed)
            grids[name, speed] = priced(problem, law_of(problem))
        for _ in range(DRAWN):
            b, u = int(rng.integers(1, len(SIZES))), int(rng.integers(0, len(TIMEOUTS_S)))
            seen = batched(times, int(SIZES[b]), float(TIMEOUTS_S[u]))
            for (name, speed), grid in grids.items():
                yield name, speed, errors_at(grid, (int(rng.integers(0, len(MEMORY_MB))), b, u), seen)


def errors_at(grid: BatchGrid, point: tuple[int, int, int], seen: Batched) -> list[float]:
    """The four errors of one point."""
    memory, place = point[0], np.array(point)[:, None]
    problem = grid.problem
    latency_s = np.sort(seen.latency_s(problem.service_s[memory]))
    found_s = grid.quantile_at(place, PERCENTILE)
    open_share = 3.0 * np.sqrt(PERCENTILE * (1.0 - PERCENTILE) / len(seen.sizes))
    ranks = np.ceil((PERCENTILE + open_share * np.array([-1.0, 0.0, 1.0])) * len(latency_s)).astype(int) - 1
    low_s, truth_s, high_s = latency_s[np.minimum(ranks, len(latency_s) - 1)]
    beyond_s = found_s[0] - np.clip(found_s[0], low_s, high_s)
    in_time = np.searchsorted(latency_s, found_s[0] + 1e-9, side="right") / len(latency_s)
    steps = np.ceil(problem.service_s[memory] / BILLING_STEP_S - 1e-9)
    paid = seen.usd_per_request(problem.usd_per_s[memory] * steps * BILLING_STEP_S + USD_PER_CALL)
    relative = [
        found_s[0] / truth_s - 1.0,
        beyond_s / truth_s,
        grid.meet_rate_at(place, found_s)[0] - in_time,
    ]
    return [100.0 * float(value) for value in (*relative, grid.usd_per_request[point] / paid - 1.0)]


def error_table(found: list[tuple[str, float, list[float]]]) -> Table:
    """Mean and worst of the absolute errors, a row a surface and speed."""
    table = titled(
        f"1. Analytic against simulated, {len(found):,} points",
        *("surface", "service time", "points", "P95 mean %", "worst %", "beyond sample worst %"),
        *("share mean", "worst", "cost mean %", "worst %"),
    )
    kinds = [*dict.fromkeys((name, speed) for name, speed, _ in found), None]
    for kind in kinds:
        rows = np.abs([values for name, speed, values in found if kind in (None, (name, speed))])
        mean, worst = rows.mean(axis=0), rows.max(axis=0)
        figures = (mean[0], worst[0], worst[1], mean[2], worst[2], mean[3], worst[3])
        name, speed = ("all", "") if kind is None else (kind[0], written(kind[1]))
        table.add_row(name, speed, str(len(rows)), *(f"{value:.2f}" for value in figures))
    return table


def time_table(processes: dict[str, Process], surfaces: dict[str, Array]) -> Table:
    """CPU seconds of a joint search, median and worst over processes and surfaces."""
    table = titled(
        "2. CPU seconds of one hour's joint search, one thread",
        *("grid", "service time", "points", "searches", "median", "worst", "all P95 of one grid"),
    )
    for (name, sizes, timeouts_s), speed in product(
        (("28 x 13 x 9", SOME_SIZES, SOME_TIMEOUTS_S), ("28 x 20 x 49", SIZES, TIMEOUTS_S)), SPEEDS
    ):
        spent = []
        for process, slow_s in product(processes.values(), surfaces.values()):
            clock = time.process_time()
            problem = problem_of(process, slow_s / speed, sizes, timeouts_s)
            grid = priced(problem, law_of(problem))
            cheapest(grid, 3.0 * float(problem.service_s[:, 0].min()), PERCENTILE)
            spent.append(time.process_time() - clock)
        clock = time.process_time()
        grid.quantile_s(PERCENTILE)
        whole = time.process_time() - clock
        table.add_row(
            name,
            written(speed),
            f"{grid.usd_per_request.size:,}",
            str(len(spent)),
            f"{np.median(spent):.3f}",
            f"{max(spent):.3f}",
            f"{whole:.2f}",
        )
    return table


def comparison_table(processes: dict[str, Process], surfaces: dict[str, Array]) -> Table:
    """Published and joint search, a row a surface and deadline, over all processes."""
    table = titled(
        "3. Joint search beside the published one (B = 20, priced at the P95 batch); 48 processes a row; least / median / most",
        *("surface", "deadline s", "published: unsolved", "late in truth", "cost believed, % off"),
        *("joint: unsolved", "saved at the same P95, %", "points of 3,276 feasible where unsolved"),
    )
    for name, service_s in surfaces.items():
        deadlines_s = [factor * float(service_s[:, 0].min()) for factor in DEADLINES]
        chosen = {
            key: published_batching.search(*one, service_s, deadlines_s, PERCENTILE)
            for key, one in processes.items()
        }
        for place, deadline_s in enumerate(deadlines_s):
            off, saved, feasible, late, failed = [], [], [], 0, 0
            for key, process in processes.items():
                choice = chosen[key][place]
                problem = problem_of(process, service_s)
                grid = priced(problem, law_of(problem))
                failed += cheapest(grid, deadline_s, PERCENTILE) is None
                if choice is None:
                    some = problem_of(process, service_s, SOME_SIZES, SOME_TIMEOUTS_S)
                    few = priced(some, law_of(some))
                    feasible.append(float((few.meet_rate(0.98 * deadline_s) >= PERCENTILE).sum()))
                    continue
                point = (choice.memory, len(SIZES) - 1, choice.timeout)
                true_usd = float(grid.usd_per_request[point])
                true_s = float(grid.quantile_at(np.array(point)[:, None], PERCENTILE)[0])
                off.append(100.0 * (choice.usd_per_request / true_usd - 1.0))
                late += true_s > deadline_s
                same = cheapest(grid, true_s, PERCENTILE, guard_share=0.0)
                assert same is not None, "the published choice is a point of the grid"
                saved.append(100.0 * (1.0 - same.usd_per_request / true_usd))
            table.add_row(
                name,
                f"{deadline_s:.2f}",
                str(len(feasible)),
                f"{late} of {len(off)}",
                spread(off),
                str(failed),
                spread(saved),
                spread(feasible, 0),
            )
    return table


def titled(title: str, *headings: str) -> Table:
    """An empty table; figures to the right."""
    table = Table(title=title)
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("surface", "grid") else "right")
    return table


def written(speed: float) -> str:
    """How the service times relate to the published ones."""
    return "as published" if speed == 1.0 else f"1/{speed:.0f}"


def spread(values: list[float], digits: int = 1) -> str:
    """Least, median and most, or a dash."""
    if not values:
        return "-"
    return " / ".join(f"{value:.{digits}f}" for value in (min(values), np.median(values), max(values)))


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=200_000, help="requests of a simulation")
    asked = parser.parse_args()
    processes, coefficients = published(SHARED)
    surfaces = {name: surface_s(values, MEMORY_MB, len(SIZES)) for name, values in coefficients.items()}
    console = Console(width=160)
    console.print(time_table(processes, surfaces))
    console.print(comparison_table(processes, surfaces))
    console.print(error_table(list(errors(processes, surfaces, asked.requests))))


if __name__ == "__main__":
    main()
