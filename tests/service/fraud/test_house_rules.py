"""What the house adds to an assessment: tokens used once, lists, policies, and sessions shown for others."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from data_contracts.errors import WatchworthyError
from pipelines.store.assessing import use_token
from service.deciding import secrets
from tests.service.fraud.asker import COUPON, SCRAPER, Asker, played
from tests.service.live_store import code_of


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
