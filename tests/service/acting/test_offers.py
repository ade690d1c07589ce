"""Interventions on the live path: offered in the answer that caused them, once, to those who may have them."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from data_contracts.batches import Batch
from data_contracts.errors import WatchworthyError
from data_contracts.rules import Caps, Rule, rule_of
from features.log import sessions_of
from models.live_scores import LiveScorer
from models.scorer import Scorer
from pipelines.store.intervening import outcomes
from pipelines.store.limits import StoreLimits
from pipelines.store.store import Store
from service.deciding.secrets import Secrets
from service.live.closing import close_ended
from service.offering.conditions import State, held_out, is_met, state_of
from service.offering.offers import SHIPPED, Acting, rule_in
from tests.pipelines.store.making import make_unit
from tests.service.live_store import Served
from tests.service.sending.test_announcing import listen, outbox
from tests.service.test_live_decisions import sample

RAGE = "chat-on-rage"
NEVER_HELD = {"holdout": 0.01}  # and no visitor of these tests is, under their secret


def on(name: str, **changes: Any) -> Rule:
    return msgspec.structs.replace(rule_in(SHIPPED / f"{name}.toml"), on=True, **changes)


async def visit(
    one: Served, name: str, session: str = "", many: int = 12, **more: Any
) -> list[dict[str, Any]]:
    """Send a sample in batches; the interventions of each answer."""
    told = []
    for batch in sample(name, many):
        answer = await one.send(batch, session or name, **more)
        assert answer.status_code == 200, answer.text
        assert set(answer.json()) <= {"ok", "seq", "interventions", "refused"}
        told.append(answer.json()["interventions"])
    return told


def offers(told: list[Any]) -> set[str]:
    return {one["id"] for some in told for one in some}


def rows(one: Served, columns: str = "rule, arm, visitor") -> list[Any]:
    return one.service.store.read(lambda db: db.execute(f"SELECT {columns} FROM interventions").fetchall())


def played(folder: Path, *rules: Rule) -> Any:
    def play(scenario: Any) -> None:
        async def run() -> None:
            async with Served(folder) as one:
                for rule in rules:
                    one.service.reception.acting.keep("default", rule, "test", "")
                await scenario(one)

        asyncio.run(run())

    return play


def test_what_ships_is_off_until_somebody_wants_it(tmp_path: Path) -> None:
    async def scenario(one: Served) -> None:
        assert one.service.reception.acting.is_idle("default")
        assert offers(await visit(one, "struggling-dead-coupon")) == set()

    played(tmp_path)(scenario)


def test_an_offer_comes_with_the_batch_that_caused_it_and_until_it_is_confirmed(tmp_path: Path) -> None:
    async def scenario(one: Served) -> None:
        told = await visit(one, "struggling-dead-coupon", visitor="ada")
        begins = next(i for i, some in enumerate(told) if some)
        assert 0 < begins < len(told) - 1
        (name,) = offers(told)
        assert all(some and some[0]["id"] == name for some in told[begins:]), "told until it is confirmed"
        assert told[begins][0] | {"id": ""} == {"id": ""} | msgspec.to_builtins(on(RAGE).action)
        more = {"visitor": "ada", "confirm": [{"id": name, "what": "shown"}]}
        event = b'{"type":4,"data":{"href":"/","width":9,"height":9},"timestamp":1}'
        after = await one.send(Batch("q", 0, [event]), "struggling-dead-coupon", **more)
        assert after.json()["interventions"] == []
        shown = rows(one, "shown_at, clicked_at, dismissed_at")
        assert shown[0][0]
        assert shown[0][1:] == (None, None)
        await one.send(Batch("q", 1, [event]), "struggling-dead-coupon", **more)
        assert rows(one, "shown_at, clicked_at, dismissed_at") == shown, "counted once"
        assert offers(await visit(one, "struggling-dead-coupon", "again", visitor="ada")) == set(), (
            "once ever"
        )
        assert len(offers(await visit(one, "struggling-dead-coupon", "other", visitor="bob"))) == 1

    played(tmp_path, on(RAGE, **NEVER_HELD))(scenario)


def test_a_restart_tells_again_what_was_not_confirmed_and_offers_nothing_new(tmp_path: Path) -> None:
    batches = sample("struggling-dead-coupon", 12)

    async def first(one: Served) -> None:
        for batch in batches[:-2]:
            assert (await one.send(batch)).status_code == 200
        assert len(rows(one)) == 1

    async def second(one: Served) -> None:
        answer = await one.send(batches[-2])
        assert len(answer.json()["interventions"]) == 1
        assert len(rows(one)) == 1

    played(tmp_path, on(RAGE, **NEVER_HELD))(first)
    played(tmp_path)(second)


def test_who_is_held_out_is_due_and_never_told(tmp_path: Path) -> None:
    async def scenario(one: Served) -> None:
        told = []
        for i in range(12):
            told += await visit(one, "struggling-dead-coupon", f"s{i}", 3, visitor=f"v{i}", end=True)
        arms = {visitor: arm for _, arm, visitor in rows(one)}
        assert len(arms) == 12
        assert 0 < list(arms.values()).count("held") < 12
        assert len(offers(told)) == list(arms.values()).count("offered")
        secret = one.service.reception.judge.secrets.of("default")
        rule = on(RAGE, holdout=0.5)
        assert all((arm == "held") == held_out(rule, visitor, secret) for visitor, arm in arms.items())
        await close_ended(one.service.reception)
        found = one.service.store.read(lambda db: outcomes(db, "default", RAGE))
        assert {one.visitor: one.arm for one in found} == arms

    played(tmp_path, on(RAGE, holdout=0.5))(scenario)


def test_help_is_never_offered_to_automation(tmp_path: Path) -> None:
    always = {"type": "score", "head": "bot", "at_least": 0.0}
    told = {
        "id": "anybody",
        "title": "x",
        "on": True,
        "when": always,
        "action": {"kind": "message", "title": "Hello"},
        "holdout": 0.01,
    }

    async def scenario(one: Served) -> None:
        name = "automated-straight-cursor"
        whole = Batch("p", 0, [event for batch in sample(name) for event in batch.events])
        answer = await one.send(whole, name)
        assert answer.json()["interventions"] == []
        card = one.service.store.card("default", name)
        assert card is not None
        assert card.verdict == "automation"
        assert rows(one) == []

    played(tmp_path, rule_of(told))(scenario)


@pytest.mark.parametrize(
    ("rule", "fires", "silent"),
    [
        (RAGE, ["struggling-dead-coupon"], ["calm-buy", "calm-carousel", "calm-keypad", "calm-game"]),
        ("help-on-checkout", ["struggling-validation-errors"], ["calm-buy", "calm-touch-only"]),
        ("challenge-on-sign-in", [], ["calm-sign-in", "automated-straight-cursor"]),
    ],
)
def test_what_ships_fires_where_it_should(
    tmp_path: Path, rule: str, fires: list[str], silent: list[str]
) -> None:
    async def scenario(one: Served) -> None:
        for name in (*fires, *silent):
            await visit(one, name)
        assert {visitor for _, _, visitor in rows(one)} == set(fires)

    played(tmp_path, on(rule))(scenario)


def test_automation_at_the_sign_in_page_is_challenged() -> None:
    """No sample of automation signs in, so the page is said here; the session is a recorded one."""
    scorer = LiveScorer(Scorer.starter())
    for name, met in (("automated-straight-cursor", True), ("calm-sign-in", False)):
        (session,) = sessions_of(sample(name), name)
        state = state_of(session, scorer.scores(session), "https://a.example/sign-in.html", "ada")
        assert is_met(on("challenge-on-sign-in"), state, bytes(32)) is met


def test_a_dismissal_keeps_everything_quiet_for_a_while(tmp_path: Path) -> None:
    async def scenario(one: Served) -> None:
        told = await visit(one, "struggling-dead-coupon", "a", visitor="ada")
        (name,) = offers(told)
        event = b'{"type":4,"data":{"href":"/","width":9,"height":9},"timestamp":1}'
        dismissed = [{"id": name, "what": "dismissed"}]
        await one.send(Batch("q", 0, [event]), "a", visitor="ada", confirm=dismissed)
        other = on(RAGE, id="another", **NEVER_HELD)
        one.service.reception.acting.keep("default", other, "test", "")
        assert offers(await visit(one, "struggling-dead-coupon", "b", visitor="ada")) == set()
        loud = on(RAGE, id="loud", quiet_hours=0.0, **NEVER_HELD)
        one.service.reception.acting.keep("default", loud, "test", "")
        assert len(offers(await visit(one, "struggling-dead-coupon", "c", visitor="ada"))) == 1

    played(tmp_path, on(RAGE, **NEVER_HELD))(scenario)


def test_who_listens_hears_what_was_shown_and_a_webhook_is_not_for_the_page(tmp_path: Path) -> None:
    async def scenario(one: Served) -> None:
        await listen(one)
        told = await visit(one, "struggling-dead-coupon", visitor="ada")
        (name,) = offers(told)
        topics = [message["type"] for message in outbox(one)]
        assert topics.count("intervention.shown") == 1, "the webhook, at once"
        event = b'{"type":4,"data":{"href":"/","width":9,"height":9},"timestamp":1}'
        for seq in (0, 1):
            confirm = [{"id": name, "what": "shown"}]
            await one.send(Batch("q", seq, [event]), "struggling-dead-coupon", confirm=confirm)
        shown = [message["data"] for message in outbox(one) if message["type"] == "intervention.shown"]
        assert [(data["rule"], data["action"]) for data in shown] == [("tell-us", "webhook"), (RAGE, "chat")]
        assert shown[1]["visitor"] == "ada"

    ours = msgspec.structs.replace(on(RAGE).action, kind="webhook")
    tell_us = on(RAGE, id="tell-us", priority=90, action=ours, **NEVER_HELD)
    played(tmp_path, on(RAGE, **NEVER_HELD), tell_us)(scenario)


def test_a_day_has_only_so_many_and_an_erasure_makes_room(tmp_path: Path) -> None:
    async def scenario(one: Served) -> None:
        for i in range(4):
            await visit(one, "struggling-dead-coupon", f"s{i}", 4, visitor=f"v{i}")
        due = [visitor for _, arm, visitor in rows(one) if arm == "offered"]
        assert len(due) == 2
        first = next(i for i in range(4) if f"v{i}" in due)
        assert one.service.store.erase("default", f"s{first}")
        for i in range(4, 7):
            await visit(one, "struggling-dead-coupon", f"s{i}", 4, visitor=f"v{i}")
        assert [arm for _, arm, _ in rows(one)].count("offered") == 2

    played(tmp_path, on(RAGE, caps=Caps(per_day=2), **NEVER_HELD))(scenario)


MANY = 1_000


def offering(folder: str, who: int, ready: Any, won: Any) -> None:
    """Offer the same thing to the same visitors as another process does at the same time."""
    with Store.open(folder, StoreLimits(disk_free_bytes=0)) as store:
        acting = Acting(store, Secrets(store.keys))
        rule = on(RAGE, holdout=0.01, quiet_hours=0.0, caps=on(RAGE).caps)
        state = State({}, "undetermined", None, "", "", 0, "")  # type: ignore[arg-type]
        ready.wait()
        offered = 0
        for i in range(MANY):
            now = state._replace(visitor=f"v{i}")
            for _ in range(3):
                made = acting.offer("site", f"{who}-{i}", rule, now, 0, 1_000)
                more = {"interventions": (made.intervention,), "caps": made.caps} if made else {}
                try:
                    store.submit(make_unit(0, session=f"{who}-{i}", **more)).result()
                except WatchworthyError as error:
                    if error.code != "already_stored":
                        raise
                    continue
                offered += made is not None
                break
        won.put(offered)


def test_two_processes_at_the_same_instant_offer_once(tmp_path: Path) -> None:
    Store.open(tmp_path, StoreLimits(disk_free_bytes=0)).close()
    context = multiprocessing.get_context("spawn")
    ready, won = context.Barrier(2), context.Queue()
    both = [context.Process(target=offering, args=(str(tmp_path), who, ready, won)) for who in (1, 2)]
    for one in both:
        one.start()
    told = [won.get(timeout=120) for _ in both]
    for one in both:
        one.join()
        assert one.exitcode == 0
    with Store.open(tmp_path, StoreLimits(disk_free_bytes=0)) as store:
        visitors = [
            v for (v,) in store.read(lambda db: db.execute("SELECT visitor FROM interventions").fetchall())
        ]
    assert sorted(visitors) == sorted(f"v{i}" for i in range(MANY)), "each once, and nobody left out"
    assert sum(told) == MANY


def test_two_services_that_get_the_deciding_batches_at_once_offer_once(tmp_path: Path) -> None:
    """The same visitor in two tabs that two processes of one store serve."""
    batches = sample("struggling-dead-coupon", 3)

    async def scenario() -> None:
        async with Served(tmp_path) as one, Served(tmp_path) as two:
            one.service.reception.acting.keep("default", on(RAGE, **NEVER_HELD), "test", "")
            two.service.reception.acting.look()
            for i in range(12):
                sessions = ((one, f"a{i}"), (two, f"b{i}"))
                told: list[Any] = []
                for batch in batches:
                    sent = [served.send(batch, name, visitor=f"v{i}") for served, name in sessions]
                    answers = await asyncio.gather(*sent)
                    assert [answer.status_code for answer in answers] == [200, 200], answers
                    told += [answer.json()["interventions"] for answer in answers]
                assert len(offers(told)) <= 1, "never twice"
            visitors = [visitor for _, _, visitor in rows(one)]
            assert sorted(visitors) == sorted(f"v{i}" for i in range(12))
            for i in range(12):
                for name in (f"a{i}", f"b{i}"):
                    log = [number for number, _ in one.service.store.batches("default", name)]
                    assert log == [1, 2, 3], "and nothing was lost over it"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"when": {"type": "signal", "code": "rage_click", "times": 0}}, "$.when.times"),
        ({"when": {"type": "sgnal"}}, "$.when"),
        ({"holdout": 0.0}, "$.holdout: at least 0.01"),
        ({"action": {"kind": "challenge"}, "holdout": 0.0}, "$.holdout_reason"),
        ({"id": "No Spaces"}, "$.id"),
        ({"colour": "red"}, "colour"),
        (
            {"when": json.loads('{"type":"not","of":' * 6 + '{"type":"page","path":"*"}' + "}" * 6)},
            "$.when: 7",
        ),
    ],
)
def test_a_wrong_rule_is_refused_with_where(changes: dict[str, Any], said: str) -> None:
    told = {
        "id": "x",
        "title": "x",
        "when": {"type": "page", "path": "*"},
        "action": {"kind": "message"},
    }
    rule_of(told)
    with pytest.raises(ValueError, match=r".") as wrong:
        rule_of(told | changes)
    assert said in str(wrong.value)
