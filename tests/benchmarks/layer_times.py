"""Error table of predicted times of whole models: ``python -m tests.benchmarks.layer_times``.

Six CNNs that stand in the published layer table and were measured on AWS Lambda at 512 to 8,192 MB (failed settings left out). Each
entry is predicted / measured mean time, by

flops      flops at `GFLOPS_PER_VCPU`, law of memory
operators  the sum of Gillis' operator times at 3,008 MB, law of memory
scaled     the model's own measured times at all other settings, interpolated; outside of them the law
one size   the model's own measured time at 2,048 MB alone, law of memory

Then the share of parallel work that the law fits these settings with, and the growth of a call with its batch on the three surfaces
of BATCH (SC'20) against the rule t(k) = t(1) (1 + g (k - 1)).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from catalogs.importers.lambda_cnn import SOURCE
from catalogs.importers.model_names import canonical_model
from catalogs.layers import block_times, read_chain
from catalogs.layers.memory_speed import MemoryLaw
from catalogs.layers.times import BATCH_SCALING, GFLOPS_PER_VCPU
from catalogs.profiles import load_profile_catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from catalogs.layers import BlockChain
    from catalogs.measurements import FunctionTime

    Array = NDArray[np.float64]

PROFILES = Path(__file__).resolve().parents[3] / "shared" / "data" / "profiles"
MODELS = ("InceptionV3", "MobileNet", "MobileNetV2", "ResNet50", "VGG16", "VGG19")
ONE_SIZE_MB = 2048
SHARES = np.arange(0, 1.001, 0.05)
BATCHES = np.arange(2, 21)  # BATCH's published search ends at 20
SURFACE_MB = np.arange(576, 3009, 64)  # the memory settings of its surfaces
GROWTHS = np.arange(0.5, 1.01, 0.1)


def total_ms(
    chain: BlockChain, memory_mb: int, times: Sequence[FunctionTime] = (), gflops: float | None = None
) -> float:
    return float(block_times(chain, [memory_mb], function_times=times, gflops_per_vcpu=gflops).block_ms.sum())


def predictions(chain: BlockChain, times: Sequence[FunctionTime], memory_mb: int) -> dict[str, float]:
    """Time of the whole chain by each of the four ways, without the measurement at that setting."""
    others = [one for one in times if one.memory_mb != memory_mb]
    single = [one for one in times if one.memory_mb == ONE_SIZE_MB]
    return {
        "flops": total_ms(chain, memory_mb, gflops=GFLOPS_PER_VCPU),
        "operators": total_ms(chain, memory_mb),
        "scaled": total_ms(chain, memory_mb, others),
        "one size": total_ms(chain, memory_mb, single),
    }


def print_errors(measured: dict[str, list[FunctionTime]], chains: dict[str, BlockChain]) -> None:
    ratios: dict[str, list[float]] = {}
    for model, times in measured.items():
        print(f"\n{model}   predicted / measured at " + ", ".join(f"{one.memory_mb} MB" for one in times))
        rows: dict[str, list[float]] = {}
        for one in times:
            for way, ms in predictions(chains[model], times, one.memory_mb).items():
                rows.setdefault(way, []).append(ms / one.mean_ms)
        for way, found in rows.items():
            print(f"  {way:10s}" + "".join(f"{ratio:8.2f}" for ratio in found))
            ratios.setdefault(way, []).extend(ratio for ratio in found if way != "one size" or ratio != 1.0)
    print("\nall          geometric mean   least    most   spread between models and sizes")
    for way, found in ratios.items():
        low, high = min(found), max(found)
        print(f"  {way:10s}{np.exp(np.mean(np.log(found))):16.2f}{low:8.2f}{high:8.2f}{high / low:8.1f}")


def print_law(measured: dict[str, list[FunctionTime]]) -> None:
    """Error of the law for shares of parallel work: deviation of ln(time x speed) from the mean of its model."""

    def error(share: float) -> float:
        squares: list[float] = []
        for times in measured.values():
            sizes = np.array([one.memory_mb for one in times])
            logs = np.log(
                np.array([one.mean_ms for one in times]) * MemoryLaw(parallel_share=share).speed(sizes)
            )
            squares += list((logs - logs.mean()) ** 2)
        return float(np.sqrt(np.mean(squares)))

    best = min(SHARES, key=error)
    print(
        f"\nlaw of memory: parallel share {best:.2f} fits best, rms error {error(best):.1%}; at 0.95 {error(0.95):.1%}"
    )


def surface(terms: dict[str, float]) -> Callable[[Array, Array], Array]:
    """t(batch k, MB m) in seconds: powers of k and m by their sum, k first."""
    powers = [(total - j, j) for total in range(5) for j in range(total + 1)]
    return lambda k, m: sum(
        (terms.get(f"t{i}", 0.0) * k**a * m**b for i, (a, b) in enumerate(powers)),
        np.zeros(np.broadcast(k, m).shape),
    )


def print_growth() -> None:
    polynomials = json.loads((PROFILES / "batch_service_and_maps.json").read_text())["poly"]
    grown = {}
    for name, terms in polynomials.items():
        time = surface(terms)
        memory = SURFACE_MB[:, None].astype(float)
        grown[name] = time(BATCHES[None, :].astype(float), memory) / time(np.ones((1, 1)), memory)
    print("\ngrowth with the batch, 2 to 20: rule / surface, least and most")
    print("  g     " + "".join(f"{name:>20s}" for name in grown) + "   within a factor of")
    for growth in GROWTHS:
        rule = 1 + growth * (BATCHES - 1)
        ranges = [((rule / found).min(), (rule / found).max()) for found in grown.values()]
        worst = max(max(high, 1 / low) for low, high in ranges)
        used = "  <- BATCH_SCALING" if np.isclose(growth, BATCH_SCALING) else ""
        print(
            f"  {growth:.1f}   "
            + "".join(f"{low:13.2f}..{high:.2f}" for low, high in ranges)
            + f"{worst:12.2f}{used}"
        )


def main() -> None:
    if not PROFILES.is_dir():
        raise SystemExit(f"{PROFILES} is absent; this table needs the published data sets.")
    profiles = load_profile_catalog()
    chains = {model: read_chain(PROFILES / "keras_layers.csv", model) for model in MODELS}
    measured = {
        model: sorted(
            (
                one
                for one in profiles.function_times
                if one.model == canonical_model(model) and one.source == SOURCE
            ),
            key=lambda one: one.memory_mb,
        )
        for model in MODELS
    }
    print_errors(measured, chains)
    print_law(measured)
    print_growth()


if __name__ == "__main__":
    main()
