"""Rules over HTTP: seen, changed with every version on record, tried on what is stored, measured, and stopped."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from service.acting.routes import EXAMPLE
from service.acting.stopping import stop_harmful
from tests.service.acting.test_offers import RAGE, visit
from tests.service.live_store import Served, code_of


def played(folder: Path, scenario: Any) -> None:
    async def run() -> None:
        async with Served(folder) as one:
            admin, _ = one.service.keys.create("admin")

            async def call(method: str, path: str, key: str = "", **told: Any) -> Any:
                headers = {"authorization": f"Bearer {key or one.read}"}
                return await one.client.request(method, path, headers=headers, **told)

            await scenario(one, call, admin)

    asyncio.run(run())


def test_a_rule_is_changed_and_every_version_stays(tmp_path: Path) -> None:
    async def scenario(one: Served, call: Any, admin: str) -> None:
        shipped = (await call("GET", "/v1/rules")).json()["rules"]
        assert {rule["id"] for rule in shipped} == {RAGE, "help-on-checkout", "challenge-on-sign-in"}
        assert not any(rule["on"] for rule in shipped)
        told = {"rule": EXAMPLE, "why": "a try"}
        assert code_of(await call("PUT", "/v1/rules/mine", json=told)) == "role_refused"
        made = await call("PUT", "/v1/rules/mine", admin, json=told)
        assert made.status_code == 200, made.text
        assert made.json()["on"]
        assert not (await call("PUT", "/v1/rules/mine", admin, json=told)).json()["changed"]
        off = {"rule": EXAMPLE | {"on": False}, "why": "enough"}
        assert (await call("PUT", "/v1/rules/mine", admin, json=off)).json()["changed"]
        versions = (await call("GET", "/v1/rules/mine")).json()["versions"]
        assert [(one["on"], one["why"]) for one in versions] == [(False, "enough"), (True, "a try")]
        wrong = await call("PUT", "/v1/rules/mine", admin, json={"rule": EXAMPLE | {"holdout": 0}})
        assert code_of(wrong) == "bad_request"
        assert "$.holdout" in wrong.json()["error"]["message"]
        misspelt = {"rule": EXAMPLE | {"when": {"type": "signal", "code": "rage_clik"}}}
        wrong = await call("PUT", "/v1/rules/mine", admin, json=misspelt)
        assert "rage_clik" in wrong.json()["error"]["message"]
        assert code_of(await call("GET", "/v1/rules/nobody")) == "not_found"

    played(tmp_path, scenario)


def test_a_dry_run_says_what_the_live_path_would_have_done(tmp_path: Path) -> None:
    async def scenario(one: Served, call: Any, admin: str) -> None:
        for name in ("struggling-dead-coupon", "calm-buy", "calm-game"):
            await visit(one, name)
        told = (await call("POST", f"/v1/rules/{RAGE}/dry-run")).json()
        assert (told["sessions"], told["fired"], told["skipped"], told["complete"]) == (3, 1, 0, True)
        assert told["first"][0]["session_id"] == "struggling-dead-coupon"
        await call("PUT", "/v1/rules/live", admin, json={"rule": EXAMPLE | {"holdout": 0.01}})
        await visit(one, "struggling-dead-coupon", "again")
        row = one.service.store.read(lambda db: db.execute("SELECT count(*) FROM interventions").fetchone())
        assert row == (1,)

    played(tmp_path, scenario)


def outcome(db: sqlite3.Connection, many: int, share: dict[str, float]) -> None:
    """Write what came of a rule for so many visitors of each arm."""
    for arm, reached in share.items():
        for i in range(many):
            db.execute(
                "INSERT INTO interventions (name, session_id, log_number, rule, body, visitor, arm, reached)"
                " SELECT ?, id, 1, 'mine', x'', ?, ?, ? FROM session_tallies LIMIT 1",
                (f"in_{arm}{i}", f"{arm}{i}", arm, int(i < many * reached)),
            )


@pytest.mark.parametrize(("offered", "stops"), [(0.05, True), (0.5, False)])
def test_a_rule_that_does_harm_is_stopped_with_why(tmp_path: Path, offered: float, stops: bool) -> None:
    async def scenario(one: Served, call: Any, admin: str) -> None:
        await visit(one, "calm-buy")
        await call("PUT", "/v1/rules/mine", admin, json={"rule": EXAMPLE})
        store, acting = one.service.store, one.service.reception.acting
        store.write(lambda db: outcome(db, 400, {"offered": offered, "held": 0.5}), ()).result()
        told = (await call("GET", "/v1/rules/mine/uplift")).json()
        assert (told["offered"]["visitors"], told["held"]["visitors"]) == (400, 400)
        assert told["difference"] == pytest.approx(offered - 0.5)
        assert (told["verdict"] == "harms") is stops
        assert stop_harmful(store, acting) == (["mine"] if stops else [])
        now = (await call("GET", "/v1/rules/mine")).json()
        assert now["on"] is not stops
        assert now["why"].startswith("stopped: it lowers") is stops
        assert stop_harmful(store, acting) == []

    played(tmp_path, scenario)
