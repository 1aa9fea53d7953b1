"""Labels and linear program on the chains of 18 published networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from catalogs.layers import read_chain
from solvers.partition import InfeasiblePartitionError, solve_partition
from tests.solvers.partition.real_chains import cnn_models, real_problem

if TYPE_CHECKING:
    from pathlib import Path

UNCUT = dict.fromkeys(("VGG16", "VGG19"), ("package", 190 + 392))  # MiB: their first dense layer alone is 392


@pytest.mark.real_data
def test_labels_and_the_linear_program_agree_on_18_networks(shared_data: Path) -> None:
    """Least price halfway between the fastest and the cheapest partition, 20 memory sizes; what cannot be cut is named."""
    table = shared_data / "profiles" / "keras_layers.csv"
    models = cnn_models(table)
    assert len(models) == 18
    infeasible = {}
    for model in models:
        problem = real_problem(read_chain(table, model), np.arange(512, 10241, 512))
        try:
            fastest, cheapest = solve_partition(problem, minimise="latency"), solve_partition(problem)
        except InfeasiblePartitionError as error:
            infeasible[model] = (error.limit, round(error.needed or 0))
            continue
        deadline_ms = (fastest.latency_ms + cheapest.latency_ms) / 2
        answers = [
            solve_partition(problem, deadline_ms=deadline_ms, solver=name) for name in ("labels", "pulp")
        ]
        assert answers[1].usd == pytest.approx(answers[0].usd, rel=2e-6), model
    assert infeasible == UNCUT
