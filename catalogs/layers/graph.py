"""A model as a graph of layers: what each reads, holds, writes and costs; checked and put into an order of computation."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from catalogs.inputs import near, raise_collected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

INPUT = "input"  # how layers name the tensor that the model itself is given
MOST_LAYERS = 50_000  # a bound on work; the largest published graphs have some thousands
MOST_FIGURE = 10**18  # of a size, a count or a time: far above any model, and below what 64 bits hold
NAMES_SHOWN = 5  # of a long list of names in a message


@dataclass(frozen=True)
class Layer:
    """One operation with one output tensor, for one request (batch 1).

    Parameters
    ----------
    name
        Its own in the graph; `input` is taken by the model's input.
    kind
        The operation, as the source calls it (`Conv2D`, `Gemm`).
    inputs
        Names of the layers whose tensors it reads, or `input`; at least one.
    output_bytes, param_bytes
        Size of its tensor and of its weights.
    flops
        Floating-point operations; a multiplication with its addition counts 2.
    working_bytes
        Memory that it holds beside its inputs and its output while it works; None: none known.
    time_ms
        Measured time by memory setting in MB; None: not measured.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    output_bytes: int
    param_bytes: int
    flops: float
    working_bytes: int | None = None
    time_ms: Mapping[int, float] | None = None


@dataclass(frozen=True)
class LayerGraph:
    """A model: layers in an order of computation, the last of which is the answer. Made by `graph_of`.

    Parameters
    ----------
    input_bytes
        Size of what one request carries: of all inputs together where the model has several.
    source
        Where the graph comes from, in words.
    """

    model: str
    input_bytes: int
    layers: tuple[Layer, ...]
    source: str

    @property
    def bytes_of(self) -> dict[str, int]:
        """Size of every tensor by the name of its layer, and of `input`."""
        return {INPUT: self.input_bytes} | {layer.name: layer.output_bytes for layer in self.layers}


def graph_of(model: str, input_bytes: int, layers: Sequence[Layer], source: str, *, where: str) -> LayerGraph:
    """Check layers in any order and put them into one in which each follows what it reads.

    The order given is kept as far as it goes: of the layers that can be computed, the earliest comes next.

    Parameters
    ----------
    where
        File or other place of the layers, the start of every message.

    Raises
    ------
    CatalogError
        With every problem: no layers or too many, figures out of range, names that stand twice, inputs that no layer writes, a
        cycle, several answers, measured times at other memory settings than the other layers'.
    """
    problems: list[str] = []
    if not model:
        problems.append("model is empty. Name the model.")
    if not 1 <= input_bytes <= MOST_FIGURE:
        problems.append(
            f"input_bytes is {input_bytes!s:.20}; it must be from 1 to 1e18. Give the size of one request's input."
        )
    if not 1 <= len(layers) <= MOST_LAYERS:
        problems.append(f"has {len(layers)} layers; allowed are 1 to {MOST_LAYERS}.")
    else:
        problems += _name_problems(layers)
        problems += [problem for layer in layers for problem in _layer_problems(layer)]
        problems += _time_problems(layers)
    ordered: tuple[Layer, ...] = ()
    if not problems:
        ordered, problems = _ordered(layers)
        problems = problems or _answer_problems(ordered)
    raise_collected([f"{where}: {problem}" for problem in problems])
    return LayerGraph(model, input_bytes, ordered, source)


def names_shown(names: Sequence[str]) -> str:
    """Join names with commas, the first few of many."""
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _name_problems(layers: Sequence[Layer]) -> list[str]:
    count: dict[str, int] = {}
    for layer in layers:
        count[layer.name] = count.get(layer.name, 0) + 1
    problems = [
        f"layer {name} stands {times} times. Give every layer its own name."
        for name, times in count.items()
        if times > 1
    ]
    if INPUT in count:
        problems.append(f"a layer is called {INPUT!r}, the name of the model's own input. Rename it.")
    known = (INPUT, *count)
    for layer in layers:
        if not layer.inputs:
            problems.append(
                f"layer {layer.name} reads nothing. Name the layers it reads, or {INPUT!r} for the model's input."
            )
        problems += [
            f"layer {layer.name} reads {name!r}, which no layer is called.{near(name, known)} Correct the name."
            for name in layer.inputs
            if name != INPUT and name not in count
        ]
    return problems


def _layer_problems(layer: Layer) -> list[str]:
    figures = {
        "output_bytes": layer.output_bytes,
        "param_bytes": layer.param_bytes,
        "flops": layer.flops,
        "working_bytes": layer.working_bytes,
    }
    times = {f"time_ms at {memory_mb} MB": ms for memory_mb, ms in (layer.time_ms or {}).items()}
    return [
        f"layer {layer.name}: {name} is {value!s:.20}; it must be a number from 0 to 1e18. Correct it."
        for name, value in (figures | times).items()
        if value is not None and not 0 <= value <= MOST_FIGURE
    ]


def _time_problems(layers: Sequence[Layer]) -> list[str]:
    """Times can only be added up where every layer has them at the same memory settings."""
    if not any(layer.time_ms for layer in layers):
        return []
    settings = sorted({memory_mb for layer in layers for memory_mb in layer.time_ms or {}})
    lacking = [layer.name for layer in layers if sorted(layer.time_ms or {}) != settings]
    if not lacking:
        return []
    listed = ", ".join(map(str, settings))
    return [
        f"time_ms stands at {listed} MB; {len(lacking)} of {len(layers)} layers lack some of these "
        f"({names_shown(lacking)}). Give every layer a time at each setting, 0 where it takes none, or no layer any."
    ]


def _ordered(layers: Sequence[Layer]) -> tuple[tuple[Layer, ...], list[str]]:
    """Layers with each after its inputs (Kahn 1962), or the cycle that stands against it."""
    position = {layer.name: index for index, layer in enumerate(layers)}
    readers: list[list[int]] = [[] for _ in layers]
    missing = [0] * len(layers)
    for index, layer in enumerate(layers):
        for name in set(layer.inputs) - {INPUT}:
            readers[position[name]].append(index)
            missing[index] += 1
    ready = [index for index, count in enumerate(missing) if count == 0]
    heapify(ready)
    order: list[int] = []
    while ready:
        index = heappop(ready)
        order.append(index)
        for reader in readers[index]:
            missing[reader] -= 1
            if missing[reader] == 0:
                heappush(ready, reader)
    if len(order) < len(layers):
        stuck = {layers[index].name: layers[index] for index, count in enumerate(missing) if count}
        return (), [
            f"layers read each other in a circle: {_circle(stuck)}. A layer can only read earlier ones."
        ]
    return tuple(layers[index] for index in order), []


def _circle(stuck: Mapping[str, Layer]) -> str:
    """One cycle among layers each of which waits for another of them, as names in the direction of the data."""
    seen: list[str] = []
    name = next(iter(stuck))
    while name not in seen:
        seen.append(name)
        name = next(one for one in stuck[name].inputs if one in stuck)
    circle = [*seen[seen.index(name) :], name][::-1]
    return " -> ".join(circle if len(circle) <= 2 * NAMES_SHOWN else [*circle[: 2 * NAMES_SHOWN], "..."])


def _answer_problems(layers: Iterable[Layer]) -> list[str]:
    answers: dict[str, None] = {}
    for layer in layers:  # in order of computation: a layer comes before all that read it
        answers[layer.name] = None
        for name in layer.inputs:
            answers.pop(name, None)
    if len(answers) == 1:
        return []
    return [
        f"{len(answers)} layers are read by no other ({names_shown(list(answers))}); a model has one answer. "
        "Join them in one layer, or leave out what is not needed."
    ]
