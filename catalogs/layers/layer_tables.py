"""Tables of layers, one row a layer and many models a file: `model, layer, class, inbound, out_elems, params, macs`.

This is how layer lists of Keras models are published. Rows are for one image; `inbound` joins names with `;`; the row of class
`InputLayer` is the model's input. The table counts elements, and 4 bytes (fp32) are taken for each. It gives multiplications
with additions (2 flops each) for convolutions and dense layers only; the rest is counted by the element here:

- normalisation: 2 an element (a scale and a shift), a scaled sum too; an activation, product or rescaling: 1;
- a sum of n tensors: n - 1 an output element;
- pooling: 1 for every element of its input. The table has no window; windows that overlap do up to 9 times as much, and
  pooling is under 1 % of any of its models.
- concatenation, reshaping, padding, cropping and dropout: none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.inputs import near, raise_collected
from catalogs.layers.graph import INPUT, Layer, graph_of, names_shown
from catalogs.tables import read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalogs.inputs import InputFile
    from catalogs.layers.graph import LayerGraph
    from catalogs.rows import Row

REQUIRED = ("model", "layer", "class", "inbound", "out_elems", "params", "macs")
OPTIONAL = ("idx", "out_shape")
BYTES_PER_ELEMENT = 4  # fp32, as the models' weights are published
FLOPS_PER_ELEMENT = {  # of the output, by class; classes that are not named here move data only
    "BatchNormalization": 2.0,
    "LayerNormalization": 2.0,
    "CustomScaleLayer": 2.0,  # x + scale * y
    "Activation": 1.0,
    "ReLU": 1.0,
    "Softmax": 1.0,
    "Multiply": 1.0,
    "Rescaling": 1.0,
    "Normalization": 1.0,
}


def graph_of_table(file: InputFile, model: str | None) -> LayerGraph:
    """Read one model of a table.

    Parameters
    ----------
    model
        Its name there; None where the table has one only.

    Raises
    ------
    CatalogError
        With every problem: a table that cannot be read, several models and none named, a model that it has not, a row of the
        model that is not sound, layers that are no graph.
    """
    problems: list[str] = []
    rows: dict[str, list[Row]] = {}
    for row in read_rows(file, required=REQUIRED, optional=OPTIONAL, problems=problems):
        name = row.text("model")
        rows.setdefault(name, []).append(row)
    raise_collected(problems)
    model = _picked(file.where, list(rows), model)
    elements: dict[str, int] = {}
    inputs: list[str] = []
    layers: list[Layer] = []
    for row in rows[model]:
        name, kind = row.text("layer"), row.text("class")
        elements[name] = row.whole("out_elems", at_least=1)
        if kind == "InputLayer":
            inputs.append(name)
        else:
            layers.append(_layer(row, name, kind, elements[name]))
    if len(inputs) != 1:
        found = f"{len(inputs)} ({names_shown(inputs)})" if inputs else "none"
        problems.append(
            f"{file.where}: {model} has {found} layers of class InputLayer; exactly one is needed."
        )
    raise_collected(problems)
    counted = [_counted(layer, inputs[0], elements) for layer in layers]
    source = f"{file.name}, {BYTES_PER_ELEMENT} bytes an element"
    where = f"{file.where}, model {model}"
    return graph_of(model, BYTES_PER_ELEMENT * elements[inputs[0]], counted, source, where=where)


def _picked(where: str, models: list[str], model: str | None) -> str:
    if model in models:
        return str(model)
    if model is None and len(models) == 1:
        return models[0]
    listed = ", ".join(models)
    if model is None:
        problem = f"{where}: holds {len(models)} models and none is named. Name one with --model: {listed}."
    else:
        problem = f"{where}: holds no model {model!r}.{near(model, models)} It holds {listed}."
    raise_collected([problem])
    return ""


def _layer(row: Row, name: str, kind: str, elements: int) -> Layer:
    """The layer as its row states it, `flops` the multiplications with additions."""
    return Layer(
        name=name,
        kind=kind,
        inputs=tuple(
            dict.fromkeys(filter(None, map(str.strip, (row.optional_text("inbound") or "").split(";"))))
        ),
        output_bytes=BYTES_PER_ELEMENT * elements,
        param_bytes=BYTES_PER_ELEMENT * row.whole("params", at_least=0),
        flops=2.0 * row.whole("macs", at_least=0),
    )


def _counted(layer: Layer, model_input: str, elements: Mapping[str, int]) -> Layer:
    """The layer with all its flops, reading `input` in place of the row of that class."""
    read = sum(elements.get(name, 0) for name in layer.inputs)
    if layer.flops > 0:
        flops = layer.flops
    elif "Pooling" in layer.kind:
        flops = float(read)
    elif layer.kind == "Add":
        flops = float((len(layer.inputs) - 1) * elements[layer.name])
    else:
        flops = FLOPS_PER_ELEMENT.get(layer.kind, 0.0) * elements[layer.name]
    inputs = tuple(INPUT if name == model_input else name for name in layer.inputs)
    return Layer(layer.name, layer.kind, inputs, layer.output_bytes, layer.param_bytes, flops)
