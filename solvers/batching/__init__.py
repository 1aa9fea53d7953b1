"""Batches of a serverless function: what a buffer in front of it does to latency and cost."""

from solvers.batching.buffer import BufferProblem
from solvers.batching.grid import BatchGrid, priced
from solvers.batching.groupings import SharedBuffer, Sharing, best_sharing, sharing_of, two_stage_merging
from solvers.batching.law import BatchLaw, law_of
from solvers.batching.search import BatchChoice, cheapest
from solvers.batching.sharing import SharingProblem

__all__ = [
    "BatchChoice",
    "BatchGrid",
    "BatchLaw",
    "BufferProblem",
    "SharedBuffer",
    "Sharing",
    "SharingProblem",
    "best_sharing",
    "cheapest",
    "law_of",
    "priced",
    "sharing_of",
    "two_stage_merging",
]
