"""A small service for the policies that plan: its inputs without files, its supply, and a provider that brings what is wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from catalogs.availability import AvailabilityCatalog
from catalogs.burstable import BurstCatalog
from planner import pipeline
from planner.inputs import Inputs
from planner.replay.decisions import Observation
from planner.replay.policies.context import PolicyContext
from planner.replay.policies.expected import forecasts_of
from planner.replay.requests import Requests
from tests.planner.small_catalogs import (
    function_time,
    prices,
    profiles,
    request_class,
    scenario,
    tariffs,
    time,
    variant,
)
from workloads.generators import generate_trace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalogs.profiles import ProfileCatalog
    from planner.options import OptionTable
    from planner.replay.decisions import Array, Decision, Place, Policy
    from planner.replay.policies.expected import Forecasts
    from planner.replay.supply import Supply
    from planner.scenario import Scenario
    from workloads.traces import Trace

DAYS = 2  # known before the replay: too few to teach a day, and quickly forecast from
BIN_S = 300.0
TWO_HOURS_S = 7_200.0
TIMES = (
    time("good", "c5.large", 50.0),
    time("good", "c5.xlarge", 30.0),
    time("poor", "c5.large", 25.0),
    time("poor", "c5.xlarge", 15.0),
)


@dataclass(frozen=True, eq=False)
class Case:
    """A scenario, its catalogs, and the requests of the replay."""

    scenario: Scenario
    trace: Trace
    catalog: ProfileCatalog

    @cached_property
    def inputs(self) -> Inputs:
        """What is known at the replay's start."""
        return Inputs(
            histories={"load": self.trace.before(self.scenario.horizon.start)},
            prices=prices(),
            profiles=self.catalog,
            tariffs=tariffs(),
            bursts=BurstCatalog({}, {}),
            availability=AvailabilityCatalog({}, {}),
        )

    @cached_property
    def context(self) -> PolicyContext:
        """What policies are made from."""
        forecasts = pipeline.forecast_traces(self.scenario, self.inputs, lambda step, share: None)
        demand = pipeline.demand_by_class(self.scenario, self.inputs, forecasts)
        options = pipeline.options_from(self.scenario, demand, self.inputs)
        requests = Requests({"load": self.trace}, self.scenario.horizon.start, TWO_HOURS_S)
        return PolicyContext(self.scenario, self.inputs, forecasts, options, requests, 1.4)

    @property
    def options(self) -> OptionTable:
        """Everything that may serve."""
        return self.context.options

    @property
    def supply(self) -> Supply:
        """The options as a replay has them."""
        return self.context.supply

    def forecasts(self) -> Forecasts:
        """Forecasts of the scenario's windows."""
        return forecasts_of(self.context, self.scenario)

    def realised(self, trace: Trace | None = None) -> Array:
        """``[class, bin]`` requests of the replay, of this trace or another one."""
        sent = (trace or self.trace).between(self.scenario.horizon.start, (trace or self.trace).end)
        return np.stack([one.share * sent.counts for one in self.supply.classes])


def case(
    *classes: dict[str, Any], mean_rps: float = 100.0, catalog: ProfileCatalog | None = None, **more: Any
) -> Case:
    """Two hours in windows of 15 minutes, a function for what is late; known: two days with a daily wave."""
    horizon = {"start": "2026-11-23T00:00:00Z", "duration": "2h"}
    asked = scenario(*(classes or (request_class(share=1.0),)), **{"horizon": horizon} | more)
    trace = generate_trace(
        "poisson",
        name="load",
        seed=5,
        start=asked.horizon.start - timedelta(days=DAYS),
        duration_s=DAYS * 86_400.0 + TWO_HOURS_S,
        interval_s=BIN_S,
        mean_rps=mean_rps,
        daily_swing_share=0.6,
    )
    known = catalog or profiles(
        *TIMES,
        variants=(variant("good", 0.76), variant("poor", 0.60)),
        functions=(function_time("good", 2048, 100.0),),
    )
    return Case(asked, trace, known)


def surging(one: Case, after_s: float, factor: float) -> Trace:
    """The case's trace with more requests from some time of the replay on."""
    counts = one.trace.counts.copy()
    counts[round((DAYS * 86_400.0 + after_s) / BIN_S) :] *= factor
    return replace(one.trace, counts=counts)


def seen_at(
    now_s: float, arrived: Array, ready: Mapping[Place, int] | None = None, bin_s: float = BIN_S, **more: Any
) -> Observation:
    """An observation of the whole bins that have passed."""
    past = max(0, int(now_s / bin_s + 1e-9))
    fields: dict[str, Any] = {
        "coming": {},
        "busy_share": {},
        "waiting": {},
        "in_time_share": np.full(len(arrived), np.nan),
        "lost": {},
    } | more
    return Observation(now_s, bin_s, arrived[:, :past], ready or {}, **fields)


def played(policy: Policy, arrived: Array, duration_s: float) -> list[tuple[float, Decision]]:
    """Ask a policy at all its instants, while everything it wants comes at once."""
    found: list[tuple[float, Decision]] = []
    ready: dict[Place, int] = {}
    for now_s in policy.decision_times_s(duration_s):
        decision = policy.decide(seen_at(float(now_s), arrived, ready))
        ready = {
            place: decision.machines.get(place, 0) + decision.ahead.get(place, 0)
            for place in {*decision.machines, *decision.ahead}
        }
        found.append((float(now_s), decision))
    return found
