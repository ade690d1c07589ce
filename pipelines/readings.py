"""Readings: each file that a person names, as the sessions that it holds or the reason why it holds none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.batches import Batch, Problem
from data_contracts.counts import Counts
from data_contracts.errors import WatchworthyError
from data_contracts.limits import LIMITS, Limits
from data_contracts.order import IDLE_MS
from data_contracts.recordings import read
from features.log import Log, sessions_of
from features.session import Session

PACKINGS = (".gz", ".zst", ".zstd", ".json", ".jsonl", ".ndjson", ".bin")


@dataclass(frozen=True)
class Reading:
    """What became of one file.

    Attributes
    ----------
    file
        Its path as it was given.
    sessions
        Its sessions in order of time; none if it was refused.
    problems
        What was wrong, worst first. A file with sessions and problems was read in part.
    counts
        What the decoder met, understood or not.
    """

    file: str
    sessions: list[Session] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)


def session_name(file: str) -> str:
    """Id of the first session in a file: its name without the suffixes.

    >>> session_name("samples/calm_browse.json.gz")
    'calm_browse'
    """
    name = Path(file).name
    while name.lower().endswith(PACKINGS):
        name = name[: name.rindex(".")]
    return name or "session"


def reading(
    file: str,
    limits: Limits = LIMITS,
    idle_ms: int = IDLE_MS,
    thresholds: npt.NDArray[np.void] | None = None,
    again: Callable[[list[Batch]], list[Batch]] | None = None,
) -> Reading:
    """Read one file; a refusal is part of what is given back, not raised.

    Parameters
    ----------
    file
        Path, or ``-`` for standard input.
    limits
        Bounds on what is unpacked.
    idle_ms
        A longer pause ends a session.
    thresholds
        ``THRESHOLDS[1]`` of the signals; ours by default.
    again
        Cuts the batches anew before they are folded one by one, as they would arrive from a browser.
    """
    try:
        recording = read(file, limits)
        if not recording.events and not recording.problems:
            raise WatchworthyError(
                "no_events", "The recording holds no events; was the recorder ever started?", file
            )
        if again is None:
            sessions = sessions_of(recording.batches, session_name(file), None, idle_ms, limits, thresholds)
        else:
            sessions = arriving(again(recording.batches), session_name(file), idle_ms, limits, thresholds)
    except WatchworthyError as error:
        return Reading(file, problems=[Problem(error.code, error.message, error.where or file)])
    problems = [Problem(p.code, p.message, f"{file} {p.where}".rstrip()) for p in recording.problems]
    if not sessions:
        return Reading(file, problems=problems or [Problem("no_events", UNUSABLE["no_events"], file)])
    counts = sessions[0].log.counts
    if code := unusable(counts, sessions[0].start_ms):
        return Reading(file, problems=[Problem(code, UNUSABLE[code], file), *problems], counts=counts)
    return Reading(file, sessions, problems, counts)


UNUSABLE: Final = {
    "no_events": "Of its events, not one could be understood.",
    "no_times": "More than half of its events bear no time, so nothing can be computed from them. "
    "Export it again with the field timestamp of each event.",
    "times_unit": "Its times are not in milliseconds since 1970, as rrweb writes them. Convert them first.",
}
SECONDS: Final = range(10**9, 10**10)  # from 2001 on in seconds; in ms it would be the spring of 1970
MICROSECONDS_FROM: Final = 10**15


def unusable(counts: Counts, start_ms: int) -> str | None:
    """Code of the reason why a recording that was read must not be judged; None if there is none."""
    if counts.unknown_events + counts.malformed >= counts.events:
        return "no_events"
    if 2 * counts.problems["no_timestamp"] > counts.events:
        return "no_times"
    return "times_unit" if start_ms in SECONDS or start_ms >= MICROSECONDS_FROM else None


def arriving(batches: Iterable[Batch], name: str, *settings: Any) -> list[Session]:
    """Sessions of batches that come one at a time, as from a browser."""
    log = Log(name, None, *settings)
    for batch in batches:
        log.receive(batch)
    return log.sessions()


def recut(batches: list[Batch], parts: int, rng: np.random.Generator) -> list[Batch]:
    """Cut each stream into about ``parts`` random batches, numbered anew, streams interleaved at random.

    A batch that is missing stays missing.
    """
    streams: dict[str, list[list[Any]]] = {}
    due: dict[str, int] = {}
    for batch in sorted(batches, key=lambda one: (one.stream, one.seq)):
        runs = streams.setdefault(batch.stream, [])
        if not runs or batch.seq != due[batch.stream]:
            runs.append([])
        runs[-1].extend(batch.events)
        due[batch.stream] = batch.seq + 1
    queues = []
    for name, runs in streams.items():
        first = min(batch.seq for batch in batches if batch.stream == name)
        seq, queue = (1 if first else 0), []
        for run in runs:
            cuts = np.sort(rng.integers(0, len(run) + 1, max(parts - 1, 0)))
            for begin, end in zip([0, *cuts.tolist()], [*cuts.tolist(), len(run)], strict=True):
                queue.append(Batch(name, seq, run[begin:end]))
                seq += 1
            seq += 1
        queues.append(queue)
    order = rng.permutation(np.repeat(np.arange(len(queues)), [len(queue) for queue in queues]))
    heads = [iter(queue) for queue in queues]
    return [next(heads[i]) for i in order]


def readings(files: Iterable[str], **settings: Any) -> Iterator[Reading]:
    """Read files one after another; takes the settings of ``reading``."""
    for file in files:
        yield reading(file, **settings)
