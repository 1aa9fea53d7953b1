"""ONNX models built on the spot: shapes inferred, constants folded, weights passed over, and broken models told."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from catalogs.errors import CatalogError
from catalogs.layers import onnx_shapes, onnx_weights, read_chain, read_graph
from catalogs.layers.onnx_weights import read_without_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

LIGHT = (
    Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
)  # real models that come with the package
FLOAT = TensorProto.FLOAT


def saved(
    path: Path,
    nodes: Sequence[Any],
    *,
    inputs: dict[str, list[Any]],
    outputs: dict[str, list[Any]],
    weights: dict[str, Any] | None = None,
    functions: Sequence[Any] = (),
    domains: Sequence[str] = (),
) -> Path:
    """A model file; weights are arrays by name."""
    graph = helper.make_graph(
        list(nodes),
        "made up",
        [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (weights or {}).items()],
    )
    imports = [helper.make_opsetid("", 17), *(helper.make_opsetid(domain, 1) for domain in domains)]
    model = helper.make_model(graph, opset_imports=imports, functions=list(functions))
    path.write_bytes(model.SerializeToString())
    return path


def weights(*shape: int) -> Any:
    return np.zeros(shape, dtype=np.float32)


def residual(path: Path) -> Path:
    """Convolution, ReLU, a residual convolution, pooling, a dense layer; the batch is symbolic."""
    nodes = [
        helper.make_node(
            "Conv", ["x", "w1", "b1"], ["c1"], "conv1", kernel_shape=[3, 3], pads=[1] * 4, strides=[2, 2]
        ),
        helper.make_node("Relu", ["c1"], ["r1"], "relu1"),
        helper.make_node("Conv", ["r1", "w2"], ["c2"], "conv2", kernel_shape=[3, 3], pads=[1] * 4, group=4),
        helper.make_node("Add", ["c2", "r1"], ["a"], "add"),
        helper.make_node("GlobalAveragePool", ["a"], ["g"], "pool"),
        helper.make_node("Flatten", ["g"], ["f"], "flat"),
        helper.make_node("Gemm", ["f", "w3", "b3"], ["y"], "fc", transB=1),
    ]
    arrays = {
        "w1": weights(8, 3, 3, 3),
        "b1": weights(8),
        "w2": weights(8, 2, 3, 3),
        "w3": weights(10, 8),
        "b3": weights(10),
    }
    return saved(path, nodes, inputs={"x": ["N", 3, 16, 16]}, outputs={"y": ["N", 10]}, weights=arrays)


def problems(path: Path) -> list[str]:
    with pytest.raises(CatalogError) as error:
        read_chain(path)
    return [problem.replace(str(path), "FILE") for problem in error.value.problems]


def test_a_residual_model_is_read_for_one_request(tmp_path: Path) -> None:
    model = read_graph(residual(tmp_path / "small.onnx"))
    assert (model.model, model.input_bytes, model.source) == ("small", 4 * 3 * 256, "small.onnx")
    assert [one.name for one in model.layers] == ["conv1", "relu1", "conv2", "add", "pool", "flat", "fc"]
    assert [one.kind for one in model.layers][:2] == ["Conv", "Relu"]
    assert [one.output_bytes for one in model.layers] == [4 * n for n in (512, 512, 512, 512, 8, 8, 10)]
    assert [one.param_bytes for one in model.layers] == [4 * n for n in (224, 0, 144, 0, 0, 0, 90)]
    assert [one.flops for one in model.layers] == [2 * 512 * 27, 512, 2 * 512 * 18, 512, 512, 0, 2 * 80]
    chain = read_chain(tmp_path / "small.onnx", "other name")
    assert (chain.model, [block.name for block in chain.blocks][2]) == ("other name", "conv2..add")


def test_attention_with_shapes_computed_from_constants(tmp_path: Path) -> None:
    """Reshapes by constants and by the shape of a tensor are no layers of their own; products count by their inner size."""
    nodes = [
        helper.make_node("MatMul", ["x", "wq"], ["q"], "q"),
        helper.make_node("MatMul", ["x", "wk"], ["k"], "k"),
        helper.make_node(
            "Constant", [], ["axes"], value=numpy_helper.from_array(np.array([1, 16, 2, 4], dtype=np.int64))
        ),
        helper.make_node("Reshape", ["q", "axes"], ["qh"], "split_q"),
        helper.make_node("Reshape", ["k", "axes"], ["kh"], "split_k"),
        helper.make_node("Transpose", ["qh"], ["qt"], "turn_q", perm=[0, 2, 1, 3]),
        helper.make_node("Transpose", ["kh"], ["kt"], "turn_k", perm=[0, 2, 3, 1]),
        helper.make_node("MatMul", ["qt", "kt"], ["s"], "scores"),
        helper.make_node("Softmax", ["s"], ["p"], "soft", axis=-1),
        helper.make_node("Shape", ["p"], ["shape"]),
        helper.make_node("Reshape", ["p", "shape"], ["y"], "same"),
    ]
    arrays = {"wq": weights(8, 8), "wk": weights(8, 8)}
    path = saved(
        tmp_path / "attention.onnx",
        nodes,
        inputs={"x": [1, 16, 8]},
        outputs={"y": [1, 2, 16, 16]},
        weights=arrays,
    )
    flops = {one.name: one.flops for one in read_graph(path).layers}
    assert flops == {
        "q": 2 * 16 * 8 * 8,
        "k": 2 * 16 * 8 * 8,
        "split_q": 0,
        "split_k": 0,
        "turn_q": 0,
        "turn_k": 0,
        "scores": 2 * 2 * 16 * 16 * 4,
        "soft": 3 * 512,
        "same": 0,
    }
    branches = read_chain(path).blocks[0].branches
    assert [branch.layers[0] for branch in branches] == ["q", "k"]


def test_tensors_of_a_split_are_layers_each(tmp_path: Path) -> None:
    """Both halves cross, so nothing is cut between the split and the sum; a half that nobody reads is no layer."""
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("Split", ["r"], ["left", "right"], "split", axis=1),
        helper.make_node("Add", ["left", "right"], ["s"], "sum"),
        helper.make_node("TopK", ["s", "two"], ["y", "unused"], "best"),
    ]
    path = saved(
        tmp_path / "split.onnx",
        nodes,
        inputs={"x": [1, 8]},
        outputs={"y": [1, 2]},
        weights={"two": np.array([2], dtype=np.int64)},
    )
    chain = read_chain(path)
    assert [block.layers for block in chain.blocks] == [
        ("Relu:r",),
        ("split:left", "split:right", "sum"),
        ("best",),
    ]
    assert chain.cut_bytes.tolist() == [32, 32, 16, 8]
    assert chain.source.endswith("; 1 flop an output element is taken for TopK")


def test_local_functions_are_read_through(tmp_path: Path) -> None:
    body = [helper.make_node("Relu", ["a"], ["b"]), helper.make_node("Neg", ["b"], ["c"])]
    function = helper.make_function("local", "Twice", ["a"], ["c"], body, [helper.make_opsetid("", 17)])
    nodes = [helper.make_node("Twice", ["x"], ["y"], "twice", domain="local")]
    path = saved(
        tmp_path / "f.onnx",
        nodes,
        inputs={"x": [1, 4]},
        outputs={"y": [1, 4]},
        functions=[function],
        domains=["local"],
    )
    assert [one.kind for one in read_graph(path).layers] == ["Relu", "Neg"]


def test_weights_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data of large tensors is dropped, in initialisers and in constants, and the graph is read all the same."""
    values = numpy_helper.from_array(weights(64, 600))
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"], "first"),
        helper.make_node("Constant", [], ["v"], "constant", value=values),
        helper.make_node("MatMul", ["h", "v"], ["y"], "second"),
    ]
    path = saved(
        tmp_path / "large.onnx",
        nodes,
        inputs={"x": ["N", 500]},
        outputs={"y": ["N", 600]},
        weights={"w": weights(500, 64)},
    )
    assert len(read_without_weights(path)) < 1000 < path.stat().st_size
    stripped = read_graph(path)
    assert [one.param_bytes for one in stripped.layers] == [4 * 500 * 64, 4 * 64 * 600]
    monkeypatch.setattr(onnx_weights, "KEPT_BYTES", 10**9)
    assert read_without_weights(path) == path.read_bytes()
    assert read_graph(path) == stripped


def test_weights_in_further_files_are_not_looked_for(tmp_path: Path) -> None:
    path = residual(tmp_path / "small.onnx")
    whole = read_graph(path)
    onnx.save_model(
        onnx.load(path), path, save_as_external_data=True, location="weights.bin", size_threshold=0
    )
    (tmp_path / "weights.bin").unlink()
    assert read_graph(path) == whole


@pytest.mark.parametrize(
    ("name", "blocks", "parameters", "multiplications"),
    [
        ("bvlc_alexnet", 24, 60_965_224, 0.65e9),
        ("vgg19", 46, 143_667_240, 19.6e9),
        ("resnet50", 40, 25_610_152, 4.1e9),
    ],
)
def test_models_that_come_with_the_package(
    name: str, blocks: int, parameters: int, multiplications: float
) -> None:
    """Parameters as published, but for the constants that a reshape reads; multiplications with additions to 2 %."""
    chain = read_chain(LIGHT / f"light_{name}.onnx")
    assert len(chain.blocks) == blocks
    assert 0 <= sum(block.param_bytes for block in chain.blocks) - 4 * parameters <= 64
    assert sum(block.flops for block in chain.blocks) / 2 == pytest.approx(multiplications, rel=0.02)


def one_node(path: Path, op_type: str, shape: list[Any], **attributes: Any) -> Path:
    return saved(
        path,
        [helper.make_node(op_type, ["x"], ["y"], **attributes)],
        inputs={"x": shape},
        outputs={"y": shape},
    )


def test_broken_models_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.onnx"
    assert "there is no such file" in problems(path)[0]
    path.write_bytes(b"")
    assert problems(path) == [
        "FILE: has 0 bytes; an ONNX file has 1 to 2147483647. Export large weights as external data."
    ]
    for junk in (b"\xff" * 90, b"\x08" + b"\xff" * 12, b"\x07\x07\x07", bytes([58, 200, 1])):
        path.write_bytes(junk)
        assert problems(path)[0].startswith("FILE: this is no ONNX model (")
        monkeypatch.setattr(onnx_weights, "KEPT_BYTES", 0)
    monkeypatch.undo()
    path.write_bytes(helper.make_model(helper.make_graph([], "g", [], [])).SerializeToString())
    assert problems(path) == ["FILE: the model has no nodes. Export it again."]
    assert problems(one_node(path, "Relu", ["N", "seq", None])) == [
        f"FILE: dimension {i} of input x is symbolic ({name}); only the first, the batch, may be. "
        "Export the model with a fixed size there."
        for i, name in ((1, "seq"), (2, "?"))
    ]
    path.write_bytes(one_node(path, "Relu", [1]).read_bytes().replace(b"Relu", b"Re\xff\xff"))
    assert problems(path) == ["FILE: some of its names are not UTF-8 text. Export it again."]
    nodes = [helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Neg", ["x"], ["z"])]
    saved(path, nodes, inputs={"x": [1]}, outputs={"y": [1], "z": [1]})
    assert problems(path)[0].startswith("FILE: has 2 outputs (y, z); a model has one answer.")
    saved(
        path,
        [helper.make_node("Relu", ["w"], ["y"])],
        inputs={"x": [1]},
        outputs={"y": [1]},
        weights={"w": weights(1)},
    )
    assert problems(path) == ["FILE: its output does not depend on its input. Export the model again."]


def test_what_cannot_be_inferred_is_told_where_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    nodes = [
        helper.make_node("Strange", ["x"], ["s"], "odd", domain="theirs"),
        helper.make_node("Relu", ["s"], ["r"], "after"),
        helper.make_node("NonZero", ["x"], ["n"], "counted"),
        helper.make_node("Cast", ["n"], ["c"], "cast", to=FLOAT),
        helper.make_node("Add", ["r", "c"], ["y"], "sum"),
    ]
    saved(path, nodes, inputs={"x": [1, 4]}, outputs={"y": [1, 4]}, domains=["theirs"])
    assert [problem.split(" cannot")[0] for problem in problems(path)] == [
        "FILE: node odd (Strange) writes s, whose shape",
        "FILE: node counted (NonZero) writes n, whose shape",
    ]


def test_control_flow_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    branch = helper.make_graph(
        [helper.make_node("Neg", ["x"], ["n"])],
        "then",
        [],
        [helper.make_tensor_value_info("n", FLOAT, [1, 4])],
    )
    nodes = [
        helper.make_node("If", ["c"], ["y"], "choice", then_branch=branch, else_branch=branch),
    ]
    saved(path, nodes, inputs={"x": [1, 4]}, outputs={"y": [1, 4]}, weights={"c": np.array(True)})
    assert problems(path) == [
        "FILE: node choice (If) has graphs of its own, so its cost hangs on data. Export without control flow."
    ]


def test_without_the_extra_the_way_to_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = residual(tmp_path / "small.onnx")
    real_import = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "onnx":
            raise ImportError(name)
        return real_import(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    assert problems(path) == [
        "FILE: reading ONNX needs the onnx package. Install the extra: pip install 'inference-planner[onnx]'."
    ]


def test_files_of_two_gibibytes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_shapes, "MOST_BYTES", 100)
    assert "an ONNX file has 1 to 99" in problems(residual(tmp_path / "small.onnx"))[0]


def test_a_tensor_that_nothing_writes_is_told(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    nodes = [helper.make_node("Add", ["x", "lost"], ["y"], "sum")]
    saved(path, nodes, inputs={"x": [1, 4]}, outputs={"y": [1, 4]})
    assert problems(path) == [
        "FILE: node sum (Add) reads lost, which no node before it writes. Export the model again."
    ]
