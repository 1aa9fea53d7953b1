"""Layers become a graph in an order of computation, or every reason why not is told at once."""

from __future__ import annotations

import pytest

from catalogs.errors import CatalogError
from catalogs.layers import Layer, graph_of
from tests.catalogs.layers.small_graphs import graph, layer

CASES: dict[str, tuple[list[Layer], list[str]]] = {
    "none": ([], ["has 0 layers; allowed are 1 to 50000."]),
    "name twice": (
        [layer("a"), layer("a", "input")],
        ["layer a stands 2 times. Give every layer its own name."],
    ),
    "name of the input": (
        [layer("input")],
        ["a layer is called 'input', the name of the model's own input."],
    ),
    "unknown input": (
        [layer("conv_1"), layer("b", "conv1")],
        ["layer b reads 'conv1', which no layer is called. Did you mean conv_1?"],
    ),
    "reads nothing": ([layer("a", "")], ["layer a reads nothing. Name the layers it reads, or 'input'"]),
    "cycle": (
        [layer("a", "input c"), layer("b", "a"), layer("c", "b"), layer("d", "c")],
        ["layers read each other in a circle: a -> b -> c -> a."],
    ),
    "itself": ([layer("a", "a")], ["layers read each other in a circle: a -> a."]),
    "two answers": (
        [layer("a"), layer("b", "a"), layer("c", "a")],
        ["2 layers are read by no other (b, c); a model has one answer."],
    ),
    "figures": (
        [layer("a", output_bytes=-1, flops=float("nan"), working_bytes=-2, time_ms={512: -1.0})],
        ["output_bytes is -1;", "flops is nan;", "working_bytes is -2;", "time_ms at 512 MB is -1.0;"],
    ),
    "times of some": (
        [layer("a", time_ms={512: 1.0, 1024: 1.0}), layer("b", "a", time_ms={512: 1.0}), layer("c", "b")],
        ["time_ms stands at 512, 1024 MB; 2 of 3 layers lack some of these (b, c)."],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_problem_is_told(name: str) -> None:
    layers, expected = CASES[name]
    with pytest.raises(CatalogError) as error:
        graph(*layers)
    assert len(error.value.problems) == len(expected)
    for problem, fragment in zip(error.value.problems, expected, strict=True):
        assert problem.startswith("tiny: ")
        assert fragment in problem


def test_problems_of_several_kinds_come_together() -> None:
    with pytest.raises(CatalogError) as error:
        graph_of("", 0, [layer("a", "b"), layer("a", "input", -3)], "made up", where="here")
    assert [problem.split(";")[0].split(". ")[0] for problem in error.value.problems] == [
        "here: model is empty",
        "here: input_bytes is 0",
        "here: layer a stands 2 times",
        "here: layer a reads 'b', which no layer is called",
        "here: layer a: output_bytes is -3",
        "here: layer a: flops is -3.0",
    ]


def test_layers_are_put_into_the_earliest_order() -> None:
    """Of what can be computed, the layer that stands first in the file comes next."""
    found = graph(layer("last", "x y"), layer("y", "first"), layer("x", "first"), layer("first"))
    assert [one.name for one in found.layers] == ["first", "y", "x", "last"]
