"""Mélange's GPU-mix problems, planned: cost at full and at a stated utilisation, beside the known optima, and CPU seconds.

    python -m tests.benchmarks.gpu_mix [--small]

Rows are the public problems beside the checkout (where they are there) and generated ones up to 16 types x 960 buckets; --small
leaves out the generated ones. Every problem goes the user's way: `planner scenario import gpu-mix`, then the scenario is read,
planned and written as a plan. CPU seconds are those of reading, planning and writing in a process that has loaded its
libraries and planned one problem before: what a command needs beyond start-up.

The generator: GPU types of rising speed, compute and memory speed each within 30 % of it, prices a little below proportional;
a request takes input tokens over compute speed plus output tokens over memory speed, slower for long inputs; types but the last
cannot serve inputs beyond a random length; shares fall off around the middle sizes. All by one seed.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from planner.cli import calculate_on_one_thread

calculate_on_one_thread()

import numpy as np  # noqa: E402  after the number of threads is set

SHARED = Path(__file__).parents[3] / "shared" / "data" / "peers" / "gpu_mix"
TARGET_UTILISATION = 0.8
GENERATED = (  # types, rows and columns of buckets, requests/s
    (8, 20, 12, 80.0),
    (8, 20, 12, 800.0),
    (16, 20, 12, 80.0),
    (16, 40, 24, 8.0),
    (16, 40, 24, 80.0),
    (16, 40, 24, 800.0),
)
HEADER = (
    "problem",
    "types x buckets",
    "USD/h",
    "proven bound",
    "status",
    "known optimum, free split",
    "Mélange's",
    "CPU s",
    f"USD/h at {TARGET_UTILISATION:.0%}",
    "CPU s",
)


def generated(types: int, rows: int, columns: int, rate_rps: float, seed: int) -> dict[str, Any]:
    """A problem of the module's generator, in the form of Mélange's files."""
    draw = np.random.default_rng(seed)
    speed = np.geomspace(1, 12, types) * draw.uniform(0.85, 1.15, types)
    price = 0.6 * speed ** draw.uniform(0.8, 1.0, types)
    compute, memory = (speed * draw.uniform(0.7, 1.3, types) for _ in range(2))
    tokens_in, tokens_out = np.geomspace(25, 32_000, rows), np.geomspace(25, 2_000, columns)
    prefill_s = tokens_in[None, :, None] / compute[:, None, None] / 4000
    decode_s = tokens_out[None, None, :] / memory[:, None, None] / 300 * (1 + tokens_in[None, :, None] / 4000)
    throughput = draw.uniform(0.95, 1.05, (types, rows, columns)) / (prefill_s + decode_s)
    longest = np.sort(draw.uniform(2_000, 40_000, types))
    longest[-1] = np.inf
    throughput *= tokens_in[None, :, None] <= longest[:, None, None]
    share = np.exp(-((np.log(tokens_in) - 6) ** 2) / 3)[:, None] * np.exp(
        -((np.log(tokens_out) - 5) ** 2) / 2
    )
    share *= draw.gamma(1, 1, (rows, columns))
    return {
        "gpu_info": {
            f"gpu{n:02d}": {"cost": round(float(price[n]), 3), "tputs": throughput[n].round(4).tolist()}
            for n in range(types)
        },
        "workload_distribution": (share / share.sum()).tolist(),
        "total_request_rate": rate_rps,
    }


def planned(problem: Path, folder: Path, target_utilisation: float) -> tuple[Any, float]:
    """Certificate of the problem's plan at a target utilisation, and CPU seconds from the scenario's file to the plan's bytes."""
    from planner import pipeline
    from planner.gpu_mix import import_gpu_mix
    from planner.plan import plan_bytes
    from planner.scenario import load_scenario

    file = import_gpu_mix(problem, folder, replace=True)
    text = file.read_text()
    changed = text.replace("target_utilisation: 1.0", f"target_utilisation: {target_utilisation}")
    assert target_utilisation == 1.0 or changed != text
    file.write_text(changed)
    clock = time.process_time()
    plan = pipeline.plan_scenario(load_scenario(file))
    plan_bytes(plan)
    return plan.certificate, time.process_time() - clock


def measure(problem: Path, known: dict[str, Any], folder: Path) -> list[str]:
    """One row of the table."""
    document = json.loads(problem.read_text())
    full, cpu_s = planned(problem, folder, 1.0)
    spared, spared_cpu_s = planned(problem, folder, TARGET_UTILISATION)
    buckets = sum(map(len, document["workload_distribution"]))
    return [
        problem.stem,
        f"{len(document['gpu_info'])} x {buckets}",
        f"{full.objective_usd:.4f}",
        f"{full.bound_usd:.4f}",
        full.status,
        *("-" if known.get(key) is None else f"{known[key]:.4f}" for key in ("ref_fluid", "melange_cost")),
        f"{cpu_s:.2f}",
        f"{spared.objective_usd:.4f}",
        f"{spared_cpu_s:.2f}",
    ]


def main() -> None:
    """Print one row a problem as it is done."""
    expected = SHARED / "expected.json"
    known: dict[str, Any] = json.loads(expected.read_text()) if expected.exists() else {}
    problems = [SHARED / f"{name}.json" for name in sorted(known)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for seed, (types, rows, columns, rate_rps) in enumerate(() if "--small" in sys.argv else GENERATED):
            file = folder / f"generated_g{types}_b{rows * columns}_r{rate_rps:g}.json"
            file.write_text(json.dumps(generated(types, rows, columns, rate_rps, seed)))
            problems.append(file)
        if not problems:
            sys.exit(f"there is no {expected}; leave out --small to plan generated problems")
        planned(problems[0], folder / "warm-up", 1.0)
        print("\t".join(HEADER), flush=True)
        for problem in problems:
            print("\t".join(measure(problem, known.get(problem.stem, {}), folder / problem.stem)), flush=True)


if __name__ == "__main__":
    main()
