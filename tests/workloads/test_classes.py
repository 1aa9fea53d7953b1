"""Classes cut from traces."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from workloads.classes import RequestClass, class_traces
from workloads.errors import WorkloadError
from workloads.traces import Trace

TRACES = {
    name: Trace(name, datetime(2026, 3, 2, tzinfo=UTC), 60, np.array([10.0, 20.0]))
    for name in ("web", "batch")
}


def test_classes_share_a_trace_or_have_their_own() -> None:
    classes = [
        RequestClass("strict", "web", share=0.3),
        RequestClass("relaxed", "web", share=0.7, scale=2),
        RequestClass("night", "batch"),
    ]
    found = class_traces(TRACES, classes)
    assert list(found) == ["strict", "relaxed", "night"]
    assert [one.name for one in found.values()] == list(found)
    np.testing.assert_allclose(found["strict"].counts, [3, 6])
    np.testing.assert_allclose(found["relaxed"].counts, [14, 28])
    np.testing.assert_allclose(found["night"].counts, [10, 20])


def test_all_problems_of_the_classes_are_said_at_once() -> None:
    classes = [
        RequestClass("a", "web", share=0.6),
        RequestClass("a", "wed", share=0.6),
        RequestClass("b", "web", share=0.6),
    ]
    with pytest.raises(WorkloadError) as caught:
        class_traces(TRACES, classes)
    text = str(caught.value)
    assert len(caught.value.problems) == 3
    assert "class 'a' is given 2 times" in text
    assert "no trace 'wed'; traces are web, batch. Did you mean 'web'?" in text
    assert "a 0.6 + b 0.6 add up to 1.2" in text


def test_shares_that_round_to_one_are_one() -> None:
    shares = (0.1, 0.2, 0.7)
    assert len(class_traces(TRACES, [RequestClass(f"c{s}", "web", share=s) for s in shares])) == 3


def test_share_and_scale_have_ranges() -> None:
    with pytest.raises(WorkloadError) as caught:
        RequestClass("", "web", share=0, scale=-1)
    assert len(caught.value.problems) == 3
