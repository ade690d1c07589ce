"""The six laws, as checks that a fold of a notebook is held against on recordings that are at hand.

The tests hold the shipped catalogue to the same laws over generated streams as well; here each law is looked at on
real sessions, for the features of some folds, and a fold that breaks one is told which, where and what to do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.batches import Batch
from data_contracts.errors import WatchworthyError
from data_contracts.events import CHANNELS, KIND_CHANNEL, RECORDED_FRAME, SIGHTED, STATUS, Events
from features.engine import Engine
from features.fold import Feature, Fold
from features.log import Log, sessions_of
from pipelines.workspace.rewording import other_words, reworded, shifted, stars

LATER_MS: Final = (
    105_423_123  # more than a day, so that neither the hour, the minute nor the second stays the same
)
PARTS: Final = 7  # batches that a stream is cut into
PAGE_FACTS: Final = 0xFFFF | 1 << 26 | 1 << 27 | RECORDED_FRAME | 1 << 30
"""Bits of a row's flags that only a page index can set."""
HIDDEN: Final = ("console", "network")
"""Channels that recorders often lack."""

Law = Callable[["Trial", str, list[Batch]], None]


class Trial:
    """Folds that are tried, among those that ship.

    Parameters
    ----------
    folds
        The engine of all of them.
    tried
        Those whose features are looked at.
    """

    def __init__(self, folds: Engine, tried: Sequence[type[Fold]]) -> None:
        families = {fold.family() for fold in tried}
        self.folds = folds
        self.places = [i for i, one in enumerate(folds.features) if one.family in families]
        self.features: tuple[Feature, ...] = tuple(folds.features[i] for i in self.places)

    def vectors(self, batches: Sequence[Batch], name: str) -> list[npt.NDArray[np.float32]]:
        """The tried features of each session."""
        return [one.vector[self.places] for one in sessions_of(batches, name, self.folds)]

    def read(self, rows: Events, declared: int) -> npt.NDArray[np.float32]:
        """The tried features of rows."""
        memory = self.folds.empty()
        self.folds.fold(rows, memory)
        return self.folds.vector(memory, declared)[self.places]

    def same(self, law: str, name: str, ours: Any, theirs: Any, told: str) -> None:
        """Raise unless the sessions have the same features, to the last bit."""
        if len(ours) != len(theirs):
            return  # the shipped cutting of sessions is at fault, not a fold
        for one, other in zip(ours, theirs, strict=True):
            for feature, a, b in zip(self.features, one, other, strict=True):
                if a.tobytes() != b.tobytes():
                    broken(law, feature.name, name, f"it was {a:g} and is {b:g} {told}")


def broken(law: str, feature: str, session: str, told: str) -> None:
    """Say which law a feature breaks.

    Raises
    ------
    WatchworthyError
        ``law_broken``.
    """
    raise WatchworthyError("law_broken", f"Law of {law}: {told}.", f"{feature}, session {session}")


def parity(trial: Trial, name: str, batches: list[Batch]) -> None:
    """However the batches are cut, the features are the same."""
    log = Log(name, trial.folds)
    for batch in cut_again(batches):
        log.receive(batch)
    live = [one.vector[trial.places] for one in log.sessions()]
    told = "when the batches come one by one: keep all that you need in the fold's annotated defaults"
    trial.same("parity", name, trial.vectors(batches, name), live, told)


def in_range(trial: Trial, name: str, batches: list[Batch]) -> None:
    """Every feature stays in its declared range at every length of the session, or is NaN."""
    for part in (batches, *beginnings(batches)):
        for vector in trial.vectors(part, name):
            for feature, value in zip(trial.features, vector, strict=True):
                if np.isnan(value) or (np.isfinite(value) and feature.low <= value <= feature.high):
                    continue
                told = f"it is {value:g}, and says that it lies in {feature.low:g}..{feature.high:g}"
                broken("range", feature.name, name, f"{told}: declare low and high, or return nan")


def masking(trial: Trial, name: str, batches: list[Batch]) -> None:
    """No text matters: neither asterisks of the same length nor another language change a feature."""
    plain = trial.vectors(batches, name)
    for word, typed in ((stars, True), (other_words, False)):
        said = mapped(batches, lambda events, word=word, typed=typed: reworded(events, word, typed))  # type: ignore[misc]
        if said is not None:
            told = "in other words: compare digests and lengths, never a text"
            trial.same("masking", name, plain, trial.vectors(said, name), told)


def translation(trial: Trial, name: str, batches: list[Batch]) -> None:
    """The time of day does not matter."""
    later = mapped(batches, lambda events: shifted(events, LATER_MS))
    if later is not None:
        told = "a day later: use now.t and now.gap, never event.t by itself"
        trial.same("translation", name, trial.vectors(batches, name), trial.vectors(later, name), told)


def fidelity(trial: Trial, rows: Events, declared: int, name: str) -> None:
    """What cannot be seen is NaN; and who reads the page, or a channel that recorders lack, says so."""
    plain = trial.read(rows, declared)
    unseen = rows.copy()
    unseen["flags"] &= ~np.uint32(PAGE_FACTS | SIGHTED)
    unseen["control"] = unseen["form"] = 0
    for feature, a, b in zip(trial.features, plain, trial.read(unseen, declared), strict=True):
        if feature.sighted and not np.isnan(b):
            broken("fidelity", feature.name, name, f"it is {b:g} where the page was never seen, and not NaN")
        if not feature.sighted and not np.isnan(b) and a.tobytes() != b.tobytes():
            told = f"it was {a:g} and is {b:g} where the page was never seen"
            broken("fidelity", feature.name, name, f"{told}: declare sighted=True")
    for channel in HIDDEN:
        bit = 1 << CHANNELS.index(channel)
        kinds = [kind for kind, of in KIND_CHANNEL.items() if of == channel]
        quiet = rows.copy()
        gone = np.isin(quiet["kind"], kinds)
        quiet["kind"][gone], quiet["detail"][gone] = STATUS, 0
        quiet["x"][gone] = quiet["value"][gone] = np.nan
        for feature, a, b in zip(trial.features, plain, trial.read(quiet, declared & ~bit), strict=True):
            if feature.channel == channel and not np.isnan(b):
                broken(
                    "fidelity", feature.name, name, f"it is {b:g} without the channel {channel}, and not NaN"
                )
            if feature.channel != channel and a.tobytes() != b.tobytes() and not np.isnan(b):
                told = f"it was {a:g} and is {b:g} without the channel {channel}"
                broken("fidelity", feature.name, name, f'{told}: declare channel="{channel}"')


LAWS: Final[tuple[Law, ...]] = (parity, in_range, masking, translation)
"""Laws that are looked at by batches. Memory is bounded by how it is declared: the engine refuses a fold that is
larger than what is left of 4 KB, and a step cannot allocate."""


def beginnings(batches: list[Batch]) -> Iterator[list[Batch]]:
    """The first third and the first two thirds of the events of a recording."""
    for share in (1 / 3, 2 / 3):
        kept = [
            batch._replace(events=list(batch.events)[: int(share * len(batch.events))]) for batch in batches
        ]
        if some := [batch for batch in kept if batch.events]:
            yield some


def cut_again(batches: list[Batch]) -> list[Batch]:
    """Each stream in several batches, the streams in turn; a batch that is missing stays missing."""
    pieces: dict[str, list[Batch]] = {}
    for stream in {batch.stream: None for batch in batches}:
        own = sorted((batch for batch in batches if batch.stream == stream), key=lambda one: one.seq)
        seq, due, found = 0, own[0].seq, []
        for batch in own:
            seq += int(batch.seq != due)
            due = batch.seq + 1
            events = list(batch.events)
            step = max(1, -(-len(events) // PARTS))
            for begin in range(0, max(len(events), 1), step):
                found.append(Batch(stream, seq, events[begin : begin + step], batch.channels))
                seq += 1
        pieces[stream] = found
    longest = max((len(some) for some in pieces.values()), default=0)
    return [some[i] for i in range(longest) for some in pieces.values() if i < len(some)]


def mapped(
    batches: list[Batch], change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
) -> list[Batch] | None:
    """Batches whose events were changed as plain values; None where they are packed in some way."""
    found = []
    try:
        for batch in batches:
            events = [json.loads(bytes(text)) for text in batch.events]
            if not all(isinstance(event, dict) and "data" in event for event in events):
                return None
            found.append(batch._replace(events=[json.dumps(event).encode() for event in change(events)]))
    except ValueError:
        return None
    return found
