"""How the best granularity of a partition moves with deadline, rate and network, beside "all in one" and "one function a block".

    python -m tests.benchmarks.granularity

Three tables over models whose granularity is a question. Deadlines are multiples of the least latency there is; rates decide how
many calls start cold and how large a batch gets; the last table minimises the latency of a model with parallel branches over
small functions (Gillis' idea, see planner/partition/forks.py), at the assumed network and at faster ones. The models are those of
examples/partition, and of the layer table in the public data sets where that folder is there. Every figure is an optimum, proved
by labels; measured block times where the profiles know the model, operator times otherwise (as `planner partition` says).
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from planner.cli import calculate_on_one_thread

calculate_on_one_thread()

from catalogs.layers import read_chain  # noqa: E402  after the number of threads is set
from planner.errors import InfeasiblePlanError  # noqa: E402
from planner.partition import PartitionQuestion, assumptions_of, load_supplies, plan_partition  # noqa: E402
from planner.report.table import Column, Table, as_markdown  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.partition import PartitionPlan, Supplies
    from planner.report.table import Cell

ROOT = Path(__file__).parents[2]
LAYERS = ROOT.parent / "shared" / "data" / "profiles" / "keras_layers.csv"
DEADLINE_FACTORS = (1.0, 1.02, 1.1, 1.5, 3.0, 10.0)
RATES_RPS = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
NETWORKS_MB_PER_S = (75.0, 150.0, 300.0, 600.0)
NO_LIMIT_USD = 1.0  # a request; no partition comes near it
BATCHES = (1, 2, 4, 8)
BATCH_FACTOR = 4.0  # of the least latency: the deadline that batches are offered at
COLUMNS = (
    Column("model", "model"),
    Column("asked", "asked"),
    Column("functions", "functions"),
    Column("workers", "workers"),
    Column("memory_mb", "memory MB"),
    Column("batch", "batch"),
    Column("usd", "USD per million", 3),
    Column("latency", "latency ms", 1),
    Column("one_usd", "all in one USD", 3),
    Column("one_ms", "ms", 1),
    Column("blocks", "one a block USD", 3),
    Column("blocks_ms", "ms", 1),
)


@dataclass(frozen=True)
class Case:
    """A model with the deployment and the memory sizes it is offered."""

    question: PartitionQuestion
    label: str


def cases() -> Iterator[Case]:
    """Models that fit one package and models that do not."""
    for name, deployment in (("resnet50", "zip"), ("vgg16", "image")):
        yield _case(ROOT / "examples" / "partition" / f"{name}.json", None, deployment)
    if LAYERS.exists():
        for name in ("ResNet152", "InceptionResNetV2"):
            yield _case(LAYERS, name, "zip")


def _case(file: Path, model: str | None, deployment: str, memory_mb: tuple[int, ...] = ()) -> Case:
    chain = read_chain(file, model)
    question = PartitionQuestion(
        chain=chain, budget_usd=NO_LIMIT_USD, deployment=deployment, memory_mb=memory_mb, cold_share=0.0
    )
    return Case(question, f"{chain.model}, {deployment}")


def by_deadline(supplies: Supplies) -> Table:
    """Least cost at deadlines from the least latency there is upwards."""
    rows = []
    for case in cases():
        least_ms = plan_partition(case.question, supplies).latency_ms
        for factor in DEADLINE_FACTORS:
            asked = replace(
                case.question, minimise="cost", budget_usd=None, deadline_ms=least_ms * factor * (1 + 1e-9)
            )
            rows.append(_row(case, f"{factor:g} x {least_ms:.0f} ms", plan_partition(asked, supplies)))
    return Table("Least cost within a deadline", COLUMNS, rows)


def by_rate(supplies: Supplies) -> Table:
    """Least cost at one deadline and rising rates: fewer cold starts, then larger batches."""
    rows: list[tuple[Cell, ...]] = []
    for case in cases():
        deadline_ms = plan_partition(case.question, supplies).latency_ms * BATCH_FACTOR
        for rate in RATES_RPS:
            asked = replace(
                case.question,
                minimise="cost",
                budget_usd=None,
                deadline_ms=deadline_ms,
                cold_share=None,
                rate_rps=rate,
                batch=BATCHES,
            )
            label = f"{rate:g} requests/s, {deadline_ms:.0f} ms"
            try:
                rows.append(_row(case, label, plan_partition(asked, supplies)))
            except InfeasiblePlanError:
                rows.append(
                    (case.label, f"{label}: none, cold starts take too long", *(None,) * (len(COLUMNS) - 2))
                )
    return Table(f"Batches up to {BATCHES[-1]}, deadline {BATCH_FACTOR:g} x the least latency", COLUMNS, rows)


def by_network(supplies: Supplies) -> Table:
    """Least latency over small functions with parallel branches, at several speeds of the network."""
    rows = []
    small = [_case(ROOT / "examples" / "partition" / "googlenet.json", None, "image", (512,))]
    if LAYERS.exists():
        small += [_case(LAYERS, name, "image", (512,)) for name in ("InceptionV3", "InceptionResNetV2")]
    for case in small:
        for speed in NETWORKS_MB_PER_S:
            asked = replace(case.question, assumptions=assumptions_of({"network_mb_per_s": speed}))
            rows.append(_row(case, f"{speed:g} MB/s", plan_partition(asked, supplies)))
    return Table("Least latency of parallel branches, 512 MB", COLUMNS, rows)


def _row(case: Case, asked: str, plan: PartitionPlan) -> tuple[Cell, ...]:
    sizes = sorted({one.memory_mb for one in plan.segments})
    one, blocks = plan.alternatives[:2]
    return (
        case.label,
        asked,
        len(plan.segments),
        sum(len(one.workers) for one in plan.segments),
        ", ".join(map(str, sizes)),
        plan.batch_size,
        1e6 * plan.usd_per_request,
        plan.latency_ms,
        None if one.usd_per_request is None else 1e6 * one.usd_per_request,
        one.latency_ms,
        None if blocks.usd_per_request is None else 1e6 * blocks.usd_per_request,
        blocks.latency_ms,
    )


def main() -> None:
    """Print the three tables."""
    began = time.process_time()
    supplies = load_supplies("us-east-1", "aws-lambda", "x86_64")
    for table in (by_deadline(supplies), by_rate(supplies), by_network(supplies)):
        sys.stdout.write(f"{table.title}\n\n{as_markdown(table)}\n")
    sys.stdout.write(f"{time.process_time() - began:.1f} CPU seconds\n")


if __name__ == "__main__":
    main()
