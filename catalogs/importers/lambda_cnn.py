"""Seven CNNs on AWS Lambda, 20 calls at each of five memory sizes (MXNet, x86).

The last cell of a line is `[load seconds, inference seconds]`, or the error message of a failed call; the
total time lost leading zeros of its decimals in the source and is not used. A setting with failed calls is a
failure, and so is one much faster than a larger memory size: an asynchronous call whose end was not awaited.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from catalogs.importers.model_names import IMAGE_CLASSIFICATION, canonical_model
from catalogs.importers.part import ProfilePart, summarise_ms
from catalogs.measurements import FailedProfile, FunctionTime
from catalogs.tables import header_of
from catalogs.variants import ModelVariant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalogs.inputs import InputFile

SOURCE = "AWS Lambda CNN measurements (MXNet, 20 calls a setting)"
COLUMNS = ("lambda_memory", "model_name", "hardware", "framework", "total_time", "load_time", "lambda_time")
CREDIBLE_RATIO = 2.0  # medians of this data: at most 1.0 everywhere but vgg19 at 1024 MB, which has 18
ERRORS = (  # what an error message contains -> why the call failed
    ("timed out", "time-out"),
    ("Failed to allocate", "out of memory"),
    ("signal: killed", "out of memory"),
    ("Invalid NDArray file", "out of memory"),  # the model file was cut short on the full disk or memory
)
ERROR_TYPE = re.compile(r'"errorType":\s*"([^"]+)"')


@dataclass
class Setting:
    """Calls of one model at one memory size."""

    load_ms: list[float] = field(default_factory=list)
    infer_ms: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def recognises(file: InputFile) -> bool:
    """Whether the header is this source's."""
    return {"lambda_memory", "load_time", "lambda_time"} <= set(header_of(file))


def read(file: InputFile, problems: list[str]) -> ProfilePart:
    """Summarise the calls of each setting that ran; the others become failures with their reason."""
    settings = _settings(file, problems)
    times: list[FunctionTime] = []
    failed: list[FailedProfile] = []
    for (model, memory_mb), setting in sorted(settings.items()):
        reason = _failure(settings, model, memory_mb)
        if reason is not None:
            failed.append(FailedProfile(model, f"aws-lambda {memory_mb} MB", 1, reason, SOURCE))
            continue
        mean_ms, quantiles = summarise_ms(setting.infer_ms)
        times.append(
            FunctionTime(
                model=model,
                provider="aws-lambda",
                arch="x86_64",
                memory_mb=memory_mb,
                batch=1,
                items_per_request=1,
                mean_ms=mean_ms,
                quantiles=quantiles,
                load_ms=median(setting.load_ms),
                samples=len(setting.infer_ms),
                source=SOURCE,
                obtained="measured",
            )
        )
    variants = tuple(
        ModelVariant(name, IMAGE_CLASSIFICATION, None, None, None, None, None, SOURCE, "published")
        for name in dict.fromkeys(model for model, _ in sorted(settings))
    )
    return ProfilePart(variants=variants, function_times=tuple(times), failed=tuple(failed))


def _settings(file: InputFile, problems: list[str]) -> dict[tuple[str, int], Setting]:
    settings: dict[tuple[str, int], Setting] = {}
    text = file.text(problems)
    if text is None:
        return settings
    header = header_of(file)
    if header != COLUMNS:
        problems.append(
            f"{file.where} row 1: columns are {', '.join(header)}; expected are {', '.join(COLUMNS)}."
        )
        return settings
    for number, line in enumerate(text.splitlines()[1:], start=2):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split(",", 5)]
        where = f"{file.where} row {number}"
        if len(cells) != 6 or not cells[0].isdecimal() or int(cells[0]) < 1 or not cells[1]:
            problems.append(
                f"{where}: starts {line[:40]!r}; needed are memory in MB, model, hardware, framework, "
                "total time and [load, inference] seconds. Correct or remove the line."
            )
            continue
        setting = settings.setdefault((canonical_model(cells[1]), int(cells[0])), Setting())
        if cells[5].startswith("{"):
            setting.errors.append(_error(cells[5]))
        else:
            _add_call(setting, where, cells[5], problems)
    return settings


def _add_call(setting: Setting, where: str, cell: str, problems: list[str]) -> None:
    try:
        load_s, infer_s = (float(value) for value in json.loads(cell))
        sound = math.isfinite(load_s) and math.isfinite(infer_s) and load_s > 0 and infer_s > 0
    except (ValueError, TypeError):
        sound = False
    if not sound:
        problems.append(
            f"{where}: times are {cell!r}; [load, inference] in seconds, both > 0, are needed. Correct it."
        )
        return
    setting.load_ms.append(load_s * 1000)
    setting.infer_ms.append(infer_s * 1000)


def _error(message: str) -> str:
    for fragment, reason in ERRORS:
        if fragment in message:
            return reason
    found = ERROR_TYPE.search(message)
    return found[1] if found else "error"


def _failure(settings: Mapping[tuple[str, int], Setting], model: str, memory_mb: int) -> str | None:
    setting = settings[model, memory_mb]
    if setting.errors:
        kinds = {kind: setting.errors.count(kind) for kind in sorted(set(setting.errors))}
        calls = len(setting.errors) + len(setting.infer_ms)
        listed = ", ".join(f"{kind} ({count})" for kind, count in kinds.items())
        return f"{len(setting.errors)} of {calls} calls failed: {listed}"
    if len(setting.infer_ms) < 2:
        return f"{len(setting.infer_ms)} calls were measured; at least 2 are needed"
    larger = [
        (size, median(other.infer_ms))
        for (name, size), other in settings.items()
        if name == model and size > memory_mb and other.infer_ms and not other.errors
    ]
    own_ms = median(setting.infer_ms)
    for size, other_ms in sorted(larger):
        if other_ms > CREDIBLE_RATIO * own_ms:
            return (
                f"not credible: median {own_ms:.0f} ms is {other_ms / own_ms:.0f} times shorter than the "
                f"{other_ms:.0f} ms measured with more memory ({size} MB)"
            )
    return None
