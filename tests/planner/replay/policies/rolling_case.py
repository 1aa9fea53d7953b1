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
from planner.replay.laws import GRID, ServiceLaw
from planner.replay.policies.expected import Forecasts
from planner.replay.supply import CalledFunction, Pool, Rental, ServedClass, Supply
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
    from planner.scenario import Scenario
    from workloads.forecast import Forecast
    from workloads.traces import Trace

DAYS = 8  # known before the replay
BIN_S = 300.0
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
    def dispersion_index(self) -> dict[str, float]:
        """By class."""
        return pipeline.dispersion_by_class(self.scenario, self.inputs, self._planned_ahead)

    @cached_property
    def options(self) -> OptionTable:
        """Everything that may serve."""
        demand = pipeline.demand_by_class(self.scenario, self.inputs, self._planned_ahead)
        return pipeline.options_from(self.scenario, demand, self.inputs)

    @cached_property
    def _planned_ahead(self) -> dict[str, Forecast]:
        return pipeline.forecast_traces(self.scenario, self.inputs, lambda step, share: None)

    @cached_property
    def supply(self) -> Supply:
        """The options as a replay has them, every call exactly as long as on average."""
        return Supply(
            classes=tuple(
                ServedClass(one.name, one.tier.deadline_s, one.tier.percentile, one.trace, one.share)
                for one in self.options.classes
            ),
            pools=tuple(
                Pool(
                    name=one.id,
                    model=one.model,
                    instance_type=one.instance_type,
                    laws=dict.fromkeys(one.classes, constant_law(one.service.mean_s if one.service else 0.1)),
                    batch=one.batch,
                    batch_timeout_s=one.batch_timeout_s,
                    replicas=one.replicas,
                    load_s=one.load_s or 0.0,
                    accuracy=one.variant.accuracy_share,
                    rated_rps=float(one.capacity_rps[1]),
                )
                for one in self.options.groups
            ),
            rentals=tuple(
                Rental(
                    id=one.id,
                    instance_type=one.instance_type,
                    market=one.market,
                    price_usd_per_h=one.price_usd_per_h,
                    running_usd_per_h=one.price_usd_per_h,
                    boot_s=self.scenario.resources.boot_s,
                    least_billed_s=60.0,
                    spot_pool=one.pool if one.is_spot else None,
                )
                for one in self.options.machines
            ),
            functions=tuple(
                CalledFunction(
                    name=one.id,
                    model=one.model,
                    law=constant_law(one.mean_ms / 1000),
                    classes=one.classes,
                    accuracy=one.variant.accuracy_share,
                    batch=one.batch,
                    batch_timeout_s=one.batch_timeout_ms / 1000,
                    cold_s=1.0,
                    functions=1,
                    usd_per_call=2e-7,
                    usd_per_s=3e-5,
                    provisioned_usd_per_s=0.0,
                    usd_per_s_on_provisioned=0.0,
                    billing_step_s=0.001,
                )
                for one in self.options.functions
            ),
        )

    def forecasts(self, **changes: Any) -> Forecasts:
        """Forecasts of the scenario's windows, or of the scenario with some fields changed."""
        classes = tuple(one.name for one in self.supply.classes)
        asked = self.scenario.model_copy(update=changes)
        return Forecasts(asked, self.inputs.histories, self.dispersion_index, classes)

    def realised(self, trace: Trace | None = None) -> Array:
        """``[class, bin]`` requests of the replay, of this trace or another one."""
        sent = (trace or self.trace).between(self.scenario.horizon.start, (trace or self.trace).end)
        return np.stack([one.share * sent.counts for one in self.supply.classes])


def case(
    *classes: dict[str, Any], mean_rps: float = 100.0, catalog: ProfileCatalog | None = None, **more: Any
) -> Case:
    """Two hours in windows of 15 minutes, a function for what is late; known: eight days with a daily wave."""
    horizon = {"start": "2026-11-23T00:00:00Z", "duration": "2h"}
    asked = scenario(*(classes or (request_class(share=1.0),)), **{"horizon": horizon} | more)
    trace = generate_trace(
        "poisson",
        name="load",
        seed=5,
        start=asked.horizon.start - timedelta(days=DAYS),
        duration_s=DAYS * 86_400.0 + 7_200.0,
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


def constant_law(seconds: float) -> ServiceLaw:
    """Every call lasts as long."""
    return ServiceLaw(np.full(GRID + 1, seconds), seconds)


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
