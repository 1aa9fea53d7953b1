"""ServeGen (Alibaba): one CSV a client, `t, rate, cv, arrival pattern, two shape parameters`, each for 600 s.

The load of a service is the sum of its clients. A bin in which the whole service is silent while its level
makes that impossible is missing for every client. A client's cv is the coefficient of variation of the gaps
between its requests: its burstiness. Resampled to five minutes, a rate holds for both halves of its bin.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workloads.burstiness import Dispersion, client_dispersion
from workloads.clocks import EPOCH
from workloads.errors import WorkloadError
from workloads.gaps import Judged, judge_missing
from workloads.importers.servegen_files import BIN_S, read_clients
from workloads.trace_report import TraceReport
from workloads.traces import MICROSECOND, Trace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from os import PathLike

    from workloads.traces import Array


@dataclass(frozen=True)
class ClientGroup:
    """A rule that says which clients form a named class.

    Parameters
    ----------
    clients
        Identifiers, as in the file names; None leaves the choice to the cv.
    cv_from, cv_below
        Clients whose cv (mean over their bins, weighted by rate) is at least `cv_from` and below `cv_below`.
    """

    clients: tuple[str, ...] | None = None
    cv_from: float = 0.0
    cv_below: float = float("inf")


@dataclass(frozen=True, eq=False)
class ServegenFolder:
    """The clients of one service on one clock.

    Parameters
    ----------
    name, source, digest
        Folder name, its path, and the SHA-256 over the files' names and digests.
    start
        Instant of second 0.
    clients
        [c] identifiers, in natural order.
    rate_rps, cv
        [c,n] rate and coefficient of variation per bin of 600 s; NaN in the bins that are missing.
    judged
        What was missing in the sum of the clients.
    rows
        Data rows read.
    notes
        What was assumed.
    """

    name: str
    source: str
    digest: str
    start: datetime
    clients: tuple[str, ...]
    rate_rps: Array
    cv: Array
    judged: Judged
    rows: int
    notes: tuple[str, ...]

    @property
    def client_cv(self) -> Array:
        """[c] mean cv of each client over its bins, weighted by rate; NaN for a client without requests."""
        rate = np.nan_to_num(self.rate_rps)
        total = rate.sum(axis=1)
        weighted = (rate * np.nan_to_num(self.cv)).sum(axis=1)
        mean: Array = np.divide(weighted, total, out=np.full(len(total), np.nan), where=total > 0)
        return mean

    def members(self, group: ClientGroup) -> tuple[str, ...]:
        """Return the clients that the rule of `group` picks.

        Raises
        ------
        WorkloadError
            When it names a client that is not there, or picks none.
        """
        cv = dict(zip(self.clients, self.client_cv, strict=True))
        named = group.clients if group.clients is not None else self.clients
        absent = [client for client in named if client not in cv]
        if absent:
            known = ", ".join(self.clients)
            raise WorkloadError([f"{self.name}: no client {', '.join(absent)}; the clients are {known}"])
        bounded = group.cv_from > 0 or group.cv_below < float("inf")
        picked = [c for c in named if not bounded or group.cv_from <= cv[c] < group.cv_below]
        if not picked:
            lowest, highest = np.nanmin(self.client_cv), np.nanmax(self.client_cv)
            span = f"cv from {group.cv_from:g} to below {group.cv_below:g}"
            raise WorkloadError(
                [f"{self.name}: no client has a {span}; they lie between {lowest:.3g} and {highest:.3g}"]
            )
        return tuple(picked)

    def trace(self, group: ClientGroup | None = None, name: str | None = None) -> Trace:
        """Return the summed load of the clients of `group`, of all when None, and its dispersion."""
        members = self.clients if group is None else self.members(group)
        counts = self.rate_rps[self._places(members)].sum(axis=0) * BIN_S
        who = "all clients" if group is None else f"clients {', '.join(members)}"
        notes = (*self.notes, f"sum of {who}")
        report = TraceReport(
            "rates", self.rows, self.judged.gaps, self.judged.zero_runs, self.judged.rule, notes
        )
        called = name if name is not None else self.name
        index = self.dispersion(group).index if np.nansum(counts) > 0 else None
        return Trace(called, self.start, BIN_S, counts, report, self.source, self.digest, index)

    def dispersion(self, group: ClientGroup | None = None) -> Dispersion:
        """Return the index of dispersion of the clients of `group` together, from their cv."""
        places = self._places(self.clients if group is None else self.members(group))
        return client_dispersion(self.rate_rps[places], self.cv[places])

    def _places(self, members: Sequence[str]) -> list[int]:
        return [self.clients.index(client) for client in members]


def load_servegen(folder: str | PathLike[str], *, start: datetime | None = None) -> ServegenFolder:
    """Read a folder of client files.

    Parameters
    ----------
    folder
        The folder with `chunk-ID-trace.csv` files, plain or gzip.
    start
        Instant of second 0, aware; 1970-01-01 when None, for the files have no date.

    Raises
    ------
    WorkloadError
        When there is no client file, or with everything wrong in any of them.
    """
    place = Path(folder)
    read = read_clients(place, start if start is not None else EPOCH)
    rate_rps = np.stack([client.rates.loads for client in read.values()])
    cv = np.stack([client.cv for client in read.values()])
    first = EPOCH + next(iter(read.values())).rates.first_us * MICROSECOND
    judged = judge_missing(rate_rps.sum(axis=0) * BIN_S, first, round(BIN_S * 1e6))
    missing = np.isnan(judged.counts)
    digests = "".join(f"{client.file} {client.digest}\n" for client in read.values())
    nominal = () if start is not None else ("the files have no date; their seconds count from 1970-01-01",)
    return ServegenFolder(
        name=place.name,
        source=place.as_posix(),
        digest=hashlib.sha256(digests.encode()).hexdigest(),
        start=first,
        clients=tuple(read),
        rate_rps=np.where(missing, np.nan, rate_rps),
        cv=np.where(missing, np.nan, cv),
        judged=judged,
        rows=sum(client.rows for client in read.values()),
        notes=(f"{len(read)} clients, rates per {BIN_S:g} s", *nominal),
    )


def group_servegen(folder: ServegenFolder, groups: Mapping[str, ClientGroup]) -> dict[str, Trace]:
    """Return one trace a named group; every client must fall into exactly one.

    Raises
    ------
    WorkloadError
        When a rule cannot be followed, a client is in two groups, or one is in none.
    """
    problems: list[str] = []
    members: dict[str, tuple[str, ...]] = {}
    for name, group in groups.items():
        try:
            members[name] = folder.members(group)
        except WorkloadError as error:
            problems += [f"group {name!r}: {line}" for line in error.problems]
    homes = {
        client: [name for name, clients in members.items() if client in clients] for client in folder.clients
    }
    twice = [f"{client} ({', '.join(names)})" for client, names in homes.items() if len(names) > 1]
    nowhere = [client for client, names in homes.items() if not names]
    if twice:
        problems.append(f"{folder.name}: clients in more than one group: {'; '.join(twice)}")
    if nowhere and not problems:
        problems.append(
            f"{folder.name}: clients in no group: {', '.join(nowhere)}; widen a rule or name them"
        )
    if problems:
        raise WorkloadError(problems)
    return {name: folder.trace(group, name) for name, group in groups.items()}
