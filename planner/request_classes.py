"""The request classes as options see them: tiers, accuracy floors, and what classes send together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from planner.tiers import Tier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalogs.variants import ModelVariant
    from planner.demand import Demand
    from planner.scenario import RequestClass, Scenario

SPARE_FACTOR = 2.0  # under a chance constraint a group may stand for as much again as its classes ever send


@dataclass(frozen=True)
class ClassSet:
    """The scenario's classes and what they send, in one order.

    Parameters
    ----------
    meet_rate_grid
        Shares in time that groups are sized for where effective accuracy is maximised; empty otherwise.
    reach_factor
        What groups must be able to carry over what their classes send: for headroom, and to stand in for lost spot machines.
    """

    classes: tuple[RequestClass, ...]
    demand: Demand
    meet_rate_grid: tuple[float, ...] = ()
    reach_factor: float = 1.0

    @classmethod
    def of(cls, scenario: Scenario, demand: Demand) -> ClassSet:
        """The classes of a scenario."""
        maximised = scenario.objective.direction == "effective_accuracy"
        spare = SPARE_FACTOR if scenario.spot.policy == "chance" else 1.0
        return cls(
            classes=scenario.workload.planned_classes,
            demand=demand,
            meet_rate_grid=scenario.objective.meet_rate_grid if maximised else (),
            reach_factor=spare / (1 - scenario.resources.headroom_share),
        )

    def tier(self, k: int) -> Tier:
        """Tier that whoever serves class k must keep: what it asks for, or the grid's lowest where it states no percentile."""
        one = self.classes[k]
        if one.percentile is None and self.meet_rate_grid:
            return replace(one.tier, percentile=self.meet_rate_grid[0])
        return one.tier

    def sized_tiers(self, k: int) -> tuple[Tier, ...]:
        """Tiers that groups may be sized for to serve class k: its own, and those of the grid that keep it."""
        own = self.tier(k)
        grid = (level for level in self.meet_rate_grid if level > own.percentile)
        return (own, *(Tier(own.deadline_ms, level) for level in grid))

    def reach_rps(self, served: Iterable[int]) -> float:
        """Largest rate that a group for these classes must be able to carry at the top level of any window, requests/s."""
        return self.reach_factor * float(self.demand.top_rps[sorted(served)].sum(axis=0).max())

    def reach_of(self, names: Iterable[str]) -> float:
        """The same for classes by name."""
        wanted = set(names)
        return self.reach_rps(k for k, one in enumerate(self.classes) if one.name in wanted)

    def dispersion_index(self, served: Iterable[int]) -> float:
        """Largest index of dispersion among these classes."""
        return float(self.demand.dispersion_index[sorted(served)].max())

    def asking(self, variant: ModelVariant) -> list[int]:
        """Classes of the variant's task, or that name it, whatever their items and accuracy."""
        return [k for k, one in enumerate(self.classes) if asks_for(one, variant)]

    def items_of(self, variant: ModelVariant) -> list[int]:
        """Items a request that classes asking for a variant send, ascending; classes of size buckets count none."""
        found = (self.classes[k] for k in self.asking(variant))
        return sorted({one.items_per_request for one in found if one.bucket is None})

    def accepting(self, variant: ModelVariant, items: int) -> list[int]:
        """Classes that ask for a variant, send so many items and accept its accuracy."""
        return [
            k
            for k in self.asking(variant)
            if self.classes[k].items_per_request == items
            and self.classes[k].bucket is None
            and self.accepts_accuracy(k, variant)
        ]

    def accepting_in_buckets(self, variant: ModelVariant) -> dict[str, list[int]]:
        """Classes of size buckets that ask for a variant and accept its accuracy, by bucket."""
        found: dict[str, list[int]] = {}
        for k in self.asking(variant):
            bucket = self.classes[k].bucket
            if bucket is not None and self.accepts_accuracy(k, variant):
                found.setdefault(bucket, []).append(k)
        return found

    @property
    def weighs_accuracy(self) -> bool:
        """Whether accuracy counts beyond the classes that accept it: as the objective, or in a floor on average."""
        floors = [one.min_accuracy for one in self.classes]
        return bool(self.meet_rate_grid) or any(
            floor is not None and floor.kind != "per_request" for floor in floors
        )

    def accepts_accuracy(self, k: int, variant: ModelVariant) -> bool:
        """Whether a variant is accurate enough for class k, in the same metric; an unknown accuracy never is.

        A floor on average admits every known accuracy, and so does an objective that counts accuracy.
        """
        floor = self.classes[k].min_accuracy
        if floor is None:
            return not self.meet_rate_grid or variant.accuracy_share is not None
        if (
            variant.accuracy_share is None
            or (floor.metric or variant.accuracy_metric) != variant.accuracy_metric
        ):
            return False
        return floor.kind != "per_request" or variant.accuracy_share >= floor.value

    def why_not_accurate(self, variant: ModelVariant) -> str:
        """Say why no class that asks for a variant accepts its accuracy."""
        floors = [self.classes[k].min_accuracy for k in self.asking(variant)]
        values = [floor.value for floor in floors if floor is not None]
        asked = (
            f"the classes of its task ask {min(values):g} and more"
            if values
            else "the objective is to maximise it"
        )
        if variant.accuracy_share is None:
            return f"its accuracy is not known; {asked}"
        return f"its accuracy is {variant.accuracy_share:g} ({variant.accuracy_metric}); {asked}"


def asks_for(one: RequestClass, variant: ModelVariant) -> bool:
    """Whether a class asks for a variant: by its task, or by name."""
    return variant.task == one.task if one.models is None else variant.name in one.models
