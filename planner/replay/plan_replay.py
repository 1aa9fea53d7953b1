"""A plan replayed: its windows played as they stand, and what came of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import InputError
from planner.replay.engine import replay
from planner.replay.interruptions import draw_interruptions
from planner.replay.losses import with_availability, with_losses
from planner.replay.planned import Planned
from planner.replay.promise import RATE_ROUNDING_SHARE
from planner.replay.sampling import SAMPLE_SHARE
from planner.replay.summaries import summary_of
from planner.replay.supplies import KEEP_ALIVE_S, supply_of_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from catalogs.availability import AvailabilityTrace
    from planner.plan import ProvisioningPlan
    from planner.replay.requests import Requests
    from planner.replay.results import Replayed
    from planner.replay.summaries import Summary

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class ReplaySettings:
    """How a plan is replayed.

    Parameters
    ----------
    seed
        Of requests, service times and interruptions.
    mode, sample_share
        As for `planner.replay.engine.replay`.
    losses_per_day
        Losses of every spot pool by the day; None: at the rates that the plan states.
    keep_alive_s
        How long an idle function stays warm.
    """

    seed: int = 0
    mode: str = "exact"
    sample_share: float = SAMPLE_SHARE
    losses_per_day: float | None = None
    keep_alive_s: float = KEEP_ALIVE_S

    def __post_init__(self) -> None:
        """Raise InputError with what is out of range and is no matter of the engine's."""
        if self.losses_per_day is not None and not 0 <= self.losses_per_day < math.inf:
            raise InputError(
                f"the losses of a spot pool by the day are {self.losses_per_day:g}; give a number, 0 or more."
            )


@dataclass(frozen=True, eq=False)
class PlanReplay:
    """A plan and what happened.

    Parameters
    ----------
    replayed
        In the plan's windows; classes in the order of the plan.
    demand_rps
        ``[k, t]`` mean rate of every class in every window, as the traces have it.
    launches
        ``[i, t]`` machines of every rental that the plan launches, by the window in which it does.
    """

    plan: ProvisioningPlan
    settings: ReplaySettings
    replayed: Replayed
    demand_rps: Array
    launches: Array

    @cached_property
    def summary(self) -> Summary:
        """The figures of the whole time."""
        return summary_of(self.replayed)

    @cached_property
    def window_s(self) -> Array:
        """``[t]`` seconds."""
        return np.diff(self.replayed.window_edge_s)

    @cached_property
    def level_rps(self) -> Array:
        """``[k, q, t]`` demand levels, requests/s; a window with fewer levels repeats its top one."""
        windows = self.plan.windows
        most = max(len(one.levels) for one in windows)
        return np.array(
            [
                [
                    [one.levels[min(q, len(one.levels) - 1)].demand_rps[served.name] for one in windows]
                    for q in range(most)
                ]
                for served in self.replayed.supply.classes
            ]
        )

    @cached_property
    def within(self) -> Mask:
        """``[t]`` whether every class's demand stayed within the top level of the window."""
        within: Mask = np.all(self.demand_rps <= self.level_rps[:, -1] * (1 + RATE_ROUNDING_SHARE), axis=0)
        return within


def replay_plan(
    plan: ProvisioningPlan,
    requests: Requests,
    settings: ReplaySettings | None = None,
    *,
    availability: Mapping[str, AvailabilityTrace] | None = None,
    progress: Callable[[float], None] | None = None,
) -> PlanReplay:
    """Send requests through a plan.

    Parameters
    ----------
    requests
        Those of the plan's windows (`planner.replay.realised.requests_of_plan`).
    availability
        Zone, instance type or type/zone -> when spot machines can be had, in place of rates.

    Raises
    ------
    InputError, with what is wrong with requests and settings.
    """
    settings = settings or ReplaySettings()
    supply = with_losses(supply_of_plan(plan, settings.keep_alive_s), settings.losses_per_day)
    supply = with_availability(supply, availability or {})
    start = plan.windows[0].start
    edge_s = np.array([0.0, *((one.end - start).total_seconds() for one in plan.windows)])
    policy = Planned(plan, supply)
    replayed = replay(
        policy,
        supply,
        requests,
        seed=settings.seed,
        window_edge_s=edge_s,
        interruptions=draw_interruptions(
            supply, requests.duration_s, settings.seed, availability or {}, start
        ),
        mode=settings.mode,
        sample_share=settings.sample_share,
        progress=progress,
    )
    return PlanReplay(
        plan, settings, replayed, requests.rate_rps(supply.classes, edge_s), _launches(policy, edge_s)
    )


def _launches(policy: Planned, edge_s: Array) -> Array:
    """``[i, t]`` machines launched; those before the start count in the first window, as their bills do."""
    number = {one.id: i for i, one in enumerate(policy.supply.rentals)}
    found = np.zeros((len(number), len(edge_s) - 1))
    for rows in policy.launches:
        for at_s, (_, rental), count in rows:
            found[number[rental], max(0, int(np.searchsorted(edge_s, at_s, side="right")) - 1)] += count
    return found
