"""Operators' limits and model loads, small enough to solve on paper; the arithmetic stands beside each."""

from __future__ import annotations

from tests.solvers.hand_case import HandCase
from tests.solvers.tiny_parts import model_loads, operator_limits, served_value
from tests.solvers.tiny_problems import tiny_problem

OPERATOR_CASES = (
    # One group, on demand at 1.00 and spot at 0.30, half on demand. 25 req/s need 3: two of them on demand, 2.30.
    HandCase(
        "hold_floor",
        tiny_problem(
            demand_rps=[[[25]]],
            capacity_rps=[[0, 10, 20, 30, 40]],
            options=[(0, 0), (0, 1)],
            price_usd_per_h=[1.0, 0.3],
            is_spot=[0, 1],
            on_demand_floor_share=0.5,
        ),
        objective_usd=2.3,
        instances=[[2], [1]],
    ),
    # Machines at 1.00 in one zone and 1.20 in another; 5 req/s need one, the class insists on three, in two zones: 2.00 + 1.20.
    HandCase(
        "hold_floor",
        tiny_problem(
            demand_rps=[[[5]]],
            capacity_rps=[[0, 10, 20]],
            options=[(0, 0), (0, 1)],
            price_usd_per_h=[1.0, 1.2],
            limits=operator_limits(machines=2, min_instances=[3], zone_of_machine=[0, 1], min_zones=2),
        ),
        objective_usd=3.2,
        instances=[[2], [1]],
        variant="zones",
    ),
    # Group 0 serves both classes at 1.50, groups 1 and 2 one each at 0.70. Two of these cost 1.40, but only one may be open.
    HandCase(
        "limit_groups",
        tiny_problem(
            demand_rps=[[[5]], [[5]]],
            serves=[[1, 1, 0], [1, 0, 1]],
            capacity_rps=[[0, 10, 20], [0, 10, 20], [0, 10, 20]],
            options=[(0, 0), (1, 1), (2, 2)],
            price_usd_per_h=[1.5, 0.7, 0.7],
            limits=operator_limits(classes=2, machines=3, max_groups=1),
        ),
        objective_usd=1.5,
        instances=[[1], [0], [0]],
    ),
    # Three machines run; 5 req/s need one, 25 then three. Free changes cost 1.00 + 3.00; with one change a window, two stay: 5.00.
    HandCase(
        "limit_churn",
        tiny_problem(
            demand_rps=[[[5], [25]]],
            capacity_rps=[[0, 10, 20, 30]],
            options=[(0, 0)],
            price_usd_per_h=[1.0],
            initial_count=[3],
            limits=operator_limits(max_churn=1),
        ),
        objective_usd=5.0,
        instances=[[2, 3]],
        starts=[[0, 1]],
    ),
    # 15 req/s start two machines, which stay a second window though 5 req/s need one: 2.00 + 2.00 + 1.00.
    HandCase(
        "hold_scale_in",
        tiny_problem(
            demand_rps=[[[15], [5], [5]]],
            capacity_rps=[[0, 10, 20]],
            options=[(0, 0)],
            price_usd_per_h=[1.0],
            limits=operator_limits(scale_in_windows=[2]),
        ),
        objective_usd=5.0,
        instances=[[2, 2, 1]],
        starts=[[2, 0, 0]],
    ),
    # A request is worth 1e-4 on the cheap machine (1.00), 2e-4 on the dear one (2.00). 8 req/s earn 2.88 or 5.76, 10 req/s 3.60 or
    # 7.20. The dear one in both windows costs 4.00, above the budget of 3.50, so it runs in the second only: 2.88 + 7.20 - 3.00.
    HandCase(
        "limit_budget",
        tiny_problem(
            demand_rps=[[[8], [10]]],
            capacity_rps=[[0, 10], [0, 10]],
            options=[(0, 0), (1, 1)],
            price_usd_per_h=[1.0, 2.0],
            value=served_value([[1e-4, 2e-4]]),
            limits=operator_limits(machines=2, budget_usd=3.5),
        ),
        objective_usd=-7.08,
        instances=[[1, 0], [0, 1]],
    ),
    # Five-minute windows at 0.10 a machine, a load 0.15. The machine that holds model 0 is needed in the first and last window,
    # model 1 in between. Loading it over and back costs 0.30 + 2 x 0.15; a second machine for model 1 costs 0.40 + 0.15.
    HandCase(
        "count_loads",
        tiny_problem(
            demand_rps=[[[10], [0], [10]], [[0], [10], [0]]],
            window_h=[1 / 12] * 3,
            serves=[[1, 0], [0, 1]],
            capacity_rps=[[0, 10], [0, 10]],
            options=[(0, 0), (1, 0)],
            price_usd_per_h=[1.2],
            initial_count=[1],
            loads=model_loads(group_model=[0, 1], initial_loaded=[[1, 0]], load_usd=[[0.15, 0.15]]),
        ),
        objective_usd=0.55,
        instances=[[1, 1, 1], [0, 1, 0]],
    ),
    # A second of waiting costs 0.01. Class 0 needs model 0 (20 s); class 1 takes model 1 (30 s) at 1.00 or model 2, which is held,
    # at 1.25. Both loads go on at once: 2.00 + 0.30, less than 2.25 + 0.20.
    HandCase(
        "wait_for_loads",
        tiny_problem(
            demand_rps=[[[10]], [[10]]],
            serves=[[1, 0, 0], [0, 1, 1]],
            capacity_rps=[[0, 10], [0, 10], [0, 10]],
            options=[(0, 0), (1, 1), (2, 2)],
            price_usd_per_h=[1.0, 1.0, 1.25],
            initial_count=[0, 0, 1],
            loads=model_loads(
                group_model=[0, 1, 2],
                initial_loaded=[[0, 0, 0], [0, 0, 0], [0, 0, 1]],
                load_s=[20, 30, 5],
                wait_usd_per_s=0.01,
            ),
        ),
        objective_usd=2.3,
        instances=[[1], [1], [0]],
    ),
)
