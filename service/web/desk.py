"""What every page of the owner stands on, and the list of cards that two of them show."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

from pipelines.store.cards import CardRow
from pipelines.store.listing import OPEN, Wanted, happening
from service.deciding.site_norms import SiteNorms
from service.fraud.asking import Asking
from service.live.admission import Admission
from service.live.reception import Reception
from service.live.settings import Settings
from service.triage.following import Following
from service.triage.pages import NOW_MS, Pages
from service.web import cards
from service.web.cards import View
from service.web.filters import Filters
from service.web.guard import Guard
from service.web.story import Stories

T = TypeVar("T")
PAGE: Final = 20
TOLD_S: Final = (
    0.3  # how long a list waits for the stories of its cards; the rest come when the page is there
)
LARGE: Final = 4_000  # rows of a session whose story is told after the page: reading it takes too long


class List(NamedTuple):
    """Some cards of a list.

    Attributes
    ----------
    after
        Cursor of those after them, empty at the end.
    now_ms
        When the list was begun: what is asked for since some time is then asked for since the same time.
    """

    views: tuple[View, ...]
    after: str
    now_ms: int


class Held(NamedTuple):
    """What there is on a site: any card at all, one that nobody has dealt with, one of automation among these."""

    any: bool
    open: bool
    automation: bool


class Desk:
    """What pages are made from.

    Parameters
    ----------
    asking
        Answers questions, and so knows everything that is stored.
    admission
        Who may ask with a key.
    settings
        Of the service.
    following
        Reads changes for all who follow them.
    norms
        What is usual on a site.
    guard
        Lets the owner in, and fills in templates.
    """

    def __init__(
        self,
        asking: Asking,
        admission: Admission,
        settings: Settings,
        following: Following,
        norms: SiteNorms,
        guard: Guard,
    ) -> None:
        self.norms = norms
        self.asking = asking
        self.admission = admission
        self.reception: Reception = asking.reception
        self.settings = settings
        self.following = following
        self.guard = guard
        self.store = asking.reception.store
        self.stories = Stories(asking.reception)
        self._pages = Pages(asking.reception.judge.secrets)

    async def beside(self, work: Callable[[], T]) -> T:
        """Have something read from the store beside the loop."""
        return await asyncio.get_running_loop().run_in_executor(None, work)

    async def listed(
        self, site: str, filters: Filters, cursor: str = "", begun_ms: int | None = None, most: int = PAGE
    ) -> List:
        """Cards of a list, in its order; those after a cursor, with the time at which the list was begun.

        Raises
        ------
        WatchworthyError
            ``cursor_foreign``.
        """
        now_ms = time.time_ns() // 1_000_000
        begun = now_ms if begun_ms is None else begun_ms
        wanted = filters.wanted(begun)

        def read() -> tuple[list[tuple[CardRow, int]], str]:
            at = (
                self._pages.opened(site, cursor, filters.order, wanted)
                if cursor
                else self._pages.begin(filters.order, wanted)
            )
            page = self.store.read(
                lambda db: self._pages.read(db, site, filters.order, wanted, at, now_ms, most)
            )
            return page.cards, self._pages.sealed(site, page.cursor) if page.cursor is not None else ""

        rows, after = await self.beside(read)
        until = time.monotonic() + TOLD_S
        return List(tuple([await self.view(site, row, count, until) for row, count in rows]), after, begun)

    async def happening(self, site: str) -> CardRow | None:
        """Who struggles at this moment, whatever list is looked at; of several the latest visit."""
        now_ms = time.time_ns() // 1_000_000
        wanted = Wanted(statuses=OPEN)
        rows = await self.beside(
            lambda: self.store.read(lambda db: happening(db, site, wanted, now_ms, now_ms - NOW_MS, 1))
        )
        return rows[0] if rows else None

    async def view(self, site: str, row: CardRow, count: int = 1, until: float | None = None) -> View:
        """A card as it is shown.

        Parameters
        ----------
        until
            When to tell no more stories; without it the card's is told however long it takes.
        """
        now_ms = time.time_ns() // 1_000_000
        story = self.stories.kept(site, row.part, row.log_number)
        if story is None and (until is None or time.monotonic() < until):
            small = until is None or await self.beside(lambda: self._rows(site, row)) <= LARGE
            story = await self.stories.of(site, row.part, row.log_number) if small else None
        return await self.beside(lambda: cards.view(self.reception, site, row, count, story, now_ms))

    def _rows(self, site: str, row: CardRow) -> int:
        found = self.store.session(site, row.log)
        return found.rows if found is not None else 0

    async def held(self, site: str) -> Held:
        """What there is on a site, so that an empty list can say why it is empty."""
        marks = ", ".join("?" * len(OPEN))
        within = "SELECT 1 FROM cards JOIN sites ON sites.id = site_id WHERE sites.name = ?"
        statement = (
            f"SELECT EXISTS ({within}), EXISTS ({within} AND cards.status IN ({marks})),"
            f" EXISTS ({within} AND lane = 'automation' AND cards.status IN ({marks}))"
        )
        given = (site, site, *OPEN, site, *OPEN)
        row = await self.beside(lambda: self.store.read(lambda db: db.execute(statement, given).fetchone()))
        return Held(*map(bool, row))
