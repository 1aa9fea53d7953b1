"""Model variants that may serve, and where their speed is known from."""

from __future__ import annotations

from pydantic import Field

from planner.document import Document
from planner.scenario.quantities import BUNDLED, CatalogSource, NonNegative


class Models(Document):
    """Model variants and how fast they run."""

    profiles: tuple[CatalogSource, ...] = Field(
        (BUNDLED,), min_length=1, description="bundled, files, folders."
    )
    allowed: tuple[str, ...] | None = Field(None, min_length=1, description="Names allowed; all when absent.")
    load_s: dict[str, NonNegative] = Field(
        default_factory=dict,
        description="Model -> time to bring it into a machine; in place of what its profile states.",
    )
