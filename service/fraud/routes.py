"""The calls of fraud teams: tokens, assessments, lists, annotations, decisions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field, JsonValue, model_validator

from data_contracts.assessments import Assessment
from data_contracts.decisions import Decision
from pipelines.store import assessing
from service.deciding.replay import replayed
from service.fraud.asking import Asking, Question
from service.fraud.examples import AUTOMATION, UNDETERMINED
from service.live.admission import Admission, cors
from service.live.json_body import Named, SessionId, Theirs, Told, answered, as_json, described, json_body
from service.live.refusals import Refusal
from service.live.settings import Settings

T = TypeVar("T")
PAGE: Final = 100
ASSESSED: Final = answered(Assessment, "An assessment.", automation=AUTOMATION, undetermined=UNDETERMINED)
Auth = Annotated[str | None, Header(alias="authorization")]


class TokenRequest(Told):
    """What a recorder asks a token with; the key is a write key."""

    key: Annotated[str, Field(max_length=128)]
    session: Named
    action: Named


class After(Told):
    """A batch that should have been seen."""

    stream: Named
    seq: Annotated[int, Field(ge=0, lt=1 << 31)]


class AssessmentRequest(Told):
    """What is to be assessed: a session by its id, or a recording."""

    session: SessionId | None = None
    recording: list[JsonValue] | dict[str, JsonValue] | None = Field(
        None, description="A recording in any JSON form that we read; it is not kept."
    )
    action: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,64}$")] = Field(
        "", description="What the visitor is about to do, as checkout or login: policies and tokens go by it."
    )
    token: Annotated[str, Field(max_length=1_024)] = Field(
        "",
        description="The recorder's token for this session and action; without it the answer is not bound.",
    )
    after: After | None = Field(None, description="Wait up to half a second for this batch to be seen.")
    reference: Theirs = Field("", description="What you call this; only a keyed hash of it is kept.")
    subject: Theirs = Field("", description="Whom the session is shown for; only a keyed hash of it is kept.")

    @model_validator(mode="after")
    def one_of_both(self) -> AssessmentRequest:
        """Either a session or a recording."""
        if (self.session is None) == (self.recording is None):
            raise ValueError("give a session or a recording, and not both")
        return self


class OverrideRequest(Told):
    """An entry of a list of the owner's."""

    list: Literal["allow", "deny"]
    session: SessionId | None = None
    subject: Theirs | None = None
    why: Annotated[str, Field(min_length=3, max_length=500)] = Field(description="For the record.")
    expires_in_s: Annotated[int, Field(ge=60, le=366 * 86_400)] | None = None

    @model_validator(mode="after")
    def one_of_both(self) -> OverrideRequest:
        """Either a session or a subject."""
        if (self.session is None) == (self.subject is None):
            raise ValueError("name a session or a subject, and not both")
        return self


def router(asking: Asking, admission: Admission, settings: Settings) -> APIRouter:
    """The routes.

    Parameters
    ----------
    asking
        Answers questions.
    admission
        Who may ask.
    settings
        Bounds on bodies.
    """
    routes = APIRouter()
    store, hidden = asking.reception.store, asking.secrets

    async def beside(work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(None, work)

    @routes.post(
        "/v1/tokens",
        tags=["recorder"],
        openapi_extra=described(
            TokenRequest, checkout={"key": "ww_write_…", "session": "s-81f2", "action": "checkout"}
        ),
    )
    async def tokens(request: Request) -> Response:
        """A token that proves for two minutes that a page asked for this session and action; it is good once.

        The recorder asks for it with its write key, as text/plain, so that a browser sends no preflight.
        """
        origin = request.headers.get("origin")
        request.state.cors = cors(origin, origin is not None and admission.keys.open_to(origin))
        admission.knock(admission.sender(request.scope), time.monotonic())
        told = await json_body(request, TokenRequest, settings)
        key = admission.writer(told.key, origin, time.monotonic())
        now_ms = time.time_ns() // 1_000_000
        text, expires = await beside(lambda: hidden.token(key.site, told.session, told.action, now_ms))
        answer = as_json({"token": text, "expires_at_ms": expires})
        for name, value in cors(origin, True):
            answer.headers[name.decode()] = value.decode("latin-1")
        return answer

    @routes.post(
        "/v1/assessments",
        tags=["fraud"],
        responses=ASSESSED,
        openapi_extra=described(
            AssessmentRequest,
            by_session={"session": "s-81f2", "action": "checkout", "reference": "order-1729"},
            recording={"recording": [{"type": 4, "data": {"href": "/"}, "timestamp": 1}]},
        ),
    )
    async def assess(request: Request, authorization: Auth = None) -> Response:
        """Assess a session, or a recording in the body: probabilities, verdict, reasons, a recommended action.

        What cannot be said is null and says why; it is never a low score. Needs a read key.
        """
        key = admission.holder(authorization, "read")
        told = await json_body(request, AssessmentRequest, settings)
        question = Question(
            told.session or "",
            msgspec.json.encode(told.recording) if told.recording is not None else b"",
            told.action,
            told.token,
            (told.after.stream, told.after.seq) if told.after else None,
            told.reference,
            told.subject,
        )
        return as_json(await asking.ask(key.site, question))

    @routes.get("/v1/assessments/{assessment_id}", tags=["fraud"], responses=ASSESSED)
    async def fetch(assessment_id: str, authorization: Auth = None) -> Response:
        """An assessment as it was given. Needs a read key."""
        key = admission.holder(authorization, "read")
        return as_json(await beside(lambda: asking.fetch(key.site, assessment_id)))

    @routes.get("/v1/overrides", tags=["fraud"])
    async def overrides(
        after: Annotated[int, Query(ge=0, lt=1 << 62)] = 0, authorization: Auth = None
    ) -> Response:
        """The owner's lists, by id; what is on them is kept as keyed hashes. Needs a read key."""
        key = admission.holder(authorization, "read")
        found = await beside(lambda: store.read(lambda db: assessing.overrides(db, key.site, after, PAGE)))
        return as_json(
            {"overrides": [one._asdict() for one in found], "next": found[-1].id if found else None}
        )

    @routes.post(
        "/v1/overrides",
        tags=["fraud"],
        openapi_extra=described(
            OverrideRequest, stolen={"list": "deny", "subject": "customer-77", "why": "stolen card"}
        ),
    )
    async def override(request: Request, authorization: Auth = None) -> Response:
        """Put a session or a subject on a list: scores stay, the action changes. Needs an admin key."""
        key = admission.holder(authorization, "admin")
        told = await json_body(request, OverrideRequest, settings)
        kind = "session" if told.session is not None else "subject"
        now_ms = time.time_ns() // 1_000_000
        expires = now_ms + told.expires_in_s * 1_000 if told.expires_in_s else None

        def add() -> int:
            value = hidden.hashed(key.site, kind, told.session or told.subject or "")
            entry = (told.list, kind, value, told.why, key.id)
            work = store.write(lambda db: assessing.add_override(db, key.site, entry, now_ms, expires), ())
            return work.result()

        return as_json({"id": await beside(add)})

    @routes.delete("/v1/overrides/{number}", tags=["fraud"])
    async def remove(number: int, authorization: Auth = None) -> Response:
        """Take an entry off its list. Needs an admin key."""
        key = admission.holder(authorization, "admin")
        if not 0 <= number < 1 << 62:
            raise Refusal("not_found", "There is no entry of this id.")

        def take_off() -> bool:
            return store.write(lambda db: assessing.remove_override(db, key.site, number), ()).result()

        if not await beside(take_off):
            raise Refusal("not_found", "There is no entry of this id.")
        return as_json({"ok": True})

    async def record(authorization: str | None, decision_id: str) -> tuple[str, bytes]:
        """The bundle of a decision, and its record."""
        key = admission.holder(authorization, "read")
        told = await beside(lambda: store.decision(key.site, decision_id))
        if told is None:
            raise Refusal("not_found", "There is no decision of this id.")
        if told.body is None:
            raise Refusal("payload_expired", "The record was erased with its session; its commitment stands.")
        return told.bundle, told.body

    @routes.get(
        "/v1/decisions/{decision_id}",
        tags=["fraud"],
        responses=answered(Decision, "The record of a decision."),
    )
    async def decision(decision_id: str, authorization: Auth = None) -> Response:
        """The record of a decision, with all that is needed to make it again. Needs a read key."""
        _, body = await record(authorization, decision_id)
        return Response(body, media_type="application/json")

    @routes.post("/v1/decisions/{decision_id}/replay", tags=["fraud"])
    async def replay(decision_id: str, authorization: Auth = None) -> Response:
        """Make a decision again from its record: the same answer, or which fields differ. Needs a read key."""
        bundle, body = await record(authorization, decision_id)
        return as_json(await asking.reception.beside(lambda: replayed(body, asking.judge_of(bundle))))

    return routes
