"""Models small enough to partition on paper.

One vCPU-millisecond costs what 1,024 MB cost: 0.0000166667 USD a second in the bundled tariff, and a call 0.2 millionths.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from catalogs.layers import read_chain

if TYPE_CHECKING:
    from pathlib import Path

    from catalogs.layers import BlockChain

USD_PER_MS = 0.0000166667 / 1000  # at 1,024 MB
USD_PER_CALL = 0.2e-6
MIB = 2**20


def layer(
    name: str, inputs: list[str], output_bytes: int, param_mib: float, ms: tuple[float, float]
) -> dict[str, Any]:
    """A layer with measured times at 1,024 and 2,048 MB."""
    return {
        "name": name,
        "kind": "Conv2D",
        "inputs": inputs,
        "output_bytes": output_bytes,
        "param_bytes": int(param_mib * MIB),
        "flops": 1e9,
        "time_ms": {"1024": ms[0], "2048": ms[1]},
    }


def pair(cut_bytes: int = 3_000_000, param_mib: float = 100.0) -> dict[str, Any]:
    """Two layers of 100 and 60 ms at 1,024 MB, half of that at 2,048."""
    return {
        "model": "pair",
        "source": "made up",
        "input_bytes": 1000,
        "layers": [
            layer("first", ["input"], cut_bytes, param_mib, (100.0, 50.0)),
            layer("second", ["first"], 4000, param_mib, (60.0, 30.0)),
        ],
    }


def branched() -> dict[str, Any]:
    """A stem of 10 ms, two branches of 100 ms, and a joining layer of 5 ms, at 1,024 MB; every tensor 75 kB."""
    return {
        "model": "branched",
        "source": "made up",
        "input_bytes": 1000,
        "layers": [
            layer("stem", ["input"], 75_000, 1.0, (10.0, 10.0)),
            layer("left", ["stem"], 75_000, 10.0, (100.0, 100.0)),
            layer("right", ["stem"], 75_000, 20.0, (100.0, 100.0)),
            layer("join", ["left", "right"], 75_000, 1.0, (5.0, 5.0)),
        ],
    }


def chain_of(document: dict[str, Any], folder: Path) -> BlockChain:
    """The document read as a chain of blocks."""
    return read_chain(file_of(document, folder))


def file_of(document: dict[str, Any], folder: Path) -> Path:
    """The document as a file."""
    path = folder / f"{document['model']}.json"
    path.write_text(json.dumps(document))
    return path
