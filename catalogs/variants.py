"""Model variants: what can answer requests of a task, how accurately, and in how much memory."""

from __future__ import annotations

from dataclasses import dataclass

from catalogs.record_checks import positive_problems, provenance_problems, raise_problems


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
