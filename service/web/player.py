"""The player: a document of its own on an origin without cookies, fed with the events of one session by a token."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.responses import HTMLResponse

from data_contracts.errors import WatchworthyError
from service.live.json_body import SessionId, Told, as_json, described, json_body
from service.live.refusals import Refusal
from service.live.sessions_route import PART
from service.triage.routes import viewed
from service.web.desk import Desk
from service.web.files import Files
from service.web.guard import Sender
from service.web.owner import OWNER

PATH: Final = "/player"
EVENTS: Final = "/player/events"
SCRIPT: Final = "player.js"
STYLES: Final = ("rrweb-player.css", "player.css")
POLICY: Final = (
    "default-src 'none'; script-src {script}; style-src 'unsafe-inline' {styles}; img-src data: blob:; "
    "font-src data:; media-src data: blob:; connect-src {events}; form-action 'none'; base-uri 'none'"
)
HEADERS: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-dns-prefetch-control": "off",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), fullscreen=(self)",
}
VIEWERS: Final = r"^[A-Za-z0-9_-]{1,64}$"


class ReplayRequest(Told):
    """A session that a program wants to show, as a notebook does."""

    session: SessionId
    t_ms: Annotated[int, Query(ge=0, le=1 << 53)] | None = None


def purpose(viewer: str) -> str:
    """The action that a token of the player is for; no recorder can name it, for actions have no tilde."""
    return f"~replay {viewer}"


def player_address(desk: Desk, request: Request, site: str, part: str, viewer: str, **more: Any) -> str:
    """Address of the player with a token for one session in it, where servers and logs do not see it.

    Parameters
    ----------
    viewer
        Who looks: it goes on record when the events are fetched.

    Raises
    ------
    Refusal
        ``not_found`` where there is no second origin.
    """
    origin = desk.guard.origins.player(request)
    if not origin:
        said = "Recordings are played on an origin of their own: set player_origin in watchworthy.toml."
        raise Refusal("not_found", said)
    now_ms = time.time_ns() // 1_000_000
    token, _ = desk.reception.judge.secrets.token(site, part, purpose(viewer), now_ms)
    told = {"session": part, "site": site, "viewer": viewer, "token": token} | more
    told["page"] = desk.guard.origins.page(request)
    return f"{origin}{PATH}#{urlencode({name: one for name, one in told.items() if one not in (None, '')})}"


def router(desk: Desk, files: Files) -> APIRouter:
    """The routes."""
    guard, store, secrets = desk.guard, desk.store, desk.reception.judge.secrets
    routes = APIRouter()

    @routes.get(PATH, include_in_schema=False)
    async def player(request: Request) -> Response:
        """The document of the player. It says nothing of any session: what to play stands behind the hash."""
        origin = _origin(request)
        policy = POLICY.format(
            script=origin + files.address(SCRIPT),
            styles=" ".join(origin + files.address(name) for name in STYLES),
            events=origin + EVENTS,
        )
        text = guard.renderer.text("player.html")
        return HTMLResponse(text, headers=HEADERS | {"content-security-policy": policy})

    @routes.get(EVENTS, include_in_schema=False)
    async def events(
        request: Request,
        session: SessionId,
        site: Annotated[str, Query(max_length=100)],
        viewer: Annotated[str, Query(pattern=VIEWERS)],
        authorization: Annotated[str, Header()] = "",
    ) -> Response:
        """The events of a session, for who has a token for it: one line each, the number of its stream before it."""
        _origin(request)
        _, _, token = authorization.partition(" ")
        now_ms = time.time_ns() // 1_000_000
        named = PART.match(session)
        if named is None:
            raise Refusal("not_found")

        def opened() -> dict[str, Any]:
            secrets.opened(site, token, session, purpose(viewer), now_ms)
            card = store.card(site, session)
            there = card is not None or not named["part"]  # else all of the log would be played
            if (
                not there
                or not store.write(lambda db: viewed(db, site, session, viewer, now_ms), ()).result()
            ):
                raise WatchworthyError("payload_expired", "The recording is not there any more.")
            after = store.card(site, f"{named['log']}.{int(named['part'] or 1) + 1}")
            return {
                "start_ms": card.started_at if card else None,
                "end_ms": after.started_at if after else None,
            }

        head = await desk.beside(opened)
        log = named["log"]

        def lines() -> Iterator[bytes]:
            streams: dict[str, int] = {}
            for _, batch in store.replay(site, log, float(head["start_ms"] or 0)):
                number = b"%d " % streams.setdefault(batch.stream, len(streams))
                # A batch at a time: each piece of the answer costs a turn of the loop.
                yield b"".join(number + bytes(event).replace(b"\n", b" ") + b"\n" for event in batch.events)

        told = lines()
        first = await desk.beside(lambda: next(told, b""))  # what cannot be read is said before the answer
        begin = msgspec.json.encode(head) + b"\n"
        return StreamingResponse(
            chain((begin, first), told),
            media_type="application/x-ndjson",
            headers={"cache-control": "no-store", "x-content-type-options": "nosniff"},
        )

    @routes.post("/sessions/{session_id}/player", include_in_schema=False)
    async def again(request: Request, session_id: SessionId, visit: Sender) -> Response:
        """The player's address with a new token, for a page whose own is too old."""
        return as_json({"address": player_address(desk, request, visit.site, session_id, OWNER)})

    @routes.post(
        "/v1/replays",
        tags=["sessions"],
        openapi_extra=described(ReplayRequest, notebook={"session": "s-81f2", "t_ms": 12_000}),
    )
    async def replays(
        request: Request, authorization: Annotated[str | None, Header(alias="authorization")] = None
    ) -> Response:
        """An address that plays one session, to be framed within two minutes. Needs a read key."""
        key = desk.admission.holder(authorization, "read")
        told = await json_body(request, ReplayRequest, desk.settings)
        if await desk.beside(lambda: store.card(key.site, told.session)) is None:
            raise Refusal("not_found", "There is no session of this id.")
        address = player_address(desk, request, key.site, told.session, key.id, t=told.t_ms)
        return as_json({"address": address})

    def _origin(request: Request) -> str:
        """The player's origin, if this is it."""
        if not guard.origins.is_player(request):
            raise Refusal("not_found", "Recordings are played at another address than pages are shown at.")
        return guard.origins.here(request)

    return routes
