"""What operators insist on, as arrays: least machines, zones, delays, limits on groups and changes (`OperatorLimits`)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from solvers.limits import OperatorLimits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.options import Machine
    from planner.scenario import Scenario
    from solvers.problem import IntArray

MINIMUM_BILL_S = 60.0  # AWS EC2 on-demand pricing page, and AWS Fargate's, 2026: by the second, at least 60 s


def operator_limits(scenario: Scenario, machines: Sequence[Machine]) -> OperatorLimits | None:
    """The limits of a scenario; None where it states none. A budget is the objective's business, not a limit on windows."""
    resources = scenario.resources
    limits = OperatorLimits(
        min_instances=np.array([scenario.min_instances_of(one) for one in scenario.workload.planned_classes]),
        zone_of_machine=zone_numbers(scenario, machines),
        scale_in_windows=least_run_windows(scenario, machines),
        min_zones=resources.min_zones,
        max_groups=resources.max_groups,
        max_churn=resources.max_churn,
    )
    asked = limits.min_instances.any() or limits.min_zones > 1 or limits.scale_in_windows.max(initial=0) > 1
    asked |= limits.max_groups is not None or limits.max_churn is not None
    return limits if asked else None


def zone_numbers(scenario: Scenario, machines: Sequence[Machine]) -> IntArray:
    """``[i]`` place of the machine's zone among resources.zones; -1 where the provider chooses."""
    zones = scenario.resources.zones or ()
    return np.array([-1 if one.zone is None else zones.index(one.zone) for one in machines], dtype=int)


def least_run_windows(scenario: Scenario, machines: Sequence[Machine]) -> IntArray:
    """``[i]`` windows that a started machine stays: its delay, or what a minimum bill pays for after the boot.

    Machines that stand stopped, and those that are paid for already, may leave at any time as far as the bill goes.
    """
    resources = scenario.resources
    rest_s = MINIMUM_BILL_S - resources.boot_s
    least_s = [
        max(resources.scale_in_delay_s, rest_s if one.price_usd_per_h > 0 else 0.0) for one in machines
    ]
    return np.array(
        [
            0 if one.is_standby else max(math.ceil(seconds / scenario.window_s - 1e-9), 0)
            for one, seconds in zip(machines, least_s, strict=True)
        ],
        dtype=int,
    )
