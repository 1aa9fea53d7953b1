"""The 18 CNNs of the public layer table, cut by every solver; figures of one model held to its measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from catalogs.layers import read_chain
from planner.errors import InfeasiblePlanError
from planner.partition import PartitionPlan, PartitionQuestion, load_supplies, plan_partition

if TYPE_CHECKING:
    from pathlib import Path

    from planner.partition import Supplies

pytestmark = pytest.mark.real_data

MODELS = (
    "DenseNet121",
    "DenseNet169",
    "DenseNet201",
    "EfficientNetB0",
    "EfficientNetB3",
    "EfficientNetV2S",
    "InceptionResNetV2",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "NASNetMobile",
    "ResNet101",
    "ResNet152",
    "ResNet50",
    "ResNet50V2",
    "VGG16",
    "VGG19",
    "Xception",
)
TOO_LARGE_FOR_ZIP = ("VGG16", "VGG19")  # their first dense layer alone has 392 MiB
QUICK_IN_SCIP = ("InceptionV3", "NASNetMobile", "ResNet50", "VGG16", "Xception")
GAP = 1e-6


@pytest.fixture(scope="module")
def supplies() -> Supplies:
    return load_supplies("us-east-1", "aws-lambda", "x86_64")


def planned(shared_data: Path, supplies: Supplies, model: str, solver: str) -> PartitionPlan:
    question = PartitionQuestion(
        chain=read_chain(shared_data / "profiles" / "keras_layers.csv", model),
        deadline_ms=2500,
        memory_mb=(1024, 2048),
        solver=solver,
        deployment="image" if model in TOO_LARGE_FOR_ZIP else "zip",
        cold_share=0.01,
    )
    return plan_partition(question, supplies)


@pytest.mark.parametrize("model", MODELS)
def test_labels_and_the_linear_program_agree(shared_data: Path, supplies: Supplies, model: str) -> None:
    by_labels, by_pulp = (planned(shared_data, supplies, model, solver) for solver in ("labels", "pulp"))
    assert by_labels.certificate.status == by_pulp.certificate.status == "optimal"
    assert by_labels.usd_per_request == pytest.approx(by_pulp.usd_per_request, rel=2 * GAP)
    assert by_labels.latency_ms <= 2500
    assert all(one.package_mib <= by_labels.limits.package_mb for one in by_labels.segments)
    assert all(one.memory_used_mib <= one.memory_mb for one in by_labels.segments)
    assert sum(one.usd for one in by_labels.segments) == pytest.approx(by_labels.usd_per_request)
    assert sum(one.latency_ms for one in by_labels.segments) == pytest.approx(by_labels.latency_ms)


@pytest.mark.parametrize("model", QUICK_IN_SCIP)
def test_the_quadratic_program_agrees(shared_data: Path, supplies: Supplies, model: str) -> None:
    pytest.importorskip("pyscipopt")
    by_scip, by_labels = (planned(shared_data, supplies, model, solver) for solver in ("scip", "labels"))
    assert by_scip.certificate.solver == "scip"
    assert by_scip.usd_per_request == pytest.approx(by_labels.usd_per_request, rel=1e-5)


def test_a_measured_model_takes_its_measured_time_and_load(shared_data: Path, supplies: Supplies) -> None:
    """ResNet50: 103.33 ms at 1,024 MB and 1,046 ms to load (mean of five sizes), in the bundled profile."""
    plan = planned(shared_data, supplies, "ResNet50", "labels")
    (segment,) = plan.segments
    assert (segment.memory_mb, segment.compute_ms) == (1024, pytest.approx(103.33))
    assert segment.load_ms == pytest.approx(1046.4, abs=0.1)
    assert "1024" in plan.sources["times"]


def test_a_layer_too_large_for_a_package_is_named(shared_data: Path, supplies: Supplies) -> None:
    chain = read_chain(shared_data / "profiles" / "keras_layers.csv", "VGG16")
    with pytest.raises(InfeasiblePlanError, match=r"block 'fc1'.*512.*package.*250"):
        plan_partition(PartitionQuestion(chain=chain, deadline_ms=2000), supplies)
