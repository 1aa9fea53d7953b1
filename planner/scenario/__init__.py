"""The user's input: the models of scenario.yaml, and reading them with every problem named at once."""

from planner.scenario.document import Scenario
from planner.scenario.fleet import Commitment, FleetEntry, MachineMarket, Market, Quota
from planner.scenario.models import Models
from planner.scenario.objective import Objective, SolverSettings
from planner.scenario.reading import load_scenario, parse_scenario, with_solver, with_start
from planner.scenario.request_class import MinAccuracy, RequestClass, SizeBucket
from planner.scenario.resources import Resources
from planner.scenario.services import Burstable, Containers, Functions, Partition
from planner.scenario.spot import Spot
from planner.scenario.workload import (
    ConstantTrace,
    ForecastSettings,
    Horizon,
    MmppTrace,
    PoissonTrace,
    SurgeTrace,
    TraceFile,
    TraceSource,
    Workload,
)

__all__ = [
    "Burstable",
    "Commitment",
    "ConstantTrace",
    "Containers",
    "FleetEntry",
    "ForecastSettings",
    "Functions",
    "Horizon",
    "MachineMarket",
    "Market",
    "MinAccuracy",
    "MmppTrace",
    "Models",
    "Objective",
    "Partition",
    "PoissonTrace",
    "Quota",
    "RequestClass",
    "Resources",
    "Scenario",
    "SizeBucket",
    "SolverSettings",
    "Spot",
    "SurgeTrace",
    "TraceFile",
    "TraceSource",
    "Workload",
    "load_scenario",
    "parse_scenario",
    "with_solver",
    "with_start",
]
