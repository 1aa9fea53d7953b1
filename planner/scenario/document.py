"""The whole scenario, and what must hold between its parts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, PrivateAttr

from planner.document import Document, Place
from planner.errors import nearest
from planner.instants import instant_text
from planner.scenario.quantities import Duration, Name
from planner.scenario.supply import Models, Objective, Resources, SolverSettings, Spot
from planner.scenario.workload import ForecastSettings, Horizon, Workload

if TYPE_CHECKING:
    from collections.abc import Iterator

Contradiction = tuple[Place, str]  # where, and the sentence that goes on after the name of the place


class Scenario(Document):
    """One planning question: what must be served when, with what, at which limits."""

    not_yet: ClassVar[dict[str, str]] = {
        "budget_usd": "a budget",
        "containers": "the choice of container images",
    }

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

    def contradictions(self) -> list[Contradiction]:
        """Say where fields contradict each other."""
        return [
            *self._time_contradictions(),
            *self._class_contradictions(),
            *self._trace_contradictions(),
            *self._spot_contradictions(),
        ]

    def _time_contradictions(self) -> Iterator[Contradiction]:
        windows = self.horizon.duration_s / self.window_s
        if abs(windows - round(windows)) > 1e-9 or windows < 1:
            yield (
                ("window",),
                f"is {self.window_s:g} s and horizon.duration {self.horizon.duration_s:g} s, "
                f"{windows:g} windows; the duration must be a whole number of windows.",
            )
        hold_s = self.forecast.hold_s
        if hold_s is not None and hold_s < self.window_s:
            yield (
                ("forecast", "hold"),
                f"is {hold_s:g} s; it must be at least the window, {self.window_s:g} s.",
            )
        for name, source in self.workload.traces.items():
            start = getattr(source, "start", None)
            if start is not None and start >= self.horizon.start:
                yield (
                    ("workload", "traces", name, "start"),
                    f"is {instant_text(start)}; the history must begin before horizon.start, "
                    f"{instant_text(self.horizon.start)}.",
                )

    def _class_contradictions(self) -> Iterator[Contradiction]:
        first: dict[str, int] = {}
        known = self.workload.traces
        for index, one in enumerate(self.workload.classes):
            path = ("workload", "classes", index)
            if one.name in first:
                yield (
                    (*path, "name"),
                    f"{one.name!r} is also the name of class {first[one.name]}; names must differ.",
                )
            first.setdefault(one.name, index)
            if one.trace not in known:
                yield (
                    (*path, "trace"),
                    f"is {one.trace!r}, which is not among workload.traces ({', '.join(sorted(known))})."
                    f"{nearest(one.trace, known)}",
                )

    def _trace_contradictions(self) -> Iterator[Contradiction]:
        for name in self.workload.traces:
            shares = [one.share for one in self.workload.classes if one.trace == name]
            path = ("workload", "traces", name)
            if not shares:
                yield path, "is used by no class; name it in a class or remove it."
            elif sum(shares) > 1 + 1e-9:
                yield (
                    path,
                    f"has classes whose shares sum to {sum(shares):g}; they must sum to at most 1.",
                )

    def _spot_contradictions(self) -> Iterator[Contradiction]:
        markets = self.resources.markets
        if markets == ("spot",) and (self.spot.policy == "none" or self.spot.max_share < 1):
            yield (
                ("resources", "markets"),
                "is [spot] alone, and the spot policy allows no group of spot machines only; add on-demand, "
                "or set spot.max_share to 1.",
            )
