"""The best partition over all ways to gather requests, and what it is compared with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from catalogs.importers.model_names import canonical_model
from catalogs.layers import block_times
from planner.errors import InfeasiblePlanError, SolverLimitError
from planner.partition.batches import batchings, cold_share
from planner.partition.granularities import all_in_one, one_block_each
from planner.partition.hops import Hops
from planner.partition.loading import loading_of
from planner.partition.pricing import Pricing
from planner.partition.supplies import settable_sizes
from solvers.errors import InfeasiblePartitionError
from solvers.partition import solve_partition

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalogs.layers import BlockTimes
    from planner.partition.batches import Batching
    from planner.partition.question import PartitionQuestion
    from planner.partition.supplies import Supplies
    from solvers.partition import PartitionAnswer, PartitionProblem

    ProgressReport = Callable[[str, float], None]

WITHOUT_FORKS = "scip"  # the quadratic program has no decision for parallel branches


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A way to gather requests, with its best partition or the reason why there is none.

    Parameters
    ----------
    pricing
        The chain at this batch size and share of cold calls.
    answer
        None where the limits allow no partition.
    """

    batching: Batching
    pricing: Pricing
    answer: PartitionAnswer | None
    reason: str

    @property
    def usd_per_request(self) -> float:
        """Price of a call of the chain over the mean batch: all batches priced as full ones."""
        return np.inf if self.answer is None else self.answer.usd / self.batching.mean

    @property
    def latency_ms(self) -> float:
        """The longest wait for the batch, and the mean latency of the chain."""
        return np.inf if self.answer is None else self.batching.timeout_ms + self.answer.latency_ms

    def rank(self, objective: str) -> tuple[float, ...]:
        """What is minimised, then the other, then the smaller batch."""
        reached = (self.usd_per_request, self.latency_ms)
        return (
            *(reached if objective == "cost" else reached[::-1]),
            self.batching.size,
            self.batching.timeout_s,
        )


class Search:
    """Solves one question at every way to gather requests.

    Parameters
    ----------
    question, supplies
        What is asked, and what functions are made of.
    """

    def __init__(self, question: PartitionQuestion, supplies: Supplies) -> None:
        self.question, self.supplies = question, supplies
        self.memory_mb = np.array(settable_sizes(question.memory_mb, supplies.tariff))
        self.load = loading_of(question.chain, supplies, question.assumptions)
        self._times: dict[int, BlockTimes] = {}

    def times(self, batch: int) -> BlockTimes:
        """Times of a call with a whole batch."""
        if batch not in self._times:
            chain, tariff, profiles = self.question.chain, self.supplies.tariff, self.supplies.profiles
            self._times[batch] = block_times(
                chain,
                self.memory_mb,
                function_times=[
                    one
                    for one in profiles.function_times
                    if (one.provider, one.arch) == (tariff.provider, tariff.arch)
                ],
                failed_mb=profiles.failed_sizes(canonical_model(chain.model), tariff.provider),
                mb_per_vcpu=tariff.mb_per_vcpu,
                parallel_share=self.question.assumptions.parallel_share,
                batch=batch,
                batch_scaling=self.question.assumptions.batch_scaling,
            )
        return self._times[batch]

    def pricing(self, batching: Batching) -> Pricing:
        """The chain as this way to gather has it."""
        question, tariff, times = self.question, self.supplies.tariff, self.times(batching.size)
        whole_s = float(times.block_ms.sum(axis=0).max()) / 1000
        longest_s = min(whole_s, question.deadline_or_inf_ms / 1000, tariff.timeout_s)
        return Pricing(
            chain=question.chain,
            times=times,
            load_ms_per_mib=self.load.ms_per_mib,
            hops=Hops(tariff, self.supplies.store, question.assumptions),
            batch=batching.size,
            cold_share=cold_share(question, batching, longest_s),
            package_mb=float(tariff.package_mb if question.deployment == "zip" else tariff.image_mb),
            tmp_mb=question.tmp_mb,
            max_functions=question.max_functions,
        )

    def solve(self, problem: PartitionProblem, batching: Batching, solver: str) -> PartitionAnswer:
        """Solve within what the wait leaves of the deadline, and the budgets of a mean batch."""
        question = self.question
        return solve_partition(
            problem,
            deadline_ms=question.deadline_or_inf_ms - batching.timeout_ms,
            budget_usd=question.budget_or_inf_usd * batching.mean,
            minimise=question.objective,
            solver=solver,
            gap=question.gap,
            time_limit_s=question.time_limit_s,
        )

    def offers(self, progress: ProgressReport) -> list[Offer]:
        """Every way to gather, solved; by labels where there are several, which are exact and quick."""
        ways = batchings(self.question)
        solver = self.question.solver if len(ways) == 1 else "labels"
        found = []
        for count, way in enumerate(ways):
            progress("cutting the chain", count / len(ways))
            found.append(self.offer(way, solver))
        return found

    def offer(self, batching: Batching, solver: str) -> Offer:
        """One way to gather, solved."""
        pricing = self.pricing(batching)
        problem = pricing.problem()
        if solver == WITHOUT_FORKS:
            problem = replace(problem, forks=None)
        try:
            answer = self.solve(problem, batching, solver)
        except InfeasiblePartitionError as error:
            return Offer(
                batching=batching,
                pricing=pricing,
                answer=None,
                reason=in_words(error, self.question, batching),
            )
        if not answer.segments:
            raise SolverLimitError(
                f"--solver {solver} found no partition within its time limit of {self.question.time_limit_s:g} s. Give it longer "
                "(--time-limit), fewer memory sizes (--memory-mb), or use --solver labels."
            )
        return Offer(batching=batching, pricing=pricing, answer=answer, reason="")

    def best(self, offers: list[Offer]) -> Offer:
        """The best offer, proved by the solver asked for.

        Raises
        ------
        InfeasiblePlanError
            Where none is feasible, with the reason for every batch size.
        """
        ranked = sorted(offers, key=lambda one: one.rank(self.question.objective))
        if not ranked or ranked[0].answer is None:
            raise InfeasiblePlanError(self._why_none(offers))
        best = ranked[0]
        if len(offers) > 1 and self.question.solver != "labels":
            return self.offer(best.batching, self.question.solver)
        return best

    def _why_none(self, offers: list[Offer]) -> list[str]:
        if not offers:
            return [
                f"no batch of {max(self.question.batch)} can gather within the deadline; lengthen it, or offer --batch 1."
            ]
        reasons: dict[int, str] = {}
        for one in offers:  # the shortest wait of each batch size leaves most to the chain
            reasons.setdefault(one.batching.size, one.reason)
        if len(reasons) == 1:
            return list(reasons.values())
        return [f"batches of {size}: {reason}" for size, reason in reasons.items()]

    def all_in_one(self, best: Offer) -> Offer:
        """The whole chain in one function, at its best memory size."""
        return self._granularity(best, all_in_one(best.pricing.problem()))

    def one_block_each(self, best: Offer) -> Offer:
        """Every block in a function of its own, each at its best memory size."""
        return self._granularity(best, one_block_each(best.pricing.problem()))

    def _granularity(self, best: Offer, problem: PartitionProblem) -> Offer:
        try:
            answer = self.solve(problem, best.batching, "labels")
        except InfeasiblePartitionError as error:
            whole = problem.blocks == 1
            reason = in_words(error, self.question, best.batching, whole=whole)
            if (
                error.begin is not None and not whole
            ):  # the search found a plan, so branches of the block are in workers there
                name = self.question.chain.blocks[error.begin].name
                reason = f"{self.question.chain.model}, block {name!r}: one function cannot hold it, only one with workers"
            return replace(best, answer=None, reason=reason)
        return replace(best, answer=answer, reason="")


def in_words(
    error: InfeasiblePartitionError, question: PartitionQuestion, batching: Batching, *, whole: bool = False
) -> str:
    """The reason, with the names of the blocks it is about, and with the wait that shortened the deadline.

    Parameters
    ----------
    whole
        The blocks were made one: what does not fit is the whole model.
    """
    model = question.chain.model
    waited = error.limit == "deadline" and batching.timeout_s > 0
    note = (
        f" (of {question.deadline_ms:.6g} ms, {batching.timeout_ms:.4g} go to waiting for the batch)"
        if waited
        else ""
    )
    if error.begin is None or error.end is None:
        return f"{model}: {error}{note}"
    if whole:
        unit = "ms in its longest call" if error.limit == "timeout" else f"MiB of {error.limit}"
        return f"{model} in one function needs {error.needed:.6g} {unit}, and {error.allowed:.6g} is allowed"
    first, last = question.chain.blocks[error.begin].name, question.chain.blocks[error.end - 1].name
    which = f"block {first!r}" if first == last else f"blocks {first!r} to {last!r}"
    packed = error.limit == "package" and question.deployment == "zip"
    advice = "; a container image holds more: --deployment image" if packed else ""
    return f"{model}, {which}: {error}{note}{advice}"
