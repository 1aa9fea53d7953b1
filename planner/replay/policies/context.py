"""What the policies of one comparison are made from: a scenario, its inputs and options, and what was known before the start."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner import pipeline
from planner.demand import demand_of
from planner.replay.option_supplies import supply_of_options
from planner.replay.policies.offers import cheapest_functions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.demand import Demand
    from planner.inputs import Inputs
    from planner.options import OptionTable
    from planner.pipeline import Progress
    from planner.replay.requests import Requests
    from planner.replay.supply import CalledFunction, Supply
    from planner.scenario import Scenario
    from workloads.forecast import Forecast

KNOWN_S = 3600.0  # ours: the load that schemes without a forecast begin with is the mean of the last hour before the start
ENDPOINT_PRICE_RATIO = (
    1.2  # ml.c5 over c5 types, AWS price lists 2026; types with GPUs pay up to 1.4, ml.c5 paid 1.4 in 2019
)


@dataclass(frozen=True, eq=False)
class PolicyContext:
    """One scenario as policies see it.

    Parameters
    ----------
    inputs
        What is known at the horizon's start; histories end there.
    forecasts
        By trace, made then.
    options
        Everything that may serve, before any prune.
    requests
        What the replay will send: for the bound with a perfect forecast alone.
    endpoint_price_ratio
        Price of a managed endpoint's machine over that of the plain machine.
    """

    scenario: Scenario
    inputs: Inputs
    forecasts: Mapping[str, Forecast]
    options: OptionTable
    requests: Requests
    endpoint_price_ratio: float = ENDPOINT_PRICE_RATIO

    @cached_property
    def supply(self) -> Supply:
        """All options as pools, rentals and functions."""
        return supply_of_options(self.scenario, self.options, self.inputs.tariffs)

    @cached_property
    def dispersion_index(self) -> dict[str, float]:
        """By class: of its whole trace, unscaled, over the class's deadline."""
        return pipeline.dispersion_by_class(self.scenario, self.inputs, dict(self.forecasts))

    @cached_property
    def demand(self) -> Demand:
        """Demand of the horizon as it was forecast at its start."""
        return demand_of(self.scenario, self.forecasts, self.dispersion_index)

    @cached_property
    def known_rps(self) -> dict[str, float]:
        """Class -> mean rate of the last hour before the start."""
        found = {}
        for one in self.scenario.workload.planned_classes:
            history = self.inputs.histories[one.trace]
            last = history.rate_rps[-max(1, round(KNOWN_S / history.interval_s)) :]
            known = last[~np.isnan(last)]
            rate_rps = float(known.mean()) if known.size else history.mean_rps
            scale = self.scenario.workload.scale_of(one.trace)
            found[one.name] = one.share * scale * rate_rps
        return found

    @cached_property
    def functions(self) -> dict[str, CalledFunction]:
        """Class -> the cheapest function that answers its share in time; classes without one are left out."""
        usd = {one.id: one.usd_per_request for one in self.options.functions if one.usd_per_h == 0}
        in_time = {one.id: one.deadline_meet_rate for one in self.options.functions}
        return cheapest_functions(self.supply, usd, in_time)

    @property
    def lead_s(self) -> float:
        """Longest time from a launch until the machine serves."""
        boot_s = max((one.boot_s for one in self.supply.rentals), default=0.0)
        return boot_s + max((one.load_s for one in self.supply.pools), default=0.0)


def context_of(
    scenario: Scenario,
    inputs: Inputs,
    requests: Requests,
    *,
    endpoint_price_ratio: float = ENDPOINT_PRICE_RATIO,
    progress: Progress | None = None,
) -> PolicyContext:
    """Forecast the horizon from what is known at its start, and enumerate what may serve it.

    Raises
    ------
    InputError, with every trace that cannot be forecast.
    """
    report = progress or (lambda step, share: None)
    forecasts = pipeline.forecast_traces(scenario, inputs, report)
    demand = pipeline.demand_by_class(scenario, inputs, forecasts)
    report("options", 0.0)
    options = pipeline.options_from(scenario, demand, inputs)
    return PolicyContext(scenario, inputs, forecasts, options, requests, endpoint_price_ratio)
