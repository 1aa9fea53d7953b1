"""JSON documents that describe models: our layer graphs, and chains of blocks.

A layer graph, for one request, is::

    {"model": "tiny", "source": "where it comes from", "input_bytes": 602112,
     "layers": [{"name": "conv1", "kind": "Conv2D", "inputs": ["input"], "output_bytes": 3211264,
                 "param_bytes": 37888, "flops": 236027904, "working_bytes": 0, "time_ms": {"1024": 8.1, "2048": 4.2}}]}

`source`, `working_bytes` and `time_ms` (measured milliseconds by memory setting in MB) may be left out; sizes are whole bytes.
Layers may stand in any order. The fields mean what those of `catalogs.layers.graph.Layer` mean.

A chain of blocks is ``{"name", "input", "blocks": [{"name", "params", "flops", "out", "peak", "time_ms"}]}`` with bytes in `input`,
`params`, `out` and `peak`; `source`, `n_keras_layers`, `n_layers` and `time_ms` may be left out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from catalogs.inputs import near, raise_collected
from catalogs.layers.chain import Block, BlockChain
from catalogs.layers.graph import MOST_FIGURE, MOST_LAYERS, Layer, graph_of

if TYPE_CHECKING:
    from catalogs.inputs import InputFile
    from catalogs.layers.graph import LayerGraph

GRAPH_KEYS = {
    "model": True,
    "source": False,
    "input_bytes": True,
    "layers": True,
}  # key -> whether it is required
LAYER_KEYS = {
    "name": True,
    "kind": True,
    "inputs": True,
    "output_bytes": True,
    "param_bytes": True,
    "flops": True,
    "working_bytes": False,
    "time_ms": False,
}
CHAIN_KEYS = {"name": True, "source": False, "input": True, "n_keras_layers": False, "blocks": True}
BLOCK_KEYS = {
    "name": True,
    "n_layers": False,
    "params": True,
    "flops": True,
    "out": True,
    "peak": True,
    "time_ms": False,
}


class Fields:
    """A mapping of a document, read key by key; what is wrong is added to the problems, and a stand-in returned."""

    def __init__(self, where: str, found: Any, keys: dict[str, bool], problems: list[str]) -> None:
        self.where = where
        self._problems = problems
        self._found: dict[str, Any] = found if isinstance(found, dict) else {}
        if not isinstance(found, dict):
            problems.append(f"{where} is {shown(found)}; it must be a mapping with {', '.join(keys)}.")
            return
        unknown = [key for key in found if key not in keys]
        unused = [key for key in keys if key not in found]
        problems.extend(
            f"{where}: {key} is not known.{near(key, unused)} Rename or remove it; known are {', '.join(keys)}."
            for key in unknown
        )
        problems.extend(
            f"{where}: {key} is missing.{near(key, unknown)} Add it."
            for key, required in keys.items()
            if required and key not in found
        )

    def text(self, key: str) -> str:
        """Return a text that is not empty."""
        value = self._found.get(key)
        if isinstance(value, str) and value.strip():
            return value
        self._wrong(key, value, "a text that is not empty")
        return ""

    def whole(self, key: str) -> int:
        """Return a whole number >= 0."""
        value = self.number(key)
        if value != int(value):
            self._wrong(key, value, "a whole number")
        return int(value)

    def number(self, key: str) -> float:
        """Return a number from 0 to `MOST_FIGURE`."""
        value = self._found.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST_FIGURE:
            return value
        self._wrong(key, value, "a number from 0 to 1e18")
        return 0

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._found.get(key)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        self._wrong(key, value, "a list of texts")
        return ()

    def entries(self, key: str) -> list[Any]:
        """Return a list that is neither empty nor longer than `MOST_LAYERS`."""
        value = self._found.get(key)
        if isinstance(value, list) and 1 <= len(value) <= MOST_LAYERS:
            return value
        found = f"a list of {len(value)}" if isinstance(value, list) else value
        self._wrong(key, found, f"a list of 1 to {MOST_LAYERS} entries")
        return []

    def times(self, key: str) -> dict[int, float] | None:
        """Return milliseconds by memory setting, None where the key is absent."""
        if key not in self._found:
            return None
        value = self._found[key]
        if not isinstance(value, dict) or not value:
            self._wrong(key, value, 'milliseconds by memory setting in MB, such as {"1024": 8.1}')
            return None
        wrong = [size for size in value if not (size.isascii() and size.isdecimal() and int(size) > 0)]
        for size in wrong:
            self._problems.append(
                f"{self.where}: {key} stands at {size!r}; a size in MB must be a whole number > 0."
            )
        table = Fields(f"{self.where}: {key}", value, dict.fromkeys(value, True), self._problems)
        return {int(size): table.number(size) for size in value if size not in wrong}

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self._found

    def _wrong(self, key: str, value: Any, needed: str) -> None:
        if key in self._found:  # what is missing was noted already
            self._problems.append(f"{self.where}: {key} is {shown(value)}; it must be {needed}. Correct it.")


def read_document(file: InputFile, problems: list[str]) -> dict[str, Any] | None:
    """Return a JSON file as a mapping in which no key stands twice, or None with the problems added."""
    text = file.text(problems)
    if text is None:
        return None
    twice: list[str] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice.extend(sorted({name for name in names if names.count(name) > 1}))
        return found

    try:
        data = json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        problems.append(f"{file.where}: this is not readable JSON ({error}). Correct the file.")
        return None
    problems.extend(f"{file.where}: {name} stands twice in one mapping. Keep one." for name in twice)
    if not isinstance(data, dict):
        problems.append(f"{file.where}: the document is {shown(data)}; it must be a mapping.")
        return None
    return data


def graph_of_document(file: InputFile, document: dict[str, Any], problems: list[str]) -> LayerGraph:
    """Read a layer graph; raise a CatalogError with what was already wrong and all that is wrong with it."""
    fields = Fields(file.where, document, GRAPH_KEYS, problems)
    layers = [_layer(file.where, i, found, problems) for i, found in enumerate(fields.entries("layers"))]
    model, input_bytes = fields.text("model"), fields.whole("input_bytes")
    source = fields.text("source") if fields.has("source") else file.name
    raise_collected(problems)
    return graph_of(model, input_bytes, layers, source, where=file.where)


def _layer(file: str, index: int, found: Any, problems: list[str]) -> Layer:
    fields = Fields(_entry(file, "layers", index, found), found, LAYER_KEYS, problems)
    return Layer(
        name=fields.text("name"),
        kind=fields.text("kind"),
        inputs=tuple(dict.fromkeys(fields.texts("inputs"))),
        output_bytes=fields.whole("output_bytes"),
        param_bytes=fields.whole("param_bytes"),
        flops=fields.number("flops"),
        working_bytes=fields.whole("working_bytes") if fields.has("working_bytes") else None,
        time_ms=fields.times("time_ms"),
    )


def chain_of_document(file: InputFile, document: dict[str, Any], problems: list[str]) -> BlockChain:
    """Read a chain of blocks; raise a CatalogError with what was already wrong and all that is wrong with it."""
    fields = Fields(file.where, document, CHAIN_KEYS, problems)
    blocks = [_block(file.where, i, found, problems) for i, found in enumerate(fields.entries("blocks"))]
    model, input_bytes = fields.text("name"), fields.whole("input")
    source = fields.text("source") if fields.has("source") else file.name
    names = [block.name for block in blocks if block.name]
    problems += [
        f"{file.where}: block {name} stands {names.count(name)} times. Give every block its own name."
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    settings = {tuple(sorted(block.time_ms or {})) for block in blocks}
    if len(settings) > 1:
        problems.append(
            f"{file.where}: blocks have time_ms at different memory settings. Give every block a time at each, "
            "or no block any."
        )
    raise_collected(problems)
    return BlockChain(model, input_bytes, tuple(blocks), source)


def _block(file: str, index: int, found: Any, problems: list[str]) -> Block:
    fields = Fields(_entry(file, "blocks", index, found), found, BLOCK_KEYS, problems)
    name = fields.text("name")
    return Block(
        name=name,
        layers=(name,),
        param_bytes=fields.whole("params"),
        flops=fields.number("flops"),
        output_bytes=fields.whole("out"),
        peak_bytes=fields.whole("peak"),
        time_ms=fields.times("time_ms"),
    )


def _entry(file: str, key: str, index: int, found: Any) -> str:
    name = found.get("name") if isinstance(found, dict) else None
    return f"{file} {key}[{index}]" + (f" ({name})" if isinstance(name, str) and name else "")


def shown(value: Any) -> str:
    """A value of a document as a message shows it, cut short."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
