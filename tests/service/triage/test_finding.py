"""Every call that names a session: where there is no such part of a log, the answer is not the log but an error."""

from __future__ import annotations

import time

from service.web.player import EVENTS, purpose
from tests.service.live_store import code_of
from tests.service.triage.desk import Desk, Played

NAME = "struggling-dead-coupon"


def test_a_part_that_there_is_not_is_not_found_by_any_call(played: Played) -> None:
    async def scenario(desk: Desk) -> None:
        client, there = desk.one.client, {"authorization": f"Bearer {desk.one.read}"}
        for part in (f"{NAME}.99", f"{NAME}.2", "nobody", "nobody.2"):
            for call in ("", "/card", "/timeline", "/events"):
                answer = await desk.get(f"/v1/sessions/{part}{call}")
                assert (answer.status_code, code_of(answer)) == (404, "not_found"), call
            assert code_of(await desk.get("/v1/why-not", session=part)) == "not_found"
            assert code_of(await desk.care(part, version=1, status="seen")) == "not_found"
            for call in ("/v1/replays", "/v1/assessments"):
                answer = await client.post(call, json={"session": part}, headers=there)
                assert (answer.status_code, code_of(answer)) == (404, "not_found"), call
            one = {"session": part, "label": "calm", "reason": "watched"}
            answer = await client.post(
                "/v1/annotations",
                json={"annotations": [one]},
                headers={"authorization": f"Bearer {desk.annotator}"},
            )
            assert answer.json()["annotations"][0]["error"]["code"] == "not_found"
        assert desk.store.read(lambda db: db.execute("SELECT count(*) FROM views").fetchone()) == (0,)

    played(scenario)


def test_the_player_plays_no_log_for_a_part_that_there_is_not(played: Played) -> None:
    async def scenario(desk: Desk) -> None:
        for part, status in ((NAME, 200), (f"{NAME}.99", 410)):
            secrets, now_ms = desk.one.service.reception.judge.secrets, time.time_ns() // 1_000_000
            token, _ = secrets.token("default", part, purpose("owner"), now_ms)
            answer = await desk.one.client.get(
                f"http://localhost{EVENTS}",
                params={"session": part, "site": "default", "viewer": "owner"},
                headers={"authorization": f"Bearer {token}"},
            )
            assert answer.status_code == status

    played(scenario)
