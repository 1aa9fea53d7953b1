"""The plan document of a solution made by hand: every figure follows from the arrays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from planner.assembly import provisioning_problem
from planner.enumeration import enumerate_options
from planner.queueing import cold_start_share, deadline_meet_rate, reserved_instances
from planner.write_up.document import cold_start_warnings
from planner.write_up.limits import binding_limits
from planner.write_up.planned import Planned
from planner.write_up.windows import windows_of
from solvers.solution import ProvisioningSolution
from tests.planner.small_catalogs import (
    demand,
    function_time,
    prices,
    profiles,
    request_class,
    scenario,
    tariffs,
    time,
)

if TYPE_CHECKING:
    from planner.plan import Window

CLASS = request_class("web", deadline_ms=300.0, percentile=0.94)


def planned(*, groups: bool = True, overflow_share: float = 0.25, **more: Any) -> Planned:
    """Three machines of one group, one of them spot, carry three quarters of every level; a function the rest.

    The class sends 40 requests/s at the top level of the last of four windows of 15 minutes; nothing runs before.
    """
    question = scenario(CLASS, **more)
    asked = demand(question)
    catalog = profiles(time(), functions=(function_time(),))
    options = enumerate_options(question, asked, prices(), catalog, tariffs())
    problem = provisioning_problem(question, asked, options)
    assert len(problem.groups) == len(problem.functions) == 1
    instances = np.array([[2, 2, 2, 2], [0, 1, 1, 1]])
    solution = ProvisioningSolution(
        status="optimal",
        instances=instances,
        carried_rps=(1 - overflow_share) * problem.demand_rps[:, None],
        overflow_rps=overflow_share * problem.demand_rps[:, None] + 1e-12,
        starts=np.array([[2.0, 0, 0, 0], [0, 1, 0, 0]]),
        objective_usd=1.0,
        bound_usd=1.0,
        bound_name="by hand",
        fixed_capacity_bound_usd=1.0,
        fixed_capacity_objective_usd=1.0,
        reproducible=True,
        runtime_s=0.0,
    )
    return Planned(question, options, problem, solution, np.array(question.forecast.levels))


@pytest.fixture(name="windows")
def windows_fixture() -> tuple[Window, ...]:
    """The four windows of `planned`."""
    return windows_of(planned())


def test_windows_follow_each_other_and_are_named_by_their_start(windows: tuple[Window, ...]) -> None:
    assert [window.id for window in windows][:2] == ["20261123T000000Z", "20261123T001500Z"]
    assert all(before.end == after.start for before, after in pairwise(windows))


def test_cost_has_its_parts(windows: tuple[Window, ...]) -> None:
    """Two on-demand machines at 0.1 and one spot at 0.04 USD/h for a quarter of an hour; a launch is 180 s of price."""
    made = planned()
    phi = made.options.functions[0].usd_per_request
    second = windows[1].cost
    assert second.machines_usd == pytest.approx((0.2 + 0.04) / 4)
    assert second.starts_usd == pytest.approx(0.04 * 180 / 3600)
    mean_rps = float(made.problem.demand_rps[0, 1] @ [0.5, 0.5])
    assert second.functions_usd == pytest.approx(900 * 0.25 * mean_rps * phi)
    assert second.total_usd == pytest.approx(second.machines_usd + second.starts_usd + second.functions_usd)


def test_fleet_names_options_and_launches_what_the_window_before_lacks(windows: tuple[Window, ...]) -> None:
    first, second, third = windows[:3]
    assert [(line.market, line.count) for line in second.fleet] == [("on-demand", 2), ("spot", 1)]
    assert first.fleet[0].launch_at == first.start - timedelta(seconds=180)
    assert [line.launch_at for line in second.fleet] == [None, second.start - timedelta(seconds=180)]
    assert [line.launch_at for line in third.fleet] == [None, None]


def test_groups_carry_the_table_entry_of_their_size(windows: tuple[Window, ...]) -> None:
    table = planned().options.groups[0].capacity_rps
    assert [window.groups[0].capacity_rps for window in windows[:2]] == [table[2], table[3]]
    assert windows[0].groups[0].service is not None
    assert windows[0].groups[0].service.mean_ms == pytest.approx(50.0)


def test_routing_weights_are_shares_of_the_class(windows: tuple[Window, ...]) -> None:
    for route in windows[2].routing["web"]:
        assert list(route.groups.values()) == [pytest.approx(0.75)]
        assert list(route.functions.values()) == [pytest.approx(0.25)]


def test_functions_reserve_the_concurrency_of_the_top_level(windows: tuple[Window, ...]) -> None:
    """10 calls/s of 0.1 s, and a little for cold starts, keep little more than one function running on average; any may be late."""
    (line,) = windows[3].functions
    (function,) = planned().options.functions
    late_rps = sum(
        windows[3].levels[-1].demand_rps[one.name]
        for one in planned().options.classes
        if windows[3].late_to.get(one.name) == function.id
    )
    assert line.reserved_concurrency == reserved_instances((10.0 + late_rps) * function.concurrency_s) > 10
    assert line.batch_size == 1


def test_nothing_is_reserved_where_the_account_has_no_room_for_all_that_the_load_needs() -> None:
    """A hundred stay unreserved: what is needed is set aside, or nothing, and never less than is needed."""
    (line,) = windows_of(planned())[3].functions
    needed = line.reserved_concurrency
    for limit, reserved in ((100 + needed, needed), (99 + needed, 0), (105, 0), (100, 0), (50, 0)):
        tight = planned(resources={"functions": {"concurrency_limit": limit}})
        (line,) = windows_of(tight)[3].functions
        assert line.reserved_concurrency == reserved


def test_expectations_are_weighted_by_requests(windows: tuple[Window, ...]) -> None:
    made, last = planned(), windows[3]
    group = made.options.groups[0]
    assert group.service is not None
    carried = float(deadline_meet_rate(group.service, 3, 30.0, 0.3))
    cold = float(cold_start_share(10.0, 0.1, 600.0, overflow=True))
    expected = last.expected
    assert expected.deadline_meet_rate == pytest.approx(0.75 * carried + 0.25 * 0.99 * (1 - cold))
    assert expected.accuracy == pytest.approx(0.76)
    assert expected.overflow_share == pytest.approx(0.25)
    assert expected.utilisation == pytest.approx(0.75 * 30.0 / group.capacity_rps[3])
    assert expected.spot_survival == pytest.approx(0.9 ** (0.25 / 730))


def test_what_solvers_leave_of_zero_is_no_route() -> None:
    window = windows_of(planned(overflow_share=0.0))[0]
    assert window.functions == ()
    assert window.overflow_rps == {"web": {}}
    assert window.expected.overflow_share == 0.0


def test_accuracy_is_null_where_a_model_states_none() -> None:
    made = planned()
    silent = replace(made.options.groups[0].variant, accuracy_share=None, accuracy_metric=None)
    group = replace(made.options.groups[0], variant=silent)
    window = windows_of(replace(made, options=replace(made.options, groups=(group,))))[0]
    assert (window.expected.accuracy, window.expected.effective_accuracy) == (None, None)


def limits(made: Planned) -> set[tuple[str, str | None]]:
    return {(one.limit, one.window) for one in binding_limits(made)}


def test_limits_that_leave_room_do_not_bind() -> None:
    roomy = {
        "quotas": [{"family": "standard", "market": "spot", "vcpu": 64}],
        "functions": {"concurrency_limit": 50},
    }
    assert limits(planned(resources=roomy, spot={"max_share": 1.0})) == set()


def test_limits_without_room_for_one_more_bind_in_their_windows() -> None:
    tight = {
        "quotas": [
            {"family": "standard", "market": "on-demand", "vcpu": 5}
        ],  # two machines of 2 vCPU, none more
        "current_fleet": [{"instance_type": "c5.large", "count": 2}],
    }
    found = limits(planned(resources=tight, spot={"max_share": 0.4}))
    windows = [f"20261123T00{minute:02d}00Z" for minute in (0, 15, 30, 45)]
    group = "good/c5.large/b1x1/d300p94"
    assert found == {
        *(("quota standard/on-demand", window) for window in windows),
        ("wait_for_boot c5.large/on-demand", windows[0]),
        *((f"on-demand floor {group}", window) for window in windows[1:]),
    }


def test_functions_called_less_than_their_cold_starts_assume_are_warned_of() -> None:
    """The least rate planned is a quarter of 10 calls/s."""
    (warning,) = cold_start_warnings(planned(resources={"functions": {"least_rate_rps": 5.0}}))
    assert "lambda/good/2048 is called at 2.5 calls/s at the least" in warning
    assert list(cold_start_warnings(planned(resources={"functions": {"least_rate_rps": 2.0}}))) == []
