"""The question of a plan, as a checker of it needs it: the classes, and every limit that bound the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.machines import price_usd_per_h
from planner.plan import (
    AccuracyFloor,
    Commitment,
    CurrentMachines,
    ObjectiveAsked,
    PlannedClass,
    Problem,
    QuotaLimit,
    SpotGuard,
    SpotPolicy,
    SpotPool,
)
from planner.write_up.planned import PROVIDER

if TYPE_CHECKING:
    from planner.inputs import Inputs
    from planner.scenario import FleetEntry, RequestClass, Scenario
    from planner.write_up.planned import Planned


def problem_of(planned: Planned, inputs: Inputs) -> Problem:
    """Write the classes and limits down."""
    scenario = planned.scenario
    resources, fleet = scenario.resources, scenario.resources.current_fleet
    return Problem(
        objective=_objective(scenario),
        classes=tuple(_planned_class(one, scenario.min_instances_of(one)) for one in planned.options.classes),
        current_fleet=None
        if fleet is None
        else tuple(_current_machines(scenario, inputs, entry) for entry in fleet),
        commitments=tuple(
            Commitment(provider=PROVIDER, instance_type=one.instance_type, count=one.count)
            for one in resources.commitments
        ),
        quotas=tuple(
            QuotaLimit(family=one.family, market=one.market, vcpu=one.vcpu) for one in resources.quotas
        ),
        function_concurrency_limit=resources.functions.concurrency_limit
        if resources.functions.enabled
        else 0,
        on_demand_floor_share=resources.on_demand_floor_share,
        zones=resources.zones or (),
        min_zones=resources.min_zones,
        headroom_share=resources.headroom_share,
        scale_in_delay_s=resources.scale_in_delay_s,
        max_groups=resources.max_groups,
        max_churn=resources.max_churn,
        budget_usd=resources.budget_usd,
        containers=resources.containers.enabled,
        burstable_workers=resources.burstable.workers != "exclude",
        burstable_standby=resources.burstable.standby,
        standby_disk_gb=resources.burstable.standby_disk_gb,
        spot=spot_policy_of(planned),
        target_utilisation=resources.target_utilisation,
        boot_s=resources.boot_s,
        joint_demand="comonotone",
    )


def _objective(scenario: Scenario) -> ObjectiveAsked:
    asked = scenario.objective
    return ObjectiveAsked(
        sense="maximise" if asked.direction == "effective_accuracy" else "minimise",
        quantity=asked.direction,
        request_class=asked.class_name,
        meet_rate_grid=asked.meet_rate_grid if asked.direction == "effective_accuracy" else (),
        latency_factors=asked.latency_factors if asked.direction == "latency" else (),
        cost_weight_per_usd=asked.cost_weight_per_usd,
    )


def _planned_class(one: RequestClass, min_instances: int) -> PlannedClass:
    floor = one.min_accuracy
    return PlannedClass(
        name=one.name,
        trace=one.trace,
        share=one.share,
        task=one.task,
        models=one.models,
        bucket=one.bucket,
        items_per_request=one.items_per_request,
        deadline_ms=one.deadline_ms,
        percentile=one.percentile,
        min_accuracy=None
        if floor is None
        else AccuracyFloor(value=floor.value, kind=floor.kind, metric=floor.metric),
        min_instances=min_instances,
    )


def _current_machines(scenario: Scenario, inputs: Inputs, entry: FleetEntry) -> CurrentMachines:
    offer = inputs.offer_of(entry.instance_type)
    return CurrentMachines(
        provider=PROVIDER,
        instance_type=entry.instance_type,
        market=entry.market,
        zone=entry.zone,
        model=entry.model,
        count=entry.count,
        price_usd_per_h=price_usd_per_h(scenario, offer, entry.market),
        source=offer.price.source,
    )


def spot_policy_of(planned: Planned) -> SpotPolicy:
    """Write down what the plan had to withstand, with the losses that were counted."""
    asked, risk, losses = planned.scenario.spot, planned.problem.spot_risk, planned.pool_losses
    counted = asked.weighs_losses and risk is not None
    return SpotPolicy(
        policy=asked.policy,
        max_share=asked.max_share,
        level=None if risk is None else float(planned.levels[risk.level]),
        exposure_s=planned.scenario.exposure_s if counted else None,
        violation_share=None if risk is None else risk.violation_share,
        risk_aversion_usd=0.0 if risk is None else risk.aversion_usd,
        common_shock_share=asked.common_shock_share,
        pools=()
        if losses is None
        else tuple(
            SpotPool(name=pool.name, loss_share=float(share), source=source)
            for pool, share, source in zip(losses.pools, losses.loss_share, losses.sources, strict=True)
        ),
        covariance=() if risk is None else tuple(tuple(float(v) for v in row) for row in risk.covariance),
        guards=()
        if risk is None or not risk.weighs_losses
        else tuple(
            SpotGuard(
                name=name,
                classes=tuple(np.array(planned.problem.classes)[counts_class]),
            )
            for name, counts_class in zip(risk.guards, risk.guard_classes, strict=True)
        ),
    )
