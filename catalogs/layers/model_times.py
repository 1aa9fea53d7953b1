"""Measured time of a whole model at memory settings and a batch, from the function times of the profile catalog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from catalogs.errors import CatalogError
from catalogs.importers.model_names import canonical_model

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from catalogs.layers.memory_speed import MemoryLaw
    from catalogs.measurements import FunctionTime

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class ModelTime:
    """[m] mean milliseconds of a call of the whole model, and where they come from."""

    ms: Array
    source: str


def model_ms(
    model: str,
    memory_mb: NDArray[np.int64],
    batch: int,
    function_times: Sequence[FunctionTime],
    law: MemoryLaw,
    batch_scaling: float,
    failed_mb: Collection[int] = (),
) -> ModelTime | None:
    """Mean time of a call with `batch` requests of one item each, None where the model was not measured.

    Over memory as `MemoryLaw.between`. Between two measured batches linear; outside of them the time changes as
    1 + `batch_scaling` (batch - 1).

    Raises
    ------
    CatalogError
        When the times of the model are of several providers or architectures.
    """
    name = canonical_model(model)
    own = [one for one in function_times if canonical_model(one.model) == name and one.items_per_request == 1]
    if not own:
        return None
    hosts = sorted({(one.provider, one.arch) for one in own})
    if len(hosts) > 1:
        listed = ", ".join(" ".join(host) for host in hosts)
        raise CatalogError(
            [f"{model}: function times are of several hosts ({listed}). Give those of one of them."]
        )
    batches = sorted({one.batch for one in own})
    per_batch = np.array(
        [_ms([one for one in own if one.batch == b], memory_mb, law, failed_mb) for b in batches]
    )
    measured = np.array(batches, dtype=np.float64)
    inside = min(max(batch, batches[0]), batches[-1])
    above = int(np.searchsorted(measured, inside))
    below = max(above - 1, 0)
    weight = (inside - measured[below]) / max(measured[above] - measured[below], 1.0)
    ms = per_batch[below] * (1 - weight) + per_batch[above] * weight
    growth = (1 + batch_scaling * (batch - 1)) / (1 + batch_scaling * (inside - 1))
    sizes = ", ".join(map(str, sorted({one.memory_mb for one in own})))
    sources = " and ".join(dict.fromkeys(one.source for one in own))
    words = f"{name} as measured at {sizes} MB ({sources}); outside of these {law.words}"
    if batch != inside:
        words += f"; a batch of {batch} takes {growth:g} times as long as one of {inside}"
    return ModelTime(ms * growth, words)


def _ms(
    points: Sequence[FunctionTime], memory_mb: NDArray[np.int64], law: MemoryLaw, failed_mb: Collection[int]
) -> Array:
    """[m] time at the settings from the points of one batch."""
    known = {one.memory_mb: one.mean_ms for one in sorted(points, key=lambda one: one.memory_mb)}
    ms: Array = law.between(list(known), np.array([list(known.values())]), memory_mb, failed_mb)[0]
    return ms
