"""Layer graphs of published architectures from the tables of their papers: ``python -m tests.catalogs.layers.architectures``.

Writes the files of examples/partition; a test holds them to what this module makes. All figures are for one image of fp32.
"""

from __future__ import annotations

import math
from pathlib import Path

from catalogs.layers import Layer, LayerGraph, graph_of, graph_text

FOLDER = Path(__file__).parents[3] / "examples" / "partition"
FP32_BYTES = 4


class Net:
    """Layers added one by one; remembers height, width and channels of every tensor."""

    def __init__(self, model: str, source: str, size: int = 224) -> None:
        self.model, self.source = model, source
        self.shape = {"input": (size, size, 3)}
        self.layers: list[Layer] = []

    def add(
        self, name: str, kind: str, inputs: tuple[str, ...], shape: tuple[int, ...], params: int, flops: int
    ) -> str:
        self.shape[name] = shape
        size = FP32_BYTES * math.prod(shape)
        self.layers.append(Layer(name, kind, inputs, size, FP32_BYTES * params, flops))
        return name

    def conv(
        self, name: str, source: str, channels: int, kernel: int, stride: int = 1, *, bias: bool = True
    ) -> str:
        height, width, given = self.shape[source]
        shape = (-(-height // stride), -(-width // stride), channels)
        weights = kernel * kernel * given * channels
        flops = 2 * weights * shape[0] * shape[1]
        return self.add(name, "Conv", (source,), shape, weights + bias * channels, flops)

    def each(self, name: str, kind: str, source: str, flops: int = 1, params: int = 0) -> str:
        """A layer that keeps the shape: `flops` an element, `params` a channel."""
        shape = self.shape[source]
        return self.add(name, kind, (source,), shape, params * shape[-1], flops * math.prod(shape))

    def pool(self, name: str, source: str, kernel: int, stride: int, kind: str = "MaxPool") -> str:
        height, width, channels = self.shape[source]
        shape = (-(-height // stride), -(-width // stride), channels)
        return self.add(name, kind, (source,), shape, 0, kernel * kernel * math.prod(shape))

    def dense(self, name: str, source: str, units: int) -> str:
        given = math.prod(self.shape[source])
        return self.add(name, "Gemm", (source,), (units,), (given + 1) * units, 2 * given * units)

    def joined(self, name: str, kind: str, sources: tuple[str, ...]) -> str:
        height, width, channels = self.shape[sources[0]]
        total = sum(self.shape[one][2] for one in sources) if kind == "Concat" else channels
        flops = 0 if kind == "Concat" else (len(sources) - 1) * height * width * channels
        return self.add(name, kind, sources, (height, width, total), 0, flops)

    def graph(self) -> LayerGraph:
        input_bytes = FP32_BYTES * math.prod(self.shape["input"])
        return graph_of(self.model, input_bytes, self.layers, self.source, where=self.model)


def vgg16() -> LayerGraph:
    net = Net("vgg16", "Simonyan and Zisserman 2015, configuration D")
    last = "input"
    for stage, (channels, convs) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), start=1):
        for number in range(1, convs + 1):
            last = net.conv(f"conv{stage}_{number}", last, channels, 3)
            last = net.each(f"relu{stage}_{number}", "Relu", last)
        last = net.pool(f"pool{stage}", last, 2, 2)
    for number, units in enumerate((4096, 4096, 1000), start=6):
        last = net.dense(f"fc{number}", last, units)
        last = net.each(f"relu{number}", "Relu", last) if number < 8 else net.each("prob", "Softmax", last, 3)
    return net.graph()


INCEPTIONS = {  # 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection: table 1 of the paper
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def googlenet() -> LayerGraph:
    net = Net("googlenet", "Szegedy et al. 2015, GoogLeNet (Inception v1) without its auxiliary classifiers")

    def unit(name: str, source: str, channels: int, kernel: int, stride: int = 1) -> str:
        return net.each(f"{name}/relu", "Relu", net.conv(name, source, channels, kernel, stride))

    last = net.pool("pool1", unit("conv1", "input", 64, 7, 2), 3, 2)
    last = unit("conv2/reduce", net.each("norm1", "LRN", last, 5), 64, 1)
    last = net.pool("pool2", net.each("norm2", "LRN", unit("conv2", last, 192, 3), 5), 3, 2)
    for stage, (ones, reduce3, threes, reduce5, fives, projected) in INCEPTIONS.items():
        branches = (
            unit(f"{stage}/1x1", last, ones, 1),
            unit(f"{stage}/3x3", unit(f"{stage}/3x3_reduce", last, reduce3, 1), threes, 3),
            unit(f"{stage}/5x5", unit(f"{stage}/5x5_reduce", last, reduce5, 1), fives, 5),
            unit(f"{stage}/pool_proj", net.pool(f"{stage}/pool", last, 3, 1), projected, 1),
        )
        last = net.joined(f"{stage}/output", "Concat", branches)
        if stage in ("3b", "4e"):
            last = net.pool(f"pool{stage[0]}", last, 3, 2)
    last = net.pool("pool5", last, 7, 7, "AveragePool")
    net.each("prob", "Softmax", net.dense("classifier", last, 1000), 3)
    return net.graph()


def resnet50() -> LayerGraph:
    net = Net("resnet50", "He et al. 2016, 50 layers; the stride of a stage in its first 3x3 convolution")

    def unit(name: str, source: str, channels: int, kernel: int, stride: int = 1) -> str:
        conv = net.conv(name, source, channels, kernel, stride, bias=False)
        return net.each(f"{name}/bn", "BatchNormalization", conv, 2, 4)

    last = net.each("conv1/relu", "Relu", unit("conv1", "input", 64, 7, 2))
    last = net.pool("pool1", last, 3, 2)
    for stage, (channels, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), start=2):
        for block in range(1, blocks + 1):
            name, stride = f"conv{stage}_{block}", 2 if block == 1 and stage > 2 else 1
            inner = net.each(f"{name}/a/relu", "Relu", unit(f"{name}/a", last, channels, 1))
            inner = net.each(f"{name}/b/relu", "Relu", unit(f"{name}/b", inner, channels, 3, stride))
            inner = unit(f"{name}/c", inner, 4 * channels, 1)
            shortcut = unit(f"{name}/shortcut", last, 4 * channels, 1, stride) if block == 1 else last
            last = net.each(f"{name}/relu", "Relu", net.joined(f"{name}/add", "Add", (inner, shortcut)))
    last = net.pool("pool5", last, 7, 7, "AveragePool")
    net.each("prob", "Softmax", net.dense("fc1000", last, 1000), 3)
    return net.graph()


ARCHITECTURES = {"vgg16": vgg16, "googlenet": googlenet, "resnet50": resnet50}

if __name__ == "__main__":
    for name, build in ARCHITECTURES.items():
        (FOLDER / f"{name}.json").write_text(graph_text(build()))
