"""Annotations over HTTP: what sessions were, said by people and systems, in bulk, late, repeatedly, retractably."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field, model_validator

from data_contracts.annotations import Annotation, Label, Why
from data_contracts.errors import WatchworthyError
from pipelines.store import assessing
from pipelines.store.annotating import annotate, annotations_of
from service.fraud.asking import Asking
from service.live.admission import Admission
from service.live.json_body import SessionId, Theirs, Told, as_json, described, json_body
from service.live.refusals import Refusal
from service.live.settings import Settings
from service.triage.finding import named

BULK: Final = 1_000
PAGE: Final = 100
Auth = Annotated[str | None, Header(alias="authorization")]


class AnnotationRequest(Told):
    """One annotation: of a session, of an assessment, or of what you called it."""

    session: SessionId | None = None
    assessment: Annotated[str, Field(pattern=r"^as_[0-9a-f]{24}$")] | None = None
    reference: Theirs | None = None
    label: Label
    reason: Why
    source: Annotated[str, Field(max_length=100)] = ""
    from_ms: Annotated[int, Field(ge=0, le=1 << 53)] | None = None
    to_ms: Annotated[int, Field(ge=0, le=1 << 53)] | None = None
    note: Annotated[str, Field(max_length=2_000)] = ""
    confidence: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="How sure you are, 0 to 1."
    )
    model_seen: Annotated[str, Field(max_length=100)] = Field(
        "", description="Digest of the models whose score you could see: `models.bundle` of an assessment."
    )
    retracts: Annotated[str, Field(pattern=r"^an_[0-9a-f]{24}$")] | None = None
    key: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None, description="Yours: sent again under the same key, nothing changes."
    )

    @model_validator(mode="after")
    def one_place(self) -> AnnotationRequest:
        """One way to say which session, and a span with both ends in order."""
        if sum(one is not None for one in (self.session, self.assessment, self.reference)) != 1:
            raise ValueError("name a session, an assessment or a reference, one of them")
        if (self.from_ms is None) != (self.to_ms is None) or (self.from_ms or 0) > (self.to_ms or 0):
            raise ValueError("a span has from_ms and to_ms, in this order")
        return self


class AnnotationsRequest(Told):
    """Annotations in bulk."""

    annotations: Annotated[list[AnnotationRequest], Field(min_length=1, max_length=BULK)]


def router(asking: Asking, admission: Admission, settings: Settings) -> APIRouter:
    """The routes; parameters as those of ``service.fraud.routes.router``."""
    routes = APIRouter()
    store = asking.reception.store

    @routes.post(
        "/v1/annotations",
        tags=["fraud"],
        openapi_extra=described(
            AnnotationsRequest,
            chargeback={
                "annotations": [
                    {"reference": "order-1729", "label": "automation", "reason": "chargeback", "key": "cb-88"}
                ]
            },
        ),
    )
    async def annotations(request: Request, authorization: Auth = None) -> Response:
        """Say what sessions were, in bulk, however late; each is kept or refused for itself. Needs an annotate key."""
        key = admission.holder(authorization, "annotate")
        told = await json_body(request, AnnotationsRequest, settings)
        return as_json(
            {"annotations": await asyncio.to_thread(annotate_all, asking, key.site, told.annotations)}
        )

    @routes.get("/v1/annotations", tags=["fraud"])
    async def annotated(
        session: SessionId | None = None,
        after: Annotated[int, Query(ge=0, lt=1 << 62)] = 0,
        authorization: Auth = None,
    ) -> Response:
        """Annotations in the order in which they were recorded, of all sessions or of one. Needs a read key."""
        key = admission.holder(authorization, "read")
        found = await asyncio.to_thread(
            store.read, lambda db: annotations_of(db, key.site, session, after, PAGE)
        )
        return as_json(
            {"annotations": [one for _, one in found], "next": found[-1][0] if len(found) == PAGE else None}
        )

    return routes


def annotate_all(asking: Asking, site: str, told: list[AnnotationRequest]) -> list[dict[str, Any]]:
    """Keep annotations one by one; for each its id, or why it was refused."""
    store = asking.reception.store
    found: list[dict[str, Any]] = []
    for one in told:
        try:
            log, part, assessment = _place(asking, site, one)
            made = Annotation(
                annotation_id=f"an_{secrets.token_hex(12)}",
                session_id=part,
                label=one.label,
                reason=one.reason,
                source=one.source,
                assessment_id=assessment,
                from_ms=one.from_ms,
                to_ms=one.to_ms,
                note=one.note,
                retracts=one.retracts,
                confidence=one.confidence,
                model_seen=one.model_seen,
                recorded_at_ms=time.time_ns() // 1_000_000,
            )

            def keep(db: Any, log: str = log, made: Annotation = made, key: str | None = one.key) -> str:
                return annotate(db, site, log, made, key)

            found.append({"annotation_id": store.write(keep, ()).result(), "session": part})
        except (Refusal, WatchworthyError) as error:
            found.append({"error": {"code": error.code, "message": error.message}})
    return found


def _place(asking: Asking, site: str, one: AnnotationRequest) -> tuple[str, str, str]:
    """Log, session and assessment that an annotation is about."""
    store = asking.reception.store
    if one.session is not None:
        return named(store, site, one.session).log, one.session, ""
    if one.reference is not None:
        hashed = asking.secrets.hashed(site, "reference", one.reference)
        found = store.read(lambda db: assessing.referred(db, site, hashed))
        if found is None:
            raise Refusal("not_found", "Nothing was assessed under this reference, or it was erased.")
    else:
        asked = store.read(lambda db: assessing.find(db, store.keys, site, one.assessment or ""))
        if asked is None:
            raise Refusal("not_found", "There is no assessment of this id.")
        found = (asked.session, asked.part, asked.name)
    if not found[0]:
        raise Refusal(
            "not_found", "The recording that was assessed was not kept, so nothing can learn from it."
        )
    return found
