"""Arrays that know their index order: one place checks their shapes and cuts them.

A field of a dataclass states its order as letters, ``along("ktq")``; see `solvers.problem` for what each letter counts. Fields may
hold arrays, tuples of names, or further dataclasses of the same kind (None where such a part is absent).
"""

from __future__ import annotations

from dataclasses import MISSING, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Part = TypeVar("Part")
    Picks = Mapping[str, NDArray[np.int64] | slice]


def along(order: str, *, default: Any = MISSING) -> Any:
    """Declare a dataclass field with one axis for each letter of `order`."""
    return field(metadata={"axes": order}, **({} if default is MISSING else {"default": default}))


def arrays_of(part: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield (name, order, value) of every array and tuple of names, those of nested parts included."""
    for one in fields(part):
        value = getattr(part, one.name)
        if value is None:
            continue
        if "axes" in one.metadata:
            yield one.name, one.metadata["axes"], value
        elif is_dataclass(value):
            yield from arrays_of(value)


def wrong_shapes(part: Any, sizes: Mapping[str, int]) -> list[str]:
    """Name the arrays whose shape is not what `sizes` (letter -> length) says; letters without a size may have any."""
    problems = []
    for name, order, value in arrays_of(part):
        found = value.shape if isinstance(value, np.ndarray) else (len(value),)
        wanted = tuple(sizes.get(letter) for letter in order)
        matches = len(found) == len(wanted) and all(
            size in (None, length) for size, length in zip(wanted, found, strict=True)
        )
        if not matches:
            needed = ", ".join("any" if size is None else str(size) for size in wanted)
            problems.append(f"{name} has shape {found}; it must be ({needed})")
    return problems


def cut(part: Part, picks: Picks) -> Part:
    """Keep the picked indices (letter -> indices or slice) of every array, names and nested parts alike."""
    changed: dict[str, Any] = {}
    for one in fields(part):  # type: ignore[arg-type]
        value = getattr(part, one.name)
        if value is None:
            continue
        if "axes" in one.metadata:
            changed[one.name] = cut_value(value, one.metadata["axes"], picks)
        elif is_dataclass(value):
            changed[one.name] = cut(value, picks)
    return replace(part, **changed)  # type: ignore[type-var]


def cut_value(value: Any, order: str, picks: Picks) -> Any:
    """One array, or tuple of names, along its axes."""
    if isinstance(value, tuple):
        pick = picks.get(order)
        return value if pick is None else tuple(np.array(value, dtype=object)[pick])
    for axis, letter in enumerate(order):
        if letter in picks:
            value = value[(slice(None),) * axis + (picks[letter],)]
    return value
