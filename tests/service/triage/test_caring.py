"""Care of cards: one person at a time, on record, and back when the time to sleep is over."""

from __future__ import annotations

import asyncio
import re
import time

import pytest

from tests.service.live_store import code_of
from tests.service.triage.desk import Desk, Played


def test_a_card_is_cared_for_by_one_person_at_a_time(played: Played) -> None:
    name = "struggling-dead-coupon"

    async def scenario(desk: Desk) -> None:
        seen = await desk.care(name, version=1, status="seen")
        assert (seen.json()["status"], seen.json()["version"]) == ("seen", 2)
        assert code_of(await desk.care(name, version=1, status="seen")) == "card_changed"
        assert code_of(await desk.care(name, version=2, status="resolved")) == "bad_request"
        assert code_of(await desk.care(name, version=2, status="assigned")) == "bad_request"
        assigned = await desk.care(name, version=2, status="assigned", assignee="Ada")
        assert assigned.json()["assignee"] == "Ada"
        until = time.time_ns() // 1_000_000 + 600
        await desk.care(name, version=3, status="snoozed", snoozed_until_ms=until)
        assert name not in {one["session_id"] for one in await desk.listed()}
        assert "snoozed" in (await desk.get("/v1/why-not", session=name)).json()["reasons"][0]
        assert (
            code_of(await desk.care(name, version=4, status="snoozed", snoozed_until_ms=0)) == "snooze_over"
        )
        await asyncio.sleep(0.7)
        back = {one["session_id"]: one for one in await desk.listed(limit=100)}
        assert back[name]["status"] == "new", "it comes back by itself"
        desk.one.service.wake(time.time_ns() // 1_000_000)
        assert ("woke",) in desk.store.read(lambda db: db.execute("SELECT what FROM changes").fetchall())
        version = (await desk.get(f"/v1/sessions/{name}/card")).json()["version"]
        assert version == 5, "whoever follows hears of it"
        await desk.care(name, version=version, status="resolved", why="fixed", note="release 12")
        assert name not in {one["session_id"] for one in await desk.listed()}
        told = (await desk.get(f"/v1/sessions/{name}/card")).json()
        assert told["why"] == "fixed: release 12"
        became = [one["became"]["status"] for one in told["history"]]
        assert became == ["seen", "assigned", "snoozed", "new", "resolved"]
        assert len({one["who"] for one in told["history"]} - {""}) == 1

    played(scenario)


@pytest.mark.needs("pages")
def test_a_page_shows_a_card_as_new_the_moment_its_sleep_is_over(played: Played) -> None:
    name = "struggling-dead-coupon"

    async def scenario(desk: Desk) -> None:
        for version, ms in ((1, 3_600_000), (2, 300)):
            until = time.time_ns() // 1_000_000 + ms
            answer = await desk.care(name, version=version, status="snoozed", snoozed_until_ms=until)
            assert answer.status_code == 200
            if version == 1:
                assert "snoozed" in chips(await desk.page(f"/sessions/{name}"))
        await asyncio.sleep(0.4)
        listed = await desk.page("/", status="new")
        card = listed[listed.index(f'data-session="{name}"') :]
        assert "new" in chips(card[: card.index("</article>")])
        assert "snoozed" not in chips(listed)
        assert "snoozed" not in chips(await desk.page(f"/sessions/{name}"))
        assert desk.store.card("default", name).status == "snoozed", "nobody has woken it yet"  # type: ignore[union-attr]

    played(scenario)


def chips(page: str) -> list[str]:
    return re.findall(r'<span class="chip[^"]*">([^<]*)</span>', page)
