"""What might have happened to the plan of tests/planner/plan_case.py, in round numbers.

Window w0: strict came at 7 requests/s, lax at 2.5, both within the top level (8 and 3); all machines worked all the time.
Window w1: strict came at 10, beyond the top level, lax at 3; the spot machine was lost half-way and not replaced, and 1 of the 10
strict requests/s was late and 1 refused.
"""

from __future__ import annotations

import numpy as np

from planner.plan import ProvisioningPlan
from planner.replay.plan_replay import PlanReplay, ReplaySettings
from planner.replay.results import Notice, Replayed
from planner.replay.supplies import supply_of_plan
from tests.planner.plan_case import GROUP, plan_data

HOUR = 3600.0


def make_replay(plan: ProvisioningPlan | None = None) -> PlanReplay:
    """The replay of this module's docstring."""
    plan = plan or ProvisioningPlan.model_validate(plan_data())
    arrived = HOUR * np.array([[7.0, 10.0], [2.5, 3.0]])
    served = HOUR * np.array([[[7.0, 9.0], [0.0, 0.0]], [[1.5, 2.0], [1.0, 1.0]]])
    in_time = served.copy()
    in_time[0, 0, 1] -= HOUR
    return PlanReplay(
        plan=plan,
        settings=ReplaySettings(seed=4),
        replayed=Replayed(
            policy="plan",
            seed=4,
            supply=supply_of_plan(plan),
            window_edge_s=np.array([0.0, HOUR, 2 * HOUR]),
            arrived=arrived,
            served=served,
            in_time=in_time,
            refused=HOUR * np.array([[0.0, 1.0], [0.0, 0.0]]),
            overflowed=np.zeros((2, 2)),
            latency_edge_s=np.array([0.0, 0.1, 0.3]),
            latency=np.array([[50000.0, 7600.0], [19800.0, 0.0]]),
            latency_sum_s=0.05 * served.sum(axis=1),
            ready_s=HOUR * np.array([[2.0, 2.5]]),
            busy_s=HOUR * np.array([[0.5, 0.6]]),
            machines_s=HOUR * np.array([[1.05, 2.0], [1.05, 0.5]]),
            usd=np.array([[0.7, 1.1], [0.03, 0.0], [0.0, 0.0], [0.04, 0.05]]),
            starts=np.array([[2.0, 0.0], [1.0, 0.0]]),
            lost=np.array([[0.0, 0.0], [0.0, 1.0]]),
            notices=(Notice(1.5 * HOUR, "c5.xlarge", {GROUP: 3}, {GROUP: 2}),),
            calls=HOUR * np.array([[1.0, 1.0]]),
            cold_calls=np.array([[36.0, 0.0]]),
            calls_usd=np.array([[0.04, 0.05]]),
            warm_s=HOUR * np.array([[0.1, 0.12]]),
            billed_s=HOUR * np.array([[0.11, 0.13]]),
            most_calls=np.array([[3.0, 9.0]]),
            simulated_share=1.0,
        ),
        demand_rps=np.array([[7.0, 10.0], [2.5, 3.0]]),
        launches=np.array([[2.0, 0.0], [1.0, 0.0]]),
    )
