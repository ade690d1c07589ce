"""What webhooks look like to those who ask for them: the models of the calls, with their bounds and examples."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from data_contracts.messages import Topic, iso
from pipelines.store.endpoints import Counts, Secrets, Webhook
from pipelines.store.posting import Attempt
from service.sending import templates

EXAMPLE_ID = "wh_2f6c1d0a9b8e7f54"
EXAMPLE_MESSAGE = "msg_0b1c2d3e4f5061728394a5b6c7d8e9f0"
CREATE_EXAMPLES: dict[str, Any] = {
    "message": {
        "summary": "Messages as they are",
        "value": {"url": "https://shop.example/hooks/watchworthy", "topics": ["flag.raised", "alert.fired"]},
    },
    "capture": {
        "summary": "Scores into a collector of events",
        "value": {
            "url": "https://events.example/capture/",
            "topics": ["decision.written"],
            "template": "capture",
            "fields": {
                "api_key": "phc_…",
                "event": "watchworthy_scored",
                "distinct_id": "{visitor}",
                "properties": {"bot": "{bot}", "frustration": "{frustration}", "verdict": "{verdict}"},
                "timestamp": "{timestamp}",
            },
        },
    },
}
REPLAY_EXAMPLES: dict[str, Any] = {
    "message": {"summary": "One message", "value": {"message": EXAMPLE_MESSAGE}},
    "dead": {"summary": "All that were given up", "value": {"dead": True}},
}

WebhookId = Annotated[str, Field(max_length=64, description="Id of a webhook.", examples=[EXAMPLE_ID])]


class NewWebhook(BaseModel):
    """A webhook to be made."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(
        max_length=2_048, description="Where messages are posted to: https, or http where private is allowed."
    )
    topics: list[Topic] = Field(min_length=1, max_length=5, description="What it is told of.")
    template: Literal["capture"] | None = Field(
        None, description="`capture` posts `fields` instead of the message."
    )
    fields: dict[str, JsonValue] | None = Field(
        None,
        description="JSON whose texts may hold placeholders, as `{session_id}`: fields of the message's data.",
    )
    allow_private: bool = Field(
        False,
        description="Whether it may stand at a private address; else those are refused at each delivery.",
    )

    @model_validator(mode="after")
    def _whole(self) -> NewWebhook:
        if (self.template is None) != (self.fields is None):
            raise ValueError("template and fields go together")
        return self


class ShownWebhook(BaseModel):
    """A webhook as it stands."""

    id: str = Field(examples=[EXAMPLE_ID])
    url: str = Field(examples=["https://shop.example/hooks/watchworthy"])
    topics: list[str] = Field(examples=[["flag.raised"]])
    template: str | None
    fields: dict[str, JsonValue] | None
    allow_private: bool
    created_at: str = Field(examples=["2026-03-01T12:00:00.000Z"])
    disabled_at: str | None = Field(
        description="When it answered 410 Gone; nothing is sent until it is enabled."
    )


class CountedWebhook(ShownWebhook):
    """The same, with the number of its messages by state, each counted up to 10,000."""

    waiting: int
    sent: int
    dead: int


class MadeWebhook(ShownWebhook):
    """The same, with the secret that it is told once."""

    secret: str = Field(description="Verifies what is sent; it is never shown again.", examples=["whsec_…"])


class Webhooks(BaseModel):
    """The webhooks of a site."""

    webhooks: list[CountedWebhook]


class Delivery(BaseModel):
    """One attempt to send one message."""

    message: str = Field(examples=[EXAMPLE_MESSAGE])
    topic: str = Field(examples=["flag.raised"])
    attempt: int = Field(examples=[1])
    at: str = Field(examples=["2026-03-01T12:00:00.000Z"])
    ms: int = Field(description="How long it took.", examples=[84])
    status: int | None = Field(description="Of the answer; null where none came.", examples=[503])
    error: str = Field(description="Why it failed; empty if it did not.", examples=["The answer was 503."])


class Deliveries(BaseModel):
    """A page of the log, the latest first."""

    deliveries: list[Delivery]
    next: int | None = Field(description="`before` of the next page; null on the last.")


class Replay(BaseModel):
    """What to send once more: one message, or all that were given up."""

    model_config = ConfigDict(extra="forbid")

    message: str | None = Field(None, min_length=1, max_length=200)
    dead: bool = False

    @model_validator(mode="after")
    def _one(self) -> Replay:
        if (self.message is None) == (not self.dead):
            raise ValueError("say either message or dead")
        return self


class Replayed(BaseModel):
    """How many messages will be sent once more, and whether further dead ones are left for another call."""

    replayed: int
    more: bool


class Tested(BaseModel):
    """The message that was put on its way; the log says what came of it."""

    message: str = Field(examples=[EXAMPLE_MESSAGE])


def shown(webhook: Webhook, secrets: Secrets) -> dict[str, Any]:
    """The fields of a ``ShownWebhook``."""
    return {
        "id": webhook.name,
        "url": secrets.url,
        "topics": list(webhook.topics),
        "template": webhook.template or None,
        "fields": templates.decoded(secrets.fields) if webhook.template else None,
        "allow_private": webhook.allow_private,
        "created_at": iso(webhook.created_at),
        "disabled_at": None if webhook.disabled_at is None else iso(webhook.disabled_at),
    }


def counted(webhook: Webhook, secrets: Secrets, counts: Counts) -> CountedWebhook:
    """A webhook with its messages."""
    return CountedWebhook(**shown(webhook, secrets), **counts._asdict())


def delivery(attempt: Attempt) -> Delivery:
    """A line of the log."""
    facts = attempt._asdict() | {"at": iso(attempt.at)}
    return Delivery(**{name: facts[name] for name in Delivery.model_fields})
