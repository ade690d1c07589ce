"""A service takes up what the pointer names if it can serve it, else stays with what it has; challengers shadow."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER, load, load_head
from models.golden import check_golden
from pipelines.store.shadowing import shadows
from pipelines.store.shelf import Pointer, Shelf
from service.deciding.follower import ready
from service.deciding.shadow import Shadow
from service.live.closing import close_ended
from tests.service.live_store import Served
from tests.service.test_live_decisions import sample, visit

NAMES = ("struggling-dead-coupon", "automated-straight-cursor", "calm-touch-only")
HEADS = ("bot", "frustration")


def rebased(target: Path, base_rate: float) -> dict[str, Path]:
    """The starters, with another base rate of struggle: other probabilities from the same margins."""
    for name in HEADS:
        shutil.copytree(STARTER / name, target / name)
    path = target / "frustration" / "head.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"base_rate": base_rate}))
    return {name: target / name for name in HEADS}


def broken(target: Path, how: str) -> dict[str, Path]:
    folders = rebased(target, 0.2)
    head, golden = folders["bot"] / "head.json", folders["bot"] / "golden.json"
    facts = json.loads(head.read_text())
    if how == "lacks":
        facts["features"][0]["name"] = "a_feature_of_the_future"
    elif how == "redefined":
        facts["features"][0]["digest"] = "0" * 16
    elif how == "unchecked":
        golden.unlink()
    else:
        told = json.loads(golden.read_text())
        told["margins"][3] += 1e-6
        golden.write_text(json.dumps(told))
    head.write_text(json.dumps(facts))
    return folders


def test_the_starters_give_their_golden_rows_the_margins_of_lightgbm(tmp_path: Path) -> None:
    for name in HEADS:
        trained = load_head(STARTER / name)
        assert check_golden(STARTER / name, trained) == 16
        rows = json.loads((STARTER / name / "golden.json").read_text())["rows"]
        assert any(value is None for row in rows for value in row), "what is missing must be among them"
    assert load(STARTER).digest == Shelf(tmp_path).put({name: STARTER / name for name in HEADS})
    assert Shelf(tmp_path).bundle(load(STARTER).digest).digest == load(STARTER).digest


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("lacks", "a_feature_of_the_future"),
        ("redefined", "another definition: bot reads pointer_jumps"),
        ("unchecked", "no golden rows"),
        ("wrong", "golden row 3"),
    ],
)
def test_what_cannot_serve_is_refused_with_a_reason_and_the_old_one_stays(
    tmp_path: Path, how: str, said: str
) -> None:
    async def scenario() -> None:
        async with Served(tmp_path / "data") as one:
            shelf, before = one.service.bundles.shelf, one.service.reception.scorer
            digest = shelf.put(broken(tmp_path / "broken", how))
            with pytest.raises(WatchworthyError, match=said) as refused:
                ready(shelf, digest)
            assert refused.value.code == "model_refused"
            shelf.point(Pointer(champion=digest))
            one.service.follower.look()
            assert one.service.reception.scorer is before
            assert said in one.service.follower.refused
            await visit(one, sample(NAMES[0]), NAMES[0])
            card = one.service.store.card("default", NAMES[0])
            assert card is not None
            assert card.frustration is not None

    asyncio.run(scenario())


def test_a_new_bundle_is_taken_up_between_batches_and_after_a_restart(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path / "data") as one:
            await visit(one, sample(NAMES[0]), "before")
            shelf = one.service.bundles.shelf
            digest = shelf.put(rebased(tmp_path / "mine", 0.4))
            first = one.service.reception.scorer.scorer.bundle.digest
            shelf.point(Pointer(champion=digest, before=(first,)))
            one.service.follower.look()
            assert one.service.reception.scorer.scorer.bundle.digest == digest
            await visit(one, sample(NAMES[0]), "after")
            rows = one.service.store.read(
                lambda db: db.execute("SELECT part, bundle FROM decisions ORDER BY id").fetchall()
            )
            assert {bundle for part, bundle in rows if part == "before"} == {first}
            assert {bundle for part, bundle in rows if part == "after"} == {digest}
            cards = [one.service.store.card("default", name) for name in ("before", "after")]
            assert cards[0].frustration < cards[1].frustration  # type: ignore[union-attr, operator]
            metrics = one.service.metrics.text().decode()
            assert f'watchworthy_bundle{{digest="{digest}"}} 1.0' in metrics
            assert f'watchworthy_bundle{{digest="{first}"}} 0.0' in metrics
        async with Served(tmp_path / "data") as again:
            assert again.service.reception.scorer.scorer.bundle.digest == digest
            auth = {"authorization": f"Bearer {again.read}"}
            assert (await again.client.get("/v1/models", headers=auth)).json()["bundle"] == digest
            assert (await again.client.get("/v1/models/bot/card", headers=auth)).status_code == 200

    asyncio.run(scenario())


def test_what_is_told_of_a_batch_is_told_by_those_who_scored_it(tmp_path: Path) -> None:
    """The bundle is swapped after the batch was scored and before its decision is made."""

    async def scenario() -> None:
        async with Served(tmp_path / "data") as one:
            reception, shelf = one.service.reception, one.service.bundles.shelf
            first = reception.scorer.scorer.bundle.digest
            scorer = ready(shelf, shelf.put(rebased(tmp_path / "mine", 0.4)))
            with_it = reception._with_it

            def swapped(*given: object) -> object:
                reception.take_up(scorer)
                return with_it(*given)  # type: ignore[arg-type]

            reception._with_it = swapped  # type: ignore[assignment, method-assign]
            await visit(one, sample(NAMES[0])[:1], "s")
            rows = one.service.store.read(lambda db: db.execute("SELECT bundle FROM decisions").fetchall())
            assert rows == [(first,)]

    asyncio.run(scenario())


def test_a_challenger_scores_every_session_that_ended_and_its_dissent_moves_the_queue(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path / "data") as one:
            service, shelf = one.service, one.service.bundles.shelf
            digest = shelf.put(rebased(tmp_path / "mine", 0.97))
            shelf.point(Pointer(champion=service.reception.scorer.scorer.bundle.digest, challenger=digest))
            service.follower.look()
            assert service.follower.challenger is not None
            for name in NAMES:
                await visit(one, sample(name), name)
            assert service.shadow.look(service.follower) == 0, "nothing has ended"
            lanes = {name: service.store.card("default", name).lane for name in NAMES}  # type: ignore[union-attr]
            await close_ended(service.reception)
            assert service.shadow.look(service.follower) == len(NAMES)
            assert service.shadow.look(service.follower) == 0
            again = Shadow(service.store, service.reception.judge.secrets)
            assert again.look(service.follower) == 0, "another process goes on where this one was"
            told = service.store.read(lambda db: shadows(db, "default", digest))
            assert {part for _, part, *_ in told} == set(NAMES)
            for _, _, heads, apart in told:
                ours, theirs = heads["frustration"]
                assert heads["bot"][0] == heads["bot"][1]
                if ours is None or theirs is None:
                    assert apart is None
                else:
                    assert theirs > ours
                    assert apart == pytest.approx(theirs - ours)
            moved = [
                part
                for _, part, _, apart in told
                if apart is not None
                and apart >= 0.5
                and lanes[part] == "worth"
                and not service.store.card("default", part).flagged  # type: ignore[union-attr]
            ]
            assert moved
            assert {service.store.card("default", part).lane for part in moved} == {"doubt"}  # type: ignore[union-attr]
            assert service.store.erase("default", NAMES[0])
            left = service.store.read(lambda db: shadows(db, "default", digest))
            assert {part for _, part, *_ in left} == set(NAMES[1:])

    asyncio.run(scenario())
