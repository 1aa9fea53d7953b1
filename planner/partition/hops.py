"""How a tensor passes from function to function: as the payload of a call, or through the object store.

Functions are called one after another by the caller or a workflow, which hands each answer on: a payload may have the provider's
synchronous limit, and grows by a third as base64 in JSON. A larger tensor is written to the object store by one function and read
by the next. Either takes billed time on both sides. Input and answer of the model are the caller's own matter, the same for every
partition: they count no time and no price.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from catalogs.functions import FunctionTariff
    from catalogs.object_store import ObjectStoreTariff
    from planner.partition.assumptions import Assumptions

    Array = NDArray[np.float64]

PAYLOAD, STORE = 0, 1
MODES = ("payload", "store")
BYTES_PER_MB = 1e6  # of payload limits and network rates: the smaller reading of MB


@dataclass(frozen=True)
class Hops:
    """Times and prices of a tensor of some bytes.

    Parameters
    ----------
    tariff, store, assumptions
        Payload limit; price and speed of the store; rate of the network and growth of a payload.
    """

    tariff: FunctionTariff
    store: ObjectStoreTariff
    assumptions: Assumptions

    def fits_payload(self, size_bytes: Array) -> NDArray[np.bool_]:
        """Whether a tensor may be the payload of a call."""
        return np.asarray(
            size_bytes * self.assumptions.payload_growth <= self.tariff.payload_mb * BYTES_PER_MB
        )

    def transfer_ms(self, size_bytes: Array) -> Array:
        """``[..., h]`` milliseconds that either side spends on a tensor, by mode; inf: the mode cannot carry it."""
        payload_mb = size_bytes * self.assumptions.payload_growth / BYTES_PER_MB
        payload_ms = np.where(
            self.fits_payload(size_bytes), payload_mb / self.assumptions.network_mb_per_s * 1000, np.inf
        )
        store_ms = self.store.first_byte_ms + size_bytes / BYTES_PER_MB / self.store.mb_per_s * 1000
        return np.stack([payload_ms, store_ms], axis=-1)

    @property
    def usd(self) -> Array:
        """``[h]`` price of handing one tensor on: nothing as a payload, one write and one read in the store."""
        return np.array([0.0, self.store.put_usd + self.store.get_usd])

    def cheapest_ms(self, size_bytes: float) -> tuple[int, float]:
        """The quicker mode of a tensor, and its time on either side."""
        times = self.transfer_ms(np.asarray(size_bytes, dtype=float))
        mode = int(times.argmin())
        return mode, float(times[mode])

    def at_boundaries(self, cut_bytes: Array) -> tuple[Array, Array, Array]:
        """Return ``[c, h]`` times to send and to receive the tensor at each boundary, and prices of handing it on."""
        between = self.transfer_ms(cut_bytes)
        for end in (0, -1):  # the caller's own: free, and in one mode
            between[end] = np.inf
            between[end, PAYLOAD] = 0.0
        usd = np.tile(self.usd, (len(cut_bytes), 1))
        usd[[0, -1]] = 0.0
        return between, between.copy(), usd
