"""The engine: all folds as one flat memory and one compiled loop over events.

The loop is written out from ``FOLDS`` as a small module in the folder of compiled code, because Numba keeps
the machine code of a module on disk, but not that of a closure.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from data_contracts.compiled import cache_folder
from data_contracts.events import CHANNELS, EVENT, KIND_CHANNEL, Events
from features.context import Context
from features.fold import Feature, Fold
from features.moments import CAPACITY, COUNTS, KEPT, MOMENT, WITHDRAWN, Report, Signal
from features.thresholds import THRESHOLDS, thresholds

MEMORY_LIMIT: Final = 4096
"""Bytes that the folds' memory of one session may take."""

ROOM: Final = np.dtype([("moments", MOMENT, (CAPACITY,)), ("thresholds", THRESHOLDS, (1,))], align=True)
"""Where the loop works: one record, because handing on separate arrays costs a step more than its own work."""

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
        self.features: tuple[Feature, ...] = tuple(
            f.standing_on(context) for fold in self.folds for f in fold.features()
        )
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
        self._empty = np.zeros(1, self.dtype)
        for fold in self.folds:
            for name, value in fold.defaults().items():
                self._empty[fold.family()][name] = value
        self._readers = [(fold.family(), fold.reader(), fold.features()) for fold in self.folds]
        self._ours = thresholds()
        self._room = np.zeros(1, ROOM)

    def empty(self) -> npt.NDArray[np.void]:
        """Memory of a session of which nothing is known yet, as an array of one record."""
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
            Moments so far, ``MOMENT[k]``; none for a new session.
        limits
            ``THRESHOLDS[1]`` of the signals; ours by default.

        Returns
        -------
        MOMENT[m]
            All moments of the session, those withdrawn too.
        """
        if events.dtype != EVENT:
            raise TypeError(f"Events must be rows of data_contracts.events.EVENT, not {events.dtype}.")
        room = self._room
        if moments is not None:
            room["moments"][0, : len(moments)] = moments
        room["thresholds"][0] = self._ours if limits is None else limits
        self._loop(events, memory, room, _CHANNEL_BITS)
        return duplicate(room["moments"][0, : int(memory["counts"][0, KEPT])])

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
        values = np.full(len(self.features), np.nan, "f4")
        context = memory["context"]
        seen = int(context["channels"][0]) | declared
        sighted = int(context["acts_sighted"][0]) > 0 or int(context["sighted_ms"][0]) > 0
        position = 0
        for family, reader, features in self._readers:
            state = reader(*memory[family][0].item())
            for feature in features:
                if (feature.channel is None or seen >> CHANNELS.index(feature.channel) & 1) and (
                    sighted or not feature.sighted
                ):
                    values[position] = feature.read(state)
                position += 1
        return values

    def warm(self) -> None:
        """Compile everything, or load it from disk."""
        self.fold(np.zeros(0, EVENT), self.empty())

    @cached_property
    def _loop(self) -> Any:
        """The compiled loop ``(events, memory, rooms, channel_bits) -> None``."""
        body = ["def loop(events, memory, rooms, channel_bits):"]
        body += ["    record = memory[0]", "    now = record.context", "    room = rooms[0]"]
        body += [
            "    out = Report(room.moments, record.counts, room.thresholds)",
            "    for i in range(events.size):",
        ]
        body += ["        event = events[i]", "        now.channels |= channel_bits[event.kind]"]
        families = [fold.family() for fold in self.folds]
        body += [f"        step_{name}(record.{name}, event, now, out)" for name in families]
        if all(fold.__module__.startswith("features.") for fold in self.folds):
            return self._loop_on_disk(body)
        # A fold of a notebook has no file, so its machine code cannot be kept: compile in memory.
        compiled = njit(error_model="numpy")
        names: dict[str, Any] = {f"step_{fold.family()}": compiled(fold.step) for fold in self.folds}
        names["Report"] = Report
        exec("\n".join(body), names)
        return njit(error_model="numpy")(names["loop"])

    def _loop_on_disk(self, body: list[str]) -> Any:
        head = ["from data_contracts.compiled import compiled", "from features.moments import Report"]
        head += [f"from {fold.__module__} import {fold.__name__}" for fold in self.folds]
        head += [f"step_{fold.family()} = compiled({fold.__name__}.step)" for fold in self.folds]
        source = "\n".join([*head, "@compiled", *body]) + "\n"
        name = f"watchworthy_loop_{hashlib.sha256(source.encode()).hexdigest()[:12]}"
        path = cache_folder("features") / f"{name}.py"
        if not path.exists():
            partial = path.with_suffix(f".{os.getpid()}.tmp")
            partial.write_text(source, encoding="utf-8")
            partial.replace(path)
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"Cannot load the compiled loop from {path}; delete that folder and try again.")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module.loop


def duplicate(records: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Copy records byte by byte: NumPy's own copy leaves what stands between their fields to chance."""
    copied: npt.NDArray[np.void] = np.ascontiguousarray(records).view("u1").copy().view(records.dtype)
    return copied


def live(moments: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Moments that were not withdrawn, in the order of (start, code)."""
    if not moments.size:
        return moments
    kept: npt.NDArray[np.void] = moments[moments["state"] != WITHDRAWN]
    order = np.lexsort((kept["end"], kept["code"], kept["start"]))
    return duplicate(kept[order])
