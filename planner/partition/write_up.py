"""A solved partition as the plan document."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Literal

from planner.partition.document import (
    SCHEMA_VERSION,
    Alternative,
    Assumption,
    PartitionCertificate,
    PartitionLimits,
    PartitionPlan,
)
from planner.partition.hops import MODES
from planner.partition.search import WITHOUT_FORKS
from planner.plan import Amount, PartitionSegment, Transfer, Worker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planner.partition import forks
    from planner.partition.pricing import Pricing
    from planner.partition.search import Offer, Search
    from solvers.partition import Segment

UNITS = {"cost": "USD per call of the chain", "latency": "ms of the chain"}


def partition_plan(search: Search, best: Offer, offers: list[Offer]) -> PartitionPlan:
    """Write up the best offer, with the others and the two extreme granularities beside it."""
    question, tariff, answer, pricing = search.question, search.supplies.tariff, best.answer, best.pricing
    assert answer is not None  # the search raises where there is none
    segments = tuple(_segment(pricing, one) for one in answer.segments)
    usd = best.usd_per_request
    return PartitionPlan(
        schema_version=SCHEMA_VERSION,
        kind="PartitionPlan",
        model=question.chain.model,
        provider=tariff.provider,
        arch=tariff.arch,
        region=tariff.region,
        limits=_limits(search, best),
        usd_per_request=usd,
        latency_ms=best.latency_ms,
        cold_latency_ms=best.batching.timeout_ms + cold_chain_ms(pricing, answer.segments),
        cold_share=pricing.cold_share,
        rate_rps=question.rate_rps,
        usd_per_hour=None if question.rate_rps is None else 3600 * question.rate_rps * usd,
        batch_size=best.batching.size,
        batch_timeout_ms=best.batching.timeout_ms,
        mean_batch=best.batching.mean,
        segments=segments,
        certificate=_certificate(search, best),
        alternatives=tuple(_alternatives(search, best, offers)),
        assumptions=tuple(
            Assumption(name=name, value=value, unit=unit, origin=origin)
            for name, value, unit, origin in question.assumptions.listed()
        ),
        sources=_sources(search, pricing),
        inputs={**search.supplies.digests, **question.inputs},
        tool_version=_version(),
        warnings=tuple(_warnings(search, best)),
    )


def cold_chain_ms(pricing: Pricing, segments: Iterable[Segment]) -> float:
    """Latency of a call of the chain that finds every function cold."""
    return sum(
        one.latency_ms + (1 - pricing.cold_share) * (pricing.init_ms + _load_ms(pricing, one))
        for one in segments
    )


def _segment(pricing: Pricing, found: Segment) -> PartitionSegment:
    own = pricing.chain.blocks[found.begin : found.end]
    receives = _transfer(pricing, found.begin, found.hop_in)
    sends = _transfer(pricing, found.end, found.hop_out)
    param_bytes, peak_bytes = _held_bytes(pricing, found), max(one.peak_bytes for one in own)
    return PartitionSegment(
        first_layer=own[0].layers[0],
        last_layer=own[-1].layers[-1],
        blocks=tuple(one.name for one in own),
        memory_mb=int(pricing.memory_mb[found.memory]),
        usd=found.usd,
        latency_ms=found.latency_ms,
        billed_ms=found.billed_ms,
        compute_ms=found.warm_ms - receives.ms - sends.ms - pricing.assumptions.call_ms,
        load_ms=float(pricing.load_ms_of(param_bytes)),
        package_mib=pricing.package_mib(param_bytes),
        memory_used_mib=pricing.memory_mib(param_bytes, peak_bytes),
        receives=receives,
        sends=sends,
        workers=tuple(_worker(pricing, one) for one in _workers(pricing, found)),
    )


def _forked(pricing: Pricing, found: Segment) -> list[forks.ForkedBlock]:
    """The blocks of a function that are spread over workers."""
    return [] if found.fork is None else pricing.forks_within(found.begin, found.end, found.memory)


def _workers(pricing: Pricing, found: Segment) -> list[forks.Worker]:
    return [worker for block in _forked(pricing, found) for worker in block.workers]


def _held_bytes(pricing: Pricing, found: Segment) -> int:
    """Weights of the function itself, without those of its workers."""
    own = sum(one.param_bytes for one in pricing.chain.blocks[found.begin : found.end])
    return own - sum(one.branch.param_bytes for one in _workers(pricing, found))


def _load_ms(pricing: Pricing, found: Segment) -> float:
    """What a cold call takes beside the start of its function: loading, and its workers' starts one after another."""
    own_ms = float(pricing.load_ms_of(_held_bytes(pricing, found)))
    return own_ms + sum(one.cold_ms for one in _forked(pricing, found))


def _transfer(pricing: Pricing, boundary: int, mode: int) -> Transfer:
    size = int(pricing.cut_bytes[boundary])
    if boundary in (0, len(pricing.chain.blocks)):
        return Transfer(via="caller", bytes=size, ms=0.0)
    ms = float(pricing.hops.transfer_ms(pricing.cut_bytes[boundary])[mode])
    return Transfer(via=_via(MODES[mode]), bytes=size, ms=ms)


def _via(mode: str) -> Literal["payload", "store"]:
    return "payload" if mode == "payload" else "store"


def _worker(pricing: Pricing, found: forks.Worker) -> Worker:
    branch = found.branch
    return Worker(
        block=pricing.chain.blocks[found.block].name,
        first_layer=branch.layers[0],
        last_layer=branch.layers[-1],
        memory_mb=int(pricing.memory_mb[found.memory]),
        usd=found.usd,
        billed_ms=found.billed_ms,
        compute_ms=found.compute_ms,
        load_ms=found.load_ms,
        package_mib=pricing.package_mib(branch.param_bytes),
        memory_used_mib=pricing.memory_mib(branch.param_bytes, branch.peak_bytes),
        receives=Transfer(via=_via(found.input_mode), bytes=found.input_bytes, ms=found.receive_ms),
        sends=Transfer(via=_via(found.output_mode), bytes=found.output_bytes, ms=found.send_ms),
    )


def _limits(search: Search, best: Offer) -> PartitionLimits:
    question, tariff = search.question, search.supplies.tariff
    return PartitionLimits(
        minimise="cost" if question.objective == "cost" else "latency",
        deadline_ms=question.deadline_ms,
        budget_usd=question.budget_usd,
        max_functions=question.max_functions,
        memory_mb=tuple(search.memory_mb.tolist()),
        deployment="zip" if question.deployment == "zip" else "image",
        package_mb=best.pricing.package_mb,
        tmp_mb=question.tmp_mb,
        timeout_s=tariff.timeout_s,
        payload_mb=tariff.payload_mb,
    )


def _certificate(search: Search, best: Offer) -> PartitionCertificate:
    answer, question = best.answer, search.question
    assert answer is not None
    unit = UNITS[question.objective]
    reached = answer.gap <= question.gap or answer.status == "optimal"
    return PartitionCertificate(
        objective=Amount(value=answer.objective, unit=unit),
        bound=Amount(
            value=max(answer.bound, 0.0), unit=unit
        ),  # no cost and no time is below 0, whatever is proved
        gap=min(answer.gap, 1.0),
        gap_asked=question.gap,
        status="optimal" if reached else "limit" if answer.status == "limit" else "gap_missed",
        solver=answer.solver,
    )


def _alternatives(search: Search, best: Offer, offers: list[Offer]) -> Iterable[Alternative]:
    """The two extreme granularities at the best batch, then the best of every other batch size."""
    yield _alternative("all in one", search.all_in_one(best))
    yield _alternative("one function a block", search.one_block_each(best))
    for size in sorted({one.batching.size for one in offers} - {best.batching.size}):
        own = [one for one in offers if one.batching.size == size]
        yield _alternative(
            f"batches of {size}", min(own, key=lambda one: one.rank(search.question.objective))
        )


def _alternative(name: str, offer: Offer) -> Alternative:
    answer = offer.answer
    return Alternative(
        name=name,
        feasible=answer is not None,
        reason=offer.reason,
        usd_per_request=None if answer is None else offer.usd_per_request,
        latency_ms=None if answer is None else offer.latency_ms,
        functions=None if answer is None else functions_of(offer.pricing, answer.segments),
        batch_size=offer.batching.size,
        batch_timeout_ms=offer.batching.timeout_ms,
    )


def functions_of(pricing: Pricing, segments: Iterable[Segment]) -> int:
    """How many functions there are, workers counted."""
    return sum(1 + len(_workers(pricing, one)) for one in segments)


def _sources(search: Search, pricing: Pricing) -> dict[str, str]:
    supplies = search.supplies
    return {
        "layers": search.question.chain.source,
        "times": pricing.times.source,
        "load": search.load.source,
        "tariff": f"{supplies.tariff.source} ({supplies.tariff.price_date.isoformat()})",
        "store": f"{supplies.store.source} ({supplies.store.price_date.isoformat()})",
    }


def _warnings(search: Search, best: Offer) -> Iterable[str]:
    question, basis = search.question, best.pricing.times.basis
    if question.rate_rps is None and question.cold_share is None:
        yield "no rate is given: every call is taken as warm; give --rate or --cold-share."
    if basis in ("operators", "flops"):
        yield "no measured time of this model is known: times may be off by factors. Measure it, and give time_ms in a layer graph."
    if question.solver == WITHOUT_FORKS and best.pricing.forks is not None:
        yield "scip's quadratic program has no parallel branches, which would be quicker here; labels and pulp decide on them."
    if best.batching.size > 1:
        yield "batches that close by their timeout are priced as full ones: the cost is an upper estimate."


def _version() -> str:
    try:
        return version("inference-planner")
    except PackageNotFoundError:
        return "not installed"
