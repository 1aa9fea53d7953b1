"""Blocks of graphs: where they are cut, what they hold, and their branches, on paper and against plain definitions."""

from __future__ import annotations

import numpy as np
import pytest

from catalogs.layers import Block, LayerGraph, blocks_of
from tests.catalogs.layers.small_graphs import graph, inception, layer, random_graph, residual

SEEDS = range(150)


def test_a_residual_block_stays_whole() -> None:
    chain = blocks_of(residual())
    assert [block.name for block in chain.blocks] == ["stem", "a..sum", "tail"]
    assert chain.cut_bytes.tolist() == [10, 20, 20, 2]
    whole = chain.blocks[1]
    assert whole.layers == ("a", "b", "sum")
    assert whole.peak_bytes == 60  # the stem's tensor, that of b and the sum
    assert (whole.flops, whole.output_bytes, whole.branches, whole.rest) == (45.0, 20, (), None)


def test_working_memory_counts_while_its_layer_works() -> None:
    chain = blocks_of(graph(layer("one", output_bytes=5, working_bytes=100), layer("two", "one", 7)))
    assert [block.peak_bytes for block in chain.blocks] == [115, 12]


def test_parallel_branches_are_described() -> None:
    block = blocks_of(inception()).blocks[1]
    assert [branch.layers for branch in block.branches] == [("a",), ("b1", "b2"), ("c1", "c2")]
    assert [branch.param_bytes for branch in block.branches] == [7, 3, 4]
    assert [branch.flops for branch in block.branches] == [30, 50, 120]
    assert [branch.output_bytes for branch in block.branches] == [30, 40, 20]
    assert [branch.peak_bytes for branch in block.branches] == [130, 110, 200]
    assert block.rest is not None
    assert block.rest.layers == ("join",)
    assert block.rest.peak_bytes == 100 + 30 + 40 + 20 + 90  # all branches' tensors and the one that came in


def test_an_identity_shortcut_is_no_branch_and_a_computed_one_is() -> None:
    """The rest of the block that a branch does not read stays with the caller."""
    block = blocks_of(
        graph(layer("a", output_bytes=4), layer("b", "a", 4), layer("c", "a", 3), layer("sum", "b c", 4))
    ).blocks[1]
    assert [branch.name for branch in block.branches] == ["b", "c"]
    nested = blocks_of(
        graph(
            layer("a", output_bytes=4),
            layer("b", "a", 4),
            layer("c", "a", 3),
            layer("joined", "b c", 7),
            layer("tail", "joined", 4),
            layer("sum", "tail a", 4),
        )
    ).blocks[1]
    assert [branch.name for branch in nested.branches] == ["b", "c"]
    assert nested.rest is not None
    assert nested.rest.layers == ("joined", "tail", "sum")


def test_of_two_joins_the_one_that_takes_most_work_off_the_path_counts() -> None:
    """The outer join runs 9 of 18 flops beside the others, the inner one only 4 of 8."""
    block = blocks_of(
        graph(
            layer("a", output_bytes=1),
            layer("b", "a", 4),
            layer("c", "a", 4),
            layer("inner", "b c", 2),
            layer("d", "a", 9),
            layer("outer", "inner d", 3),
        )
    ).blocks[1]
    assert [branch.layers for branch in block.branches] == [("b", "c", "inner"), ("d",)]


def reaches_answer_without(model: LayerGraph, removed: str) -> bool:
    """Whether some path leads from the input to the last layer past one that is taken out."""
    reached = {"input"}
    for one in model.layers:
        if one.name != removed and reached & set(one.inputs):
            reached.add(one.name)
    return model.layers[-1].name in reached


def held_bytes(model: LayerGraph, block: Block, first: int, size: dict[str, int]) -> int:
    """Most bytes held by any layer of a block: each tensor that is written and still to be read, or the block's own."""
    most = 0
    members = list(block.layers)
    entry = model.layers[first - 1].name if first else "input"
    by_name = {one.name: one for one in model.layers}
    for i, name in enumerate(members):
        to_read = {one for later in members[i:] for one in by_name[later].inputs}
        held = {one for one in [entry, *members[:i]] if one in to_read} | {name}
        most = max(most, sum(size[one] for one in held) + (by_name[name].working_bytes or 0))
    return most


@pytest.mark.parametrize("seed", SEEDS)
def test_random_graphs_are_cut_at_the_layers_that_all_paths_pass(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = random_graph(rng, int(rng.integers(1, 14)))
    chain = blocks_of(model)
    names = [one.name for one in model.layers]
    through = [name for name in names[:-1] if not reaches_answer_without(model, name)]
    assert [block.layers[-1] for block in chain.blocks] == [*through, names[-1]]
    assert [name for block in chain.blocks for name in block.layers] == names
    size = model.bytes_of
    first = 0
    for block in chain.blocks:
        assert block.peak_bytes == held_bytes(model, block, first, size)
        first += len(block.layers)


@pytest.mark.parametrize("seed", SEEDS)
def test_branches_of_random_graphs_read_nothing_of_each_other(seed: int) -> None:
    rng = np.random.default_rng(1000 + seed)
    model = random_graph(rng, int(rng.integers(4, 16)))
    by_name = {one.name: one for one in model.layers}
    entry = "input"
    for block in blocks_of(model).blocks:
        for branch in block.branches:
            read = {name for one in branch.layers for name in by_name[one].inputs}
            assert read - set(branch.layers) <= {entry}
        if block.branches:
            assert block.rest is not None
            parts = [*block.branches, block.rest]
            assert sorted(name for part in parts for name in part.layers) == sorted(block.layers)
            assert sum(part.flops for part in parts) == pytest.approx(block.flops)
            assert block.rest.layers[-1] == block.layers[-1]
        entry = block.layers[-1]
