"""ONNX files as layer graphs: one layer a tensor that a node computes.

Shapes are inferred, nothing is run and no weight is loaded. What depends on initialisers alone, or on shapes, is constant and no
layer; the bytes of the initialisers behind it count as parameters of each node that reads it. All inputs of a model count as one,
carried together. Where a node writes several tensors, the first that is used carries its parameters and flops.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from catalogs.inputs import raise_collected
from catalogs.layers.graph import INPUT, Layer, graph_of, names_shown
from catalogs.layers.onnx_flops import NodeShapes, node_flops
from catalogs.layers.onnx_shapes import item_bytes_of, read_inferred

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from catalogs.layers.graph import LayerGraph

    Shape = tuple[int, ...]

OF_SHAPES = frozenset({"Shape", "Size"})  # known as soon as shapes are
GENERATORS = frozenset({"ConstantOfShape", "EyeLike", "Range"})  # large constants from a few numbers


def graph_of_onnx(path: Path, model: str | None) -> LayerGraph:
    """Read the graph of an ONNX file.

    Parameters
    ----------
    model
        Name to give to the model; None: the file's own without its suffix.

    Raises
    ------
    CatalogError
        With every problem: no extra installed, a file that cannot be read, symbolic dimensions other than the batch, shapes that
        cannot be inferred, several outputs, control flow, layers that are no graph.
    """
    reading = Reading(read_inferred(path).graph)
    layers = reading.layers()
    raise_collected([f"{path}: {problem}" for problem in reading.problems])
    source = path.name
    if reading.rough:
        source += f"; 1 flop an output element is taken for {', '.join(sorted(reading.rough))}"
    return graph_of(model or path.stem, reading.input_bytes, layers, source, where=str(path))


class Reading:
    """Reads the nodes of a graph in their order; ONNX demands that they stand in one of computation."""

    def __init__(self, graph: Any) -> None:
        self.problems: list[str] = []
        self.rough: set[str] = set()  # operators whose flops are not known
        self._graph = graph
        self._shapes: dict[str, Shape] = {}
        self._item_bytes: dict[str, int] = {}
        self._weights: dict[
            str, dict[str, int]
        ] = {}  # constant tensor -> bytes of the initialisers behind it
        self._layer_of: dict[str, str] = {}  # tensor -> the layer that computes it
        for tensor in graph.initializer:
            self._shapes[tensor.name] = tuple(tensor.dims)
            self._item_bytes[tensor.name] = item_bytes_of(tensor.data_type) or 1
            self._weights[tensor.name] = {tensor.name: self._bytes(tensor.name)}
        self._given = [value for value in graph.input if value.name not in self._weights]
        for value in (*self._given, *graph.value_info, *graph.output):
            self._note(value)
        self._layer_of.update({value.name: INPUT for value in self._given})

    @property
    def input_bytes(self) -> int:
        """Bytes of all inputs together."""
        return sum(self._bytes(value.name) for value in self._given)

    def layers(self) -> list[Layer]:
        """Return the layers of all nodes that the output needs; what is wrong is added to the problems."""
        outputs = [value.name for value in self._graph.output]
        if len(outputs) != 1:
            self.problems.append(
                f"has {len(outputs)} outputs ({names_shown(outputs)}); a model has one answer. "
                "Export it with the output that is used."
            )
        self.problems += [
            f"input {value.name} has no shape or a type that has no size. Export it as a tensor of numbers."
            for value in self._given
            if value.name not in self._shapes
        ]
        nodes, read = _needed(self._graph.node, outputs)
        names = _node_names(nodes)
        found = [
            layer for node, name in zip(nodes, names, strict=True) for layer in self._layers(node, name, read)
        ]
        if not found and not self.problems:
            self.problems.append("its output does not depend on its input. Export the model again.")
        return found

    def _layers(self, node: Any, name: str, read: set[str]) -> list[Layer]:
        computed = [one for one in node.input if one and one not in self._weights]
        outputs = [one for one in node.output if one in read]
        nested = any(a.HasField("g") or a.graphs for a in node.attribute)
        if not nested and (node.op_type in OF_SHAPES or not computed):
            self._weights.update(dict.fromkeys(outputs, self._behind(node, outputs)))
            return []
        problem = self._problem(node, computed, outputs, nested=nested)
        if problem is not None:
            self.problems += [f"node {name} ({node.op_type}) {problem}"] if problem else []
            self._layer_of.update(dict.fromkeys(outputs, name))
            return []
        labels = [name if len(outputs) == 1 else f"{name}:{output}" for output in outputs]
        self._layer_of.update(zip(outputs, labels, strict=True))
        inputs = tuple(dict.fromkeys(self._layer_of[one] for one in computed))
        param_bytes, flops = sum(self._behind(node, ()).values()), self._flops(node)
        return [
            Layer(
                name=label,
                kind=node.op_type,
                inputs=inputs,
                output_bytes=self._bytes(output),
                param_bytes=param_bytes if i == 0 else 0,
                flops=flops if i == 0 else 0.0,
            )
            for i, (label, output) in enumerate(zip(labels, outputs, strict=True))
        ]

    def _problem(
        self, node: Any, computed: Sequence[str], outputs: Sequence[str], *, nested: bool
    ) -> str | None:
        """Why a node cannot be read; empty where the cause is another node, None where it can be."""
        if nested:
            return "has graphs of its own, so its cost hangs on data. Export without control flow."
        loose = [one for one in computed if one not in self._layer_of]
        if loose:
            return f"reads {names_shown(loose)}, which no node before it writes. Export the model again."
        unknown = [one for one in outputs if one not in self._shapes]
        if not unknown:
            return None
        if not all(one in self._shapes for one in computed):
            return ""
        return (
            f"writes {names_shown(unknown)}, whose shape cannot be inferred. "
            "Export the model with fixed shapes and standard operators."
        )

    def _behind(self, node: Any, outputs: Iterable[str]) -> dict[str, int]:
        """Initialisers behind the constant inputs of a node, or what it writes where it makes constants of nothing."""
        if node.op_type in OF_SHAPES:
            return {}
        if node.op_type in GENERATORS or not any(node.input):
            return {one: self._bytes(one) for one in outputs if one in self._shapes}
        behind: dict[str, int] = {}
        for one in node.input:
            behind |= self._weights.get(one, {})
        return behind

    def _flops(self, node: Any) -> float:
        from onnx import helper

        shapes = NodeShapes(
            inputs=tuple(self._shapes.get(one, ()) for one in node.input),
            output=self._shapes[next(one for one in node.output if one in self._shapes)],
            attributes={a.name: helper.get_attribute_value(a) for a in node.attribute},
        )
        try:
            flops = node_flops(node.op_type, shapes)
        except (
            IndexError,
            KeyError,
            ValueError,
        ):  # inputs or attributes against the operator's specification
            flops = None
        if flops is None:
            self.rough.add(node.op_type)
            return float(math.prod(shapes.output))
        return flops

    def _note(self, value: Any) -> None:
        tensor = value.type.tensor_type
        item_bytes = item_bytes_of(tensor.elem_type)
        dims = tuple(dim.dim_value if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim)
        if tensor.HasField("shape") and min(dims, default=0) >= 0 and item_bytes is not None:
            self._shapes[value.name], self._item_bytes[value.name] = dims, item_bytes

    def _bytes(self, name: str) -> int:
        return math.prod(self._shapes.get(name, ())) * self._item_bytes.get(name, 0)


def _needed(nodes: Iterable[Any], outputs: Iterable[str]) -> tuple[list[Any], set[str]]:
    """Nodes that the outputs depend on, in their order, and the tensors that are read."""
    read = set(outputs)
    needed = []
    for node in reversed(list(nodes)):
        if read & set(node.output):
            needed.append(node)
            read.update(node.input)
    return needed[::-1], read


def _node_names(nodes: Iterable[Any]) -> list[str]:
    """A name for each: its own where no other node has it, else its operator and its first output, which no other has."""
    count = Counter(node.name for node in nodes)
    return [
        node.name
        if node.name not in ("", INPUT) and count[node.name] == 1
        else f"{node.op_type}:{next(filter(None, node.output))}"
        for node in nodes
    ]
