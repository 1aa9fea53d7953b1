"""Families of the provisioning program itself and of accuracy, solved on paper; the arithmetic stands beside each."""

from __future__ import annotations

import numpy as np

from tests.solvers.hand_case import HandCase
from tests.solvers.tiny_parts import accuracy_floors, served_value
from tests.solvers.tiny_problems import tiny_problem

PROVISIONING_CASES = (
    # Group 0 serves both classes, group 1 only the second. The first class needs one machine of group 0 (1.00), whose
    # spare 5 req/s and two machines of group 1 (1.20) carry the second class's 25 exactly; one more of either costs more.
    HandCase(
        "serve_demand",
        tiny_problem(
            demand_rps=[[[5]], [[25]]],
            serves=[[1, 0], [1, 1]],
            capacity_rps=[[0, 10, 20, 30], [0, 10, 20, 30]],
            options=[(0, 0), (1, 1)],
            price_usd_per_h=[1.0, 0.6],
        ),
        objective_usd=2.2,
        instances=[[1], [2]],
        carried_rps=[[5, 0], [5, 20]],
    ),
    # A request is worth 1e-4 (0.36 per req/s and hour), a machine carries 10 req/s for 2.00. One machine earns 3.60 less 2.00;
    # the second would earn 4 x 0.36 = 1.44 for 2.00, so 4 req/s stay unserved.
    HandCase(
        "serve_demand",
        tiny_problem(
            demand_rps=[[[14]]],
            capacity_rps=[[0, 10, 20]],
            options=[(0, 0)],
            price_usd_per_h=[2.0],
            value=served_value([[1e-4]]),
        ),
        objective_usd=-1.6,
        instances=[[1]],
        carried_rps=[[10]],
        variant="unserved",
    ),
    # Group 0 is shared at 1.50; groups 1 and 2 serve one class each at 1.00 and 1.20. Window 1: 3 + 4 fit into one
    # shared machine (1.50 < 2.20). Window 2: 3 + 8 exceed its 10 by 1, which one machine of group 1 takes: 2.50.
    HandCase(
        "share_capacity",
        tiny_problem(
            demand_rps=[[[3], [3]], [[4], [8]]],
            serves=[[1, 1, 0], [1, 0, 1]],
            capacity_rps=[[0, 10, 20], [0, 5, 10], [0, 5, 10]],
            options=[(0, 0), (1, 1), (2, 2)],
            price_usd_per_h=[1.5, 1.0, 1.2],
        ),
        objective_usd=4.0,
        instances=[[1, 1], [0, 1], [0, 0]],
        carried_rps=[[3, 0, 0], [4, 0, 0]],
    ),
    # A machine of the linear group carries 10 req/s of class 0 or 5 of class 1, one of the other 4 of class 1. 5 and 7.5 req/s keep
    # 0.5 + 1.5 linear machines busy: 2.00. One of them leaves room for 2.5 of class 1; two of the other take the 5 left: 1.90.
    HandCase(
        "share_capacity",
        tiny_problem(
            demand_rps=[[[5]], [[7.5]]],
            serves=[[1, 0], [1, 1]],
            capacity_rps=[[0, 0, 0], [0, 4, 8]],
            count_max=[0, 2],
            linear_rps=np.array([[10.0, 0.0], [5.0, 0.0]]),
            options=[(0, 0), (1, 1)],
            price_usd_per_h=[1.0, 0.45],
        ),
        objective_usd=1.9,
        instances=[[1], [2]],
        variant="linear",
    ),
    # Group 0 gains with size (2, 8, 15), group 1 does not (4, 8, 12) and ends at 3 machines. 14 req/s: three of group 0
    # (3.00) beat 2 + 2 (3.80) and 1 + 3 (3.70). 4 req/s: one of group 1 (0.90), since one of group 0 carries only 2.
    HandCase(
        "pick_count",
        tiny_problem(
            demand_rps=[[[14], [4]]],
            capacity_rps=[[0, 2, 8, 15], [0, 4, 8, 12]],
            options=[(0, 0), (1, 1)],
            price_usd_per_h=[1.0, 0.9],
        ),
        objective_usd=3.9,
        instances=[[3, 0], [0, 1]],
    ),
    # Five-minute windows at 0.10 a machine, a launch 0.15: keeping the second machine through the quiet window (0.10)
    # is cheaper than launching it again. One machine runs before, so one launch: 6 x 0.10 + 0.15.
    HandCase(
        "count_starts",
        tiny_problem(
            demand_rps=[[[20], [5], [20]]],
            window_h=[1 / 12] * 3,
            capacity_rps=[[0, 10, 20]],
            options=[(0, 0)],
            price_usd_per_h=[1.2],
            start_usd=[0.15],
            initial_count=[1],
        ),
        objective_usd=0.75,
        instances=[[2, 2, 2]],
        starts=[[1, 0, 0]],
    ),
    # 16 vCPU are two machines of either type. 23 req/s: two of 10 or one of each (22) are too few, so two of 12: 3.00.
    # Without the quota three of 10 (2.70) would do.
    HandCase(
        "keep_quota",
        tiny_problem(
            demand_rps=[[[23]]],
            capacity_rps=[[0, 10, 20, 30], [0, 12, 24, 36]],
            options=[(0, 0), (1, 1)],
            price_usd_per_h=[0.9, 1.5],
            quotas=[([8, 8], 16)],
        ),
        objective_usd=3.0,
        instances=[[0], [2]],
    ),
    # A request costs 2e-5 (0.072 per req/s and hour) and holds a function for 0.5 s; 4 at once are 8 req/s. Of 18 req/s
    # the other 10 need the machine at 2.00: 2.00 + 8 x 0.072. Without the limit functions alone would do for 1.296.
    HandCase(
        "limit_functions",
        tiny_problem(
            demand_rps=[[[18]]],
            capacity_rps=[[0, 10, 20]],
            options=[(0, 0)],
            price_usd_per_h=[2.0],
            usd_per_request=[2e-5],
            concurrency_s=[0.5],
            concurrency_limit=4.0,
        ),
        objective_usd=2.576,
        instances=[[1]],
        carried_rps=[[10]],
        overflow_rps=[[8]],
    ),
    # Two machines are paid for already; 35 req/s need four, so two more are rented at 1.00.
    HandCase(
        "use_commitments",
        tiny_problem(
            demand_rps=[[[35]]],
            capacity_rps=[[0, 10, 20, 30, 40]],
            options=[(0, 0), (0, 1)],
            price_usd_per_h=[0.0, 1.0],
            owned_count=np.array([2.0, np.inf]),
        ),
        objective_usd=2.0,
        instances=[[2], [2]],
    ),
    # Only one cheap machine is up in the first window; the dear type can be had at once. 1.00 + 3.00, then 2 x 1.00.
    HandCase(
        "wait_for_boot",
        tiny_problem(
            demand_rps=[[[20], [20]]],
            capacity_rps=[[0, 10, 20], [0, 10, 20]],
            options=[(0, 0), (1, 1)],
            price_usd_per_h=[1.0, 3.0],
            initial_count=[1, 0],
            count_limit=[[1, float("inf")], [float("inf"), float("inf")]],
        ),
        objective_usd=6.0,
        instances=[[1, 2], [1, 0]],
    ),
    # The cheap model (1.00) lies 0.1 below the accuracy asked, the dear one (1.50) 0.1 above; levels of 10 and 30 req/s with
    # probabilities 0.75 and 0.25. Two cheap and one dear machine (3.50): -0.1 x 20 + 0.1 x 10 = -1 at the upper level, +1 at the
    # lower, on the mean 0.5. Three cheap ones (3.00) never reach the floor; keeping it at the upper level alone would cost 4.00.
    HandCase(
        "meet_mean_accuracy",
        tiny_problem(
            demand_rps=[[[10, 30]]],
            level_share=[0.75, 0.25],
            capacity_rps=[[0, 10, 20, 30], [0, 10, 20, 30]],
            options=[(0, 0), (1, 1)],
            price_usd_per_h=[1.0, 1.5],
            accuracy=accuracy_floors([[-0.1, 0.1]]),
        ),
        objective_usd=3.5,
        instances=[[2], [1]],
    ),
    # Levels of 10 and 14 req/s, the upper one with probability 0.2. One machine (2.00) and functions for the 4 above it
    # (0.2 x 4 x 0.36) cost 2.288; two machines 4.00, functions alone 3.888.
    HandCase(
        "total_cost_usd",
        tiny_problem(
            demand_rps=[[[10, 14]]],
            level_share=[0.8, 0.2],
            capacity_rps=[[0, 10, 20]],
            options=[(0, 0)],
            price_usd_per_h=[2.0],
            usd_per_request=[1e-4],
            concurrency_s=[0.5],
        ),
        objective_usd=2.288,
        instances=[[1]],
        carried_rps=[[10]],
        overflow_rps=[[4]],
    ),
)
