"""Routes by the measured rate, what they lack, and routes that cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from planner.replay.decisions import Routes
from planner.replay.kernel import Kernel
from planner.replay.supply import ServedClass, Supply
from tests.planner.replay.kernel_cases import (
    kernel,
    routes,
    supply,
)


def test_what_weights_lack_of_one_is_refused_and_rows_above_one_are_scaled() -> None:
    found = kernel(supply(), 10)
    found.set_routes(routes(0.5, 0.25), 0.0)
    found.advance(np.arange(40) / 10, np.zeros(40), 4.0)
    assert found.tally.served[0, :, 0].tolist() == [20.0, 10.0]
    assert found.tally.refused.sum() == 10
    found.set_routes(routes(3.0, 1.0), 4.0)
    found.advance(4.0 + np.arange(40) / 10, np.zeros(40), 8.0)
    assert found.tally.served[0, :, 0].tolist() == [50.0, 20.0]


def test_routes_follow_the_measured_rate() -> None:
    """10 requests/s for two memories: the level of up to 5 is left, at the beginning the stated rate holds."""
    found = Kernel(supply(), [0.0, 1e9], seed=1)
    for _ in range(10):
        found.machine_joins("pool", -600.0)
    by_load = Routes(np.array([5.0, 20.0]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    found.set_routes({"only": by_load}, -500.0)
    found.set_rates([1.0], -500.0)  # holds at the start
    found.advance(np.arange(0, 60, 0.1), np.zeros(600), 60.0)
    to_pool = found.tally.served[0, 0, 0]
    # 1 e^(-t/30) + 10 (1 - e^(-t/30)) passes 5 at t = 30 ln(9/5)
    assert to_pool == pytest.approx(10 * 30 * np.log(9 / 5), abs=3)
    assert found.tally.served.sum() == 600


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"nobody": Routes(np.array([1.0]), np.array([[1.0, 0.0]]))}, "which are no classes"),
        (routes(1.0), r"have the shape \(1, 1\)"),
        (routes(-0.1, 1.1), "must be >= 0"),
        (routes(1.0, 0.0, overflow="other"), "none of the functions"),
        ({"only": Routes(np.array([2.0, 1.0]), np.ones((2, 2)) / 2)}, "must rise"),
    ],
)
def test_routes_that_cannot_be_are_named(wrong: dict[str, Routes], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kernel(supply(), 1).set_routes(wrong, 1.0)


def test_routes_to_where_a_class_may_not_be_served_are_named() -> None:
    one = supply()
    barred = Supply((*one.classes, ServedClass("more", 1.0, 0.9, "t", 0.5)), one.pools, (), one.functions)
    for weights, overflow in (((1.0, 0.0), None), ((0.0, 0.0), "function")):
        wrong = {"more": Routes(np.array([1.0]), np.array([weights]), overflow)}
        with pytest.raises(ValueError, match="which may not serve it"):
            Kernel(barred, [0.0, 1.0], 1).set_routes(wrong, 0.0)


@pytest.mark.parametrize(("share", "served"), [((0.5, 0.5), [3, 1]), ((0.0, 1.0), [0, 1])])
def test_where_a_function_may_not_run_another_call_the_pool_takes_the_request(
    share: tuple[float, float], served: list[int]
) -> None:
    """Four requests at once, one execution allowed: half of them are meant for the function; without a pool they are refused."""
    found = Kernel(supply(limit=1), (0.0, 1e9), seed=1)
    found.machine_joins("pool", -1.0)
    found.set_routes(routes(*share), 0.0)
    found.advance([0.0, 0.001, 0.002, 0.003], [0] * 4, 5.0)
    assert found.tally.served[0, :, 0].tolist() == served
    assert found.tally.refused[0, 0] == 4 - sum(served)
