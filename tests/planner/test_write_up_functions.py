"""What the plan document says of functions behind a buffer: cost of those kept ready, promises, settings."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from planner.assembly import provisioning_problem
from planner.write_up.certificate import rate_error
from planner.write_up.document import cold_start_warnings
from planner.write_up.options import burst_functions, options_used
from planner.write_up.windows import windows_of
from tests.planner.small_catalogs import demand
from tests.planner.test_write_up import planned

if TYPE_CHECKING:
    from planner.write_up.planned import Planned


def buffered(made: Planned | None = None, **more: Any) -> Planned:
    """`planned`, its function called in batches of up to 8 at 2 to 16 requests/s, three of them kept ready."""
    made = made or planned()
    (function,) = made.options.functions
    setting = {
        "batch": 8,
        "batch_timeout_ms": 40.0,
        "rate_rps": (2.0, 16.0),
        "mean_batch": 1.5,
        "provisioned_concurrency": 3,
        "usd_per_h": 0.12,
        "arrivals": "Poisson",
        "deadline_meet_rate": {"web": 0.97},
    } | more
    options = replace(made.options, functions=(replace(function, **setting),))
    problem = provisioning_problem(made.scenario, demand(made.scenario), options)
    return replace(made, options=options, problem=problem)


def test_functions_kept_ready_are_paid_in_every_window_that_calls_them() -> None:
    """A quarter of an hour at 0.12 USD/h, beside the calls; nothing in a window without calls."""
    rates = planned().solution.overflow_rps.copy()
    rates[:, :, 1] = 0.0
    made = planned()
    made = buffered(replace(made, solution=replace(made.solution, overflow_rps=rates)))
    paid = [window.cost.functions_usd for window in windows_of(made)]
    calls = [window.cost.functions_usd for window in windows_of(buffered(made, usd_per_h=0.0))]
    assert np.subtract(paid, calls) == pytest.approx([0.03, 0.0, 0.03, 0.03])
    assert paid[1] == 0.0


def test_what_a_range_of_rates_may_overstate_stands_beside_the_gap() -> None:
    """A tenth of what the calls cost, where the cheapest rate of the range costs a tenth less."""
    made = buffered()
    (function,) = made.options.functions
    least = 0.9 * function.usd_per_request
    made = buffered(least_usd_per_request=least)
    ((name, error),) = rate_error(made)
    assert name == "ranges of rates"
    assert error == pytest.approx(
        0.1 * sum(one.cost.functions_usd for one in windows_of(buffered(usd_per_h=0.0)))
    )
    assert not list(rate_error(buffered()))


def test_the_settings_reach_the_windows_and_the_options() -> None:
    made = buffered()
    line = windows_of(made)[3].functions[0]
    assert (line.batch_size, line.batch_timeout_ms, line.provisioned_concurrency) == (8, 40.0, 3)
    assert line.reserved_concurrency > 3  # two run at once, three are kept ready: none is refused in a swing
    (option,) = (one for one in options_used(made) if one.kind == "function")
    assert option.rate_rps is not None
    assert (option.rate_rps.least, option.rate_rps.most) == (2.0, 16.0)
    assert (option.mean_batch, option.usd_per_h, option.arrivals) == (1.5, 0.12, "Poisson")
    assert (option.provisioned_concurrency, option.partition) == (3, None)


def test_a_range_without_an_upper_end_is_written_without_one() -> None:
    (option,) = (one for one in options_used(buffered(rate_rps=(2.0, math.inf))) if one.kind == "function")
    assert option.rate_rps is not None
    assert (option.rate_rps.least, option.rate_rps.most) == (2.0, None)


def test_a_buffer_promises_what_it_keeps_at_the_worst_of_its_rates() -> None:
    met = windows_of(buffered())[3].expected.deadline_meet_rate
    whole = windows_of(buffered(deadline_meet_rate={"web": 1.0}))[3].expected.deadline_meet_rate
    assert met is not None
    assert whole is not None
    assert whole - met == pytest.approx(0.25 * 0.03)


def test_cold_starts_of_a_range_of_rates_need_no_warning() -> None:
    made = planned(resources={"functions": {"least_rate_rps": 5.0}})
    assert list(cold_start_warnings(made))
    assert list(cold_start_warnings(buffered(made))) == []


def test_only_functions_of_any_rate_take_what_a_spot_loss_leaves_over() -> None:
    made = planned(spot={"policy": "survive-loss"})
    assert burst_functions(made) == {0}
    assert burst_functions(buffered(made)) == set()
