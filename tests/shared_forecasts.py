"""Forecasts that the tests of one session share: most plan the same few traces, and most of that time is the forecast.

A forecast is a function of its arguments alone, so one made from the same arguments, to the bit, is read back instead. Each is made
once for all workers and kept for the session only: the next one makes it anew. What a test gets is a copy.
"""

from __future__ import annotations

import os
import pickle
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workloads.forecast import Forecast


def shared(forecast_rates: Callable[..., Forecast], folder: Path) -> Callable[..., Forecast]:
    """The same function, which keeps in a folder what it returns; not what it was given a memory for, which it changes."""
    folder.mkdir(exist_ok=True)

    def found(*arguments: Any, **named: Any) -> Forecast:
        if named.get("memory") is not None:
            return forecast_rates(*arguments, **named)
        kept = folder / sha256(pickle.dumps((arguments, sorted(named.items())))).hexdigest()
        if not kept.exists():
            made = forecast_rates(*arguments, **named)
            part = kept.with_suffix(f".{os.getpid()}")
            part.write_bytes(pickle.dumps(made))
            part.replace(kept)  # whole or not at all, for another worker may look now
        return pickle.loads(kept.read_bytes())  # type: ignore[no-any-return]

    return found
