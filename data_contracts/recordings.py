"""Recordings on disk: which files there are, and what each one holds."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from glob import glob
from glob import has_magic as is_glob
from pathlib import Path
from typing import Final

import numpy as np

from data_contracts.batches import Batch, Problems
from data_contracts.counts import Counts
from data_contracts.errors import WatchworthyError
from data_contracts.events import Events
from data_contracts.formats import contents
from data_contracts.limits import LIMITS, Limits
from data_contracts.order import merge
from data_contracts.stream import Stream

SUFFIXES: Final = frozenset({".json", ".jsonl", ".ndjson", ".rrweb", ".bin"})
"""Suffixes of recordings, before a suffix of compression if there is one."""
PACKED: Final = frozenset({".gz", ".zst", ".zstd", ".zlib"})
STDIN: Final = "-"


@dataclass(slots=True)
class Recording:
    """One recording, out of its wrappers: batches by stream and number, and what was wrong with it."""

    name: str
    batches: list[Batch]
    problems: Problems

    @property
    def events(self) -> int:
        """How many events it holds, understood or not."""
        return sum(len(batch.events) for batch in self.batches)

    def decode(self, limits: Limits = LIMITS) -> Decoded:
        """Rows of all its streams.

        Raises
        ------
        WatchworthyError
            ``no_events`` if it holds none; ``input_too_deep``.
        """
        if not self.events:
            raise WatchworthyError(
                "no_events", "The recording holds no events; was the recorder ever started?", self.name
            )
        streams: dict[str, Stream] = {}
        for batch in self.batches:
            stream = streams.get(batch.stream)
            if stream is None:
                stream = streams[batch.stream] = Stream(batch.stream, limits)
            if batch.seq > stream.next_seq:
                stream.lose(batch.seq)
            stream.push(batch.seq, batch.events)
        return Decoded(self.name, streams, self.problems)


@dataclass(slots=True)
class Decoded:
    """Streams of a recording with all their batches taken, and their rows in session order."""

    name: str
    streams: dict[str, Stream]
    problems: Problems
    rows: Events = field(init=False)
    counts: Counts = field(init=False)
    channels: int = field(init=False, default=0)
    """Channels seen or declared by any stream; bit i stands for ``events.CHANNELS[i]``."""

    def __post_init__(self) -> None:
        self.rows = merge(
            {
                name: np.concatenate([stream.take_settled(), stream.waiting])
                for name, stream in self.streams.items()
            }
        )
        self.counts = Counts()
        for stream in self.streams.values():
            self.counts.add(stream.counts)
            self.channels |= stream.channels


def read(source: str | Path | bytes, limits: Limits = LIMITS, name: str = "") -> Recording:
    """Read one recording.

    Parameters
    ----------
    source
        Path of a file, ``-`` for standard input, or the bytes themselves.
    limits
        Bounds on what is unpacked.
    name
        Name for reports; by default the path.

    Raises
    ------
    WatchworthyError
        ``file_missing``, and whatever ``formats.contents`` refuses, each with the name of the recording.
    """
    if isinstance(source, bytes):
        name, data = name or "(bytes)", source
    elif str(source) == STDIN:
        name, data = name or "(standard input)", sys.stdin.buffer.read(limits.unpacked_bytes + 1)
    else:
        name = name or str(source)
        try:
            data = Path(source).read_bytes()
        except FileNotFoundError:
            raise WatchworthyError("file_missing", "There is no file of this name.", name) from None
        except OSError as error:
            raise WatchworthyError(
                "file_missing", f"The file cannot be read: {error.strerror}.", name
            ) from error
    try:
        batches, problems = contents(data, limits)
    except WatchworthyError as error:
        where = f"{name} {error.where}" if error.where else name
        raise WatchworthyError(error.code, error.message, where) from error
    return Recording(name, batches, problems)


@dataclass(slots=True)
class Paths:
    """Paths of recordings, as a person gives them: files, folders, globs, ``-`` for standard input.

    Iterating gives each path once, folders in the order of their names. ``skipped`` then tells how many files of
    the folders and globs do not bear the suffix of a recording.
    """

    given: list[str]
    skipped: int = 0

    def __iter__(self) -> Iterator[str]:
        self.skipped = 0
        seen: set[str] = set()
        for path in self._all():
            if path not in seen:
                seen.add(path)
                yield path

    def _all(self) -> Iterator[str]:
        for given in self.given:
            path = Path(given)
            if given == STDIN or path.is_file():
                yield given
            elif path.is_dir():
                yield from self._recordings(sorted(path.rglob("*")))
            elif is_glob(given) and (found := sorted(glob(given, recursive=True))):
                for one in map(Path, found):
                    yield from self._recordings(sorted(one.rglob("*")) if one.is_dir() else [one])
            else:
                yield given  # reading it says that it is missing

    def _recordings(self, paths: Iterable[Path]) -> Iterator[str]:
        for path in paths:
            if not path.is_file():
                continue
            if is_recording(path):
                yield str(path)
            else:
                self.skipped += 1


def is_recording(path: Path) -> bool:
    """Whether a file in a folder bears the suffix of a recording.

    >>> is_recording(Path("a.json.gz")), is_recording(Path("index.csv")), is_recording(Path("b.zst"))
    (True, False, True)
    """
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes and suffixes[-1] in PACKED:
        return len(suffixes) == 1 or suffixes[-2] in SUFFIXES or suffixes[-2] not in (".csv", ".tar", ".txt")
    return bool(suffixes) and suffixes[-1] in SUFFIXES


def open_paths(given: Iterable[str | Path]) -> Paths:
    """The recordings that a list of files, folders and globs stands for; see ``Paths``."""
    return Paths([str(path) for path in given])
