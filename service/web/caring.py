"""What the owner does to a session: labels of all of it or of a span, and care of its card. Nothing of it is a GET."""

from __future__ import annotations

import time
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError
from starlette.responses import RedirectResponse

from data_contracts.annotations import Label
from service.fraud.annotating import AnnotationRequest, annotate_all
from service.live.json_body import SessionId
from service.live.refusals import Refusal
from service.triage.caring import CareRequest, Status, Why, care
from service.web.desk import Desk
from service.web.filters import Filters
from service.web.guard import Sender
from service.web.owner import OWNER, Visit
from service.web.queue_page import card_of

"""Who it was, where people are named."""

DAY_MS: Final = 86_400_000
Millis = Annotated[int | None, Form(ge=0, le=1 << 53)]
Days = Annotated[int | None, Form(ge=1, le=365)]
Where = Literal["card", "session"]


def router(desk: Desk) -> APIRouter:
    """The routes."""
    guard = desk.guard
    routes = APIRouter(prefix="/sessions/{session_id}", include_in_schema=False, route_class=guard.route())

    async def answered(request: Request, visit: Visit, session_id: str, count: int) -> Response:
        """The card as it is now, or for a browser without script the page that the form stood on."""
        if request.headers.get("hx-request") != "true":
            return RedirectResponse(_back(request, session_id), 303)
        said = await card_of(desk, visit, session_id, count)
        return guard.renderer.page("one_card.html", **said, filters=Filters(), current="")

    @routes.post("/label")
    async def label(
        request: Request,
        visit: Sender,
        session_id: SessionId,
        label: Annotated[Label, Form()],
        from_ms: Millis = None,
        to_ms: Millis = None,
        note: Annotated[str, Form(max_length=2_000)] = "",
        count: Annotated[int, Form(ge=1)] = 1,
        where: Annotated[Where, Form()] = "card",
    ) -> Response:
        """Say what a session was, or a span of it."""
        one = _checked(
            AnnotationRequest,
            session=session_id,
            label=label,
            reason="watched",
            source=OWNER,
            from_ms=from_ms,
            to_ms=to_ms,
            note=note,
        )
        await _annotated(desk, visit, one)
        if where == "session":
            return await _session_part(desk, request, visit, session_id)
        return await answered(request, visit, session_id, count)

    @routes.post("/retract")
    async def retract(
        request: Request,
        visit: Sender,
        session_id: SessionId,
        annotation: Annotated[str, Form(max_length=60)],
        label: Annotated[Label, Form()],
    ) -> Response:
        """Take a label back."""
        one = _checked(
            AnnotationRequest,
            session=session_id,
            label=label,
            reason="watched",
            source=OWNER,
            retracts=annotation,
        )
        await _annotated(desk, visit, one)
        return await _session_part(desk, request, visit, session_id)

    @routes.post("/care")
    async def caring(
        request: Request,
        visit: Sender,
        session_id: SessionId,
        version: Annotated[int, Form(ge=1)],
        status: Annotated[Status, Form()],
        assignee: Annotated[str | None, Form(max_length=100)] = None,
        days: Days = None,
        why: Annotated[Why | None, Form()] = None,
        note: Annotated[str, Form(max_length=1_000)] = "",
        count: Annotated[int, Form(ge=1)] = 1,
        where: Annotated[Where, Form()] = "card",
    ) -> Response:
        """Say what is to become of a card: seen, somebody's, put off, resolved, new again; or note something."""
        now_ms = time.time_ns() // 1_000_000
        told = _checked(
            CareRequest,
            version=version,
            status=status,
            assignee=assignee if status == "assigned" else None,
            snoozed_until_ms=now_ms + (days or 1) * DAY_MS if status == "snoozed" else None,
            why=why if status == "resolved" else None,
            note=note,
        )

        def change() -> Any:
            return desk.store.write(
                lambda db: care(db, visit.site, session_id, told, OWNER, now_ms), ()
            ).result()

        if await desk.beside(change) is None:
            raise Refusal("not_found", "There is no such session any more.")
        if where == "session":
            return await _session_part(desk, request, visit, session_id)
        return await answered(request, visit, session_id, count)

    return routes


async def _session_part(desk: Desk, request: Request, visit: Visit, session_id: str) -> Response:
    """What people made of a session, as its page shows it."""
    if request.headers.get("hx-request") != "true":
        return RedirectResponse(_back(request, session_id), 303)
    from service.web.session_page import made_of

    said = await made_of(desk, visit, session_id)
    return desk.guard.renderer.page("made_of.html", **said, visit=visit)


async def _annotated(desk: Desk, visit: Visit, one: AnnotationRequest) -> None:
    (told,) = await desk.beside(lambda: annotate_all(desk.asking, visit.site, [one]))
    if "error" in told:
        raise Refusal(told["error"]["code"], told["error"]["message"])


def _checked(model: Any, **told: Any) -> Any:
    """What a form says, checked as the same call over HTTP would be."""
    try:
        return model(**told)
    except ValidationError as error:
        said = "; ".join(one["msg"] for one in error.errors(include_url=False, include_input=False))
        raise Refusal("bad_request", f"{said}.") from None


def _back(request: Request, session_id: str) -> str:
    """Where the form stood, as long as that is a page of ours."""
    came = request.headers.get("referer", "")
    here = str(request.base_url)
    return "/" + came.removeprefix(here) if came.startswith(here) else f"/sessions/{session_id}"
