"""Assessments over HTTP: the same as the library's, bound by tokens used once, with what the house has to add."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest

from data_contracts import decisions
from data_contracts.assessments import Assessment
from data_contracts.batches import Batch
from data_contracts.errors import WatchworthyError
from data_contracts.recordings import read
from features.log import sessions_of
from models import norms
from models.bundle import STARTER
from models.reason_codes import REASON_CODES
from models.scorer import Scorer
from pipelines import audit
from pipelines.store.assessing import use_token
from service.assessing import assess
from service.deciding import secrets
from service.deciding.site_norms import SiteNorms
from service.fraud.examples import AUTOMATION, UNDETERMINED
from service.live.closing import close_ended
from tests.service.live_store import SAMPLES, Served, code_of

SCRAPER, COUPON = "automated-scraper", "struggling-dead-coupon"
Scenario = Callable[["Asker"], Coroutine[Any, Any, None]]


def sample(name: str) -> Batch:
    batches = read(str(SAMPLES / f"{name}.json.gz")).batches
    return Batch("p", 0, [event for batch in batches for event in batch.events])


class Asker:
    """Somebody who asks a service that has some sessions."""

    def __init__(self, one: Served) -> None:
        self.one = one
        self.admin, _ = one.service.keys.create("admin")
        self.annotator, _ = one.service.keys.create("annotate")

    async def visit(self, name: str, session: str = "", end: bool = True) -> None:
        answer = await self.one.send(sample(name), session or name, end=end)
        assert answer.status_code == 200, answer.text

    async def call(self, method: str, path: str, key: str = "", **told: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {key or self.one.read}"}
        return await self.one.client.request(method, path, headers=headers, **told)

    async def ask(self, **told: Any) -> httpx.Response:
        return await self.call("POST", "/v1/assessments", json=told)

    async def asked(self, **told: Any) -> Assessment:
        answer = await self.ask(**told)
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=Assessment)

    async def token(self, session: str, action: str) -> str:
        body = json.dumps({"key": self.one.write, "session": session, "action": action})
        answer = await self.one.client.post(
            "/v1/tokens", content=body, headers={"content-type": "text/plain"}
        )
        assert answer.status_code == 200, answer.text
        assert set(answer.json()) == {"token", "expires_at_ms"}, "nothing of what is thought of the visitor"
        return str(answer.json()["token"])


def played(folder: Path, scenario: Scenario) -> None:
    async def run() -> None:
        async with Served(folder) as one:
            await scenario(Asker(one))

    asyncio.run(run())


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


def test_a_token_binds_for_one_session_and_action_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(asker: Asker) -> None:
        await asker.visit(SCRAPER)
        await asker.visit(COUPON)
        token = await asker.token(SCRAPER, "checkout")
        for foreign in (
            {"session": COUPON, "action": "checkout"},
            {"session": SCRAPER, "action": "login"},
        ):
            assert code_of(await asker.ask(**foreign, token=token)) == "token_foreign"
        assert code_of(await asker.ask(session=SCRAPER, action="checkout", token="x" * 40)) == "token_foreign"
        told = await asker.asked(session=SCRAPER, action="checkout", token=token)
        assert told.coverage.bound
        assert code_of(await asker.ask(session=SCRAPER, action="checkout", token=token)) == "token_reused"
        late = await asker.token(SCRAPER, "checkout")
        now = time.time_ns
        monkeypatch.setattr(time, "time_ns", lambda: now() + (secrets.TOKEN_MS + 1) * 1_000_000)
        assert code_of(await asker.ask(session=SCRAPER, action="checkout", token=late)) == "token_expired"

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


def test_a_session_shown_for_somebody_else_or_long_silent_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(asker: Asker) -> None:
        await asker.visit(COUPON)

        async def codes(**told: Any) -> set[str]:
            found = await asker.asked(session=COUPON, **told)
            return {one.code for one in found.reasons if one.head == "house"}

        assert await codes(subject="ann") == set()
        assert await codes(subject="ann") == set()
        assert await codes(subject="bob") == {"SESSION_REUSED"}
        assert (await asker.asked(session=COUPON)).revision == 3
        now = time.time_ns
        monkeypatch.setattr(time, "time_ns", lambda: now() + 601 * 10**9)
        assert "SESSION_STALE" in await codes()
        stored = asker.one.service.store.folder.joinpath("store.db").read_bytes()
        wal = asker.one.service.store.folder.joinpath("store.db-wal").read_bytes()
        assert b"bob" not in stored + wal

    played(tmp_path, scenario)


def test_a_list_changes_the_action_and_not_the_score(tmp_path: Path) -> None:
    async def scenario(asker: Asker) -> None:
        await asker.visit(COUPON)
        before = await asker.asked(session=COUPON, subject="ann")
        refused = await asker.call(
            "POST", "/v1/overrides", json={"list": "deny", "subject": "ann", "why": "x" * 9}
        )
        assert code_of(refused) == "role_refused"
        entry = {"list": "deny", "subject": "ann", "why": "stolen card"}
        added = await asker.call("POST", "/v1/overrides", asker.admin, json=entry)
        after = await asker.asked(session=COUPON, subject="ann")
        assert after.recommended_action == "block"
        assert "OVERRIDE_DENYLIST" in {one.code for one in after.reasons}
        assert (after.bot, after.frustration) == (before.bot, before.frustration)
        assert (await asker.asked(session=COUPON, subject="bob")).recommended_action == "allow"
        (listed,) = (await asker.call("GET", "/v1/overrides")).json()["overrides"]
        assert listed["why"] == "stolen card"
        assert "ann" not in json.dumps(listed)
        number = added.json()["id"]
        assert (await asker.call("DELETE", f"/v1/overrides/{number}", asker.admin)).status_code == 200
        assert (await asker.asked(session=COUPON, subject="ann")).recommended_action == "allow"

    played(tmp_path, scenario)


def test_policies_are_data_and_shadow_says_what_would_have_happened(tmp_path: Path) -> None:
    policy = """
        mode = "{mode}"
        [[policy]]
        id = "sign-in"
        action = "login"
        verdict = "automation"
        fpr_at_most = 0.1
        recommend = "challenge"
        [[policy]]
        id = "too-strict"
        action = "checkout"
        verdict = "automation"
        fpr_at_most = 0.0001
        recommend = "block"
    """
    name = "automated-straight-cursor"

    async def enforced(asker: Asker) -> None:
        await asker.visit(name)
        login = await asker.asked(session=name, action="login")
        assert login.bot.verdict == "automation"
        assert (login.recommended_action, login.rule.id if login.rule else "") == ("challenge", "sign-in")
        checkout = await asker.asked(session=name, action="checkout")
        assert checkout.recommended_action == "monitor"
        assert checkout.rule is not None
        assert checkout.rule.id == "house"

    async def shadowed(asker: Asker) -> None:
        await asker.visit(name)
        login = await asker.asked(session=name, action="login")
        assert (login.mode, login.recommended_action, login.would_have) == ("shadow", "allow", "challenge")

    for mode, scenario in (("enforce", enforced), ("shadow", shadowed)):
        folder = tmp_path / mode
        folder.mkdir()
        (folder / "policies.toml").write_text(policy.format(mode=mode))
        played(folder, scenario)


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


def test_a_token_stays_used_though_clocks_differ(tmp_path: Path) -> None:
    async def scenario(asker: Asker) -> None:
        store = asker.one.service.store

        def use(now_ms: int) -> None:
            store.write(lambda db: use_token(db, b"nonce", 1_000, now_ms), ()).result()

        use(900)
        store.write(lambda db: use_token(db, b"other", 9_000, 1_500), ()).result()
        with pytest.raises(WatchworthyError, match="token_reused"):
            use(950)

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
