"""Problem files of Mélange: one language model, its requests in buckets by size, GPU types with a throughput each.

Source: Griggs et al. 2024, "Mélange: Cost Efficient Large Language Model Serving by Exploiting GPU Heterogeneity", and the
JSON that its solver reads: `gpu_info` {type: cost (USD/h), tputs[x][y] (requests/s)}, `workload_distribution[x][y]` (shares),
`total_request_rate` (requests/s). Its `slice_factor` says into how many indivisible parts its solver cuts a bucket; it is no fact
about the load and is not read.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

from catalogs.errors import CatalogError
from catalogs.inputs import near, raise_collected, read_input

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    Table = tuple[tuple[float, ...], ...]

KEYS = ("gpu_info", "workload_distribution", "total_request_rate")
SHARES_SUM_SLACK = 0.01  # shares printed with two or three digits; what they sum to is kept as it is


@dataclass(frozen=True)
class GpuMix:
    """A problem as its file states it.

    Parameters
    ----------
    price_usd_per_h, throughput_rps
        By GPU type: USD per hour, and ``[x][y]`` requests/s of bucket (x, y) that one GPU serves alone; 0: it cannot.
    bucket_share
        ``[x][y]`` part of the requests in each bucket.
    rate_rps
        Requests/s of all buckets, were the shares to sum to 1.
    """

    price_usd_per_h: Mapping[str, float]
    throughput_rps: Mapping[str, Table]
    bucket_share: Table
    rate_rps: float

    @property
    def buckets(self) -> tuple[tuple[str, int, int], ...]:
        """Name, row and column of every bucket, row by row: ``i2o3`` is in row 2 and column 3, counted from 1."""
        return tuple(
            (f"i{x + 1}o{y + 1}", x, y) for x, row in enumerate(self.bucket_share) for y in range(len(row))
        )


def read_gpu_mix(file: str | Path) -> GpuMix:
    """Read a problem file.

    Raises
    ------
    CatalogError, with every problem: unreadable JSON, a missing key, tables of unequal shape, a negative throughput, a price or
    rate that is not above 0, shares that do not sum to 1.
    """
    data = _load(file)
    problems = [
        f"{key} is missing; it is required.{near(key, (set(data) - set(KEYS)))}"
        for key in KEYS
        if key not in data
    ]
    share = _table("workload_distribution", data.get("workload_distribution", [[1]]), None, problems)
    shape = None if share is None else (len(share), len(share[0]))
    if share is not None and "workload_distribution" in data:
        total = sum(map(sum, share))
        if abs(total - 1) > SHARES_SUM_SLACK:
            problems.append(f"workload_distribution sums to {total:g}; its shares must sum to 1.")
    prices, throughputs = _types(data.get("gpu_info"), shape, problems) if "gpu_info" in data else ({}, {})
    rate = data.get("total_request_rate")
    if "total_request_rate" in data and not (_is_number(rate) and rate > 0):
        problems.append(f"total_request_rate is {_short(rate)}; it must be a number > 0 (requests/s).")
    if problems or share is None:
        raise CatalogError([f"{file}: {line}" for line in problems])
    return GpuMix(prices, throughputs, share, float(rate))  # type: ignore[arg-type]


def _load(path: str | Path) -> dict[str, Any]:
    """The document as JSON, a mapping in which no name stands twice."""
    problems: list[str] = []
    twice: list[str] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        twice.extend(sorted({name for name in names if names.count(name) > 1}))
        return dict(pairs)

    file = read_input(path, problems)
    text = None if file is None else file.text(problems)
    data: Any = None
    if text is not None:
        try:
            data = json.loads(text, object_pairs_hook=unique)
        except (ValueError, RecursionError) as error:
            problems.append(f"{path}: this is not readable JSON ({error}). Correct the file.")
    if twice:
        problems.append(f"{path}: {', '.join(twice)} stands twice in one mapping; keep one of each.")
    if not problems and not isinstance(data, dict):
        found = type(data).__name__
        problems.append(f"{path}: the document is a {found}; it must be a mapping with {', '.join(KEYS)}.")
    raise_collected(problems)
    return dict(data)


def _types(
    found: Any, shape: tuple[int, int] | None, problems: list[str]
) -> tuple[dict[str, float], dict[str, Table]]:
    """Prices and throughputs by GPU type; what is wrong with them is added to the problems."""
    if not isinstance(found, dict) or not found:
        problems.append(
            f"gpu_info is {_short(found)}; it must map one GPU type or more to its cost and tputs."
        )
        return {}, {}
    prices: dict[str, float] = {}
    throughputs: dict[str, Table] = {}
    for name, entry in found.items():
        where = f"gpu_info.{name}"
        if not name.strip() or "/" in name:
            problems.append(f"{where}: the name of a type must be text without '/'. Rename it.")
        if not isinstance(entry, dict):
            problems.append(f"{where} is {_short(entry)}; it must be a mapping with cost and tputs.")
            continue
        problems += [
            f"{where}.{key} is missing; it is required.{near(key, entry)}"
            for key in ("cost", "tputs")
            if key not in entry
        ]
        cost = entry.get("cost")
        if _is_number(cost) and cost > 0:
            prices[name] = float(cost)
        elif "cost" in entry:
            problems.append(f"{where}.cost is {_short(cost)}; it must be a number > 0 (USD per hour).")
        table = _table(f"{where}.tputs", entry["tputs"], shape, problems) if "tputs" in entry else None
        if table is not None:
            throughputs[name] = table
    return prices, throughputs


def _table(where: str, found: Any, shape: tuple[int, int] | None, problems: list[str]) -> Table | None:
    """A table of numbers >= 0, in the given shape where one is known; None, with the problems added, where it is not."""
    rows = found if isinstance(found, list) else []
    sizes = sorted({len(row) if isinstance(row, list) else 0 for row in rows})
    if len(sizes) != 1 or sizes[0] == 0:
        problems.append(f"{where} is {_short(found)}; it must be a table: a list of rows of equal length.")
        return None
    if shape is not None and (len(rows), sizes[0]) != shape:
        wanted = f"{shape[0]} x {shape[1]}"
        problems.append(
            f"{where} is {len(rows)} x {sizes[0]}; workload_distribution is {wanted}. Give both one shape."
        )
        return None
    wrong = [
        f"{where}[{x}][{y}] is {_short(value)}; it must be a number >= 0."
        for x, row in enumerate(rows)
        for y, value in enumerate(row)
        if not (_is_number(value) and value >= 0)
    ]
    problems += wrong
    return None if wrong else tuple(tuple(float(value) for value in row) for row in rows)


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _short(value: Any) -> str:
    text = "missing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
