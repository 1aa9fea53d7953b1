"""What the plan claims and how it is proved: metadata, certificate, validity, baselines, limits that bind."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from planner.document import Document

Status = Literal["optimal", "gap_missed", "limit", "infeasible", "heuristic"]


class Amount(Document):
    """A value with its unit."""

    value: float = Field(description="The value.")
    unit: str = Field(description="Its unit and period, e.g. 'USD per horizon'.")


class Metadata(Document):
    """Where the plan comes from."""

    name: str = Field(description="Name of the scenario.")
    region: str = Field(description="Region planned for.")
    created_at: AwareDatetime | None = Field(None, description="When it was made; dropped by --reproducible.")
    tool_version: str = Field(description="Version of the planner.")
    versions: dict[str, str] = Field(
        description="Versions of the solver and of the libraries that shape the numbers."
    )
    method: Literal["optimal", "greedy"] = Field(description="optimal: the program; greedy: the baseline.")
    solver: str = Field(description="Solver of the integer programs.")
    seed: int = Field(description="Seed of everything random.")
    inputs: dict[str, str] = Field(description="SHA-256 of every input, by its name.")
    warnings: tuple[str, ...] = Field(description="What the person who applies the plan should know.")


class BoundTried(Document):
    """One lower bound that was computed."""

    name: str = Field(description="How it was obtained.")
    problem: str = Field(description="Of which problem it is a bound.")
    bound: Amount = Field(description="The bound.")
    runtime_s: float | None = Field(None, ge=0, description="Seconds spent on it; dropped by --reproducible.")


class StatedError(Document):
    """What a grid or a bracket of the program leaves open; no part of the gap."""

    name: str = Field(description="Which grid.")
    error: Amount = Field(
        description="By how much a plan off the grid could be better at most; of ranges of rates, by how much this one "
        "may cost less."
    )


class Certificate(Document):
    """How good the plan is, and how that is known."""

    sense: Literal["minimise", "maximise"] = Field(description="Direction of the objective.")
    objective: Amount = Field(
        description="Value of the plan: a cost, a share (effective accuracy), or a factor on the deadlines."
    )
    bound: Amount = Field(description="No plan of the exact problem is better than this.")
    gap: float = Field(
        ge=0, description="|objective - bound| / |objective| of the exact problem, a share of 1."
    )
    gap_asked: float = Field(gt=0, lt=1, description="The gap that was asked for.")
    status: Status = Field(description="optimal: the gap asked for was reached; limit: stopped by a limit.")
    bound_name: str = Field(description="What the bound is.")
    reproducible: bool = Field(description="False when a wall-clock limit shaped the plan.")
    objective_usd: float | None = Field(description="The objective, USD per horizon, where it is a cost.")
    bound_usd: float | None = Field(description="The bound, USD per horizon, where the objective is a cost.")
    fixed_capacity_gap: float | None = Field(
        description="The gap with the capacity per machine fixed at the final sizes: a diagnostic, no proof."
    )
    fixed_capacity_bound_usd: float | None = Field(
        description="The bound of that diagnostic, USD per horizon."
    )
    fixed_capacity_objective_usd: float | None = Field(
        None, description="Best fleet met for the program with those fixed capacities, USD; not the plan."
    )
    fixed_capacity_program_gap: float | None = Field(
        None, description="Gap of that fleet to the bound: how tight the diagnostic's bound is."
    )
    spend_usd: float = Field(ge=0, description="Expected cost of the plan, USD per horizon.")
    errors: tuple[StatedError, ...] = Field(
        description="Errors of grids, stated apart from the gap, which is that of the problem on its grids."
    )
    infeasible: Amount | None = Field(
        description="Largest factor on the deadlines that was tried and has no plan; null: none, or no latency was minimised."
    )
    bounds: tuple[BoundTried, ...] = Field(description="Every bound tried.")
    runtime_s: float | None = Field(None, ge=0, description="Seconds in all; dropped by --reproducible.")
    phases_s: dict[str, float] | None = Field(None, description="Where they went; dropped by --reproducible.")


class Validity(Document):
    """When the plan may be applied, derived from the horizon alone."""

    not_before: AwareDatetime = Field(description="Start of the first window.")
    replan_after: AwareDatetime = Field(description="From here on a newer forecast is worth a new plan.")
    not_after: AwareDatetime = Field(description="End of the last window.")


class BaselineResult(Document):
    """What another method makes of the same problem."""

    name: str = Field(description="Name of the method.")
    feasible: bool = Field(description="Whether its plan passes the same checks.")
    reason: str = Field(description="Why it is infeasible; empty where it is feasible.")
    objective: Amount | None = Field(description="Its value; null where it is infeasible.")


class BindingLimit(Document):
    """A limit that the plan runs into."""

    limit: str = Field(description="Name of the limit.")
    window: str | None = Field(description="Id of the window; null for a limit on the whole horizon.")
    shadow_price: float | None = Field(
        description="Objective saved by one more unit of the limit, at the plan's sizes; null: not known."
    )
    unit: str = Field(description="Unit of the shadow price.")


class RejectedOption(Document):
    """An option that was left out."""

    option: str = Field(description="Its name.")
    reason: str = Field(description="Why.")
