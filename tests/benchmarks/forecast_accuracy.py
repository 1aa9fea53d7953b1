"""Accuracy of the forecaster on four public series: pinball loss, coverage, and the figures it must reach.

Run from the project's root, with the folder of the data sets if it is not ../shared/data:

    python -m tests.benchmarks.forecast_accuracy [DATA] [--series worldcup,taxi,...] [--origins N]

Every origin is one call of `forecast_rates` with the history before it and 24 hours of windows after it,
judged against what came. Origins are 6 h apart on WorldCup, from day 14 on, 18.5 h on taxi, the last five
weeks, and 3 h on the two series of two weeks. Loss: pinball averaged over the levels .5, .9, .95 and .99,
in per cent of the mean load; 24 h ahead (first hour in brackets). The rows:

auto             the median, calibrated, with no step up for short histories
auto, published  the same as a planner gets it, where the history is under two weeks: one quantile higher
seasonal-naive   the last week again, calibrated the same way; it shows how hard these origins are
reference        design/EVIDENCE.md, section 8, on origins of its own
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from workloads.backtest import SCORED_LEVELS, pinball_loss
from workloads.forecast import forecast_rates
from workloads.forecast_warnings import STEP_UP_DAYS
from workloads.importers.servegen import ClientGroup, group_servegen, load_servegen
from workloads.loading import load_trace
from workloads.series import DAY_S, HOUR_S, RateCurve

if TYPE_CHECKING:
    from collections.abc import Callable

    from workloads.traces import Trace

Array = npt.NDArray[np.float64]

STEPPED_LEVELS = tuple(1 - (1 - level) / 5 if level > 0.5 else level for level in SCORED_LEVELS)
# design/EVIDENCE.md, section 8: loss 24 h, 1 h, coverage of .95, of .99, loss of the seasonal naive (week)
REFERENCE = {
    "worldcup": (3.34, 1.77, 96.0, 98.8, 4.58),
    "taxi": (4.47, 1.55, 94.4, 98.0, 5.09),
    "servegen": (6.13, 3.87, 87.3, 94.2, 5.52),
    "loadbalancer": (18.5, 17.8, 93.2, 98.7, 30.9),
}


@dataclass(frozen=True)
class Case:
    """One series and where its origins stand."""

    file: str
    load: Callable[[Path], Trace]
    spacing_h: float
    origins: int


def load_all_clients(folder: Path) -> Trace:
    """Return the sum of the clients of one service."""
    return group_servegen(load_servegen(folder), {"all": ClientGroup()})["all"]


CASES = {
    "worldcup": Case("worldcup98_requests_per_minute.csv.gz", load_trace, spacing_h=6.0, origins=93),
    "taxi": Case("nyc_taxi.csv", load_trace, spacing_h=18.5, origins=48),
    "servegen": Case("servegen_m-small", load_all_clients, spacing_h=3.0, origins=48),
    "loadbalancer": Case("elb_request_count.csv", load_trace, spacing_h=3.0, origins=48),
}


def judge(trace: Trace, case: Case, method: str) -> tuple[dict[str, tuple[Array, Array]], Array, float]:
    """Forecast from every origin.

    Returns
    -------
    tuple
        Per row name the loss and coverage sums, the outcomes ``[o, w]``, and the CPU seconds of one forecast.
    """
    window_s = max(300.0, trace.interval_s)
    windows = round(DAY_S / window_s)
    levels = np.unique(np.round([*SCORED_LEVELS, *STEPPED_LEVELS], 6))
    curve = RateCurve(trace)
    quantiles, outcomes = [], []
    began = time.process_time()
    for index in range(case.origins):
        origin = trace.end - timedelta(days=1, hours=case.spacing_h * (case.origins - 1 - index))
        history = trace.before(origin)
        forecast = forecast_rates(history, origin, window_s, windows, levels, method=method, step_up=False)
        quantiles.append(forecast.rate_rps)
        first_s = (origin - trace.start).total_seconds()
        outcomes.append(curve.mean_rps(first_s + window_s * np.arange(windows + 1.0)))
    cpu_s = (time.process_time() - began) / case.origins
    found = np.stack(quantiles)
    pick = {"": SCORED_LEVELS, ", published": STEPPED_LEVELS}
    actual = np.stack(outcomes)
    rows = {}
    for suffix, wanted in pick.items():
        chosen = found[..., np.searchsorted(levels, np.array(wanted) - 1e-9)]
        loss = pinball_loss(actual, chosen, np.array(SCORED_LEVELS)).mean(axis=-1)
        covered = np.where(np.isnan(actual)[..., None], np.nan, actual[..., None] <= chosen)
        rows[method + suffix] = (loss, covered)
    return rows, actual, cpu_s


def line(name: str, loss: Array, covered: Array, actual: Array, window_s: float) -> str:
    """Return one row of the table."""
    first_hour = round(HOUR_S / window_s)
    mean = np.nanmean(actual)
    near = 100 * np.nanmean(loss[:, :first_hour]) / mean
    shares = 100 * np.nanmean(covered, axis=(0, 1))
    return (
        f"  {name:26s}{100 * np.nanmean(loss) / mean:7.2f} ({near:5.2f})   "
        + "  ".join(f"{share:5.1f}" for share in shares)
        + f"   {actual.shape[0]}"
    )


def main() -> None:
    """Print the table of the series asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", type=Path, default=Path("../shared/data"))
    parser.add_argument("--series", default=",".join(CASES), help="comma-separated names")
    parser.add_argument("--origins", type=int, help="at most so many, the latest ones")
    arguments = parser.parse_args()
    shares = "  ".join(f"{f'{100 * level:g} %':>5s}" for level in SCORED_LEVELS)
    print(f"  {'loss and coverage':26s}{'24 h':>7s} ({'1 h':>5s})   {shares}   origins")
    for name in arguments.series.split(","):
        case = CASES[name]
        if arguments.origins is not None:
            case = replace(case, origins=min(case.origins, arguments.origins))
        trace = case.load(arguments.data / "traces" / case.file)
        print(f"{name}: {trace.duration_s / DAY_S:.1f} days every {trace.interval_s:g} s")
        short = trace.duration_s - DAY_S < STEP_UP_DAYS * DAY_S
        for method in ("auto", "seasonal-naive"):
            rows, actual, cpu_s = judge(trace, case, method)
            for row, (loss, covered) in rows.items():
                if row in ("auto", "seasonal-naive") or (row == "auto, published" and short):
                    print(line(row, loss, covered, actual, max(300.0, trace.interval_s)), flush=True)
        far, near, cover95, cover99, naive = REFERENCE[name]
        cover = f"{'-':>5s}  {'-':>5s}  {cover95:5.1f}  {cover99:5.1f}"
        print(f"  {'reference':26s}{far:7.2f} ({near:5.2f})   {cover}")
        print(f"  {'reference, naive':26s}{naive:7.2f}")
        print(f"  CPU of one forecast, back-test and calibration included: {cpu_s:.2f} s", flush=True)


if __name__ == "__main__":
    main()
