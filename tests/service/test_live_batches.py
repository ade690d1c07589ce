"""The door for batches: what is taken, what is refused and how."""

from __future__ import annotations

import asyncio
import gzip
import time
from pathlib import Path
from typing import Any

import pytest

from data_contracts.batches import Batch
from data_contracts.compression import zstd
from models.heads import HEADS
from service.live.batches_route import PATH
from service.live.reception import Reception
from tests.features.streams import encoded, stream
from tests.service.live_store import ORIGIN, Served, code_of, request

EVENTS = encoded(stream(3))
FIRST, SECOND = Batch("p", 0, EVENTS[:8]), Batch("p", 1, EVENTS[8:])


def held(one: Served, session: str = "s") -> list[Batch]:
    return [batch for _, batch in one.service.store.batches("default", session)]


def deep(levels: int) -> bytes:
    return b'[{"type":6,"timestamp":1,"data":' + b"[" * levels + b"]" * levels + b"}]"


def test_the_events_may_be_an_array_or_lines_plain_or_packed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            plain = request(one.write, FIRST, "a")
            lines = request(one.write, FIRST, "b", ndjson=True)
            zipped = gzip.compress(request(one.write, FIRST, "c"))
            zstandard = zstd.compress(request(one.write, FIRST, "d", ndjson=True))
            assert (await one.post(plain)).json() == {"ok": True, "seq": 0, "interventions": []}
            assert (await one.post(lines)).status_code == 200
            assert (await one.post(zipped, content_encoding="gzip")).status_code == 200
            assert (await one.post(zstandard, content_encoding="zstd")).status_code == 200
            vectors = [(await one.session(name)).json()["vector"] for name in "abcd"]
            assert all(vector == vectors[0] for vector in vectors)
            assert [held(one, name)[0].events for name in "abcd"] == [FIRST.events] * 4

    asyncio.run(scenario())


def test_a_repeat_gets_the_same_answer_and_another_body_a_conflict(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            first = await one.send(FIRST)
            again = await one.send(FIRST)
            assert again.content == first.content
            assert len(held(one)) == 1
            other = await one.send(FIRST._replace(events=EVENTS[:7]))
            assert (other.status_code, code_of(other)) == (409, "seq_conflict")
            one.service.reception.sessions.drop(("default", "s"))
            assert (await one.send(FIRST)).content == first.content
            assert code_of(await one.send(FIRST._replace(events=EVENTS[:7]))) == "seq_conflict"
            text = (await one.client.get("/metrics")).text
            assert "watchworthy_batches_total 1.0" in text
            assert "watchworthy_repeats_total 2.0" in text
            told = dict(line.split(" ") for line in text.splitlines() if line[0] != "#" and "{" not in line)
            assert float(told["watchworthy_commits_total"]) >= 1
            assert float(told["watchworthy_disk_free_bytes"]) > 0
            assert float(told["watchworthy_queue_batches"]) == 0
            assert 'watchworthy_refusals_total{reason="seq_conflict"} 2.0' in text

    asyncio.run(scenario())


def test_an_answer_to_a_write_key_tells_nothing_of_the_visitor(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            for batch in (FIRST, SECOND):
                answer = await one.send(batch)
                assert set(answer.json()) == {"ok", "seq", "interventions"}
                words = answer.text + str(answer.headers)
                assert not any(head.name in words for head in HEADS)
            refused = await one.client.get("/v1/sessions/s", headers={"authorization": f"Bearer {one.write}"})
            assert (refused.status_code, code_of(refused)) == (403, "role_refused")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", {}, 400, "bad_header"),
        (b"[]", {}, 400, "bad_header"),
        (b'{"key":"k","session":"a b","stream":"p","seq":0}\n[]', {}, 400, "bad_header"),
        (b'{"key":"k","session":"a.2","stream":"p","seq":0}\n[]', {}, 400, "bad_header"),
        (b'{"key":"k","session":"a","stream":"p","seq":-1}\n[]', {}, 400, "bad_header"),
        (b'{"key":"k","session":"a","stream":"p"}\n[]', {}, 400, "bad_header"),
        (b'{"key":"\xff","session":"a","stream":"p","seq":0}\n[]', {}, 400, "bad_header"),
        (b" " * 5_000 + b"\n[]", {}, 400, "bad_header"),
        (b"KEY", {"content_encoding": "br"}, 415, "encoding_refused"),
        (b"KEY", {"content_encoding": "gzip"}, 422, "compression_broken"),
        (gzip.compress(b" " * 400_000), {"content_encoding": "gzip"}, 422, "compression_bomb"),
        (b"KEY[" + b"0," * 60_000 + b"0]", {}, 413, "body_too_long"),
        (b'KEY[{"type":1', {}, 422, "json_broken"),
        (b"KEY[] []", {}, 422, "json_broken"),
        (b"KEYhello", {}, 422, "json_broken"),
        (b"KEY" + deep(90), {}, 422, "input_too_deep"),
        (b"KEY[" + b"0," * 60 + b"0]", {}, 422, "too_many_events"),
    ],
)
def test_what_is_wrong_is_refused_in_one_shape_and_leaves_nothing(
    tmp_path: Path, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    async def scenario() -> None:
        settings: dict[str, Any] = {
            "body_bytes": 100_000,
            "unpacked_bytes": 300_000,
            "batch_events": 60,
            "depth": 64,
        }
        async with Served(tmp_path, **settings, unpack_ratio=20) as one:
            head = request(one.write, Batch("p", 0, [])).partition(b"\n")[0] + b"\n"
            answer = await one.post(body.replace(b"KEY", head), **headers)
            assert (answer.status_code, code_of(answer)) == (status, code)
            assert not held(one)
            assert f'reason="{code}"}} 1.0' in (await one.client.get("/metrics")).text
            assert (await one.send(FIRST)).status_code == 200, "and the next good one is taken"

    asyncio.run(scenario())


def test_events_from_the_far_future_are_left_out_and_counted(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path, future_hours=24) as one:
            far = int(time.time() * 1_000) + 25 * 3_600_000
            now = [b'{"type":5,"data":{"tag":"x","payload":{}},"timestamp":%d}' % 1_600_000_000_000]
            events = [*now, b'{"type":5,"data":{"tag":"x","payload":{}},"timestamp":%d}' % far]
            answer = await one.send(Batch("p", 0, events))
            assert answer.json()["refused"] == {"clock_outlier": 1}
            assert held(one)[0].events == now
            assert (await one.send(Batch("p", 0, events))).content == answer.content
            near = far - 2 * 3_600_000
            events = [b'{"type":5,"data":{"tag":"x","payload":{}},"timestamp":%d}' % near]
            assert "refused" not in (await one.send(Batch("p", 1, events))).json()
            assert 'reason="clock_outlier"} 1.0' in (await one.client.get("/metrics")).text

    asyncio.run(scenario())


def test_a_batch_too_far_ahead_is_refused_and_the_session_goes_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            await one.send(FIRST)
            far = await one.send(SECOND._replace(seq=257))
            assert (far.status_code, code_of(far)) == (422, "seq_too_far")
            assert (await one.send(SECOND._replace(seq=256))).status_code == 200
            assert one.service.reception.sessions.rebuilds == 0

    asyncio.run(scenario())


def test_the_wrong_method_and_address(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            wrong = await one.client.put(PATH)
            assert (wrong.status_code, code_of(wrong)) == (405, "method_refused")
            assert code_of(await one.client.get("/v1/nothing")) == "not_found"
            assert code_of(await one.session("s.x")) == "not_found"
            for code in ("busy", "seq_conflict", "json_broken"):
                told = (await one.client.get(f"/v1/errors/{code}")).json()
                assert told["code"] == code
                assert told["text"]
            described = (await one.client.get("/openapi.json")).json()
            assert set(described["paths"][PATH]["post"]["requestBody"]["content"]) == {"text/plain"}
            assert "/v1/replays" in described["paths"], "beside the pages, which are not described"

    asyncio.run(scenario())


def test_pages_may_read_answers_but_only_with_a_key_that_lets_them(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            one.service.keys.revoke(one.write.split("_")[2])
            one.write, _ = one.service.keys.create("write", origins=(ORIGIN, "https://*.shop.example"))
            for origin, allowed in (
                (ORIGIN, True),
                ("https://a.shop.example", True),
                ("https://evil.example", False),
            ):
                asked = await one.client.options(
                    PATH, headers={"origin": origin, "access-control-request-method": "POST"}
                )
                assert asked.status_code == 204
                answer = await one.post(request(one.write, FIRST), origin=origin)
                assert answer.status_code == (200 if allowed else 403)
                for told in (asked, answer):
                    named = told.headers.get("access-control-allow-origin")
                    assert named == (origin if allowed else None)
                    assert "access-control-allow-credentials" not in told.headers
                    assert told.headers["vary"] == "origin"
            assert code_of(await one.post(request(one.write, FIRST))) == "origin_refused"
            bad = await one.post(request(one.write, FIRST)[:40], origin=ORIGIN)
            assert bad.headers["access-control-allow-origin"] == ORIGIN, "a page may read why"
            other = await one.client.get("/v1/sessions/s", headers={"origin": ORIGIN})
            assert "access-control-allow-origin" not in other.headers

    asyncio.run(scenario())


def test_what_a_session_may_not_hold_is_refused_before_it_is_folded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folded: list[Batch] = []
    fold = Reception._fold

    def noted(self: Reception, live: Any, batch: Batch, ends: bool) -> Any:
        folded.append(batch)
        return fold(self, live, batch, ends)

    monkeypatch.setattr(Reception, "_fold", noted)
    events = EVENTS[-2:]

    async def scenario() -> None:
        async with Served(tmp_path) as one:
            limits = one.service.store.limits
            for gap in range(limits.gaps + 1):
                assert (await one.send(Batch("p", 2 * gap, events))).status_code == 200
            for number in range(limits.open_streams - 1):
                assert (await one.send(Batch(f"q{number}", 0, events))).status_code == 200
            taken = len(folded)
            assert code_of(await one.send(Batch("p", 2 * limits.gaps + 2, events))) == "too_many_gaps"
            assert code_of(await one.send(Batch("p", 2 * limits.gaps + 257, events))) == "seq_too_far"
            assert code_of(await one.send(Batch("r", 0, events))) == "too_many_streams"
            assert len(folded) == taken
            text = (await one.client.get("/metrics")).text
            for code in ("too_many_gaps", "seq_too_far", "too_many_streams"):
                assert f'watchworthy_refusals_total{{reason="{code}"}} 1.0' in text

    asyncio.run(scenario())
