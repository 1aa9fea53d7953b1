"""The request classes as options see them: tiers, accuracy floors, and what classes send together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalogs.measurements import ModelVariant
    from planner.demand import Demand
    from planner.scenario import RequestClass
    from planner.tiers import Tier


@dataclass(frozen=True)
class ClassSet:
    """The scenario's classes and what they send, in one order."""

    classes: tuple[RequestClass, ...]
    demand: Demand

    def tier(self, k: int) -> Tier:
        """Tier that class k asks for."""
        return self.classes[k].tier

    def reach_rps(self, served: Iterable[int]) -> float:
        """Largest rate that these classes send together at the top level of any window, requests/s."""
        return float(self.demand.top_rps[sorted(served)].sum(axis=0).max())

    def reach_of(self, names: Iterable[str]) -> float:
        """The same for classes by name."""
        wanted = set(names)
        return self.reach_rps(k for k, one in enumerate(self.classes) if one.name in wanted)

    def dispersion_index(self, served: Iterable[int]) -> float:
        """Largest index of dispersion among these classes."""
        return float(self.demand.dispersion_index[sorted(served)].max())

    def items_of(self, task: str) -> list[int]:
        """Items a request that classes of a task send, ascending."""
        return sorted({one.items_per_request for one in self.classes if one.task == task})

    def accepting(self, variant: ModelVariant, items: int) -> list[int]:
        """Classes of the variant's task that send so many items and accept its accuracy."""
        return [
            k
            for k, one in enumerate(self.classes)
            if one.task == variant.task and one.items_per_request == items and accepts_accuracy(one, variant)
        ]

    def why_not_accurate(self, variant: ModelVariant) -> str:
        """Say why no class of its task accepts a variant's accuracy."""
        floors = [one.min_accuracy for one in self.classes if one.task == variant.task]
        least = min(floor.value for floor in floors if floor is not None)
        if variant.accuracy_share is None:
            return f"its accuracy is not known; the classes of its task ask {least:g} and more"
        metric = variant.accuracy_metric
        known = f"its accuracy is {variant.accuracy_share:g} ({metric})"
        return f"{known}; the classes of its task ask {least:g} and more"


def accepts_accuracy(one: RequestClass, variant: ModelVariant) -> bool:
    """Whether a variant is accurate enough for a class, in the same metric; an unknown accuracy never is."""
    floor = one.min_accuracy
    if floor is None:
        return True
    if variant.accuracy_share is None or (floor.metric or variant.accuracy_metric) != variant.accuracy_metric:
        return False
    return variant.accuracy_share >= floor.value
