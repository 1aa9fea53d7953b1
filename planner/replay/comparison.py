"""Policies beside each other on the same requests: several seeds, each the same for all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import InputError, PlannerError
from planner.inputs import load_inputs
from planner.replay.engine import MODES, replay
from planner.replay.interruptions import draw_interruptions
from planner.replay.losses import fitting, with_availability, with_losses
from planner.replay.policies.context import ENDPOINT_PRICE_RATIO, context_of
from planner.replay.policies.registry import check_names, make_policy, names_of
from planner.replay.sampling import SAMPLE_SHARE
from planner.replay.summaries import summary_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from planner.pipeline import Progress
    from planner.replay.policies.context import PolicyContext
    from planner.replay.requests import Requests
    from planner.replay.results import Replayed
    from planner.replay.summaries import Summary
    from planner.replay.supply import Supply
    from planner.scenario import Scenario

PER_WINDOW = ("arrived", "served", "in_time", "refused", "overflowed", "latency_sum_s", "ready_s", "busy_s")
PER_WINDOW_TOO = ("machines_s", "usd", "starts", "lost", "calls", "cold_calls")
OF_CALLS = ("calls_usd", "warm_s", "billed_s", "most_calls")


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
        Losses of every spot pool by the day; None: as the scenario's availability traces and the catalogs tell.
    endpoint_price_ratio
        Price of a managed endpoint's machine over that of the plain machine.
    """

    seeds: int = 3
    mode: str = "exact"
    sample_share: float = SAMPLE_SHARE
    warm_up_s: float = 0.0
    losses_per_day: float | None = None
    endpoint_price_ratio: float = ENDPOINT_PRICE_RATIO

    def __post_init__(self) -> None:
        """Raise InputError with everything that is out of range."""
        problems = []
        if self.mode not in MODES:
            problems.append(f"the mode of the replay is {self.mode!r}; it must be one of {', '.join(MODES)}.")
        if self.seeds < 1:
            problems.append(f"the number of seeds is {self.seeds}; it must be 1 or more.")
        if not 0 < self.sample_share < 1:
            problems.append(f"the share simulated is {self.sample_share:g}; it must be above 0 and below 1.")
        if self.losses_per_day is not None and not 0 <= self.losses_per_day < math.inf:
            problems.append(
                f"the losses of a spot pool by the day are {self.losses_per_day:g}; give a number, 0 or more."
            )
        if not 0 < self.endpoint_price_ratio < math.inf:
            problems.append(
                f"the price of an endpoint over a machine's is {self.endpoint_price_ratio:g}; it must be above 0."
            )
        if problems:
            raise InputError(problems)


@dataclass(frozen=True, eq=False)
class Result:
    """One policy: a summary a seed, or why it cannot run on the scenario."""

    policy: str
    summaries: tuple[Summary, ...]
    reason: str = ""

    def mean(self, figure: str) -> float:
        """Mean of a figure of the summaries over the seeds; nan where it is nan for one of them."""
        return float(np.mean(self._values(figure)))

    def least(self, figure: str) -> float:
        """Least value over the seeds; nan likewise."""
        return float(np.min(self._values(figure)))

    def most(self, figure: str) -> float:
        """Largest value over the seeds; nan likewise."""
        return float(np.max(self._values(figure)))

    def _values(self, figure: str) -> list[float]:
        return [getattr(one, figure) for one in self.summaries]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What came of it.

    Parameters
    ----------
    name, classes
        Of the scenario, and of its classes in the order of the summaries.
    start, judged_s
        First instant that is judged, and for how many seconds.
    requests
        Requests of one seed in that time.
    results
        In the order asked for.
    """

    name: str
    classes: tuple[str, ...]
    settings: Settings
    start: datetime
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
    InputError, with what is wrong with the names, the scenario, the requests or the settings, and where no policy can run.
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
    names = names_of(policies, context)
    results = tuple(_result(name, context, settings, edge_s, first, report) for name in names)
    sent = [one.summaries[0].requests.sum() for one in results if one.summaries]
    if not sent:
        raise InputError([f"{one.policy} cannot run: {one.reason}" for one in results])
    return Comparison(
        name=scenario.name,
        classes=tuple(one.name for one in context.supply.classes),
        settings=settings,
        start=requests.start + timedelta(seconds=float(edge_s[first])),
        judged_s=float(edge_s[-1] - edge_s[first]),
        requests=float(sent[0]),
        results=results,
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
        except PlannerError as error:
            return Result(name, (), " ".join(line.removeprefix(f"{name}: ") for line in error.problems))
        supply = _exposed(supply, context, settings.losses_per_day)
        done = replay(
            policy,
            supply,
            context.requests,
            seed=seed,
            window_edge_s=edge_s,
            interruptions=draw_interruptions(
                supply,
                context.requests.duration_s,
                seed,
                context.inputs.availability.traces,
                context.requests.start,
            ),
            mode=settings.mode,
            sample_share=settings.sample_share,
            progress=tell,
        )
        summaries.append(summary_of(judged(done, first)))
    return Result(name, tuple(summaries))


def _exposed(supply: Supply, context: PolicyContext, losses_per_day: float | None) -> Supply:
    """The supply with spot pools that are lost at the rate stated, else as the scenario's availability traces tell."""
    if losses_per_day is not None:
        return with_losses(supply, losses_per_day)
    return with_availability(supply, fitting(supply, context.inputs.availability.traces))


def judged(replayed: Replayed, first: int) -> Replayed:
    """What happened from a window on; the histogram of latencies is of the whole time."""
    later = {name: getattr(replayed, name)[..., first:] for name in (*PER_WINDOW, *PER_WINDOW_TOO, *OF_CALLS)}
    edge_s = replayed.window_edge_s[first:]
    notices = tuple(one for one in replayed.notices if one.at_s >= edge_s[0])
    return replace(replayed, window_edge_s=edge_s, notices=notices, **later)
