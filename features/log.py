"""A log of batches in memory: the batches themselves, and the sessions read off them whatever their order.

Offline is the same as live, with all batches at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from data_contracts.batches import Batch
from data_contracts.counts import Counts
from data_contracts.errors import WatchworthyError
from data_contracts.limits import LIMITS, Limits
from data_contracts.order import IDLE_MS
from data_contracts.stream import Stream
from features.engine import Engine
from features.memory import Memory
from features.session import Session


class Log:
    """Batches of one session log, folded as they come; the parameters are those of ``Memory``."""

    def __init__(
        self,
        name: str,
        folds: Engine | None = None,
        idle_ms: int = IDLE_MS,
        limits: Limits = LIMITS,
        thresholds: npt.NDArray[np.void] | None = None,
    ) -> None:
        self.name = name
        self.rebuilds = 0
        """How often a late batch made everything be folded again."""
        self._settings: tuple[Any, ...] = (folds, idle_ms, limits, thresholds)
        self._batches: dict[str, dict[int, Batch]] = {}
        self._memory = Memory(name, *self._settings)

    def receive(self, batch: Batch) -> bool:
        """Take a batch.

        Returns
        -------
        bool
            False if the very same batch was already held.

        Raises
        ------
        WatchworthyError
            ``seq_conflict`` if another batch bears its number; whatever decoding refuses.
        """
        ours = self._batches.setdefault(batch.stream, {})
        if batch.seq in ours:
            if ours[batch.seq].events != batch.events:
                raise conflict(batch)
            return False
        ours[batch.seq] = batch
        if not self._memory.push(batch):
            self.rebuilds += 1
            self._rebuild()
        return True

    def receive_all(self, batches: Iterable[Batch]) -> None:
        """Take many batches at once: the same end as one by one, each decoded once.

        Raises
        ------
        WatchworthyError
            As ``receive``; nothing of the batches is then held.
        """
        held = {name: dict(ours) for name, ours in self._batches.items()}
        for batch in batches:
            ours = held.setdefault(batch.stream, {}).setdefault(batch.seq, batch)
            if ours is not batch and ours.events != batch.events:
                raise conflict(batch)
        self._batches = held
        self._rebuild()

    def sessions(self) -> list[Session]:
        """Every session of the batches held so far, in order of time."""
        return self._memory.sessions()

    def holds(self, stream: str, seq: int) -> bool:
        """Whether a batch of this number was received."""
        return seq in self._batches.get(stream, ())

    @property
    def streams(self) -> Mapping[str, Stream]:
        """The streams met so far, by name."""
        return self._memory.streams

    @property
    def counts(self) -> Counts:
        """What was met, over all streams."""
        return self._memory.counts

    def _rebuild(self) -> None:
        """Fold everything again from the batches."""
        self._memory = Memory(self.name, *self._settings)
        self._memory.push_all(in_turn(batch for ours in self._batches.values() for batch in ours.values()))


def in_turn(batches: Iterable[Batch]) -> list[Batch]:
    """Batches of each stream by number, the streams in the order in which they are met."""
    streams: dict[str, list[Batch]] = {}
    for batch in batches:
        streams.setdefault(batch.stream, []).append(batch)
    return [batch for ours in streams.values() for batch in sorted(ours, key=lambda one: one.seq)]


def sessions_of(
    batches: Iterable[Batch],
    name: str,
    folds: Engine | None = None,
    idle_ms: int = IDLE_MS,
    limits: Limits = LIMITS,
    thresholds: npt.NDArray[np.void] | None = None,
) -> list[Session]:
    """Sessions of a set of batches, all at once; the parameters behind ``batches`` are those of ``Memory``.

    Raises
    ------
    WatchworthyError
        ``seq_conflict``; whatever decoding refuses.
    """
    log = Log(name, folds, idle_ms, limits, thresholds)
    log.receive_all(batches)
    return log.sessions()


def conflict(batch: Batch) -> WatchworthyError:
    """The refusal of a batch whose number another one bears."""
    where = f"stream {batch.stream} seq {batch.seq}"
    return WatchworthyError("seq_conflict", "Another batch of this number is already held.", where)
