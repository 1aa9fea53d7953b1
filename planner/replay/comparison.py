"""Policies beside each other on the same requests: several seeds, each the same for all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import InfeasiblePlanError, InputError
from planner.inputs import load_inputs
from planner.replay.engine import MODES, replay
from planner.replay.interruptions import draw_interruptions
from planner.replay.losses import with_losses
from planner.replay.policies.context import ENDPOINT_PRICE_RATIO, context_of
from planner.replay.policies.registry import check_names, make_policy
from planner.replay.summaries import summary_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.pipeline import Progress
    from planner.replay.policies.context import PolicyContext
    from planner.replay.requests import Requests
    from planner.replay.results import Replayed
    from planner.replay.summaries import Summary
    from planner.scenario import Scenario

PER_WINDOW = ("arrived", "served", "in_time", "refused", "overflowed", "latency_sum_s", "ready_s", "busy_s")
PER_WINDOW_TOO = ("machines_s", "usd", "starts", "lost", "interruptions", "calls", "cold_calls")


@dataclass(frozen=True, eq=False)
class Settings:
    """How a comparison is run.

    Parameters
    ----------
    seeds
        Draws of everything random; every policy meets each of them.
    mode, sample_share
        As for `planner.replay.engine.replay`.
    warm_up_s
        Time at the start that is replayed but not judged, whole windows.
    losses_per_day
        Losses of every spot pool by the day; None: the rates that the catalogs state.
    endpoint_price_ratio
        Price of a managed endpoint's machine over that of the plain machine.
    """

    seeds: int = 3
    mode: str = "exact"
    sample_share: float = 0.1
    warm_up_s: float = 0.0
    losses_per_day: float | None = None
    endpoint_price_ratio: float = ENDPOINT_PRICE_RATIO

    def __post_init__(self) -> None:
        """Raise InputError with everything that is out of range."""
        problems = []
        if self.mode not in MODES:
            problems.append(f"the mode of the replay is {self.mode!r}; it must be one of {', '.join(MODES)}.")
        for what, value, allowed in (
            ("the number of seeds", self.seeds, self.seeds >= 1),
            ("the share of the time that is simulated", self.sample_share, 0 < self.sample_share < 1),
            ("the losses of a spot pool by the day", self.losses_per_day, (self.losses_per_day or 0.0) >= 0),
            (
                "the price of an endpoint over a machine's",
                self.endpoint_price_ratio,
                self.endpoint_price_ratio > 0,
            ),
        ):
            if not allowed:
                problems.append(f"{what} is {value}, which cannot be.")
        if problems:
            raise InputError(problems)


@dataclass(frozen=True, eq=False)
class Result:
    """One policy: a summary a seed, or why it cannot run on the scenario."""

    policy: str
    summaries: tuple[Summary, ...]
    reason: str = ""

    def mean(self, figure: str) -> float:
        """Mean of a figure over the seeds; nan where it is nan for one of them."""
        return float(np.mean([getattr(one, figure) for one in self.summaries]))

    def spread(self, figure: str) -> float:
        """Largest less least value of a figure over the seeds."""
        values = [getattr(one, figure) for one in self.summaries]
        return float(max(values) - min(values))


@dataclass(frozen=True, eq=False)
class Comparison:
    """What came of it.

    Parameters
    ----------
    name
        Of the scenario.
    judged_s
        Seconds that are judged.
    requests
        Requests of one seed in that time.
    results
        In the order asked for.
    """

    name: str
    settings: Settings
    judged_s: float
    requests: float
    results: tuple[Result, ...]


def compare_policies(
    scenario: Scenario,
    requests: Requests,
    policies: Sequence[str],
    settings: Settings,
    progress: Progress | None = None,
) -> Comparison:
    """Replay the requests of a scenario with every policy, once a seed.

    A policy that the scenario gives nothing to run on is listed with the reason.

    Raises
    ------
    InputError, with what is wrong with the names, the scenario, the requests or the settings.
    """
    check_names(policies)
    report = progress or (lambda step, share: None)
    edge_s = window_edges(scenario, requests.duration_s)
    first = _first_judged(edge_s, settings.warm_up_s)
    context = context_of(
        scenario,
        load_inputs(scenario),
        requests,
        endpoint_price_ratio=settings.endpoint_price_ratio,
        progress=report,
    )
    results = tuple(_result(name, context, settings, edge_s, first, report) for name in policies)
    sent = [one.summaries[0].requests.sum() for one in results if one.summaries]
    return Comparison(
        scenario.name, settings, float(edge_s[-1] - edge_s[first]), float(sent[0]) if sent else 0.0, results
    )


def window_edges(scenario: Scenario, duration_s: float) -> np.ndarray:
    """``[t + 1]`` edges of the scenario's windows up to the end of the replay, the last one cut where it ends."""
    whole = np.arange(0.0, duration_s, scenario.window_s)
    return np.append(whole, duration_s)


def _first_judged(edge_s: np.ndarray, warm_up_s: float) -> int:
    first = int(np.searchsorted(edge_s, warm_up_s - 1e-6))
    if first >= len(edge_s) - 1:
        raise InputError(
            [f"the warm-up of {warm_up_s:g} s leaves nothing of the {edge_s[-1]:g} s replayed; shorten it."]
        )
    return first


def _result(
    name: str,
    context: PolicyContext,
    settings: Settings,
    edge_s: np.ndarray,
    first: int,
    report: Progress,
) -> Result:
    summaries = []
    for seed in range(settings.seeds):

        def tell(share: float, seed: int = seed) -> None:
            report(name, (seed + share) / settings.seeds)

        try:
            policy, supply = make_policy(name, context)
            supply = with_losses(supply, settings.losses_per_day)
            done = replay(
                policy,
                supply,
                context.requests,
                seed=seed,
                window_edge_s=edge_s,
                interruptions=draw_interruptions(supply, context.requests.duration_s, seed),
                mode=settings.mode,
                sample_share=settings.sample_share,
                progress=tell,
            )
        except (InputError, InfeasiblePlanError) as error:
            return Result(name, (), "; ".join(error.problems))
        summaries.append(summary_of(judged(done, first)))
    return Result(name, tuple(summaries))


def judged(replayed: Replayed, first: int) -> Replayed:
    """What happened from a window on; the histogram of latencies is of the whole time."""
    later = {name: getattr(replayed, name)[..., first:] for name in (*PER_WINDOW, *PER_WINDOW_TOO)}
    return replace(replayed, window_edge_s=replayed.window_edge_s[first:], **later)
