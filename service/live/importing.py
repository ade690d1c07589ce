"""Puts recordings into the store as if they had been sent, each once, whatever it is called or packed in."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from data_contracts.batch_text import joined
from data_contracts.batches import Batch, Text
from data_contracts.errors import WatchworthyError
from data_contracts.recordings import read
from pipelines.readings import session_name
from service.live.batch_body import Body, Header
from service.live.reception import Reception
from service.live.refusals import Refusal

FILE: Final = "imports.db"
PART_BYTES: Final = 1 << 20
PART_EVENTS: Final = 2_000
"""A stream that nobody numbered is cut into batches of about this size."""
NAME_LENGTH: Final = 55  # leaves room for a dash and eight digits of the digest

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS imports (
    site TEXT NOT NULL,
    digest TEXT NOT NULL,
    session TEXT NOT NULL,
    done INTEGER NOT NULL,
    PRIMARY KEY (site, digest),
    UNIQUE (site, session)
) STRICT
"""


@dataclass
class Tally:
    """What became of the recordings so far."""

    imported: int = 0
    known: int = 0
    batches: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class Importer:
    """Imports recordings into one site.

    Parameters
    ----------
    reception
        Takes the batches.
    data_dir
        Where the list of what was imported is kept.
    site
        Whose recordings they are.
    """

    def __init__(self, reception: Reception, data_dir: Path, site: str) -> None:
        self.reception = reception
        self.site = site
        self.tally = Tally()
        self._list = sqlite3.connect(data_dir / FILE, isolation_level=None)
        self._list.execute("PRAGMA journal_mode = WAL")
        self._list.execute(_TABLE)

    def close(self) -> None:
        """Close the list."""
        self._list.close()

    async def take(self, file: str) -> str | None:
        """Import one file; the sentence that says why not, if it was refused in whole or in part."""
        try:
            recording = read(file)
            if not recording.events:
                raise WatchworthyError("no_events", "The recording holds no events.", file)
            batches = renumbered(recording.batches)
            digest = digest_of(batches)
            session, done = self._named(session_name(file), digest)
            if done:
                self.tally.known += 1
                return None
            await self._send(session, batches)
        except (WatchworthyError, Refusal) as error:
            self.tally.refused[error.code] += 1
            return f"{file}: {error.message} ({error.code})"
        self._list.execute("UPDATE imports SET done = 1 WHERE site = ? AND digest = ?", (self.site, digest))
        self.tally.imported += 1
        problems = [problem.code for problem in recording.problems]
        self.tally.refused.update(problems)
        return f"{file}: {recording.problems[0]}" if problems else None

    async def _send(self, session: str, batches: list[Batch]) -> None:
        last = {batch.stream: batch.seq for batch in batches}
        for batch in batches:
            header = Header(
                key="",
                session=session,
                stream=batch.stream,
                seq=batch.seq,
                consent="imported",
                end=last[batch.stream] == batch.seq,
            )
            text = joined(batch.events)
            body = Body(header, text, hashlib.sha256(text).digest())
            await self.reception.take(self.site, body, time.time_ns() // 1_000_000)
            self.tally.batches += 1

    def _named(self, name: str, digest: str) -> tuple[str, bool]:
        """Id of the session of a content, and whether it is all there; a name that is taken gets an addition."""
        row = self._list.execute(
            "SELECT session, done FROM imports WHERE site = ? AND digest = ?", (self.site, digest)
        ).fetchone()
        if row is not None:
            return row[0], bool(row[1])
        session = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:NAME_LENGTH] or "session"
        taken = self._list.execute(
            "SELECT 1 FROM imports WHERE site = ? AND session = ?", (self.site, session)
        ).fetchone()
        if taken or next(iter(self.reception.store.batches(self.site, session)), None) is not None:
            session = f"{session}-{digest[:8]}"
        self._list.execute("INSERT INTO imports VALUES (?, ?, ?, 0)", (self.site, digest, session))
        return session, False


def digest_of(batches: list[Batch]) -> str:
    """Digest of what a recording holds, whatever it is packed in."""
    digest = hashlib.sha256()
    for batch in batches:
        digest.update(f"{len(batch.stream)} {batch.stream} {batch.seq} {len(batch.events)}\n".encode())
        for event in batch.events:
            digest.update(f"{len(event)}\n".encode())
            digest.update(event)
    return digest.hexdigest()


def renumbered(batches: list[Batch]) -> list[Batch]:
    """The same batches, numbered from 0 with gaps of one, a stream of one batch cut into parts.

    A gap stays a gap: what a stream leads to depends on where batches are missing, not on how many.
    """
    found: list[Batch] = []
    streams: dict[str, list[Batch]] = {}
    for batch in batches:
        streams.setdefault(batch.stream, []).append(batch)
    for stream, ours in streams.items():
        ours.sort(key=lambda one: one.seq)
        seq, due = 0, 0
        for batch in ours:
            if batch.seq != due:
                seq += 1
            for part in _parts(batch.events) if len(ours) == 1 else [batch.events]:
                found.append(Batch(stream, seq, part))
                seq += 1
            due = batch.seq + 1
    return found


def _parts(events: Sequence[Text]) -> Iterator[Sequence[Text]]:
    part: list[Text] = []
    size = 0
    for event in events:
        if part and (size + len(event) > PART_BYTES or len(part) >= PART_EVENTS):
            yield part
            part, size = [], 0
        part.append(event)
        size += len(event)
    yield part
