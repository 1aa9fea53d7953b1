"""Which arrivals a buffer is planned for: a fit where the trace shows them, else its index of dispersion."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from planner.functions.arrivals import BufferArrivals, buffer_arrivals
from tests.planner.functions.buffer_cases import asked
from tests.planner.small_catalogs import demand
from workloads.traces import Trace

if TYPE_CHECKING:
    from planner.scenario import Scenario


def history(interval_s: float, burst: float = 4.0) -> Trace:
    """Two hours of counts: 10 requests/s on average, in turns of 20 s more and less."""
    count = int(7200 / interval_s)
    high = (np.arange(count) * interval_s // 20) % 2 == 0
    rate = np.where(high, 2 * 10 * burst / (1 + burst), 2 * 10 / (1 + burst))
    counts = np.random.default_rng(3).poisson(rate * interval_s).astype(float)
    start = datetime(2026, 11, 23, tzinfo=UTC) - timedelta(seconds=7200)
    return Trace("load", start, interval_s, counts)


def of(question: Scenario, trace: Trace, index: float = 3.0) -> dict[str, BufferArrivals]:
    return buffer_arrivals(question, demand(question, dispersion_index=index), {"load": trace})


def test_a_trace_as_fine_as_the_shortest_deadline_is_fitted() -> None:
    found = of(asked(batch_sizes=[1, 8]), history(0.5))["load"]
    assert found.fit is not None
    assert found.label.startswith("MMPP(2) fitted to the latest ")
    assert f" counts of load, {found.fit.error:.1%} rms off its rate" in found.label
    assert found.doubts == tuple(f"arrivals of load: {one}" for one in found.fit.warnings)
    assert found.at(25.0).rate_rps == pytest.approx(25.0)
    assert found.at(10.0).dispersion_index(10.0) > 10


def test_a_coarser_trace_lends_its_index_of_dispersion() -> None:
    """The quick class's deadline is 0.5 s."""
    found = of(asked(batch_sizes=[1, 8]), history(1.0))["load"]
    assert (found.fit, found.index, found.scale_s) == (None, 3.0, 0.5)
    assert found.at(25.0).dispersion_index(0.5) == pytest.approx(3.0)
    assert found.label == "MMPP(2) with the index of dispersion of load, 3 in 0.5 s"


def test_without_bursts_arrivals_are_poisson() -> None:
    found = of(asked(batch_sizes=[1, 8]), history(60.0), index=1.0)["load"]
    assert found.label == "Poisson"
    assert found.at(25.0).d0.tolist() == [[-25.0]]


@pytest.mark.parametrize("functions", [{}, {"batch_sizes": [1, 8], "enabled": False}])
def test_nothing_is_fitted_where_nothing_gathers(functions: dict[str, object]) -> None:
    question = asked() if not functions else asked().model_copy()
    if functions:
        off = question.resources.functions.model_copy(update=functions)
        resources = question.resources.model_copy(update={"functions": off})
        question = question.model_copy(update={"resources": resources})
    assert of(question, history(0.5)) == {}
