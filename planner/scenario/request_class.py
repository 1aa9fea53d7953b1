"""Request classes: what is asked for, how fast, how accurately."""

from __future__ import annotations

import math
from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from catalogs.bucket_throughput import bucket_name
from planner.document import Document
from planner.scenario.quantities import Count, Name, OpenShare, Positive, Share
from planner.tiers import Tier

SHARE_SLACK = 1e-6  # shares of buckets that sum to one as printed, say with seven digits


class MinAccuracy(Document):
    """Least accuracy of the models that may serve a class, in the metric of their task."""

    value: Share = Field(description="Least accuracy, as a share of 1.")
    kind: Literal["per_request", "mean", "effective"] = Field(
        "per_request",
        description="per_request: every request gets at least this; mean: requests of a window do on average; "
        "effective: the same of accuracy x share in time.",
    )
    metric: str | None = Field(
        None, description="Metric the value is in; only needed where a task has several."
    )


class SizeBucket(Document):
    """Requests to a language model of similar size: the bucket by its upper ends, or as profiles name it."""

    name: Name | None = Field(None, description="Name of the bucket in the profiles of throughput.")
    input_tokens: Annotated[Count, Field(ge=1)] | None = Field(
        None, description="Longest input of the bucket."
    )
    output_tokens: Annotated[Count, Field(ge=1)] | None = Field(
        None, description="Longest output of the bucket."
    )
    share: Annotated[Share, Field(gt=0)] = Field(description="Part of the class's requests in the bucket.")

    @model_validator(mode="after")
    def _named_or_sized(self) -> SizeBucket:
        sizes = [size for size in (self.input_tokens, self.output_tokens) if size is not None]
        if len(sizes) != (2 if self.name is None else 0):
            raise ValueError(
                "a bucket states its name, or input_tokens and output_tokens. Keep one of the two ways"
            )
        return self

    @property
    def label(self) -> str:
        """Its name, or the name that its sizes make."""
        return self.name or bucket_name(self.input_tokens or 0, self.output_tokens or 0)


def _plain_number(value: Any) -> Any:
    return {"value": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


class RequestClass(Document):
    """Requests with one task, one deadline and one accuracy floor."""

    name: Name = Field(description="Name of the class in the plan.")
    trace: str = Field(description="The trace, by its name under workload.traces, that the class is part of.")
    share: Annotated[Share, Field(gt=0)] = Field(
        1.0, description="Part of the trace's requests that are of the class."
    )
    task: str | None = Field(
        None, min_length=1, description="Task that its models perform, e.g. image-classification."
    )
    models: tuple[str, ...] | None = Field(
        None, min_length=1, description="The models that may answer it, in place of a task."
    )
    buckets: tuple[SizeBucket, ...] | None = Field(
        None, min_length=1, description="Sizes of its requests to a language model; each is planned apart."
    )
    items_per_request: Annotated[Count, Field(ge=1)] = Field(
        1, description="Items (images, rows) of one request."
    )
    deadline_ms: Positive | None = Field(
        None,
        description="Time from arrival to answer that a request may take; may be absent with buckets: whatever the source of "
        "the throughput keeps.",
    )
    percentile: OpenShare | None = Field(
        None,
        description="Share of the requests that must meet the deadline, e.g. 0.98; may be absent where effective "
        "accuracy is maximised.",
    )
    min_accuracy: (
        Annotated[MinAccuracy, BeforeValidator(_plain_number, json_schema_input_type=Share | MinAccuracy)]
        | None
    ) = Field(None, description="Accuracy floor: a share of 1, or {value, kind, metric}.")
    min_instances: Count | None = Field(
        None, description="Least machines that may serve it; absent: resources.min_instances."
    )

    @field_validator("percentile", mode="before")
    @classmethod
    def _percentile_is_a_share(cls, value: Any) -> Any:
        if isinstance(value, int | float) and 1 < value < 100:
            raise ValueError(f"{value} looks like a percentage; write the share {value / 100:g}")
        return value

    @model_validator(mode="after")
    def _one_way_to_name_models(self) -> RequestClass:
        if (self.task is None) == (self.models is None):
            found = "neither is given" if self.task is None else "both are given"
            raise ValueError(f"a class states its task or a list of models; {found}. Keep one of the two")
        if self.deadline_ms is None and (self.buckets is None or self.percentile is not None):
            raise ValueError(
                "deadline_ms is missing; only a class of buckets without a percentile needs none"
            )
        labels = Counter(one.label for one in self.buckets or ())
        twice = sorted(label for label, count in labels.items() if count > 1)
        if twice:
            raise ValueError(f"buckets names {', '.join(twice)} more than once; keep one entry each")
        total = sum(one.share for one in self.buckets or ())
        if self.buckets and abs(total - 1) > SHARE_SLACK:
            raise ValueError(f"the shares of its buckets sum to {total:g}; they must sum to 1")
        return self

    @property
    def parts(self) -> tuple[RequestClass, ...]:
        """The class itself, or one class for each of its buckets: ``class/bucket``, with that bucket alone."""
        return tuple(
            self.model_copy(
                update={
                    "name": f"{self.name}/{one.label}",
                    "share": self.share * one.share,
                    "buckets": (one.model_copy(update={"share": 1.0}),),
                }
            )
            for one in self.buckets or ()
        ) or (self,)

    @property
    def tier(self) -> Tier:
        """Deadline and percentile that it asks for; what is absent asks for nothing."""
        return Tier(
            math.inf if self.deadline_ms is None else self.deadline_ms,
            0.0 if self.percentile is None else self.percentile,
        )

    @property
    def bucket(self) -> str | None:
        """Label of the bucket of a class that has one only; None where requests are of any size."""
        return self.buckets[0].label if self.buckets else None

    @property
    def asks_for(self) -> str:
        """Its task, or its models, as messages name them."""
        return self.task if self.task is not None else f"one of {', '.join(self.models or ())}"
