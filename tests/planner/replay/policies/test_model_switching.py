"""Model-Switching on given hardware: which model at which load, how machines change over, and what hardware is given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.errors import InputError
from planner.queueing import deadline_meet_rate
from planner.replay.policies.hardware import Hardware, hardware_of, models_on
from planner.replay.policies.model_switching import (
    ModelSwitching,
    model_switching,
    profile,
    service_of,
    static_models,
)
from planner.replay.policies.registry import make_policy
from tests.planner.replay.policies.rolling_case import TIMES, Case, case, played, seen_at
from tests.planner.small_catalogs import profiles, request_class, variant

EFFECTIVE = {"objective": {"maximise": "effective_accuracy"}}  # keeps every model among the options
QUOTA = {"quotas": [{"family": "standard", "market": "on-demand", "vcpu": 8}]}


def switching(**more: object) -> Case:
    """Two models for one class, on hardware of at most 8 vCPU."""
    resources = QUOTA | {"functions": {"enabled": False}} | dict(more.pop("resources", {}))  # type: ignore[call-overload]
    return case(request_class(share=1.0, percentile=None), **EFFECTIVE, resources=resources, **more)


@pytest.fixture(scope="module")
def small() -> Case:
    return switching()


@pytest.fixture(scope="module")
def policy(small: Case) -> ModelSwitching:
    return model_switching(small.context)


def models_of(small: Case, machines: dict[tuple[str, str], int]) -> dict[str, int]:
    """Machines by the model they hold."""
    model = {pool.name: pool.model for pool in small.supply.pools}
    return {model[pool]: count for (pool, _), count in machines.items()}


def test_the_model_of_the_largest_effective_accuracy_is_taken(small: Case, policy: ModelSwitching) -> None:
    """At every load of the profile: accuracy x share in time, of all models (equation 1)."""
    given = policy.hardware
    loads, best = profile(small.supply, given)
    deadline_s = small.supply.classes[0].deadline_s
    for load, chosen in zip(loads[::50], best[::50], strict=True):
        effective = [
            pool.accuracy * float(deadline_meet_rate(service_of(pool, "web"), given.count, load, deadline_s))  # type: ignore[operator]
            for pool in given.pools
        ]
        assert effective[chosen] == max(effective) or max(effective) == 0
    assert [given.pools[m].model for m in (best[0], best[-1])] == ["good", "poor"]


def test_the_last_second_decides(small: Case, policy: ModelSwitching) -> None:
    """Little load for two seconds, much for one: the model changes when that second is over, and back."""
    arrived = np.array([[5.0, 5.0, 150.0, 5.0]])
    held = [
        models_of(small, dict(policy.decide(seen_at(now_s, arrived, bin_s=1.0)).machines))
        for now_s in (1.0, 2.0, 3.0, 4.0)
    ]
    count = policy.hardware.count
    assert held == [{"good": count}, {"good": count}, {"poor": count}, {"good": count}]


def test_all_requests_go_to_the_chosen_model(small: Case, policy: ModelSwitching) -> None:
    decision = policy.decide(seen_at(1.0, np.array([[150.0]]), bin_s=1.0))
    weights = decision.routes["web"].weights
    (place,) = decision.machines
    assert small.supply.targets[int(weights[0].argmax())] == place[0]
    assert weights.sum() == 1.0


def test_while_requests_wait_for_the_model_before_one_machine_stays(policy: ModelSwitching) -> None:
    good, poor = (policy.hardware.place(m) for m in range(2))
    seen = seen_at(1.0, np.array([[150.0]]), {good: policy.hardware.count}, 1.0, waiting={good[0]: 3})
    assert policy.decide(seen).machines == {good: 1, poor: policy.hardware.count - 1}
    empty = seen_at(1.0, np.array([[150.0]]), {good: 1, poor: 3}, 1.0, waiting={good[0]: 0})
    assert policy.decide(empty).machines == {poor: policy.hardware.count}


def test_a_single_machine_changes_over_at_once(policy: ModelSwitching, small: Case) -> None:
    alone = ModelSwitching("alone", small.supply, replace(policy.hardware, count=1))
    good, poor = (policy.hardware.place(m) for m in range(2))
    seen = seen_at(1.0, np.array([[150.0]]), {good: 1}, 1.0, waiting={good[0]: 3})
    assert alone.decide(seen).machines == {poor: 1}


def test_static_models_have_the_same_hardware(small: Case, policy: ModelSwitching) -> None:
    held = static_models(small.context)
    assert sorted(held) == ["static-good", "static-poor"]
    for name, one in held.items():
        made = played(one, small.realised(), 7_200.0)
        assert len(made) == 1
        assert models_of(small, dict(made[0][1].machines)) == {
            name.removeprefix("static-"): policy.hardware.count
        }


def test_static_models_are_made_by_name(small: Case) -> None:
    assert make_policy("static-good", small.context)[0].name == "static-good"
    with pytest.raises(InputError, match="there are static-good, static-poor"):
        make_policy("static-god", small.context)


def hardware(one: Case, largest_rps: float = 40.0) -> Hardware:
    return hardware_of(one.scenario, one.options, one.supply, largest_rps)


def test_quotas_give_four_machines_that_change_one_by_one(small: Case) -> None:
    """8 vCPU are four machines of 2 or two of 4: the paper has four replicas."""
    found = hardware(small)
    assert (found.rental.id, found.count) == ("c5.large/on-demand", 4)


def test_of_kinds_that_give_four_machines_the_one_that_carries_most_is_taken() -> None:
    twice = switching(resources={"quotas": [{"family": "standard", "market": "on-demand", "vcpu": 16}]})
    found = hardware(twice)
    rivals = {
        rental.instance_type: Hardware(rental, count, models_on(twice.supply, rental)).fastest_rps
        for rental in twice.supply.rentals
        for name, count in (("c5.large", 8), ("c5.xlarge", 4))
        if rental.id == f"{name}/on-demand"
    }
    assert found.rental.instance_type == max(rivals, key=lambda name: rivals[name])


def test_a_fleet_that_is_stated_comes_before_quotas() -> None:
    fleet = [{"instance_type": "c5.xlarge", "market": "on-demand", "count": 3}]
    found = hardware(switching(resources={"current_fleet": fleet}))
    assert (found.rental.id, found.count) == ("c5.xlarge/on-demand", 3)


def test_without_either_the_cheapest_that_carry_the_load() -> None:
    free = case(
        request_class(share=1.0, percentile=None),
        objective=EFFECTIVE["objective"],
        resources={"budget_usd": 50.0, "functions": {"enabled": False}},
    )
    found = hardware(free, largest_rps=300.0)
    assert found.fastest_rps >= 300.0
    assert found.fastest_rps * (found.count - 1) / found.count < 300.0


def test_no_hardware_for_all_classes_is_told() -> None:
    """One class asks for a model that the other does not name."""
    apart = case(
        request_class("one", models=["good"], task=None),
        request_class("two", models=["poor"], task=None),
        catalog=profiles(*TIMES, variants=(variant("good"), variant("poor", 0.60))),
    )
    with pytest.raises(InputError, match="no kind of machine may serve every class"):
        hardware(apart)
