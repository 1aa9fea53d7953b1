"""What is asked of a partition: one model, the limits, and what may be chosen from (`PartitionQuestion`)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from planner.errors import InputError, nearest
from planner.partition.assumptions import Assumptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalogs.layers import BlockChain

SOLVERS = ("labels", "pulp", "scip")
OBJECTIVES = ("cost", "latency")
DEPLOYMENTS = ("zip", "image")
PROVIDER = "aws-lambda"
KEEP_ALIVE_S = 600.0  # as resources.functions.keep_alive_s: sources say 10 to 60 min, providers nothing
GAP = 1e-6  # the default: exact, but for rounding
TIME_LIMIT_S = 60.0  # of one solve


@dataclass(frozen=True, kw_only=True)
class PartitionQuestion:
    """One model to cut into functions.

    Parameters
    ----------
    chain
        The model as blocks between single-tensor cuts.
    deadline_ms, budget_usd
        Limits on the latency and on the cost of one request; None: none. At least one is needed, both hold.
    minimise
        ``cost`` or ``latency``; None: latency where a budget is given, cost otherwise.
    solver
        ``labels``, ``pulp`` or ``scip``.
    memory_mb
        Memory sizes to choose from; empty: a grid over all the provider has.
    rate_rps
        Requests/s; None: unknown, which leaves batches of one request and all calls warm.
    batch
        Largest batches to choose from, in requests.
    max_functions
        Most functions, workers of parallel branches counted; None: no limit.
    deployment
        ``zip`` or ``image``: which package limit holds.
    tmp_mb
        Temporary disk, MB, that a cold function fetches its weights to from the object store; None: they are in the package.
    cold_share
        Share of calls that start cold; None: by the rate and `keep_alive_s`, or 0 without a rate.
    keep_alive_s
        Time an idle function stays warm.
    gap, time_limit_s
        Relative gap to prove, and wall time of the solver.
    inputs
        SHA-256 of the files behind the chain, by name.
    """

    chain: BlockChain
    deadline_ms: float | None = None
    budget_usd: float | None = None
    minimise: str | None = None
    solver: str = "labels"
    memory_mb: tuple[int, ...] = ()
    rate_rps: float | None = None
    batch: tuple[int, ...] = (1,)
    max_functions: int | None = None
    deployment: str = "zip"
    tmp_mb: int | None = None
    cold_share: float | None = None
    keep_alive_s: float = KEEP_ALIVE_S
    gap: float = GAP
    time_limit_s: float = TIME_LIMIT_S
    region: str = "us-east-1"
    provider: str = PROVIDER
    arch: str = "x86_64"
    assumptions: Assumptions = field(default_factory=Assumptions)
    inputs: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = [*self._wrong_limits(), *self._wrong_names(), *self._wrong_choices()]
        if problems:
            raise InputError(problems)

    @property
    def objective(self) -> str:
        """What is minimised: ``cost`` or ``latency``."""
        return self.minimise or ("cost" if self.budget_usd is None else "latency")

    @property
    def deadline_or_inf_ms(self) -> float:
        """The deadline, inf where there is none."""
        return math.inf if self.deadline_ms is None else self.deadline_ms

    @property
    def budget_or_inf_usd(self) -> float:
        """The budget of a request, inf where there is none."""
        return math.inf if self.budget_usd is None else self.budget_usd

    def _wrong_limits(self) -> list[str]:
        problems = []
        if self.deadline_ms is None and self.budget_usd is None:
            problems.append(
                "neither --slo nor --budget is given. Give a deadline, such as --slo 2s, or a budget in USD a request."
            )
        amounts = (
            ("--slo", self.deadline_ms, "ms"),
            ("--budget", self.budget_usd, "USD a request"),
            ("--rate", self.rate_rps, "requests/s"),
            ("--keep-alive", self.keep_alive_s, "s"),
            ("--time-limit", self.time_limit_s, "s"),
        )
        problems += [
            f"{name} is {value:g} {unit}; it must be a finite number > 0."
            for name, value, unit in amounts
            if value is not None and not (math.isfinite(value) and value > 0)
        ]
        if not 0 <= self.gap < 1:
            problems.append(f"--gap is {self.gap:g}; it must be at least 0 and less than 1.")
        return problems

    def _wrong_names(self) -> list[str]:
        names = (
            ("--solver", self.solver, SOLVERS),
            ("--minimise", self.objective, OBJECTIVES),
            ("--deployment", self.deployment, DEPLOYMENTS),
        )
        return [
            f"{flag} is {name!r}; it must be one of {', '.join(allowed)}.{nearest(name, allowed)}"
            for flag, name, allowed in names
            if name not in allowed
        ]

    def _wrong_choices(self) -> list[str]:
        problems = []
        if not self.batch or min(self.batch) < 1:
            problems.append(
                f"--batch is {_listed(self.batch)}; batches are whole numbers >= 1, such as 1,2,4,8."
            )
        elif max(self.batch) > 1 and self.rate_rps is None:
            problems.append(
                f"--batch is {_listed(self.batch)}, and no --rate is given: requests gather at a rate. Give it in requests/s."
            )
        if self.max_functions is not None and self.max_functions < 1:
            problems.append(f"--max-functions is {self.max_functions}; it must be at least 1.")
        if self.cold_share is not None and not 0 <= self.cold_share <= 1:
            problems.append(
                f"--cold-share is {self.cold_share:g}; it must be within 0..1. Write 2 % as 0.02."
            )
        return problems


def _listed(values: tuple[int, ...]) -> str:
    return ",".join(map(str, values)) or "empty"
