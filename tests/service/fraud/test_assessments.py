"""Assessments over HTTP are the same as the library's, and what is wrong with a question is named."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from data_contracts.assessments import Assessment
from data_contracts.batches import Batch
from features.log import sessions_of
from models import norms
from models.reason_codes import REASON_CODES
from models.scorer import Scorer
from service.assessing import assess
from service.deciding.site_norms import SiteNorms
from service.fraud.examples import AUTOMATION, UNDETERMINED
from service.live.closing import close_ended
from tests.service.fraud.asker import COUPON, SCRAPER, Asker, played, sample
from tests.service.live_store import code_of


@pytest.mark.parametrize("name", [SCRAPER, COUPON, "calm-touch-only"])
def test_an_assessment_is_what_the_library_says(tmp_path: Path, name: str) -> None:
    async def scenario(asker: Asker) -> None:
        await asker.visit(name)
        told = await asker.asked(session=name)
        (session,) = sessions_of([sample(name)], name)
        ours = assess(Scorer.starter(), session)
        for field in ("bot", "frustration", "conversion", "heads", "worth", "models", "as_of_ms"):
            assert getattr(told, field) == getattr(ours, field), field
        assert told.reasons == ours.reasons
        assert not told.coverage.bound
        again = await asker.call("GET", f"/v1/assessments/{told.assessment_id}")
        assert msgspec.json.decode(again.content, type=Assessment) == told

    played(tmp_path, scenario)


def test_reasons_say_where_the_site_puts_their_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(norms, "LEAST", 4)
    mover = "automated-straight-cursor"  # its reasons read features of the catalogue, which have percentiles
    calm = ("calm-buy", "calm-search", "calm-browse", "calm-compare")

    async def scenario(asker: Asker) -> None:
        await asker.visit(mover)
        assert all(one.site_percentile is None for one in (await asker.asked(session=mover)).reasons)
        for name in calm:
            await asker.visit(name)
        await close_ended(asker.one.service.reception)
        usual = SiteNorms(asker.one.service.store).of("default")
        assert usual.sessions == len(calm) + 1
        told = await asker.call("GET", f"/v1/sessions/{mover}")
        vector = told.json()["vector"]
        found = {
            name: usual.percentile(name, np.nan if value is None else value) for name, value in vector.items()
        }
        assert {name for name, value in found.items() if value is not None}
        asker.one.service.norms.forget()
        told = await asker.call("GET", f"/v1/sessions/{mover}")
        assert told.json()["percentiles"] == found
        assert any(one.site_percentile is not None for one in (await asker.asked(session=mover)).reasons)

    played(tmp_path, scenario)


def test_the_description_shows_an_answer_with_reasons_that_exist() -> None:
    for one in (AUTOMATION, UNDETERMINED):
        assert {reason.code for reason in one.reasons} <= set(REASON_CODES)
        assert msgspec.json.decode(msgspec.json.encode(one), type=Assessment) == one


def test_a_recording_in_the_body_is_assessed_and_not_kept(tmp_path: Path) -> None:
    async def scenario(asker: Asker) -> None:
        events = [json.loads(bytes(event)) for event in sample(SCRAPER).events]
        told = await asker.asked(recording=events)
        (session,) = sessions_of([sample(SCRAPER)], "x")
        assert told.bot == assess(Scorer.starter(), session).bot
        store = asker.one.service.store
        assert store.sessions() == []
        (decision,) = store.decisions()
        assert decision.cause == "asked"
        assert decision.body is not None
        again = await asker.call("POST", f"/v1/decisions/{decision.name}/replay")
        assert again.json()["same"], again.json()
        assert code_of(await asker.ask(recording=[])) == "no_events"
        assert code_of(await asker.ask(recording="<html>")) == "bad_request"

    played(tmp_path, scenario)


def test_a_batch_on_its_way_is_waited_for(tmp_path: Path) -> None:
    async def scenario(asker: Asker) -> None:
        await asker.visit(COUPON, end=False)
        behind = await asker.asked(session=COUPON, after={"stream": "p", "seq": 1})
        assert behind.coverage.behind
        more = b'{"type":4,"data":{"href":"/","width":9,"height":9},"timestamp":1}'
        asked = asyncio.create_task(asker.asked(session=COUPON, after={"stream": "p", "seq": 1}))
        await asyncio.sleep(0.05)
        assert (await asker.one.send(Batch("p", 1, [more]), COUPON)).status_code == 200
        assert not (await asked).coverage.behind

    played(tmp_path, scenario)


def test_a_page_names_its_session_and_the_part_that_goes_on_is_meant(tmp_path: Path) -> None:
    async def scenario(asker: Asker) -> None:
        later = 3 * 3_600_000
        first = [json.loads(bytes(event)) for event in sample(COUPON).events]
        second = [event | {"timestamp": event["timestamp"] + later} for event in first[: len(first) // 2]]
        for seq, events in enumerate((first, second)):
            batch = Batch(f"p{seq}", 0, [json.dumps(event).encode() for event in events])
            assert (await asker.one.send(batch, "two")).status_code == 200
        assert (await asker.asked(session="two")).session_id == "two.2"
        assert (await asker.asked(session="two.2")).session_id == "two.2"
        assert (await asker.asked(session="two.1")).session_id == "two"
        token = await asker.token("two", "checkout")
        bound = await asker.asked(session="two.2", action="checkout", token=token)
        assert bound.coverage.bound
        assert code_of(await asker.ask(session="two.3")) == "not_found"

    played(tmp_path, scenario)


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ({}, "give a session or a recording"),
        ({"session": "a b"}, "$.session"),
        ({"session": "a", "sesion": "b"}, "$.sesion"),
        ({"session": "a", "after": {"stream": "p", "seq": -1}}, "$.after.seq"),
        ({"session": "a", "subject": "x" * 999}, "$.subject"),
    ],
)
def test_what_is_wrong_with_a_question_is_named(tmp_path: Path, told: dict[str, Any], where: str) -> None:
    async def scenario(asker: Asker) -> None:
        answer = await asker.ask(**told)
        assert code_of(answer) == "bad_request"
        assert where in answer.json()["error"]["message"]

    played(tmp_path, scenario)
