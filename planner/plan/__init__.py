"""The plan document: its models, its JSON Schema, reading and writing it."""

from planner.plan.certificate import (
    Amount,
    BaselineResult,
    BindingLimit,
    BoundTried,
    Certificate,
    Metadata,
    RejectedOption,
    Validity,
)
from planner.plan.document import SCHEMA_VERSION, ProvisioningPlan
from planner.plan.files import load_plan, parse_plan, plan_bytes, plan_digest, write_plan
from planner.plan.options import FunctionOption, MachineOption, PlanOption, PublishedFigure, Service, Tier
from planner.plan.problem import (
    AccuracyFloor,
    CurrentMachines,
    ForecastSummary,
    PlannedClass,
    Problem,
    QuotaLimit,
    SpotPolicy,
)
from planner.plan.window import (
    Expected,
    FleetLine,
    FunctionLine,
    Group,
    Level,
    Route,
    Window,
    WindowCost,
)

__all__ = [
    "SCHEMA_VERSION",
    "AccuracyFloor",
    "Amount",
    "BaselineResult",
    "BindingLimit",
    "BoundTried",
    "Certificate",
    "CurrentMachines",
    "Expected",
    "FleetLine",
    "ForecastSummary",
    "FunctionLine",
    "FunctionOption",
    "Group",
    "Level",
    "MachineOption",
    "Metadata",
    "PlanOption",
    "PlannedClass",
    "Problem",
    "ProvisioningPlan",
    "PublishedFigure",
    "QuotaLimit",
    "RejectedOption",
    "Route",
    "Service",
    "SpotPolicy",
    "Tier",
    "Validity",
    "Window",
    "WindowCost",
    "load_plan",
    "parse_plan",
    "plan_bytes",
    "plan_digest",
    "write_plan",
]
