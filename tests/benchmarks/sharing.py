"""Which classes share a batching buffer: the best of all groupings beside HarmonyBatch's two-stage merging and simpler rules.

    python -m tests.benchmarks.sharing [--instances N] [--requests N]

Classes ask for one model at random, each at its own rate and with its own deadline, drawn by one seed: rates log-uniform from 0.02
to 5 requests/s (HarmonyBatch's production traces have applications below 1), deadlines 1.1 to 8 times the least service of one
request. Service times are BATCH's three published surfaces at every fifth of its memory sizes, for batches of 1 to 20, at their own
speed and twenty times faster; the tariff is that of its published solver, in whole milliseconds.

1. The law against event simulation: groups drawn likewise, in their cheapest buffer; mean batch and cost per request, analytic less
   simulated in %, and by how much the latest request misses its deadline (rounding).
2. Cost of each rule over that of the best grouping of all, in %: mean, 95 % quantile, worst, and share of instances where the rule
   finds the best (to 1e-9). "one timeout" is the best grouping when all requests of a buffer wait as long as its most urgent class
   may.
3. CPU seconds of the best of all groupings and of the merging, by number of classes, at every published memory size.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from planner.cli import calculate_on_one_thread

calculate_on_one_thread()

import numpy as np  # noqa: E402  after the number of threads is set
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from solvers.batching.groupings import best_in_order, best_sharing, sharing_of, two_stage_merging  # noqa: E402
from solvers.batching.sharing import SharingProblem  # noqa: E402
from tests.benchmarks.published_batching import MEMORY_MB, USD_PER_CALL, USD_PER_GB_S  # noqa: E402
from tests.solvers.batching.buffers import published, surface_s  # noqa: E402
from tests.solvers.batching.shared_buffers import simulated_batches  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Surfaces = dict[str, tuple[NDArray[np.int64], Array]]

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SIZES = np.array([1, 2, 3, 4, 6, 8, 12, 16, 20])
RATES_RPS = (0.02, 5.0)
DEADLINES = (1.1, 8.0)  # times the least service of one request
SPEEDS = (1.0, 20.0)
CLASSES = (3, 5, 8)
TIMED = (4, 6, 8, 10, 12)


def drawn(rng: np.random.Generator, memory_mb: Array, service_s: Array, classes: int) -> SharingProblem:
    """Classes of random rates and deadlines."""
    least_s = float(service_s[:, 0].min())
    return SharingProblem(
        rate_rps=np.exp(rng.uniform(*np.log(RATES_RPS), classes)),
        deadline_s=least_s * np.exp(rng.uniform(*np.log(DEADLINES), classes)),
        memory_mb=memory_mb,
        service_s=service_s,
        usd_per_s=memory_mb / 1024 * USD_PER_GB_S,
        usd_per_call=USD_PER_CALL,
        billing_step_s=0.001,
        batch_size=SIZES,
    )


def law_errors(surfaces: Surfaces, instances: int, requests: int) -> Iterator[tuple[float, float, float]]:
    """Mean batch and cost in % of the simulated, and the latest request's seconds past its deadline."""
    rng = np.random.default_rng(1)
    for (memory_mb, service_s), _ in product(surfaces.values(), range(instances)):
        problem = drawn(rng, memory_mb, service_s, int(rng.integers(2, 7)))
        (buffer,) = sharing_of(problem, [range(len(problem.rate_rps))]).buffers
        sizes, over = simulated_batches(
            rng, problem.rate_rps, np.array(buffer.timeout_s), buffer.batch_size, requests
        )
        bill_usd = problem.bill_usd[memory_mb.tolist().index(buffer.memory_mb)]
        cost = bill_usd[sizes - 1].sum() / sizes.sum()
        yield (
            100 * (buffer.mean_batch / sizes.mean() - 1),
            100 * (buffer.usd_per_request / cost - 1),
            float(over.max()),
        )


def excesses(surfaces: Surfaces, instances: int, classes: int) -> dict[str, Array]:
    """``[instance]`` % that each rule costs above the best of all groupings."""
    rng = np.random.default_rng(2)
    found: dict[str, list[float]] = {}
    for (memory_mb, service_s), _ in product(surfaces.values(), range(instances)):
        problem = drawn(rng, memory_mb, service_s, classes)
        best = best_sharing(problem)
        rules = {
            "two-stage merging": two_stage_merging(problem),
            "groups in order of deadline": best_in_order(problem),
            "one timeout a buffer": best_sharing(replace(problem, one_timeout=True)),
            "one buffer for all": sharing_of(problem, [range(classes)]),
            "no sharing": sharing_of(problem, [[one] for one in range(classes)]),
        }
        for rule, sharing in rules.items():
            found.setdefault(rule, []).append(100 * (sharing.usd_per_s / best.usd_per_s - 1))
    return {rule: np.array(values) for rule, values in found.items()}


def seconds(memory_mb: Array, service_s: Array, classes: int) -> tuple[float, float]:
    """CPU seconds of the best grouping and of the merging."""
    problem = drawn(np.random.default_rng(3), memory_mb, service_s, classes)
    clocks = [time.process_time()]
    for rule in (best_sharing, two_stage_merging):
        rule(problem)
        clocks.append(time.process_time())
    return clocks[1] - clocks[0], clocks[2] - clocks[1]


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--instances", type=int, default=50, help="drawn for each surface and speed")
    parser.add_argument("--requests", type=int, default=200_000, help="of a simulation")
    chosen = parser.parse_args()
    if not SHARED.is_dir():
        raise SystemExit(f"{SHARED} is absent; this table needs the published data sets.")
    _, models = published(SHARED)
    some_mb = MEMORY_MB[::5]
    whole = {name: surface_s(terms, MEMORY_MB, 20) for name, terms in models.items()}
    surfaces = {
        f"{name} / {speed:g}": (some_mb, surface_s(terms, some_mb, 20) / speed)
        for (name, terms), speed in product(models.items(), SPEEDS)
    }
    console = Console(width=110)
    errors = np.array(list(law_errors(surfaces, max(1, chosen.instances // 5), chosen.requests)))
    table = Table(
        "figure",
        "groups",
        "mean error %",
        "mean |error| %",
        "worst |error| %",
        title="law against simulation",
    )
    for figure, column in (("mean batch", 0), ("cost per request", 1)):
        one = errors[:, column]
        table.add_row(
            figure,
            str(len(one)),
            f"{one.mean():+.3f}",
            f"{np.abs(one).mean():.3f}",
            f"{np.abs(one).max():.3f}",
        )
    console.print(table, f"latest request past its deadline: {errors[:, 2].max():.1e} s")
    table = Table(
        "classes",
        "rule",
        "mean %",
        "95 % of them %",
        "worst %",
        "best found",
        title="cost above the best grouping",
    )
    for classes in CLASSES:
        for rule, excess in excesses(surfaces, chosen.instances, classes).items():
            figures = (excess.mean(), np.quantile(excess, 0.95), excess.max())
            table.add_row(
                str(classes),
                rule,
                *(f"{one:.2f}" for one in figures),
                f"{100 * (excess < 1e-7).mean():.0f} %",
            )
    console.print(table)
    table = Table(
        "classes", "best grouping", "two-stage merging", title="CPU seconds, 28 memory sizes x 9 batch sizes"
    )
    for classes in TIMED:
        best, merging = seconds(MEMORY_MB, whole["TF-resnetV2"], classes)
        table.add_row(str(classes), f"{best:.3f}", f"{merging:.3f}")
    console.print(table)


if __name__ == "__main__":
    main()
