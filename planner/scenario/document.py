"""The whole scenario, and what follows from several of its parts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, PrivateAttr

from planner.document import Document
from planner.scenario.models import Models
from planner.scenario.objective import Objective, SolverSettings
from planner.scenario.quantities import Duration, Name
from planner.scenario.resources import Resources
from planner.scenario.spot import Spot
from planner.scenario.workload import ForecastSettings, Horizon, Workload

if TYPE_CHECKING:
    from planner.scenario.request_class import RequestClass


class Scenario(Document):
    """One planning question: what must be served when, with what, at which limits."""

    version: Literal[1] = Field(description="Version of this format.")
    name: Name = Field(description="Name of the plan.")
    region: str = Field(min_length=1, description="Region of the provider, e.g. us-east-1.")
    horizon: Horizon = Field(description="The time to plan for.")
    window_s: Duration = Field(alias="window", description="Length of one planning window.")
    workload: Workload = Field(description="What must be served.")
    forecast: ForecastSettings = Field(
        default_factory=ForecastSettings, description="How demand is forecast."
    )
    models: Models = Field(default_factory=Models, description="Model variants and their profiles.")
    resources: Resources = Field(
        default_factory=Resources, description="Machines, functions, prices and limits."
    )
    spot: Spot = Field(default_factory=Spot, description="How far spot machines may be relied on.")
    objective: Objective = Field(default_factory=Objective, description="What is optimised.")
    solver: SolverSettings = Field(
        default_factory=SolverSettings, description="Solver, gap, time limit and seed."
    )

    _folder: Path = PrivateAttr(default=Path())
    _digest: str = PrivateAttr(default="")

    @property
    def windows(self) -> int:
        """Number of planning windows of the horizon."""
        return round(self.horizon.duration_s / self.window_s)

    @property
    def digest(self) -> str:
        """SHA-256 of the file's bytes; empty for a scenario that was never a file."""
        return self._digest

    def path_of(self, source: str) -> Path:
        """Where a file named in the scenario is: beside the scenario, unless its path is absolute."""
        return self._folder / source

    def with_origin(self, folder: Path, digest: str) -> Scenario:
        """Return the same scenario, knowing where its files are and what its bytes hash to."""
        placed = self.model_copy()
        placed._folder, placed._digest = folder, digest
        return placed

    @property
    def spot_level(self) -> int:
        """Index of the demand level that must survive the loss of spot machines."""
        level = self.spot.level
        if level is None:
            return len(self.forecast.levels) - 1
        return level if isinstance(level, int) else self.forecast.levels.index(level)

    @property
    def exposure_s(self) -> float:
        """Time in which losses of spot machines fall together: as stated, or until they are replaced."""
        return self.spot.exposure_s if self.spot.exposure_s is not None else self.resources.boot_s

    def min_instances_of(self, one: RequestClass) -> int:
        """Least machines that may serve a class: its own number, or that of all classes."""
        return self.resources.min_instances if one.min_instances is None else one.min_instances
