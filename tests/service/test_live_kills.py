"""Killed under load and started again, the service has each acknowledged batch once, and knows it as it was before."""

from __future__ import annotations

import math
import random
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from data_contracts.batches import Batch
from data_contracts.limits import Limits
from features.catalogue import engine
from features.log import sessions_of
from models.live_scores import LiveScorer
from models.scorer import Scorer
from pipelines.store.faults import POINTS
from pipelines.store.limits import StoreLimits
from pipelines.store.store import Store
from service.live.batch_body import events_within
from tests.service.live_load import Crowd
from tests.service.live_process import PROGRAM, ROOT, Process, make_keys
from tests.service.live_store import request, text
from tests.service.live_truth import same
from tests.service.quick_house import GONE, OUTBOX, begin

VISITORS = 6
LOAD = 50  # batches acknowledged in a life before its fault is armed
RANDOM = "at random"
MESSAGES = "SELECT name FROM outbox WHERE session_id = (SELECT id FROM sessions WHERE name = ?) ORDER BY name"
OFTEN = (OUTBOX, "before_commit", "after_commit")  # reached so often that it may be the nth time


class Lives:
    """One data directory, and the services that live and die on it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.data, self.fault = folder / "data", folder / "fault"
        self.keys = make_keys(self.data)
        self.crowd = Crowd(self.keys.write, VISITORS, seed)
        self.chance = random.Random(seed)
        self.scorer = LiveScorer(Scorer.starter())
        self.killed = 0
        self.gone: list[str] = []

    def launch(self) -> Process:
        return Process(
            self.data,
            before=partial(begin, self.fault),
            disk_free_bytes=0,
            log_level="warning",
        )

    def live(self, process: Process, point: str) -> None:
        """Look at what the life before left, go on under load, and die at a point."""
        with process:
            self.look(process, self.crowd.ledger.take_touched())
            self.crowd.come(process)
            self.crowd.wait_for(LOAD)
            if point == RANDOM:
                time.sleep(self.chance.uniform(0.0, 0.4))
                process.signal(signal.SIGKILL)
            else:
                times = self.chance.randint(1, 30 if point in OFTEN else 2)
                self.fault.write_text(f"{point}:{times}")
                process.signal(signal.SIGUSR1)
                if point.startswith("erase"):
                    self.send_what_will_be_erased(process, times)
            assert process.wait() == -signal.SIGKILL, f"{point} was not reached: {process.said}"
            self.crowd.go(stop=False)
        self.killed += 1

    def send_what_will_be_erased(self, process: Process, many: int) -> None:
        for i in range(many):
            batch = Batch("p", 0, [b'{"type":4,"data":{"href":"/","width":9,"height":9},"timestamp":5}'])
            self.gone.append(f"{GONE}{self.killed}-{i}")
            assert process.post(request(self.keys.write, batch, self.gone[-1], end=True)).status == 200

    def look(self, process: Process, names: set[str]) -> None:
        """Compare what was acknowledged, what is stored, what the library makes of it, and what the service says."""
        ledger, doubt = self.crowd.ledger, self.crowd.in_doubt
        client = process.client()
        for name in self.gone:
            answer = client.ask("GET", f"/v1/sessions/{name}", authorization=f"Bearer {self.keys.read}")
            assert answer.code in ("not_found", "payload_expired", ""), "half erased, but no failure"
        with Store.open(self.data) as store:
            for name in sorted(names):
                log = list(store.batches("default", name))
                assert [number for number, _ in log] == list(range(1, len(log) + 1))
                held = [batch for _, batch in log]
                places = [(batch.stream, batch.seq) for batch in held]
                assert len(set(places)) == len(places), "stored twice"
                assert set(ledger.heard[name]) <= set(places), "acknowledged, and lost"
                strangers = {(name, place) for place in set(places) - set(ledger.heard[name])}
                assert strangers <= doubt, "only what was on its way may be there beside"
                for batch in held:
                    sent = text(ledger.sent[name][batch.stream, batch.seq].events)
                    assert batch.events == events_within(sent, Limits(), math.inf).events
                messages = store.read(lambda db, name=name: db.execute(MESSAGES, (name,)).fetchall())
                assert [one for (one,) in messages] == sorted(
                    f"{name} {stream} {seq}" for stream, seq in places
                )
                for session in sessions_of(held, name):
                    answer = client.ask(
                        "GET", f"/v1/sessions/{session.id}", authorization=f"Bearer {self.keys.read}"
                    )
                    assert answer.status == 200, (session.id, answer)
                    same(answer.json, session, self.scorer)
                    assert answer.json["log"]["batches"] == len(held)
        client.close()

    def look_as_a_command(self, process: Process) -> None:
        """Compare what the service says with what `watchworthy features` makes of the same batches, as files."""
        recordings, target = self.fault.with_name("recordings"), self.fault.with_name("features.parquet")
        recordings.mkdir()
        with Store.open(self.data) as store:
            for name in self.crowd.ledger.sent:
                held = sorted((batch for _, batch in store.batches("default", name)), key=lambda one: one.seq)
                whole = [(batch.stream, batch.seq) for batch in held] == [
                    ("page0", i) for i in range(len(held))
                ]
                if whole and (events := [event for batch in held for event in batch.events]):
                    (recordings / f"{name}.json").write_bytes(text(events))
        command = [sys.executable, *PROGRAM, "features", str(recordings), "--out", str(target)]
        subprocess.run(command, cwd=ROOT, check=True)
        rows = pq.read_table(target).to_pylist()
        assert len(rows) > 3
        for row in rows:
            name = Path(row["file"]).stem
            told = process.get(f"/v1/sessions/{name}", self.keys.read).json["vector"]
            ours = np.array([row[feature] for feature in engine().names], "f4")
            theirs = np.array([np.nan if v is None else v for v in told.values()], "f4")
            np.testing.assert_array_equal(ours, theirs, name)

    def end(self, process: Process) -> None:
        """Live once more to look at everything; be told to stop."""
        with process:
            self.look(process, set(self.crowd.ledger.sent))
            self.look_as_a_command(process)
            self.crowd.come(process)
            self.crowd.wait_for(LOAD)
            self.crowd.go()
            assert process.stop() == 0
        with Store.open(self.data, StoreLimits(lease_ms=0)) as store:
            store.sweep()
            pointed = {row.sealed_object for row in store.sessions(most=1_000_000)} - {""}
        recordings = self.data / "recordings"
        assert {
            str(path.relative_to(recordings)) for path in recordings.rglob("*") if path.is_file()
        } == pointed


def kill(folder: Path, points: list[str], seed: int) -> Lives:
    lives = Lives(folder, seed)
    for point in points:
        lives.live(lives.launch(), point)
    lives.end(lives.launch())
    return lives


def test_killed_at_some_points_and_at_a_random_moment(tmp_path: Path) -> None:
    commits = ["key_made", "before_commit", "after_commit", OUTBOX]
    seals = [point for point in POINTS if point.startswith("seal")]
    points = [*commits, *seals, "erase_key_gone", *[RANDOM] * 2]
    assert kill(tmp_path, points, 1).killed == len(points) >= 10


@pytest.mark.full
def test_killed_at_each_point_and_at_random_moments(tmp_path: Path) -> None:
    points = [*POINTS, OUTBOX, *[RANDOM] * 3]
    lives = kill(tmp_path, points, 1)
    assert lives.killed == len(points) >= 10


@pytest.mark.full
@pytest.mark.parametrize("turn", range(1, 11))
def test_killed_two_hundred_times(tmp_path: Path, turn: int) -> None:
    chance = random.Random(turn)
    points = [*POINTS, OUTBOX, *[RANDOM] * (19 - len(POINTS))]
    chance.shuffle(points)
    assert kill(tmp_path, points, turn).killed == len(points) >= 20
