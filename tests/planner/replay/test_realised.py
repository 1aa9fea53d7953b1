"""Requests of a plan's own levels, and files by the name of their trace."""

from __future__ import annotations

import numpy as np
import pytest

from planner.errors import InputError
from planner.plan import ProvisioningPlan
from planner.replay.realised import named_files, requests_at_level
from tests.planner.plan_case import START, plan_data


def test_a_level_is_a_rate_in_every_window() -> None:
    """Strict is half of the trace: 8 requests/s of it at the top level are 16 of the trace."""
    data = plan_data()
    for window in data["windows"]:
        window["levels"][1]["demand_rps"]["lax"] = 8.0
    data["windows"][1]["levels"][1]["demand_rps"] = {"strict": 4.0, "lax": 4.0}
    plan = ProvisioningPlan.model_validate(data)
    requests = requests_at_level(plan, 0.99, scale=2.0)
    assert (requests.start, requests.duration_s) == (START, 7200.0)
    assert requests.traces["web"].rate_rps.tolist() == [32.0, 16.0]
    assert requests.traces["web"].dispersion_index is None
    assert requests_at_level(plan, 0.99, dispersion_index=3.0).traces["web"].dispersion_index == 3.0


def test_every_fault_of_a_level_is_told() -> None:
    data = plan_data()
    data["windows"][1]["end"] = "2026-11-23T01:30:00Z"
    with pytest.raises(InputError) as failure:
        requests_at_level(ProvisioningPlan.model_validate(data), 0.5, scale=np.nan)
    assert len(failure.value.problems) == 3


def test_files_go_by_the_name_of_their_trace() -> None:
    assert named_files(["a.csv"], ["web"]) == {"web": "a.csv"}
    assert named_files(["x=a.csv"], ["web"]) == {"web": "x=a.csv"}
    assert named_files(["app=b.csv", "web=a.csv"], ["web", "app"]) == {"web": "a.csv", "app": "b.csv"}
    with pytest.raises(InputError) as failure:
        named_files(["a.csv", "wbe=a.csv", "web=a.csv", "web=b.csv"], ["web", "app"])
    assert len(failure.value.problems) == 3
