"""Contradictions in a buffer's question: every one is named, with what was found and what is allowed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from solvers.errors import ProblemError
from tests.solvers.batching.buffers import buffers

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"d1": np.array([[4.0, 0.0]])}, r"d0 has shape \(1, 1\) and d1 \(1, 2\)"),
    ({"d1": np.array([[np.nan]])}, "not finite"),
    ({"d0": np.array([[-3.0]])}, "sums to 1 per second"),
    ({"d0": np.array([[4.0]]), "d1": np.array([[-4.0]])}, "fall to -4 per second"),
    ({"d0": np.array([[0.0]]), "d1": np.array([[0.0]])}, "no request ever arrives from phase 1"),
    (
        {"d0": np.array([[-1.0, 0.0], [0.0, 0.0]]), "d1": np.array([[0.5, 0.5], [0.0, 0.0]])},
        "no request ever arrives from phase 2",
    ),
    ({"d0": np.diag([-1.0, -2.0]), "d1": np.diag([1.0, 2.0])}, "sets that never meet"),
    ({"service_s": np.ones(4)}, r"service_s has shape \(4,\)"),
    ({"service_s": np.zeros((2, 4))}, "service_s goes from 0 to 0"),
    ({"batch_size": np.array([0, 5])}, "batch_size goes from 0 to 5; service_s is given for 1 to 4 requests"),
    ({"batch_size": np.array([], dtype=int)}, "a list of at least one value"),
    ({"timeout_s": np.array([-0.1, np.inf])}, "timeout_s goes from -0.1 to inf"),
    ({"timeout_s": np.array(0.5)}, r"timeout_s has shape \(\)"),
    ({"memory_mb": np.array([1024])}, r"memory_mb has shape \(1,\); it must be \(2,\)"),
    ({"usd_per_s": np.array([1e-5, -1e-5])}, "a price of usd_per_s or usd_per_call is -1e-05"),
    ({"usd_per_call": float("nan")}, "usd_per_call is nan"),
    ({"billing_step_s": 0.0}, "billing_step_s is 0"),
]


@pytest.mark.parametrize(("changed", "message"), WRONG)
def test_a_contradiction_is_named(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        buffers(**changed)


def test_all_contradictions_at_once() -> None:
    with pytest.raises(ProblemError) as caught:
        buffers(d0=np.array([[-3.0]]), timeout_s=np.array([-1.0]), billing_step_s=-1.0)
    assert len(caught.value.problems) == 3


def test_phases_that_are_left_for_good_are_allowed() -> None:
    """A start that is never seen again does not keep the rest from having one long-run behaviour."""
    problem = buffers((np.array([[-1.0, 0.5], [0.0, -2.0]]), np.array([[0.0, 0.5], [0.0, 2.0]])))
    assert problem.d0.shape == (2, 2)
