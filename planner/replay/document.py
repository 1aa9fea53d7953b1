"""The document of a replay: what happened to a plan, and every promise beside it (`PlanReplay`, schema `replay`)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from pydantic import AwareDatetime, Field

from planner.document import Document
from planner.json_text import json_bytes
from planner.replay.promises import promises_of
from planner.replay.summaries import PERCENTILES

if TYPE_CHECKING:
    from planner.replay.plan_replay import PlanReplay
    from planner.replay.promise import Promise

SCHEMA_VERSION = 1


class ReplayedPlan(Document):
    """Which plan was replayed, and how."""

    name: str = Field(description="Name of the scenario it was made from.")
    sha256: str = Field(description="Digest of the plan without its clock fields.")
    start: AwareDatetime = Field(description="First instant replayed.")
    end: AwareDatetime = Field(description="First instant not replayed.")
    seed: int = Field(description="Seed of everything random.")
    mode: Literal["exact", "sampled"] = Field(description="exact: every request; sampled: blocks of time.")
    simulated_share: float = Field(gt=0, le=1, description="Part of the time whose requests were simulated.")


class CostOfReplay(Document):
    """The bill, USD."""

    machines_usd: float = Field(ge=0, description="Machine time, boots and loads left out.")
    starts_usd: float = Field(ge=0, description="Boot time.")
    loads_usd: float = Field(ge=0, description="Time of loading models.")
    functions_usd: float = Field(ge=0, description="Function calls, and functions kept ready.")
    total_usd: float = Field(ge=0, description="Sum of the parts.")


class ClassReplayed(Document):
    """What one class saw."""

    requests: float = Field(ge=0, description="Requests; in the sampled mode scaled to the whole time.")
    deadline_meet_rate: float | None = Field(
        description="Share of all its requests in time; null: none came."
    )
    in_time_of_served: float | None = Field(
        description="Share of what was answered in time: what plans promise."
    )
    accuracy: float | None = Field(
        description="Mean accuracy of what was answered; null: a model states none."
    )
    effective_accuracy: float | None = Field(description="Mean over all its requests of accuracy x in time.")
    mean_latency_ms: float | None = Field(description="Mean time from arrival to answer.")
    latency_ms: dict[str, float | None] = Field(description="Percentile, as a share -> time to answer.")


class WindowReplayed(Document):
    """One window."""

    id: str = Field(description="Id of the plan's window.")
    within_top_level: bool = Field(
        description="Whether the demand of every class stayed within its top level."
    )
    demand_rps: dict[str, float] = Field(description="class -> mean rate, requests/s.")
    deadline_meet_rate: dict[str, float | None] = Field(description="class -> share of its requests in time.")
    usd: float = Field(ge=0, description="Bill of the window.")


class PromiseKept(Document):
    """One number of the plan, promised and happened."""

    section: str = Field(description="Part of the plan it belongs to.")
    figure: str = Field(description="What is promised, its unit in the name.")
    subject: str = Field(description="Of what; empty: of the window as a whole.")
    summed: bool = Field(
        description="Whether windows are summed; else their weighted mean is taken (by requests or time)."
    )
    promised: float | None = Field(description="Over the windows where both are known; null: there is none.")
    happened: float | None = Field(description="The same of what happened.")
    promised_within: float | None = Field(description="promised, over windows within the top level.")
    happened_within: float | None = Field(description="happened, over windows within the top level.")
    promised_by_window: tuple[float | None, ...] = Field(
        description="Window by window; null: nothing promised."
    )
    happened_by_window: tuple[float | None, ...] = Field(
        description="Window by window; null: nothing to judge by."
    )


class ReplayReport(Document):
    """What happened when requests went through a plan."""

    schema_version: Literal[1] = Field(description="Version of this format.")
    kind: Literal["PlanReplay"] = Field(description="Always PlanReplay.")
    plan: ReplayedPlan = Field(description="Which plan, and how.")
    requests: float = Field(ge=0, description="Requests.")
    cost: CostOfReplay = Field(description="The bill.")
    deadline_meet_rate: float | None = Field(description="Share of all requests in time.")
    accuracy: float | None = Field(description="Mean accuracy of what was answered.")
    effective_accuracy: float | None = Field(description="Mean over all requests of accuracy x in time.")
    served_share: float | None = Field(description="Share of all requests that was answered.")
    functions_share: float | None = Field(description="Share of all requests that functions answered.")
    overflow_share: float | None = Field(
        description="Share of all requests that went to a function because their queue would have made them late."
    )
    cold_share: float | None = Field(description="Share of function calls that began cold.")
    utilisation: float | None = Field(description="Busy part of the machine time at work.")
    over_provisioning: float | None = Field(
        description="Machine time paid for over machine time busy, less 1."
    )
    starts: float = Field(ge=0, description="Machines launched.")
    lost: float = Field(ge=0, description="Machines that the provider took back.")
    interruptions: float = Field(ge=0, description="Losses of a spot pool that had machines.")
    survived: float = Field(ge=0, description="Those in whose window every class kept its percentile.")
    beyond_share: float = Field(
        ge=0, le=1, description="Share of windows in which some class's demand went beyond its top level."
    )
    classes: dict[str, ClassReplayed] = Field(description="class -> what it saw.")
    windows: tuple[WindowReplayed, ...] = Field(description="The windows, in order of time.")
    promises: tuple[PromiseKept, ...] = Field(description="Every number of the windows beside what happened.")


def report_of(done: PlanReplay) -> ReplayReport:
    """The document of a replay."""
    from planner.plan import plan_digest

    summary, plan = done.summary, done.plan
    return ReplayReport(
        schema_version=SCHEMA_VERSION,
        kind="PlanReplay",
        plan=ReplayedPlan(
            name=plan.metadata.name,
            sha256=plan_digest(plan),
            start=plan.windows[0].start,
            end=plan.windows[-1].end,
            seed=done.settings.seed,
            mode="exact" if done.settings.mode == "exact" else "sampled",
            simulated_share=min(1.0, done.replayed.simulated_share),
        ),
        requests=float(summary.requests.sum()),
        cost=CostOfReplay(**summary.usd_by_part, total_usd=summary.total_usd),
        deadline_meet_rate=known(summary.deadline_meet_rate),
        accuracy=known(summary.accuracy),
        effective_accuracy=known(summary.effective_accuracy),
        served_share=known(summary.served_share),
        functions_share=known(summary.functions_share),
        overflow_share=known(summary.overflow_share),
        cold_share=known(summary.cold_share),
        utilisation=known(summary.utilisation),
        over_provisioning=known(summary.over_provisioning),
        starts=summary.starts,
        lost=summary.lost,
        interruptions=summary.interruptions,
        survived=summary.survived,
        beyond_share=float(1.0 - done.within.mean()),
        classes=_classes_of(done),
        windows=_windows_of(done),
        promises=tuple(_kept(one, done) for one in promises_of(done)),
    )


def replay_bytes(report: ReplayReport) -> bytes:
    """The JSON of a replay: sorted keys, one final newline."""
    return json_bytes(report.model_dump(mode="json"))


def known(value: float) -> float | None:
    """A number; None in place of nan and infinity, which JSON lacks."""
    return float(value) if math.isfinite(value) else None


def _classes_of(done: PlanReplay) -> dict[str, ClassReplayed]:
    summary = done.summary
    return {
        one.name: ClassReplayed(
            requests=float(summary.requests[k]),
            deadline_meet_rate=known(summary.deadline_meet_rate_by_class[k]),
            in_time_of_served=known(summary.in_time_of_served_by_class[k]),
            accuracy=known(summary.accuracy_by_class[k]),
            effective_accuracy=known(summary.effective_accuracy_by_class[k]),
            mean_latency_ms=known(1000 * summary.mean_latency_s[k]),
            latency_ms={
                f"{share:g}": known(1000 * value)
                for share, value in zip(PERCENTILES, summary.latency_s[k], strict=True)
            },
        )
        for k, one in enumerate(done.replayed.supply.classes)
    }


def _windows_of(done: PlanReplay) -> tuple[WindowReplayed, ...]:
    names = [one.name for one in done.replayed.supply.classes]
    rates, usd = done.summary.deadline_meet_rate_by_window, done.replayed.usd.sum(axis=0)
    return tuple(
        WindowReplayed(
            id=window.id,
            within_top_level=bool(done.within[t]),
            demand_rps=dict(zip(names, done.demand_rps[:, t].tolist(), strict=True)),
            deadline_meet_rate={name: known(rates[k, t]) for k, name in enumerate(names)},
            usd=float(usd[t]),
        )
        for t, window in enumerate(done.plan.windows)
    )


def _kept(one: Promise, done: PlanReplay) -> PromiseKept:
    promised, happened = one.total()
    promised_within, happened_within = one.total(done.within)
    return PromiseKept(
        section=one.section,
        figure=one.figure,
        subject=one.subject,
        summed=one.weight is None,
        promised=known(promised),
        happened=known(happened),
        promised_within=known(promised_within),
        happened_within=known(happened_within),
        promised_by_window=tuple(known(value) for value in one.promised.tolist()),
        happened_by_window=tuple(known(value) for value in one.happened.tolist()),
    )
