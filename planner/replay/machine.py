"""One rented machine: it boots, loads the model of its pool, and works there."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.replay.decisions import Place
    from planner.replay.supply import Pool, Rental


@dataclass(eq=False)
class Machine:
    """What is known of a machine from its launch on.

    Parameters
    ----------
    booted_s, ready_s
        When it can load a model; when it has loaded that of its pool and does nothing else any more.
    joins
        Whether it is to work in its pool as soon as it is ready; not so where it is kept ahead of need, or has gone.
    slot
        Its place in the queue where it works; None while it does not.
    idle_s
        End of the last call in the pool that it left last.
    loads_s
        Spans in which it loads models, rising.
    """

    rental: Rental
    pool: Pool
    launched_s: float
    booted_s: float
    ready_s: float
    joins: bool = False
    slot: int | None = None
    idle_s: float = -math.inf
    loads_s: list[tuple[float, float]] = field(default_factory=list)

    @property
    def place(self) -> Place:
        """Its pool and rental."""
        return self.pool.name, self.rental.id

    @property
    def rank(self) -> tuple[bool, float, float]:
        """Order in which machines are kept, moved or put to work: those at work first, then the soonest ready."""
        return self.slot is None, self.ready_s, self.launched_s

    def load(self, pool: Pool, idle_s: float) -> None:
        """Belong to a pool, and load its model once idle and booted; a load that goes on then is broken off."""
        self.pool = pool
        begin_s = max(idle_s, self.booted_s)
        self.loads_s = [(a, min(b, begin_s)) for a, b in self.loads_s if a < begin_s]
        self.ready_s = begin_s + pool.load_s
        self.loads_s.append((begin_s, self.ready_s))

    def move(self, pool: Pool, idle_s: float) -> None:
        """Belong to another pool from the end of its calls on, its model being loaded only where it is another one."""
        if pool.model == self.pool.model:
            self.pool = pool
            self.ready_s = max(self.ready_s, idle_s)
        else:
            self.load(pool, idle_s)


def launched(rental: Rental, pool: Pool, now_s: float) -> Machine:
    """Return a new machine, which boots, then loads the model of its pool."""
    booted_s = now_s + rental.boot_s
    machine = Machine(rental, pool, now_s, booted_s, booted_s)
    machine.load(pool, booted_s)
    return machine


def taken_over(rental: Rental, pool: Pool, now_s: float) -> Machine:
    """Return a machine that runs already with its model loaded, paid for from now on."""
    return Machine(rental, pool, now_s, now_s, now_s)
