"""Plan days of real traces from their history alone, replay what then came, and hold promises against it.

    python -m tests.benchmarks.calibration [--seeds N] [SCENARIO ...]

Without scenarios it takes those of examples/ that read the public data beside the checkout. Windows are split, class by class,
into those whose realised demand lay within the top forecast level, where the capacity model is on trial (`short` is by how many
points the class's percentile is missed there: more than 0.5 is a defect), and those beyond it, whose share stands beside the
nominal one.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path

import numpy as np

from planner.cli import calculate_on_one_thread

calculate_on_one_thread()

ROOT = Path(__file__).parents[2]
DAYS = ("worldcup98", "load_balancer", "servegen", "mark", "paragon")
DEFECT_POINTS = 0.5


def measure(path: Path, seeds: int) -> list[list[str]]:
    """Plan and replay one scenario; a row a class."""
    from planner import pipeline
    from planner.replay.comparison import window_edges
    from planner.replay.engine import replay
    from planner.replay.planned import Planned
    from planner.replay.realised import requests_of_scenario
    from planner.replay.supplies import supply_of_plan
    from planner.scenario import load_scenario

    scenario = load_scenario(path)
    plan = pipeline.plan_scenario(scenario)
    supply = supply_of_plan(plan, scenario.resources.functions.keep_alive_s)
    requests = requests_of_scenario(scenario, {}, scenario.horizon.duration_s)
    edge_s = window_edges(scenario, requests.duration_s)
    runs = [
        replay(Planned(plan, supply), supply, requests, seed=seed, window_edge_s=edge_s)
        for seed in range(seeds)
    ]
    arrived = np.mean([one.arrived for one in runs], axis=0)  # [k, t]
    met = np.mean([one.in_time.sum(axis=1) for one in runs], axis=0)
    functions = sum(one.served[:, len(supply.pools) :].sum(axis=1) for one in runs) / seeds
    usd = float(np.mean([one.usd.sum() for one in runs]))
    top = np.array([[w.levels[-1].demand_rps[one.name] for w in plan.windows] for one in supply.classes])
    within = requests.rate_rps(supply.classes, edge_s) <= top
    nominal = 1 - plan.windows[0].levels[-1].probability
    rows = []
    for k, one in enumerate(supply.classes):
        promised = np.array([w.expected.classes[one.name].deadline_meet_rate or np.nan for w in plan.windows])
        inside, outside = within[k], ~within[k]
        found = share(met[k, inside], arrived[k, inside])
        short = 100 * max(0.0, one.percentile - found)
        rows.append(
            [
                f"{scenario.name}/{one.name}",
                f"{one.percentile:.3f}",
                f"{share(promised[inside] * arrived[k, inside], arrived[k, inside]):.4f}",
                f"{found:.4f}",
                f"{short:.2f}{' DEFECT' if short > DEFECT_POINTS else ''}",
                f"{outside.mean():.1%} / {nominal:.1%}",
                f"{share(met[k, outside], arrived[k, outside]):.4f}" if outside.any() else "-",
                f"{share(functions[k], arrived[k]):.2%}",
                f"{usd:.2f} / {plan.certificate.spend_usd:.2f}",
            ]
        )
    return rows


def share(part: np.ndarray, whole: np.ndarray) -> float:
    """Sum over sum."""
    return float(np.nansum(part) / np.sum(whole)) if np.sum(whole) > 0 else float("nan")


def main(arguments: list[str]) -> None:
    """Print a table."""
    parser = ArgumentParser(description="Promised deadline-meet rates against replayed ones.")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("scenario", nargs="*", type=Path)
    asked = parser.parse_args(arguments)
    paths = asked.scenario or [ROOT / "examples" / name / "scenario.yaml" for name in DAYS]
    heads = [
        "class",
        "asked",
        "promised",
        "within",
        "short",
        "beyond / nominal",
        "met there",
        "functions",
        "USD / planned",
    ]
    widths = [34, 6, 9, 8, 12, 17, 10, 10, 20]
    print("".join(f"{head:<{width}}" for head, width in zip(heads, widths, strict=True)))
    for path in paths:
        for row in measure(path, asked.seeds):
            print("".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
