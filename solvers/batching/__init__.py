"""Batches of a serverless function: what a buffer in front of it does to latency and cost."""

from solvers.batching.buffer import BufferProblem
from solvers.batching.grid import BatchGrid, priced
from solvers.batching.law import BatchLaw, law_of
from solvers.batching.search import BatchChoice, cheapest

__all__ = ["BatchChoice", "BatchGrid", "BatchLaw", "BufferProblem", "cheapest", "law_of", "priced"]
