"""Layer graphs written as the JSON that `catalogs.layers.documents` reads: to add measured times to a model, say."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalogs.layers.graph import LayerGraph


def graph_text(graph: LayerGraph) -> str:
    """Return the document of a graph, one layer a line; what a layer does not state is left out."""
    head = {"model": graph.model, "source": graph.source, "input_bytes": graph.input_bytes}
    layers = [
        json.dumps({key: value for key, value in asdict(layer).items() if value is not None})
        for layer in graph.layers
    ]
    opening = json.dumps(head, ensure_ascii=False)[:-1]
    return f'{opening},\n "layers": [\n  ' + ",\n  ".join(layers) + "\n ]}\n"
