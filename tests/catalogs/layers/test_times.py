"""Times of blocks: which figures are trusted, how they are shared out, and what memory and batch make of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from catalogs.errors import CatalogError
from catalogs.interpolation import function_time_at_memory
from catalogs.layers import Block, BlockChain, block_times, blocks_of
from catalogs.layers.memory_speed import MemoryLaw
from catalogs.layers.operators import COEFFICIENTS, operator_ms, unknown_kinds
from catalogs.measurements import FunctionTime
from tests.catalogs.layers.small_graphs import graph, inception, layer

LAW = MemoryLaw(mb_per_vcpu=1000.0, parallel_share=0.5)
ODD = "no operator stands for it"


def measured(memory_mb: int, mean_ms: float, **changes: Any) -> FunctionTime:
    figures = {"provider": "aws-lambda", "arch": "x86_64", "batch": 1, "items_per_request": 1} | changes
    return FunctionTime(
        model="tiny", memory_mb=memory_mb, mean_ms=mean_ms, quantiles=(), load_ms=None, samples=None, source="a test",
        obtained="measured", **figures,
    )  # fmt: skip


def odd_inception() -> BlockChain:
    """Blocks of 100, 200 and 5 flops of a kind that has no operator time."""
    return blocks_of(graph(*(replace(one, kind=ODD) for one in inception().layers)))


def test_speed_by_memory() -> None:
    """Half a vCPU is half as fast; of two the parallel half of the work gains: 1 / (0.5 + 0.25)."""
    assert LAW.speed([500, 1000, 2000]) == pytest.approx([0.5, 1.0, 4 / 3])


def test_times_between_measured_settings_and_outside() -> None:
    """Linear between; by the law outside; more memory never slower; across a failed size from the larger."""
    known = np.array([[100.0, 40.0, 44.0]])
    between = LAW.between([500, 1000, 2000], known, [250, 500, 750, 1000, 1500, 2000, 4000])
    by_law = 44 * LAW.speed(2000) / LAW.speed(4000)
    assert between == pytest.approx(np.array([[200, 100, 72, 44, 44, 44, float(by_law)]]))
    failed = LAW.between([500, 1000, 2000], known, [500, 750, 1000, 1500], failed_mb=[600, 2000])
    assert failed == pytest.approx(np.array([[100, 44 / 0.75, 44, 44]]))


def test_times_between_settings_are_those_of_the_profile_catalog() -> None:
    points = [measured(512, 208.3), measured(1024, 106.1), measured(2048, 63.9)]
    for memory_mb in (512, 700, 1024, 1800, 2048):
        one = function_time_at_memory(points, memory_mb)
        assert one is not None
        ours = LAW.between([512, 1024, 2048], np.array([[208.3, 106.1, 63.9]]), [memory_mb])
        assert one.mean_ms == pytest.approx(ours.item())


@pytest.mark.parametrize(
    ("law", "fragment"),
    [
        ({"mb_per_vcpu": 0.0}, "mb_per_vcpu is 0"),
        ({"parallel_share": 1.5}, "parallel_share is 1.5; it must be a share"),
    ],
)
def test_a_law_out_of_range_is_refused(law: dict[str, float], fragment: str) -> None:
    with pytest.raises(CatalogError, match=fragment):
        MemoryLaw(**law)


def test_measured_layers_come_first() -> None:
    times = {"a": {512: 4.0, 1024: 2.0}, "b": {512: 1.0, 1024: 1.0}}
    chain = blocks_of(graph(layer("a", time_ms=times["a"]), layer("b", "a", time_ms=times["b"])))
    found = block_times(chain, [512, 768, 1024], function_times=[measured(512, 99.0)])
    assert found.basis == "measured layers"
    assert found.block_ms == pytest.approx(np.array([[4, 3, 2], [1, 1, 1]]))
    assert found.source.startswith(
        "times of made up at 512, 1024 MB; outside of these speed as memory up to 1769 MB"
    )
    doubled = block_times(chain, [512], batch=3, batch_scaling=0.5)
    assert doubled.block_ms == pytest.approx(np.array([[8], [2]]))
    assert doubled.source.endswith("a batch of 3 takes 2 times as long as one request")


def test_a_measured_model_is_shared_out_by_flops_where_a_kind_is_unknown() -> None:
    found = block_times(
        odd_inception(), [512, 1024], function_times=[measured(512, 305.0), measured(1024, 61.0)]
    )
    assert found.basis == "measured model"
    assert found.block_ms == pytest.approx(np.array([[100, 20], [200, 40], [5, 1]]))
    assert [ms.shape for ms in found.branch_ms] == [(0, 2), (3, 2), (0, 2)]
    assert found.branch_ms[1] == pytest.approx(np.array([[30, 6], [50, 10], [120, 24]]))
    assert found.rest_ms == pytest.approx(np.array([[100, 20], [0, 0], [5, 1]]))
    assert found.source.endswith(
        f"shared out over the layers by flops (kinds without an operator time: {ODD})"
    )


def test_a_measured_model_is_shared_out_by_operators() -> None:
    """A convolution of 1,024,000 multiplications and an activation of 10,240 elements."""
    chain = blocks_of(
        graph(
            layer("c", kind="Conv2D", flops=2_048_000.0, output_bytes=40_960),
            layer("r", "c", kind="ReLU", output_bytes=4),
        )
    )
    conv, relu = (COEFFICIENTS[one] for one in ("convolution", "activation"))
    weights = np.array([conv[0] * 1000 + conv[1], relu[0] * 10 + relu[1]])
    found = block_times(chain, [512], function_times=[measured(512, 60.0)])
    assert found.block_ms[:, 0] == pytest.approx(60 * weights / weights.sum())
    assert "by Gillis' operator times" in found.source
    alone = block_times(chain, [1769, 3008])
    assert alone.basis == "operators"
    assert alone.block_ms[:, 1] == pytest.approx(weights)
    assert (alone.block_ms[:, 0] > alone.block_ms[:, 1]).all()


def test_a_time_by_operators_is_never_negative() -> None:
    """The line of pooling meets zero at 86 thousand elements."""
    chain = graph(layer("p", kind="MaxPool", output_bytes=4), input_bytes=40)
    assert operator_ms(chain) == {"p": 0.0}
    assert unknown_kinds([layer("x", kind="Strange"), layer("y", kind="Other", flops=0.0)]) == ["Strange"]


def test_flops_at_a_stated_speed_come_last() -> None:
    found = block_times(odd_inception(), [500, 1000], mb_per_vcpu=1000, gflops_per_vcpu=1e-6)
    assert found.basis == "flops"
    assert found.block_ms == pytest.approx(np.array([[200, 100], [400, 200], [10, 5]]))
    assert found.source.startswith("flops at 1e-06 GFLOP/s a vCPU (assumed, not measured)")
    default = block_times(odd_inception(), [1769])
    assert default.block_ms[0, 0] == pytest.approx(100 / 25e6)


def test_a_chain_without_layers_is_shared_out_by_flops() -> None:
    blocks = (Block("a", ("a",), 0, 30.0, 1, 1), Block("b", ("b",), 0, 10.0, 1, 1))
    found = block_times(BlockChain("Tiny", 1, blocks, "made up"), [512], function_times=[measured(512, 8.0)])
    assert found.block_ms == pytest.approx(np.array([[6.0], [2.0]]))
    assert "flops (its kinds of layers not being known)" in found.source


def test_batches_are_measured_interpolated_or_grown() -> None:
    """10 ms for one and 16 for four: 12 for two; for seven by the rule, (1 + 0.5 x 6) / (1 + 0.5 x 3) of 16."""
    known = [measured(512, 10.0), measured(512, 16.0, batch=4), measured(512, 99.0, items_per_request=2)]
    total = {
        batch: block_times(
            odd_inception(), [512], function_times=known, batch=batch, batch_scaling=0.5
        ).block_ms.sum()
        for batch in (1, 2, 4, 7)
    }
    assert total == pytest.approx({1: 10.0, 2: 12.0, 4: 16.0, 7: 16 * 4 / 2.5})
    assert (
        "a batch of 7 takes 1.6 times as long as one of 4"
        in block_times(odd_inception(), [512], function_times=known, batch=7, batch_scaling=0.5).source
    )


def test_times_of_several_hosts_are_not_mixed() -> None:
    with pytest.raises(CatalogError, match=r"several hosts \(aws-lambda arm64, aws-lambda x86_64\)"):
        block_times(
            odd_inception(), [512], function_times=[measured(512, 1.0), measured(512, 1.0, arch="arm64")]
        )


def test_figures_out_of_range_are_told_together() -> None:
    with pytest.raises(CatalogError) as error:
        block_times(odd_inception(), [1024, 512], batch=0, batch_scaling=-1, gflops_per_vcpu=0)
    starts = [problem.split(" is ")[0] for problem in error.value.problems]
    assert starts == ["memory_mb", "gflops_per_vcpu", "batch", "batch_scaling"]
    idle = blocks_of(graph(layer("a", kind="Flatten", flops=0.0)))
    with pytest.raises(CatalogError, match="no layer has flops or a measured time"):
        block_times(idle, [512])
