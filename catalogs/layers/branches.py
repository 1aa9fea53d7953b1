"""Parallel branches inside a block, as of Inception: the idea of Gillis (Yu et al. 2021) of forking over functions and joining.

A joining layer splits what comes before it in the block into parts that read nothing of each other, only the block's incoming
tensor. Each part may run in a function of its own; the joining layer and all else stays with the function that calls them. Of
several joining layers the one counts that takes most work off the longest path: their flops less those of the largest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.layers.chain import Branch
from catalogs.layers.liveness import peak_bytes, range_name, summed_ms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalogs.layers.graph import Layer

MOST_LAYERS = (
    2_000  # in one block; the search is quadratic, and published blocks have at most some hundred layers
)


def branches_of(
    layers: Sequence[Layer], entry_bytes: Mapping[str, int]
) -> tuple[tuple[Branch, ...], Branch | None]:
    """Branches of a block and what is left of it, or nothing where it has no two.

    Parameters
    ----------
    layers
        The block's, in the order of computation.
    entry_bytes
        Name and bytes of the tensor that comes in.
    """
    if not 3 <= len(layers) <= MOST_LAYERS:  # two branches and their joining layer
        return (), None
    parts = _best_parts(layers)
    if not parts:
        return (), None
    inside = {index for part in parts for index in part}
    rest = [layer for index, layer in enumerate(layers) if index not in inside]
    branches = tuple(_branch([layers[i] for i in part], layers, entry_bytes) for part in parts)
    return branches, _branch(rest, layers, entry_bytes)


def _best_parts(layers: Sequence[Layer]) -> list[list[int]]:
    """Positions of the layers of each branch, for the joining layer that shortens the block most."""
    position = {layer.name: index for index, layer in enumerate(layers)}
    sources = [[position[name] for name in layer.inputs if name in position] for layer in layers]
    best: list[list[int]] = []
    most = -1.0
    for join, direct in enumerate(sources):
        if len(set(direct)) < 2:
            continue
        parts = _parts_before(join, sources)
        flops = [sum(layers[i].flops for i in part) for part in parts]
        if len(parts) > 1 and sum(flops) - max(flops) > most:
            best, most = parts, sum(flops) - max(flops)
    return best


def _parts_before(join: int, sources: Sequence[Sequence[int]]) -> list[list[int]]:
    """Connected parts of all that a layer depends on, itself left out, in the order of their first layers."""
    part_of: dict[int, int] = {}
    waiting = list(sources[join])
    while waiting:  # what the joining layer depends on, each in a part of its own
        index = waiting.pop()
        if index not in part_of:
            part_of[index] = index
            waiting += sources[index]

    def root(index: int) -> int:
        while part_of[index] != index:
            part_of[index] = index = part_of[part_of[index]]
        return index

    for index in list(part_of):
        for source in sources[index]:
            one, other = sorted((root(index), root(source)))
            part_of[other] = one
    parts: dict[int, list[int]] = {}
    for index in sorted(part_of):
        parts.setdefault(root(index), []).append(index)
    return list(parts.values())


def _branch(own: Sequence[Layer], block: Sequence[Layer], entry_bytes: Mapping[str, int]) -> Branch:
    names = {layer.name for layer in own}
    read_outside = {name for layer in block if layer.name not in names for name in layer.inputs}
    leaving = names & read_outside | names & {block[-1].name}
    written = dict(entry_bytes) | {layer.name: layer.output_bytes for layer in block}
    outside = {name: written[name] for layer in own for name in layer.inputs if name not in names}
    return Branch(
        name=range_name(own),
        layers=tuple(layer.name for layer in own),
        param_bytes=sum(layer.param_bytes for layer in own),
        flops=sum(layer.flops for layer in own),
        output_bytes=sum(written[name] for name in leaving),
        peak_bytes=peak_bytes(own, dict(entry_bytes) | outside, leaving),
        time_ms=summed_ms(own),
    )
