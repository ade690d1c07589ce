"""The fourth law, of the scrub: what it masks changes no feature, signal or page view, to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.batches import Batch
from data_contracts.json_scan import Scan
from data_contracts.scrub import scrub, scrubbed_text
from data_contracts.stream import Stream
from features.log import sessions_of
from tests.features.streams import Event, encoded, stream
from tests.features.test_laws import batches_of, same

SEEDS = st.integers(0, 2**32 - 1)


def after(batch: Batch) -> tuple[Batch, int]:
    """The batch after the scrub, and how many places were masked."""
    text = bytearray(b"[" + b",".join(batch.events) + b"]")
    done = scrub(text)
    assert done.walked
    assert not done.packed
    whole = bytes(text)
    events = [whole[begin:end] for begin, end in Scan(whole).elements(0)]
    assert list(map(len, events)) == list(map(len, batch.events))
    return Batch(batch.stream, batch.seq, events), sum(done[1:])


def tainted(events: list[Event], seed: int) -> list[Event]:
    """Events with secrets in every place that a digest is taken of, and in what was typed."""
    rng = np.random.default_rng(seed)

    def some(*values: str) -> str:
        return values[int(rng.integers(len(values)))]

    def address(path: str) -> str:
        user = some("", "", "joe:pw@")
        query = some(
            "",
            f"?token={some('ab', 'cd', 'efg', 'a/b')}",
            "?p=1&email=joe@a.example",
            "?to=%3Fsid%3Dab%26p=1",
        )
        return (
            f"https://{user}shop.example/{path}{query}{some('', '#/cb?code=12', '#access_token=ab', '#top')}"
        )

    def custom(tag: str, payload: Any) -> Event:
        return {"type": 5, "data": {"tag": tag, "payload": payload}, "timestamp": t}

    made: list[Event] = []
    for event in events:
        data, t = event["data"], event["timestamp"]
        if event["type"] == 4:
            event = {**event, "data": {**data, "href": address(some("a", "b"))}}
        elif data.get("source") == 5:
            event = {**event, "data": {**data, "text": some("4111 1111 1111 1111", "ä😀\n", "a/b", "***")}}
        elif data.get("plugin") == "rrweb/console@1":
            event = {
                **event,
                "data": {**data, "payload": {"level": "error", "trace": [address("app.js") + ":1:2"]}},
            }
        elif data.get("plugin") == "rrweb/network@1":
            request = {
                "name": address(some("api", "api/joe@a.example", "cards/4111111111111111")),
                "status": 500,
            }
            event = {**event, "data": {**data, "payload": {"requests": [request]}}}
        elif rng.random() < 0.2:
            to = some(address("a"), "?code=77", "b?code=78", "code=79", "/c#access_token=12")
            crumb = {"category": "navigation", "data": {"to": to}, "timestamp": t / 1_000}
            made.append(
                (
                    custom("ww.page", {"href": to}),
                    custom("$pageview", {"href": to}),
                    custom("breadcrumb", crumb),
                    custom("performanceSpan", {"op": "navigation.push", "description": to}),
                    custom(
                        "performanceSpan",
                        {"op": "resource.fetch", "description": to, "data": {"statusCode": 200}},
                    ),
                    custom("ww.goal", {"name": some("order of joe@a.example", "order")}),
                )[int(rng.integers(6))]
            )
        made.append(event)
    return made


@given(SEEDS, st.booleans())
def test_secrets_in_every_address_change_nothing(seed: int, escaped: bool) -> None:
    events = encoded(tainted(stream(seed), seed))
    if escaped:
        events = [event.replace(b"/", b"\\/").replace(b"@", b"\\u0040") for event in events]
    batch = Batch("s", 0, events)
    masked, places = after(batch)
    assert places > 0
    same(sessions_of([batch], "x"), sessions_of([masked], "x"))


@given(SEEDS)
def test_no_page_view_holds_a_secret(seed: int) -> None:
    taken = Stream()
    taken.push(0, encoded(tainted(stream(seed), seed)))
    for page in taken.pages:
        assert page.address == scrubbed_text(page.address)
        assert "joe" not in page.address


def test_real_recordings_are_scrubbed_and_nothing_changes(some_recordings: list[Path]) -> None:
    places = 0
    for path in some_recordings:
        if batches := batches_of(path):
            masked = [after(batch) for batch in batches]
            places += sum(count for _, count in masked)
            same(sessions_of(batches, "x"), sessions_of([batch for batch, _ in masked], "x"))
            assert not any(after(batch)[1] for batch, _ in masked), "a second scrub masks nothing"
    assert places > 100
