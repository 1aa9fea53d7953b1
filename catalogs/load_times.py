"""How long it takes to bring a model into a machine until it answers.

The first of these that is known counts: the time measured with the service times of that machine; one measured
for the model on that machine, or on no named one; a line over the size of the weights file, fitted to the five
load times of InfAdapter's ResNets; for a model of unknown size the longest of these five. Worked: VGG-19's file
has 548 MiB, so 5.83 + 0.01146 x 548 = 12.1 s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.errors import CatalogError
from catalogs.inputs import near, raise_collected
from catalogs.record_checks import provenance_problems

if TYPE_CHECKING:
    from catalogs.profiles import ProfileCatalog

# Least squares over catalogs/data/profiles/load_times.csv and the file sizes of model_variants.csv (44.7 to
# 230.4 MiB); residuals at most 0.13 s (tests/catalogs/test_load_times.py).
FIXED_LOAD_S = 5.83
LOAD_S_PER_MIB = 0.01146
LONGEST_LOAD_S = 8.52  # ResNet-152 in the same table
FITTED = "line fitted to InfAdapter's load times of five ResNets"
LONGEST = "longest of InfAdapter's load times of five ResNets, the size of the weights file being unknown"


@dataclass(frozen=True)
class LoadTime:
    """Time to bring a model into a machine until it answers.

    Parameters
    ----------
    instance_type
        Machine it was measured on; None where the source names none: it then counts for every machine.
    load_s
        Seconds, > 0; the start of a container is part of it where the source starts one.
    """

    model: str
    instance_type: str | None
    load_s: float
    source: str
    obtained: str

    def __post_init__(self) -> None:
        problems = provenance_problems(self.source, self.obtained)
        if not (math.isfinite(self.load_s) and self.load_s > 0):
            problems.append(f"load_s is {self.load_s:g}; it must be a finite number > 0. Correct it.")
        raise_collected([f"load time of {self.model}: {problem}" for problem in problems])

    @property
    def key(self) -> tuple[str, str]:
        """Configuration measured; of two records with one key the later one counts."""
        return (self.model, self.instance_type or "")


def load_time_of(profiles: ProfileCatalog, model: str, instance_type: str) -> LoadTime:
    """Return the best known load time of a model on a machine; its source says how it is known.

    Raises
    ------
    CatalogError
        Where the profiles have no such model.
    """
    if model not in profiles.variants:
        raise CatalogError(
            [f"{model}: no profile names this model.{near(model, profiles.variants)} Add it to a profile."]
        )
    known = profiles.measured_load_times
    found = known.get((model, instance_type)) or known.get((model, ""))
    if found is not None:
        return found
    artifact_mib = profiles.variants[model].artifact_mib
    if artifact_mib is None:
        return LoadTime(model, None, LONGEST_LOAD_S, LONGEST, "derived")
    load_s = FIXED_LOAD_S + LOAD_S_PER_MIB * artifact_mib
    return LoadTime(model, None, load_s, f"{FITTED}, at {artifact_mib:.0f} MiB", "derived")
