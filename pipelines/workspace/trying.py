"""Trying a fold of a notebook: held against the six laws on stored sessions, and what it adds to a head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numba import njit

from data_contracts.compiled import compiled
from data_contracts.errors import WatchworthyError
from features.catalogue import engine
from features.engine import MEMORY_LIMIT, Engine
from features.fold import Fold
from features.moments import KEPT, Report
from features.readers import is_ours
from pipelines.learning.gain import Gain, gain
from pipelines.workspace.folding import sessions_in
from pipelines.workspace.laws import LAWS, Trial, fidelity
from pipelines.workspace.logs import Log, Source, parts

if TYPE_CHECKING:
    from pipelines.workspace.work import Work

MOST: Final = 40
"""Sessions that the laws are looked at on, evenly spread: each is folded some ten times."""


class TriedEngine(Engine):
    """An engine of folds that have no file: the shipped fold among them, the context, comes from disk."""

    @cached_property
    def _loop(self) -> Any:
        families = [fold.family() for fold in self.folds]
        steps = {
            f"step_{fold.family()}": (compiled if is_ours(fold) else njit(error_model="numpy"))(fold.step)
            for fold in self.folds
        }
        body = [
            "def loop(events, memory, rooms, channel_bits):",
            "    record, room = memory[0], rooms[0]",
            "    now = record.context",
            "    out = Report(room.moments, record.counts, room.thresholds)",
            "    for i in range(events.size):",
            "        event = events[i]",
            "        now.channels |= channel_bits[event.kind]",
            *(f"        step_{name}(record.{name}, event, now, out)" for name in families),
            f"    return record.counts[{KEPT}]",
        ]
        names: dict[str, Any] = steps | {"Report": Report}
        exec("\n".join(body), names)
        return njit(error_model="numpy")(names["loop"])


def engine_with(extra: Sequence[type[Fold]]) -> Engine:
    """An engine of these folds alone: what they read beside an event is the context, and never another fold.

    Raises
    ------
    WatchworthyError
        ``law_broken`` if their memory is larger than 4 KB, or a feature's name is taken.
    """
    names = ", ".join(one.__name__ for one in extra)
    try:
        made = TriedEngine(tuple(extra))
    except ValueError as error:
        raise WatchworthyError("law_broken", f"Law of bounded memory: {error}", names) from error
    if twice := sorted(set(names_of(made, extra)) & set(engine().names)):
        raise WatchworthyError("law_broken", f"The catalogue has a feature of this name: {twice[0]}.", names)
    return made


def names_of(made: Engine, extra: Sequence[type[Fold]]) -> list[str]:
    """Names of the features of these folds, in the order of the engine."""
    return [one.name for one in Trial(made, extra).features]


def some(logs: Iterator[Log], most: int = MOST) -> list[Log]:
    """Some logs, evenly spread: memory holds at most twice as many."""
    kept: list[Log] = []
    step = 1
    for i, log in enumerate(logs):
        if i % step == 0 and log.heard:
            kept.append(log)
        if len(kept) > 2 * most:
            kept, step = kept[::2], 2 * step
    return kept[:: max(1, -(-len(kept) // most))]


def held_to_laws(source: Source, extra: Sequence[type[Fold]]) -> Engine:
    """Hold folds against the laws on stored sessions, and say on how many; the engine with them.

    Raises
    ------
    WatchworthyError
        ``law_broken``, with the law, the feature, the session, and what to do.
    """
    folds = engine_with(extra)
    trial = Trial(folds, extra)
    if not trial.features:
        raise WatchworthyError(
            "law_broken", "It declares no feature: mark its reads with @feature.", extra[0].__name__
        )
    logs = some(source.logs())
    for log in logs:
        for law in LAWS:
            law(trial, log.name, log.batches)
        for part in parts(log, source.idle_ms):
            fidelity(trial, part.rows, part.channels, part.session)
    names = ", ".join(one.name for one in trial.features)
    print(f"The six laws hold for {names} on {len(logs)} recordings.")
    over = sum(one.dtype().itemsize for one in extra) - (MEMORY_LIMIT - engine().dtype.itemsize)
    if over > 0:
        print(f"To ship it, {over} bytes must be made free: all folds together have {MEMORY_LIMIT}.")
    return folds


def told_gain(work: Work, extra: Sequence[type[Fold]], head: str) -> Gain:
    """What the features of some folds add to a head on held-out groups; it is printed, too.

    Raises
    ------
    WatchworthyError
        ``training_refused`` if the labels cannot carry it.
    """
    found = work.training_set(head, allow_leaks=True)
    tested = found.take(found["may_test"])
    folds = engine_with(extra)
    places = Trial(folds, extra).places
    vectors = {
        session.id: session.vector[places]
        for log in work.source.logs(set(tested["session"].tolist()))
        for session in sessions_in(log, folds, work.source.idle_ms)
    }
    x = np.array([vectors[name] for name in tested["session"].tolist()], "f4")
    measured = gain(found.head, tested.x, x, names_of(folds, extra), tested.rows())
    print(measured)
    return measured
