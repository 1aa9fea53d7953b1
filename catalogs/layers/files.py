"""Files that describe what a model is made of, whatever their format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from catalogs.errors import CatalogError
from catalogs.inputs import near, raise_collected, read_input
from catalogs.layers.cuts import blocks_of
from catalogs.layers.documents import chain_of_document, graph_of_document, read_document
from catalogs.layers.layer_tables import graph_of_table
from catalogs.layers.onnx_files import graph_of_onnx

if TYPE_CHECKING:
    from catalogs.inputs import InputFile
    from catalogs.layers.chain import BlockChain
    from catalogs.layers.graph import LayerGraph

SUFFIXES = (".json", ".csv", ".onnx")
MOST_BYTES = 64 * 2**20  # of a text file; the largest published layer tables have some hundred KiB


def read_chain(path: str | Path, model: str | None = None) -> BlockChain:
    """Read a model as a chain of blocks from a layer graph, a chain (JSON),, a layer table (CSV) or an ONNX file.

    Parameters
    ----------
    model
        Which model of a table; for an ONNX file the name to give it, by default that of the file. A JSON document has one model,
        and a name given must be its name.

    Raises
    ------
    CatalogError
        With every problem of the file.
    """
    path = Path(path)
    if _suffix(path) != ".json":
        return blocks_of(read_graph(path, model))
    file, document = _document(path, model)
    if "blocks" in document:
        return chain_of_document(file, document, [])
    return blocks_of(graph_of_document(file, document, []))


def read_graph(path: str | Path, model: str | None = None) -> LayerGraph:
    """Read a model as a graph of layers; as `read_chain`, but a JSON chain of blocks has no graph and is an error."""
    path = Path(path)
    suffix = _suffix(path)
    if suffix == ".onnx":
        return graph_of_onnx(path, model)
    if suffix == ".csv":
        return graph_of_table(_text_file(path), model)
    file, document = _document(path, model)
    if "blocks" in document:
        raise CatalogError(
            [f"{path}: this is a chain of blocks; a layer graph with `layers` is needed here."]
        )
    return graph_of_document(file, document, [])


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        return suffix
    raise CatalogError(
        [
            f"{path}: the name ends in {suffix or 'no suffix'}; known are {', '.join(SUFFIXES)} "
            "(layer graph or chain, layer table, ONNX)." + near(suffix, SUFFIXES)
        ]
    )


def _text_file(path: Path) -> InputFile:
    problems: list[str] = []
    if path.is_file() and path.stat().st_size > MOST_BYTES:
        size_mib = path.stat().st_size / 2**20
        problems.append(
            f"{path}: has {size_mib:.0f} MiB; up to {MOST_BYTES // 2**20} MiB are read. Give a smaller file."
        )
        raise_collected(problems)
    file = read_input(path, problems)
    raise_collected(problems)
    assert file is not None  # else a problem was noted
    return file


def _document(path: Path, model: str | None) -> tuple[InputFile, dict[str, object]]:
    """The file and its mapping, which must be of the model asked for."""
    file = _text_file(path)
    problems: list[str] = []
    document = read_document(file, problems)
    raise_collected(problems)
    assert document is not None  # else a problem was noted
    name = document.get("name" if "blocks" in document else "model")
    if model is not None and isinstance(name, str) and name != model:
        raise CatalogError(
            [f"{path}: describes {name!r}, not {model!r}. Leave --model out, or give that name."]
        )
    return file, document
