"""The document of a comparison: every policy's figures over the seeds (`PolicyComparison`, schema `comparison`)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from pydantic import AwareDatetime, Field

from planner.document import Document
from planner.json_text import json_bytes
from planner.replay.document import known
from planner.replay.results import COST_PARTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planner.replay.comparison import Comparison, Result
    from planner.replay.summaries import Summary

SCHEMA_VERSION = 1
FIGURES = (  # attributes of a summary, beside the cost and its parts
    "deadline_meet_rate",
    "worst_deadline_meet_rate",
    "effective_accuracy",
    "accuracy",
    "over_provisioning",
    "utilisation",
    "served_share",
    "functions_share",
    "overflow_share",
    "cold_share",
    "starts",
    "lost",
    "interruptions",
    "survived",
)


class Figure(Document):
    """One figure over the seeds; null: there is none, as the accuracy of a model that states none."""

    mean: float | None = Field(description="Mean over the seeds.")
    least: float | None = Field(description="Least value.")
    most: float | None = Field(description="Largest value.")
    by_seed: tuple[float | None, ...] = Field(description="Value of every seed, from seed 0 on.")


class ClassCompared(Document):
    """What one class got from a policy."""

    requests: Figure = Field(description="Its requests.")
    deadline_meet_rate: Figure = Field(description="Share of all its requests in time.")
    effective_accuracy: Figure = Field(description="Mean over all its requests of accuracy x in time.")


class PolicyCompared(Document):
    """One policy, or why the scenario cannot run it."""

    policy: str = Field(description="Its name.")
    reason: str | None = Field(description="Why it is left out; null: it ran.")
    figures: dict[str, Figure] = Field(
        description="usd and its parts, then shares, ratios and counts as in the document of a replay; empty where left out."
    )
    classes: dict[str, ClassCompared] = Field(description="class -> what it got; empty where left out.")


class ComparisonReport(Document):
    """Policies beside each other on the same requests and interruptions."""

    schema_version: Literal[1] = Field(description="Version of this format.")
    kind: Literal["PolicyComparison"] = Field(description="Always PolicyComparison.")
    scenario: str = Field(description="Name of the scenario.")
    start: AwareDatetime = Field(description="First instant that is judged.")
    judged_s: float = Field(gt=0, description="Seconds that are judged.")
    seeds: int = Field(gt=0, description="Draws; every policy meets each of them.")
    mode: Literal["exact", "sampled"] = Field(description="exact: every request; sampled: blocks of time.")
    losses_per_day: float | None = Field(
        description="Losses of every spot pool by the day; null: as the scenario's catalogs or availability traces tell."
    )
    endpoint_price_ratio: float = Field(
        gt=0, description="Price of an endpoint's machine over a plain one's."
    )
    requests: float = Field(ge=0, description="Requests of seed 0 in the time judged.")
    policies: tuple[PolicyCompared, ...] = Field(description="In the order asked for.")


def report_of(found: Comparison) -> ComparisonReport:
    """The document of a comparison."""
    return ComparisonReport(
        schema_version=SCHEMA_VERSION,
        kind="PolicyComparison",
        scenario=found.name,
        start=found.start,
        judged_s=found.judged_s,
        seeds=found.settings.seeds,
        mode="exact" if found.settings.mode == "exact" else "sampled",
        losses_per_day=found.settings.losses_per_day,
        endpoint_price_ratio=found.settings.endpoint_price_ratio,
        requests=found.requests,
        policies=tuple(_policy(one, found.classes) for one in found.results),
    )


def comparison_bytes(found: Comparison) -> bytes:
    """The JSON of a comparison: sorted keys, one final newline."""
    return json_bytes(report_of(found).model_dump(mode="json"))


def _policy(one: Result, classes: Sequence[str]) -> PolicyCompared:
    if not one.summaries:
        return PolicyCompared(policy=one.policy, reason=one.reason, figures={}, classes={})

    def over_seeds(value: Callable[[Summary], float]) -> Figure:
        return _figure([float(value(summary)) for summary in one.summaries])

    figures = {"usd": over_seeds(lambda summary: summary.total_usd)}
    for part in COST_PARTS:
        figures[part] = over_seeds(lambda summary, part=part: summary.usd_by_part[part])  # type: ignore[misc]
    for name in FIGURES:
        figures[name] = over_seeds(lambda summary, name=name: getattr(summary, name))  # type: ignore[misc]
    return PolicyCompared(
        policy=one.policy,
        reason=None,
        figures=figures,
        classes={
            name: ClassCompared(
                requests=_figure([one.requests[k] for one in one.summaries]),
                deadline_meet_rate=_figure([one.deadline_meet_rate_by_class[k] for one in one.summaries]),
                effective_accuracy=_figure([one.effective_accuracy_by_class[k] for one in one.summaries]),
            )
            for k, name in enumerate(classes)
        },
    )


def _figure(values: Sequence[float]) -> Figure:
    mean = math.fsum(values) / len(values)
    whole = math.isfinite(mean)
    return Figure(
        mean=known(mean),
        least=float(min(values)) if whole else None,
        most=float(max(values)) if whole else None,
        by_seed=tuple(known(value) for value in values),
    )
