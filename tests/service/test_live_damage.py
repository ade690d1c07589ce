"""A damaged data directory: said at the start, and nothing is acknowledged on top of damage that was seen."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from data_contracts.batches import Batch
from pipelines.store.store import Store
from service.command_line import main
from tests.pipelines.store.making import make_unit
from tests.service.live_process import KeyPair, Process, make_keys
from tests.service.live_sender import eventually, refuses
from tests.service.live_store import request

SESSIONS = 40
EVENT = b'{"type":5,"data":{"tag":"note","payload":{}},"timestamp":1}'


def batch_of(keys: KeyPair, session: int, seq: int) -> bytes:
    return request(keys.write, Batch("a", seq, [EVENT]), f"s{session}")


def fill(folder: Path) -> KeyPair:
    """A store with sessions in it, closed."""
    keys = make_keys(folder)
    now_ms = time.time_ns() // 1_000_000
    with Store.open(folder) as store:
        for session in range(SESSIONS):
            for seq in range(3):
                store.submit(make_unit(seq, site="default", session=f"s{session}", received_at_ms=now_ms))
    return keys


def overwrite(path: Path, begin: int = 0) -> None:
    """Replace the bytes of a file, where it lies, by others."""
    with path.open("r+b") as file:
        file.seek(begin)
        file.write(os.urandom(path.stat().st_size - begin))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "data"
    fill(folder)
    return folder


@pytest.mark.parametrize(
    ("name", "begin", "code"),
    [
        ("store.db", 0, "store_corrupt"),
        ("store.db", 4_096, "store_corrupt"),
        ("keys.db", 0, "store_corrupt"),
        ("keys.db", 4_096, "store_corrupt"),
        ("admission.db", 0, "store_corrupt"),
        ("master.key", 0, "master_key_wrong"),
    ],
)
def test_a_service_does_not_begin_on_damage(
    whole: Path,
    tmp_path: Path,
    name: str,
    begin: int,
    code: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(whole, folder)
    overwrite(folder / name, begin)
    before = contents(folder)
    monkeypatch.setattr(sys, "argv", ["watchworthy", "serve", "--data-dir", str(folder), "--port", "0"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 1
    said = capsys.readouterr()
    assert not said.out
    (line,) = said.err.strip().splitlines()
    assert line.startswith(f"watchworthy: {code}: ")
    assert str(folder / name) in line
    assert "backup" in line or name == "master.key"
    assert contents(folder) == before


@pytest.mark.parametrize("name", ["store.db", "store.db-wal"])
def test_nothing_is_acknowledged_on_damage_that_was_seen(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "data"
    keys = fill(folder)
    with Process(folder) as process:
        for session in range(SESSIONS):
            assert process.post(batch_of(keys, session, 3)).status == 200
        overwrite(folder / name)
        assert eventually(lambda: refuses(process) == "store_corrupt")
        client = process.client()
        for session in range(SESSIONS * 2):  # sessions in memory, then such as never were
            answer = client.ask(
                "POST", "/v1/batches", batch_of(keys, session, 4 if session < SESSIONS else 0)
            )
            assert (answer.status, answer.code) == (503, "store_corrupt")
            looked = client.ask("GET", f"/v1/sessions/s{session}", authorization=f"Bearer {keys.read}")
            assert looked.status in (200, 503)
            assert looked.code in ("", "store_corrupt")
        client.close()
        assert refuses(process) == "store_corrupt"
        assert process.get("/healthz").status == 200
        assert process.counted("store_corrupt") >= SESSIONS * 2
        assert process.stop() == 0


def test_nothing_is_acknowledged_into_a_file_that_was_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    keys = fill(folder)
    with Process(folder) as process:
        assert process.post(batch_of(keys, 0, 3)).status == 200
        copy = tmp_path / "backup"
        shutil.copytree(folder, copy)
        for name in ("store.db", "store.db-wal", "store.db-shm"):
            os.replace(copy / name, folder / name)
        assert eventually(lambda: refuses(process) == "store_failed")
        for session in range(SESSIONS):
            answer = process.post(batch_of(keys, session, 4))
            assert (answer.status, answer.code) == (503, "store_failed")
        assert process.stop() == 0
