"""Which arrivals at a buffer are assumed: fitted to a trace where it is fine enough, else of the trace's index of dispersion."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workloads.arrival_fit import fit_counts
from workloads.errors import WorkloadError
from workloads.rate_moments import mmpp_with

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.demand import Demand
    from planner.scenario import Scenario
    from workloads.arrival_fit import ArrivalFit
    from workloads.arrival_process import ArrivalProcess
    from workloads.traces import Trace


FIT_S = 3600.0  # of the trace's end: BATCH fits its processes hour by hour; over longer times rates rise and fall with the day


@dataclass(frozen=True)
class BufferArrivals:
    """Arrivals of one trace's requests at a buffer, at any rate.

    Parameters
    ----------
    trace
        Its name.
    index, scale_s
        Variance over mean of the requests within so many seconds, 1 for Poisson arrivals.
    fit
        Process fitted to the trace, in the trace's own time, and how well it fits; None where the trace is too coarse.
    """

    trace: str
    index: float
    scale_s: float
    fit: ArrivalFit | None = None

    def at(self, rate_rps: float) -> ArrivalProcess:
        """The process at a rate: a fitted one runs faster or slower, another keeps its index of dispersion."""
        if self.fit is not None:
            return self.fit.process.scaled(rate_rps)
        return mmpp_with(rate_rps, self.index, self.scale_s)

    @property
    def label(self) -> str:
        """What is assumed, in words."""
        if self.fit is not None:
            quality = (
                f"{self.fit.error:.1%} rms off its rate, skewness, correlations and indices of dispersion"
            )
            return f"MMPP(2) fitted to the latest {self.fit.samples} counts of {self.trace}, {quality}"
        if self.index <= 1:
            return "Poisson"
        return f"MMPP(2) with the index of dispersion of {self.trace}, {self.index:.3g} in {self.scale_s:g} s"

    @property
    def doubts(self) -> tuple[str, ...]:
        """What a reader of the plan should know of the fit."""
        return (
            () if self.fit is None else tuple(f"arrivals of {self.trace}: {one}" for one in self.fit.warnings)
        )


def buffer_arrivals(
    scenario: Scenario, demand: Demand, histories: Mapping[str, Trace]
) -> dict[str, BufferArrivals]:
    """Arrivals of every trace, by its name; none where no function gathers requests or stands ready.

    A trace is fine enough for a fit where its interval is no longer than the shortest deadline of its classes: coarser counts
    do not show how the requests of one batch arrive. Its last hour is fitted, or window where that is longer. The index is the
    one that groups of machines are sized by, at that deadline.
    """
    found: dict[str, BufferArrivals] = {}
    functions = scenario.resources.functions
    if not functions.enabled or not functions.bracketed_batch_sizes:
        return found
    classes = scenario.workload.planned_classes
    for name, history in histories.items():
        own = [k for k, one in enumerate(classes) if one.trace == name and one.bucket is None]
        if not own:
            continue
        k = min(own, key=lambda k: classes[k].tier.deadline_s)
        deadline_s = classes[k].tier.deadline_s
        fit = None
        if history.interval_s <= deadline_s:
            latest = math.ceil(max(FIT_S, scenario.window_s) / history.interval_s)
            with suppress(WorkloadError):  # too few known counts: the index of dispersion stands in
                fit = fit_counts(history.counts[-latest:], history.interval_s)
        found[name] = BufferArrivals(name, float(demand.dispersion_index[k]), deadline_s, fit)
    return found
