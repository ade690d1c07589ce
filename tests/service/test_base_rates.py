"""A toy that everybody hammers and a button that broke yesterday, from stored sessions to what is flagged."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from data_contracts.decisions import read as read_decision
from data_contracts.recordings import read
from features.log import sessions_of
from features.session import Session
from models.base_rates import SiteTable, table, telling
from models.live_scores import LiveScorer
from models.scorer import Scorer
from pipelines.site_rates import DAYS, UNRIPE_DAYS, counted, keep, kept, site_table
from pipelines.store import Store
from pipelines.traps.corpus import RECORDINGS
from service.deciding.judge import Judge
from service.deciding.site_tables import SiteTables
from service.live.settings import Settings
from service.verbs.import_ import put

TODAY = date(2026, 11, 27)
PRESSES = range(5)  # rrweb's MouseInteraction types up to DblClick
HAMMERED = "rage-dead-quiet"  # real presses on a button that does nothing


def recording(folder: Path, name: str, day: date, hammered: bool) -> Path:
    """A real recording moved to a day; without its presses, it is one of somebody who only looked."""
    events: list[dict[str, Any]] = json.loads(
        gzip.decompress((RECORDINGS / f"{HAMMERED}.json.gz").read_bytes())
    )["events"]
    begun = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() * 1000
    shift = int(begun) - events[0]["timestamp"]
    kept_events = [
        event | {"timestamp": event["timestamp"] + shift}
        for event in events
        if hammered
        or not (event["type"] == 3 and event["data"]["source"] == 2 and event["data"]["type"] in PRESSES)
    ]
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"events": kept_events}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool, int], list[Session]]:
    folder = tmp_path_factory.mktemp("made")

    def make(hammered: bool, times: int) -> list[Session]:
        found = sessions_of(read(str(recording(folder, f"{hammered}", TODAY, hammered))).batches, "one")
        return found * times

    return make


def made_table(sessions: list[Session]) -> SiteTable:
    return table("site", TODAY.isoformat(), DAYS, UNRIPE_DAYS, counted(sessions))


def test_a_toy_that_everybody_hammers_is_excused_and_a_button_that_broke_yesterday_is_not(sessions, tmp_path):
    hammered = sessions(True, 1)[0]
    with Store.open(tmp_path) as store:
        toys = made_table(sessions(True, 180) + sessions(False, 20))
        # Yesterday's sessions do not count yet, so the history of the broken button is one of people who did well.
        faults = made_table(sessions(True, 2) + sessions(False, 198))
        told = {}
        for name, known in (("toy", toys), ("fault", faults), ("no table", None)):
            judge = Judge(LiveScorer(Scorer.starter()), store, tables=lambda site, known=known: known)
            struggle = judge.struggle("site", hammered)
            told[name] = struggle
            assert struggle.site_table == (known.digest if known else "")
    for name in ("toy", "fault"):
        alone = [fact.severity for fact in told["no table"].facts]
        assert [fact.severity for fact in told[name].facts] == alone, "severity is of the session alone"
    assert max(fact.site_severity for fact in told["toy"].facts) < 0.2
    assert all(fact.site_severity > 0.95 * fact.severity for fact in told["fault"].facts)
    assert telling(told["toy"].facts) == ()
    assert len(telling(told["fault"].facts)) == len(told["no table"].facts)


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[tuple[Path, Store]]:
    """A service's folder with sessions of many days: hammered ones old and new, and one from yesterday."""
    files = [
        str(recording(tmp_path, f"{day}-{hammered}", TODAY - timedelta(days=day), hammered))
        for day, hammered in ((40, True), (20, True), (12, True), (9, False), (5, True), (2, True), (1, True))
    ]
    data = tmp_path / "data"
    data.mkdir()
    settings = Settings(disk_free_bytes=0)
    put(files, data, "site", settings)
    with Store.open(data) as store:
        yield data, store


def test_the_job_counts_stored_sessions_of_the_days_that_count(stored):
    data, store = stored
    made = site_table(store, "site", TODAY)
    rage = {key: rate for key, rate in made.rows if key.code == "rage_click"}
    assert [(rate.sessions, rate.met) for rate in rage.values()] == [(4, 3)], (
        "not of yesterday, nor of long ago"
    )
    (key,) = rage
    assert key.page == "/quiet/rage_dead"
    assert "book" in key.element
    tables = SiteTables(data)
    assert tables.of("site") is None
    keep(made, data)
    assert kept(data, "site") == SiteTables(data).of("site") == made
    assert SiteTables(data).of("another") is None


def test_a_decision_names_the_table_that_it_used(sessions, tmp_path):
    session = sessions(True, 1)[0]
    known = made_table(sessions(True, 50))
    with Store.open(tmp_path) as store:
        judge = Judge(LiveScorer(Scorer.starter()), store, tables=lambda site: known)
        struggle = judge.struggle("site", session)
        scores = judge.scorer.scores(session)
        made = judge.decision("site", session, scores, struggle, cause="asked", log_number=1, now_ms=1)
        again = read_decision(judge.stored(made).body)
    assert again.site_table == known.digest
    assert again.facts == struggle.facts
    assert not again.outcome.flagged
