"""What tests share is what they would have made themselves."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.shared_forecasts import shared
from workloads.forecast import Forecast, forecast_rates
from workloads.generators import generate_trace
from workloads.rolling_memory import RollingMemory

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 11, 23, tzinfo=UTC)
TRACE = generate_trace(
    "poisson",
    name="load",
    seed=1,
    start=START - timedelta(hours=3),
    duration_s=10_800.0,
    interval_s=300.0,
    mean_rps=50.0,
)
ASKED = (START, 900.0, 2, [0.5, 0.9])


def test_one_is_made_for_equal_arguments_another_for_others_and_for_every_memory(tmp_path: Path) -> None:
    made: list[Any] = []
    real = forecast_rates(TRACE, *ASKED)

    def counted(*arguments: Any, **_: Any) -> Forecast:
        made.append(arguments)
        return copy.deepcopy(real)

    ours, of_another_worker = (shared(counted, tmp_path / "forecasts") for _ in range(2))
    first, again = ours(TRACE, *ASKED), of_another_worker(TRACE, *ASKED)
    assert len(made) == 1
    assert pickle.dumps(again) == pickle.dumps(pickle.loads(pickle.dumps(real)))
    first.rate_rps[:] = 0.0  # a test's own copy
    assert np.all(ours(TRACE, *ASKED).rate_rps > 0)

    counts = TRACE.counts.copy()
    counts[-1] += 1.0
    ours(replace(TRACE, counts=counts), *ASKED)
    ours(TRACE, *ASKED, method="smoothed-level")
    assert len(made) == 3
    for _ in range(2):
        ours(TRACE, *ASKED, memory=RollingMemory())
    assert len(made) == 5
