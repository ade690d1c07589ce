"""Decisions on the live path: written when something changed and at the end, replayable from their records."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_contracts import decisions
from data_contracts.batches import Batch
from data_contracts.recordings import read
from features.log import sessions_of
from pipelines.readings import recut
from pipelines.store.deciding import KEY_BYTES, Told
from pipelines.store.store import Store
from service.deciding.outcomes import outcome
from service.deciding.records import Kept
from service.live.closing import close_ended
from service.live.live_sessions import FACT_BYTES
from tests.service.live_store import SAMPLES, Served


def sample(name: str, many: int = 12) -> list[Batch]:
    batches = read(str(SAMPLES / f"{name}.json.gz")).batches
    whole = Batch("p", 0, [event for batch in batches for event in batch.events])
    return recut([whole], many, np.random.default_rng(5))


def told(store: Store, part: str = "s") -> list[Told]:
    return store.decisions(site="default", part=part)


async def visit(one: Served, batches: list[Batch], session: str = "s") -> None:
    for batch in batches:
        assert (await one.send(batch, session, end=batch is batches[-1])).status_code == 200


def test_a_struggle_is_flagged_while_it_happens_and_named_at_the_end(tmp_path: Path) -> None:
    batches = sample("struggling-dead-coupon")

    async def scenario() -> None:
        async with Served(tmp_path) as one:
            store = one.service.store
            await visit(one, batches)
            live = [decisions.read(row.body or b"") for row in told(store)]
            assert {row.cause for row in live} == {"changed"}
            assert 1 < len(live) < len(batches), "not one for each batch"
            assert live[-1].outcome.flagged
            before = [row.outcome.flagged for row in live]
            assert before.index(True) < len(before), "flagged before it ended"
            assert await close_ended(one.service.reception) == 1
            assert await close_ended(one.service.reception) == 0
            last = decisions.read(told(store)[-1].body or b"")
            assert last.cause == "ended"
            assert last.log_number == len(batches)
            assert "no response" in (last.outcome.headline or "")
            card = store.card("default", "s")
            assert card is not None
            assert (card.flagged, card.final, card.headline) == (1, 1, last.outcome.headline)
            assert " dead_click " in card.signals or " rage_click " in card.signals
            assert "/cart" in card.pages
            assert card.device == "mouse"
            (session,) = sessions_of(batches, "s")
            assert last.vector == session.vector.tobytes()

    asyncio.run(scenario())


def test_every_record_says_the_same_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            for name in (
                "struggling-dead-coupon",
                "automated-straight-cursor",
                "calm-buy",
                "calm-touch-only",
            ):
                await visit(one, sample(name), name)
            await close_ended(one.service.reception)
            judge = one.service.reception.judge
            rows = one.service.store.decisions(most=1_000)
            assert len(rows) > 8
            for row in rows:
                made = decisions.read(row.body or b"")
                assert decisions.canonical(made) == row.body
                scores = judge.scorer.scores(Kept(made))
                unusual = judge.scorer.scorer.unusual(Kept(made)) if made.cause == "ended" else None
                given = (made.facts, made.seen_before, made.stake)
                again = outcome(judge.scorer, scores, judge.policy, *given, unusual=unusual)
                assert again == made.outcome

    asyncio.run(scenario())


def test_the_same_issue_again_is_rarer_news(tmp_path: Path) -> None:
    batches = sample("struggling-dead-coupon")

    async def scenario() -> None:
        async with Served(tmp_path) as one:
            for name in ("a", "b", "c"):
                await visit(one, batches, name)
                await close_ended(one.service.reception)
            cards = [one.service.store.card("default", name) for name in ("a", "b", "c")]
            assert [card.seen_before for card in cards if card] == [0, 1, 2]
            worths = [card.worth or 0.0 for card in cards if card]
            assert worths == sorted(worths, reverse=True)
            assert worths[0] > worths[2]
            assert len({card.issue for card in cards if card}) == 1

    asyncio.run(scenario())


def test_what_is_at_risk_on_a_page_weighs(tmp_path: Path) -> None:
    batches = sample("struggling-dead-coupon")
    found: dict[float, Any] = {}
    for stake in (1.0, 0.5, 0.1):

        async def scenario(stake: float = stake) -> None:
            async with Served(tmp_path / str(stake), stakes={"/nothing*": 0.9, "/cart*": stake}) as one:
                await visit(one, batches)
                await close_ended(one.service.reception)
                found[stake] = one.service.store.card("default", "s")
                made = decisions.read(told(one.service.store)[-1].body or b"")
                assert made.stake == stake

        asyncio.run(scenario())
    assert [card.flagged for card in found.values()] == [1, 1, 0]
    for stake, card in found.items():
        assert card.worth == pytest.approx(stake * card.frustration)


def test_a_restart_writes_no_decision_twice(tmp_path: Path) -> None:
    batches = sample("struggling-dead-coupon", 20)

    async def first() -> int:
        async with Served(tmp_path) as one:
            await visit(one, batches[:-4])
            rows = told(one.service.store)
            assert decisions.read(rows[-1].body or b"").outcome.flagged
            return len(rows)

    async def second() -> list[Told]:
        async with Served(tmp_path) as one:
            await visit(one, batches[-4:-3])
            return told(one.service.store)

    before = asyncio.run(first())
    assert len(asyncio.run(second())) == before


def test_a_session_that_goes_on_after_its_end_is_decided_on_again(tmp_path: Path) -> None:
    batches = sample("calm-buy")

    async def scenario() -> None:
        async with Served(tmp_path) as one:
            for batch in batches[:-1]:
                assert (await one.send(batch, end=batch is batches[-2])).status_code == 200
            assert await close_ended(one.service.reception) == 1
            assert (await one.send(batches[-1], end=True)).status_code == 200
            assert await close_ended(one.service.reception) == 1
            ends = [row.log_number for row in told(one.service.store) if row.cause == "ended"]
            assert ends == [len(batches) - 1, len(batches)]

    asyncio.run(scenario())


def test_a_session_that_fell_silent_is_decided_on_for_the_last_time(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            store = one.service.store
            for batch in sample("struggling-dead-coupon"):
                assert (await one.send(batch)).status_code == 200
            assert await close_ended(one.service.reception) == 0, "it goes on"
            now_ms = time.time_ns() // 1_000_000
            assert store.end_due(now_ms + 29 * 60_000) == []
            assert len(store.end_due(now_ms + 31 * 60_000)) == 1
            assert await close_ended(one.service.reception) == 1
            card = store.card("default", "s")
            assert card is not None
            assert (card.final, card.flagged) == (1, 1)

    asyncio.run(scenario())


def test_a_flagged_session_weighs_what_is_kept_of_its_moments(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            await visit(one, sample("struggling-dead-coupon"))
            live = one.service.reception.sessions.held(("default", "s"))
            assert live is not None
            assert live.struggle is not None
            facts = len(live.struggle.facts)
            heavy, live.struggle = live.weigh(), None
            assert heavy - live.weigh() == FACT_BYTES * facts > 0

    asyncio.run(scenario())


def test_of_an_erased_session_only_the_commitments_stay(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            store = one.service.store
            await visit(one, sample("struggling-dead-coupon"))
            await close_ended(one.service.reception)
            before = [(row.id, row.commitment) for row in told(store)]
            assert store.erase("default", "s")
            rows = store.decisions()
            assert [(row.id, row.commitment) for row in rows] == before
            assert all(row.body is None and row.part == "" for row in rows)
            assert store.card("default", "s") is None

    asyncio.run(scenario())


def test_a_changed_record_is_not_believed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            store = one.service.store
            await visit(one, sample("calm-buy"))
            store.write(lambda db: db.execute("UPDATE decisions SET commitment = zeroblob(32)"), ()).result()
            with pytest.raises(Exception, match="store_corrupt"):
                store.decisions()

    assert KEY_BYTES == 32
    asyncio.run(scenario())
