"""The one thread that writes: all jobs that wait for it share one transaction, and so one wait for the disk."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from data_contracts.errors import WatchworthyError
from pipelines.store import faults
from pipelines.store.database import refusal
from pipelines.store.limits import StoreLimits


class Work(Protocol):
    """What a job does inside the transaction."""

    def __call__(self, db: sqlite3.Connection, /) -> Any:
        """Write rows; what it returns reaches the caller once they are durable."""


@dataclass(slots=True, eq=False)
class Job:
    """Work that waits for the writer, and whom to tell."""

    work: Work
    size: int
    future: Future[Any] | asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop | None = None
    since: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class Written:
    """What the writer has done so far."""

    commits: int = 0
    jobs: int = 0
    failed_commits: int = 0
    largest_group: int = 0


Result = tuple[Job, Any, BaseException | None]


class Writer:
    """Runs jobs one after another, in groups.

    Parameters
    ----------
    db
        The connection that it alone writes with; closed at the end.
    prepare
        Called with the works of a group before its transaction begins; what it raises fails the whole group.
    failed
        Told what a failed transaction means.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        path: Path,
        limits: StoreLimits,
        prepare: Callable[[Sequence[Work]], None] = lambda works: None,
        failed: Callable[[WatchworthyError], None] = lambda error: None,
    ) -> None:
        self.written = Written()
        self._db = db
        self._path = path
        self._limits = limits
        self._prepare = prepare
        self._failed = failed
        self._waiting: deque[Job] = deque()
        self._bytes = 0
        self._group_since: float | None = None
        self._turn = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="watchworthy-writer", daemon=True)
        self._thread.start()

    def put(self, job: Job) -> None:
        """Have a job done.

        Raises
        ------
        WatchworthyError
            ``busy`` if too much waits already, or for too long; ``store_closed``.
        """
        with self._turn:
            if self._closing:
                raise WatchworthyError("store_closed", "The store is closed.", str(self._path))
            self._refuse_if_busy(job.size)
            self._waiting.append(job)
            self._bytes += job.size
            self._turn.notify()

    def check(self, size: int = 0) -> None:
        """Raise ``busy`` if a job of this size would be refused now."""
        with self._turn:
            self._refuse_if_busy(size)

    @property
    def queue(self) -> tuple[int, int, float]:
        """Jobs that wait or are being written, their bytes, and the age in s of the oldest."""
        with self._turn:
            return len(self._waiting), self._bytes, self._age()

    def close(self) -> None:
        """Do what waits, then stop."""
        with self._turn:
            self._closing = True
            self._turn.notify()
        self._thread.join()

    def _age(self) -> float:
        oldest = self._group_since
        if oldest is None and self._waiting:
            oldest = self._waiting[0].since
        return 0.0 if oldest is None else time.monotonic() - oldest

    def _refuse_if_busy(self, size: int) -> None:
        # A job larger than the whole queue may pass alone, else it could never.
        if self._bytes and self._bytes + size > self._limits.queue_bytes:
            raise WatchworthyError("busy", f"{self._bytes:,} bytes wait to be stored. Try again soon.")
        if self._age() * 1_000 > self._limits.queue_ms:
            raise WatchworthyError(
                "busy", f"The disk has not answered for {self._age():.1f} s. Try again soon."
            )

    def _run(self) -> None:
        try:
            while group := self._next_group():
                try:
                    results = self._write(group)
                except BaseException as error:  # nobody may wait for ever
                    results = [(job, None, error) for job in group]
                with self._turn:
                    self._bytes -= sum(job.size for job in group)
                    self._group_since = None
                _tell(results)
        finally:
            self._db.close()

    def _next_group(self) -> list[Job]:
        with self._turn:
            while not self._waiting and not self._closing:
                self._turn.wait()
            group = [
                self._waiting.popleft() for _ in range(min(len(self._waiting), self._limits.group_units))
            ]
            if group:
                self._group_since = group[0].since
            return group

    def _write(self, group: list[Job]) -> list[Result]:
        """Do a group in one transaction; its results once that is durable."""
        wanted = [
            job
            for job in group
            if job.loop is not None or job.future.set_running_or_notify_cancel()  # type: ignore[union-attr]
        ]
        if not wanted:
            return []
        results: list[Result] = []
        try:
            self._prepare([job.work for job in wanted])
            self._db.execute("BEGIN IMMEDIATE")
            for job in wanted:
                results.append(self._do(job))
            faults.reach("before_commit")
            self._db.execute("COMMIT")
        except BaseException as error:
            self.written.failed_commits += 1
            self._roll_back()
            said = refusal(error, self._path) if isinstance(error, sqlite3.Error | OSError) else error
            if isinstance(said, WatchworthyError):
                self._failed(said)
            return [(job, None, said) for job in wanted]
        self.written.commits += 1
        self.written.jobs += len(wanted)
        self.written.largest_group = max(self.written.largest_group, len(wanted))
        faults.reach("after_commit")
        return results

    def _do(self, job: Job) -> Result:
        """Do one job in a savepoint: if it fails for a reason of its own, the others stand."""
        self._db.execute("SAVEPOINT job")
        try:
            value = job.work(self._db)
        except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
            if not isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.DataError):
                raise  # the disk or the file, not the job
            problem: BaseException = error
            if isinstance(error, sqlite3.IntegrityError):
                problem = WatchworthyError(
                    "already_stored", f"A row is there already: {error}.", str(self._path)
                )
        except Exception as error:
            problem = error
        else:
            self._db.execute("RELEASE job")
            return job, value, None
        self._db.execute("ROLLBACK TO job")
        self._db.execute("RELEASE job")
        return job, None, problem

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):  # nothing was committed; the next one says what is wrong with the file
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")


def _tell(results: list[Result]) -> None:
    """Hand out results: to threads at once, to each event loop in one call."""
    loops: dict[asyncio.AbstractEventLoop, list[Result]] = {}
    for result in results:
        if (loop := result[0].loop) is not None:
            loops.setdefault(loop, []).append(result)
        else:
            _settle(result)
    for loop, some in loops.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits there any more
            loop.call_soon_threadsafe(_settle_all, some)


def _settle_all(results: list[Result]) -> None:
    for result in results:
        _settle(result)


def _settle(result: Result) -> None:
    job, value, problem = result
    if job.future.done():
        return
    try:
        if problem is not None:
            job.future.set_exception(problem)
        else:
            job.future.set_result(value)
    except (InvalidStateError, asyncio.InvalidStateError):
        pass  # given up in this very moment
