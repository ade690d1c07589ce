"""``/v1/webhooks``: the calls, and who may make them."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Body, FastAPI, Header, Path, Query, Response

from pipelines.store.endpoints import Webhook
from pipelines.store.posting import REPLAYED
from pipelines.store.store import Store
from service.live.admission import Admission
from service.live.refusals import Refusal
from service.sending.descriptions import (
    CREATE_EXAMPLES,
    EXAMPLE_ID,
    REPLAY_EXAMPLES,
    Deliveries,
    MadeWebhook,
    NewWebhook,
    Replay,
    Replayed,
    ShownWebhook,
    Tested,
    Webhooks,
    counted,
    delivery,
    shown,
)
from service.sending.endpoints import Endpoints

LAST: Final = (1 << 62) - 1
PATH: Final = "/v1/webhooks"
Id = Annotated[str, Path(max_length=64, description="Id of a webhook.", examples=[EXAMPLE_ID])]
Authorization = Annotated[str | None, Header(description="`Bearer` and a key.")]


def routes(app: FastAPI, store: Store, admission: Admission) -> None:
    """Add the calls to an application."""
    endpoints = Endpoints(store)

    def found(authorization: str | None, role: str, name: str) -> Webhook:
        key = admission.holder(authorization, role)
        webhook = endpoints.find(key.site, name)
        if webhook is None:
            raise Refusal("not_found", "There is no webhook of this id.")
        return webhook

    def able(authorization: str | None, name: str) -> Webhook:
        webhook = found(authorization, "admin", name)
        if webhook.disabled_at is not None:
            raise Refusal("webhook_disabled")
        return webhook

    @app.get(PATH, tags=["webhooks"], summary="List webhooks")
    def listed(authorization: Authorization = None) -> Webhooks:
        """The webhooks of the key's site, with what waits for each. Needs an admin key."""
        key = admission.holder(authorization, "admin")
        return Webhooks(webhooks=[counted(*one) for one in endpoints.listed(key.site)])

    @app.post(PATH, tags=["webhooks"], summary="Make a webhook", status_code=201)
    def create(
        new: Annotated[NewWebhook, Body(openapi_examples=CREATE_EXAMPLES)],
        authorization: Authorization = None,
    ) -> MadeWebhook:
        """The answer holds the secret that verifies what is sent; it is never shown again. Needs an admin key."""
        key = admission.holder(authorization, "admin")
        webhook, theirs = endpoints.create(key.site, new.url, list(new.topics), new.fields, new.allow_private)
        return MadeWebhook(**shown(webhook, theirs), secret=theirs.secret)

    @app.delete(PATH + "/{id}", tags=["webhooks"], summary="Delete a webhook", status_code=204)
    def delete(id: Id, authorization: Authorization = None) -> Response:
        """Nothing more is sent; what waits for it, and its log, are deleted too. Needs an admin key."""
        endpoints.delete(found(authorization, "admin", id))
        return Response(status_code=204)

    @app.get(PATH + "/{id}/deliveries", tags=["webhooks"], summary="Look at the log of a webhook")
    def deliveries(
        id: Id,
        before: Annotated[int, Query(ge=1, le=LAST, description="`next` of the page before.")] = LAST,
        limit: Annotated[int, Query(ge=1, le=500, description="Lines of a page.")] = 100,
        authorization: Authorization = None,
    ) -> Deliveries:
        """Each attempt, the latest first, for 30 days and up to 10,000 of them. Needs a read key."""
        lines = endpoints.attempts(found(authorization, "read", id), before, limit)
        return Deliveries(
            deliveries=[delivery(line) for line in lines], next=lines[-1].id if len(lines) == limit else None
        )

    @app.post(PATH + "/{id}/replay", tags=["webhooks"], summary="Send messages once more", status_code=202)
    def replay(
        id: Id,
        wanted: Annotated[Replay, Body(openapi_examples=REPLAY_EXAMPLES)],
        authorization: Authorization = None,
    ) -> Replayed:
        """One message, sent or not, or all that were given up, up to 10,000 with a call. Needs an admin key."""
        webhook = able(authorization, id)
        if wanted.message is None:
            revived = endpoints.replay_dead(webhook)
            return Replayed(replayed=revived, more=revived == REPLAYED)
        if not endpoints.replay(webhook, wanted.message):
            raise Refusal("not_found", "There is no such message any more, or it is being sent right now.")
        return Replayed(replayed=1, more=False)

    @app.post(PATH + "/{id}/test", tags=["webhooks"], summary="Try a webhook", status_code=202)
    def test(id: Id, authorization: Authorization = None) -> Tested:
        """A message of the type `webhook.test` is sent to this webhook alone. Needs an admin key."""
        return Tested(message=endpoints.test(able(authorization, id)))

    @app.post(PATH + "/{id}/enable", tags=["webhooks"], summary="Enable a webhook")
    def enable(id: Id, authorization: Authorization = None) -> ShownWebhook:
        """Send again to a webhook that was disabled because it answered 410 Gone. Needs an admin key."""
        return ShownWebhook(**shown(*endpoints.enable(found(authorization, "admin", id))))
