"""The published layer table against chains collapsed independently from the same models, and against measured times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from catalogs.layers import block_times, read_chain
from catalogs.profiles import load_profile_catalog

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real_data
MODELS = ("EfficientNetB0", "InceptionV3", "MobileNetV2", "ResNet50", "VGG16", "Xception")
BLOCKS = {"MobileNet": 90, "ResNet152": 108, "DenseNet201": 120, "NASNetMobile": 6, "InceptionResNetV2": 104}


@pytest.mark.parametrize("model", MODELS)
def test_the_table_collapses_to_the_published_chains(model: str, shared_data: Path) -> None:
    """Equal blocks, parameters, tensors and peaks. Flops differ by the windows of pooling, which the table has not."""
    ours = read_chain(shared_data / "profiles" / "keras_layers.csv", model)
    chain = read_chain(shared_data / "profiles" / "chains" / f"{model}.json")
    assert ours.cut_bytes.tolist() == chain.cut_bytes.tolist()
    assert [one.param_bytes for one in ours.blocks] == [one.param_bytes for one in chain.blocks]
    assert [one.peak_bytes for one in ours.blocks] == [one.peak_bytes for one in chain.blocks]
    assert sum(one.flops for one in ours.blocks) == pytest.approx(
        sum(one.flops for one in chain.blocks), rel=0.002
    )
    assert ours.graph is not None
    kinds = {one.name: one.kind for one in ours.graph.layers}
    for mine, other in zip(ours.blocks, chain.blocks, strict=True):
        if not any("Pooling2D" in kinds[name] for name in mine.layers):
            assert mine.flops == other.flops


@pytest.mark.parametrize("model", BLOCKS)
def test_every_model_of_the_table_is_cut(model: str, shared_data: Path) -> None:
    assert len(read_chain(shared_data / "profiles" / "keras_layers.csv", model).blocks) == BLOCKS[model]


def test_bert_comes_as_blocks(shared_data: Path) -> None:
    chain = read_chain(shared_data / "profiles" / "chains" / "BERT-base.json", "BERT-base-s128")
    assert len(chain.blocks) == 26
    assert chain.blocks[0].param_bytes == 95_348_736  # the embeddings, 91 MiB


def test_a_measured_model_keeps_its_total(shared_data: Path) -> None:
    chain = read_chain(shared_data / "profiles" / "keras_layers.csv", "InceptionV3")
    catalog = load_profile_catalog()
    times = block_times(chain, [512, 1024, 2048], function_times=catalog.function_times)
    assert times.block_ms.sum(axis=0) == pytest.approx([208.34, 106.14, 63.912])  # bundled means of 20 calls
    assert sum(len(ms) for ms in times.branch_ms) > 30
