"""Floating-point operations of ONNX nodes, from the shapes of what they read and write.

A multiplication with its addition counts 2; biases are not counted. Operations on single elements count 1 each, also where they
take more (an exponential).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Shape = tuple[int, ...]

MOVES_DATA = (
    "Cast CastLike Compress Concat DepthToSpace Dropout Expand Flatten Gather GatherElements GatherND Identity OneHot Pad Reshape "
    "ReverseSequence ScatterElements ScatterND Slice SpaceToDepth Split Squeeze Tile Transpose Trilu Unsqueeze"
)
ELEMENTWISE = (  # one operation an element of the output
    "Abs Acos Add And Asin Atan BitShift Ceil Celu Clip Cos CumSum DequantizeLinear Div DynamicQuantizeLinear Elu Equal Erf Exp "
    "Floor Gelu Greater GreaterOrEqual HardSigmoid HardSwish Hardmax IsInf IsNaN LeakyRelu Less LessOrEqual Log Mish Mod Mul Neg "
    "Not Or PRelu Pow QuantizeLinear Reciprocal Relu Round Selu Sigmoid Sign Sin Softplus Softsign Sqrt Sub Swish Tan Tanh "
    "ThresholdedRelu Where Xor"
)
OF_MANY = "Max Mean Min Sum"  # one for each input after the first
REDUCTIONS = (
    "ArgMax ArgMin GlobalAveragePool GlobalLpPool GlobalMaxPool ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax "
    "ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare"
)
STATISTICS = (
    "GroupNormalization InstanceNormalization LayerNormalization LpNormalization LRN RMSNormalization"
)
STATISTICS_FLOPS = 5.0  # an element: its part of the mean and of the variance, normalisation, scale and shift
SOFTMAX_FLOPS = 3.0  # an element: exponential, its part of the sum, division


@dataclass(frozen=True)
class NodeShapes:
    """What a node's flops hang on.

    Parameters
    ----------
    inputs
        Shape of each input, empty for one left out.
    output
        Shape of the first output.
    attributes
        Its attributes by name.
    """

    inputs: tuple[Shape, ...]
    output: Shape
    attributes: Mapping[str, Any]


def node_flops(op_type: str, shapes: NodeShapes) -> float | None:
    """Operations of one node; None for an operator that is not known here."""
    rule = RULES.get(op_type)
    return None if rule is None else float(rule(shapes))


def _convolution(node: NodeShapes) -> float:
    """Every output element takes a product for each weight of its filter; weights [out, in / group, kernel...]."""
    return 2.0 * math.prod(node.output) * math.prod(node.inputs[1][1:])


def _quantised_convolution(node: NodeShapes) -> float:
    return 2.0 * math.prod(node.output) * math.prod(node.inputs[3][1:])  # inputs: x, its scale and zero, w


def _transposed_convolution(node: NodeShapes) -> float:
    """Every input element is spread by each weight of its filter; weights [in, out / group, kernel...]."""
    return 2.0 * math.prod(node.inputs[0]) * math.prod(node.inputs[1][1:])


def _general_product(node: NodeShapes) -> float:
    inner = node.inputs[0][0 if node.attributes.get("transA") else -1]
    return 2.0 * math.prod(node.output) * inner


def _product(node: NodeShapes) -> float:
    return 2.0 * math.prod(node.output) * node.inputs[0][-1]


def _einstein_sum(node: NodeShapes) -> float:
    """Every output element sums over the letters that it has not itself; dots stand for letters of the output."""
    equation = node.attributes["equation"].decode().replace(" ", "")
    terms, _, result = equation.partition("->")
    size: dict[str, int] = {}
    for term, shape in zip(terms.split(","), node.inputs, strict=True):
        head, _, tail = term.partition("...")
        size.update(zip(head, shape, strict=False))
        size.update(zip(reversed(tail), reversed(shape), strict=False))
    if not result:  # the implicit form: letters that stand once
        result = "".join(letter for letter in size if terms.count(letter) == 1)
    return 2.0 * math.prod(node.output) * math.prod(n for letter, n in size.items() if letter not in result)


def _attention(node: NodeShapes) -> float:
    """Scores of every query with every key, and the values weighed by them; sequences in the last dimension but one."""
    keys = node.inputs[1][-2]
    return 2.0 * keys * (math.prod(node.inputs[0]) + math.prod(node.output))


def _recurrent(node: NodeShapes) -> float:
    """Input and recurrent weights at every step; x [steps, batch, features], or batch first."""
    steps = math.prod(node.inputs[0][:2])
    return 2.0 * steps * (math.prod(node.inputs[1]) + math.prod(node.inputs[2]))


def _pooling(node: NodeShapes) -> float:
    return float(math.prod(node.output) * math.prod(node.attributes["kernel_shape"]))


def _of_many(node: NodeShapes) -> float:
    return float(math.prod(node.output) * max(len(node.inputs) - 1, 1))


def _per_output(count: float) -> Callable[[NodeShapes], float]:
    return lambda node: count * math.prod(node.output)


def _per_input(node: NodeShapes) -> float:
    return float(math.prod(node.inputs[0]))


RULES: Mapping[str, Callable[[NodeShapes], float]] = {
    **dict.fromkeys(MOVES_DATA.split(), _per_output(0.0)),
    **dict.fromkeys(ELEMENTWISE.split(), _per_output(1.0)),
    **dict.fromkeys(OF_MANY.split(), _of_many),
    **dict.fromkeys(REDUCTIONS.split(), _per_input),
    **dict.fromkeys(STATISTICS.split(), _per_output(STATISTICS_FLOPS)),
    **dict.fromkeys(("Softmax", "LogSoftmax"), _per_output(SOFTMAX_FLOPS)),
    **dict.fromkeys(("MaxPool", "AveragePool", "LpPool"), _pooling),
    **dict.fromkeys(("Conv", "ConvInteger"), _convolution),
    **dict.fromkeys(("MatMul", "MatMulInteger", "QLinearMatMul"), _product),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), _recurrent),
    "Attention": _attention,
    "BatchNormalization": _per_output(2.0),  # a scale and a shift, both known beforehand
    "ConvTranspose": _transposed_convolution,
    "Einsum": _einstein_sum,
    "Gemm": _general_product,
    "QLinearConv": _quantised_convolution,
}
