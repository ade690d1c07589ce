"""What a store can be asked of decisions and of the cards that show them."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from pipelines.store.cards import CardRow, find_card
from pipelines.store.crypto import Keys
from pipelines.store.database import Reads
from pipelines.store.deciding import TOLD, Told, told, unjudged, write_decisions
from pipelines.store.units import Decision, Name

T = TypeVar("T")


class Decisions(ABC):
    """The part of a store that decisions are kept in.

    Parameters
    ----------
    keys
        Of sessions.
    reads
        Connections for reading.
    """

    def __init__(self, keys: Keys, reads: Reads) -> None:
        self.keys = keys
        self._reads = reads

    @abstractmethod
    def write(
        self, work: Callable[[sqlite3.Connection], T], touches: Collection[Name] | None = None
    ) -> Future[T]:
        """Have work done in the writer's transaction."""

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Have anything read by statements that all see the same state.

        Raises
        ------
        WatchworthyError
            What the database's errors mean; ``store_closed``.
        """
        with self._reads.snapshot() as db:
            return work(db)

    def decide(
        self,
        site: str,
        session: str | None,
        decisions: Sequence[Decision],
        log_number: int = 0,
        final: bool = False,
        with_them: Callable[[sqlite3.Connection], Any] | None = None,
    ) -> Future[int]:
        """Have decisions stored that no batch brought; the future is done when they are durable, with how many are new.

        One that is there already, of the same (session, log number, bundle, policy, cause), stays as it was.

        Parameters
        ----------
        session
            The log that they saw; None of a recording that was not stored.
        log_number
            The last batch that they saw.
        final
            Whether all of an ended session was seen: it is then not asked for again, see ``unjudged``.
        with_them
            Further work in the same transaction.

        Raises
        ------
        WatchworthyError
            ``busy``, ``store_closed``; in the future ``payload_expired`` if the session was erased meanwhile.
        """

        def work(db: sqlite3.Connection) -> int:
            new = write_decisions(db, self.keys, site, session, decisions, log_number, final)
            if with_them is not None:
                with_them(db)
            return new

        return self.write(work, ())

    def decision(self, site: str, name: str) -> Told | None:
        """A decision by its id; None if the site has none of it."""
        return next(iter(self._decisions("sites.name = ? AND decisions.name = ?", (site, name))), None)

    def decisions(
        self,
        after: int = 0,
        most: int = 100,
        site: str | None = None,
        part: str | None = None,
        upto: int | None = None,
    ) -> list[Told]:
        """Decisions in commit order, after the ``id`` of one and up to that of another; of a site, or of one session.

        None that is committed later is missed.
        """
        facts = (("sites.name = ?", site), ("part = ?", part), ("decisions.id <= ?", upto))
        asked = [(condition, value) for condition, value in facts if value is not None]
        where = " AND ".join(["decisions.id > ?", *(condition for condition, _ in asked)])
        given = (after, *(value for _, value in asked), most)
        return self._decisions(f"{where} ORDER BY decisions.id LIMIT ?", given)

    def ended(self, site: str, most: int) -> list[Told]:
        """The last decisions on sessions of a site that ended, the newest first."""
        where = "sites.name = ? AND cause = 'ended' ORDER BY decisions.id DESC LIMIT ?"
        return self._decisions(where, (site, most))

    def _decisions(self, where: str, given: tuple[Any, ...]) -> list[Told]:
        with self._reads.snapshot() as db:
            rows = db.execute(f"{TOLD} WHERE {where}", given).fetchall()
        return told(self.keys, rows)

    def card(self, site: str, part: str) -> CardRow | None:
        """The card of a session; None while nothing was decided of it."""
        return self.read(lambda db: find_card(db, site, part))

    def unjudged(self, most: int = 100) -> list[tuple[Name, int]]:
        """Sessions that ended and whose last decision saw less than all of them, each with its last log number."""
        return self.read(lambda db: unjudged(db, most))
