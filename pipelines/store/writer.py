"""The one thread that writes: all jobs that wait for it share one transaction, and so one wait for the disk."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from data_contracts.errors import WatchworthyError
from pipelines.store import faults
from pipelines.store.accepting import Acceptor, Prepared
from pipelines.store.database import refusal
from pipelines.store.jobs import Job, Outcome, Result
from pipelines.store.limits import StoreLimits
from pipelines.store.soundness import Soundness
from pipelines.store.telling import tell
from pipelines.store.units import Unit

PATIENCE: Final = 1  # turns of an event loop that bring nothing before what waits is written: clients answer
GATHER_S: Final = 0.02  # longest that those who wait already wait for others

_work_of: Final[Callable[[Job], Any]] = attrgetter("work")
_kind_of: Final[Callable[[Job], type]] = attrgetter("work.__class__")
_size_of: Final[Callable[[Job], int]] = attrgetter("size")


@dataclass(slots=True)
class Written:
    """What the writer has done so far."""

    commits: int = 0
    jobs: int = 0
    failed_commits: int = 0
    largest_group: int = 0


class Writer:
    """Runs jobs one after another, in groups.

    Parameters
    ----------
    db
        The connection that it alone writes with; closed at the end.
    acceptor
        What stores units.
    soundness
        Says whether the database may be written to, and is told what goes wrong.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        path: Path,
        limits: StoreLimits,
        acceptor: Acceptor,
        soundness: Soundness,
    ) -> None:
        self.written = Written()
        self._db = db
        self._path = path
        self._limits = limits
        self._acceptor = acceptor
        self._soundness = soundness
        self._waiting: deque[Job] = deque()
        self._bytes = 0
        self._since = 0.0  # when the oldest job came that waits or is being written, if there are bytes
        self._lock = threading.Lock()
        self._wake = threading.Semaphore(0)
        self._asleep = False
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
        with self._lock:
            if self._closing:
                raise WatchworthyError("store_closed", "The store is closed.", str(self._path))
            if self._bytes:
                self._refuse_if_busy(job.size, job.since)
            else:  # nothing waits; a job larger than the whole queue may pass alone, else it could never
                self._since = job.since
            self._waiting.append(job)
            self._bytes += job.size
            if not self._asleep:
                return
            self._asleep = False
        if job.loop is None:
            self._wake.release()
        else:  # once the loop has done its turn: what else is ready then goes into the same transaction
            job.loop.call_soon(self._gather, job.loop, 1, 0, time.monotonic() + GATHER_S)

    def check(self, size: int = 0) -> None:
        """Raise ``busy`` if a job of this size would be refused now."""
        if self._bytes:
            self._refuse_if_busy(size, time.monotonic())

    @property
    def queue(self) -> tuple[int, int, float]:
        """Jobs that wait or are being written, their bytes, and the age in s of the oldest."""
        with self._lock:
            return len(self._waiting), self._bytes, time.monotonic() - self._since if self._bytes else 0.0

    def close(self) -> None:
        """Do what waits, then stop."""
        with self._lock:
            self._closing = True
        self._wake.release()
        self._thread.join()

    def _refuse_if_busy(self, size: int, now: float) -> None:
        age, most = now - self._since, self._limits
        if self._bytes + size > most.queue_bytes:
            raise WatchworthyError("busy", f"{self._bytes:,} bytes wait to be stored. Try again soon.")
        if age * 1_000 > most.queue_ms:
            raise WatchworthyError("busy", f"The disk has not answered for {age:.1f} s. Try again soon.")

    def _run(self) -> None:
        try:
            while group := self._next_group():
                try:
                    results = self._write(group)
                except BaseException as error:  # nobody may wait for ever
                    results = [(job, (None, error)) for job in group]
                with self._lock:
                    self._bytes -= sum(map(_size_of, group))
                    if self._waiting:
                        self._since = self._waiting[0].since
                    more = bool(self._waiting) and not self._closing
                if tell(results, self._gather_more if more else None):
                    # Those who wait already wait for what their loop has in hand: fewer commits, and none beside it.
                    self._wake.acquire(timeout=2 * GATHER_S)
                group, results = [], []  # while the next is waited for, no body of this one is held
        finally:
            self._db.close()

    def _next_group(self) -> list[Job]:
        """The jobs that wait, once there are some; none when the store is closed."""
        while True:
            with self._lock:
                most = min(len(self._waiting), self._limits.group_units)
                if most or self._closing:
                    if most == len(self._waiting):
                        group = list(self._waiting)
                        self._waiting.clear()
                        return group
                    return [self._waiting.popleft() for _ in range(most)]
                self._asleep = True
            self._wake.acquire()

    def _gather_more(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wake the writer once those who were told have had a turn of their event loop to bring more."""
        loop.call_soon(self._gather, loop, 0, PATIENCE, time.monotonic() + GATHER_S)

    def _gather(self, loop: asyncio.AbstractEventLoop, known: int, patience: int, until: float) -> None:
        """Wake the writer once the turns of an event loop, in which it runs, bring no more jobs than were known.

        Parameters
        ----------
        patience
            Turns that may bring none; one that brought some lets one expect more of the next.
        until
            The last moment to wait, s.
        """
        waiting = len(self._waiting)
        left = PATIENCE if waiting > known else patience - 1
        if left >= 0 and time.monotonic() < until:
            loop.call_soon(self._gather, loop, waiting, left, until)
        else:
            self._wake.release()

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
            self._soundness.refuse_damaged()
            runs = [self._prepared(list(some)) for _, some in groupby(wanted, _kind_of)]
            self._begin()
            for jobs, prepared in runs:
                if prepared is None:
                    results += [self._do(job) for job in jobs]
                elif len(runs) == 1:
                    results = self._accept(jobs, prepared)
                else:
                    results += self._accept_among_others(jobs, prepared)
            faults.reach("before_commit")
            self._db.execute("COMMIT")
        except BaseException as error:
            self.written.failed_commits += 1
            self._roll_back()
            said = refusal(error, self._path) if isinstance(error, sqlite3.Error | OSError) else error
            self._soundness.note(error)
            return [(job, (None, said)) for job in wanted]
        self.written.commits += 1
        self.written.jobs += len(wanted)
        self.written.largest_group = max(self.written.largest_group, len(wanted))
        faults.reach("after_commit")
        return results

    def _begin(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._acceptor.begin(self._db)

    def _prepared(self, jobs: list[Job]) -> tuple[list[Job], Prepared | None]:
        """Jobs of one kind; if they are units, with all that can be done for them before the transaction."""
        if isinstance(jobs[0].work, Unit):
            return jobs, self._acceptor.prepare(list(map(_work_of, jobs)))
        return jobs, None

    def _accept(self, jobs: list[Job], prepared: Prepared) -> list[Result]:
        """Accept units that are all there is in the transaction, together; one by one if that fails."""
        try:
            return self._together(jobs, prepared)
        except Exception as error:
            if _is_fatal(error):
                raise
        self._roll_back()
        self._begin()
        return self._one_by_one(jobs, prepared)

    def _accept_among_others(self, jobs: list[Job], prepared: Prepared) -> list[Result]:
        """The same where the transaction holds other work, which is not done twice."""
        self._db.execute("SAVEPOINT units")
        try:
            results = self._together(jobs, prepared)
        except Exception as error:
            if _is_fatal(error):
                raise
        else:
            self._db.execute("RELEASE units")
            return results
        self._undo("units")
        self._acceptor.forget()
        return self._one_by_one(jobs, prepared)

    def _together(self, jobs: list[Job], prepared: Prepared) -> list[Result]:
        return list(zip(jobs, self._acceptor.accept(self._db, prepared), strict=True))

    def _one_by_one(self, jobs: list[Job], prepared: Prepared) -> list[Result]:
        return [self._do(job, unit) for job, unit in zip(jobs, prepared.each(), strict=True)]

    def _do(self, job: Job, unit: Prepared | None = None) -> Result:
        """Do one job in a savepoint: if it fails for a reason of its own, the others stand."""
        self._db.execute("SAVEPOINT job")
        outcome: Outcome
        try:
            if unit is not None:
                (outcome,) = self._acceptor.accept(self._db, unit)
            else:
                self._acceptor.forget(job.touches)
                outcome = _work_of(job)(self._db), None
        except Exception as error:
            if _is_fatal(error):
                raise  # the disk or the file, not the job
            self._undo("job")
            self._acceptor.forget(unit.names if unit is not None else job.touches)
            if isinstance(error, sqlite3.IntegrityError):
                said = f"A row is there already: {error}."
                return job, (None, WatchworthyError("already_stored", said, str(self._path)))
            return job, (None, error)
        self._db.execute("RELEASE job")
        return job, outcome

    def _undo(self, savepoint: str) -> None:
        self._db.execute(f"ROLLBACK TO {savepoint}")
        self._db.execute(f"RELEASE {savepoint}")

    def _roll_back(self) -> None:
        self._acceptor.forget()
        with suppress(sqlite3.Error):  # nothing was committed; the next one says what is wrong with the file
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")


def _is_fatal(error: Exception) -> bool:
    """Whether it is the disk or the file that failed, not a job."""
    theirs = sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.DataError
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, theirs)
