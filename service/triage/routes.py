"""The calls of product teams and scripts: lists of sessions, one session, its card, and why it is not in a list."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from data_contracts import decisions
from data_contracts.assessments import Verdict
from features.moments import CODES
from pipelines.store.listing import Wanted
from service.live.admission import Admission
from service.live.json_body import SessionId, as_json, described, json_body
from service.live.reception import Reception
from service.live.refusals import Refusal
from service.live.settings import Settings
from service.triage.caring import CareRequest, Status, care, history
from service.triage.finding import named
from service.triage.following import Following
from service.triage.pages import Order, Pages, shown
from service.triage.why_not import why_not

T = TypeVar("T")
MOST: Final = 100
DECISIONS: Final = 500  # of one session that its timeline shows
SIGNALS: Final = frozenset(CODES)
LINES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "Events.", "content": {"application/x-ndjson": {}}}
}
Auth = Annotated[str | None, Header(alias="authorization")]
Share = Annotated[float | None, Query(ge=0, le=1)]
Millis = Annotated[int | None, Query(ge=0, le=1 << 53)]


def wanted(
    bot_min: Share = None,
    bot_max: Share = None,
    frustration_min: Share = None,
    frustration_max: Share = None,
    conversion_min: Share = None,
    conversion_max: Share = None,
    worth_min: Share = None,
    worth_max: Share = None,
    signal: Annotated[
        list[str] | None, Query(max_length=5, description="Codes that must all be there.")
    ] = None,
    page: Annotated[str, Query(max_length=200, description="The beginning of a path.")] = "",
    since_ms: Millis = None,
    until_ms: Millis = None,
    device: Literal["", "mouse", "touch", "keyboard"] = "",
    status: Annotated[list[Status] | None, Query(max_length=5)] = None,
    label: Annotated[str, Query(max_length=40)] = "",
    flagged: bool | None = None,
    verdict: Verdict | None = None,
    issue: Annotated[str, Query(max_length=60)] = "",
) -> Wanted:
    """Which sessions are wanted; what is not said leaves nothing out."""
    strangers = set(signal or ()) - SIGNALS
    if strangers:
        raise Refusal("bad_request", f"There is no signal {min(strangers)[:40]!r}; see the catalogue.")
    lowest = {
        "bot": bot_min,
        "frustration": frustration_min,
        "conversion": conversion_min,
        "worth": worth_min,
    }
    highest = {
        "bot": bot_max,
        "frustration": frustration_max,
        "conversion": conversion_max,
        "worth": worth_max,
    }
    return Wanted(
        {name: one for name, one in lowest.items() if one is not None},
        {name: one for name, one in highest.items() if one is not None},
        tuple(sorted(set(signal or ()))),
        page,
        since_ms,
        until_ms,
        device,
        tuple(sorted(set(status or ()))),
        label,
        flagged,
        verdict or "",
        issue,
    )


Filters = Annotated[Wanted, Depends(wanted)]


def router(reception: Reception, admission: Admission, settings: Settings, following: Following) -> APIRouter:
    """The routes.

    Parameters
    ----------
    reception
        Knows the sessions.
    following
        Reads changes for all who follow them.
    admission
        Who may ask.
    settings
        Bounds on bodies.
    """
    routes = APIRouter(tags=["sessions"])
    store, pages = reception.store, Pages(reception.judge.secrets)

    async def beside(work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(None, work)

    @routes.get("/v1/sessions")
    async def sessions(
        filters: Filters,
        order: Annotated[Order, Query(description="queue mixes worth, doubt and a random slice.")] = "queue",
        limit: Annotated[int, Query(ge=1, le=MOST)] = 20,
        cursor: Annotated[str, Query(max_length=4_000)] = "",
        authorization: Auth = None,
    ) -> Response:
        """Sessions, page by page: the queue to watch, that of automation, or by worth, time or change.

        In the queue the first ten cards show ten different issues, each with how many sessions it stands for; without
        a status it holds what nobody has dealt with. `next` is the cursor of the next page, null at the end; by
        `changed` it goes on for ever, in the order in which changes were stored. A session whose worth changes between
        two pages of `queue` or `worth` may come twice or not at all; `changed` misses none. Needs a read key.
        """
        key = admission.holder(authorization, "read")
        now_ms = time.time_ns() // 1_000_000

        def read() -> dict[str, Any]:
            if cursor:
                at = pages.opened(key.site, cursor, order, filters)
            else:
                at = pages.begin(order, filters)
            page = store.read(lambda db: pages.read(db, key.site, order, filters, at, now_ms, limit))
            after = pages.sealed(key.site, page.cursor) if page.cursor is not None else None
            told = [shown(card, now_ms, count) for card, count in page.cards]
            for one, number in zip(told, page.numbers, strict=False):
                one["change"] = number
            return {"order": order, "sessions": told, "next": after}

        return as_json(await beside(read))

    @routes.patch(
        "/v1/sessions/{session_id}",
        openapi_extra=described(CareRequest, seen={"version": 1, "status": "seen"}),
    )
    async def care_for(session_id: SessionId, request: Request, authorization: Auth = None) -> Response:
        """Say what is to become of a session's card. Needs an annotate key."""
        key = admission.holder(authorization, "annotate")
        told = await json_body(request, CareRequest, settings)
        now_ms = time.time_ns() // 1_000_000

        def change() -> Any:
            return store.write(lambda db: care(db, key.site, session_id, told, key.id, now_ms), ()).result()

        card = await beside(change)
        if card is None:
            raise Refusal("not_found", "There is no card of this session.")
        return as_json(shown(card, now_ms))

    @routes.get("/v1/sessions/{session_id}/card")
    async def one_card(session_id: SessionId, authorization: Auth = None) -> Response:
        """The card of a session, and who made what of it. Needs a read key."""
        key = admission.holder(authorization, "read")
        card = await beside(lambda: store.card(key.site, session_id))
        if card is None:
            raise Refusal("not_found", "There is no card of this session.")
        told = await beside(lambda: store.read(lambda db: history(db, key.site, session_id)))
        return as_json(shown(card, time.time_ns() // 1_000_000) | {"history": told})

    @routes.get("/v1/sessions/{session_id}/timeline")
    async def timeline(session_id: SessionId, authorization: Auth = None) -> Response:
        """Scores of a session over its time, as its decisions have them, and its moments. Needs a read key."""
        key = admission.holder(authorization, "read")

        def read() -> dict[str, Any] | None:
            rows = store.decisions(site=key.site, part=session_id, most=DECISIONS)
            made = [decisions.read(row.body) for row in rows if row.body is not None]
            if not made:
                return None
            named = next((one for one in reversed(made) if one.facts is not None), made[-1])
            return {
                "session_id": session_id,
                "start_ms": made[-1].start_ms,
                "length_ms": max(one.as_of_ms for one in made),
                "scores": [
                    _scores(one) for one in sorted(made, key=lambda one: (one.log_number, one.as_of_ms))
                ],
                "moments": msgspec.to_builtins(named.facts or ()),
            }

        told = await beside(read)
        if told is None:
            raise Refusal("not_found", "Nothing was decided of this session.")
        return as_json(told)

    @routes.get("/v1/sessions/{session_id}/events", response_class=StreamingResponse, responses=LINES)
    async def events(session_id: SessionId, from_ms: Millis = None, authorization: Auth = None) -> Response:
        """The events that a replay needs, one JSON object a line, from a moment on (ms since the epoch).

        It begins with the last snapshot before that moment; without one, of `S.2`, before that session began. Who
        looked is on record. Needs a read key.
        """
        key = admission.holder(authorization, "read")
        now_ms = time.time_ns() // 1_000_000
        name, card = await beside(lambda: named(store, key.site, session_id))
        begin = from_ms if from_ms is not None else card.started_at if card and "." in session_id else 0

        def note() -> bool:
            return store.write(lambda db: viewed(db, key.site, session_id, key.id, now_ms), ()).result()

        if not await beside(note):
            raise Refusal("not_found", "There is no session of this id.")

        def lines() -> Iterator[bytes]:
            for _, batch in store.replay(key.site, name, float(begin)):
                for event in batch.events:
                    yield bytes(event).replace(b"\n", b" ") + b"\n"

        told = lines()
        first = await beside(lambda: next(told, b""))  # what cannot be read is said before the answer begins
        return StreamingResponse(chain((first,), told), media_type="application/x-ndjson")

    @routes.get("/v1/why-not")
    async def why(session: SessionId, filters: Filters, authorization: Auth = None) -> Response:
        """Why a session is not in the queue under these filters, or where it stands in it. Needs a read key.

        `folded_into` is the session whose card, one of the first ten, stands for its issue.
        """
        key = admission.holder(authorization, "read")
        now_ms = time.time_ns() // 1_000_000
        told = await beside(lambda: why_not(store, key.site, session, filters, now_ms))
        if told is None:
            raise Refusal(
                "not_found",
                "There is no card of this session: it is another site's, was erased, or nothing was decided.",
            )
        return as_json(told)

    @routes.get("/v1/live", response_class=StreamingResponse)
    async def live(
        last_event_id: Annotated[str | None, Header(pattern=r"^[0-9]{1,18}$")] = None,
        authorization: Auth = None,
    ) -> Response:
        """Changes of cards as server-sent events, as they are stored.

        Who comes back with `Last-Event-ID` misses none, or is told `cursor_expired`; who reads too slowly, or whose key
        was revoked, gets the event `dropped` and is let go. Needs a read key.
        """
        key = admission.holder(authorization, "read")

        def allowed() -> None:
            admission.holder(authorization, "read")

        told = await following.follow(key.site, int(last_event_id) if last_event_id else None, allowed)
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(told, media_type="text/event-stream", headers=headers)

    return routes


def _scores(made: decisions.Decision) -> dict[str, Any]:
    heads = {name: score.probability for name, score in made.outcome.heads.items()}
    return {
        "t_ms": made.as_of_ms,
        "decision_id": made.decision_id,
        "cause": made.cause,
        **heads,
        "worth": made.outcome.worth,
        "verdict": made.outcome.verdict,
        "flagged": made.outcome.flagged,
    }


def viewed(db: Any, site: str, part: str, who: str, now_ms: int) -> bool:
    """Note who looks at a recording; whether there is one."""
    done = db.execute(
        "INSERT INTO views (site_id, session_id, part, who, at)"
        " SELECT session_tallies.site_id, session_tallies.id, ?, ?, ? FROM session_tallies"
        " JOIN sites ON sites.id = session_tallies.site_id WHERE sites.name = ? AND session_tallies.name = ?",
        (part, who, now_ms, site, part.partition(".")[0]),
    )
    return bool(done.rowcount)
