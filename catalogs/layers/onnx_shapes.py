"""An ONNX model with the shape of every tensor inferred, for a batch of one; needs the `onnx` extra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalogs.errors import CatalogError
from catalogs.inputs import near, raise_collected
from catalogs.layers.onnx_weights import read_without_weights

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_BYTES = (
    2**31
)  # of the file itself: the most that a protocol-buffer message can have; weights may lie in further files


def read_inferred(path: Path) -> Any:
    """Return the model (`onnx.ModelProto`) without large weights, its local functions inlined and its shapes inferred.

    A symbolic first dimension of an input is the batch and becomes 1, wherever its name stands.

    Raises
    ------
    CatalogError
        When the extra is not installed, the file is no ONNX model, or another dimension of an input is not known.
    """
    try:
        import onnx
        from onnx import inliner, shape_inference
    except ImportError:
        problem = f"{path}: reading ONNX needs the onnx package. Install the extra: pip install 'inference-planner[onnx]'."
        raise CatalogError([problem]) from None
    _check_file(path)
    try:
        model = onnx.load_model_from_string(read_without_weights(path))
    except Exception as error:  # DecodeError of whichever protobuf is installed, or ValueError
        raise CatalogError([f"{path}: this is no ONNX model ({error}). Export it again."]) from None
    if not model.graph.node:
        raise CatalogError([f"{path}: the model has no nodes. Export it again."])
    if not all(isinstance(text, str) for text in _names(model.graph)):  # what is not UTF-8 comes as bytes
        raise CatalogError([f"{path}: some of its names are not UTF-8 text. Export it again."])
    try:
        model = inliner.inline_local_functions(model) if model.functions else model
        raise_collected([f"{path}: {problem}" for problem in _fix_batch(model.graph)])
        return shape_inference.infer_shapes(model, data_prop=True)
    except (shape_inference.InferenceError, RuntimeError, ValueError) as error:
        if isinstance(error, CatalogError):
            raise
        raise CatalogError([f"{path}: its shapes cannot be inferred ({error}). Check the model."]) from None


def item_bytes_of(element_type: int) -> int | None:
    """Bytes an element of an ONNX type takes (types of 4 bits count 1); None for texts and unknown types."""
    from onnx import TensorProto, helper

    if element_type in (TensorProto.UNDEFINED, TensorProto.STRING):
        return None
    try:
        return int(helper.tensor_dtype_to_np_dtype(element_type).itemsize)
    except KeyError:
        return None


def _names(graph: Any) -> Iterator[object]:
    for node in graph.node:
        yield from (node.name, node.op_type, *node.input, *node.output)
    for value in (*graph.initializer, *graph.input, *graph.output, *graph.value_info):
        yield value.name


def _check_file(path: Path) -> None:
    if not path.is_file():
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise CatalogError(
            [f"{path}: there is no such file.{near(path.name, siblings)} Give the path of an existing file."]
        )
    size = path.stat().st_size
    if not 0 < size < MOST_BYTES:
        raise CatalogError(
            [
                f"{path}: has {size} bytes; an ONNX file has 1 to {MOST_BYTES - 1}. Export large weights as external data."
            ]
        )


def _fix_batch(graph: Any) -> list[str]:
    """Set the batch to 1 in place; return a problem for every other dimension of an input that is not known."""
    weights = {tensor.name for tensor in graph.initializer}
    given = [value for value in graph.input if value.name not in weights]
    batch_names = {
        value.type.tensor_type.shape.dim[0].dim_param for value in given if value.type.tensor_type.shape.dim
    } - {""}
    problems: list[str] = []
    for value in given:
        if not value.type.tensor_type.HasField("shape"):
            problems.append(
                f"input {value.name} has no shape. Export the model with the shapes of its inputs."
            )
        for i, dim in enumerate(value.type.tensor_type.shape.dim):
            if dim.HasField("dim_value") and dim.dim_value > 0:
                continue
            if i == 0 or dim.dim_param in batch_names:
                dim.dim_value = 1
            else:
                name = dim.dim_param or "?"
                problems.append(
                    f"dimension {i} of input {value.name} is symbolic ({name}); only the first, the batch, may be. "
                    "Export the model with a fixed size there."
                )
    for value in (*graph.value_info, *graph.output):  # what the exporter noted, some of it with symbols
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param in batch_names:
                dim.dim_value = 1
    return problems
