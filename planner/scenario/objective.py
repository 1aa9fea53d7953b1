"""What is optimised, and with which solver."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from planner.document import Document
from planner.scenario.quantities import Count, NonNegative, OpenShare, Positive

Direction = Literal["cost", "latency", "effective_accuracy"]


class Objective(Document):
    """What is optimised; the other directions are limits (resources.budget_usd, deadlines, min_accuracy)."""

    minimise: Literal["cost", "latency"] | None = Field(
        None,
        description="cost: expected over the horizon, USD (what is done unless told otherwise); latency: the least "
        "factor on the deadlines that a plan within the budget can keep.",
    )
    maximise: Literal["effective_accuracy"] | None = Field(
        None, description="Accuracy x share of requests in time, mean over all requests."
    )
    meet_rate_grid: tuple[OpenShare, ...] = Field(
        (0.5, 0.8, 0.9, 0.95, 0.98, 0.99),
        min_length=1,
        description="Shares in time that groups are sized for (effective_accuracy).",
    )
    latency_factors: tuple[Positive, ...] = Field(
        (
            0.1,
            0.15,
            0.2,
            0.25,
            0.3,
            0.35,
            0.4,
            0.45,
            0.5,
            0.55,
            0.6,
            0.65,
            0.7,
            0.75,
            0.8,
            0.85,
            0.9,
            0.95,
            1.0,
        ),
        min_length=1,
        description="Factors on the deadlines that are tried (latency).",
    )
    class_name: Annotated[str, Field(min_length=1)] | None = Field(
        None, alias="class", description="The one class whose deadline is scaled (latency); absent: all."
    )
    cost_weight_per_usd: NonNegative = Field(
        0.0, description="Effective accuracy given up to save one USD over the horizon."
    )

    @field_validator("meet_rate_grid", "latency_factors")
    @classmethod
    def _grids_rise(cls, grid: tuple[float, ...]) -> tuple[float, ...]:
        if any(low >= high for low, high in pairwise(grid)):
            raise ValueError(f"{list(grid)} must rise from one to the next")
        return grid

    @model_validator(mode="before")
    @classmethod
    def _cost_unless_told(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("minimise") is None and given.get("maximise") is None:
            return {**given, "minimise": "cost"}
        return given

    @model_validator(mode="after")
    def _one_direction(self) -> Objective:
        if self.minimise is not None and self.maximise is not None:
            raise ValueError(
                f"minimise: {self.minimise} and maximise: {self.maximise} cannot both be the objective; keep one"
            )
        return self

    @property
    def direction(self) -> Direction:
        """What is optimised."""
        return self.maximise or self.minimise or "cost"


class SolverSettings(Document):
    """How, and how well, the program is solved."""

    name: Literal[
        "highs", "pulp-cbc", "pulp-glpk", "pulp-highs", "pulp-scip", "cvxpy-highs", "cvxpy-scip"
    ] = Field("highs", description="Solver of the integer programs; `planner doctor` lists those installed.")
    gap: OpenShare = Field(0.03, description="Gap of the exact problem to reach.")
    time_limit_s: Positive | None = Field(
        None,
        description="Wall time after which no search goes on (a first plan and bound are made in any case); not reproducible.",
    )
    seed: Count = Field(0, description="Seed of everything random.")
