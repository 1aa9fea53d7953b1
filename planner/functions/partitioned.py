"""Models cut over several functions as options: one chain of functions is one option.

A chain is called one request at a time, at any rate. Its times are single figures (`planner.partition`), taken to be exact; a model
whose calls were measured whole, with their spread, is offered in parts only, since these calls tell more. A request is late where
one of its functions starts cold and the chain, all of it cold, takes longer than the deadline: with k functions, each cold in a
share c of its calls, at least 1 - k c of the requests meet none that is. c is counted as for other functions, at the scenario's
least rate, no function being busy longer than the deadline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.errors import InfeasiblePlanError, nearest
from planner.functions.cold_starts import idle_cold_share
from planner.functions.measured import TAKEN_AS_EXACT
from planner.rejections import RejectedOption
from planner.serverless import ServerlessFunction
from planner.tiers import PERCENTILE_SLACK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from catalogs.layers import BlockChain
    from catalogs.object_store import ObjectStoreTariff
    from catalogs.profiles import ProfileCatalog
    from catalogs.variants import ModelVariant
    from planner.partition import PartitionPlan
    from planner.partition.supplies import Supplies
    from planner.profile_join import Join, Rejected
    from planner.scenario import Functions
    from planner.tiers import Tier

FRONTIER_POINTS = (
    3  # of a tier: the cheapest chain, the quickest, and one between, for where concurrency is short
)


@dataclass(frozen=True)
class PartitionInputs:
    """Models that may be cut, and the store that tensors may pass through.

    Parameters
    ----------
    chains
        By the name of their file.
    digests
        SHA-256 of these files, by name.
    """

    chains: Mapping[str, BlockChain]
    store: ObjectStoreTariff
    digests: Mapping[str, str]

    def name_problems(self, profiles: ProfileCatalog) -> Iterator[str]:
        """Models of layer graphs that no catalog knows: their task and accuracy are needed."""
        for file, chain in self.chains.items():
            if chain.model not in profiles.variants:
                yield (
                    f"resources.functions.partition: {file} describes {chain.model!r}, which is no model variant; add it to "
                    f"a table of variants, with its task.{nearest(chain.model, profiles.variants)}"
                )


def partitioned_functions(
    join: Join, inputs: PartitionInputs, supplies: Supplies
) -> tuple[list[ServerlessFunction], Rejected]:
    """Chains of functions for every tier of the classes that ask for a model of a layer graph."""
    found: dict[str, ServerlessFunction] = {}
    rejected: Rejected = []
    for chain in inputs.chains.values():
        wanted = join.wanted.get(chain.model)
        name = f"{supplies.tariff.provider.removeprefix('aws-')}/{chain.model}/partition"
        if wanted is None or 1 not in wanted.accepting:
            reason = "no class asks for requests of one item of it, or accepts its accuracy"
            rejected.append(RejectedOption(name, "items", reason))
            continue
        asked = {join.classes.classes[k].name: join.classes.tier(k) for k in wanted.accepting[1]}
        for tier in sorted(set(asked.values())):
            options, left_out = chains_for(
                tier, asked, chain, wanted.variant, supplies, join.scenario.resources.functions
            )
            found |= {one.id: one for one in options}
            rejected += [] if left_out is None else [left_out]
    return list(found.values()), rejected


def chains_for(
    tier: Tier,
    asked: Mapping[str, Tier],
    chain: BlockChain,
    variant: ModelVariant,
    supplies: Supplies,
    settings: Functions,
) -> tuple[list[ServerlessFunction], RejectedOption | None]:
    """Chains that keep a tier, none both dearer and slower than another; or why there is none."""
    from planner.partition import PartitionQuestion, partition_frontier

    assert settings.partition is not None  # else there were no layer graphs
    name = f"{supplies.tariff.provider.removeprefix('aws-')}/{chain.model}/partition"
    cold = float(idle_cold_share(settings.least_rate_rps, tier.deadline_s, settings.keep_alive_s))
    question = PartitionQuestion(
        chain=chain,
        deadline_ms=tier.deadline_ms,
        memory_mb=settings.partition.memory_mb or (),
        max_functions=settings.partition.max_functions,
        deployment=settings.partition.deployment,
        cold_share=cold,
        region=supplies.tariff.region,
        provider=supplies.tariff.provider,
        arch=supplies.tariff.arch,
    )
    try:
        plans = partition_frontier(question, supplies, points=FRONTIER_POINTS)
    except InfeasiblePlanError as error:
        return [], RejectedOption(f"{name} for {tier.label}", "partition", "; ".join(error.problems))
    if measured_whole(chain.model, supplies):
        plans = tuple(plan for plan in plans if len(functions_of(plan)) > 1)
        if not plans:
            reason = (
                "one function is best at any price; its calls were measured, and are options by themselves"
            )
            return [], RejectedOption(f"{name} for {tier.label}", "partition", reason)
    options = [
        option
        for plan in plans
        if in_time(plan, tier) >= tier.percentile - PERCENTILE_SLACK
        and (option := chain_option(name, plan, asked, variant, supplies)) is not None
    ]
    if options:
        return options, None
    fewest = min(plans, key=lambda plan: len(functions_of(plan)))
    reason = (
        f"{cold:.2%} of the calls of each of its {len(functions_of(fewest))} functions start cold; {in_time(fewest, tier):.4g} of "
        f"the requests meet none that does, {tier.percentile:g} must be in time"
    )
    return [], RejectedOption(f"{name} for {tier.label}", "cold starts", reason)


def measured_whole(model: str, supplies: Supplies) -> bool:
    """Whether the spread of calls of the uncut model was measured, which a chain's single figures do not tell."""
    tariff = supplies.tariff
    return any(
        bool(one.quantiles) and (one.model, one.provider, one.arch) == (model, tariff.provider, tariff.arch)
        for one in supplies.profiles.function_times
    )


def in_time(plan: PartitionPlan, tier: Tier) -> float:
    """Share of requests known to be answered within a deadline."""
    cold_somewhere = min(1.0, len(functions_of(plan)) * plan.cold_share)
    if plan.cold_latency_ms <= tier.deadline_ms:
        return 1.0
    return 1 - cold_somewhere if warm_ms(plan) <= tier.deadline_ms else 0.0


def warm_ms(plan: PartitionPlan) -> float:
    """Latency of a request that meets no cold start; the plan's is the mean (1 - c) warm + c cold."""
    if plan.cold_share == 1:
        return plan.cold_latency_ms
    return (plan.latency_ms - plan.cold_share * plan.cold_latency_ms) / (1 - plan.cold_share)


def functions_of(plan: PartitionPlan) -> list[tuple[int, float]]:
    """Memory (MB) and billed time (ms) of every function of a chain, workers of parallel branches included."""
    found: list[tuple[int, float]] = []
    for segment in plan.segments:
        found.append((segment.memory_mb, segment.billed_ms))
        found += [(worker.memory_mb, worker.billed_ms) for worker in segment.workers]
    return found


def chain_option(
    name: str, plan: PartitionPlan, asked: Mapping[str, Tier], variant: ModelVariant, supplies: Supplies
) -> ServerlessFunction | None:
    """The option of a chain, for all classes that it answers in time; None where its times leave none.

    It holds every function as long as it is billed for it. Its memory is that of the largest.
    """
    met = {
        class_name: share
        for class_name, tier in asked.items()
        if (share := in_time(plan, tier)) >= tier.percentile - PERCENTILE_SLACK
    }
    if not met:
        return None
    functions = functions_of(plan)
    warm = warm_ms(plan)
    billed_ms = sum(ms for _, ms in functions)
    return ServerlessFunction(
        id=f"{name}-{len(functions)}x-{_sizes(memory_mb for memory_mb, _ in functions)}-{warm:.0f}ms",
        variant=variant,
        provider=plan.provider,
        arch=plan.arch,
        memory_mb=max(memory_mb for memory_mb, _ in functions),
        batch=1,
        items_per_request=1,
        mean_ms=warm,
        quantile_ms=warm,
        quantiles=((1.0, warm),),
        load_ms=plan.cold_latency_ms - warm,
        billed_ms=billed_ms,
        cold_start_share=min(1.0, len(functions) * plan.cold_share),
        usd_per_request=plan.usd_per_request,
        concurrency_s=billed_ms / 1000,
        deadline_meet_rate=met,
        source="; ".join(f"{what}: {source}" for what, source in sorted(plan.sources.items()))
        + TAKEN_AS_EXACT,
        obtained="derived",
        tariff_source=supplies.tariff.source,
        partition=plan.segments,
    )


def _sizes(memory_mb: Iterable[int]) -> str:
    """``1769`` where all are alike, else ``1024+1769``."""
    sizes: Sequence[int] = list(memory_mb)
    return str(sizes[0]) if len(set(sizes)) == 1 else "+".join(map(str, sizes))
