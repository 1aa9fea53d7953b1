"""Small graphs for the tests of layers: sizes in bytes that tell every tensor apart, one flop a byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.layers import Layer, LayerGraph, graph_of

if TYPE_CHECKING:
    import numpy as np


def layer(name: str, inputs: str = "input", output_bytes: int = 1, **changes: object) -> Layer:
    """A layer that reads the names given, separated by spaces."""
    figures = {"kind": "Relu", "param_bytes": 0, "flops": float(output_bytes)} | changes
    return Layer(name=name, inputs=tuple(inputs.split()), output_bytes=output_bytes, **figures)  # type: ignore[arg-type]


def graph(*layers: Layer, input_bytes: int = 10) -> LayerGraph:
    return graph_of("tiny", input_bytes, layers, "made up", where="tiny")


def residual() -> LayerGraph:
    """A sum of stem -> a -> b and stem, then a tail: the two cuts inside are crossed by the tensor of the stem, too."""
    return graph(
        layer("stem", output_bytes=20),
        layer("a", "stem", 5),
        layer("b", "a", 20),
        layer("sum", "b stem", 20),
        layer("tail", "sum", 2),
    )


def inception() -> LayerGraph:
    """A stem, three branches of 1, 2 and 2 layers, their join and a tail."""
    return graph(
        layer("stem", output_bytes=100),
        layer("a", "stem", 30, param_bytes=7),
        layer("b1", "stem", 10, param_bytes=1),
        layer("b2", "b1", 40, param_bytes=2),
        layer("c1", "stem", 100),
        layer("c2", "c1", 20, param_bytes=4),
        layer("join", "a b2 c2", 90, flops=0.0),
        layer("tail", "join", 5),
    )


def random_graph(rng: np.random.Generator, layers: int) -> LayerGraph:
    """A graph in which each layer reads one to three of the few tensors before it, all unread ones joined by the last."""
    names = ["input"]
    unread: dict[str, None] = {}
    made: list[Layer] = []
    for number in range(layers):
        count = min(len(names), int(rng.integers(1, 4)))
        reach = int(rng.integers(1, 6))  # how far back: short reaches leave cuts, long ones none
        inputs = [
            str(one) for one in rng.choice(names[-reach:], min(count, len(names[-reach:])), replace=False)
        ]
        if number == layers - 1:
            inputs = list(dict.fromkeys([*inputs, *unread]))
        name = f"l{number}"
        working = int(rng.integers(0, 9)) if rng.random() < 0.3 else None
        made.append(layer(name, " ".join(inputs), int(rng.integers(1, 50)), working_bytes=working))
        for one in inputs:
            unread.pop(one, None)
        names.append(name)
        unread[name] = None
    return graph(*made)
