"""Sums over layers that are computed together: memory by liveness, measured times, a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from catalogs.layers.graph import Layer


def peak_bytes(layers: Sequence[Layer], outside: Mapping[str, int], kept: Collection[str]) -> int:
    """Most bytes of activations held at once while layers are computed in their order.

    A tensor is held from the layer that writes it to the last that reads it; a layer holds its inputs, its output and its working
    memory at the same time (no operation in place).

    Parameters
    ----------
    outside
        Bytes by name of the tensors that come from outside; they are held from the start.
    kept
        Names of the layers whose tensors are held to the end.
    """
    last_read = dict.fromkeys(outside, 0) | {layer.name: i for i, layer in enumerate(layers)}
    for i, layer in enumerate(layers):
        last_read.update({name: i for name in layer.inputs if name in last_read})
    size = dict(outside) | {layer.name: layer.output_bytes for layer in layers}
    freed = [0] * len(layers)
    for name, i in last_read.items():
        freed[i] += 0 if name in kept else size[name]
    held = peak = sum(outside.values())
    for layer, bytes_freed in zip(layers, freed, strict=True):
        held += layer.output_bytes
        peak = max(peak, held + (layer.working_bytes or 0))
        held -= bytes_freed
    return peak


def summed_ms(layers: Sequence[Layer]) -> Mapping[int, float] | None:
    """Measured time by memory setting of layers computed one after another, None where one was not measured."""
    measured = [layer.time_ms for layer in layers if layer.time_ms]
    if len(measured) < len(layers):
        return None
    return {memory_mb: sum(times[memory_mb] for times in measured) for memory_mb in sorted(measured[0])}


def range_name(layers: Sequence[Layer]) -> str:
    """``first..last``, or the name of the only layer."""
    return layers[0].name if len(layers) == 1 else f"{layers[0].name}..{layers[-1].name}"
