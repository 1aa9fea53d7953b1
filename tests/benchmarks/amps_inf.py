"""The comparison of AMPS-Inf: a partition over functions, one function, and an endpoint that is paid for all the time.

    python -m tests.benchmarks.amps_inf

AMPS-Inf (Jarachanthan et al., ICPP 2021) cuts models whose package does not fit into one function and compares the cost with a
managed endpoint. Its equations, grid, baselines and deadlines are not public, so this is AMPS-style: our program, our assumptions,
its models and one more. What the endpoint saves or wastes is a matter of how long it idles: below the break-even rate functions are
cheaper, in proportion to how far below, whatever the partition. So the request rate stands beside every saving.

Functions: `planner partition --slo 2s`, zip packages with 169 MiB of libraries beside the weights (TensorFlow and Keras, as that
paper puts it; less, and one function does), at the cold share of the rate. One function: the same as a container image. Endpoint:
ml.c5.xlarge at its list price for every hour, as many as the rate needs for 98 % inside the deadline; one request at a time, at the
speed of a function with its 4 vCPU.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from planner.cli import calculate_on_one_thread

calculate_on_one_thread()

import numpy as np  # noqa: E402  after the number of threads is set

from catalogs.layers import BlockChain, read_chain  # noqa: E402
from catalogs.layers.times import block_times  # noqa: E402
from catalogs.prices import load_price_catalog  # noqa: E402
from planner.partition import (  # noqa: E402
    Assumptions,
    PartitionPlan,
    PartitionQuestion,
    Supplies,
    load_supplies,
    plan_partition,
)
from planner.queueing import PoolService, capacity_rps  # noqa: E402
from planner.report.table import Column, Table, as_markdown  # noqa: E402

if TYPE_CHECKING:
    from planner.report.table import Cell

LAYERS = Path(__file__).parents[3] / "shared" / "data" / "profiles" / "keras_layers.csv"
MODELS = ("ResNet50", "InceptionV3", "Xception", "InceptionResNetV2")
DEADLINE_MS = 2000.0  # AMPS-Inf's deadlines are not public; the models answer in 0.2 to 2 s
COLD_DEADLINE_MS = 20_000.0  # of the sweep: at low rates every call is cold, and the mean latency counts that
PERCENTILE = 0.98  # of the endpoint's requests inside the deadline, as MArk asks (ATC 2019)
LIBRARIES_MIB = 169.0  # beside the weights, as AMPS-Inf puts it
ENDPOINT, ENDPOINT_VCPU = "ml.c5.xlarge", 4  # the cheapest of the bundled endpoint prices
RATES_RPS = (0.0001, 0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
MOST_ENDPOINTS = 200


@dataclass(frozen=True)
class Endpoint:
    """A model on machines behind a managed endpoint: their price, and what n of them carry, ``[n]`` requests/s."""

    usd_per_h: float
    service_ms: float
    carried_rps: tuple[float, ...]

    def usd_per_request(self, rate_rps: float) -> tuple[int, float]:
        """Machines that a rate needs, and what a request then costs."""
        count = int(np.searchsorted(self.carried_rps, rate_rps))
        return count, count * self.usd_per_h / 3600 / rate_rps


def endpoint_of(chain: BlockChain, supplies: Supplies) -> Endpoint:
    """The model on the endpoint's machine, at the speed of a function with as many vCPU."""
    (price,) = [one for one in load_price_catalog("us-east-1").endpoints if one.endpoint_type == ENDPOINT]
    memory_mb = round(ENDPOINT_VCPU * supplies.tariff.mb_per_vcpu)
    times = block_times(chain, [memory_mb], function_times=supplies.profiles.function_times)
    service_ms = float(times.block_ms.sum())
    service = PoolService(mean_s=service_ms / 1000, quantile_s=service_ms / 1000)
    counts = np.arange(MOST_ENDPOINTS + 1)
    carried = capacity_rps(service, counts, DEADLINE_MS / 1000, PERCENTILE)
    return Endpoint(price.price_usd_per_h, service_ms, tuple(carried.tolist()))


def question_of(chain: BlockChain) -> PartitionQuestion:
    """Least cost within the deadline, over zip packages."""
    assumptions = Assumptions(runtime_package_mib=LIBRARIES_MIB)
    return PartitionQuestion(chain=chain, deadline_ms=DEADLINE_MS, assumptions=assumptions)


def warm_row(name: str, cut: PartitionPlan, whole: PartitionPlan, endpoint: Endpoint) -> tuple[Cell, ...]:
    """One model with every call warm, and the rate at which the endpoint costs the same."""
    return (
        name,
        len(cut.segments),
        "+".join(str(one.memory_mb) for one in cut.segments),
        cut.latency_ms,
        cut.usd_per_request * 1e6,
        whole.latency_ms,
        whole.usd_per_request * 1e6,
        endpoint.service_ms,
        endpoint.usd_per_h,
        endpoint.usd_per_h / 3600 / cut.usd_per_request,
    )


def rate_row(
    name: str, question: PartitionQuestion, endpoint: Endpoint, rate_rps: float, supplies: Supplies
) -> tuple[Cell, ...]:
    """One model at one rate: cold starts follow from it, and so does what an hour of the endpoint is spread over."""
    plan = plan_partition(replace(question, rate_rps=rate_rps, deadline_ms=COLD_DEADLINE_MS), supplies)
    count, usd = endpoint.usd_per_request(rate_rps)
    return (
        name,
        rate_rps,
        plan.cold_share * 100,
        len(plan.segments),
        plan.usd_per_request * 1e6,
        count,
        usd * 1e6,
        100 * (1 - plan.usd_per_request / usd),
        100 * rate_rps * endpoint.service_ms / 1000 / count,
    )


WARM = (
    Column("model", "model"),
    Column("functions", "functions"),
    Column("memory_mb", "memory MB"),
    Column("ms", "ms", 0),
    Column("usd", "USD per million", 3),
    Column("whole_ms", "one function ms", 0),
    Column("whole_usd", "USD per million", 3),
    Column("endpoint_ms", "endpoint ms", 0),
    Column("usd_per_h", "USD/h", 3),
    Column("even_rps", "break-even req/s", 1),
)
SWEEP = (
    Column("model", "model"),
    Column("rate", "req/s", 4),
    Column("cold", "cold %", 1),
    Column("functions", "functions"),
    Column("usd", "USD per million", 2),
    Column("endpoints", "endpoints"),
    Column("endpoint_usd", "USD per million", 2),
    Column("saving", "saving %", 1),
    Column("busy", "endpoint busy %", 3),
)


def main() -> None:
    """Print the table of warm calls, then the sweep over rates."""
    if not LAYERS.exists():
        sys.exit(f"there is no {LAYERS}; get the public data first")
    began = time.process_time()
    supplies = load_supplies("us-east-1", "aws-lambda", "x86_64")
    warm, sweep = [], []
    for name in MODELS:
        chain = read_chain(LAYERS, name)
        question, endpoint = question_of(chain), endpoint_of(chain, supplies)
        cut = plan_partition(question, supplies)
        whole = plan_partition(replace(question, deployment="image", max_functions=1), supplies)
        warm.append(warm_row(name, cut, whole, endpoint))
        sweep += [rate_row(name, question, endpoint, rate, supplies) for rate in RATES_RPS]
    for title, columns, rows in (
        ("Warm calls within 2 s", WARM, warm),
        ("By request rate: the saving is the endpoint's idle time", SWEEP, sweep),
    ):
        sys.stdout.write(f"{title}\n\n{as_markdown(Table(title, columns, tuple(rows)))}\n")
    sys.stdout.write(f"{time.process_time() - began:.1f} CPU seconds\n")


if __name__ == "__main__":
    main()
