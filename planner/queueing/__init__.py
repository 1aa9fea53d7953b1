"""What one pool carries inside a deadline: capacity, deadline-meet rate, diversion, cold starts."""

from planner.queueing.batching import batch_timeout_s
from planner.queueing.bursts import SwitchingArrivals, mmpp_capacity_rps
from planner.queueing.capacity import (
    capacity_rps,
    deadline_meet_rate,
)
from planner.queueing.diversion import cold_start_share, diverted_share
from planner.queueing.formulas import stated_error_share
from planner.queueing.implied import implied_service_s
from planner.queueing.pool import DISPATCH_POLICY, PoolService
from planner.queueing.reserves import most_running, reserved_instances
from planner.queueing.variation import variation_of

__all__ = [
    "DISPATCH_POLICY",
    "PoolService",
    "SwitchingArrivals",
    "batch_timeout_s",
    "capacity_rps",
    "cold_start_share",
    "deadline_meet_rate",
    "diverted_share",
    "implied_service_s",
    "mmpp_capacity_rps",
    "most_running",
    "reserved_instances",
    "stated_error_share",
    "variation_of",
]
