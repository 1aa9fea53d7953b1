"""How bursts fade towards short scales, and what is carried down from counts too coarse to show it.

Run from the project's root, with the folder of the data sets if it is not ../shared/data:

    python -m tests.benchmarks.dispersion [DATA]

Counts of every series are added up to coarser intervals. "true" is the index of dispersion of the fine counts, "coarse" that of
the coarse ones, "power" how the excess over 1 falls between them, and "carried" what `dispersion_at` makes of the coarse counts
for the fine scale: above what is true it costs capacity, below it promises too much.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workloads.burstiness import COUNTS_MIN, dispersion_at, trace_dispersion
from workloads.importers.inferall import load_inferall
from workloads.loading import load_trace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workloads.traces import Trace

SERIES: Mapping[str, tuple[str, Callable[[Path], Trace]]] = {
    "WITS": ("inferall/WITS.csv.gz", load_inferall),
    "Berkeley": ("inferall/berkeley.csv.gz", load_inferall),
    "Twitter": ("inferall/twitter_2017-05-25.csv.gz", load_inferall),
    "Azure code": ("azure_llm2023_code.csv.gz", partial(load_trace, interval_s=1.0)),
    "WorldCup'98": ("worldcup98_requests_per_minute.csv.gz", load_trace),
}
SCALES_S = (1.0, 10.0, 60.0)
COARSE_S = (10.0, 60.0, 300.0)
WINDOW_S = 1_200.0
WINDOWS_MIN = 10  # of a series: fewer tell a variance too badly


def compared(trace: Trace, scale_s: float, coarse_s: float) -> tuple[float, float, float]:
    """Index of the fine counts, of the coarse ones, and what is carried down from these; NaN where a series is too short."""
    window_s = max(WINDOW_S, 2 * COUNTS_MIN * coarse_s)
    if trace.duration_s < WINDOWS_MIN * window_s / 4:
        return (np.nan, np.nan, np.nan)
    fine, coarse = trace.resample(scale_s), trace.resample(coarse_s)
    return (
        trace_dispersion(fine, window_s).index,
        trace_dispersion(coarse, window_s).index,
        dispersion_at(coarse, scale_s, window_s).index,
    )


def main() -> None:
    data = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data") / "traces"
    print(f"{'series':<14}{'scale s':>8}{'from s':>8}{'true':>8}{'coarse':>8}{'power':>7}{'carried':>9}")
    for name, (file, load) in SERIES.items():
        trace = load(data / file)
        for scale_s in SCALES_S:
            for coarse_s in COARSE_S:
                if not trace.interval_s <= scale_s < coarse_s:
                    continue
                true, near, carried = compared(trace, scale_s, coarse_s)
                if np.isnan(true):
                    continue
                power = np.log((near - 1) / (true - 1)) / np.log(coarse_s / scale_s)
                print(
                    f"{name:<14}{scale_s:>8g}{coarse_s:>8g}{true:>8.2f}{near:>8.2f}{power:>7.2f}{carried:>9.2f}"
                )


if __name__ == "__main__":
    main()
