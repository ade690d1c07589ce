"""What is kept of an assessment: it can be made again, annotated, and erased."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from data_contracts import decisions
from data_contracts.errors import WatchworthyError
from models.bundle import STARTER
from pipelines import audit
from service.live.closing import close_ended
from tests.service.fraud.asker import COUPON, SCRAPER, Asker, played, sample
from tests.service.live_store import Served, code_of


def test_annotations_late_in_bulk_repeated_and_taken_back(tmp_path: Path) -> None:
    async def scenario(asker: Asker) -> None:
        store = asker.one.service.store
        await asker.visit(COUPON)
        told = await asker.asked(session=COUPON, reference="order-17")
        await close_ended(asker.one.service.reception)
        now_ms = time.time_ns() // 1_000_000
        assert store.seal("default", COUPON, now_ms)
        asker.one.service.reception.sessions.drop(("default", COUPON))
        given = [
            {"reference": "order-17", "label": "person", "reason": "chargeback", "key": "cb-1"},
            {"session": COUPON, "label": "struggle", "reason": "watched", "from_ms": 7_000, "to_ms": 9_000},
            {"assessment": told.assessment_id, "label": "person", "reason": "chargeback", "key": "cb-1"},
            {"reference": "order-18", "label": "person", "reason": "paid"},
        ]
        answer = await asker.call("POST", "/v1/annotations", asker.annotator, json={"annotations": given})
        first, _, same, missing = answer.json()["annotations"]
        assert first["session"] == COUPON
        assert same["annotation_id"] == first["annotation_id"]
        assert missing["error"]["code"] == "not_found"
        assert store.card("default", COUPON).label == "person"  # type: ignore[union-attr]
        kept = (await asker.call("GET", f"/v1/annotations?session={COUPON}")).json()["annotations"]
        assert [one["label"] for one in kept] == ["person", "struggle"]
        records = [row for row in store.decisions(part=COUPON) if row.cause in ("asked", "ended")]
        assert all(row.body and b'"vector"' in row.body for row in records), "it can still be learnt from"
        back = {"session": COUPON, "label": "person", "reason": "other", "retracts": first["annotation_id"]}
        await asker.call("POST", "/v1/annotations", asker.annotator, json={"annotations": [back]})
        assert store.card("default", COUPON).label == ""  # type: ignore[union-attr]
        kept = (await asker.call("GET", f"/v1/annotations?session={COUPON}")).json()["annotations"]
        assert [one["retracted"] for one in kept] == [True, False, False]
        wrong = [
            {"reference": "order-17", "label": "automation", "reason": "chargeback", "key": "cb-1"},
            back
            | {
                "retracts": (await asker.call("GET", f"/v1/annotations?session={COUPON}")).json()[
                    "annotations"
                ][2]["annotation_id"]
            },
        ]
        answer = await asker.call("POST", "/v1/annotations", asker.annotator, json={"annotations": wrong})
        codes = [one["error"]["code"] for one in answer.json()["annotations"]]
        assert codes == ["already_stored", "annotation_missing"]
        refused = await asker.call("POST", "/v1/annotations", json={"annotations": [back]})
        assert code_of(refused) == "role_refused"

    played(tmp_path, scenario)


def test_a_decision_is_made_again_with_the_models_that_made_it(tmp_path: Path) -> None:
    data, own = tmp_path / "data", tmp_path / "models"
    name = "automated-straight-cursor"
    ids: list[str] = []

    async def decided() -> None:
        async with Served(data) as one:
            asker = Asker(one)
            await asker.visit(name)
            await asker.asked(session=name)
            ids.append(one.service.store.decisions()[-1].name)

    async def replayed(said: dict[str, Any]) -> None:
        async with Served(data, models=own) as one:
            asker = Asker(one)
            told = (await asker.call("POST", f"/v1/decisions/{ids[0]}/replay")).json()
            assert {field["field"] for field in told["differs"]} == set(said["differs"]), told
            assert told["same"] is said["same"]

    asyncio.run(decided())
    shutil.copytree(STARTER / "bot", own / "bot")
    head = json.loads((own / "bot" / "head.json").read_text())
    (own / "bot" / "head.json").write_text(json.dumps(head | {"base_rate": 0.5}))
    asyncio.run(replayed({"same": True, "differs": []}))
    shutil.rmtree(data / "bundles")
    asyncio.run(replayed({"same": False, "differs": ["bundle", "outcome.heads.bot.probability"]}))


def test_nothing_of_a_session_comes_back_that_is_erased_while_it_is_assessed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(asker: Asker) -> None:
        await asker.visit(COUPON)
        store = asker.one.service.store
        decide = store.decide

        def late(*given: Any, **named: Any) -> Any:
            store.erase("default", COUPON)
            return decide(*given, **named)

        monkeypatch.setattr(store, "decide", late)
        assert code_of(await asker.ask(session=COUPON)) == "payload_expired"
        count = "SELECT count(*) FROM assessments"
        assert store.read(lambda db: db.execute(count).fetchone()) == (0,)
        with pytest.raises(WatchworthyError, match="payload_expired"):
            store.keys.of("default", COUPON)

    played(tmp_path, scenario)


def test_the_record_says_what_was_recommended_and_why(tmp_path: Path) -> None:
    async def scenario(asker: Asker) -> None:
        store = asker.one.service.store
        await asker.visit(COUPON)
        before = store.card("default", COUPON)
        entry = {"list": "deny", "subject": "ann", "why": "stolen card"}
        await asker.call("POST", "/v1/overrides", asker.admin, json=entry)
        for subject, action in (("ann", "checkout"), ("bob", "checkout"), ("bob", "login")):
            told = await asker.asked(session=COUPON, subject=subject, action=action)
            made = decisions.read(store.decisions(most=1_000)[-1].body or b"")
            assert (made.asked, made.override) == (action, "deny" if subject == "ann" else "")
            assert made.outcome.action == told.recommended_action
            again = await asker.call("POST", f"/v1/decisions/{made.decision_id}/replay")
            assert again.json()["same"], again.json()
        assert store.card("default", COUPON) == before, "what holds for one asker is not what holds for all"
        denied = await asker.asked(
            recording=[json.loads(bytes(e)) for e in sample(SCRAPER).events], subject="ann"
        )
        assert denied.recommended_action == "block"
        assert audit.link(store, 1) is not None
        assert audit.verify(store) is None

    played(tmp_path, scenario)


def test_of_an_erased_session_nothing_is_told_any_more(tmp_path: Path) -> None:
    async def scenario(asker: Asker) -> None:
        await asker.visit(COUPON)
        told = await asker.asked(session=COUPON, reference="order-17")
        decision = asker.one.service.store.decisions()[-1].name
        assert asker.one.service.store.erase("default", COUPON)
        for method, path in (
            ("GET", f"/v1/assessments/{told.assessment_id}"),
            ("GET", f"/v1/decisions/{decision}"),
            ("POST", f"/v1/decisions/{decision}/replay"),
        ):
            assert code_of(await asker.call(method, path)) == "payload_expired"
        assert code_of(await asker.ask(session=COUPON)) == "not_found"

    played(tmp_path, scenario)
