"""Function calls: cold, warm and provisioned, their bills, limit and buffers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.replay.kernel import Kernel
from tests.planner.replay.kernel_cases import (
    kernel,
    routes,
    supply,
)


def test_calls_are_cold_warm_or_provisioned_and_billed_by_whole_steps() -> None:
    """Fee 1; 0.1 s are 4 steps of 0.03 s; 0.6 s cold are 20 of them; 10 USD/s, 2 USD/s on provisioned, 0.5 to keep it."""
    found = kernel(supply(), 0, edges=(0.0, 10.0, 20.0))
    found.set_routes(routes(0.0, 1.0), 0.0)
    found.advance([1.0, 3.0], [0, 0], 5.0)  # cold, warm
    found.set_instances({"function": 1}, {}, 5.0)
    found.advance([6.0, 6.05], [0, 0], 12.0)  # provisioned, warm
    found.set_instances({}, {}, 12.0)
    found.advance([13.0], [0], 20.0)
    found.finish(20.0)
    warm, cold, on_provisioned = 1 + 0.12 * 10, 1 + 0.6 * 10, 1 + 0.12 * 2
    assert found.tally.calls_usd == pytest.approx(np.array([[cold + 2 * warm + on_provisioned, warm]]))
    assert found.tally.warm_s == pytest.approx(np.array([[0.4, 0.1]]))
    assert found.tally.billed_s == pytest.approx(np.array([[0.6 + 3 * 0.12, 0.12]]))
    assert found.tally.most_calls.tolist() == [[2.0, 1.0]]
    assert found.tally.calls.tolist() == [[4.0, 1.0]]
    assert found.tally.cold_calls.tolist() == [[1.0, 0.0]]
    assert found.tally.provisioned_usd == pytest.approx([2.5, 1.0])
    assert found.tally.latency_sum_s == pytest.approx(np.array([[0.6 + 0.3, 0.1]]))


def test_idle_instances_end_after_the_keep_alive_and_the_one_used_last_goes_first() -> None:
    found = kernel(supply(cold_s=0.0, keep_alive_s=10.0), 0)
    found.set_routes(routes(0.0, 1.0), 0.0)
    found.advance([0.0, 0.05], [0, 0], 1.0)  # two instances
    found.advance([5.0, 12.0], [0, 0], 13.0)  # both on the second: the first one has ended at 10.1
    found.advance([13.0, 13.01], [0, 0], 14.0)
    assert found.tally.cold_calls.sum() == 3


def test_calls_beyond_the_concurrency_limit_are_refused_and_provisioned_ones_count_always() -> None:
    found = kernel(supply(limit=4, functions=2), 0)
    found.set_routes(routes(0.0, 1.0), 0.0)
    found.advance([0.0, 0.01, 0.02], [0, 0, 0], 1.0)
    assert found.tally.refused.sum() == 1  # two calls of two executions run
    found.set_instances({"function": 1}, {}, 1.0)
    found.advance([1.0, 1.01, 1.02], [0, 0, 0], 2.0)
    assert found.tally.refused.sum() == 2


def test_no_more_calls_run_than_are_set_aside_for_the_function() -> None:
    """Two are set aside: of three calls at once the last is refused; one kept ready is among the two."""
    found = kernel(supply(cold_s=0.0), 0)
    found.set_routes(routes(0.0, 1.0), 0.0)
    found.set_instances({}, {"function": 2}, 0.0)
    found.advance([0.0, 0.01, 0.02, 0.5], [0] * 4, 1.0)
    assert found.tally.refused.sum() == 1
    found.set_instances({"function": 1}, {"function": 2}, 1.0)
    found.advance([1.0, 1.01, 1.02], [0] * 3, 2.0)
    assert found.tally.refused.sum() == 2
    found.set_instances({}, {}, 2.0)
    found.advance([2.0, 2.01, 2.02], [0] * 3, 3.0)
    assert found.tally.refused.sum() == 2


def test_overflow_waits_in_the_pool_where_the_call_would_be_refused() -> None:
    found = kernel(supply(limit=1, deadline_s=0.1), 1, overflow="function")
    found.advance([0.0, 0.01, 0.02], [0, 0, 0], 1.0)
    assert found.tally.served[0, :, 0].tolist() == [2.0, 1.0]
    assert found.tally.overflowed.sum() == 1


def test_many_calls_at_once_need_longer_rows() -> None:
    found = kernel(supply(cold_s=0.0), 0)
    found.set_routes(routes(0.0, 1.0), 0.0)
    found.advance(np.linspace(0, 0.05, 500), np.zeros(500), 1.0)
    found.advance(np.linspace(1.0, 1.05, 500), np.zeros(500), 2.0)
    assert found.tally.cold_calls.sum() == 500
    assert found.tally.calls.sum() == 1000


def test_a_buffer_is_called_full_or_when_its_first_request_has_waited() -> None:
    one = supply(cold_s=0.0)
    buffered = replace(one.functions[0], batch=2, batch_timeout_s=0.5)
    found = kernel(replace(one, functions=(buffered,)), 0)
    found.set_routes(routes(0.0, 1.0), 0.0)
    found.advance([0.0, 0.1, 1.0], [0, 0, 0], 3.0)
    assert found.tally.calls.sum() == 2
    assert found.tally.latency_sum_s.sum() == pytest.approx((0.1 + 0.1) + 0.1 + (0.5 + 0.1))


def test_a_call_that_is_not_full_is_shorter_and_cheaper() -> None:
    """Fee 1 and 10 USD/s by whole steps of 0.03 s: 0.1 s in a full call are 4 steps, 0.06 s of a call of one are 2."""
    one = supply(cold_s=0.0)
    buffered = replace(one.functions[0], batch=2, batch_timeout_s=0.5, size_stretch=(0.6, 1.0))
    found = kernel(replace(one, functions=(buffered,)), 0)
    found.set_routes(routes(0.0, 1.0), 0.0)
    found.advance([0.0, 0.1, 1.0], [0, 0, 0], 3.0)
    assert found.tally.warm_s.sum() == pytest.approx(0.1 + 0.06)
    assert found.tally.calls_usd.sum() == pytest.approx((1 + 0.12 * 10) + (1 + 0.06 * 10))
    assert found.tally.latency_sum_s.sum() == pytest.approx((0.1 + 0.1) + 0.1 + (0.5 + 0.06))


def test_at_the_end_every_buffer_is_called_when_it_is_due() -> None:
    """Two buffers hold one request each when the replay ends: neither is refused, and both count where they arrived."""
    one = supply(cold_s=0.0)
    functions = tuple(
        replace(one.functions[0], name=name, batch=4, batch_timeout_s=timeout_s)
        for name, timeout_s in (("patient", 5.0), ("quick", 2.0))
    )
    found = Kernel(replace(one, functions=functions), (0.0, 10.0, 20.0), seed=1)
    found.set_routes(routes(0.0, 0.5, 0.5), 0.0)
    found.advance([19.0, 19.5], [0, 0], 20.0)
    found.finish(20.0)
    assert found.tally.refused.sum() == 0
    assert found.tally.served.sum(axis=0).tolist() == [[0.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    assert found.tally.latency_sum_s.sum() == pytest.approx(5.0 + 2.0 + 2 * 0.1)
    assert found.tally.calls.tolist() == [[0.0, 1.0], [0.0, 1.0]]
