"""What the service tells of its models is what scores, under the digest that decisions bear."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from models.bundle import STARTER, load
from models.card import digest_in
from models.heads import HEADS
from tests.service.live_store import Served, code_of


def test_heads_cards_and_points_are_those_that_score(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path / "data") as one:
            auth = {"authorization": f"Bearer {one.read}"}
            told = (await one.client.get("/v1/models", headers=auth)).json()
            bundle = load(STARTER)
            assert told["bundle"] == bundle.digest
            assert told["challenger"] is None
            assert [head["head"] for head in told["heads"]] == [head.name for head in HEADS]
            for head in told["heads"]:
                trained = bundle.heads.get(head["head"])
                assert head["trained"] is (trained is not None)
                if trained is None:
                    continue
                assert head["digest"] == trained.digest
                assert head["features"] == list(trained.model.names)
                card = await one.client.get(f"/v1/models/{head['head']}/card", headers=auth)
                assert card.headers["content-type"].startswith("text/markdown")
                assert digest_in(card.text) == trained.digest
                assert "![" not in card.text
                points = (
                    await one.client.get(f"/v1/models/{head['head']}/operating-points", headers=auth)
                ).json()
                assert [point["name"] for point in points["points"]] == [p.name for p in trained.points]
                for point in points["points"]:
                    assert (point["threshold"] is None) == (point["refused"] is not None)
                    assert point["people_needed"] > 0 if point["refused"] else point["fpr_upper"] < 0.2

    asyncio.run(scenario())


def test_a_head_of_ones_own_without_a_card_and_a_head_that_is_not_there_are_said(tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(STARTER / "frustration", own / "frustration")
    (own / "frustration" / "card.md").unlink()

    async def scenario() -> None:
        async with Served(tmp_path / "data", models=own) as one:
            auth = {"authorization": f"Bearer {one.read}"}
            for path in (
                "frustration/card",
                "conversion/card",
                "conversion/operating-points",
                "nothing/card",
            ):
                answer = await one.client.get(f"/v1/models/{path}", headers=auth)
                assert (answer.status_code, code_of(answer)) == (404, "not_found"), path
            for path in ("", "/bot/card", "/bot/operating-points"):
                assert code_of(await one.client.get(f"/v1/models{path}")) == "key_missing"
                write = {"authorization": f"Bearer {one.write}"}
                refused = await one.client.get(f"/v1/models{path}", headers=write)
                assert code_of(refused) == "role_refused"

    asyncio.run(scenario())
