"""The durable log of batches, with all that goes with it, in one data directory."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, TypeVar

from data_contracts.batches import Batch
from data_contracts.errors import WatchworthyError
from pipelines.store import faults
from pipelines.store.accepting import Acceptor
from pipelines.store.censoring import forget_names, note_erased, withdraw
from pipelines.store.checking import is_next, limit_broken
from pipelines.store.crypto import Keys
from pipelines.store.database import (
    MEANINGS,
    Reads,
    check_file,
    free_bytes,
    is_read_only,
    open_database,
    refusal,
)
from pipelines.store.decisions import Decisions
from pipelines.store.jobs import Job, Told
from pipelines.store.limits import StoreLimits
from pipelines.store.objects import Objects
from pipelines.store.posting import OF_SESSION
from pipelines.store.ranges import Ranges
from pipelines.store.reading import Reader, find_session
from pipelines.store.recording import Kept
from pipelines.store.remembered import read_sessions, read_streams
from pipelines.store.schema import MAIN
from pipelines.store.sealing import Sealer
from pipelines.store.soundness import Soundness
from pipelines.store.units import Checkpoint, Name, SessionRow, Stored, StoredAnswer, Unit
from pipelines.store.writer import Writer

WAIT_S: Final = 60.0  # how long our own jobs wait for the writer
JOB_SIZE: Final = 1_024  # bytes that a job without a body counts for
OF_SESSIONS: Final = (
    *("caps", "outbox", "interventions", "changes", "cards", "card_history", "views", "annotations"),
    *("shadows", "sketches", "twins", "checkpoints", "batches", "streams"),
)
EMPTIED: Final = (
    "UPDATE decisions SET session_id = NULL, part = '', payload = NULL WHERE session_id = ?",
    "UPDATE assessments SET session_id = NULL, part = '', payload = NULL, reference = NULL, subject = NULL"
    " WHERE session_id = ?",
)
"""What stays of an erased session: that there was a decision, and what it was committed to by."""
FORGET_ANSWERS: Final = "DELETE FROM answers WHERE stream_id IN (SELECT id FROM streams WHERE session_id = ?)"

T = TypeVar("T")


class Health(NamedTuple):
    """Whether the store can take batches; if not, the code and sentence that say why."""

    ok: bool
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures for whoever watches the service.

    Attributes
    ----------
    refusals
        Units refused since the store was opened, by code.
    waiting, waiting_bytes, waiting_s
        What is in the writer's queue, and how long its oldest waits.
    seal_failures
        Sessions that could not be sealed when they were due, by code.
    disk_free
        Bytes.
    """

    commits: int
    jobs: int
    failed_commits: int
    largest_group: int
    refusals: dict[str, int]
    seal_failures: dict[str, int]
    waiting: int
    waiting_bytes: int
    waiting_s: float
    disk_free: int


class Store(Decisions):
    """One data directory; opened by ``Store.open``, closed by ``close`` or at the end of a ``with`` block."""

    def __init__(self, folder: Path, recordings_url: str | None, limits: StoreLimits) -> None:
        self.folder = folder
        self.limits = limits
        self.refusals: Counter[str] = Counter()
        self._path = folder / "store.db"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refusal(error, folder) from error
        if is_read_only(folder):
            code, message = MEANINGS[sqlite3.SQLITE_READONLY]
            raise WatchworthyError(code, message, str(folder))
        self._objects = Objects(recordings_url or str((folder / "recordings").resolve()))
        self.keys = Keys(folder)
        try:
            db = open_database(self._path, MAIN)
        except BaseException:
            self.keys.close()
            raise
        self._soundness = Soundness(self._path, limits.disk_free_bytes)
        super().__init__(self.keys, Reads(self._path, self._soundness.note))
        self._acceptor = Acceptor(self.keys, limits, self.refusals)
        self._writer = Writer(db, self._path, limits, self._acceptor, self._soundness)
        self._reader = Reader(self._reads, self.keys, self._objects)
        self._sealer = Sealer(self._do, self._reads, self.keys, self._objects, limits)

    @classmethod
    def open(
        cls, path: str | Path, limits: StoreLimits | None = None, recordings_url: str | None = None
    ) -> Store:
        """Open a data directory, or make one.

        Parameters
        ----------
        path
            The directory.
        recordings_url
            Where sealed recordings go: a folder or any URL of fsspec; ``recordings`` in the directory by default.

        Raises
        ------
        WatchworthyError
            ``store_read_only``, ``store_corrupt``, ``store_newer``, ``disk_full``, ``master_key_wrong``,
            ``store_failed``.
        """
        return cls(Path(path), recordings_url, limits or StoreLimits())

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Store what waits, then close everything."""
        self._writer.close()
        self._reads.close()
        self.keys.close()

    # Writing

    def submit(self, unit: Unit) -> Future[Stored]:
        """Have a unit stored; the future is done when it is durable.

        Raises
        ------
        WatchworthyError
            ``busy``, ``disk_full`` or ``store_closed`` at once; in the future whatever ``accept`` refuses, and
            what a failed commit means.
        """
        future: Future[Stored] = Future()
        self._put(Job(unit, unit.size, None, future))
        return future

    def submit_async(self, unit: Unit) -> asyncio.Future[Stored]:
        """The same for a coroutine: all units of a commit wake their event loop in one call.

        A unit is stored also where its future was cancelled meanwhile.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Stored] = loop.create_future()
        self._put(Job(unit, unit.size, loop, future))
        return future

    def submit_then(self, unit: Unit, loop: asyncio.AbstractEventLoop, then: Told) -> None:
        """The same for a caller that needs no future: ``then`` gets what became of the unit.

        Parameters
        ----------
        loop
            In whose thread ``then`` is called, with all others of a commit; not at all once it is closed.
        then
            Gets what is stored, or what went wrong. What it raises is logged, and the others are told all the same.

        Raises
        ------
        WatchworthyError
            What ``submit`` raises at once; ``then`` is not called in that case.
        """
        self._put(Job(unit, unit.size, loop, None, then))

    def write(
        self, work: Callable[[sqlite3.Connection], T], touches: Collection[Name] | None = None
    ) -> Future[T]:
        """Have any other work done in the writer's transaction; the future is done when it is durable.

        Parameters
        ----------
        touches
            The sessions of whose ``session_tallies``, ``streams``, ``batches`` or ``answers`` it changes a row: what
            the writer remembers of them is read anew. None if it may be any.

        Raises
        ------
        WatchworthyError
            ``busy``, ``store_closed``.
        """
        future: Future[T] = Future()
        self._writer.put(Job(work, JOB_SIZE, None, future, None, touches))
        return future

    def check_room(self, size: int = 0) -> None:
        """Raise what ``submit`` would raise for a unit of so many bytes, before any work is done on it."""
        self._soundness.check()
        self._writer.check(size)

    def refuse_early(
        self, site: str, session: str, stream: str, seq: int, size: int, received_at_ms: int
    ) -> WatchworthyError | None:
        """What ``submit`` would refuse a batch for, as far as that is known before any work is done on it.

        Usually nothing is read: the database is asked only to confirm a refusal, because another process may know
        better. Any thread may ask.

        Parameters
        ----------
        size
            Bytes of the body that is to be stored.

        Returns
        -------
        WatchworthyError or None
            ``seq_too_far``, ``too_many_gaps``, ``too_many_streams``, ``session_too_large``, ``session_too_long``;
            None if it is a repeat, if there is nothing to refuse it for, or if that is not known.
        """
        name, limits = (site, session), self.limits
        known = self._acceptor.remembered.get(name)
        if known is None or is_next(limits, known, known.streams.get(stream), seq, size, received_at_ms):
            return None
        if limit_broken(limits, session, known, stream, seq, size, received_at_ms) is None:
            return None
        with self._reads.snapshot() as db:
            found = read_sessions(db, [name]).get(name)
            if found is not None and stream not in found.streams:
                read_streams(db, [(found, stream)])
        refused = limit_broken(limits, session, found, stream, seq, size, received_at_ms)
        if refused is not None:
            self.refusals[refused.code] += 1
        return refused

    def erase(self, site: str, session: str) -> bool:
        """Forget a session: its key first, then its rows, then its object; whether there was one."""

        def forget(db: sqlite3.Connection) -> str | None:
            row = find_session(db, site, session)
            self.keys.erase(site, session)
            faults.reach("erase_key_gone")
            if row is None:
                return None
            note_erased(db, row.number, time.time_ns() // 1_000_000)
            db.execute(FORGET_ANSWERS, (row.number,))
            for statement in (*EMPTIED, *OF_SESSION):
                db.execute(statement, (row.number,))
            for table in OF_SESSIONS:
                db.execute(f"DELETE FROM {table} WHERE session_id = ?", (row.number,))
            db.execute("DELETE FROM twins WHERE other_session_id = ?", (row.number,))
            db.execute("DELETE FROM session_tallies WHERE id = ?", (row.number,))
            forget_names(db)
            return row.sealed_object

        sealed_object = self._do(forget, [(site, session)])
        if sealed_object:
            self._objects.delete(sealed_object)
        return sealed_object is not None

    def withdraw(self, site: str, visitor: str, at_ms: int) -> None:
        """Note that a visitor took consent back: what became of them is not known from then on."""
        self._do(lambda db: withdraw(db, site, visitor, at_ms), ())

    # Reading

    def known(self, site: str, session: str, stream: str, seq: int) -> StoredAnswer | None:
        """What was answered to a batch; None if it was never stored."""
        return self._reader.known(site, session, stream, seq)

    def session(self, site: str, session: str) -> SessionRow | None:
        """What is known of a session; None if there is none."""
        return self._reader.session(site, session)

    def sessions(self, after: int = 0, most: int = 100, site: str | None = None) -> list[SessionRow]:
        """Sessions in the order of their first commit, after the ``number`` of one of them."""
        return self._reader.sessions(after, most, site)

    def ranges(self, site: str, session: str) -> dict[str, Ranges]:
        """Numbers of the batches held of each stream of a session, sealed ones too."""
        return self._reader.ranges(site, session)

    def batches(self, site: str, session: str, after: int = 0) -> Iterator[tuple[int, Batch]]:
        """Log number and batch of all that is stored after a log number, sealed or not.

        Raises
        ------
        WatchworthyError
            ``payload_expired``, ``object_missing``, ``store_corrupt``.
        """
        for one in self._reader.batches(site, session, after):
            yield one.log_number, one.batch()

    def kept(self, site: str, session: str, after: int = 0) -> Iterator[Kept]:
        """The same with all that stands beside a batch: when it was received, consent, scrub, its body."""
        return self._reader.batches(site, session, after)

    def replay(self, site: str, session: str, begin_ms: float) -> Iterator[tuple[int, Batch]]:
        """The batches that a replay from a moment of event time needs, by log number."""
        for one in self._reader.replay(site, session, begin_ms):
            yield one.log_number, one.batch()

    def checkpoint(
        self, site: str, session: str, before: int | None = None, log_number: int | None = None
    ) -> Checkpoint | None:
        """The latest checkpoint, or the latest whose last row is from before ``before`` ms, or that of a log number."""
        return self._reader.checkpoint(site, session, before, log_number)

    def checkpoints(self, site: str, session: str) -> list[Checkpoint]:
        """The checkpoints kept of a session without their memory, the latest first."""
        return self._reader.checkpoints(site, session)

    # Keeping house

    def end_due(self, now_ms: int) -> list[SessionRow]:
        """End the sessions that have been silent for the idle time."""
        return self._sealer.end_due(now_ms)

    def seal_due(self, now_ms: int) -> list[SessionRow]:
        """End what is due and seal what ended; the sessions that were sealed."""
        return self._sealer.seal_due(now_ms)

    def seal(self, site: str, session: str, now_ms: int) -> bool:
        """Seal one session now; False if another sealer has it or it is sealed."""
        return self._sealer.seal(site, session, now_ms)

    def sweep(self) -> int:
        """Delete objects that belong to no session; how many there were."""
        return self._sealer.sweep()

    def healthy(self, wait_s: float = 5.0) -> Health:
        """Try a durable write and a read; now and then, look through the files."""

        def probe(db: sqlite3.Connection) -> None:
            db.execute("INSERT OR REPLACE INTO probes VALUES (1, ?)", (time.time_ns() // 1_000_000,))

        try:
            self._soundness.check()
            self.write(probe, ()).result(wait_s)
            with self._reads.snapshot() as db:
                db.execute("SELECT at FROM probes").fetchone()
            self._soundness.look_through(lambda: check_file(self._path), self.keys.check)
        except WatchworthyError as error:
            return Health(False, error.code, error.message)
        except TimeoutError:
            return Health(False, "busy", f"The disk has not answered for {wait_s:g} s.")
        return Health(True)

    def stats(self) -> Stats:
        """Figures since the store was opened."""
        written = self._writer.written
        waiting, waiting_bytes, age = self._writer.queue
        return Stats(
            *(written.commits, written.jobs, written.failed_commits, written.largest_group),
            dict(self.refusals),
            dict(self._sealer.failures),
            *(waiting, waiting_bytes, age, free_bytes(self.folder)),
        )

    def _put(self, job: Job) -> None:
        try:
            self._soundness.check()
            self._writer.put(job)
        except WatchworthyError as error:
            self.refusals[error.code] += 1
            raise

    def _do(
        self, work: Callable[[sqlite3.Connection], Any], touches: Collection[Name] | None = None, /
    ) -> Any:
        return self.write(work, touches).result(WAIT_S)
