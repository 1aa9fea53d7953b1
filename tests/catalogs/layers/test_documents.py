"""JSON documents: layer graphs and chains are read as written, and broken ones told in full."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from catalogs.errors import CatalogError
from catalogs.layers import files, graph_text, read_chain, read_graph
from tests.catalogs.layers.architectures import ARCHITECTURES, FOLDER
from tests.catalogs.layers.small_graphs import graph, layer, random_graph

if TYPE_CHECKING:
    from pathlib import Path

LAYER = {"name": "a", "kind": "Relu", "inputs": ["input"], "output_bytes": 4, "param_bytes": 0, "flops": 1}
GRAPH = {"model": "tiny", "input_bytes": 4, "layers": [LAYER]}
BLOCK = {"name": "a", "n_layers": 2, "params": 8, "flops": 5, "out": 4, "peak": 12}
CHAIN = {
    "name": "tiny",
    "source": "made up",
    "input": 16,
    "n_keras_layers": 3,
    "blocks": [BLOCK, BLOCK | {"name": "b", "out": 2}],
}


def written(folder: Path, document: Any, name: str = "model.json") -> Path:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def problems(path: Path, model: str | None = None) -> list[str]:
    with pytest.raises(CatalogError) as error:
        read_chain(path, model)
    return [problem.replace(str(path), "FILE") for problem in error.value.problems]


@pytest.mark.parametrize("seed", range(20))
def test_a_graph_is_read_as_it_was_written(seed: int, tmp_path: Path) -> None:
    model = random_graph(np.random.default_rng(seed), 9)
    assert read_graph(written(tmp_path, graph_text(model))) == model


def test_measured_times_are_read(tmp_path: Path) -> None:
    times = {512: 2.5, 1024: 1.0}
    model = graph(layer("a", time_ms=times), layer("b", "a", time_ms={512: 1, 1024: 0}))
    path = written(tmp_path, graph_text(model))
    assert read_graph(path) == model
    assert read_chain(path, "tiny").blocks[0].time_ms == times


def test_a_chain_of_blocks_is_read_as_it_is(tmp_path: Path) -> None:
    chain = read_chain(written(tmp_path, CHAIN))
    assert (chain.model, chain.source, chain.graph) == ("tiny", "made up", None)
    assert chain.cut_bytes.tolist() == [16, 4, 2]
    first = chain.blocks[0]
    assert (first.name, first.param_bytes, first.flops, first.peak_bytes) == ("a", 8, 5, 12)
    with pytest.raises(
        CatalogError, match="this is a chain of blocks; a layer graph with `layers` is needed here"
    ):
        read_graph(tmp_path / "model.json")


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_examples_are_what_their_papers_give(name: str) -> None:
    path = FOLDER / f"{name}.json"
    model = ARCHITECTURES[name]()
    assert path.read_text() == graph_text(model), (
        "write it again: python -m tests.catalogs.layers.architectures"
    )
    parameters = {
        "vgg16": 138_357_544,
        "googlenet": 6_998_552,
        "resnet50": 25_557_032 + 53_120,
    }  # as released; BN's statistics
    assert sum(one.param_bytes for one in model.layers) == 4 * parameters[name]
    branches = {"vgg16": [], "googlenet": [4] * 9, "resnet50": [2] * 4}
    assert [len(one.branches) for one in read_chain(path).blocks if one.branches] == branches[name]


CASES: dict[str, tuple[Any, list[str]]] = {
    "no JSON": ("{", ["FILE: this is not readable JSON (Expecting property name"]),
    "no mapping": ([1], ["FILE: the document is [1]; it must be a mapping."]),
    "deep": ("[" * 100_000, ["FILE: this is not readable JSON ("]),
    "key twice": ('{"model": "a", "model": "b"}', ["FILE: model stands twice in one mapping. Keep one."]),
    "unknown key": (
        {"modell": "tiny", "input_bytes": 4, "layers": [LAYER]},
        ["FILE: modell is not known. Did you mean model?", "FILE: model is missing. Did you mean modell?"],
    ),
    "layer keys": (
        GRAPH
        | {
            "layers": [
                {
                    "name": "a",
                    "flop": 1,
                    "kind": 3,
                    "inputs": "input",
                    "output_bytes": 1.5,
                    "param_bytes": True,
                }
            ]
        },
        [
            "FILE layers[0] (a): flop is not known. Did you mean flops?",
            "FILE layers[0] (a): flops is missing. Did you mean flop?",
            "FILE layers[0] (a): kind is 3; it must be a text that is not empty.",
            "FILE layers[0] (a): inputs is 'input'; it must be a list of texts.",
            "FILE layers[0] (a): output_bytes is 1.5; it must be a whole number.",
            "FILE layers[0] (a): param_bytes is True; it must be a number from 0 to 1e18.",
        ],
    ),
    "layer no mapping": (
        GRAPH | {"layers": [7]},
        ["FILE layers[0] is 7; it must be a mapping with name, kind,"],
    ),
    "no layers": (
        GRAPH | {"layers": []},
        ["FILE: layers is 'a list of 0'; it must be a list of 1 to 50000 entries."],
    ),
    "not a number": (
        json.dumps(GRAPH).replace('"flops": 1', '"flops": NaN'),
        ["FILE layers[0] (a): flops is nan; it must be a number from 0 to 1e18."],
    ),
    "times": (
        GRAPH | {"layers": [LAYER | {"time_ms": {"512": -1, "1 GB": 3}}]},
        [
            "time_ms stands at '1 GB'; a size in MB",
            "layers[0] (a): time_ms: 512 is -1; it must be a number from 0 to 1e18.",
        ],
    ),
    "too large": (
        json.dumps(GRAPH).replace('"flops": 1', f'"flops": 1{"0" * 400}'),
        ["it must be a number from 0 to 1e18."],
    ),
    "times empty": (
        GRAPH | {"layers": [LAYER | {"time_ms": {}}]},
        ["time_ms is {}; it must be milliseconds by memory"],
    ),
    "chain": (
        CHAIN | {"blocks": [BLOCK, BLOCK, {"name": "c", "time_ms": {"512": 1}}]},
        [
            "FILE blocks[2] (c): params is missing.",
            "FILE blocks[2] (c): flops is missing.",
            "FILE blocks[2] (c): out is missing.",
            "FILE blocks[2] (c): peak is missing.",
            "FILE: block a stands 2 times.",
            "FILE: blocks have time_ms at different memory settings.",
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_broken_document_is_told_in_full(name: str, tmp_path: Path) -> None:
    document, expected = CASES[name]
    found = problems(written(tmp_path, document))
    assert len(found) == len(expected), found
    for problem, fragment in zip(found, expected, strict=True):
        assert fragment in problem


def test_a_document_of_another_model_is_not_taken(tmp_path: Path) -> None:
    assert problems(written(tmp_path, GRAPH), "other") == [
        "FILE: describes 'tiny', not 'other'. Leave --model out, or give that name."
    ]


def test_files_that_cannot_be_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        "there is no such file. Did you mean model.json?"
        in problems(written(tmp_path, GRAPH).with_name("modell.json"))[0]
    )
    assert "the name ends in .jsonn; known are .json, .csv, .onnx" in problems(tmp_path / "model.jsonn")[0]
    monkeypatch.setattr(files, "MOST_BYTES", 2)
    assert "up to 0 MiB are read" in problems(tmp_path / "model.json")[0]
