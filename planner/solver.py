"""The solves of one plan: all with the scenario's settings, and within one time limit together."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from planner.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.scenario import Scenario
    from solvers.memory import Memory
    from solvers.problem import ProvisioningProblem
    from solvers.solution import ProvisioningSolution
    from solvers.value_plan import ValuePlan

WINDOWS_A_WORKER = 48  # a worker process takes some 2 s to start, as long as so many windows take to solve
LEAST_TIME_S = 1e-3  # what a solve gets once the time is used up: enough to find that out


class Solver:
    """Solves problems of one scenario; the clock of its time limit starts with the first of them."""

    def __init__(
        self,
        scenario: Scenario,
        report: Callable[[str, float], None],
        *,
        greedy: bool = False,
        memory: Memory | None = None,
        diagnosed: bool = True,
    ) -> None:
        self.diagnosed = diagnosed
        self.settings = scenario.solver
        self.memory = memory
        self.workers = max(1, min(os.cpu_count() or 1, scenario.windows // WINDOWS_A_WORKER))
        self.method = "greedy" if greedy else "optimal"
        self._report = report
        self._started_s: float | None = None

    def cheapest(self, problem: ProvisioningProblem) -> ProvisioningSolution:
        """Plan the horizon at least cost."""
        from solvers.plan_horizon import plan_horizon

        return plan_horizon(
            problem,
            gap=self.settings.gap,
            time_limit_s=self.time_left_s(),
            method=self.method,
            warm_start=self.memory,
            diagnosed=self.diagnosed,
            **self._means,
        )

    def most_valuable(
        self, problem: ProvisioningProblem, *, budget_usd: float | None, cost_weight_per_usd: float
    ) -> ValuePlan:
        """Plan the horizon for the largest value share within a budget, less a weight on cost.

        Raises
        ------
        InputError, where neither budget, weight nor limits keep the cost finite.
        """
        from solvers.directions import maximise_value
        from solvers.errors import ProblemError

        try:
            return maximise_value(
                problem,
                budget_usd=budget_usd,
                cost_weight_per_usd=cost_weight_per_usd,
                gap=self.settings.gap,
                time_limit_s=self.time_left_s(),
                **self._means,
            )
        except ProblemError as error:
            advice = "Set resources.budget_usd, or objective.cost_weight_per_usd"
            raise InputError([f"objective.maximise: {line}. {advice}." for line in error.problems]) from None

    @property
    def _means(self) -> dict[str, Any]:
        return {
            "seed": self.settings.seed,
            "solver": self.settings.name,
            "workers": self.workers,
            "progress": self._report,
        }

    def time_left_s(self) -> float | None:
        """Seconds of the time limit that are left; None without one."""
        if self.settings.time_limit_s is None:
            return None
        if self._started_s is None:
            self._started_s = time.monotonic()
        return max(self.settings.time_limit_s - (time.monotonic() - self._started_s), LEAST_TIME_S)


def check_installed(name: str) -> None:
    """Fail before any work where the solver asked for is not installed here."""
    from solvers.backends import installed_backends

    found = [backend.name for backend in installed_backends()]
    if name not in found:
        raise InputError([f"solver.name is {name!r}, which is not installed here; found: {', '.join(found)}"])
