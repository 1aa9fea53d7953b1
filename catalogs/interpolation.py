"""Service times between measured batch sizes, items or memory sizes; never outside them.

Between two neighbours the time is linear in the size, on the monotone envelope of the measurements: a larger
batch never gets faster (running maximum), more memory never gets slower (running maximum from the largest
size down). Measured times of batches are nearly linear and times over memory convex, so the chord is on the
safe side. At a measured size the measurement itself is returned. Worked: 100 ms at batch 10 and 160 ms at
batch 20 give 130 ms at batch 15.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

from catalogs.errors import CatalogError
from catalogs.measurements import FunctionTime, ServiceTime

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

T = TypeVar("T", ServiceTime, FunctionTime)


def service_time_at_batch(points: Sequence[ServiceTime], batch: int) -> ServiceTime | None:
    """Service time of one configuration at a batch size, None outside the measured sizes.

    Parameters
    ----------
    points
        Records that differ in nothing but `batch` (and their times), in any order.

    Raises
    ------
    CatalogError
        When the points belong to different configurations, or two have one batch size.
    """
    bracket = _bracket(points, lambda p: p.batch, lambda p: (p.model, p.instance_type, *p.key[3:]), batch)
    if bracket is None or isinstance(bracket, ServiceTime):
        return bracket
    return replace(_between(points, bracket, lambda p: p.batch, batch, "batch", rising=True), batch=batch)


def service_time_at_items(points: Sequence[ServiceTime], items: int) -> ServiceTime | None:
    """Service time of one configuration for requests of `items` items, None outside the measured sizes.

    As `service_time_at_batch`, the points differing in `items_per_request`.
    """
    bracket = _bracket(
        points,
        lambda p: p.items_per_request,
        lambda p: (p.model, p.instance_type, p.batch, *p.key[4:]),
        items,
    )
    if bracket is None or isinstance(bracket, ServiceTime):
        return bracket
    between = _between(points, bracket, lambda p: p.items_per_request, items, "items", rising=True)
    return replace(between, items_per_request=items)


def function_time_at_memory(
    points: Sequence[FunctionTime], memory_mb: int, failed_mb: Collection[int] = ()
) -> FunctionTime | None:
    """Function time of one model at a memory size, None outside the measured sizes.

    As `service_time_at_batch`, the points differing in `memory_mb`. The load time is the longer neighbour's.

    Parameters
    ----------
    failed_mb
        Memory sizes at which the model was tried and failed: none between two neighbours is bridged, so the
        answer is None on both sides of it.
    """
    bracket = _bracket(points, lambda p: p.memory_mb, lambda p: (*p.key[:3], *p.key[4:]), memory_mb)
    if bracket is None or isinstance(bracket, FunctionTime):
        return bracket
    low, high = (points[i] for i in bracket)
    if any(low.memory_mb < failed < high.memory_mb for failed in failed_mb):
        return None
    loads = [p.load_ms for p in (low, high) if p.load_ms is not None]
    between = _between(points, bracket, lambda p: p.memory_mb, memory_mb, "memory MB", rising=False)
    return replace(between, memory_mb=memory_mb, load_ms=max(loads, default=None))


def _bracket(
    points: Sequence[T], size_of: Callable[[T], int], configuration: Callable[[T], object], size: int
) -> T | tuple[int, int] | None:
    """Point measured at `size`; else positions of its two neighbours; None outside the measured sizes."""
    configurations = {configuration(point) for point in points}
    if len(configurations) > 1:
        listed = "; ".join(sorted(map(str, configurations)))
        raise CatalogError([f"interpolation mixes configurations: {listed}. Give points of one of them."])
    order = sorted(range(len(points)), key=lambda i: size_of(points[i]))
    sizes = [size_of(points[i]) for i in order]
    if len(set(sizes)) < len(sizes):
        raise CatalogError([f"interpolation points repeat a size: {sizes}. Keep one point a size."])
    after = bisect_right(sizes, size)
    if after > 0 and sizes[after - 1] == size:
        return points[order[after - 1]]
    if after in (0, len(sizes)):
        return None
    return order[after - 1], order[after]


def _between(
    points: Sequence[T],
    bracket: tuple[int, int],
    size_of: Callable[[T], int],
    size: int,
    what: str,
    *,
    rising: bool,
) -> T:
    low, high = (points[i] for i in bracket)
    weight = (size - size_of(low)) / (size_of(high) - size_of(low))

    def value(figure: Callable[[T], float | None]) -> float:
        low_ms, high_ms = (_envelope_ms(points, size_of, p, figure, rising) for p in (low, high))
        return low_ms + weight * (high_ms - low_ms)

    shares = [share for share, _ in low.quantiles if share in dict(high.quantiles)]
    times = accumulate((value(_quantile(share)) for share in shares), max)
    sources = " and ".join(dict.fromkeys((low.source, high.source)))
    return replace(
        low,
        mean_ms=value(lambda p: p.mean_ms),
        quantiles=tuple(zip(shares, times, strict=True)),
        samples=min((p.samples for p in (low, high) if p.samples is not None), default=None),
        source=f"interpolated between {what} {size_of(low)} and {size_of(high)} of {sources}",
        obtained="derived",
    )


def _quantile(share: float) -> Callable[[ServiceTime | FunctionTime], float | None]:
    return lambda point: dict(point.quantiles).get(share)


def _envelope_ms(
    points: Sequence[T],
    size_of: Callable[[T], int],
    at: T,
    figure: Callable[[T], float | None],
    rising: bool,
) -> float:
    """Largest of the figure over the sizes that cannot take longer than `at`: smaller ones when rising."""
    known = (
        figure(p) for p in points if (size_of(p) <= size_of(at) if rising else size_of(p) >= size_of(at))
    )
    return max(ms for ms in known if ms is not None)
