"""Losses of spot pools, small enough to solve on paper; the arithmetic stands beside each."""

from __future__ import annotations

from tests.solvers.hand_case import HandCase
from tests.solvers.tiny_parts import spot_risk
from tests.solvers.tiny_problems import tiny_problem

SPOT_CASES = (
    # Two machines carry 20 req/s, and what is lost with the pool stands by at 0.05: two on spot and two on standby (0.70). On
    # demand they cost 2.00, one of each kind 1.35.
    HandCase(
        "pick_after_loss",
        tiny_problem(
            demand_rps=[[[20]]],
            capacity_rps=[[0, 8, 20, 34]],
            options=[(0, 0), (0, 1), (0, 2)],
            price_usd_per_h=[0.3, 1.0, 0.05],
            is_spot=[1, 0, 0],
            spot_risk=spot_risk(
                pool_of_machine=[0, -1, -1], is_standby=[0, 0, 1], loss_share=[0.1], survive_any_loss=True
            ),
        ),
        objective_usd=0.7,
        instances=[[2], [0], [2]],
    ),
    # Group 0 is all spot at 0.30, group 1 on demand at 1.00; functions (0.36 per req/s and hour) take 4 req/s at most. Two on spot
    # (0.60) carry the 14 req/s but leave 4 when lost. One on demand and 4 req/s of functions survive; in quiet times a spot machine
    # takes these 4 for 0.30.
    HandCase(
        "survive_spot_loss",
        tiny_problem(
            demand_rps=[[[14]]],
            capacity_rps=[[0, 10, 20], [0, 10, 20]],
            options=[(0, 0), (1, 1)],
            price_usd_per_h=[0.3, 1.0],
            is_spot=[1, 0],
            usd_per_request=[1e-4],
            concurrency_s=[0.5],
            concurrency_limit=2.0,
            spot_risk=spot_risk(pool_of_machine=[0, -1], loss_share=[0.1], survive_any_loss=True),
        ),
        objective_usd=1.3,
        instances=[[1], [1]],
    ),
    # Pools at 0.30 and 0.32 are lost with probability 0.1 each: 10 req/s of one lose 1 on the mean, with deviation 3; 0.05 lies
    # 1.645 deviations out. b and c machines leave 10 (b + c) - 20 spare for (b + c) + 4.935 sqrt(b^2 + c^2). Three and one: 20 for
    # 19.61, at 1.22; four and none need 23.7; two and two hold too, at 1.24; two and one have 10 for 14.0; on demand costs 2.00, or
    # 1.62 with one of each pool.
    HandCase(
        "bound_spot_risk",
        tiny_problem(
            demand_rps=[[[20]]],
            capacity_rps=[[0, 10, 20, 30, 40, 50]],
            options=[(0, 0), (0, 1), (0, 2)],
            price_usd_per_h=[1.0, 0.3, 0.32],
            is_spot=[0, 1, 1],
            spot_risk=spot_risk(pool_of_machine=[-1, 0, 1], loss_share=[0.1, 0.1], violation_share=0.05),
        ),
        objective_usd=1.22,
        instances=[[0], [3], [1]],
    ),
    # The same pools without the bound; a variance of 9 for one machine, 36 for two of one pool, costs 0.002 each: one of each pool
    # costs 0.62 + 0.036, two of the cheaper one 0.60 + 0.072.
    HandCase(
        "total_cost_usd",
        tiny_problem(
            demand_rps=[[[20]]],
            capacity_rps=[[0, 10, 20, 30]],
            options=[(0, 0), (0, 1), (0, 2)],
            price_usd_per_h=[1.0, 0.3, 0.32],
            is_spot=[0, 1, 1],
            spot_risk=spot_risk(pool_of_machine=[-1, 0, 1], loss_share=[0.1, 0.1], aversion_usd=0.002),
        ),
        objective_usd=0.656,
        instances=[[0], [1], [1]],
        variant="aversion",
    ),
)
