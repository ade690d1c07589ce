"""The service as its owner types it: serve, keys, settings, import."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import numpy as np
import pytest

from data_contracts.recordings import read
from features.log import sessions_of
from pipelines.store.store import Store
from service.live.importing import Importer
from service.live.opening import open_store
from service.live.settings import load
from tests.pipelines.store.making import SESSION, SITE, make_unit
from tests.service.live_store import SAMPLES, request
from tests.service.typed import Run

ROOT = SAMPLES.parent
COUPON = SAMPLES / "struggling-dead-coupon.json.gz"


@pytest.fixture(autouse=True)
def of_any_age(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording may be from long after today."""
    monkeypatch.setenv("WATCHWORTHY_FUTURE_HOURS", "1e6")


def test_serve_says_where_takes_a_session_and_stops_when_told(tmp_path: Path, run: Run) -> None:
    folder = ("--data-dir", tmp_path)
    status, out, _ = run("keys", "create", "--role", "write", *folder)
    assert status == 0
    write, read_key = out.strip(), run("keys", "create", "--role", "read", *folder)[1].strip()
    program = "from service.command_line import main; main()"
    server = subprocess.Popen(
        [sys.executable, "-c", program, "serve", "--data-dir", str(tmp_path), "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"WATCHWORTHY_LOG_LEVEL": "debug"},
    )
    giving_up = threading.Timer(100, server.kill)
    giving_up.start()
    try:
        assert server.stdout is not None
        line = server.stdout.readline().strip()
        assert line.startswith("Watchworthy listens on http://127.0.0.1:"), (
            server.stderr and server.stderr.read()
        )
        address = line.rsplit(" ", 1)[1]
        (batch,) = read(str(COUPON)).batches
        assert httpx.get(f"{address}/readyz").status_code == 200
        body = gzip.compress(request(write, batch, end=True))
        for _ in range(2):
            answer = httpx.post(f"{address}/v1/batches", content=body, headers={"content-encoding": "gzip"})
            assert answer.json() == {"ok": True, "seq": 0, "interventions": []}
        told = httpx.get(f"{address}/v1/sessions/s", headers={"authorization": f"Bearer {read_key}"}).json()
        (session,) = sessions_of([batch], "s")
        vector = np.array([np.nan if v is None else v for v in told["vector"].values()], "f4")
        np.testing.assert_array_equal(vector, session.vector)
        server.send_signal(signal.SIGTERM)
        out, err = server.communicate(timeout=30)
    finally:
        giving_up.cancel()
        server.kill()
        server.wait()
    assert server.returncode == 0, err
    lines = [json.loads(line) for line in err.splitlines()]
    answered = [line for line in lines if line.get("path") == "/v1/batches"]
    assert [line["status"] for line in answered] == [200, 200]
    assert len({line["request_id"] for line in answered}) == 2
    assert write.split("_")[3] not in err


def test_serve_says_what_is_wrong_before_it_begins(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "watchworthy.toml").write_text("prot = 1")
    status, out, err = run("serve", "--data-dir", tmp_path)
    assert (status, out) == (2, "")
    assert "prot: no such setting" in err
    assert run("import", COUPON, "--data-dir", tmp_path)[0] == 2
    monkeypatch.setenv("WATCHWORTHY_PROT", "1")
    status, _, err = run("settings", "--data-dir", tmp_path)
    assert status == 2
    assert "WATCHWORTHY_PROT" in err


def test_keys_are_made_listed_and_revoked(tmp_path: Path, run: Run) -> None:
    folder = ("--data-dir", tmp_path)
    status, out, err = run("keys", "create", "--role", "write", "--origin", "https://shop.example", *folder)
    assert status == 0
    key_id, secret = out.strip().split("_")[2:]
    assert "public" in err
    listed = run("keys", "list", *folder)[1]
    assert key_id in listed
    assert secret not in listed
    assert run("keys", "revoke", key_id, *folder)[0] == 0
    assert run("keys", "revoke", key_id, *folder)[0] == 1
    assert run("keys", "create", "--role", "write", "--origin", "shop", *folder)[0] == 2
    assert run("keys", "create", "--role", "owner", *folder)[0] == 2


def stored(folder: Path, session: str) -> np.ndarray:
    with Store.open(folder) as store:
        (one,) = sessions_of((batch for _, batch in store.batches("default", session)), session)
        return one.vector


def test_an_import_is_as_if_it_had_been_sent_and_once(tmp_path: Path, run: Run) -> None:
    data, copy = tmp_path / "data", tmp_path / "other-name.json"
    copy.write_bytes(gzip.decompress(COUPON.read_bytes()))
    status, _, err = run("import", COUPON, SAMPLES / "calm-buy.json.gz", "--data-dir", data)
    assert status == 0
    assert "2 imported" in err
    status, _, err = run("import", SAMPLES / "calm-*.json.gz", copy, "--data-dir", data)
    assert status == 0
    assert "2 there already" in err, "the same content under another name, and calm-buy"
    (session,) = sessions_of(read(str(COUPON)).batches, "s")
    np.testing.assert_array_equal(stored(data, "struggling-dead-coupon"), session.vector)
    with Store.open(data) as store:
        assert store.session("default", "other-name") is None
        row = store.session("default", "struggling-dead-coupon")
        assert row is not None
        assert row.status == "ended"
        assert row.rows == session.coverage.rows


def test_sealed_recordings_go_where_the_settings_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    monkeypatch.setenv("WATCHWORTHY_RECORDINGS_URL", f"file://{elsewhere}")
    with open_store(data, load(data)) as store:
        store.submit(make_unit()).result()
        assert store.seal(SITE, SESSION, 10**15)
        assert any(path.is_file() for path in elsewhere.rglob("*"))
        assert not (data / "recordings").exists()


def test_another_recording_of_the_same_name_gets_a_name_of_its_own(tmp_path: Path, run: Run) -> None:
    data, other = tmp_path / "data", tmp_path / COUPON.name
    other.write_bytes((SAMPLES / "calm-buy.json.gz").read_bytes())
    assert run("import", COUPON, other, "--data-dir", data)[0] == 0
    with Store.open(data) as store:
        names = [row.session for row in store.sessions()]
    assert names[0] == "struggling-dead-coupon"
    assert names[1].startswith("struggling-dead-coupon-")
    (session,) = sessions_of(read(str(other)).batches, "s")
    np.testing.assert_array_equal(stored(data, names[1]), session.vector)


def test_an_import_goes_on_where_it_broke_off(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.live.importing.PART_EVENTS", 10)
    send, sent = Importer._send, []

    async def broken(self: Importer, session: str, batches: list) -> None:
        sent.append(len(batches))
        await send(self, session, batches[: len(batches) // 2])
        raise RuntimeError("killed")

    monkeypatch.setattr(Importer, "_send", broken)
    with pytest.raises(RuntimeError, match="killed"):
        run("import", COUPON, "--data-dir", tmp_path)
    monkeypatch.setattr(Importer, "_send", send)
    assert sent[0] > 4
    assert run("import", COUPON, "--data-dir", tmp_path)[0] == 0
    (session,) = sessions_of(read(str(COUPON)).batches, "s")
    np.testing.assert_array_equal(stored(tmp_path, "struggling-dead-coupon"), session.vector)
    with Store.open(tmp_path) as store:
        assert len(store.sessions()) == 1
        assert len(list(store.batches("default", "struggling-dead-coupon"))) == sent[0]


def test_what_an_import_refuses_is_named_and_counted(tmp_path: Path, run: Run) -> None:
    wrong, page, broken = tmp_path / "a.json", tmp_path / "b.json", tmp_path / "c.json"
    wrong.write_text('{"a": 1}')
    page.write_text("<html>sign in</html>")
    broken.write_bytes(gzip.decompress(COUPON.read_bytes())[:-20])
    status, _, err = run("import", wrong, page, broken, tmp_path / "none.json", "--data-dir", tmp_path / "d")
    assert status == 1
    for told in (
        "a.json",
        "b.json",
        "c.json",
        "none.json",
        "input_html 1",
        "file_missing 1",
        "json_broken 1",
    ):
        assert told in err, told
    assert "1 imported" in err, "what came before the break"
