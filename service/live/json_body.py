"""JSON bodies of calls that only holders of a key may make: bounded in bytes and time, checked against a model."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final, TypeVar

import msgspec
from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.live.refusals import Refusal
from service.live.settings import Settings

M = TypeVar("M", bound=BaseModel)
TOLD: Final = 5  # of what is wrong with a body, the first
Named = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""A name as a session, a stream or an action has it."""
SessionId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}(\.[1-9][0-9]{0,6})?$")]
"""``S``, or ``S.2`` for what follows a pause."""
Theirs = Annotated[str, Field(max_length=200)]
"""What askers call things."""


COMPONENT: Final = "#/components/schemas/{name}"


class Told(BaseModel):
    """A body; what it does not know is an error, so that a misspelt name is not passed over."""

    model_config = ConfigDict(extra="forbid", frozen=True)


async def raw_body(request: Request, settings: Settings) -> bytes:
    """The body of a request.

    Raises
    ------
    Refusal
        ``body_too_long``, ``body_slow``.
    """
    pieces = bytearray()
    try:
        async with asyncio.timeout(settings.body_seconds):
            async for piece in request.stream():
                pieces += piece
                if len(pieces) > settings.body_bytes:
                    raise Refusal("body_too_long", f"The body is longer than {settings.body_bytes:,} bytes.")
    except TimeoutError:
        raise Refusal("body_slow", headers={"connection": "close"}) from None
    return bytes(pieces)


async def json_body(request: Request, model: type[M], settings: Settings) -> M:
    """The body of a request as a model.

    Raises
    ------
    Refusal
        ``body_too_long``, ``body_slow``; ``bad_request``, which names each place that is wrong.
    """
    data = await raw_body(request, settings)
    try:
        if len(data) > settings.aside_bytes:
            return await asyncio.to_thread(model.model_validate_json, data)
        return model.model_validate_json(data or b"{}")
    except ValidationError as error:
        wrong = "; ".join(
            f"${''.join(f'[{one}]' if isinstance(one, int) else f'.{one}' for one in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)[:TOLD]
        )
        raise Refusal("bad_request", f"{wrong}.") from None
    except RecursionError:
        raise Refusal("bad_request", "The JSON is nested too deeply.") from None


def described(model: type[BaseModel], **examples: Any) -> dict[str, Any]:
    """What the API's description says of a body, for a route that reads it itself."""
    shown = {name: {"value": value} for name, value in examples.items()}
    content = {"application/json": {"schema": model.model_json_schema(), "examples": shown}}
    return {"requestBody": {"required": True, "content": content}}


def answered(
    kind: type[msgspec.Struct], text: str, **examples: msgspec.Struct
) -> dict[int | str, dict[str, Any]]:
    """What the API's description says of an answer; its schema is in the components, see ``components``."""
    shown = {name: {"value": msgspec.to_builtins(one)} for name, one in examples.items()}
    schema = {"$ref": COMPONENT.format(name=kind.__name__)}
    return {
        200: {"description": text, "content": {"application/json": {"schema": schema, "examples": shown}}}
    }


def as_json(told: Any) -> Response:
    """An answer in JSON, of anything that msgspec writes."""
    return Response(msgspec.json.encode(told), media_type="application/json")
