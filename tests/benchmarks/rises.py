"""What loads rise to behind a short history: the factors of `workloads.rises`, and how often levels hold with them.

Run from the project's root, with the folder of the data sets if it is not ../shared/data:

    python -m tests.benchmarks.rises [DATA] [--factors-only]

Eight series, each counting the same. The factors: quantiles of a window's mean rate (5 minutes, or the series' interval) over
that of the busiest hour of the history, up to a day after origins every half an hour, at leads longer than a quarter of the
history. Coverage: forecasts from a history cut to so many hours, from origins evenly spread over each series, with factors
measured on the other sources only (the two of one publisher left out together); in brackets without them. "Held": levels of
periods of six hours, against the busiest window of each.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
import numpy.typing as npt

from tests.benchmarks.forecast_accuracy import load_all_clients
from workloads import rises
from workloads.errors import WorkloadError
from workloads.forecast import forecast_rates
from workloads.importers.inferall import load_inferall
from workloads.loading import load_trace
from workloads.series import DAY_S, HOUR_S, RateCurve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workloads.traces import Trace

Array = npt.NDArray[np.float64]

# series: file, loader, publisher
SERIES: Mapping[str, tuple[str, Callable[[Path], Trace], str]] = {
    "worldcup": ("worldcup98_requests_per_minute.csv.gz", load_trace, "WorldCup'98"),
    "taxi": ("nyc_taxi.csv", load_trace, "taxi"),
    "m-small": ("servegen_m-small", load_all_clients, "ServeGen"),
    "deepseek-r1": ("servegen_deepseek-r1", load_all_clients, "ServeGen"),
    "load balancer": ("elb_request_count.csv", load_trace, "load balancer"),
    "WITS": ("inferall/WITS.csv.gz", load_inferall, "WITS"),
    "Berkeley": ("inferall/berkeley.csv.gz", load_inferall, "Berkeley"),
    "Twitter": ("inferall/twitter_2017-05-25.csv.gz", load_inferall, "Twitter"),
}
WINDOW_S = 300.0
LEAD_MAX_H = 24.0
ORIGIN_SPACING_S = 1_800.0
JUDGED_H = (2.0, 4.0, 8.0, 12.0, 20.0, 30.0, 47.0)
JUDGED_LEVELS = np.array([0.95, 0.99])
HELD_H = 6.0
ORIGINS_JUDGED = 6  # a series and history, evenly spread
SHORTEST_WINDOWS = (
    13  # with fewer windows of history no forecast is made: ServeGen's and the taxi series behind two hours
)
BINS_H = (1.0, 3.0, 8.0, LEAD_MAX_H)


@dataclass(frozen=True)
class Rises:
    """Ratios of one series: ``[n]`` hours of history, hours ahead, rate over the busiest hour."""

    known_h: Array
    lead_h: Array
    ratio: Array


def measured_rises(trace: Trace) -> Rises:
    """Return what the series rose by behind each of the histories."""
    curve = RateCurve(trace)
    window_s = max(WINDOW_S, trace.interval_s)
    edges_s = window_s * np.arange(round(DAY_S / window_s) + 1.0)
    lead_h = (edges_s[1:] - window_s / 2.0) / HOUR_S
    columns = []
    for known_h in rises.HISTORY_H:
        far = (lead_h > rises.LEAD_MIN_H) & (lead_h * rises.STRETCHES_MIN > known_h)
        spacing_s = max(ORIGIN_SPACING_S, trace.interval_s)
        origin_s = np.arange(known_h * HOUR_S, trace.duration_s - HOUR_S, spacing_s)
        for at_s in origin_s:
            busiest = np.nanmax(curve.mean_rps(at_s - HOUR_S * np.arange(known_h, -1.0, -1.0)), initial=0.0)
            seen = far & (at_s + edges_s[1:] <= trace.duration_s) & (busiest > 0.0)
            ratio = curve.mean_rps(at_s + edges_s)[seen] / max(busiest, 1e-300)
            kept = ~np.isnan(ratio)
            columns.append(np.stack([np.full(kept.sum(), known_h), lead_h[seen][kept], ratio[kept]]))
    return Rises(*np.concatenate(columns, axis=1))


def measured_factors(found: list[Rises]) -> Array:
    """Return ``[history, lead bin, level]`` quantiles over the series, each with the same weight."""
    limits_h = (*rises.LEADS_FROM_H, LEAD_MAX_H)
    table = np.full((len(rises.HISTORY_H), len(rises.LEADS_FROM_H), len(rises.LEVELS)), np.nan)
    for row, known_h in enumerate(rises.HISTORY_H):
        for place, (first_h, past_h) in enumerate(itertools.pairwise(limits_h)):
            inside = [
                series.ratio[
                    (series.known_h == known_h) & (series.lead_h >= first_h) & (series.lead_h < past_h)
                ]
                for series in found
            ]
            ratio = np.concatenate(inside)
            if ratio.size:
                weight = np.concatenate([np.full(one.size, 1.0 / one.size) for one in inside if one.size])
                order = np.argsort(ratio, kind="stable")
                position = (np.cumsum(weight[order]) - weight[order] / 2.0) / weight.sum()
                table[row, place] = np.interp(rises.LEVELS, position, ratio[order])
    unmeasured = np.isnan(table)
    table[:, :-1][unmeasured[:, :-1]] = table[:, 1:][unmeasured[:, :-1]]
    return table


def coverage(trace: Trace, known_h: float, factors: Array) -> Array | None:
    """Return ``[origin, without or with, lead bin or held, level]`` shares that held; None where nothing can be judged."""
    curve = RateCurve(trace)
    window_s = max(WINDOW_S, trace.interval_s)
    windows = round(DAY_S / window_s)
    lead_h = window_s * (np.arange(windows) + 0.5) / HOUR_S
    latest_h = trace.duration_s / HOUR_S - max(2.0, min(24.0, (trace.duration_s / HOUR_S - known_h) / 2.0))
    if latest_h < known_h or known_h * HOUR_S < SHORTEST_WINDOWS * window_s:
        return None
    shares = []
    steps = trace.interval_s / HOUR_S
    for at_h in np.unique(np.round(np.linspace(known_h, latest_h, ORIGINS_JUDGED) / steps) * steps):
        start = trace.start + timedelta(hours=float(at_h))
        history = trace.between(start - timedelta(hours=known_h), start)
        edge_s = at_h * HOUR_S + window_s * np.arange(windows + 1.0)
        came = np.where(edge_s[1:] <= trace.duration_s + 1e-6, curve.mean_rps(edge_s), np.nan)
        shares.append(_held(history, came, lead_h, window_s, factors))
    return np.array(shares)


def _held(history: Trace, came: Array, lead_h: Array, window_s: float, factors: Array) -> Array:
    """Return ``[without or with, bin or held, level]`` shares of the outcomes at or below what is published."""
    hold = round(HELD_H * HOUR_S / window_s)
    with mock.patch.object(rises, "FACTORS", 0.0 * factors):
        by_window = forecast_rates(history, history.end, window_s, came.size, JUDGED_LEVELS).rate_rps
        try:
            held = forecast_rates(
                history, history.end, window_s, came.size, JUDGED_LEVELS, hold_s=hold * window_s
            ).rate_rps[::hold]
        except WorkloadError:  # not one such period lies inside the history
            held = np.full((came.size // hold, JUDGED_LEVELS.size), np.nan)
    with mock.patch.object(rises, "FACTORS", factors):  # forecast_rates publishes the larger of the two
        floors = [
            rises.rise_floor_rps(history, end_h, JUDGED_LEVELS)
            for end_h in (
                lead_h + window_s / 2.0 / HOUR_S,
                HELD_H * np.arange(1.0, LEAD_MAX_H / HELD_H + 1.0),
            )
        ]
    first_h, past_h = np.array(BINS_H[:-1])[:, None], np.array(BINS_H[1:])[:, None]
    inside = (lead_h >= first_h) & (lead_h < past_h)
    largest = came.reshape(-1, hold).max(axis=1)
    return np.array(
        [
            [*(_share(came[judged], windows[judged]) for judged in inside), _share(largest, periods)]
            for windows, periods in (
                (by_window, held),
                (np.maximum(by_window, floors[0]), np.maximum(held, floors[1])),
            )
        ]
    )


def _share(came: Array, published: Array) -> Array:
    """Return ``[level]`` the share of the known outcomes at or below their levels."""
    judged = ~np.isnan(came) & ~np.isnan(published).any(axis=1)
    if not judged.any():
        return np.full(JUDGED_LEVELS.size, np.nan)
    share: Array = (came[judged, None] <= published[judged]).mean(axis=0)
    return share


def main() -> None:
    """Print the factors, then the coverage."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", type=Path, default=Path("../shared/data"))
    parser.add_argument("--factors-only", action="store_true", help="no coverage, which takes some minutes")
    arguments = parser.parse_args()
    traces = {name: load(arguments.data / "traces" / file) for name, (file, load, _) in SERIES.items()}
    found = {name: measured_rises(trace) for name, trace in traces.items()}
    print(f"levels {', '.join(f'{level:g}' for level in rises.LEVELS)}")
    for known_h, row in zip(rises.HISTORY_H, measured_factors(list(found.values())), strict=True):
        for first_h, factors in zip(rises.LEADS_FROM_H, row, strict=True):
            shown = ", ".join(f"{factor:.2f}" for factor in factors)
            print(f"{known_h:4g} h of history, from {first_h:g} h ahead: {shown}")
    if arguments.factors_only:
        return
    others = {
        name: measured_factors([found[other] for other in SERIES if SERIES[other][2] != publisher])
        for name, (_, _, publisher) in SERIES.items()
    }
    heads = [f"{first:g} to {past:g} h" for first, past in itertools.pairwise(BINS_H)]
    print("coverage of .95, .99    " + "".join(f"{head:>26s}" for head in (*heads, f"held {HELD_H:g} h")))
    for known_h in JUDGED_H:
        judged = [coverage(trace, known_h, others[name]) for name, trace in traces.items()]
        series = np.array([np.nanmean(one, axis=0) for one in judged if one is not None])
        mean = 100.0 * np.nanmean(series, axis=0)
        cells = "".join(
            f"{f'{after[0]:.1f}, {after[1]:.1f} ({before[0]:.1f}, {before[1]:.1f})':>26s}"
            for before, after in zip(*mean, strict=True)
        )
        print(f"{known_h:4g} h, {len(series)} series       {cells}", flush=True)


if __name__ == "__main__":
    main()
