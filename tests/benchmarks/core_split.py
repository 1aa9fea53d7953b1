"""InfAdapter's core split at loads from 10 to 400 requests/s: our optimum beside brute force and the recorded answers.

    python -m tests.benchmarks.core_split

The problem (Salmani et al. 2023, "Reconciling High Accuracy, Cost-Efficiency, and Low Latency of Inference Serving Systems"): n[m]
cores for each ResNet, none or at least two, at most 20 together; n cores of m carry int(slope n + intercept) requests/s; all
requests are served. Maximise the accuracy of the mean request - 0.05 cores / 20 - 0.001 x the slowest load among newly loaded
variants / the slowest of all.

As a provisioning problem: one machine, "core", at 0.05 / 20 USD/h with a quota of 20; a group a variant with its capacity table
over cores (0 for one core); waiting for loads at 0.001 / the slowest load; a served request earns its accuracy. Since requests may
be left unserved where they earn something, each earns a bonus on top, worth more than everything else per request/s: capacities
and loads are whole numbers, so a plan that leaves some out leaves out one request/s at least.

Brute force: every count of cores of every variant; for a count the best shares fill the most accurate variants first.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.cli import calculate_on_one_thread

calculate_on_one_thread()

import numpy as np  # noqa: E402  after the number of threads is set

from solvers.limits import ModelLoads, ServedValue  # noqa: E402
from solvers.plan_horizon import plan_horizon  # noqa: E402
from solvers.problem import ProvisioningProblem  # noqa: E402

SHARED = Path(__file__).parents[3] / "shared" / "data" / "peers" / "core_split" / "infadapter_sla750.json"
CORES = 20
LOADS_RPS = (10, 20, 40, 60, 80, 100, 150, 200, 250, 300, 350, 400)
HEADER = (
    "requests/s",
    "cores by variant",
    "score",
    "brute force",
    "difference",
    "recorded",
    "CPU s",
    "brute-force CPU s",
)


@dataclass(frozen=True)
class CoreSplit:
    """The problem's data: arrays ``[m]``, capacities ``[m, n]`` requests/s of n = 0..20 cores, and cores now running ``[m]``."""

    variants: tuple[str, ...]
    accuracy: Any
    load_s: Any
    capacity_rps: Any
    running: Any
    core_weight: float
    load_weight: float

    def problem(self, rate_rps: float) -> ProvisioningProblem:
        """The provisioning problem of one load, as the module says."""
        variants, none = len(self.variants), np.zeros(0)
        bonus = rate_rps * (self.core_weight + self.load_weight + float(np.ptp(self.accuracy)))
        return ProvisioningProblem(
            classes=("requests",),
            groups=self.variants,
            machines=("core",),
            functions=(),
            quotas=("cores",),
            demand_rps=np.full((1, 1, 1), rate_rps),
            level_share=np.ones(1),
            window_h=np.ones(1),
            serves=np.ones((1, variants), dtype=bool),
            function_serves=np.zeros((1, 0), dtype=bool),
            capacity_rps=self.capacity_rps,
            count_max=np.full(variants, CORES),
            option_group=np.arange(variants),
            option_machine=np.zeros(variants, dtype=int),
            price_usd_per_h=np.full((1, 1), self.core_weight / CORES),
            start_usd=np.zeros(1),
            initial_count=np.array([self.running.sum()]),
            count_limit=np.full((1, 1), np.inf),
            is_spot=np.zeros(1, dtype=bool),
            on_demand_floor_share=0.0,
            quota_use=np.ones((1, 1)),
            quota_limit=np.array([float(CORES)]),
            usd_per_request=none,
            concurrency_s=none,
            concurrency_limit=np.inf,
            loads=ModelLoads(
                models=self.variants,
                group_model=np.arange(variants),
                load_usd=np.zeros((1, variants)),
                initial_loaded=self.running[None],
                load_s=self.load_s,
                wait_usd_per_s=self.load_weight / self.load_s.max(),
            ),
            value=ServedValue(
                group_usd=((self.accuracy + bonus) / (3600 * rate_rps))[None], function_usd=np.zeros((1, 0))
            ),
        )

    def score(self, cores: Any, rate_rps: float) -> Any:
        """``[...]`` score of cores ``[..., m]``; -inf where they cannot carry the load."""
        capacity = self.capacity_rps[np.arange(len(self.variants)), cores]
        order = np.argsort(-self.accuracy)
        before = np.cumsum(capacity[..., order], axis=-1) - capacity[..., order]
        carried = np.minimum(capacity[..., order], np.maximum(rate_rps - before, 0))
        slowest = np.where((cores > 0) & (self.running == 0), self.load_s, 0.0).max(axis=-1)
        score = carried @ self.accuracy[order] / rate_rps - self.core_weight * cores.sum(axis=-1) / CORES
        score -= self.load_weight * slowest / self.load_s.max()
        return np.where(capacity.sum(axis=-1) >= rate_rps, score, -np.inf)


def read(file: Path) -> CoreSplit:
    """The published file."""
    data = json.loads(file.read_text())
    variants = tuple(data["accuracies"])
    least = data["min_cpu"]
    table = [
        [0] * least + [int(slope * n + intercept) for n in range(least, CORES + 1)]
        for slope, intercept in (data["capacity_model"][m] for m in variants)
    ]
    running = {str(m): cores for m, cores, _ in data["current"]}
    return CoreSplit(
        variants=variants,
        accuracy=np.array([data["accuracies"][m] for m in variants]),
        load_s=np.array([data["load_times_s"][m] for m in variants]),
        capacity_rps=np.array(table, dtype=float),
        running=np.array([running.get(m, 0) for m in variants]),
        core_weight=data["alpha"],
        load_weight=data["beta"],
    )


def every_split(split: CoreSplit) -> Any:
    """``[n, m]`` all cores by variant: none or two and more each, at most all of them together."""
    each = [0, *range(2, CORES + 1)]
    found = (cores for cores in itertools.product(each, repeat=len(split.variants)) if sum(cores) <= CORES)
    return np.array(list(found))


def measure(split: CoreSplit, splits: Any, rate_rps: int, recorded: float | None) -> list[str]:
    """One row of the table."""
    clock = time.process_time()
    solution = plan_horizon(split.problem(float(rate_rps)), gap=1e-7)
    cpu_s = time.process_time() - clock
    cores = solution.instances[:, 0]
    score = float(split.score(cores, rate_rps))
    clock = time.process_time()
    best = float(split.score(splits, rate_rps).max())
    brute_s = time.process_time() - clock
    named = " + ".join(f"{n} x {m}" for n, m in zip(cores, split.variants, strict=True) if n)
    return [
        str(rate_rps),
        named,
        f"{score:.6f}",
        f"{best:.6f}",
        f"{score - best:+.1e}",
        "-" if recorded is None else f"{recorded:.5f}",
        f"{cpu_s:.2f}",
        f"{brute_s:.2f}",
    ]


def main() -> None:
    """Print one row a load as it is done."""
    if not SHARED.exists():
        sys.exit(f"there is no {SHARED}; get the public data first")
    split = read(SHARED)
    runs = {run["rate"]: run["brute"][1] for run in json.loads(SHARED.read_text())["runs"]}
    splits = every_split(split)
    print("\t".join(HEADER), flush=True)
    for rate_rps in LOADS_RPS:
        print("\t".join(measure(split, splits, rate_rps, runs.get(rate_rps))), flush=True)


if __name__ == "__main__":
    main()
