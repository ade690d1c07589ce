"""Lists of sessions over HTTP: complete, by key, in commit order, and honest about who is not there."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data_contracts.batches import Batch
from data_contracts.order import IDLE_MS
from data_contracts.recordings import read
from features.log import sessions_of
from features.moments import CODES, WITHDRAWN
from models.queue import FIRST
from pipelines.store import listing
from pipelines.store.limits import StoreLimits
from pipelines.store.listing import Wanted, changed, forget_changes
from pipelines.store.store import Store
from service.live.closing import close_ended
from service.triage import pages
from tests.service.live_store import SAMPLES, code_of
from tests.service.triage.desk import NAMES, Desk, Played


def test_each_list_holds_every_session_once_whatever_the_page(played: Played) -> None:
    async def scenario(desk: Desk) -> None:
        automated = {one["session_id"] for one in await desk.listed(order="automation")}
        assert automated
        assert all(name.startswith("automated") for name in automated)
        for limit in (3, 7, 100):
            for order in ("worth", "newest"):
                names = [one["session_id"] for one in await desk.listed(order=order, limit=limit)]
                assert sorted(names) == NAMES
            queue = await desk.listed(order="queue", limit=limit)
            names = [one["session_id"] for one in queue]
            folded = sum(one["count"] - 1 for one in queue)
            assert len(set(names)) == len(names)
            assert len(names) + folded + len(automated) == len(NAMES)
            assert not automated & set(names)
        worths = [one["worth"] or -1 for one in await desk.listed(order="worth")]
        assert worths == sorted(worths, reverse=True)
        starts = [one["started_at_ms"] for one in await desk.listed(order="newest")]
        assert starts == sorted(starts, reverse=True)

    played(scenario)


def test_who_presses_in_anger_now_stands_in_front_and_once(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(desk: Desk) -> None:
        before = await desk.listed(order="queue", limit=5)
        batches = read(str(SAMPLES / "struggling-dead-coupon.json.gz")).batches
        events = [event for batch in batches for event in batch.events]
        angry = next(i for i in range(10, len(events), 4) if rages(events[:i]))
        assert (await desk.one.send(Batch("n", 0, events[:angry]), "now")).status_code == 200
        for limit in (3, 100):
            queue = await desk.listed(order="queue", limit=limit)
            assert queue[0]["session_id"] == "now"
            assert "apply code" in queue[0]["headline"]
            assert "rage_click" in queue[0]["signals"]
            names = [one["session_id"] for one in queue]
            assert len(set(names)) == len(names)
            assert {one["session_id"] for one in before} - set(names) <= {"struggling-dead-coupon"}
        filtered = await desk.get("/v1/sessions", order="queue", device="touch")
        assert "now" not in [one["session_id"] for one in filtered.json()["sessions"]]
        monkeypatch.setattr(pages, "NOW_MS", -1)
        later = await desk.listed(order="queue", limit=5)
        assert later[0]["session_id"] == before[0]["session_id"], (
            "who was heard of long ago waits like all others"
        )

    def rages(events: list[Any]) -> bool:
        (session,) = sessions_of([Batch("n", 0, events)], "now", None, IDLE_MS)
        return "rage_click" in {CODES[m["code"]] for m in session.moments if m["state"] != WITHDRAWN}

    played(scenario)


def test_the_first_ten_show_ten_issues_and_each_stands_for_the_others(played: Played) -> None:
    async def scenario(desk: Desk) -> None:
        batches = read(str(SAMPLES / "struggling-dead-coupon.json.gz")).batches
        whole = Batch("p", 0, [event for batch in batches for event in batch.events])
        for i in range(4):
            assert (await desk.one.send(whole, f"again{i}", end=True)).status_code == 200
            await close_ended(desk.one.service.reception)
        queue = await desk.listed(order="queue", limit=5)
        first = [one["issue"] for one in queue[:FIRST] if one["flagged"]]
        assert len(set(first)) == len(first)
        coupon = desk.store.card("default", "struggling-dead-coupon")
        assert coupon is not None
        (card,) = (one for one in queue if one["issue"] == coupon.issue and one["flagged"])
        flagged = await desk.listed(order="worth", issue=coupon.issue, flagged=True)
        assert card["count"] == len(flagged) >= 2
        assert all(one["headline"] for one in queue if one["flagged"])

    played(scenario)


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({"frustration_min": 0.5}, lambda one: (one["frustration"] or 0) >= 0.5),
        ({"bot_max": 0.1}, lambda one: one["bot"] is not None and one["bot"] <= 0.1),
        ({"signal": "dead_click"}, lambda one: "dead_click" in one["signals"]),
        ({"page": "/cart"}, lambda one: any(page.startswith("/cart") for page in one["pages"])),
        ({"device": "touch"}, lambda one: one["device"] == "touch"),
        ({"flagged": True}, lambda one: one["flagged"]),
        ({"verdict": "automation"}, lambda one: one["verdict"] == "automation"),
    ],
)
def test_filters_leave_just_what_fits(
    played: Played, query: dict[str, Any], fits: Callable[[dict[str, Any]], bool]
) -> None:
    async def scenario(desk: Desk) -> None:
        every = await desk.listed(order="newest")
        found = {one["session_id"] for one in await desk.listed(order="newest", **query)}
        assert found == {one["session_id"] for one in every if fits(one)}
        assert 0 < len(found) < len(every)

    played(scenario)


def test_a_replay_begins_where_it_is_asked_and_who_looked_is_on_record(played: Played) -> None:
    name = "struggling-dead-coupon"

    async def scenario(desk: Desk) -> None:
        answer = await desk.get(f"/v1/sessions/{name}/events")
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert [line["type"] for line in lines[:6]].count(2) >= 1
        whole = sum(len(batch.events) for batch in read(str(SAMPLES / f"{name}.json.gz")).batches)
        assert len(lines) == whole
        line = (await desk.get(f"/v1/sessions/{name}/timeline")).json()
        assert line["scores"][-1]["cause"] == "ended"
        assert any(one["code"] == "dead_click" or one["code"] == "rage_click" for one in line["moments"])
        views = desk.store.read(lambda db: db.execute("SELECT part, who FROM views").fetchall())
        assert [part for part, _ in views] == [name]
        assert code_of(await desk.get("/v1/sessions/nobody/events")) == "not_found"
        assert code_of(await desk.get(f"/v1/sessions/{name}.99/events")) == "not_found"
        assert desk.store.erase("default", name)
        assert code_of(await desk.get(f"/v1/sessions/{name}/events")) == "not_found"

    played(scenario)


def test_old_changes_are_forgotten_and_no_card(played: Played) -> None:
    async def scenario(desk: Desk) -> None:
        cards = len(await desk.listed(order="newest"))
        (count, last) = desk.store.read(
            lambda db: db.execute("SELECT count(*), max(at) FROM changes").fetchone()
        )
        begun = (await desk.get("/v1/sessions", order="changed", limit=3)).json()["next"]
        assert forget_changes(desk.store, last) < count
        assert forget_changes(desk.store, last + 1) > 0
        assert (
            code_of(await desk.get("/v1/sessions", order="changed", limit=3, cursor=begun))
            == "cursor_expired"
        )
        headers = {"authorization": f"Bearer {desk.one.read}", "last-event-id": "3"}
        assert code_of(await desk.one.client.get("/v1/live", headers=headers)) == "cursor_expired"
        assert (await desk.get("/v1/sessions", order="changed")).json()["sessions"] == []
        assert len(await desk.listed(order="newest")) == cards

    played(scenario)


def test_the_random_slice_is_listed_in_the_order_of_its_draw(played: Played) -> None:
    async def scenario(desk: Desk) -> None:
        drawn = {one["session_id"] for one in await desk.listed(order="newest") if one["drawn"]}
        assert drawn == {one["session_id"] for one in await desk.listed(order="slice", limit=2)}
        queue = await desk.listed(order="queue")
        assert all(one["lane"] == "worth" for one in queue if one["flagged"]), (
            "what is flagged waits for no turn"
        )

    played(scenario)


def test_sessions_of_a_common_issue_are_not_counted_for_ever(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "COUNTED", 2)

    async def scenario(desk: Desk) -> None:
        coupon = desk.store.card("default", "struggling-dead-coupon")
        assert coupon is not None
        desk.store.write(
            lambda db: db.execute("UPDATE cards SET flagged = 1, issue = ?", (coupon.issue,)), ()
        ).result()
        found = desk.store.read(
            lambda db: listing.of_issues(db, "default", Wanted(), 0, [coupon.issue, "other"])
        )
        assert found == {coupon.issue: 2}

    played(scenario)


@pytest.mark.needs("pages")
def test_a_count_that_was_cut_short_says_so(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(desk: Desk) -> None:
        coupon = desk.store.card("default", "struggling-dead-coupon")
        assert coupon is not None
        desk.store.write(
            lambda db: db.execute(
                "UPDATE cards SET flagged = 1, issue = ? WHERE lane = 'worth'", (coupon.issue,)
            ),
            (),
        ).result()
        many = len(await desk.listed(order="newest", issue=coupon.issue))
        assert many > 2
        assert f">×{many}</a>" in await desk.page("/")
        for module in (listing, pages):
            monkeypatch.setattr(module, "COUNTED", 2)
        assert ">×2+</a>" in await desk.page("/")
        (front,) = [one for one in await desk.listed(order="queue") if one["flagged"]]
        assert front["count"] == 2
        told = await desk.get("/v1/why-not", session=front["session_id"])
        assert "stands for 2+ sessions of this issue" in told.json()["reasons"][0]

    played(scenario)


def test_cursors_of_others_are_refused(played: Played) -> None:
    async def scenario(desk: Desk) -> None:
        answer = await desk.get("/v1/sessions", order="worth", limit=1)
        cursor = answer.json()["next"]
        assert (await desk.get("/v1/sessions", order="worth", limit=1, cursor=cursor)).status_code == 200
        for query in ({"order": "newest"}, {"order": "worth", "device": "touch"}):
            assert code_of(await desk.get("/v1/sessions", cursor=cursor, **query)) == "cursor_foreign"
        for wrong in ("x", cursor[:-4] + "AAAA", "é"):
            assert code_of(await desk.get("/v1/sessions", order="worth", cursor=wrong)) == "cursor_foreign"
        assert code_of(await desk.get("/v1/sessions", signal="rage")) == "bad_request"

    played(scenario)


def writes(folder: str, many: int, seed: int) -> None:
    """Change cards in another process, as fast as it can."""
    with Store.open(folder, StoreLimits(disk_free_bytes=0)) as store:
        for i in range(many):

            def change(db: sqlite3.Connection, i: int = i) -> None:
                db.execute(
                    "INSERT INTO changes (site_id, session_id, part, what, at)"
                    " SELECT site_id, session_id, part, ?, 0 FROM cards LIMIT 1",
                    (f"{seed}-{i}",),
                )

            store.write(change, ()).result()


def test_who_follows_changes_misses_none_that_commits_late(filled: Path, tmp_path: Path) -> None:
    """Two processes write at once while a reader follows in small pages."""
    folder = tmp_path / "data"
    shutil.copytree(filled, folder)
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=writes, args=(str(folder), 150, seed)) for seed in (1, 2)]
    for writer in writers:
        writer.start()
    found: list[str] = []
    after, idle = 0, 0
    with Store.open(folder, StoreLimits(disk_free_bytes=0)) as store:
        while idle < 3:
            rows = store.read(lambda db, after=after: changed(db, "default", Wanted(), 0, after, 7))
            found += [what for _, what, _ in rows if "-" in what]
            after = rows[-1][0] if rows else after
            idle = 0 if rows or any(writer.is_alive() for writer in writers) else idle + 1
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert sorted(found) == sorted(f"{seed}-{i}" for seed in (1, 2) for i in range(150))
