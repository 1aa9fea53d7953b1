"""What must be served: the traces or generators, the request classes, and how to forecast them."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Strict, Tag, field_validator

from planner.document import Document
from planner.scenario.quantities import (
    Count,
    Duration,
    InputPath,
    Instant,
    NonNegative,
    OpenShare,
    Positive,
    Share,
)
from planner.scenario.request_class import RequestClass

ColumnName = Annotated[str, Field(min_length=1)] | Annotated[int, Strict(), Field(ge=0)]


class TraceFile(Document):
    """Requests recorded by somebody: counts per interval, or one row per request."""

    file: InputPath = Field(description="CSV or Parquet, plain or gzip; relative to the scenario.")
    time_column: ColumnName | None = Field(
        None, description="Column of the time: its name, or number from 0."
    )
    count_column: ColumnName | None = Field(
        None, description="Column of the load: its name, or number from 0."
    )
    interval_s: Duration | None = Field(None, alias="interval", description="Length of one row.")
    timezone: str = Field("UTC", description="IANA zone of times that do not state one.")
    kind: Literal["auto", "counts", "requests", "rates"] = Field("auto", description="What one row is.")
    start: Instant | None = Field(None, description="Instant of second 0, where times are seconds.")
    time_format: str | None = Field(None, description="strptime format of times that are not ISO 8601.")
    absent: Literal["missing", "zero"] = Field("missing", description="What an interval without a row is.")
    zeros: Literal["judge", "keep"] = Field(
        "judge", description="judge: zeros that cannot be true are missing."
    )
    scale: Positive = Field(
        1.0, description="Factor on every count, to plan a multiple of the recorded load."
    )
    layout: Literal["auto", "table", "inferall", "servegen"] = Field(
        "auto",
        description="Layout of the source; auto: a folder is ServeGen's, four columns of whole numbers without header are "
        "per-second counts, any other file is a table.",
    )
    clients: tuple[str, ...] | None = Field(
        None, description="ServeGen: the clients to sum; all of them if absent."
    )
    cv_from: NonNegative | None = Field(None, description="ServeGen: only clients at least this bursty.")
    cv_below: Positive | None = Field(None, description="ServeGen: only clients less bursty than this.")


class _Generator(Document):
    seed: Count = Field(description="Same seed, same trace.")
    start: Instant = Field(description="First instant of the generated history.")
    duration_s: Duration = Field(alias="duration", description="Length of the generated history.")
    interval_s: Duration = Field(alias="interval", description="Length of one count.")
    mean_rps: Positive = Field(description="Mean rate over a week, requests/s.")
    peak_hour: Annotated[NonNegative, Field(lt=24)] = Field(
        14.0, description="Hour of the highest rate, UTC."
    )
    weekend_share: Positive = Field(1.0, description="Rate of a weekend's day over that of a working day.")


class PoissonTrace(_Generator):
    """Poisson arrivals whose rate follows the time of day."""

    generator: Literal["poisson"]
    daily_swing_share: Share = Field(0.0, description="Height of the daily wave over the mean rate.")


class MmppTrace(_Generator):
    """A two-state Markov-modulated Poisson process on a daily profile."""

    generator: Literal["mmpp"]
    daily_swing_share: Share = Field(0.5, description="Height of the daily wave over the mean rate.")
    burst_ratio: Annotated[Positive, Field(gt=1)] = Field(
        2.0, description="Rate in a burst over the rate outside one."
    )
    burst_s: Positive = Field(600.0, description="Mean length of a burst.")
    calm_s: Positive = Field(5400.0, description="Mean time between bursts.")


class SurgeTrace(_Generator):
    """Poisson arrivals with one surge above a daily profile."""

    generator: Literal["surge"]
    daily_swing_share: Share = Field(0.0, description="Height of the daily wave over the mean rate.")
    surge_start: Instant = Field(description="When the surge begins.")
    surge_duration_s: Duration = Field(alias="surge_duration", description="How long it lasts.")
    surge_ratio: Annotated[Positive, Field(gt=1)] = Field(
        3.0, description="Rate at its height over the usual rate."
    )
    ramp_share: Annotated[Share, Field(le=0.5)] = Field(
        0.1, description="Part of it that is rise, and again fall."
    )


class ConstantTrace(Document):
    """A rate that is known and does not change: every demand level is the rate itself."""

    generator: Literal["constant"]
    rate_rps: Positive = Field(description="Requests/s at every moment.")


def _kind_of_source(value: Any) -> str:
    """Name the member of the union by the key that tells them apart."""
    if isinstance(value, dict):
        return str(value.get("generator", "file"))
    return str(getattr(value, "generator", "file"))


TraceSource = Annotated[
    Annotated[TraceFile, Tag("file")]
    | Annotated[PoissonTrace, Tag("poisson")]
    | Annotated[MmppTrace, Tag("mmpp")]
    | Annotated[SurgeTrace, Tag("surge")]
    | Annotated[ConstantTrace, Tag("constant")],
    Discriminator(
        _kind_of_source,
        custom_error_type="union_member",
        custom_error_message="a trace is either a 'file' or a 'generator' (poisson, mmpp, surge, constant)",
    ),
]


class Workload(Document):
    """Traces and the request classes cut from them."""

    traces: dict[str, TraceSource] = Field(min_length=1, description="Named sources of demand.")
    classes: tuple[RequestClass, ...] = Field(min_length=1, description="Request classes.")

    @cached_property
    def planned_classes(self) -> tuple[RequestClass, ...]:
        """The classes, those of size buckets in their parts."""
        return tuple(part for one in self.classes for part in one.parts)

    def scale_of(self, trace: str) -> float:
        """Requests that the service gets for one of a trace; 1 for generated and constant traces, which state their rates."""
        source = self.traces[trace]
        return source.scale if isinstance(source, TraceFile) else 1.0

    def with_classes(self, classes: tuple[RequestClass, ...]) -> Workload:
        """Return the same traces with other classes; made anew, since a copy would keep the parts of the old ones."""
        return Workload.model_construct(traces=self.traces, classes=classes)


class ForecastSettings(Document):
    """How the demand of the horizon is forecast from the history before it."""

    method: str = Field("auto", min_length=1, description="Forecaster, or auto: the median of several.")
    levels: tuple[OpenShare, ...] = Field(
        (0.5, 0.8, 0.95, 0.99),
        min_length=1,
        description="Demand levels: probabilities that demand stays below them.",
    )
    season: Literal["auto", "none", "day", "week"] = Field("auto", description="Season of the traces.")
    hold_s: Duration | None = Field(
        None, alias="hold", description="Time that capacity is held; levels cover the largest rate within it."
    )

    @field_validator("levels")
    @classmethod
    def _levels_rise(cls, levels: tuple[float, ...]) -> tuple[float, ...]:
        if any(low >= high for low, high in pairwise(levels)):
            raise ValueError(f"levels {list(levels)} must rise from one to the next")
        return levels


class Horizon(Document):
    """The time to plan for."""

    start: Instant = Field(description="First instant planned for; history ends here.")
    duration_s: Duration = Field(alias="duration", description="Length of the plan.")
