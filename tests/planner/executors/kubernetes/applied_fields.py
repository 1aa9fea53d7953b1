"""Fields of objects as server-side apply counts them: which there are, and reading, setting and removing one."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

Body = dict[str, Any]
Path = tuple[Any, ...]  # of field names and of items, as (key, value) pairs

KEYED = {"containers": ("name",), "env": ("name",), "ports": ("containerPort", "protocol")}
ATOMIC = {"nodeSelector", "matchLabels"}


def leaves(value: Any, path: Path = (), name: str = "") -> list[tuple[Path, Any]]:
    """Every field of an object that one manager can own, with its value."""
    if isinstance(value, dict) and name not in ATOMIC:
        return [leaf for key, one in value.items() for leaf in leaves(one, (*path, key), key)]
    if isinstance(value, list) and name in KEYED:
        items = [(tuple((key, one[key]) for key in KEYED[name]), one) for one in value]
        return [leaf for item, one in items for leaf in leaves(one, (*path, item))]
    return [(path, value)]


def _step(value: Any, step: Any) -> Any:
    if isinstance(step, str):
        return value.get(step) if isinstance(value, dict) else None
    return next((one for one in value or () if dict(step).items() <= one.items()), None)


def value_at(value: Any, path: Sequence[Any]) -> Any:
    """The value of a field; null: there is none."""
    for step in path:
        value = _step(value, step)
    return value


def put(value: Any, path: Path, new: Any) -> None:
    """Set a field, and make what it lies in."""
    for step, after in pairwise(path):
        inner = _step(value, step)
        if inner is None:
            inner = [] if not isinstance(after, str) else {}
            if isinstance(step, str):
                value[step] = inner
            else:
                inner = dict(step)
                value.append(inner)
        value = inner
    value[path[-1]] = new


def remove(value: Any, path: Path) -> None:
    """Take a field away, and with the key of an item the item."""
    *before, last = path
    holder = value_at(value, before)
    if holder is None:  # it went with the key of its item
        return
    if before and not isinstance(before[-1], str) and last in dict(before[-1]):
        value_at(value, before[:-1]).remove(holder)
    else:
        holder.pop(last, None)


def fields_v1(paths: set[Path]) -> Body:
    """The form in which the API server tells of owned fields."""
    tree: Body = {}
    for path in sorted(paths, key=str):
        place = tree
        for step in path:
            if isinstance(step, str):
                place = place.setdefault(f"f:{step}", {})
            else:
                named = json.dumps(dict(step), separators=(",", ":"), sort_keys=True)
                place = place.setdefault(f"k:{named}", {".": {}})
    return tree
