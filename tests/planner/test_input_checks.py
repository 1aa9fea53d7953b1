"""Histories that no forecast can start from, and names that no catalog knows, are told when inputs are checked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from catalogs.containers import load_container_tariffs
from planner.errors import InputError
from planner.input_checks import check_names, history_of
from tests.planner.small_catalogs import prices, profiles, request_class, scenario, variant
from workloads.generators import generate_trace

if TYPE_CHECKING:
    from planner.scenario import Scenario
    from workloads.traces import Trace

START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def two_days(mean_rps: float = 5.0) -> Trace:
    return generate_trace(
        "poisson",
        name="web",
        seed=1,
        start=START,
        duration_s=2 * 86_400.0,
        interval_s=300.0,
        mean_rps=mean_rps,
    )


def test_the_future_is_cut_off() -> None:
    history = history_of(two_days(), START + DAY)
    assert history.end == START + DAY
    np.testing.assert_array_equal(history.counts, two_days().counts[: len(history.counts)])


def test_a_history_as_old_as_it_is_long_will_do() -> None:
    assert history_of(two_days(), START + 4 * DAY).end == START + 2 * DAY


@pytest.mark.parametrize(
    ("start", "fragment"),
    [
        (START, "begins at 2026-11-01T00:00:00Z, and horizon.start is 2026-11-01T00:00:00Z"),
        (START - DAY, "the history must come before the horizon"),
        (START + 4.5 * DAY, "2.5 days before horizon.start, 2026-11-05T12:00:00Z, and is only 2.0 days long"),
    ],
)
def test_a_history_out_of_reach_is_an_input_error(start: datetime, fragment: str) -> None:
    with pytest.raises(InputError) as caught:
        history_of(two_days(), start)
    assert caught.value.problems[0].startswith("workload.traces.web ")
    assert fragment in caught.value.problems[0]


def test_a_history_without_requests_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"holds no request before horizon\.start, 2026-11-02T00:00:00Z"):
        history_of(two_days(1e-12), START + DAY)


VARIANTS = (variant("good"), variant("poor", 0.6), variant("ranker", 0.5, task="ranking", metric="recall"))


def problems_of(question: Scenario) -> list[str]:
    with pytest.raises(InputError) as caught:
        check_names(question, prices(), profiles(variants=VARIANTS))
    return list(caught.value.problems)


def test_every_place_that_names_a_model_is_checked() -> None:
    named = request_class(models=["good", "god"])
    del named["task"]
    found = problems_of(
        scenario(
            named,
            models={"load_s": {"pour": 3.0}},
            resources={"current_fleet": [{"instance_type": "c5.large", "count": 1, "model": "rankers"}]},
        )
    )
    assert len(found) == 3
    assert any("models.load_s names 'pour'" in line and "'poor'" in line for line in found)
    assert any("workload.classes[0] (web): models names 'god'" in line for line in found)
    assert any(
        "c5.large holds 'rankers', which is no model variant. Did you mean 'ranker'?" in line
        for line in found
    )


def test_commitments_and_containers_of_the_fleet_must_be_on_sale() -> None:
    resources = {
        "containers": {"enabled": True},
        "commitments": [{"instance_type": "c5.lrge", "count": 1}],
        "current_fleet": [
            {"instance_type": "fargate-2vcpu-4gb", "market": "container", "count": 1},
            {"instance_type": "fargate-2vcpu-99gb", "market": "container", "count": 1},
        ],
    }
    with pytest.raises(InputError) as caught:
        check_names(
            scenario(resources=resources),
            prices(),
            profiles(variants=VARIANTS),
            load_container_tariffs("us-east-1"),
        )
    commitment, container = caught.value.problems
    assert "resources.commitments: c5.lrge has no price" in commitment
    assert "Did you mean 'c5.large'?" in commitment
    assert "fargate-2vcpu-99gb has no price and shape" in container


def test_effective_accuracy_does_not_add_up_different_metrics() -> None:
    classes = (request_class("seen"), request_class("ranked", task="ranking"))
    (problem,) = problems_of(scenario(*classes, objective={"maximise": "effective_accuracy"}))
    assert "imagenet-top1 for seen; recall for ranked" in problem
    assert "cannot be compared" in problem


def test_traces_of_availability_are_of_zones_or_types_that_exist() -> None:
    spot = {"policy": "chance", "violation_share": 0.05, "availability": {}}
    known = {"us-east-1a": __file__, "c5.large": __file__, "c5.xlarge/us-east-1a": __file__}
    resources = {"zones": ["us-east-1a"]}
    check_names(
        scenario(resources=resources, spot=spot | {"availability": known}),
        prices(),
        profiles(variants=VARIANTS),
    )
    unknown = {"us-east-1b": __file__, "c5.lage/us-east-1a": __file__}
    zone, host = problems_of(scenario(resources=resources, spot=spot | {"availability": unknown}))
    assert "'us-east-1b', which is no zone" in zone
    assert "Did you mean 'c5.large'?" in host
