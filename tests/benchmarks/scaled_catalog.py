"""A profile of every AWS instance type, scaled from one measurement by a stated rule: for the scale benchmark, and nothing else.

Measured: ResNet-50 on r5.xlarge (4 vCPU), requests of 10 images: Ribbon (SC'21), mean and quantiles of 100 calls. The rule:

- a machine works on vcpu / 4 calls at a time, at least one; with fewer than 4 vCPU a call takes 4 / vcpu as long;
- each generation of processors after the fifth (r5's) takes 1.12 times less, each before it 1.12 times more, by the first digit of
  the family's name; Arm processors take 1.05 times less; burstable types take 2.5 times as long (a baseline of 40 %);
- each accelerator works on one more call at a time, at 5 times the speed of 4 vCPU, and then no call runs on the processors
  (Ribbon: 38.9 ms on r5.xlarge, 7.7 ms on g4dn.2xlarge);
- another model takes its multiply-adds over those of ResNet-50 (torchvision's table) as long.

All types, accelerated ones too, therefore stand in the benchmark; their times are not measurements of anything.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from catalogs.machines import MachineOffer

TASK = "image-classification"
MODELS = {  # GFLOPS, accuracy on ImageNet (top 1): torchvision's table of weights, IMAGENET1K_V1
    "resnet18": (1.81, 0.69758),
    "resnet34": (3.66, 0.73314),
    "resnet50": (4.09, 0.7613),
    "resnet101": (7.80, 0.77374),
    "resnet152": (11.51, 0.78312),
    "vgg19": (19.63, 0.72376),
}
MEASURED_MS = {  # Ribbon's samples of ResNet-50 on r5.xlarge, 10 items a request
    "mean_ms": 38.935,
    "p50_ms": 38.85,
    "p90_ms": 39.76,
    "p95_ms": 40.02,
    "p98_ms": 40.32,
    "p99_ms": 40.44,
}
SOURCE = "scaled from Ribbon's ResNet-50 on r5.xlarge; no measurement"


def write_profiles(folder: Path, offers: tuple[MachineOffer, ...]) -> None:
    """Write the variants and service times of all models on all machines."""
    with (folder / "variants.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("model", "task", "accuracy_share", "accuracy_metric", "source", "obtained"))
        for model, (_, accuracy) in MODELS.items():
            writer.writerow((model, TASK, accuracy, "imagenet-top1", "torchvision weights", "published"))
    with (folder / "service_times.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ("model", "instance_type", "batch", "replicas", *MEASURED_MS, "samples", "source", "obtained")
        )
        for offer in offers:
            replicas, slowness = machine_speed(offer)
            for model, (gflops, _) in MODELS.items():
                factor = slowness * gflops / MODELS["resnet50"][0]
                times = (f"{factor * ms:.6g}" for ms in MEASURED_MS.values())
                writer.writerow((model, offer.instance_type, 1, replicas, *times, 100, SOURCE, "derived"))


def machine_speed(offer: MachineOffer) -> tuple[int, float]:
    """Calls at a time, and how much longer than on the measured machine one takes."""
    shape = offer.shape
    if shape.accelerator is not None:
        return max(shape.accelerator_count, 1), 1 / 5
    generation = re.search(r"\d", shape.family)
    newer = (int(generation[0]) if generation else 5) - 5
    slowness = 1.12**-newer / (1.05 if shape.arch == "arm64" else 1.0)
    if shape.category == "burstable":
        slowness *= 2.5
    return max(shape.vcpu // 4, 1), slowness * max(4 / shape.vcpu, 1.0)
