"""The bench of the live service from end to end, on a few batches; what it measures is nobody's business here."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from data_contracts.recordings import read
from pipelines.store.store import Store
from service.benching import rounds, servers
from service.benching.bodies import dealt, pages
from service.benching.rounds import Bench, stored
from service.verbs import bench
from tests.service.live_store import SAMPLES
from tests.service.typed import Run

KEYPAD, BUY = SAMPLES / "calm-keypad.json.gz", SAMPLES / "calm-buy.json.gz"
FEW = ("--rounds", 1, "--batches", 8, "--sessions", 4, "--connections", 3)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are not wrapped."""
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[subprocess.Popen[str]]:
    """The servers that are started; temporary folders lie in ``tmp_path``."""
    started: list[subprocess.Popen[str]] = []

    class Watched(subprocess.Popen[str]):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            started.append(self)

    monkeypatch.setattr(servers.subprocess, "Popen", Watched)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return started


def test_every_batch_is_stored_and_every_figure_printed(
    run: Run, tmp_path: Path, processes: list[subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHWORTHY_BODY_BYTES", "1024")  # the caller's settings are not the bench's
    held: dict[str, list[int]] = {}

    def looked(data: Path) -> int:
        with Store.open(data) as store:
            for row in store.sessions():
                held[row.session] = [batch.seq for _, batch in store.batches(row.site, row.session)]
        return stored(data)

    monkeypatch.setattr(rounds, "stored", looked)
    status, out, err = run("bench", "serve", *FEW, "--json", tmp_path / "figures", KEYPAD, BUY)
    assert (status, err) == (0, "")
    lines = [line.strip() for line in out.splitlines()]
    places = [lines.index(load) for load in ("3 connections", "1 connection", "3 connections, gzip")]
    assert places == sorted(places)
    for row in ("a durable scored batch", "an empty request", "ratio", "a batch answered, p50 / p99"):
        assert len([line for line in lines if line.startswith(row)]) == 3 + (row == "an empty request") * 3
    (limited,) = [line for line in lines if line.endswith("limit 2.0")]
    assert limited == lines[places[0] + 3]
    told = json.loads((tmp_path / "figures").read_text("utf-8"))
    assert [len(load["rounds"]) for load in told["loads"].values()] == [1, 1, 1]
    assert [load["rounds"][0]["batches"] for load in told["loads"].values()] == [8, 2, 2]
    assert f"All {told['batches_stored']} batches" in out
    assert sum(map(len, held.values())) == told["batches_stored"] >= 8 + 2 + 2 + 4 * 2
    assert len(held) >= 4
    for seqs in held.values():
        assert seqs == list(range(len(seqs)))
    assert [one.poll() for one in processes] == [0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["figures"], "the temporary folder is gone"


def test_a_refusal_stops_it_and_is_told(
    run: Run, tmp_path: Path, processes: list[subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "RATE", "0.2")
    status, out, err = run("bench", "serve", *FEW, KEYPAD)
    assert (status, out) == (1, "")
    assert "watchworthy bench serve: The server refused a batch: HTTP/1.1 429" in err
    assert "rate_address" in err
    assert [one.poll() for one in processes] == [0, 0]
    assert not list(tmp_path.iterdir())


def test_a_service_that_does_not_start_is_told_with_its_own_words(
    run: Run, processes: list[subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "RATE", "-1")
    status, _, err = run("bench", "serve", *FEW, KEYPAD)
    assert status == 1
    assert "ended before it listened" in err
    assert "rate_address" in err
    assert all(one.poll() is not None for one in processes)


def test_recordings_without_a_usable_page_are_said_to_be_so(run: Run, tmp_path: Path) -> None:
    short = tmp_path / "short.json"
    short.write_text('[{"type":4,"data":{"href":"/","width":9,"height":9},"timestamp":1}]')
    status, _, err = run("bench", "serve", *FEW, short)
    assert status == 1
    assert "No page of these recordings" in err


def test_no_session_has_two_batches_on_their_way() -> None:
    visits = dealt(pages(read(KEYPAD)), "k", 30)
    assert Bench(None, None, visits).legs(100) == [30, 30, 30, 10]  # type: ignore[arg-type]


def test_bench_alone_measures_offline(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[list[str], int]] = []
    monkeypatch.setattr(bench, "run", lambda paths, rounds: called.append((paths, rounds)) or 0)
    for words in ((), ("a", "b"), ("--rounds", 3, "a"), ("offline", "a", "--rounds", 3)):
        assert run("bench", *words)[0] == 0
    assert called == [([], 7), (["a", "b"], 7), (["a"], 3), (["a"], 3)]
    status, out, _ = run("bench", "--help")
    assert status == 0
    assert "serve" in out
    assert "offline" in out
