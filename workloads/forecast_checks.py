"""What a forecast may be asked for: checked before anything is fitted, all problems at once."""

from __future__ import annotations

from datetime import timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, get_args

import numpy as np

from workloads.errors import WorkloadError
from workloads.members import SEASONAL_MEMBERS
from workloads.season import SeasonChoice
from workloads.series import DAY_S
from workloads.short_memory import SHORT_MEMBERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from workloads.series import Array
    from workloads.traces import Trace

AUTO = "auto"
METHODS = (AUTO, *SEASONAL_MEMBERS, *SHORT_MEMBERS)


def check_request(
    history: Trace,
    start: datetime,
    window_s: float,
    windows: int,
    levels: Array,
    method: str,
    season: str,
    hold_s: float | None,
) -> int:
    """Return the windows of a holding period, or raise with all problems of the request."""
    problems = [*_time_problems(history, start, window_s, windows), *_choice_problems(method, season)]
    if (
        levels.ndim != 1
        or levels.size == 0
        or not np.all((levels > 0) & (levels < 1))
        or np.any(np.diff(levels) <= 0)
    ):
        problems.append(f"levels are {levels.tolist()}; give ascending probabilities above 0 and below 1")
    held = window_s if hold_s is None else hold_s
    hold = round(held / window_s) if np.isfinite(held) and window_s > 0 else 0
    if hold < 1 or abs(hold * window_s - held) > 1e-6 * window_s:
        problems.append(f"hold_s is {hold_s}; it must be a whole multiple of the window of {window_s:g} s")
    if problems:
        raise WorkloadError(problems)
    return hold


def _time_problems(history: Trace, start: datetime, window_s: float, windows: int) -> list[str]:
    problems = []
    where = f"trace {history.name!r}"
    if not np.isfinite(window_s) or window_s <= 0:
        problems.append(f"window_s is {window_s}; it must be a number of seconds above 0")
    if windows < 1:
        problems.append(f"windows is {windows}; at least one window is needed")
    if start.tzinfo is None:
        problems.append(f"start {start} has no time zone; give an aware datetime")
        return problems
    gap = start - history.end
    if gap < timedelta(0):
        problems.append(
            f"{where} ends at {history.end.isoformat()}, after the forecast's start {start.isoformat()}; "
            "the planned time must not be seen: cut the history with before(start)"
        )
    elif gap.total_seconds() > history.duration_s:
        problems.append(
            f"{where} ends at {history.end.isoformat()}, {gap.total_seconds() / DAY_S:.1f} days before the "
            f"forecast's start {start.isoformat()}, more than its own length of "
            f"{history.duration_s / DAY_S:.1f} days; give a newer history"
        )
    return problems


def _choice_problems(method: str, season: str) -> list[str]:
    problems = []
    for what, given, allowed in (("method", method, METHODS), ("season", season, get_args(SeasonChoice))):
        if given not in allowed:
            near = get_close_matches(given, allowed, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            problems.append(f"forecast {what} is {given!r}{hint}; choose {listed(allowed)}")
    return problems


def listed(names: Sequence[str]) -> str:
    """Return two or more names as "a, b or c"."""
    return f"{', '.join(names[:-1])} or {names[-1]}"
