"""Examples for the bot head: people and automation, from traces and recordings, by one instrument.

Traces of known people cut into windows as long as those of the automation families, those families, recordings of
both made in a browser, and a further set of traces, of people of whom only the device is known, at another task.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from data_contracts.events import Events
from models.card_words import UNTAUGHT
from models.heads.bot import BOT, may_act
from pipelines.datasets.evasion import TRICKS, tricked
from pipelines.datasets.examples import (
    AT,
    EARLY,
    EVADE,
    LOOK,
    PROBE,
    TRAIN,
    Examples,
    Gather,
    Looked,
    Progress,
    hashed,
    looks,
    quiet,
)
from pipelines.datasets.hiding import drawn, less
from pipelines.datasets.horizons import add_horizons, cohort
from pipelines.datasets.recordings import Known, index, recordings
from pipelines.datasets.traces import Trace, read_traces, recorded, stable_seed, window

LOOK_EVERY_MS: Final = 5_000  # how often a session of a person is looked at for the operating points
TRACES_A_FAMILY: Final = 60  # of each automation family: more of one tool tells nothing new
TRICKED_A_FAMILY: Final = 10
EARLY_MS: Final = (3_000, 8_000)
PEOPLE, FAMILIES, ELSEWHERE = "sapimouse", "bot_trajectories", "delbot"

KIN: Final = {
    # Ports and versions of one algorithm are held out together, or the twin in training would give it away.
    "ghost_cursor": "ghost-cursor",
    "ghost-cursor-npm": "ghost-cursor",
    "python-ghost-cursor": "ghost-cursor",
    # The recordings of this group were made with these very libraries.
    "humanlike_cursor": "humanlike",
    "cursor-humanizer": "humanlike",
    "oxymouse-bezier": "humanlike",
    "windmouse-npm": "humanlike",
    "windmouse-py": "humanlike",
    # HumanCursor took its curves over from pyclick.
    "humancursor_playwright": "pyclick",
}
"""Family to the group by which it is held out; a family that is not named is a group of its own."""

REPLAYED: Final = "replayed_"
"""Begins the families that replay people's traces; nothing is trained on them either, for they move as people do."""


def bot_examples(
    data: Path, seed: int, progress: Progress = quiet, lab: Path | None = None
) -> tuple[Examples, dict[str, float]]:
    """Every example of the bot head.

    Parameters
    ----------
    data
        Folder with ``data/*.parquet`` (traces) and ``recordings/`` with its index. What is missing is left out.
    seed
        Fixes which windows, zooms and stalls are drawn.
    progress
        Told of each source and of each session done.
    lab
        Folder of the lab's recordings of families, with its index.

    Returns
    -------
    Examples, {use/source/family: share answered}
    """
    gather = Gather(BOT)
    rng = np.random.default_rng(stable_seed(seed, "bot"))
    traces = {name: data / "data" / f"{name}.parquet" for name in (PEOPLE, FAMILIES, ELSEWHERE)}
    lengths = (
        _automation(gather, traces[FAMILIES], seed, rng, progress) if traces[FAMILIES].exists() else [20_000]
    )
    if traces[PEOPLE].exists():
        _people(gather, traces[PEOPLE], lengths, seed, rng, progress)
    if (data / "recordings" / "index.csv").exists():
        _recordings(gather, data / "recordings", seed, progress)
    if lab is not None:
        _recordings(gather, lab, seed, progress, "lab")
    if traces[ELSEWHERE].exists():
        _elsewhere(gather, traces[ELSEWHERE], seed, progress)
    return gather.done(), gather.answered()


def _automation(
    gather: Gather, path: Path, seed: int, rng: np.random.Generator, progress: Progress
) -> list[int]:
    """Add the automation families; return how long their sessions last, in ms."""
    found = list(read_traces(path))
    progress("automation traces", TRACES_A_FAMILY * len({trace.family for trace in found}))
    lengths: list[int] = []
    for family in sorted({trace.family for trace in found}):
        own = [trace for trace in found if trace.family == family]
        for i in sorted(rng.permutation(len(own))[:TRACES_A_FAMILY].tolist()):
            lengths.append(int(own[i].t[-1] - own[i].t[0]))
            _add(gather, own[i], recorded(own[i], seed), seed, "traces", 1)
            progress("", 0)
        for trace in own[:TRICKED_A_FAMILY]:
            for trick in TRICKS:
                rows = recorded(tricked(trace, trick, seed), seed)
                facts = _of_trace(trace, EVADE, "traces", 1) | {"scenario": trick.name}
                gather.keep(list(looks(rows))[-1], **facts)
    return lengths


def _people(
    gather: Gather, path: Path, lengths: list[int], seed: int, rng: np.random.Generator, progress: Progress
) -> None:
    """Add windows of people's traces, and the moments of their whole sessions."""
    found = list(read_traces(path))
    progress("people's traces", len(found))
    for trace in found:
        at = int(trace.t[0])
        while at < int(trace.t[-1]):
            length = int(rng.choice(lengths))
            part = window(trace, at, at + length)
            at += length
            if len(part.t) > 1:
                _add(gather, part, recorded(part, seed), seed, "traces", 0)
        rows = recorded(trace, seed, zoom=False)
        for looked in looks(rows, LOOK_EVERY_MS):
            if may_act(looked):
                gather.add(looked, **_of_trace(trace, LOOK, "traces", 0))
        add_horizons(gather, rows, 0, _of_trace(trace, AT, "traces", 0))
        progress("", 0)


def _recordings(
    gather: Gather, folder: Path, seed: int, progress: Progress, source: str = "recordings"
) -> None:
    progress("recordings", len(index(folder)))
    for known, rows, channels in recordings(folder):
        more = {"source": source, "cohort": cohort(rows, known.zoomed)}
        add_horizons(gather, rows, channels, _of_recording(known, AT) | more)
        *before, last = looks(rows, LOOK_EVERY_MS if known.label == "human" else 0, channels)
        if known.family in UNTAUGHT or known.family.startswith(REPLAYED):
            gather.keep(last, **_of_recording(known, PROBE) | more)
            progress("", 0)
            continue
        gather.add(last, **_of_recording(known, TRAIN) | more)
        for looked in _less(rows, channels, seed, known):
            gather.add_less(looked, last, **_of_recording(known) | more)
        for looked in looks(first(rows, seed, known.file), declared=channels):
            gather.add(looked, **_of_recording(known, EARLY) | more)
        for looked in [*before, last]:
            if known.label == "human" and may_act(looked):
                gather.add(looked, **_of_recording(known, LOOK) | more)
        progress("", 0)


def _elsewhere(gather: Gather, path: Path, seed: int, progress: Progress) -> None:
    """Add the set whose people are known by their device alone: they bear out no bound."""
    found = list(read_traces(path))
    progress("another set of traces", len(found))
    for trace in found:
        if len(trace.t) > 1:
            _add(gather, trace, recorded(trace, seed), seed, "elsewhere", int(trace.family != "human"))
        progress("", 0)


def _add(gather: Gather, trace: Trace, rows: Events, seed: int, source: str, label: int) -> None:
    for looked in looks(rows):
        gather.add(looked, **_of_trace(trace, TRAIN, source, label))
    for looked in looks(first(rows, seed, trace.session)):
        gather.add(looked, **_of_trace(trace, EARLY, source, label))
    if label:
        add_horizons(gather, rows, 0, _of_trace(trace, AT, source, label))


def first(rows: Events, seed: int, session: str) -> Events:
    """The first seconds of a session: the service asks early, so both classes are also learned from little."""
    rng = np.random.default_rng(stable_seed(seed, "early", session))
    until = int(rows["t"][0]) + int(rng.integers(*EARLY_MS)) if rows.size else 0
    return rows[: int(np.searchsorted(rows["t"], until, "right"))]


def _of_trace(trace: Trace, use: str, source: str, label: int) -> dict[str, Any]:
    who = hashed(trace.person)
    return {
        "use": use,
        "source": source,
        "family": trace.family,
        "group": KIN.get(trace.family, trace.family) if label else who,
        "person": who,
        "session": hashed(f"{trace.source}/{trace.session}"),
        "label": label,
        "recorder": "instrument",
        "build": "instrument",
        "viewport": "1280x800",
        "jank": "drawn",
        "scenario": "",
        "cohort": "mouse",
    }


def _less(rows: Events, channels: int, seed: int, known: Known) -> Iterator[Looked]:
    rows, channels = less(rows, channels, drawn(seed, known.file))
    return looks(rows, declared=channels)


def _of_recording(known: Known, use: str = "") -> dict[str, Any]:
    bot = known.label == "bot"
    own = bot and not known.family.startswith(REPLAYED)  # a replay goes with the person whose hand it is
    return ({"use": use} if use else {}) | {
        "source": "recordings",
        "family": known.family,
        "group": KIN.get(known.family, known.family) if own else hashed(known.person),
        "person": hashed(known.person),
        "session": hashed(known.file),
        "label": int(bot),
        "recorder": known.recorder,
        "build": known.build,
        "viewport": known.viewport,
        "jank": known.jank,
        "scenario": known.scenario,
    }
