"""The bench of the queue: what it fills is a site like others, and every list is read."""

from __future__ import annotations

import json
from pathlib import Path

from pipelines.store.limits import StoreLimits
from pipelines.store.listing import OPEN, Wanted, of_issues
from pipelines.store.store import Store
from service.benching import queue as bench
from service.deciding.secrets import Secrets
from service.triage.pages import Pages
from service.verbs.bench_queue import run
from tests.service.live_store import SAMPLES

FILES = [
    str(SAMPLES / f"{name}.json.gz")
    for name in ("struggling-dead-coupon", "calm-buy", "automated-straight-cursor")
]
MANY = 1_500


def test_the_site_that_is_measured_has_a_queue_as_any_other(tmp_path: Path) -> None:
    store = Store(tmp_path, None, StoreLimits(disk_free_bytes=0))
    try:
        secrets = Secrets(store.keys)
        kinds = bench.recorded(store, FILES)
        bench.fill(
            store, bench.cards(kinds, MANY, 0.3, secrets.of(bench.SITE)), MANY, lambda what, steps: None
        )
        pages = Pages(secrets)
        at = pages.begin("queue", Wanted())
        page = store.read(lambda db: pages.read(db, bench.SITE, "queue", Wanted(), at, bench.START_MS, 10))
        issues = [card.issue for card, _ in page.cards if card.flagged]
        assert len(issues) == len(set(issues)) > 3
        issue_of_all = next(
            card.issue for card, _ in page.cards if card.flagged and card.issue.endswith(":00000000")
        )
        wanted = Wanted(statuses=OPEN)
        shown = {card.issue: count for card, count in page.cards if card.flagged}
        counted = store.read(lambda db: of_issues(db, bench.SITE, wanted, bench.START_MS, [issue_of_all]))
        assert shown[issue_of_all] == counted[issue_of_all] > 1
        lanes = store.read(
            lambda db: dict(db.execute("SELECT lane, count(*) FROM cards GROUP BY lane").fetchall())
        )
        assert set(lanes) >= {"worth", "slice", "automation"}
        assert sum(lanes.values()) == MANY
    finally:
        store.close()


def test_every_list_is_read_and_told(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    assert run(FILES, MANY, [0.1, 0.5], 2, told) == 0
    found = json.loads(told.read_text())
    assert [one["common"] for one in found] == [0.1] * 9 + [0.5] * 9
    assert [one["name"] for one in found[:9]] == [one["name"] for one in found[9:]]
    assert all(0 < one["low"] <= one["median"] <= one["high"] for one in found)
