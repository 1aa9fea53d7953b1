"""How long it takes to bring a model into a machine.

The first of these that is known: the time measured with the service times of the machine; one measured for the
model, on this machine or on any; a line fitted to the five measured ones, over the size of the weights file; for
a model whose file size is unknown the longest of the five.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalogs.profiles import ProfileCatalog


@dataclass(frozen=True)
class LoadTime:
    """Time to bring a model into a machine until it answers, seconds.

    Parameters
    ----------
    instance_type
        Machine it was measured on; None where the source names none: taken for every machine.
    """

    model: str
    instance_type: str | None
    load_s: float
    source: str
    obtained: str

    @property
    def key(self) -> tuple[str, str]:
        """Configuration measured; of two records with one key the later one counts."""
        return (self.model, self.instance_type or "")


def load_time_of(profiles: ProfileCatalog, model: str, instance_type: str) -> LoadTime:
    """Return the best known load time of a model on a machine; its source says how it is known."""
    raise NotImplementedError
