"""Blocks of a graph: cut wherever one single tensor crosses.

With the layers in any order of computation, a cut after layer i is crossed by the tensors of layers up to i that a later layer
reads. Where that is the tensor of i alone, every path from the input to the answer runs through i: i is an articulation point of
the graph, whatever the order. Residual blocks therefore stay whole: the tensor that skips them crosses every cut inside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.layers.branches import branches_of
from catalogs.layers.chain import Block, BlockChain
from catalogs.layers.graph import INPUT
from catalogs.layers.liveness import peak_bytes, range_name, summed_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalogs.layers.graph import Layer, LayerGraph


def blocks_of(graph: LayerGraph) -> BlockChain:
    """Cut a graph into the smallest blocks between which one tensor crosses."""
    blocks: list[Block] = []
    entry_bytes, begin = {INPUT: graph.input_bytes}, 0
    for end in _cuts(graph):
        blocks.append(_block(graph.layers[begin:end], entry_bytes))
        last = graph.layers[end - 1]
        entry_bytes, begin = {last.name: last.output_bytes}, end
    return BlockChain(graph.model, graph.input_bytes, tuple(blocks), graph.source, graph)


def _cuts(graph: LayerGraph) -> list[int]:
    """Numbers of layers before each cut, in order; the last is the number of all layers."""
    position = {INPUT: 0} | {layer.name: i for i, layer in enumerate(graph.layers, start=1)}
    last_read = list(range(len(graph.layers) + 1))
    for i, layer in enumerate(graph.layers, start=1):
        for name in layer.inputs:
            last_read[position[name]] = i
    cuts: list[int] = []
    needed_until = last_read[0]  # the latest reader of any tensor before the layer in hand
    for i in range(1, len(graph.layers) + 1):
        if needed_until <= i:
            cuts.append(i)
        needed_until = max(needed_until, last_read[i])
    return cuts


def _block(layers: tuple[Layer, ...], entry_bytes: Mapping[str, int]) -> Block:
    branches, rest = branches_of(layers, entry_bytes)
    return Block(
        name=range_name(layers),
        layers=tuple(layer.name for layer in layers),
        param_bytes=sum(layer.param_bytes for layer in layers),
        flops=sum(layer.flops for layer in layers),
        output_bytes=layers[-1].output_bytes,
        peak_bytes=peak_bytes(layers, entry_bytes, {layers[-1].name}),
        time_ms=summed_ms(layers),
        branches=branches,
        rest=rest,
    )
