"""The plan document as a whole, and what must hold between its parts."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from planner.document import Document
from planner.plan.certificate import (
    BaselineResult,
    BindingLimit,
    Certificate,
    Metadata,
    RejectedOption,
    Validity,
)
from planner.plan.options import PlanOption
from planner.plan.problem import ForecastSummary, Problem
from planner.plan.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA_VERSION = 2


class ProvisioningPlan(Document):
    """What to run in every window of a horizon, with the proof of how good that is."""

    schema_version: Literal[2] = Field(description="Version of this format.")
    kind: Literal["ProvisioningPlan"] = Field(description="Always ProvisioningPlan.")
    metadata: Metadata = Field(description="Where the plan comes from.")
    certificate: Certificate = Field(description="How good it is, and how that is known.")
    validity: Validity = Field(description="When it may be applied.")
    problem: Problem = Field(description="The question it answers.")
    forecasts: tuple[ForecastSummary, ...] = Field(description="Where the demand comes from.")
    windows: tuple[Window, ...] = Field(min_length=1, description="The windows, in order of time.")
    options: tuple[PlanOption, ...] = Field(description="Options used, with their numbers and sources.")
    rejected: tuple[RejectedOption, ...] = Field(description="Options left out, with reasons.")
    binding: tuple[BindingLimit, ...] = Field(description="Limits the plan runs into.")
    baselines: tuple[BaselineResult, ...] = Field(description="What other methods make of the same problem.")

    def contradictions(self) -> list[str]:
        """Say where windows overlap, and where a name or a row of levels matches nothing."""
        found = list(self._window_order())
        for window in self.windows:
            found += [f"window {window.id}: {line}" for line in self._unknown_names(window)]
        return found

    def _window_order(self) -> Iterator[str]:
        times = Counter(window.id for window in self.windows)
        for repeated in sorted(name for name, count in times.items() if count > 1):
            yield f"windows: the id {repeated!r} is given {times[repeated]} times; ids must differ."
        for window in self.windows:
            if window.end <= window.start:
                yield f"window {window.id}: ends at {window.end.isoformat()}, not after its start."
        for before, after in pairwise(self.windows):
            if before.end != after.start:
                yield (
                    f"window {after.id}: starts at {after.start.isoformat()}, and {before.id} ends at "
                    f"{before.end.isoformat()}; windows must follow each other."
                )

    def _unknown_names(self, window: Window) -> Iterator[str]:
        classes = {one.name for one in self.problem.classes}
        options = {
            kind: {one.id for one in self.options if one.kind == kind} for kind in ("machine", "function")
        }
        groups = {one.id for one in window.groups}
        functions = {one.option for one in window.functions}
        named = [
            (
                "levels[].demand_rps",
                "problem.classes",
                {n for one in window.levels for n in one.demand_rps},
                classes,
            ),
            ("served_rps", "problem.classes", set(window.served_rps), classes),
            ("overflow_rps", "problem.classes", set(window.overflow_rps), classes),
            ("routing", "problem.classes", set(window.routing), classes),
            ("late_to", "problem.classes", set(window.late_to), classes),
            ("late_to", "options", set(window.late_to.values()), options["function"]),
            ("fleet[].option", "options", {one.option for one in window.fleet}, options["machine"]),
            ("fleet[].group", "its groups", {one.group for one in window.fleet}, groups),
            ("functions[].option", "options", functions, options["function"]),
            ("served_rps", "its groups", {n for rows in window.served_rps.values() for n in rows}, groups),
            (
                "overflow_rps",
                "its functions",
                {n for rows in window.overflow_rps.values() for n in rows},
                functions,
            ),
        ]
        for where, what, names, known in named:
            for name in sorted(names - known):
                yield f"{where} names {name!r}, which is not among {what}."
        for where, table in (("served_rps", window.served_rps), ("overflow_rps", window.overflow_rps)):
            for name, rows in table.items():
                for target, rates in rows.items():
                    if len(rates) != len(window.levels):
                        yield (
                            f"{where}[{name}][{target}] has {len(rates)} rates; "
                            f"there are {len(window.levels)} levels."
                        )
