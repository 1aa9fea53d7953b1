"""A model as a chain of blocks, between which one single tensor is handed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from catalogs.layers.graph import LayerGraph


@dataclass(frozen=True)
class Branch:
    """Layers of a block that read nothing of its other layers, so that another function may work on them meanwhile.

    Parameters
    ----------
    layers
        Names, in the order of computation.
    output_bytes
        Bytes of all its tensors that layers outside of it read.
    peak_bytes
        Most bytes of activations held at once, with what it reads from outside.
    time_ms
        Measured time by memory setting in MB, None where a layer has none.
    """

    name: str
    layers: tuple[str, ...]
    param_bytes: int
    flops: float
    output_bytes: int
    peak_bytes: int
    time_ms: Mapping[int, float] | None = None


@dataclass(frozen=True)
class Block:
    """Layers between two cuts: one tensor comes in, one goes out.

    Parameters
    ----------
    layers
        Names, in the order of computation; of a chain read as blocks, the block's own.
    peak_bytes
        Most bytes of activations held at once, the incoming tensor counted while it is still read.
    branches
        Two or more parallel parts between the incoming tensor and a joining layer; empty where there are none.
    rest
        What is left to the function that calls the branches: the joining layer and all that is in no branch.
    """

    name: str
    layers: tuple[str, ...]
    param_bytes: int
    flops: float
    output_bytes: int
    peak_bytes: int
    time_ms: Mapping[int, float] | None = None
    branches: tuple[Branch, ...] = ()
    rest: Branch | None = None


@dataclass(frozen=True)
class BlockChain:
    """A model ready to be cut: L blocks in order.

    Parameters
    ----------
    graph
        The layers behind the blocks; None where the source gives blocks only.
    """

    model: str
    input_bytes: int
    blocks: tuple[Block, ...]
    source: str
    graph: LayerGraph | None = None

    @property
    def cut_bytes(self) -> NDArray[np.int64]:
        """[L+1] bytes that cross before the first block, between each two, and after the last."""
        return np.array([self.input_bytes, *(block.output_bytes for block in self.blocks)], dtype=np.int64)
