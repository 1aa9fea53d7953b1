"""All files and generators that a scenario names, loaded once, with every problem of all of them together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from catalogs.availability import load_availability
from catalogs.burstable import load_burst_catalog
from catalogs.containers import load_container_tariffs
from catalogs.errors import CatalogError
from catalogs.functions import load_function_tariffs
from catalogs.layers import read_chain
from catalogs.object_store import load_object_store
from catalogs.prices import load_price_catalog
from catalogs.profiles import load_profile_catalog
from planner.client_rules import overlap_problems
from planner.containers import container_offers
from planner.errors import InputError
from planner.functions.partitioned import PartitionInputs
from planner.input_checks import check_names, history_of
from planner.scenario import ConstantTrace, TraceFile
from planner.scenario.quantities import BUNDLED
from workloads.constant import constant_trace
from workloads.errors import WorkloadError
from workloads.generators import generate_trace
from workloads.sources import load_source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from catalogs.availability import AvailabilityCatalog
    from catalogs.burstable import BurstCatalog
    from catalogs.containers import ContainerCatalog
    from catalogs.functions import FunctionCatalog
    from catalogs.machines import MachineOffer
    from catalogs.prices import PriceCatalog
    from catalogs.profiles import ProfileCatalog
    from planner.scenario import Partition, Scenario, TraceSource
    from workloads.traces import Trace

T = TypeVar("T")


@dataclass(frozen=True)
class Inputs:
    """Everything a plan is made from, beside the scenario.

    Parameters
    ----------
    histories
        By trace: what is known at the horizon's start, unscaled.
    bursts
        Processor credits of burstable machines.
    availability
        Traces of spot machines that could be had.
    containers
        Tariffs of containers; None where the scenario does not enable them.
    partition
        Models that may be cut over several functions; None where the scenario names none.
    """

    histories: Mapping[str, Trace]
    prices: PriceCatalog
    profiles: ProfileCatalog
    tariffs: FunctionCatalog
    bursts: BurstCatalog
    availability: AvailabilityCatalog
    containers: ContainerCatalog | None = None
    partition: PartitionInputs | None = None

    def digests(self, scenario: Scenario) -> dict[str, str]:
        """SHA-256 of every input by its name."""
        found = {f"trace {name}": trace.digest for name, trace in self.histories.items()}
        for catalog in (
            self.prices,
            self.profiles,
            self.tariffs,
            self.bursts,
            self.availability,
            self.containers,
            self.partition,
        ):
            found |= {} if catalog is None else dict(catalog.digests)
        return found | ({"scenario": scenario.digest} if scenario.digest else {})

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the readers of the files found worth telling."""
        notes = [
            f"trace {name}: {note}" for name, trace in self.histories.items() for note in trace.report.notes
        ]
        return (*notes, *self.prices.warnings, *self.profiles.warnings)

    def offer_of(self, instance_type: str) -> MachineOffer:
        """Shape and price of a machine or container that the scenario names (`check_names` has seen it)."""
        offers = {one.instance_type: one for one in self.prices.machines} | container_offers(self.containers)
        return offers[instance_type]


def load_inputs(scenario: Scenario) -> Inputs:
    """Load traces, prices, profiles and tariffs.

    Raises
    ------
    InputError
        With every problem of every input: unreadable files, histories that do not reach back from the
        horizon's start, and names in the scenario that no catalog knows.
    """
    problems: list[str] = []
    resources = scenario.resources
    histories = {
        name: _collect(problems, partial(_history, scenario, name, source))
        for name, source in scenario.workload.traces.items()
    }
    if not problems:
        problems += overlap_problems(scenario)
    prices = _collect(
        problems,
        lambda: load_price_catalog(
            scenario.region,
            _paths(scenario, resources.prices),
            _paths(scenario, resources.shapes),
            _paths(scenario, resources.spot_advisor),
            bundled=BUNDLED in resources.prices,
        ),
    )
    profiles = _collect(problems, lambda: load_profile_catalog(_paths(scenario, scenario.models.profiles)))
    tariffs = _collect(problems, lambda: load_function_tariffs(scenario.region))
    bursts = _collect(problems, load_burst_catalog)
    availability = _collect(
        problems,
        lambda: load_availability(
            {name: scenario.path_of(file) for name, file in scenario.spot.availability.items()}
        ),
    )
    containers = None
    if resources.containers.enabled:
        containers = _collect(problems, lambda: load_container_tariffs(scenario.region))
    partition = None
    if resources.functions.partition is not None:
        partition = _collect(problems, partial(_partition_inputs, scenario, resources.functions.partition))
    if partition is not None and profiles is not None:
        problems += partition.name_problems(profiles)
    if prices is not None and profiles is not None:
        _collect(problems, lambda: check_names(scenario, prices, profiles, containers))
    found = {name: trace for name, trace in histories.items() if trace is not None}
    if (
        problems
        or prices is None
        or profiles is None
        or tariffs is None
        or bursts is None
        or availability is None
    ):
        raise InputError(problems)
    return Inputs(found, prices, profiles, tariffs, bursts, availability, containers, partition)


def _collect(problems: list[str], load: Callable[[], T]) -> T | None:
    """Load one input; its problems join the list, and None stands for it."""
    try:
        return load()
    except (CatalogError, WorkloadError, InputError) as error:
        problems += error.problems
        return None


def _partition_inputs(scenario: Scenario, settings: Partition) -> PartitionInputs:
    """Read every layer graph, and the tariff of the store that tensors may pass through."""
    problems: list[str] = []
    files = {name: scenario.path_of(name) for name in settings.layer_graphs}
    chains = {name: _collect(problems, partial(read_chain, file)) for name, file in files.items()}
    store = _collect(problems, lambda: load_object_store(scenario.region))
    if problems or store is None:
        raise InputError(problems)
    digests = {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}
    read = {name: chain for name, chain in chains.items() if chain is not None}
    return PartitionInputs(read, store, digests | dict(store.digests))


def _paths(scenario: Scenario, sources: Sequence[str]) -> list[str | Path]:
    return [BUNDLED if source == BUNDLED else scenario.path_of(source) for source in sources]


def _history(scenario: Scenario, name: str, source: TraceSource) -> Trace:
    """Read or generate a trace and cut off all that is not known at the horizon's start."""
    if isinstance(source, ConstantTrace):
        return constant_trace(source.rate_rps, scenario.horizon.start, scenario.window_s, name)
    if isinstance(source, TraceFile):
        given = source.model_fields_set - {"file", "scale"}
        settings: dict[str, Any] = {field: getattr(source, field) for field in given}
        trace = load_source(scenario.path_of(source.file), name=name, **settings)
    else:
        settings = {field: getattr(source, field) for field in type(source).model_fields}
        trace = generate_trace(settings.pop("generator"), name=name, **settings)
    return history_of(trace, scenario.horizon.start)
