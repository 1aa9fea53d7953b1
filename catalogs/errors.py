"""Errors of the catalogs package.

ValueError
└── CatalogError: a catalog file, or a value made from one, cannot be used as it stands
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class CatalogError(ValueError):
    """Catalog inputs cannot be used; `problems` lists every reason found, one sentence group each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"- {line}" for line in self.problems))
