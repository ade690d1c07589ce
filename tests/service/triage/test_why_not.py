"""Why a session is not in the queue: the filter that it fails, the card that stands for it, or what nobody flagged."""

from __future__ import annotations

from typing import Any

import pytest

from data_contracts.batches import Batch
from data_contracts.recordings import read
from pipelines.store import listing
from service.live.closing import close_ended
from service.triage import pages
from tests.service.live_store import SAMPLES, code_of
from tests.service.triage.desk import Desk, Played

COUPON = "struggling-dead-coupon"


async def why(desk: Desk, session: str, **query: Any) -> dict[str, Any]:
    told: dict[str, Any] = (await desk.get("/v1/why-not", session=session, **query)).json()
    return told


async def again(desk: Desk, many: int) -> None:
    """The same visit some more times, and so the same issue."""
    batches = read(str(SAMPLES / f"{COUPON}.json.gz")).batches
    whole = Batch("p", 0, [event for batch in batches for event in batch.events])
    for i in range(many):
        assert (await desk.one.send(whole, f"again{i}", end=True)).status_code == 200
        await close_ended(desk.one.service.reception)


def test_why_not_says_what_keeps_a_session_out(played: Played) -> None:
    async def scenario(desk: Desk) -> None:
        there = await why(desk, COUPON)
        assert there["listed"]
        assert there["flagged"]
        filtered = await why(desk, COUPON, device="touch", frustration_min=0.1)
        assert (filtered["listed"], filtered["fails"]) == (False, ["device"])
        assert "queue of their own" in (await why(desk, "automated-straight-cursor"))["reasons"][0]
        calm = await why(desk, "calm-buy")
        assert "flagged from 0.25" in calm["reasons"][0] or "no moment" in calm["reasons"][0]
        assert code_of(await desk.get("/v1/why-not", session="nobody")) == "not_found"

    played(scenario)


def test_every_session_is_in_the_queue_or_is_told_which_stands_for_it(played: Played) -> None:
    async def scenario(desk: Desk) -> None:
        await again(desk, 3)
        queue = await desk.listed(order="queue")
        cards = {one["session_id"]: one for one in queue}
        automated = {one["session_id"] for one in await desk.listed(order="automation")}
        folded = 0
        for one in await desk.listed(order="newest"):
            name = one["session_id"]
            told = await why(desk, name)
            if name in automated:
                continue
            assert told["listed"] == (name in cards), name
            if name not in cards:
                folded += 1
                front = cards[told["folded_into"]]
                assert (front["issue"], front["flagged"]) == (one["issue"], True)
                place = 1 + queue.index(front)
                assert told["reasons"] == [
                    f"Another session of its issue stands in front: {front['session_id']}, card {place} of the queue,"
                    f" which stands for {front['count']} sessions of this issue."
                ]
        assert folded >= 2
        (front,) = (one for one in queue if one["issue"] == cards[COUPON]["issue"] and one["flagged"])
        stands = await why(desk, front["session_id"])
        assert stands["folded_into"] is None
        assert stands["reasons"][0].startswith(f"It is card {1 + queue.index(front)} of the queue")

    played(scenario)


def test_once_the_card_in_front_is_dealt_with_another_stands_for_the_issue(played: Played) -> None:
    async def scenario(desk: Desk) -> None:
        await again(desk, 2)
        card = desk.store.card("default", COUPON)
        assert card is not None
        told = await why(desk, "again1", issue=card.issue)
        assert (told["listed"], told["folded_into"]) == (False, COUPON)
        await desk.care(COUPON, version=1, status="resolved", why="duplicate")
        assert (await why(desk, "again1", issue=card.issue))["folded_into"] == "again0"
        assert (await why(desk, "again0", issue=card.issue))["listed"]
        asked = await why(desk, "again1", issue=card.issue, status=["resolved", "new"])
        assert asked["folded_into"] == COUPON, "under these filters that one stands in front again"
        assert (await why(desk, COUPON, issue=card.issue))["folded_into"] is None, "it fails by its status"

    played(scenario)


@pytest.mark.needs("pages")
def test_what_stands_before_a_card_is_counted_as_far_as_anybody_reads(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(desk: Desk) -> None:
        lane = [one for one in await desk.listed(order="queue") if one["lane"] == "worth"]
        last = lane[-1]["session_id"]
        many = (await why(desk, last))["before_it_in_its_lane"]
        assert many >= len(lane) - 1 > 2
        assert f"<p>{many} stand before it.</p>" in await desk.page("/", q=last)
        for module in (listing, pages):
            monkeypatch.setattr(module, "COUNTED", 2)
        assert (await why(desk, last))["before_it_in_its_lane"] == 2
        assert "<p>2+ stand before it.</p>" in await desk.page("/", q=last)

    played(scenario)
