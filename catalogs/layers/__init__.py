"""What a model is made of, and how long its parts take."""

from catalogs.layers.chain import Block, BlockChain, Branch
from catalogs.layers.cuts import blocks_of
from catalogs.layers.files import read_chain, read_graph
from catalogs.layers.graph import Layer, LayerGraph, graph_of

__all__ = [
    "Block",
    "BlockChain",
    "Branch",
    "Layer",
    "LayerGraph",
    "blocks_of",
    "graph_of",
    "read_chain",
    "read_graph",
]
