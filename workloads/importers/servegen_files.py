"""The client files of a ServeGen folder, read and checked together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workloads.clocks import Clock, read_times
from workloads.errors import WorkloadError
from workloads.grids import Grid, load_grid, order_problems, read_loads
from workloads.tables import list_rows, read_table

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from workloads.traces import Array

BIN_S = 600.0  # ServeGen's own bin
CLIENT_FILE = re.compile(r"chunk-(\w+)-trace\.csv(\.gz)?")
COLUMNS = 6


@dataclass(frozen=True, eq=False)
class Client:
    """One client: file name, rates on their grid (requests/s), [n] cv, rows read, SHA-256 of the file."""

    file: str
    rates: Grid
    cv: Array
    rows: int
    digest: str


def read_clients(folder: Path, origin: datetime) -> dict[str, Client]:
    """Read every client file of a folder, in natural order of the identifiers.

    Raises
    ------
    WorkloadError
        When there is no client file, with everything wrong in any of them, or when they cover other times.
    """
    found = {
        match.group(1): file for file in folder.glob("chunk-*") if (match := CLIENT_FILE.fullmatch(file.name))
    }
    if not found:
        raise WorkloadError(
            [f"{folder}: holds no client file named chunk-ID-trace.csv; give ServeGen's folder"]
        )
    clients: dict[str, Client] = {}
    problems: list[str] = []
    for name in sorted(found, key=_natural):
        try:
            clients[name] = _read_client(found[name], origin)
        except WorkloadError as error:
            problems += error.problems
    spans = {client.file: (client.rates.first_us, len(client.rates.loads)) for client in clients.values()}
    if not problems and len(set(spans.values())) > 1:
        usual = max(spans.values(), key=list(spans.values()).count)
        odd = ", ".join(file for file, span in spans.items() if span != usual)
        problems.append(
            f"{folder.name}: {odd} cover other times than the rest; complete them with zero rates"
        )
    if problems:
        raise WorkloadError(problems)
    return clients


def _read_client(file: Path, origin: datetime) -> Client:
    table = read_table(file, header=False)
    if len(table.columns) != COLUMNS:
        has = (
            f"has {len(table.columns)} columns; a client file has {COLUMNS} (t, rate, cv, pattern, 2 shapes)"
        )
        raise WorkloadError([f"{table.name}: {has}"])
    reading = read_times(table.columns["0"], table.rows, f"{table.name} column 0", Clock(start=origin))
    rates, bad_rates = read_loads(table, "1")
    cv, bad_cv = read_loads(table, "2")
    unordered = order_problems(table, reading.times, False)
    problems = [*table.problems, *reading.problems, *unordered, *bad_rates, *bad_cv]
    unknown = [table.rows[int(place)] for place in np.flatnonzero((rates > 0) & np.isnan(cv))]
    if unknown:
        problems.append(f"{table.name} {list_rows(unknown)}: a rate above 0 without a cv; give one")
    if problems:
        raise WorkloadError(problems)
    grid, unplaced = load_grid(table, reading.times, rates, round(BIN_S * 1e6), sparse=False)
    spread, _ = load_grid(table, reading.times, cv, round(BIN_S * 1e6), sparse=False)
    if grid is None or spread is None or unplaced:
        raise WorkloadError(unplaced)
    return Client(file.name, grid, spread.loads, len(table.rows), table.digest)


def _natural(client: str) -> tuple[float, str]:
    """Order 2 before 10, and names after numbers."""
    return (int(client), "") if client.isdigit() else (float("inf"), client)
