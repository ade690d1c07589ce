"""Why a session is not in the queue: the filter that it fails, the card that stands for it, or what nobody flagged."""

from __future__ import annotations

from typing import Any

from tests.service.live_store import code_of
from tests.service.triage.desk import Desk, Played


def test_why_not_says_what_keeps_a_session_out(played: Played) -> None:
    async def scenario(desk: Desk) -> None:
        async def why(session: str, **query: Any) -> dict[str, Any]:
            told: dict[str, Any] = (await desk.get("/v1/why-not", session=session, **query)).json()
            return told

        there = await why("struggling-dead-coupon")
        assert there["listed"]
        assert there["flagged"]
        filtered = await why("struggling-dead-coupon", device="touch", frustration_min=0.1)
        assert (filtered["listed"], filtered["fails"]) == (False, ["device"])
        assert "queue of their own" in (await why("automated-straight-cursor"))["reasons"][0]
        calm = await why("calm-buy")
        assert "flagged from 0.25" in calm["reasons"][0] or "no moment" in calm["reasons"][0]
        assert code_of(await desk.get("/v1/why-not", session="nobody")) == "not_found"

    played(scenario)
