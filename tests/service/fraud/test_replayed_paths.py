"""A path that another session of the site took is told once the session has ended, and how unusual it was."""

from __future__ import annotations

import asyncio
from pathlib import Path

from service.live.closing import close_ended
from tests.service.fraud.test_assessments import Asker
from tests.service.live_store import Served

PERSON, OTHER = "calm-keypad", "calm-browse"


def test_both_moments_are_told_when_the_session_has_ended(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            asker = Asker(one)
            for name in ("first", "second"):
                await asker.visit(PERSON, name)
            await asker.visit(OTHER, "third")
            await asker.visit(OTHER, "fourth", end=False)
            assert (await asker.asked(session="fourth")).unusual.score is None, "it goes on"
            before = await asker.asked(session="second", reference="r1")
            assert "REPLAYED_PATH" not in {reason.code for reason in before.reasons}
            await close_ended(one.service.reception)
            told = await asker.asked(session="second", reference="r2")
            (reason,) = [reason for reason in told.reasons if reason.code == "REPLAYED_PATH"]
            assert reason.t_ms
            assert "in first" in reason.text
            assert reason.text.count("from 0:") == 2
            assert reason.weight == 0, "no model weighs it: the score stands"
            assert told.bot.probability == before.bot.probability
            assert told.unusual.score is not None
            alone = await asker.asked(session="third")
            assert "REPLAYED_PATH" not in {reason.code for reason in alone.reasons}
            assert one.service.store.erase("default", "first")
            after = await asker.asked(session="second", reference="r3")
            assert "REPLAYED_PATH" not in {reason.code for reason in after.reasons}

    asyncio.run(scenario())
