"""Flops of single nodes, counted on paper."""

from __future__ import annotations

from typing import Any

import pytest

from catalogs.layers.onnx_flops import NodeShapes, node_flops

CASES: list[tuple[str, tuple[tuple[int, ...], ...], tuple[int, ...], dict[str, Any], float]] = [
    ("Conv", ((1, 3, 8, 8), (16, 3, 3, 3), (16,)), (1, 16, 8, 8), {}, 2 * 1024 * 27),
    ("Conv", ((1, 16, 8, 8), (16, 1, 3, 3)), (1, 16, 8, 8), {"group": 16}, 2 * 1024 * 9),
    ("QLinearConv", ((1, 3, 8, 8), (), (), (16, 3, 1, 1), (), (), (), ()), (1, 16, 8, 8), {}, 2 * 1024 * 3),
    ("ConvTranspose", ((1, 4, 5, 5), (4, 2, 2, 2)), (1, 2, 10, 10), {}, 2 * 100 * 8),
    ("Gemm", ((5, 7), (7, 3)), (5, 3), {}, 2 * 15 * 7),
    ("Gemm", ((7, 5), (7, 3)), (5, 3), {"transA": 1}, 2 * 15 * 7),
    ("MatMul", ((2, 4, 6), (6, 3)), (2, 4, 3), {}, 2 * 24 * 6),
    ("Einsum", ((2, 4, 6), (2, 5, 6)), (2, 4, 5), {"equation": b"bid, bjd -> bij"}, 2 * 40 * 6),
    ("Einsum", ((2, 4, 6), (6, 5)), (2, 4, 5), {"equation": b"...d,dj->...j"}, 2 * 40 * 6),
    ("Einsum", ((4, 6), (6, 5)), (4, 5), {"equation": b"ij,jk"}, 2 * 20 * 6),
    ("Attention", ((1, 2, 8, 4), (1, 2, 10, 4), (1, 2, 10, 6)), (1, 2, 8, 6), {}, 2 * 10 * (64 + 96)),
    ("LSTM", ((9, 1, 5), (1, 16, 5), (1, 16, 4)), (9, 1, 1, 4), {}, 2 * 9 * (80 + 64)),
    ("MaxPool", ((1, 2, 8, 8),), (1, 2, 4, 4), {"kernel_shape": [3, 3]}, 32 * 9),
    ("GlobalAveragePool", ((1, 2, 8, 8),), (1, 2, 1, 1), {}, 128),
    ("ReduceMean", ((4, 8), (1,)), (4, 1), {}, 32),
    ("LayerNormalization", ((4, 8), (8,), (8,)), (4, 8), {}, 5 * 32),
    ("BatchNormalization", ((1, 2, 3, 3), (2,), (2,), (2,), (2,)), (1, 2, 3, 3), {}, 2 * 18),
    ("Softmax", ((4, 8),), (4, 8), {}, 3 * 32),
    ("Sum", ((4, 8), (4, 8), (4, 8)), (4, 8), {}, 2 * 32),
    ("Gelu", ((4, 8),), (4, 8), {}, 32),
    ("Transpose", ((4, 8),), (8, 4), {}, 0),
]


@pytest.mark.parametrize(("op_type", "inputs", "output", "attributes", "flops"), CASES)
def test_flops_of_a_node(
    op_type: str,
    inputs: tuple[tuple[int, ...], ...],
    output: tuple[int, ...],
    attributes: dict[str, Any],
    flops: float,
) -> None:
    assert node_flops(op_type, NodeShapes(inputs, output, attributes)) == flops


def test_an_unknown_operator_has_no_rule() -> None:
    assert node_flops("Strange", NodeShapes(((4,),), (4,), {})) is None
