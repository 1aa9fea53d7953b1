"""Plan stretches of real traces from their history alone, replay what then came, and hold promises against it.

    python -m tests.benchmarks.calibration [--seeds N] [SCENARIO ...]

Without scenarios it takes those of examples/ that read the public data beside the checkout, and those of calibration_days/.

First table: the requests of the trace through the plan, with all that it does (functions take late requests where the plan says so,
other late ones yield, spot machines are lost). Windows are split, class by class, into those whose realised demand lay within the
top forecast level, where the capacity model is on trial, and those beyond it, whose share stands beside the nominal one.

Second table: the same machines at exactly the top level of every window, Poisson or as bursty as the trace was over the shortest
deadline, first come, first served, without overflow, yielding and losses. What the plan itself sends to functions is not counted.

Third table: every pool with its machines filled to what the plan says they carry inside its tier, in bursts of that part of all
requests. No slack of whole machines helps there. Every request is simulated, or a tenth of the time where there are many, and drawn
anew until chance cannot turn the verdict: `chance` is how many points it takes the share found from the truth, one time in a
thousand to one side, as the windows tell (batch means), and `draws` how often it took. UNSURE counts as a DEFECT.

Machines of a published capacity are sized without bursts where functions take what these make late (`planner.published`). There the
second and third table leave them those functions, count all requests, and tell the share that went there (`to f`).

`short` is the share of windows that miss the percentile of the class by more than half a point, `surely` that of those too far
below for chance (a binomial test, `tests.benchmarks.judged`); `requests` is the median of a window, `worst` the worst one and `of`
its requests. A class, or pool, that misses by more than half a point over all its windows is a DEFECT of the capacity model, and
the exit code is 1; so it is where a scenario has no plan.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from planner.cli import calculate_on_one_thread

calculate_on_one_thread()

import numpy as np  # noqa: E402  after the number of threads is set

from planner import pipeline  # noqa: E402
from planner.errors import PlannerError  # noqa: E402
from planner.inputs import load_inputs  # noqa: E402
from planner.replay.comparison import window_edges  # noqa: E402
from planner.replay.engine import replay  # noqa: E402
from planner.replay.losses import with_losses  # noqa: E402
from planner.replay.planned import Planned  # noqa: E402
from planner.replay.promise import RATE_ROUNDING_SHARE  # noqa: E402
from planner.replay.realised import requests_of_scenario  # noqa: E402
from planner.replay.supplies import supply_of_plan  # noqa: E402
from planner.scenario import load_scenario  # noqa: E402
from tests.benchmarks.filled import each_alone, fill, machines_of, pools_alone  # noqa: E402
from tests.benchmarks.judged import (  # noqa: E402
    Bare,
    Judged,
    aided_classes,
    functions_for_late,
    promised_at_top,
    promised_in_time,
    requests_at_top,
    share,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.plan import ProvisioningPlan
    from planner.replay.requests import Requests
    from planner.replay.results import Replayed
    from planner.replay.supply import Supply
    from planner.scenario import Scenario

    Array = NDArray[np.float64]

HERE = Path(__file__).parent
EXAMPLES = ("worldcup98", "load_balancer", "servegen", "mark", "paragon")
JUDGED_HEADS = ("asked", "promised", "found", "error", "short", "surely", "requests", "worst", "of")
HEADS = ("class", *JUDGED_HEADS, "beyond", "nominal", "met there", "overflow", "USD", "planned", "verdict")
BARE_HEADS = ("class", *JUDGED_HEADS, "full", "bursts", "to f", "verdict")
FILLED_HEADS = ("pool", *JUDGED_HEADS, "chance", "draws", "machines", "bursts", "to f", "verdict")
KEPT = "kept"
NAME_WIDTH, WIDTH = 36, 10
POOL_WIDTH = 66


@dataclass(frozen=True, eq=False)
class Trial:
    """A scenario, its plan, and as many replays as there are seeds."""

    scenario: Scenario
    plan: ProvisioningPlan
    supply: Supply
    seeds: int

    def replays(self, policy: type[Planned], requests: Requests, supply: Supply) -> list[Replayed]:
        """One a seed, counted by the windows of the plan."""
        edge_s = window_edges(self.scenario, requests.duration_s)
        return [
            replay(policy(self.plan, supply), supply, requests, seed=seed, window_edge_s=edge_s)
            for seed in range(self.seeds)
        ]

    def traced(self) -> list[tuple[list[str], str]]:
        """Rows of the first table, and the verdict on each."""
        requests = requests_of_scenario(self.scenario, {}, self.scenario.horizon.duration_s)
        runs = self.replays(Planned, requests, self.supply)
        levels = [window.levels[-1] for window in self.plan.windows]
        came_rps = requests.rate_rps(self.supply.classes, runs[0].window_edge_s)
        promised = promised_in_time(self.plan)
        usd = float(np.mean([one.usd.sum() for one in runs]))
        rows = []
        for k, one in enumerate(self.supply.classes):
            top_rps = np.array([level.demand_rps[one.name] for level in levels])
            within = came_rps[k] <= top_rps * (1 + RATE_ROUNDING_SHARE)
            arrived = np.array([run.arrived[k] for run in runs])
            in_time = np.array([run.in_time[k].sum(axis=0) for run in runs])
            overflowed = np.array([run.overflowed[k] for run in runs])
            inside = _judged(one.percentile, arrived[:, within], in_time[:, within], promised[k, within])
            row = [
                f"{self.scenario.name}/{one.name}",
                *cells(inside),
                f"{1 - within.mean():.1%}",
                f"{1 - levels[0].probability:.1%}",
                told(share(in_time[:, ~within], arrived[:, ~within])),
                f"{share(overflowed, arrived):.2%}",
                f"{usd:.2f}",
                f"{self.plan.certificate.spend_usd:.2f}",
            ]
            rows.append((row, verdict(inside.is_defect)))
        return rows

    def bare(self) -> list[tuple[list[str], str]]:
        """Rows of the second table, and the verdict on each."""
        bursts = dispersion_index(self.scenario)
        supply = with_losses(self.supply, 0.0)
        runs = self.replays(Bare, requests_at_top(self.plan, bursts), supply)
        promised, full = promised_at_top(self.plan)
        aided = aided_classes(self.plan)
        rows = []
        for k, one in enumerate(supply.classes):
            own = ~np.isnan(promised[k])
            counted = len(supply.targets) if one.name in aided else len(supply.pools)
            sent = np.array([run.arrived[k] - run.served[k, counted:].sum(axis=0) for run in runs])[:, own]
            in_time = np.array([run.in_time[k, :counted].sum(axis=0) for run in runs])[:, own]
            judged = _judged(one.percentile, sent, in_time, promised[k, own])
            row = [
                f"{self.scenario.name}/{one.name}",
                *cells(judged),
                told(share(full[k, own] * sent, sent)),
                f"{bursts[one.trace]:.4g}",
                late_share(runs, k, aided=one.name in aided),
            ]
            rows.append((row, verdict(judged.is_defect)))
        return rows

    def filled(self) -> list[tuple[list[str], str]]:
        """Rows of the third table, and the verdict on each."""
        supply, requests = pools_alone(self.plan, with_losses(self.supply, 0.0))
        edge_s, aided = window_edges(self.scenario, requests.duration_s), functions_for_late(self.plan)
        rows = []
        for alone, sent in each_alone(supply, requests):
            (one,) = alone.classes
            judged, runs = fill(self.plan, alone, sent, edge_s, self.seeds)
            sizes = machines_of(self.plan, one.name)
            row = [
                f"{self.scenario.name}/{one.name}",
                *cells(judged),
                f"{100 * judged.chance_share:.2f}",
                f"{len(runs)}",
                f"{sizes[sizes > 0].min()}..{sizes.max()}",
                f"{sent.traces[one.trace].dispersion_index:.4g}",
                late_share(runs, 0, aided=one.name in aided),
            ]
            rows.append((row, verdict(judged.is_defect) if judged.is_sure else "UNSURE"))
        return rows


def verdict(is_defect: bool) -> str:
    """Word for it."""
    return "DEFECT" if is_defect else KEPT


def late_share(runs: list[Replayed], k: int, *, aided: bool) -> str:
    """Share of a class that functions took because it was late in its pool; a dash where none may."""
    overflowed = np.array([run.overflowed[k] for run in runs])
    return f"{share(overflowed, np.array([run.arrived[k] for run in runs])):.2%}" if aided else "-"


def trial_of(path: Path, seeds: int) -> Trial:
    """Plan a scenario."""
    scenario = load_scenario(path)
    plan = pipeline.plan_scenario(scenario)
    return Trial(scenario, plan, supply_of_plan(plan, scenario.resources.functions.keep_alive_s), seeds)


def dispersion_index(scenario: Scenario) -> dict[str, float]:
    """Trace -> index of dispersion, scaled, that planning takes over the shortest deadline of its classes."""
    inputs = load_inputs(scenario)
    forecasts = pipeline.forecast_traces(scenario, inputs, lambda step, share: None)
    known = pipeline.dispersion_by_class(scenario, inputs, forecasts)
    found = {}
    for trace in scenario.workload.traces:
        own = [one for one in scenario.workload.planned_classes if one.trace == trace]
        if own:
            tightest = min(own, key=lambda one: one.tier.deadline_s)
            found[trace] = 1 + scenario.workload.scale_of(trace) * (known[tightest.name] - 1)
    return found


def _judged(percentile: float, arrived: Array, in_time: Array, promised: Array) -> Judged:
    """Windows of all seeds, ``[seed, t]`` each, and what was promised in them, ``[t]``."""
    each = np.broadcast_to(promised, arrived.shape)
    return Judged(percentile, arrived.ravel(), in_time.ravel(), each.ravel())


def cells(one: Judged) -> list[str]:
    """The columns of `JUDGED_HEADS`."""
    worst, requests = one.worst
    return [
        f"{one.percentile:.3f}",
        told(one.promised_share),
        told(one.found_share),
        f"{100 * (one.found_share - one.promised_share):+.2f}",
        f"{one.short_windows:.1%}",
        f"{one.surely_short_windows:.1%}",
        f"{one.requests_a_window:.0f}",
        told(worst),
        f"{requests:.0f}",
    ]


def told(value: float) -> str:
    """A share; - where there is none."""
    return "-" if np.isnan(value) else f"{value:.4f}"


def print_table(
    heads: tuple[str, ...], rows: list[tuple[list[str], str]], name_width: int = NAME_WIDTH
) -> None:
    """Print a table, the verdict last."""
    for texts in ([*heads], *([*row, word] for row, word in rows)):
        print(f"{texts[0]:<{name_width}}" + "".join(f"{text:<{WIDTH}}" for text in texts[1:]).rstrip())
    print(flush=True)


def main(arguments: list[str]) -> int:
    """Print the tables; return the exit code."""
    parser = ArgumentParser(description="Promised deadline-meet rates against replayed ones.")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("scenario", nargs="*", type=Path)
    asked = parser.parse_args(arguments)
    paths = asked.scenario or [
        *(HERE.parents[1] / "examples" / name / "scenario.yaml" for name in EXAMPLES),
        *sorted((HERE / "calibration_days").glob("*.yaml")),
    ]
    unplanned = []
    traced, bare, filled = [], [], []
    for path in paths:
        try:
            trial = trial_of(path, asked.seeds)
        except PlannerError as error:
            unplanned.append(f"{path}: no plan: {error}")
            continue
        traced += trial.traced()
        bare += trial.bare()
        filled += trial.filled()
        print(f"{trial.scenario.name} done", file=sys.stderr, flush=True)
    print_table(HEADS, traced)
    print_table(BARE_HEADS, bare)
    print_table(FILLED_HEADS, filled, POOL_WIDTH)
    print("\n".join(unplanned))
    return int(bool(unplanned) or any(word != KEPT for _, word in [*traced, *bare, *filled]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
