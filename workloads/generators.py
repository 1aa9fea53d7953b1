"""Synthetic traces with seeds: Poisson, two-state Markov-modulated Poisson (MMPP), and a surge.

All follow a profile of the day and the week, scaled so that `mean_rps` is the mean over a whole week; a surge
comes on top. The same settings and seed give the same counts (numpy's PCG64). Every trace says that it is
synthetic, with its settings, and its digest is that of the settings.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from datetime import UTC, datetime
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from workloads.errors import WorkloadError
from workloads.load_shapes import Bursts, Span, Surge
from workloads.trace_report import TraceReport
from workloads.traces import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from workloads.traces import Array


def poisson_trace(span: Span, name: str = "poisson") -> Trace:
    """Independent arrivals at the rate of the profile."""
    rng = np.random.default_rng(span.seed)
    return _synthetic(name, "poisson", rng.poisson(span.expected_counts()), span)


def mmpp_trace(span: Span, bursts: Bursts, name: str = "mmpp") -> Trace:
    """Arrivals of an MMPP(2) whose two rates follow the profile; the mean stays `mean_rps`.

    The state's path is drawn in continuous time from its stationary law, and the counts given the path are
    Poisson, so the trace is exact for a profile that holds through an interval.
    """
    rng = np.random.default_rng(span.seed)
    burst_share = bursts.burst_s / (bursts.burst_s + bursts.calm_s)
    calm = 1 / (1 - burst_share + burst_share * bursts.burst_ratio)
    busy_part = _busy_part(span, bursts, burst_share, rng)
    multiple = calm * (1 + (bursts.burst_ratio - 1) * busy_part)
    return _synthetic(name, "mmpp", rng.poisson(span.expected_counts() * multiple), span, bursts)


def surge_trace(span: Span, surge: Surge, name: str = "surge") -> Trace:
    """Independent arrivals at the rate of the profile times the surge; its middle holds for an interval."""
    rng = np.random.default_rng(span.seed)
    expected = span.expected_counts() * surge.multiple(span)
    return _synthetic(name, "surge", rng.poisson(expected), span, surge)


INSTANTS = ("start", "surge_start")
GENERATORS: Mapping[str, tuple[Callable[..., Trace], type | None]] = MappingProxyType(
    {"poisson": (poisson_trace, None), "mmpp": (mmpp_trace, Bursts), "surge": (surge_trace, Surge)}
)


def generate_trace(generator: str, *, name: str | None = None, **settings: Any) -> Trace:
    """Generate a trace from settings by name, as a scenario gives them.

    Parameters
    ----------
    generator
        "poisson", "mmpp" or "surge".
    name
        What to call the trace; the generator's name when None.
    settings
        The fields of `Span`, and of `Bursts` (mmpp) or `Surge` (surge).

    Raises
    ------
    WorkloadError
        For an unknown generator, and with every setting that is unknown, missing or out of range.
    """
    if generator not in GENERATORS:
        near = get_close_matches(generator, GENERATORS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise WorkloadError(
            [f"there is no generator {generator!r}; there are {', '.join(GENERATORS)}.{hint}"]
        )
    make, extra = GENERATORS[generator]
    parts: list[type] = [Span] if extra is None else [Span, extra]
    fields = {part: inspect.signature(part).parameters for part in parts}
    allowed = [field for part in parts for field in fields[part]]
    problems = _setting_problems(generator, settings, allowed)
    readable = not problems
    made = []
    for part in parts:
        missing = [
            key for key, one in fields[part].items() if one.default is one.empty and key not in settings
        ]
        if missing:
            problems.append(f"generator {generator!r} needs {', '.join(missing)}")
        if missing or not readable:
            continue
        try:
            made.append(part(**{key: value for key, value in settings.items() if key in fields[part]}))
        except WorkloadError as error:
            problems.extend(f"generator {generator!r}: {line}" for line in error.problems)
    if problems:
        raise WorkloadError(problems)
    return make(*made, name=name if name is not None else generator)


def _setting_problems(generator: str, settings: Mapping[str, Any], allowed: Sequence[str]) -> list[str]:
    """Say which settings are not known, and which are not of the type they must have."""
    problems = []
    for setting, value in settings.items():
        if setting not in allowed:
            near = get_close_matches(setting, allowed, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" It has {', '.join(allowed)}."
            problems.append(f"generator {generator!r} has no setting {setting!r}.{hint}")
        elif setting in INSTANTS:
            if not isinstance(value, datetime):
                problems.append(f"generator {generator!r}: {setting} is {value!r}; it must be an instant")
        elif isinstance(value, bool) or not isinstance(value, int | float):
            problems.append(f"generator {generator!r}: {setting} is {value!r}; it must be a number")
    return problems


def _busy_part(span: Span, bursts: Bursts, burst_share: float, rng: np.random.Generator) -> Array:
    """[n] part of each interval that the state is busy."""
    length = span.intervals * span.interval_s
    busy = bool(rng.random() < burst_share)
    ends, states, now = [0.0], [busy], 0.0
    while now < length:
        now += rng.exponential(bursts.burst_s if busy else bursts.calm_s)
        ends.append(now)
        busy = not busy
        states.append(busy)
    stays = np.diff(ends) * np.array(states[:-1])
    busy_until = np.concatenate(([0.0], np.cumsum(stays)))
    edges = np.arange(span.intervals + 1) * span.interval_s
    part: Array = np.diff(np.interp(edges, ends, busy_until)) / span.interval_s
    return np.clip(part, 0.0, 1.0)


def _synthetic(
    name: str, generator: str, counts: Any, span: Span, extra: Bursts | Surge | None = None
) -> Trace:
    settings = {"generator": generator, **vars(span), **(vars(extra) if extra is not None else {})}
    for key in set(INSTANTS) & set(settings):
        settings[key] = settings[key].astimezone(UTC).isoformat()
    text = json.dumps(settings, sort_keys=True)
    note = f"synthetic, not measured: generator {generator}, seed {span.seed}"
    report = TraceReport(kind="synthetic", rule="nothing is missing in a synthetic trace", notes=(note,))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Trace(name, span.start, span.interval_s, counts, report, f"generator {text}", digest)
