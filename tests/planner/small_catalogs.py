"""A small world for planner tests: four instance types, two models, one function, round figures."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from catalogs.functions import FunctionCatalog, FunctionTariff
from catalogs.machines import MachineOffer, MachinePrice, Rejection, Shape, SpotOffer
from catalogs.measurements import FailedProfile, FunctionTime, PublishedCapacity, ServiceTime
from catalogs.prices import PriceCatalog
from catalogs.profiles import ProfileCatalog
from catalogs.variants import ModelVariant
from planner.demand import Demand, level_shares
from planner.scenario import Scenario, parse_scenario

PRICE_DAY = date(2026, 7, 20)
TASK = "image-classification"


def offer(
    name: str, usd: float, vcpu: int = 4, memory_mib: int = 8192, saving: float | None = 0.6
) -> MachineOffer:
    """An instance type with its price and, unless `saving` is None, a spot offer."""
    spot = None if saving is None else SpotOffer(name, saving, 0.05, 0.10, "advisor", PRICE_DAY)
    family = name.partition(".")[0]
    shape = Shape(name, family, "compute", vcpu, memory_mib, "x86_64", None, 0, 0, None, "shapes")
    return MachineOffer(shape, MachinePrice(name, "us-east-1", usd, PRICE_DAY, "USD", "price list"), spot)


def prices(*offers: MachineOffer, rejected: tuple[Rejection, ...] = ()) -> PriceCatalog:
    """The price catalog; c5.large to c5.4xlarge without a spot offer for m5.xlarge, unless offers are given."""
    usual = (offer("c5.large", 0.1, 2), offer("c5.xlarge", 0.2), offer("m5.xlarge", 0.3, saving=None))
    return PriceCatalog("us-east-1", offers or usual, rejected, (), {"prices.csv": "0" * 64})


def variant(name: str, accuracy: float | None = 0.76, **more: Any) -> ModelVariant:
    """A model variant of image classification."""
    fields: dict[str, Any] = {"task": TASK, "memory_mib": 500.0, "artifact_mib": 100.0} | more
    metric = None if accuracy is None else fields.pop("metric", "imagenet-top1")
    return ModelVariant(
        name=name,
        accuracy_share=accuracy,
        accuracy_metric=metric,
        parameters=None,
        source="zoo",
        obtained="published",
        **fields,
    )


def time(model: str = "good", host: str = "c5.large", mean_ms: float = 50.0, **more: Any) -> ServiceTime:
    """A service time with p95 and p99 a tenth and a fifth above the mean, of 100 samples."""
    fields: dict[str, Any] = {
        "batch": 1,
        "items_per_request": 1,
        "replicas": 1,
        "threads": None,
        "samples": 100,
    }
    fields |= {"quantiles": ((0.95, 1.1 * mean_ms), (0.99, 1.2 * mean_ms))} | more
    return ServiceTime(
        model=model,
        instance_type=host,
        mean_ms=mean_ms,
        load_s=None,
        source="bench",
        obtained="measured",
        **fields,
    )


def function_time(
    model: str = "good", memory_mb: int = 2048, mean_ms: float = 100.0, **more: Any
) -> FunctionTime:
    """A function time with p95 and p99 a tenth and a fifth above the mean, of 100 samples; 2 s to load."""
    fields: dict[str, Any] = {
        "arch": "x86_64",
        "batch": 1,
        "items_per_request": 1,
        "load_ms": 2000.0,
        "samples": 100,
    }
    fields |= {"quantiles": ((0.95, 1.1 * mean_ms), (0.99, 1.2 * mean_ms))} | more
    return FunctionTime(
        model=model,
        provider="aws-lambda",
        memory_mb=memory_mb,
        mean_ms=mean_ms,
        source="calls",
        obtained="measured",
        **fields,
    )


def profiles(
    *times: ServiceTime,
    variants: tuple[ModelVariant, ...] = (variant("good"), variant("poor", 0.60)),
    capacities: tuple[PublishedCapacity, ...] = (),
    functions: tuple[FunctionTime, ...] = (),
    failed: tuple[FailedProfile, ...] = (),
) -> ProfileCatalog:
    """A profile catalog of these records."""
    named = {one.name: one for one in variants}
    return ProfileCatalog(named, times, capacities, functions, failed, (), {"profiles.csv": "1" * 64})


def tariffs(**more: Any) -> FunctionCatalog:
    """One tariff: 0.20 USD a million requests, 0.0000166667 USD a GB-s, 1-ms steps."""
    fields: dict[str, Any] = {
        "provider": "aws-lambda",
        "arch": "x86_64",
        "region": "us-east-1",
        "usd_per_million_requests": 0.2,
        "gb_second_tiers": ((float("inf"), 0.0000166667),),
        "memory_mb_min": 128,
        "memory_mb_max": 10240,
        "memory_mb_step": 1,
        "mb_per_vcpu": 1769,
        "billing_step_ms": 1,
        "package_mb": 250,
        "image_mb": 10240,
        "tmp_mb_min": 512,
        "tmp_mb_max": 10240,
        "usd_per_tmp_gb_s": 0.0,
        "payload_mb": 6,
        "timeout_s": 900,
        "concurrency_limit": 1000,
        "price_date": PRICE_DAY,
        "source": "tariff",
    }
    return FunctionCatalog("us-east-1", (FunctionTariff(**(fields | more)),), {"lambda.csv": "2" * 64})


def request_class(name: str = "web", **more: Any) -> dict[str, Any]:
    """A class that asks for 95 % within 200 ms."""
    return {
        "name": name,
        "trace": "load",
        "share": 0.5,
        "task": TASK,
        "deadline_ms": 200.0,
        "percentile": 0.95,
    } | more


def scenario(*classes: dict[str, Any], **more: Any) -> Scenario:
    """An hour in 15-minute windows of a generated trace, on the given classes."""
    document: dict[str, Any] = {
        "version": 1,
        "name": "small",
        "region": "us-east-1",
        "horizon": {"start": "2026-11-23T00:00:00Z", "duration": "1h"},
        "window": "15min",
        "workload": {
            "traces": {
                "load": {
                    "generator": "poisson",
                    "seed": 1,
                    "start": "2026-11-01T00:00:00Z",
                    "duration": "22d",
                    "interval": "5min",
                    "mean_rps": 40,
                }
            },
            "classes": list(classes) or [request_class()],
        },
        "forecast": {"levels": [0.5, 0.9]},
    }
    return parse_scenario(json.dumps(document | more).encode(), source="small", folder=Path())


def demand(question: Scenario, top_rps: float = 40.0, dispersion_index: float = 1.0) -> Demand:
    """Every class sends `top_rps` at the top level of the last window, half of that at the first level, less before."""
    classes = tuple(one.name for one in question.workload.planned_classes)
    levels = np.array(question.forecast.levels)
    growth = np.linspace(0.5, 1.0, question.windows)[:, None] * np.linspace(0.5, 1.0, len(levels))
    rate = np.repeat(top_rps * growth[None], len(classes), axis=0)
    return Demand(
        classes=classes,
        rate_rps=rate,
        mean_rps=rate[:, :, 0],
        levels=levels,
        level_share=level_shares(levels),
        window_h=np.full(question.windows, question.window_s / 3600),
        dispersion_index=np.full(len(classes), dispersion_index),
    )
