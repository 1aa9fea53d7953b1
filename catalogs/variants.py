"""Model variants: what can answer requests of a task, how accurately, and in how much memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from catalogs.record_checks import positive_problems, provenance_problems, raise_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SOURCES_JOINED_BY = " | "


@dataclass(frozen=True)
class ModelVariant:
    """A trained model that can answer requests of one task.

    Parameters
    ----------
    name
        Canonical name, the same in every source (`resnet50`, `bert-base-uncased-128`: 128 tokens a request).
    task
        What it answers, as request classes name it: `image-classification`, `text-encoding` and so on.
    accuracy_share, accuracy_metric
        Accuracy in 0..1 and what it is measured by (`imagenet-top1`); both None where no source gives one.
    memory_mib
        Memory that one replica needs on its host, MiB; None where unknown.
    artifact_mib
        Size of the weights file, MiB.
    parameters
        Number of weights.
    """

    name: str
    task: str
    accuracy_share: float | None
    accuracy_metric: str | None
    memory_mib: float | None
    artifact_mib: float | None
    parameters: int | None
    source: str
    obtained: str

    def __post_init__(self) -> None:
        problems = provenance_problems(self.source, self.obtained)
        problems += positive_problems(
            memory_mib=self.memory_mib, artifact_mib=self.artifact_mib, parameters=self.parameters
        )
        if self.accuracy_share is not None and not 0 <= self.accuracy_share <= 1:
            problems.append(
                f"accuracy_share is {self.accuracy_share:g}; it must be within 0..1. Write 76.13 % as 0.7613."
            )
        if (self.accuracy_share is None) != (self.accuracy_metric is None):
            problems.append(
                f"accuracy_share is {self.accuracy_share} and accuracy_metric is {self.accuracy_metric}; "
                "give both or neither."
            )
        raise_problems(f"model {self.name}", problems)


def merge_variants(variants: Iterable[ModelVariant], warnings: list[str]) -> dict[str, ModelVariant]:
    """Join what several sources say of one variant, a later one overriding; sorted by name."""
    merged: dict[str, ModelVariant] = {}
    for variant in variants:
        known = merged.get(variant.name)
        merged[variant.name] = variant if known is None else _joined(known, variant, warnings)
    return dict(sorted(merged.items()))


def _joined(known: ModelVariant, later: ModelVariant, warnings: list[str]) -> ModelVariant:
    """Override field by field; an accuracy by another metric is not comparable and does not replace."""
    if later.task != known.task:
        warnings.append(
            f"model {known.name}: task {known.task} was overridden by {later.task} ({later.source})."
        )
    changes: dict[str, object] = {"task": later.task}
    for name in ("memory_mib", "artifact_mib", "parameters"):
        if getattr(later, name) is not None:
            changes[name] = getattr(later, name)
    if later.accuracy_share is not None:
        if known.accuracy_metric in (None, later.accuracy_metric):
            changes |= {"accuracy_share": later.accuracy_share, "accuracy_metric": later.accuracy_metric}
        else:
            warnings.append(
                f"model {known.name}: accuracy {known.accuracy_share:.4g} ({known.accuracy_metric}) is kept; "
                f"{later.accuracy_share:.4g} is by another metric ({later.accuracy_metric}, {later.source})."
            )
    if all(getattr(known, name) == value for name, value in changes.items()):
        return known
    sources = dict.fromkeys((*known.source.split(SOURCES_JOINED_BY), later.source))
    return replace(known, **changes, source=SOURCES_JOINED_BY.join(sources))  # type: ignore[arg-type]


def mixed_metrics(variants: Mapping[str, ModelVariant]) -> list[str]:
    """Warn of tasks whose accuracies cannot be compared."""
    metrics: dict[str, set[str]] = {}
    for variant in variants.values():
        if variant.accuracy_metric is not None:
            metrics.setdefault(variant.task, set()).add(variant.accuracy_metric)
    return [
        f"task {task}: accuracies are by several metrics ({', '.join(sorted(found))}); a floor compares "
        "unlike figures. Restrict the models of the scenario to one metric."
        for task, found in sorted(metrics.items())
        if len(found) > 1
    ]
