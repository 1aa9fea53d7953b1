"""Joint losses of spot pools: the cone, the square and both faces of the program against enumeration."""

from __future__ import annotations

from itertools import product
from statistics import NormalDist
from typing import TYPE_CHECKING

import cvxpy as cp
import numpy as np
import pytest

from solvers.backends import solve
from solvers.errors import ProblemError
from solvers.spot_risk import most_burst_rps, root_of
from tests.solvers.tiny_parts import spot_risk
from tests.solvers.tiny_problems import tiny_problem
from tests.solvers.whole_program import build_whole, compile_whole, machines_in

if TYPE_CHECKING:
    from solvers.problem import ProvisioningProblem

SEEDS = range(16)
LINEAR_MOST = 5  # machines of the linear group that enumeration tries; more never pay in these draws


def draw(seed: int) -> ProvisioningProblem:
    """Return one class on a group with a table (on demand, two pools, standby) and a linear one (a pool), some with a function.

    Capacities are convex, as bound_spot_risk assumes; losses are correlated.
    """
    rng = np.random.default_rng(seed)
    count = np.arange(6)
    capacity = 10.0 * np.maximum(count - rng.uniform(0, 0.6) * np.sqrt(count), 0.0)
    share = rng.uniform(0.02, 0.3, 3)
    shock = rng.uniform(0, 0.05)
    covariance = np.diag(share * (1 - share)) + shock * (1 - np.eye(3)) * np.sqrt(np.outer(share, share))
    function = rng.random() < 0.5
    chance = rng.random() < 0.8
    return tiny_problem(
        demand_rps=[[sorted(rng.uniform(5, 18, 2).tolist())]],
        level_share=[0.7, 0.3],
        capacity_rps=[capacity.tolist(), [0.0] * 6],
        count_max=[5, 0],
        linear_rps=np.array([[0.0, rng.uniform(4, 8)]]),
        options=[(0, 0), (0, 1), (0, 2), (0, 3), (1, 4)],
        price_usd_per_h=[1.0, *rng.uniform(0.2, 0.5, 2), rng.uniform(0.1, 0.4), rng.uniform(0.2, 0.6)],
        is_spot=[0, 1, 1, 0, 1],
        usd_per_request=[float(rng.uniform(2e-5, 2e-4))] if function else None,
        concurrency_s=[0.5] if function else None,
        concurrency_limit=float(rng.uniform(1, 4)),
        spot_risk=spot_risk(
            pool_of_machine=[-1, 0, 1, -1, 2],
            is_standby=[0, 0, 0, 1, 0],
            loss_share=share.tolist(),
            covariance=covariance.tolist(),
            level=int(rng.integers(0, 2)),
            violation_share=float(rng.choice([0.02, 0.05, 0.1])) if chance else None,
            aversion_usd=float(rng.choice([0.0, 0.001])) if chance else 0.002,
        ),
    )


def enumerated_usd(problem: ProvisioningProblem) -> float:
    """Return the least cost over all counts, from the definitions."""
    risk = problem.spot_risk
    assert risk is not None
    assert problem.linear_rps is not None
    table, rate = problem.capacity_rps[0], float(problem.linear_rps[0, 1])
    demand = problem.demand_rps[0, 0]
    phi, limit = 0.0, 0.0
    if problem.functions:
        phi, limit = float(problem.usd_per_request[0]), problem.concurrency_limit / problem.concurrency_s[0]
    quantile = NormalDist().inv_cdf(1 - risk.violation_share) if risk.violation_share else 0.0
    best = np.inf
    for a, b, c, d, e in product(range(6), range(6), range(6), range(6), range(LINEAR_MOST + 1)):
        held = table[min(a + b + c, 5)]
        left = np.array([table[min(a + c + d, 5)], table[min(a + b + d, 5)]])
        overflow = np.maximum(demand - held - rate * e, 0.0)
        if overflow.max() > limit + 1e-9:
            continue
        lost = np.append(np.maximum(held - left, 0.0), rate * e)
        variance = float(lost @ risk.covariance @ lost)
        spare = held + rate * e + min(limit, demand[risk.level]) - demand[risk.level]
        if risk.violation_share and risk.loss_share @ lost + quantile * variance**0.5 > spare + 1e-9:
            continue
        cost = np.array([a, b, c, d, e]) @ problem.price_usd_per_h[:, 0]
        cost += 3600 * phi * overflow @ problem.level_share + risk.aversion_usd * variance
        best = min(best, float(cost))
    return best


@pytest.mark.parametrize("seed", SEEDS)
def test_the_program_has_the_enumerated_optimum(seed: int) -> None:
    """The arrays, with their norms and squares, cost what enumeration finds."""
    problem = draw(seed)
    answer = solve(compile_whole(problem).arrays, gap=0.0)
    assert answer.objective == pytest.approx(enumerated_usd(problem), rel=1e-5)


@pytest.mark.skipif("SCIP" not in cp.installed_solvers(), reason="SCIP is not installed here")
@pytest.mark.parametrize("seed", SEEDS[::3])
def test_the_written_program_has_the_enumerated_optimum(seed: int) -> None:
    """What cvxpy makes of the program as it is written, cones and all, costs the same."""
    problem = draw(seed)
    written = build_whole(problem).problem
    written.solve(solver=cp.SCIP)
    assert written.value == pytest.approx(enumerated_usd(problem), rel=1e-5)


def test_no_group_hides_machines_by_counting_fewer() -> None:
    """Three pools with one machine each leave 22 for 22.9; counted as two machines they would seem to lose nothing, at 0.90.

    8 req/s, 10 a machine, r = 0.25: 3 x 2.5 + 2.054 x 4.33 x sqrt(3) = 22.9. So one machine on demand it is, at 1.00.
    """
    problem = tiny_problem(
        demand_rps=[[[8]]],
        capacity_rps=[[0, 10, 20, 30, 40]],
        options=[(0, 0), (0, 1), (0, 2), (0, 3)],
        price_usd_per_h=[1.0, 0.3, 0.3, 0.3],
        is_spot=[0, 1, 1, 1],
        spot_risk=spot_risk(
            pool_of_machine=[-1, 0, 1, 2], loss_share=[0.25, 0.25, 0.25], violation_share=0.02
        ),
    )
    compiled = compile_whole(problem)
    answer = solve(compiled.arrays, gap=0.0)
    assert answer.values is not None
    assert answer.objective == pytest.approx(1.0)
    assert machines_in(compiled, answer.values).ravel().tolist() == [1, 0, 0, 0]


def test_functions_carry_the_shortest_requests_first() -> None:
    """Of 3 functions, class 1 (0.1 s) keeps 2 busy with 20 req/s, class 0 (0.5 s) the third with 2; class 2 calls none."""
    risk = spot_risk(pool_of_machine=[0], loss_share=[0.1], guard_classes=[[1, 1, 1], [1, 0, 0], [0, 0, 1]])
    problem = tiny_problem(
        demand_rps=[[[4]], [[20]], [[9]]],
        capacity_rps=[[0, 10]],
        options=[(0, 0)],
        price_usd_per_h=[1.0],
        usd_per_request=[1e-5, 1e-5],
        function_serves=[[1, 0], [1, 1], [0, 0]],
        concurrency_s=[0.5, 0.1],
        concurrency_limit=3.0,
        spot_risk=risk,
    )
    assert most_burst_rps(problem, risk).tolist() == [[22.0], [4.0], [0.0]]


def test_losses_that_offset_each_other_are_refused() -> None:
    """A pool without machines would otherwise be worth a loss that it does not have."""
    with pytest.raises(ProblemError, match="covariance must be >= 0 everywhere"):
        tiny_problem(
            demand_rps=[[[8]]],
            capacity_rps=[[0, 10]],
            options=[(0, 0), (0, 1)],
            price_usd_per_h=[0.3, 0.3],
            spot_risk=spot_risk(
                pool_of_machine=[0, 1], loss_share=[0.3, 0.3], covariance=[[0.21, -0.09], [-0.09, 0.21]]
            ),
        )


def test_a_root_squared_is_its_covariance() -> None:
    """Also where losses of two pools are one and the same."""
    covariance = np.array([[0.09, 0.09, 0.01], [0.09, 0.09, 0.01], [0.01, 0.01, 0.16]])
    root = root_of(covariance)
    np.testing.assert_allclose(root @ root, covariance, atol=1e-12)
    np.testing.assert_allclose(root, root.T, atol=1e-12)
