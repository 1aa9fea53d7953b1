"""Problems without a plan: every limit that would do alone is named with its least relaxation, and what the seams would need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from solvers.infeasibility import explain_seams, explain_shortfall
from solvers.plan_horizon import plan_horizon
from tests.solvers.tiny_parts import accuracy_floors, operator_limits, spot_risk
from tests.solvers.tiny_problems import tiny_problem

if TYPE_CHECKING:
    from solvers.problem import ProvisioningProblem


def one_type(**parts: Any) -> ProvisioningProblem:
    """One machine type of 10 req/s and 2 vCPU for one class of 25 req/s."""
    given = {
        "demand_rps": [[[25.0]]],
        "capacity_rps": [[0, 10, 20, 30]],
        "options": [(0, 0)],
        "price_usd_per_h": [1.0],
    }
    return tiny_problem(**(given | parts))


def test_limits_that_would_do_alone_are_ways_apart() -> None:
    """Three machines need 6 vCPU of 4; or functions carry the 5 req/s left, which holds 5 of them where 2 may run."""
    problem = one_type(
        quotas=[([2.0], 4.0)], usd_per_request=[1e-5], concurrency_s=[1.0], concurrency_limit=2.0
    )
    assert explain_shortfall(problem, 0) == (
        "one way of 2: quota quota0: 4 vCPU are too few in window 0; raise it to 6",
        "one way of 2: function concurrency: 2 at once on average, beside what swings take of the account's limit, is "
        "too little in window 0; raise the limit: 5 run on average",
    )


def test_floors_that_do_not_fit_a_quota_are_named() -> None:
    """Five machines of 2 vCPU where three fit: lower the floor to three, or raise the quota to 10."""
    problem = one_type(quotas=[([2.0], 6.0)], limits=operator_limits(min_instances=[5]))
    assert explain_shortfall(problem, 0) == (
        "one way of 2: quota quota0: 6 vCPU are too few in window 0; raise it to 10",
        "one way of 2: min_instances of class class0: 5 are too many in window 0; lower it to 3",
    )


def test_zones_that_do_not_exist_are_named() -> None:
    """Two zones where all machines stand in one."""
    problem = one_type(limits=operator_limits(zone_of_machine=[0], min_zones=2))
    assert explain_shortfall(problem, 0) == (
        "min_zones of class class0: 2 are too many in window 0; lower it to 1",
    )


def test_too_few_groups_are_named() -> None:
    """Two classes, a group for each, and one group allowed."""
    problem = tiny_problem(
        demand_rps=[[[5]], [[5]]],
        serves=[[1, 0], [0, 1]],
        capacity_rps=[[0, 10], [0, 10]],
        options=[(0, 0), (1, 1)],
        price_usd_per_h=[1.0, 1.0],
        limits=operator_limits(classes=2, machines=2, max_groups=1),
    )
    assert explain_shortfall(problem, 0) == ("max_groups: 1 are too few in window 0; raise it to 2",)


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        ({"accuracy": accuracy_floors([[-0.1]])}, "mean accuracy: short of its floor by 2.5 req/s"),
        (
            {
                "is_spot": [1],
                "spot_risk": spot_risk(pool_of_machine=[0], loss_share=[0.1], survive_any_loss=True),
            },
            "survive-loss: 25 req/s cannot be served",
        ),
        (
            {
                "is_spot": [1],
                "spot_risk": spot_risk(pool_of_machine=[0], loss_share=[0.1], violation_share=0.01),
            },
            "violation_share: ",
        ),
    ],
)
def test_accuracy_and_losses_are_named(parts: dict[str, object], wanted: str) -> None:
    """Nothing is accurate enough; nothing but one spot pool is on offer."""
    (reason,) = explain_shortfall(one_type(**parts), 0)
    assert reason.startswith(wanted)


def test_a_class_that_nothing_serves_is_named_before_any_limit() -> None:
    """No quota helps a class without a group."""
    problem = one_type(demand_rps=[[[5.0]], [[7.0]]], serves=[[1], [0]], quotas=[([2.0], 4.0)])
    (reason,) = explain_shortfall(problem, 0)
    assert reason.startswith("class class1: 7 of 7 req/s in window 0 can be served by no option")


def test_owned_machines_that_are_too_few_are_named() -> None:
    """Three machines are needed, one is paid for, and none may be rented."""
    (reason,) = explain_shortfall(one_type(owned_count=np.array([1.0])), 0)
    assert reason.startswith("commitments: 1 machine0 are too few in window 0; own 3,")


def test_a_share_that_cannot_be_on_demand_is_named() -> None:
    """Only spot machines are on offer."""
    (reason,) = explain_shortfall(one_type(is_spot=[1], on_demand_floor_share=0.5), 0)
    assert (
        reason
        == "on-demand share: 0.5 of every group's machines cannot be on demand in window 0; at most 0 can"
    )


def test_seams_say_what_the_cheapest_plan_needs() -> None:
    """Three launches at once where one is allowed, and 3 USD of a budget of 2."""
    problem = one_type(limits=operator_limits(max_churn=1, budget_usd=2.0))
    assert explain_seams(problem) == (
        "max_churn 1: no plan was found; raise it to 3, what the cheapest plan without it needs in window 0 (less may do)",
        "budget_usd 2: the cheapest plan without it spends 3 USD, proven to 0.00%",
    )


def test_a_window_that_fails_for_its_seams_alone_says_so() -> None:
    """The only window is over the budget: the whole solve names what it would spend."""
    plan = plan_horizon(one_type(limits=operator_limits(budget_usd=2.0)))
    assert plan.status == "infeasible"
    assert plan.infeasible_reasons == (
        "budget_usd 2: the cheapest plan without it spends 3 USD, proven to 0.00%",
    )


def test_without_seams_the_search_itself_is_named() -> None:
    """Nothing ties the windows together."""
    assert explain_seams(one_type()) == ("no plan was found within the limits of the search",)
