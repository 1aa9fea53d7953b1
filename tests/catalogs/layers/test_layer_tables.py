"""Tables of layers: one model of many, 4 bytes an element, flops by class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from catalogs.errors import CatalogError
from catalogs.layers import read_chain, read_graph

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "model,idx,layer,class,inbound,out_shape,out_elems,params,macs"
ROWS = [
    "Net,0,image,InputLayer,,4x4x3,48,0,0",
    "Net,1,conv,Conv2D,image,4x4x2,32,56,864",
    "Net,2,bn,BatchNormalization,conv,4x4x2,32,8,0",
    "Net,3,sum,Add,bn;conv,4x4x2,32,0,0",
    "Net,4,pool,MaxPooling2D,sum,2x2x2,8,0,0",
    "Net,5,flat,Flatten,pool,8,8,0,0",
    "Other,0,image,InputLayer,,4x4x3,48,0,0",
    "Other,1,relu,ReLU,image,4x4x3,48,0,0",
]


def table(folder: Path, rows: list[str]) -> Path:
    path = folder / "layers.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def problems(path: Path, model: str | None) -> list[str]:
    with pytest.raises(CatalogError) as error:
        read_chain(path, model)
    return [problem.replace(str(path), "FILE") for problem in error.value.problems]


def test_one_model_is_read_with_its_flops(tmp_path: Path) -> None:
    model = read_graph(table(tmp_path, ROWS), "Net")
    assert model.input_bytes == 192
    assert [one.flops for one in model.layers] == [1728.0, 64.0, 32.0, 32.0, 0.0]
    assert [one.inputs for one in model.layers][:3] == [("input",), ("conv",), ("bn", "conv")]
    assert sum(one.param_bytes for one in model.layers) == 4 * 64
    assert model.source == "layers.csv, 4 bytes an element"


def test_the_only_model_needs_no_name(tmp_path: Path) -> None:
    assert read_chain(table(tmp_path, ROWS[-2:])).model == "Other"


def test_a_model_must_be_named_and_known(tmp_path: Path) -> None:
    path = table(tmp_path, ROWS)
    assert problems(path, None) == [
        "FILE: holds 2 models and none is named. Name one with --model: Net, Other."
    ]
    assert problems(path, "other") == [
        "FILE: holds no model 'other'. Did you mean Other? It holds Net, Other."
    ]


def test_rows_of_the_model_are_checked_together(tmp_path: Path) -> None:
    broken = [
        "Net,1,image,InputLayer,,1,48,0,0",
        "Net,2,a,ReLU,image,1,0,-1,x",
        "Net,3,b,InputLayer,,1,1,0,0",
    ]
    found = problems(table(tmp_path, broken), "Net")
    assert len(found) == 4
    assert found[0] == "FILE row 3: out_elems is 0; it must be >= 1. Correct the cell."
    assert "row 3: params is -1" in found[1]
    assert "row 3: macs is 'x'" in found[2]
    assert found[3] == "FILE: Net has 2 (image, b) layers of class InputLayer; exactly one is needed."


def test_layers_that_are_no_graph_are_told(tmp_path: Path) -> None:
    found = problems(table(tmp_path, [*ROWS[:2], "Net,2,bn,BatchNormalization,convv,,32,8,0"]), "Net")
    assert found == [
        "FILE, model Net: layer bn reads 'convv', which no layer is called. Did you mean conv? Correct the name."
    ]
