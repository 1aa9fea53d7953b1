"""Ways to call a measured model: batches and items, as measured, or between two measured sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.interpolation import service_time_at_batch, service_time_at_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from catalogs.measurements import ServiceTime


@dataclass(frozen=True)
class Call:
    """One way to call a measured model: a service time with the batch and items it is used with."""

    time: ServiceTime
    batch: int
    items: int

    @property
    def name(self) -> str:
        """``model/instance type/b{batch}x{items}[r{replicas}][t{threads}]``."""
        replicas = f"r{self.time.replicas}" if self.time.replicas > 1 else ""
        threads = f"t{self.time.threads}" if self.time.threads is not None else ""
        return f"{self.time.model}/{self.time.instance_type}/b{self.batch}x{self.items}{replicas}{threads}"


def calls_for(times: Sequence[ServiceTime], items: int) -> list[Call]:
    """Ways in which one model on one machine answers requests of so many items.

    A call measured with that many items is used as it is, and so are batches of a power of two between two
    measured ones; a batch of b single items is also one request of b items; items between two measured sizes
    are tried where there is nothing else. What is interpolated says so in its source. Of two ways with one name
    the more direct one counts.
    """
    alike = [one for one in times if one.items_per_request == items]
    ways = [Call(one, one.batch, items) for one in alike]
    for points in _alike(alike, lambda t: t.items_per_request):
        ways += [Call(one, one.batch, items) for one in _batches_between(points)]
    singles = [one for one in times if one.items_per_request == 1]
    if items > 1:
        ways += [Call(one, 1, items) for one in singles if one.batch == items]
    if not ways:
        between = (service_time_at_items(points, items) for points in _alike(times, lambda t: t.batch))
        ways = [Call(one, one.batch, items) for one in between if one is not None]
    if not ways:
        between = (service_time_at_batch(points, items) for points in _alike(singles, lambda t: 0))
        ways = [Call(one, 1, items) for one in between if one is not None]
    return list({call.name: call for call in reversed(ways)}.values())


def _batches_between(points: Sequence[ServiceTime]) -> Iterator[ServiceTime]:
    """Service times at the powers of two between the smallest and the largest batch measured."""
    measured = {one.batch for one in points}
    for power in range(max(measured).bit_length()):
        if 2**power not in measured:
            between = service_time_at_batch(points, 2**power)
            if between is not None:
                yield between


def _alike(times: Sequence[ServiceTime], size: Callable[[ServiceTime], int]) -> Iterator[list[ServiceTime]]:
    """Times that differ in one size only: equal in the other one, replicas and threads."""
    rows: dict[tuple[int, int, int | None], list[ServiceTime]] = {}
    for one in times:
        rows.setdefault((size(one), one.replicas, one.threads), []).append(one)
    yield from rows.values()
