"""The optional parts of a plan document, on the fleet of tests.planner.test_write_up: limits, loads, losses, what is unserved."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from planner.queueing import reserved_instances
from planner.write_up.certificate import Verdict, certificate_of
from planner.write_up.document import loss_notes
from planner.write_up.limits import binding_limits
from planner.write_up.options import burst_functions, late_functions, options_used
from planner.write_up.problem import spot_policy_of
from planner.write_up.windows import windows_of
from tests.planner.enumerated import table
from tests.planner.small_catalogs import function_time, profiles, request_class, scenario, time, variant
from tests.planner.test_write_up import planned

if TYPE_CHECKING:
    from planner.write_up.planned import Planned

WINDOWS = [f"20261123T00{minute:02d}00Z" for minute in (0, 15, 30, 45)]
GROUP = "good/c5.large/b1x1/d300p94"
FLOORS = {"rough": 0.7, "exact": 0.85}


def bound_by(made: Planned, limit: str) -> list[str | None]:
    """Windows in which a limit leaves no room."""
    return [one.window for one in binding_limits(made) if one.limit == limit]


def test_operators_limits_bind_where_one_more_would_break_them() -> None:
    """Two machines, then three: two starts in the first window, one in the second, none after."""
    limits = {"min_instances": 3, "max_groups": 1, "max_churn": 2, "scale_in_delay_s": 2700.0}
    made = planned(resources=limits)
    assert bound_by(made, "min_instances web") == WINDOWS
    assert bound_by(made, "max_groups") == WINDOWS
    assert bound_by(made, "max_churn") == WINDOWS[:1]
    assert bound_by(made, "scale_in_delay c5.large/on-demand") == WINDOWS[1:3]
    assert bound_by(made, "scale_in_delay c5.large/spot") == WINDOWS[2:]
    unit = next(one.unit for one in binding_limits(made) if one.limit == "max_churn")
    assert unit == "USD per start or stop in the window"


def test_headroom_is_taken_off_what_may_be_used_and_not_off_what_is_carried() -> None:
    plain, made = planned(), planned(resources={"headroom_share": 0.2})
    before, after = (windows_of(one)[3].groups[0].capacity_rps for one in (plain, made))
    assert after == pytest.approx(before)
    assert made.capacity_rps[0, 3] * made.used_share == pytest.approx(0.8 * before)
    tight = planned(resources={"headroom_share": 0.5}, overflow_share=0.0)
    assert float(tight.problem.demand_rps[0, 3, 1]) > 0.5 * before
    assert WINDOWS[3] in bound_by(tight, f"headroom {GROUP}")
    assert bound_by(plain, f"headroom {GROUP}") == []


def test_the_budget_binds_where_it_leaves_no_machine_more() -> None:
    spend = planned().spend_usd
    (tight,) = [
        one
        for one in binding_limits(planned(resources={"budget_usd": spend + 0.005}))
        if one.limit == "budget"
    ]
    assert (tight.window, tight.shadow_price) == (None, None)
    assert bound_by(planned(resources={"budget_usd": spend + 1.0}), "budget") == []


def test_loads_are_charged_where_machines_newly_hold_a_model() -> None:
    """60 s at 0.1 USD/h for two machines in the first window, at 0.04 for the spot machine that joins in the second."""
    made = planned(models={"load_s": {"good": 60.0}})
    loads = [window.cost.loads_usd for window in windows_of(made)]
    assert loads == pytest.approx([2 * 0.1 / 60, 0.04 / 60, 0.0, 0.0])
    assert windows_of(made)[0].cost.total_usd == pytest.approx(
        sum(made.cost_usd[part][0] for part in made.cost_usd)
    )
    machine = next(one for one in options_used(made) if one.kind == "machine")
    assert (machine.load_s, machine.load_usd) == (60.0, pytest.approx(0.1 / 60))


def test_machines_are_launched_early_enough_to_boot_and_to_load_their_model() -> None:
    made = planned(models={"load_s": {"good": 60.0}})
    ahead = timedelta(seconds=made.scenario.resources.boot_s + 60.0)
    launched = [
        (window, line) for window in windows_of(made) for line in window.fleet if line.launch_at is not None
    ]
    assert launched
    assert all(line.launch_at == window.start - ahead for window, line in launched)


def valued(**more: Any) -> Planned:
    """Three quarters of the demand are served, the rest is left."""
    question = {"objective": {"maximise": "effective_accuracy", "meet_rate_grid": [0.94]}, **more}
    made = planned(**question)
    left = replace(made.solution, overflow_rps=np.zeros(made.solution.overflow_rps.shape))
    return replace(made, solution=left)


def test_what_is_left_unserved_counts_nothing() -> None:
    window = windows_of(valued())[3]
    assert window.unserved_rps["web"] == pytest.approx([5.0, 10.0])
    seen = window.expected.classes["web"]
    assert (seen.served_share, window.expected.unserved_share) == (pytest.approx(0.75), pytest.approx(0.25))
    assert seen.accuracy == pytest.approx(0.76)
    assert seen.deadline_meet_rate is not None
    assert seen.effective_accuracy == pytest.approx(0.75 * 0.76 * seen.deadline_meet_rate)
    assert window.expected.effective_accuracy == pytest.approx(seen.effective_accuracy)


def test_prices_of_limits_are_unknown_where_requests_have_a_value() -> None:
    made = valued(resources={"quotas": [{"family": "standard", "market": "on-demand", "vcpu": 5}]})
    found = [one for one in binding_limits(made) if one.limit == "quota standard/on-demand"]
    assert [one.shadow_price for one in found] == [None] * 4


def test_a_verdict_takes_the_place_of_the_cost() -> None:
    made = planned()
    verdict = Verdict(
        sense="maximise",
        unit="share",
        value=0.5,
        bound=0.6,
        bound_name="by hand",
        status="gap_missed",
        errors=(("grid", 0.01),),
    )
    proof = certificate_of(made, verdict, greedy=False)
    assert (proof.objective.value, proof.bound.value, proof.objective.unit) == (0.5, 0.6, "share")
    assert proof.gap == pytest.approx(0.2)
    assert (proof.objective_usd, proof.bound_usd, proof.fixed_capacity_gap) == (None, None, None)
    assert proof.spend_usd == pytest.approx(made.spend_usd)
    assert proof.errors[0].error.value == 0.01
    by_cost = certificate_of(made, None, greedy=False)
    assert by_cost.objective_usd == made.solution.objective_usd


CHANCE = {"policy": "chance", "violation_share": 0.1, "exposure_s": 3600.0, "common_shock_share": 0.01}


def test_losses_of_the_chance_policy_are_stated() -> None:
    """One pool, c5.large: from the second window on its one machine goes with probability r."""
    made = planned(spot=CHANCE)
    first, last = windows_of(made)[0], windows_of(made)[3]
    policy = spot_policy_of(made)
    (pool,) = policy.pools
    share = 1 - 0.99 * 0.9 ** (1 / 730)
    assert (pool.name, pool.loss_share) == ("c5.large", pytest.approx(share))
    assert pool.source.startswith("5% to 10% interrupted a month (")
    assert "All pools are lost together with probability 0.01" in loss_notes(made)[1]
    assert loss_notes(planned(spot={"policy": "survive-loss"})) == ()
    assert (policy.level, policy.exposure_s, policy.violation_share) == (0.9, 3600.0, 0.1)
    assert first.spot_risk is not None
    assert last.spot_risk is not None
    assert first.spot_risk.pools == {}
    assert last.spot_risk.pools["c5.large"].machines == 1
    left = last.spot_risk.pools["c5.large"].left[GROUP]
    table = made.options.groups[0].capacity_rps
    assert (left.count, left.capacity_rps) == (2, pytest.approx(table[2]))
    (guard,) = last.spot_risk.guards.values()
    assert guard.lost_rps["c5.large"] == pytest.approx(table[3] - table[2])
    too_little = guard.lost_rps["c5.large"] > guard.spare_rps
    assert guard.violation_share == pytest.approx(share if too_little else 0.0)
    assert last.expected.spot_survival == pytest.approx(1 - share)
    assert first.expected.spot_survival == 1.0


def test_losses_bind_where_one_request_more_would_be_too_much() -> None:
    """40 requests/s at the end, on three machines or two of which headroom leaves 60 %; functions take 10 more, or all."""
    scarce = {"functions": {"concurrency_limit": reserved_instances(1.0)}, "headroom_share": 0.4}
    made = planned(spot={"policy": "survive-loss"}, resources=scarce)
    table = made.options.groups[0].capacity_rps
    assert 0.6 * table[2] + 10.0 < 40.0 < 0.6 * table[3] + 10.0
    assert WINDOWS[3] in bound_by(made, "survive_spot_loss")
    assert bound_by(planned(spot={"policy": "survive-loss"}), "survive_spot_loss") == []
    tight = planned(spot=CHANCE, resources=scarce)
    (guard,) = spot_policy_of(tight).guards
    assert bound_by(tight, f"bound_spot_risk {guard.name}") == [WINDOWS[3]]
    assert bound_by(planned(spot=CHANCE), f"bound_spot_risk {guard.name}") == []


def test_without_weighed_losses_only_sizes_are_stated() -> None:
    made = planned(spot={"policy": "survive-loss"})
    risk = windows_of(made)[3].spot_risk
    assert risk is not None
    assert (set(risk.pools), risk.guards) == ({"c5.large"}, {})
    assert spot_policy_of(made).guards == ()
    assert windows_of(planned())[3].spot_risk is None


def test_the_quickest_function_is_listed_for_a_loss_even_if_it_is_not_called() -> None:
    resources = {"functions": {"take_late": False}}
    made = planned(spot={"policy": "survive-loss"}, resources=resources, overflow_share=0.0)
    assert burst_functions(made) == {0}
    assert [one.kind for one in options_used(made)] == ["machine", "machine", "function"]
    calm = planned(resources=resources, overflow_share=0.0)
    assert [one.kind for one in options_used(calm)] == ["machine", "machine"]


@pytest.mark.parametrize(
    ("resources", "found"),
    [({}, True), ({"functions": {"take_late": False}}, False), ({"budget_usd": 1000.0}, False)],
)
def test_what_would_be_late_goes_to_a_function_unless_a_budget_forbids_it(
    resources: dict[str, Any], found: bool
) -> None:
    made = planned(resources=resources, overflow_share=0.0)
    (name,) = (one.id for one in made.options.functions)
    assert [set(one.late_to.values()) for one in windows_of(made)] == [{name} if found else set()] * len(
        WINDOWS
    )
    assert [one.id for one in options_used(made)].count(name) == found


def test_late_requests_of_several_classes_share_a_function_that_is_accurate_enough_for_all() -> None:
    """The cheaper function is only good enough for one of the two; calls of both keep the other one warm."""
    classes = [request_class(name, min_accuracy=floor, deadline_ms=5000.0) for name, floor in FLOORS.items()]
    question = scenario(*classes)
    known = profiles(
        time("good"),
        time("better"),
        variants=(variant("good", 0.76), variant("better", 0.9)),
        functions=(function_time("good"), function_time("better", mean_ms=150.0)),
    )
    options = table(question, profiles=known)
    usd = np.array([one.usd_per_request for one in options.functions])
    names = [one.model for one in options.functions]
    assert usd[names.index("good")] < usd[names.index("better")]

    def late(carried: tuple[float, float]) -> list[str | None]:
        problem = SimpleNamespace(classes=tuple(FLOORS), usd_per_request=usd)
        carried_rps = np.array(carried)[:, None]
        asked = SimpleNamespace(problem=problem, options=options, scenario=question, carried_rps=carried_rps)
        return [None if f is None else names[f] for f in late_functions(asked)]  # type: ignore[arg-type]

    assert late((1.0, 1.0)) == ["better", "better"]
    assert late((1.0, 0.0)) == ["good", None]
    assert late((0.0, 1.0)) == [None, "better"]
