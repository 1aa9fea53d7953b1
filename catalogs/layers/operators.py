"""Time of single operators on a function: the linear latency model that Gillis publishes for AWS Lambda.

Yu et al. 2021, "Gillis: Serving Large Neural Networks in Serverless Functions with Automatic Model Partitioning", and the runtime
coefficients of its released code: ms = max(0, a x / 1024 + b), where x is the number of multiplications with additions of a
convolution or matrix product, and the elements of the first input of all others, of 4 bytes each. They were measured at 3,008 MB.
Kinds that the source has not are taken as the nearest that it has.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalogs.layers.graph import Layer, LayerGraph

MEASURED_MEMORY_MB = 3008  # the functions of the source; then Lambda's largest
BYTES_PER_ELEMENT = 4  # fp32
COEFFICIENTS = {  # operator -> (ms per 1,024 of x, ms a call); Gillis' layer_runtime.cfg, section lambda
    "convolution": (0.000066, 0.703038),
    "product": (0.0015, 2.58044859),
    "normalisation": (0.00142082, 0.27576228),
    "activation": (0.00165758, 0.13902374),
    "pooling": (0.00417213, -0.3581939),
    "sum": (0.00260959, 0.09502701),
    "none": (0.0, 0.0),  # flattening, joining, global pooling: the source counts no time for them
}
BY_MULTIPLICATIONS = frozenset({"convolution", "product"})
KINDS = {  # operator -> its kinds, in lower case without separators, as Keras, ONNX and others call them
    "convolution": re.compile(
        r"(fused|qlinear)?(depthwise|separable)?conv([123]d)?(transpose|integer)?|conv2dtranspose|depthwiseseparableconv"
    ),
    "product": re.compile(r"(fused|qlinear)?(gemm|matmul)(integer)?|dense|linear|fullyconnected|einsum"),
    "normalisation": re.compile(r"(batch|layer|instance|group|rms|lp|l2)?norm(alization)?|lrn"),
    "activation": re.compile(
        r"activation|(leaky|p|r)?(relu6?|elu)|celu|selu|gelu|silu|swish|mish|(hard|log)?(sigmoid|swish|softmax)|tanh|softplus|softsign"
        r"|erf|exp|log|sqrt|clip|neg|abs|reciprocal|rescaling|cast|round|floor|ceil|not|sin|cos|(de)?quantizelinear"
    ),
    "pooling": re.compile(r"(max|average|lp)pool(ing)?([123]d)?"),
    "sum": re.compile(
        r"add|sub(tract)?|mul(tiply)?|div|pow|sum|max|min|mean|mod|where|equal|less|greater|(less|greater)orequal|and|or"
        r"|customscalelayer|reduce[a-z0-9]+|cumsum|argmax|argmin"
    ),
    "none": re.compile(
        r"flatten|reshape|concat(enate)?|dropout|identity|global(average|max|lp)pool(ing)?([123]d)?|transpose|(un)?squeeze"
        r"|(zero)?pad(ding)?([123]d)?|cropping([123]d)?|slice|split|gather[a-z]*|expand|embedding|tile|depthtospace|spacetodepth"
    ),
}


def unknown_kinds(layers: Iterable[Layer]) -> list[str]:
    """Kinds of layers that do arithmetic and that no operator stands for, sorted."""
    return sorted({layer.kind for layer in layers if layer.flops > 0 and _operator(layer.kind) is None})


def operator_ms(graph: LayerGraph) -> dict[str, float]:
    """Milliseconds of every layer at `MEASURED_MEMORY_MB`, by name; 0 for kinds that no operator stands for."""
    size = graph.bytes_of
    times: dict[str, float] = {}
    for layer in graph.layers:
        operator = _operator(layer.kind) or "none"
        per_1024, per_call = COEFFICIENTS[operator]
        read = (
            layer.flops / 2 if operator in BY_MULTIPLICATIONS else size[layer.inputs[0]] / BYTES_PER_ELEMENT
        )
        times[layer.name] = max(0.0, per_1024 * read / 1024 + per_call)
    return times


def _operator(kind: str) -> str | None:
    plain = re.sub(r"[^a-z0-9]", "", kind.lower())
    return next((operator for operator, kinds in KINDS.items() if kinds.fullmatch(plain)), None)
