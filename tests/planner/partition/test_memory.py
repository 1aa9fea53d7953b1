"""Whole models in one function, beside the memory sizes at which they ran, and ran out of memory, on AWS Lambda."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from catalogs.importers.model_names import canonical_model
from catalogs.layers import read_chain
from planner.errors import InfeasiblePlanError
from planner.partition import PartitionQuestion, load_supplies, plan_partition

if TYPE_CHECKING:
    from pathlib import Path

    from catalogs.layers import BlockChain
    from planner.partition import Supplies


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["MobileNet", "MobileNetV2", "ResNet50", "InceptionV3", "VGG16", "VGG19"])
def test_memory_is_asked_for_where_calls_ran_out_of_it(name: str, shared_data: Path) -> None:
    """Every size measured is enough for the whole model, no size that failed is."""
    chain = read_chain(shared_data / "profiles" / "keras_layers.csv", name)
    supplies = load_supplies("us-east-1", "aws-lambda", "x86_64")
    model = canonical_model(name)
    ran = {one.memory_mb for one in supplies.profiles.function_times if one.model == model}
    failed = set(supplies.profiles.failed_sizes(model, "aws-lambda"))
    assert ran
    enough = {size for size in ran | failed if fits(chain_question(chain, size), supplies)}
    assert enough == ran - failed


def chain_question(chain: BlockChain, size: int) -> PartitionQuestion:
    return PartitionQuestion(
        chain=chain, deadline_ms=60_000, memory_mb=(size,), max_functions=1, deployment="image"
    )


def fits(question: PartitionQuestion, supplies: Supplies) -> bool:
    """Whether one function of the size holds the model; memory is all that may be too little."""
    try:
        plan_partition(question, supplies)
    except InfeasiblePlanError as error:
        return "MiB of memory" not in str(error)
    return True
