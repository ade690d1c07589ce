"""The engine: all folds as one flat memory, one compiled loop over events and one compiled read of the features.

The loop is written out from ``FOLDS`` as a small module in the folder of compiled code.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from data_contracts.compiled import written_out
from data_contracts.events import CHANNELS, EVENT, KIND_CHANNEL, Events
from data_contracts.row_looks import settled_before, with_page
from features.context import Context
from features.fold import Feature, Fold
from features.looking import EVIDENCE, Desk, Look, Terms, body, take_live
from features.moments import CAPACITY, COUNTS, KEPT, MOMENT, Report, Signal
from features.readers import Readers, is_ours
from features.thresholds import THRESHOLDS, thresholds

MEMORY_LIMIT: Final = 4096
"""Bytes that the folds' memory of one session may take."""

ROOM: Final = np.dtype([("moments", MOMENT, (CAPACITY,)), ("thresholds", THRESHOLDS, (1,))], align=True)
"""Where the loop works: one record, because handing on separate arrays costs a step more than its own work."""

_BYTE: Final = np.dtype("u1")
_LIMITS_AT: Final = int(ROOM.fields["thresholds"][1]) if ROOM.fields else 0
_NO_MOMENTS: Final = np.empty(0, MOMENT)
_CHANNEL_BITS: Final = np.zeros(256, "i8")
for _kind, _channel in KIND_CHANNEL.items():
    _CHANNEL_BITS[_kind] = 1 << CHANNELS.index(_channel)


class Engine:
    """The folds of a catalogue, ready to run.

    Parameters
    ----------
    folds
        Classes in the order in which they move; each sees ``Context`` already moved.
    """

    def __init__(self, folds: Sequence[type[Fold]]) -> None:
        self.folds: tuple[type[Fold], ...] = (Context, *folds)
        context = Context.definition()
        self._readers = Readers(self.folds)
        self.features: tuple[Feature, ...] = tuple(f.standing_on(context) for f in self._readers.features)
        self.names: tuple[str, ...] = tuple(f.name for f in self.features)
        self.signals: tuple[Signal, ...] = tuple(s for fold in self.folds for s in fold.signals)
        if len(set(self.names)) != len(self.names):
            raise ValueError("Two features bear the same name; rename one.")
        self.dtype = np.dtype(
            [(fold.family(), fold.dtype()) for fold in self.folds] + [("counts", "i4", (COUNTS,))], align=True
        )
        if self.dtype.itemsize > MEMORY_LIMIT:
            raise ValueError(
                f"The folds take {self.dtype.itemsize} bytes of memory; {MEMORY_LIMIT} are allowed."
            )
        self._width = len(self.names)
        self._empty = np.zeros(1, self.dtype)
        for fold in self.folds:
            for name, value in fold.defaults().items():
                self._empty[fold.family()][name] = value
        self._ours = thresholds()
        self._room = np.zeros(1, ROOM)
        self._has_ours = False  # whether our thresholds lie in the room
        self._desk = Desk()

    def empty(self) -> npt.NDArray[np.void]:
        """Memory of a session of which nothing is known yet, ``dtype[1]``."""
        return duplicate(self._empty)

    def fold(
        self,
        events: Events,
        memory: npt.NDArray[np.void],
        moments: npt.NDArray[np.void] | None = None,
        limits: npt.NDArray[np.void] | None = None,
    ) -> npt.NDArray[np.void]:
        """Move ``memory`` past ``events``, in place.

        Parameters
        ----------
        events
            ``EVENT[n]`` in the order of the session.
        memory
            One record of ``self.dtype``.
        moments
            Moments so far, ``MOMENT[k]`` without gaps; none for a new session.
        limits
            ``THRESHOLDS[1]`` of the signals; ours by default.

        Returns
        -------
        MOMENT[m]
            All moments of the session, those withdrawn too.
        """
        if events.dtype is not EVENT and events.dtype != EVENT:
            raise TypeError(f"Events must be rows of data_contracts.events.EVENT, not {events.dtype}.")
        room = self._room
        if moments is not None:
            write(moments, room, 0)
        self._furnish(limits)
        return first(room, self._loop(events, memory, room, _CHANNEL_BITS))

    def look(
        self,
        events: Events,
        terms: Terms,
        memory: npt.NDArray[np.void],
        moments: npt.NDArray[np.void] | None = None,
        limits: npt.NDArray[np.void] | None = None,
        declared: int = 0,
    ) -> tuple[int, int, npt.NDArray[np.void], Look] | None:
        """Move ``memory`` past the events before a horizon, in place, and a copy of it past all.

        Parameters
        ----------
        events
            ``EVENT[n]`` in the order of the session, at least one.
        terms
            What they must be like, and the horizon.
        memory, moments, limits
            As ``fold`` takes them.
        declared
            As ``vector`` takes it.

        Returns
        -------
        int, int, MOMENT[m], Look
            How many events lie before the horizon, and the time of the last of them in ms; all moments up to it, as
            ``fold`` gives them; and what the copy holds. None, and nothing done, if the terms do not hold.
        """
        if not self._is_ours:
            return self._look_plainly(events, terms, memory, moments, limits, declared)
        if events.dtype is not EVENT and events.dtype != EVENT:
            raise TypeError(f"Events must be rows of data_contracts.events.EVENT, not {events.dtype}.")
        if limits is not None or not self._has_ours:
            self._furnish(limits)
        if moments is None:
            moments = _NO_MOMENTS
        desk = self._desk
        shown = bytearray(self.dtype.itemsize)
        copy = np.frombuffer(shown, self.dtype)
        vector = np.empty(self._width, np.float32)
        ready, until, kept, count = self._look(
            events, terms.page, terms.number, terms.horizon, terms.idle_ms, terms.last, memory,
            np.frombuffer(memory, _BYTE), moments, copy, np.frombuffer(shown, _BYTE),
            declared, vector, self._room, _CHANNEL_BITS, self._readers.needs, *desk.given,
        )  # fmt: skip
        if ready < 0:
            return None
        if ready:
            moments = first(desk.settled, kept)
        alive = first(desk.alive, count) if count else _NO_MOMENTS
        return ready, until, moments, Look(copy, alive, vector, desk.evidence.tolist())

    def _look_plainly(
        self,
        events: Events,
        terms: Terms,
        memory: npt.NDArray[np.void],
        moments: npt.NDArray[np.void] | None,
        limits: npt.NDArray[np.void] | None,
        declared: int,
    ) -> tuple[int, int, npt.NDArray[np.void], Look] | None:
        """A look of an engine whose folds have no file, beside which it could be compiled."""
        ready = settled_before(events, terms.page, terms.horizon, terms.idle_ms, terms.last)
        if ready < 0:
            return None
        events = with_page(events, terms.number)
        if ready or moments is None:
            moments = self.fold(events[:ready], memory, moments, limits)
        copy = duplicate(memory)
        alive = live(self.fold(events[ready:], copy, moments, limits))
        told = [int(copy["context"][name][0]) for name in EVIDENCE]
        until = int(events[ready - 1]["t"]) if ready else terms.last
        return ready, until, moments, Look(copy, alive, self.vector(copy, declared), told)

    def _furnish(self, limits: npt.NDArray[np.void] | None) -> None:
        """Have these thresholds in the room."""
        if limits is not None or not self._has_ours:
            write(self._ours if limits is None else limits, self._room, _LIMITS_AT)
            self._has_ours = limits is None

    def vector(self, memory: npt.NDArray[np.void], declared: int = 0) -> npt.NDArray[np.float32]:
        """Read every feature off a memory.

        Parameters
        ----------
        memory
            One record of ``self.dtype``.
        declared
            Bit i: the recorder says that it records ``CHANNELS[i]``.

        Returns
        -------
        float32[len(self.features)]
            NaN where a feature is not defined, or where its channel or the page cannot be seen.
        """
        return self._readers.vector(memory, declared)

    def warm(self) -> None:
        """Compile everything, or load it from disk."""
        memory = self.empty()
        self.fold(np.zeros(0, EVENT), memory)
        self.vector(memory)
        self.look(np.zeros(1, EVENT), Terms(0, 0, 0, 0, 0), memory)
        live(np.zeros(1, MOMENT))

    @cached_property
    def _is_ours(self) -> bool:
        """Whether every fold has a file among ours."""
        return all(is_ours(fold) for fold in self.folds)

    @cached_property
    def _look(self) -> Any:
        """The compiled ``look`` of ``features.looking``; only of folds that are all ours."""
        head = ["from data_contracts.compiled import compiled", "from features.looking import take_live"]
        head += [
            "from data_contracts.row_looks import settled_before, with_page",
            f"from {self._loop.__module__} import loop",
            f"from {self._readers.compiled.__module__} import read",
        ]
        return written_out("watchworthy_look", "\n".join([*head, "@compiled", *body()]) + "\n").look

    @cached_property
    def _loop(self) -> Any:
        """The compiled loop ``(events, memory, rooms, channel_bits) -> moments kept``."""
        body = ["def loop(events, memory, rooms, channel_bits):"]
        body += ["    record = memory[0]", "    now = record.context", "    room = rooms[0]"]
        body += [
            "    out = Report(room.moments, record.counts, room.thresholds)",
            "    for i in range(events.size):",
        ]
        body += ["        event = events[i]", "        now.channels |= channel_bits[event.kind]"]
        families = [fold.family() for fold in self.folds]
        body += [f"        step_{name}(record.{name}, event, now, out)" for name in families]
        body += [f"    return record.counts[{KEPT}]"]
        if self._is_ours:
            head = ["from data_contracts.compiled import compiled", "from features.moments import Report"]
            head += [f"from {fold.__module__} import {fold.__name__}" for fold in self.folds]
            head += [f"step_{fold.family()} = compiled({fold.__name__}.step)" for fold in self.folds]
            return written_out("watchworthy_loop", "\n".join([*head, "@compiled", *body]) + "\n").loop
        # A fold of a notebook has no file, so its machine code cannot be kept: compile in memory.
        in_memory = njit(error_model="numpy")
        names: dict[str, Any] = {f"step_{fold.family()}": in_memory(fold.step) for fold in self.folds}
        names["Report"] = Report
        exec("\n".join(body), names)
        return in_memory(names["loop"])


def write(records: npt.NDArray[np.void], room: npt.NDArray[np.void], at: int) -> None:
    """Write records ``[n]`` into a room, from byte ``at`` of it on.

    Byte by byte, because NumPy compares all fields of what it assigns.
    """
    np.frombuffer(room, _BYTE, records.nbytes, at)[:] = np.frombuffer(records, _BYTE)


def first(records: npt.NDArray[np.void], count: int) -> npt.NDArray[np.void]:
    """A copy of the first ``count`` moments among some, ``MOMENT[n]`` to ``MOMENT[count]``, byte by byte."""
    if not count:
        return _NO_MOMENTS
    return np.frombuffer(np.frombuffer(records, _BYTE, count * MOMENT.itemsize).copy(), MOMENT)


def duplicate(records: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Copy records ``[n]`` byte by byte: NumPy's own copy leaves what stands between their fields to chance."""
    return np.frombuffer(np.frombuffer(np.ascontiguousarray(records), _BYTE).copy(), records.dtype)


def live(moments: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Moments that were not withdrawn, in the order of (start, code): of ``MOMENT[n]`` a copy of at most as many."""
    out = duplicate(moments)
    return out[: take_live(moments, np.empty(len(moments), "i8"), out)]
