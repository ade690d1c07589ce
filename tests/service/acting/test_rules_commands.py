"""Rules on the command line, and the page that explains them."""

from __future__ import annotations

import asyncio
import re
import tomllib
from pathlib import Path

import pytest

from data_contracts.rules import rule_of
from pipelines.store.shelf import Pointer, Shelf
from service.offering.offers import SHIPPED
from service.verbs import rules
from tests.service.acting.test_offers import visit
from tests.service.live_store import SAMPLES, Served
from tests.service.modelling.test_following_models import rebased

PAGE = SAMPLES.parent / "docs" / "interventions.md"


def test_the_rule_that_the_page_explains_is_one() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    assert rule_of(tomllib.loads(text)).id == "chat-on-rage"


def test_a_file_is_checked_and_tried_on_what_is_stored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fill() -> None:
        async with Served(tmp_path) as one:
            await visit(one, "struggling-dead-coupon")
            await visit(one, "calm-buy")

    asyncio.run(fill())
    file = SHIPPED / "chat-on-rage.toml"
    assert rules.check(file) == 0
    assert rules.dry(file, tmp_path, "default", 100) == 0
    assert "due in 1 of 2 sessions" in capsys.readouterr().out
    assert rules.show(tmp_path) == 0
    assert "chat-on-rage" in capsys.readouterr().out
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('id = "x"\ntitle = "x"\n')
    assert rules.check(wrong) == 1
    assert "wrong.toml" in capsys.readouterr().err


def test_a_dry_run_asks_what_scores_now(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, file = tmp_path / "data", tmp_path / "rule.toml"

    async def fill() -> None:
        async with Served(data) as one:
            await visit(one, "struggling-dead-coupon")

    asyncio.run(fill())
    text = (SHIPPED / "chat-on-rage.toml").read_text()
    begin, end = text.index("[when]"), text.index("[action]")
    when = '[when]\ntype = "score"\nhead = "frustration"\nat_least = 0.5\n\n'
    file.write_text(text[:begin] + when + text[end:])
    assert rules.dry(file, data, "default", 100) == 0
    assert "due in 1 of 1 sessions" in capsys.readouterr().out
    shelf = Shelf(data)
    shelf.point(Pointer(champion=shelf.put(rebased(tmp_path / "timid", 0.0001))))
    assert rules.dry(file, data, "default", 100) == 0
    assert "due in 0 of 1 sessions" in capsys.readouterr().out, "the promoted head says less of it"


def test_a_file_in_the_data_folder_holds_from_the_start(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    text = (SHIPPED / "chat-on-rage.toml").read_text().replace("on = false", "on = true")
    (tmp_path / "rules" / "chat-on-rage.toml").write_text(text)

    async def begin() -> None:
        async with Served(tmp_path) as one:
            assert not one.service.reception.acting.is_idle("default")

    asyncio.run(begin())
