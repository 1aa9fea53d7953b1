"""How long a function takes to load weights: as measured for the model, or at the stated rate (`Loading`)."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING

from catalogs.importers.model_names import canonical_model

if TYPE_CHECKING:
    from catalogs.layers import BlockChain
    from planner.partition.assumptions import Assumptions
    from planner.partition.supplies import Supplies

BYTES_PER_MIB = 2**20


@dataclass(frozen=True)
class Loading:
    """Time to load weights in a new function.

    Parameters
    ----------
    ms_per_mib
        Milliseconds for every MiB of weights, whatever the memory size: measured load times hardly depend on it.
    source
        How it is known.
    """

    ms_per_mib: float
    source: str


def loading_of(chain: BlockChain, supplies: Supplies, assumptions: Assumptions) -> Loading:
    """Mean of the model's measured load times over its weights; else the stated rate."""
    model, tariff = canonical_model(chain.model), supplies.tariff
    weights_mib = sum(one.param_bytes for one in chain.blocks) / BYTES_PER_MIB
    measured = [
        one
        for one in supplies.profiles.function_times
        if (one.model, one.provider, one.arch) == (model, tariff.provider, tariff.arch)
        and one.load_ms is not None
    ]
    if measured and weights_mib > 0:
        ms = mean(one.load_ms for one in measured if one.load_ms is not None)
        return Loading(ms / weights_mib, f"mean of the model's load times, {ms:.0f} ms: {measured[0].source}")
    rate = assumptions.load_mib_per_s
    return Loading(1000 / rate, f"assumed: {rate:g} MiB/s")
