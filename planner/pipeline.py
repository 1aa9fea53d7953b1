"""Scenario -> forecast -> options -> problem -> solution -> plan."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from planner.assembly import assemble
from planner.checked_inputs import checked_inputs
from planner.demand import demand_of
from planner.directions import answered
from planner.enumeration import enumerate_options
from planner.errors import InfeasiblePlanError, InputError
from planner.functions.arrivals import buffer_arrivals
from planner.functions.offered import FunctionInputs
from planner.inputs import Inputs, load_inputs
from planner.instants import with_instants
from planner.memory_file import Remembered, read_memory, remembering, write_memory
from planner.scenario import ConstantTrace
from planner.shortfall import check_served
from planner.solver import Solver, check_installed
from planner.write_up import write_up
from workloads.burstiness import COUNTS_MIN, dispersion_at
from workloads.constant import constant_forecast
from workloads.errors import WorkloadError
from workloads.forecast import forecast_rates

if TYPE_CHECKING:
    from planner.assembly import Assembly
    from planner.checked_inputs import CheckedInput
    from planner.demand import Demand
    from planner.options import OptionTable
    from planner.plan import ProvisioningPlan
    from planner.scenario import Scenario
    from workloads.forecast import Forecast

Progress = Callable[[str, float], None]


def plan_scenario(
    scenario: Scenario,
    *,
    greedy: bool = False,
    progress: Progress | None = None,
    memory_file: Path | None = None,
) -> ProvisioningPlan:
    """Make the plan of a scenario.

    Parameters
    ----------
    greedy
        The best feasible form of the greedy baseline instead of the program.
    progress
        Called with the step at hand and the share of it that is done.
    memory_file
        What the last plan left, to begin from; written anew with what this one leaves.

    Raises
    ------
    InputError
        With every problem of every input.
    InfeasiblePlanError
        When no plan serves the demand within the limits; says which limits to relax and by how much.
    """
    report = progress or _silent
    check_installed(scenario.solver.name)
    if greedy and scenario.objective.direction == "effective_accuracy":
        raise InputError(
            ["--greedy plans for least cost; objective.maximise is effective_accuracy. Leave it out."]
        )
    inputs = _load(scenario, report)
    forecasts = forecast_traces(scenario, inputs, report)

    def served(asked: Scenario) -> Assembly:
        assembly = formulate(asked, inputs, forecasts, report)
        check_served(assembly.options, inputs.profiles)
        return assembly

    remembered = Remembered(None, "") if memory_file is None else read_memory(memory_file, scenario)
    solver = Solver(scenario, report, greedy=greedy, memory=remembered.memory)
    try:
        answer = answered(scenario, served, solver)
    except InfeasiblePlanError as error:
        start = scenario.horizon.start
        raise InfeasiblePlanError(
            [with_instants(one, start, scenario.window_s) for one in error.problems]
        ) from None
    if memory_file is not None and answer.solution.memory is not None:
        write_memory(memory_file, answer.solution.memory, scenario)
    made = write_up(
        answer.solution,
        answer.assembly,
        answer.scenario,
        inputs,
        forecasts,
        greedy=greedy,
        created_at=datetime.now(UTC),
        verdict=answer.verdict,
    )
    return remembering(made, remembered)


def forecast_scenario(scenario: Scenario, *, progress: Progress | None = None) -> dict[str, Forecast]:
    """Forecast the rate quantiles of every class, by its name."""
    report = progress or _silent
    inputs = _load(scenario, report)
    forecasts = forecast_traces(scenario, inputs, report)
    demand = demand_by_class(scenario, inputs, forecasts)
    return {
        one.name: replace(
            forecasts[one.trace],
            rate_rps=demand.rate_rps[k],
            mean_rps=demand.mean_rps[k],
            dispersion_index=float(demand.dispersion_index[k]),
        )
        for k, one in enumerate(scenario.workload.planned_classes)
    }


def enumerate_scenario(scenario: Scenario, *, progress: Progress | None = None) -> OptionTable:
    """Find the serving options that the program may choose from, and why the others fell out."""
    return _formulated(scenario, progress or _silent).options


def program_of(
    scenario: Scenario, *, form: Literal["lp", "mps"] = "lp", progress: Progress | None = None
) -> bytes:
    """Return the exact program of the horizon, unsolved, in the LP or the free MPS format."""
    from solvers.backends.lp_file import write_lp
    from solvers.backends.mps_file import write_mps
    from solvers.horizon import compile_horizon

    program = compile_horizon(_formulated(scenario, progress or _silent).problem).compiled
    write = write_mps if form == "mps" else write_lp
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"program.{form}"
        write(program.named(), file)
        return file.read_bytes()


def validate_scenario(scenario: Scenario) -> list[CheckedInput]:
    """Load and check every input; list what was found in each."""
    return checked_inputs(scenario, load_inputs(scenario))


def forecast_traces(scenario: Scenario, inputs: Inputs, report: Progress) -> dict[str, Forecast]:
    """Forecast every trace from its history alone, unscaled; all traces that cannot be are told at once."""
    found: dict[str, Forecast] = {}
    problems: list[str] = []
    settings = scenario.forecast
    for done, (name, history) in enumerate(inputs.histories.items()):
        report("forecast", done / len(inputs.histories))
        source = scenario.workload.traces[name]
        if isinstance(source, ConstantTrace):
            found[name] = constant_forecast(
                source.rate_rps, scenario.horizon.start, scenario.window_s, scenario.windows, settings.levels
            )
            continue
        try:
            found[name] = forecast_rates(
                history,
                scenario.horizon.start,
                scenario.window_s,
                scenario.windows,
                settings.levels,
                method=settings.method,
                season=settings.season,
                hold_s=settings.hold_s,
            )
        except WorkloadError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return found


def demand_by_class(scenario: Scenario, inputs: Inputs, forecasts: dict[str, Forecast]) -> Demand:
    """Split the forecasts among the classes, each as bursty as its trace is over the class's deadline."""
    return demand_of(scenario, forecasts, dispersion_by_class(scenario, inputs, forecasts))


def dispersion_by_class(
    scenario: Scenario, inputs: Inputs, forecasts: dict[str, Forecast]
) -> dict[str, float]:
    """Index of dispersion of every class's whole trace, unscaled, over the class's deadline, by class.

    A trace no finer than the window shows no bursts itself: what its source states counts, else Poisson arrivals are
    assumed, as the forecast warns. Throughputs of buckets are rates and know no bursts.
    """
    index = {}
    for one in scenario.workload.planned_classes:
        history = inputs.histories[one.trace]
        known = history.dispersion_index or forecasts[one.trace].dispersion_index
        if history.interval_s < scenario.window_s and one.bucket is None:
            window_s = max(scenario.window_s, COUNTS_MIN * history.interval_s)
            with suppress(WorkloadError):  # no whole busy window: the forecast has warned of that too
                known = dispersion_at(history, one.tier.deadline_s, window_s).index
        index[one.name] = max(known, 1.0)
    return index


def formulate(
    scenario: Scenario, inputs: Inputs, forecasts: dict[str, Forecast], report: Progress
) -> Assembly:
    """Enumerate the options, prune them, and assemble the program."""
    report("options", 0.0)
    demand = demand_by_class(scenario, inputs, forecasts)
    options = options_from(scenario, demand, inputs)
    report("options", 0.5)
    return assemble(scenario, demand, options, inputs.availability.traces)


def options_from(scenario: Scenario, demand: Demand, inputs: Inputs) -> OptionTable:
    """Enumerate the options that the inputs allow, before any prune."""
    return enumerate_options(
        scenario,
        demand,
        inputs.prices,
        inputs.profiles,
        inputs.tariffs,
        inputs.containers,
        inputs.bursts.facts,
        FunctionInputs(buffer_arrivals(scenario, demand, inputs.histories), inputs.partition),
    )


def _load(scenario: Scenario, report: Progress) -> Inputs:
    report("reading the inputs", 0.0)
    return load_inputs(scenario)


def _formulated(scenario: Scenario, report: Progress) -> Assembly:
    inputs = _load(scenario, report)
    return formulate(scenario, inputs, forecast_traces(scenario, inputs, report), report)


def _silent(step: str, share: float) -> None:
    """Report to nobody."""
