"""Functions with ranges of rates or prices of standing ready, small enough to solve on paper; the arithmetic stands beside each."""

from __future__ import annotations

from tests.solvers.hand_case import HandCase
from tests.solvers.tiny_parts import function_rates
from tests.solvers.tiny_problems import tiny_problem

RATE_CASES = (
    # 12 req/s, machines of 10 at 2.00. A function takes up to 3 req/s at 0.18 per req/s and hour, another 4 to 8 at 0.036: 11 at
    # most. One machine leaves 2 req/s, 0.36 at the slow rate; so it carries 8, and 4 go at the fast one: 2.00 + 0.144.
    HandCase(
        "bracket_rate",
        tiny_problem(
            demand_rps=[[[12]]],
            capacity_rps=[[0, 10, 20]],
            options=[(0, 0)],
            price_usd_per_h=[2.0],
            usd_per_request=[5e-5, 1e-5],
            rates=function_rates(least_rps=[0, 4], most_rps=[3, 8]),
        ),
        objective_usd=2.144,
        instances=[[1]],
        carried_rps=[[8]],
        overflow_rps=[[0, 4]],
    ),
    # Machines of 10 req/s at 1.00; a function held ready for 0.50 an hour costs 0.0036 per req/s and hour, one that is not 0.36;
    # both together take 4 req/s at most. Half of the first window needs 4 req/s, half 14: a machine, and 4 req/s of the first
    # function, 1.00 + 0.50 + 0.0072. The second window needs 1 and 2 req/s, its readiness once: 0.50 + 0.0054, not 0.54 or 1.00.
    HandCase(
        "hold_ready",
        tiny_problem(
            demand_rps=[[[4, 14], [1, 2]]],
            capacity_rps=[[0, 10, 20]],
            options=[(0, 0)],
            price_usd_per_h=[1.0],
            usd_per_request=[1e-6, 1e-4],
            concurrency_s=[0.5, 0.5],
            concurrency_limit=2.0,
            rates=function_rates(usd_per_h=[0.5, 0]),
        ),
        objective_usd=2.0126,
        instances=[[1, 0]],
        carried_rps=[[10]],
        overflow_rps=[[4, 0]],
    ),
)
