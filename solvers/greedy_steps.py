"""Steps of a greedy, remembered: a window that comes up again under the same conditions is not worked again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from solvers.axes import arrays_of
from solvers.greedy_view import GreedyView

if TYPE_CHECKING:
    from collections.abc import Callable

    from solvers.memory import Steps
    from solvers.problem import IntArray


@dataclass(frozen=True)
class GreedySteps(GreedyView):
    """A view of a problem with the steps already taken over it.

    Parameters
    ----------
    steps
        Sizes ``[j]`` by the digest of what they were found from: a step that comes up again is not taken again.
    """

    steps: Steps

    @cached_property
    def fixed(self) -> bytes:
        """Digest of all that does not change from window to window; what ran before the first one is given to its step."""
        digest, p = blake2b(digest_size=16), self.problem
        for name, order, value in arrays_of(p):
            if "t" not in order and not name.startswith("initial"):
                digest.update(
                    repr((name, value.tolist() if isinstance(value, np.ndarray) else value)).encode()
                )
        groups = None if p.limits is None else p.limits.max_groups
        digest.update(repr((p.on_demand_floor_share, groups)).encode())
        return digest.digest()

    def step(
        self, form: str, windows: slice, given: tuple[IntArray, ...], take: Callable[[], IntArray]
    ) -> IntArray:
        """Sizes ``[j]`` of one window: remembered where form, windows ahead and what is given are the same, else taken."""
        p, digest = self.problem, blake2b(self.fixed + form.encode(), digest_size=16)
        ahead = (
            p.demand_rps[:, windows],
            p.price_usd_per_h[:, windows],
            self.most[:, windows],
            p.window_h[windows],
        )
        for part in (*ahead, *given):
            digest.update(np.ascontiguousarray(part).tobytes())
        key = digest.digest()
        if key not in self.steps:
            self.steps[key] = take()
        return self.steps[key]
