"""The search for the most value: multipliers on the budget, each a plan of least cost, and the best plan among theirs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from solvers.backends import solve
from solvers.horizon import compile_horizon
from solvers.plan_horizon import plan_horizon
from solvers.recourse import evaluate
from solvers.served_value import highest_share, in_usd, requests, value_share
from solvers.value_plan import Trial, ValuePlan, relative_shortfall

if TYPE_CHECKING:
    from solvers.problem import ProvisioningProblem
    from solvers.solution import ProvisioningSolution

MAX_TRIALS = 12  # a cap: enumerated problems needed at most eight before nothing moved any more
WHOLE_COLUMNS = 5_000  # about six windows of the scale benchmark's 900: what a solver takes in one piece
WHOLE_NODES = 2_000  # of that program
TRIALS_OVER = 4  # all above the budget: then the plan of least cost says whether any is within it
STEP = 8.0  # between multipliers while all plans lie on one side of the budget
SAME_MULTIPLIER = 1.001  # ratio below which two multipliers on either side of the budget are one
TIE_SHARE = 1e-4  # of the score: the most that preferring the cheaper of nearly equal plans may cost it
BUDGET_SLACK_SHARE, BUDGET_SLACK_USD = 1e-9, 1e-9  # sums of prices in floating point


@dataclass(frozen=True)
class Found:
    """A plan within the budget: its cost, value share and score."""

    solution: ProvisioningSolution
    spend_usd: float
    share: float
    score: float


@dataclass
class ValueSearch:
    """The multipliers tried so far, and the best plan among theirs."""

    problem: ProvisioningProblem
    budget_usd: float
    weight: float
    gap: float
    time_limit_s: float | None
    settings: dict[str, Any]
    trials: list[Trial] = field(default_factory=list)
    best: Found | None = None
    last: ProvisioningSolution | None = None

    def __post_init__(self) -> None:
        """Start the clock; count the requests."""
        self.begun = time.perf_counter()
        self.requests = requests(self.problem)
        self.bound = self.highest = highest_share(self.problem)

    def left_s(self) -> float | None:
        """Seconds left, None without a limit."""
        if self.time_limit_s is None:
            return None
        return max(0.0, self.time_limit_s - (time.perf_counter() - self.begun))

    def is_settled(self) -> bool:
        """The best plan is within the gap, or the time is up."""
        return self.left_s() == 0.0 or (
            self.best is not None and relative_shortfall(self.best.score, self.bound) <= self.gap
        )

    def usd_per_share(self, multiplier: float) -> float:
        """USD that a multiplier makes of a value share of 1; 0 where only cost counts."""
        return 1.0 / (self.weight + multiplier) if np.isfinite(multiplier) else 0.0

    def attempt(self, multiplier: float) -> Trial:
        """Plan at one multiplier (inf: for least cost); keep its bound, and its plan if it is the best within the budget."""
        usd = self.usd_per_share(multiplier)
        solution = plan_horizon(
            in_usd(self.problem, usd / self.requests if self.requests else 0.0),
            gap=self.gap / 2,
            time_limit_s=self.left_s(),
            warm_start=None if self.last is None else self.last.memory,
            **self.settings,
        )
        bound = float("inf")
        if usd > 0:
            bound = (multiplier * self.budget_usd if multiplier > 0 else 0.0) - solution.bound_usd / usd
        spend, score = self.offer(solution, usd)
        trial = Trial(multiplier, spend, score, solution.bound_usd, bound)
        self.trials.append(trial)
        self.bound = min(self.bound, bound)
        self.last = solution
        return trial

    def is_within(self, spend_usd: float) -> bool:
        """The budget allows this."""
        return (
            bool(np.isfinite(spend_usd))
            and spend_usd <= self.budget_usd * (1 + BUDGET_SLACK_SHARE) + BUDGET_SLACK_USD
        )

    def close_in(self) -> None:
        """Try multipliers until the bound meets the best plan, or nothing moves."""
        while len(self.trials) < MAX_TRIALS and not self.is_settled():
            multiplier = self.next_multiplier()
            bound, best = self.bound, self.best
            if multiplier is None or self.attempt(multiplier).spend_usd == float("inf"):
                return
            bracketed = len({self.is_within(trial.spend_usd) for trial in self.trials}) == 2
            if bracketed and self.bound == bound and self.best is best:
                return

    def solve_whole(self) -> None:
        """Give a small program to the solver as one, with the budget as its limit: multipliers miss plans between two corners."""
        assert self.last is not None
        multiplier = TIE_SHARE * self.highest / self.budget_usd if 0 < self.budget_usd < np.inf else 0.0
        usd = self.usd_per_share(multiplier) if multiplier + self.weight > 0 else 1.0
        limited = in_usd(self.problem, usd / self.requests if self.requests else 0.0, self.budget_usd)
        horizon = compile_horizon(limited)
        arrays = horizon.compiled.arrays
        if len(arrays.cost) > WHOLE_COLUMNS:
            return
        answer = solve(
            arrays,
            solver=self.settings.get("solver", "highs"),
            gap=self.gap / 2,
            node_limit=WHOLE_NODES,
            time_limit_s=self.left_s(),
            seed=self.settings.get("seed", 0),
        )
        if answer.bound is not None:
            shift = multiplier * self.budget_usd if multiplier > 0 else 0.0
            self.bound = min(self.bound, shift - answer.bound / usd)
        if answer.values is None:
            return
        fleet = evaluate(limited, horizon.machines(answer.values, np.arange(len(arrays.cost))))
        solution = replace(
            self.last,
            instances=fleet.instances,
            carried_rps=fleet.carried_rps,
            overflow_rps=fleet.overflow_rps,
            starts=fleet.starts.astype(float),
            objective_usd=fleet.cost_usd,
        )
        if fleet.feasible:
            self.offer(solution, usd)

    def offer(self, solution: ProvisioningSolution, usd: float) -> tuple[float, float]:
        """Keep a plan if it is the best within the budget; return its cost and score, of an objective with `usd` a value share."""
        share = value_share(self.problem, solution)
        spend = solution.objective_usd + usd * share
        score = share - self.weight * spend
        if self.is_within(spend) and (self.best is None or score > self.best.score):
            self.best = Found(solution, spend, share, score)
        return spend, score

    def next_multiplier(self) -> float | None:
        """Where the two plans nearest the budget on either side score alike; a step on while there are none on one side."""
        within = min((t for t in self.trials if self.is_within(t.spend_usd)), key=by_multiplier, default=None)
        over = max(
            (t for t in self.trials if not self.is_within(t.spend_usd)), key=by_multiplier, default=None
        )
        usual = self.highest / self.budget_usd if self.budget_usd > 0 else 1.0
        if within is None and over is None:
            return usual
        if within is None:
            assert over is not None
            return float("inf") if len(self.trials) >= TRIALS_OVER else max(over.multiplier * STEP, usual)
        if over is None:
            lower = min(within.multiplier, usual) / STEP
            return lower if lower >= TIE_SHARE * usual else None
        if within.multiplier < over.multiplier * SAME_MULTIPLIER:
            return None
        slope = (over.score - within.score) / (over.spend_usd - within.spend_usd)
        if over.multiplier * SAME_MULTIPLIER < slope < within.multiplier / SAME_MULTIPLIER:
            return slope
        low, high = max(over.multiplier, usual * TIE_SHARE), min(within.multiplier, over.multiplier * STEP**2)
        return float(np.sqrt(low * max(high, low * SAME_MULTIPLIER)))

    def result(self) -> ValuePlan:
        """The best plan within the budget, or why there is none."""
        assert self.last is not None
        if self.best is None:
            reasons = self.last.infeasible_reasons or (self.over_budget(),)
            solution = replace(self.last, status="infeasible", infeasible_reasons=reasons)
            return ValuePlan(solution, 0.0, float("-inf"), self.bound, tuple(self.trials))
        found = self.best
        met = relative_shortfall(found.score, self.bound) <= self.gap
        least = max(
            trial.least_usd + self.usd_per_share(trial.multiplier) * found.share for trial in self.trials
        )
        worth = found.spend_usd - found.solution.objective_usd
        solution = replace(
            found.solution,
            status="optimal" if met else ("limit" if self.left_s() == 0.0 else "gap_missed"),
            objective_usd=found.spend_usd,
            bound_usd=min(max(least, 0.0), found.spend_usd),
            bound_name="least cost of a plan of this value, by the multipliers on the budget",
            fixed_capacity_bound_usd=found.solution.fixed_capacity_bound_usd + worth,
            fixed_capacity_objective_usd=found.solution.fixed_capacity_objective_usd + worth,
            reproducible=self.left_s() != 0.0 and found.solution.reproducible,
            runtime_s=time.perf_counter() - self.begun,
            bounds=(),
            baselines=(),
        )
        return ValuePlan(solution, found.share, found.score, max(self.bound, found.score), tuple(self.trials))

    def over_budget(self) -> str:
        """Say what the cheapest plan costs."""
        cheapest = min(trial.spend_usd for trial in self.trials)
        least = max(
            (trial.least_usd for trial in self.trials if trial.multiplier == float("inf")), default=0.0
        )
        return (
            f"the budget is {self.budget_usd:.6g} USD; the cheapest plan found costs {cheapest:.6g} USD, and none costs less than "
            f"{max(least, 0.0):.6g}"
        )


def by_multiplier(trial: Trial) -> float:
    """Sort trials by their multiplier."""
    return trial.multiplier
