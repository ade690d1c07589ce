"""The queue: cards to watch, filters and search in the address, changes as they come, and the reel."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from features.moments import CODES
from pipelines.store.listing import OPEN
from service.live.json_body import SessionId
from service.live.refusals import Refusal
from service.triage.pages import NOW_MS
from service.triage.why_not import why_not
from service.web import filters as f
from service.web.desk import Desk
from service.web.filters import Filters, filters
from service.web.guard import Owner
from service.web.owner import Visit

REEL: Final = 10
REEL_S: Final = 10
Asked = Annotated[Filters, Depends(filters)]


def router(desk: Desk) -> APIRouter:
    """The routes."""
    guard = desk.guard
    routes = APIRouter(include_in_schema=False, route_class=guard.route())

    @routes.get("/")
    async def queue(request: Request, visit: Owner, asked: Asked) -> Response:
        """The queue."""
        return guard.renderer.page("queue.html", **await queue_of(desk, visit, asked), session=None)

    @routes.get("/more")
    async def more(
        visit: Owner,
        asked: Asked,
        cursor: Annotated[str, Query(max_length=4_000)],
        begun: Annotated[int, Query(ge=0, le=1 << 53)],
    ) -> Response:
        """The next cards of a list."""
        found = await desk.listed(visit.site, asked, cursor, begun)
        return guard.renderer.page("cards.html", list=found, filters=asked, visit=visit, current="")

    @routes.get("/cards/{session_id}")
    async def card(
        visit: Owner, session_id: SessionId, count: Annotated[int, Query(ge=1, le=1 << 40)] = 1
    ) -> Response:
        """One card with all of its strip: it was asked for because its story takes long to read."""
        return guard.renderer.page(
            "one_card.html", **await card_of(desk, visit, session_id, count), filters=Filters(), current=""
        )

    @routes.get("/reel")
    async def reel(visit: Owner, request: Request, asked: Asked) -> Response:
        """The ten most worthy moments of ten issues, to be seen one after another."""
        found = await desk.listed(visit.site, asked._replace(show="queue"), most=2 * REEL)
        shown = [one for one in found.views if one.row.flagged][:REEL]
        return guard.renderer.page(
            "reel.html",
            player=desk.guard.origins.player(request),
            views=shown,
            visit=visit,
            filters=asked,
            seconds=REEL_S,
        )

    @routes.get("/changes")
    async def changes(
        visit: Owner, last_event_id: Annotated[str | None, Header(pattern=r"^[0-9]{1,18}$")] = None
    ) -> Response:
        """Changes of cards as they are stored, for the page that is open."""

        def still() -> None:
            if guard.owner.visit(visit.token) is None:
                raise Refusal("key_unknown", "The owner has signed out.")

        told = await desk.following.follow(visit.site, int(last_event_id) if last_event_id else None, still)
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(told, media_type="text/event-stream", headers=headers)

    return routes


async def queue_of(desk: Desk, visit: Visit, asked: Filters, current: str = "") -> dict[str, Any]:
    """What the list of the queue is filled in with.

    Parameters
    ----------
    current
        The session that is open beside it.
    """
    found = await desk.listed(visit.site, asked)
    answer = None
    if asked.asked_for:
        wanted = asked._replace(q="").wanted(found.now_ms)
        answer = await desk.beside(
            lambda: why_not(desk.store, visit.site, asked.asked_for, wanted, found.now_ms)
        )
    return {
        "visit": visit,
        "filters": asked,
        "list": found,
        "held": await desk.held(visit.site) if not found.views else None,
        "why_not": answer,
        "current": current,
        "options": {
            "show": f.SHOW_WORDS,
            "signal": {"": "any signal"} | {code: code.replace("_", " ") for code in CODES},
            "since": f.SINCE_WORDS,
            "status": f.STATUS_WORDS,
            "device": f.DEVICE_WORDS,
        },
        "open": OPEN,
        "now": await desk.happening(visit.site),
        "now_for": NOW_MS,
    }


async def card_of(desk: Desk, visit: Visit, session_id: str, count: int = 1) -> dict[str, Any]:
    """What one card is filled in with.

    Raises
    ------
    Refusal
        ``not_found``.
    """
    row = await desk.beside(lambda: desk.store.card(visit.site, session_id))
    if row is None:
        desk.stories.forget(visit.site, session_id)
        raise Refusal(
            "not_found", "There is no such session: it was erased, or nothing was decided of it yet."
        )
    return {"one": await desk.view(visit.site, row, count), "visit": visit}
