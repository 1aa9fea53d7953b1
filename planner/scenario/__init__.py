"""The user's input: the models of scenario.yaml, and reading them with every problem named at once."""

from planner.scenario.document import Scenario
from planner.scenario.reading import load_scenario, parse_scenario, with_solver
from planner.scenario.supply import (
    FleetEntry,
    Functions,
    Market,
    Models,
    Objective,
    Quota,
    Resources,
    SolverSettings,
    Spot,
)
from planner.scenario.workload import (
    ForecastSettings,
    Horizon,
    MinAccuracy,
    MmppTrace,
    PoissonTrace,
    RequestClass,
    SurgeTrace,
    TraceFile,
    TraceSource,
    Workload,
)

__all__ = [
    "FleetEntry",
    "ForecastSettings",
    "Functions",
    "Horizon",
    "Market",
    "MinAccuracy",
    "MmppTrace",
    "Models",
    "Objective",
    "PoissonTrace",
    "Quota",
    "RequestClass",
    "Resources",
    "Scenario",
    "SolverSettings",
    "Spot",
    "SurgeTrace",
    "TraceFile",
    "TraceSource",
    "Workload",
    "load_scenario",
    "parse_scenario",
    "with_solver",
]
