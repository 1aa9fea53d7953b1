"""What a model is made of, and how long its parts take."""

from catalogs.layers.chain import Block, BlockChain, Branch
from catalogs.layers.cuts import blocks_of
from catalogs.layers.files import read_chain, read_graph
from catalogs.layers.graph import Layer, LayerGraph, graph_of
from catalogs.layers.times import BlockTimes, block_times
from catalogs.layers.writing import graph_text

__all__ = [
    "Block",
    "BlockChain",
    "BlockTimes",
    "Branch",
    "Layer",
    "LayerGraph",
    "block_times",
    "blocks_of",
    "graph_of",
    "graph_text",
    "read_chain",
    "read_graph",
]
