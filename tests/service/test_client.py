"""The client: an answer in time, or that there is none; never a low score instead."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import msgspec
import pytest

from data_contracts.assessments import Assessment, BotBlock
from service.client import Client, Refused

TOLD = Assessment(
    assessment_id="as_1",
    session_id="s",
    created_at="2030-01-01T00:00:00Z",
    bot=BotBlock(eligible=True, probability=0.9),
    recommended_action="challenge",
)
WITHOUT = {"login": "challenge"}


def client(answer: httpx.Response | Exception) -> Client:
    def handle(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer secret"
        assert request.url.path == "/v1/assessments"
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Client("http://service", "secret", WITHOUT, httpx.MockTransport(handle))  # type: ignore[arg-type]


def error(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "message": "why"}})


def test_an_answer_is_what_the_service_says() -> None:
    told = client(httpx.Response(200, content=msgspec.json.encode(TOLD))).assess("s", "login")
    assert (told.available, told.assessment, told.action, told.bot_probability) == (
        True,
        TOLD,
        "challenge",
        0.9,
    )


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ReadTimeout("late"),
        httpx.ConnectError("refused"),
        error(503, "busy"),
        error(500, "internal"),
        error(429, "rate_key"),
        httpx.Response(502, text="<html>"),
        httpx.Response(200, text="{}"),
    ],
)
def test_without_an_answer_the_owner_says_what_to_do(answer: httpx.Response | Exception) -> None:
    one = client(answer)
    told = one.assess("s", "login")
    assert (told.available, told.action, told.bot_probability) == (False, "challenge", None)
    assert told.why
    assert one.assess("s", "checkout").action == "allow"


class Dripping(httpx.SyncByteStream):
    """A body that comes byte by byte, each in time, and never ends."""

    def __iter__(self) -> Iterator[bytes]:
        while True:
            time.sleep(0.02)
            yield b" "


def test_an_answer_that_drips_in_is_given_up() -> None:
    begun = time.monotonic()
    told = client(httpx.Response(200, stream=Dripping())).assess("s", "login", timeout=0.2)
    assert not told.available
    assert time.monotonic() - begun < 5


def test_a_wrong_question_is_an_error() -> None:
    with pytest.raises(Refused, match="not_found") as refused:
        client(error(404, "not_found")).assess("s")
    assert refused.value.code == "not_found"
