"""What was found in every input of a scenario, for a table of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.containers import container_offers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalogs.profiles import ProfileCatalog
    from planner.inputs import Inputs
    from planner.scenario import Scenario
    from workloads.traces import Trace


@dataclass(frozen=True)
class CheckedInput:
    """One input as found: its name, what it is, what is in it, and its SHA-256 (empty for several files)."""

    name: str
    kind: str
    content: str
    digest: str


def checked_inputs(scenario: Scenario, inputs: Inputs) -> list[CheckedInput]:
    """List the inputs with what was found in each."""
    return [
        CheckedInput(scenario.name, "scenario", _scenario_content(scenario), scenario.digest),
        *(CheckedInput(name, "trace", _trace_content(t), t.digest) for name, t in inputs.histories.items()),
        CheckedInput(
            f"prices of {inputs.prices.region}",
            "prices",
            f"{len(inputs.prices.machines)} instance types, {len(inputs.prices.rejected)} set aside",
            "",
        ),
        CheckedInput("profiles", "profiles", _profile_content(inputs.profiles), ""),
        CheckedInput("functions", "tariffs", f"{len(inputs.tariffs.tariffs)} function tariffs", ""),
        *_container_inputs(inputs),
        *(
            CheckedInput(
                f"spot machines of {name}",
                "availability",
                f"{len(trace.up)} samples every {trace.gap_s:g} s, {trace.up_share:.1%} up",
                "",
            )
            for name, trace in inputs.availability.traces.items()
        ),
    ]


def _container_inputs(inputs: Inputs) -> Iterator[CheckedInput]:
    if inputs.containers is not None:
        sizes = len(container_offers(inputs.containers))
        yield CheckedInput("containers", "tariffs", f"{sizes} sizes of containers", "")


def _scenario_content(scenario: Scenario) -> str:
    classes = len(scenario.workload.classes)
    windows = f"{scenario.windows} windows of {scenario.window_s:g} s"
    return f"{classes} request class{'es' if classes > 1 else ''}, {windows}"


def _trace_content(trace: Trace) -> str:
    report = trace.report
    missing = f", {trace.missing_share:.1%} missing" if trace.missing_share else ""
    synthetic = ", synthetic" if report.synthetic else ""
    return (
        f"{len(trace.counts)} intervals of {trace.interval_s:g} s from {trace.start:%Y-%m-%d %H:%M} to "
        f"{trace.end:%Y-%m-%d %H:%M} UTC, mean {trace.mean_rps:.4g} req/s{missing}{synthetic}"
    )


def _profile_content(profiles: ProfileCatalog) -> str:
    return (
        f"{len(profiles.variants)} model variants, {len(profiles.service_times)} service times, "
        f"{len(profiles.capacities)} published capacities, {len(profiles.function_times)} function times, "
        f"{len(profiles.failed)} failures"
    )
