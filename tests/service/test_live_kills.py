"""Killed under load and started again, the service has every batch that it acknowledged, once."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from data_contracts.batches import Batch
from features.log import sessions_of
from pipelines.store.store import Store
from service.live.keys import Keys
from tests.features.streams import encoded, stream
from tests.service.live_store import SAMPLES, request

EVENTS = encoded(stream(3))
CLIENTS = 6
PROGRAM = "from service.command_line import main; main()"
POINTS = (
    pytest.param("key_made:2", marks=pytest.mark.full),
    pytest.param("before_commit:9", marks=pytest.mark.full),
    "after_commit:9",
    "",
)


class Client(threading.Thread):
    """Sends one session's batches one after another, each again until it is acknowledged or the server is gone."""

    def __init__(self, port: int, key: str, session: str) -> None:
        super().__init__(daemon=True)
        self.port, self.key, self.session = port, key, session
        self.acknowledged: list[int] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            for seq in range(400):
                batch = Batch("p", seq, EVENTS[seq % len(EVENTS) : seq % len(EVENTS) + 1])
                connection.request("POST", "/v1/batches", request(self.key, batch, self.session))
                answer = connection.getresponse()
                body = answer.read()
                assert answer.status == 200, body
                self.acknowledged.append(json.loads(body)["seq"])
        except (OSError, http.client.HTTPException):
            pass  # the server is dead
        finally:
            connection.close()


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point or "at random")
def test_killed_under_load_every_acknowledged_batch_is_there_once(tmp_path: Path, point: str) -> None:
    keys = Keys(tmp_path)
    key, _ = keys.create("write")
    keys.close()
    limits = {"ADDRESS": "0", "KEY": "0", "WHOLE": "0"}
    settings = {f"WATCHWORTHY_RATE_{name}": value for name, value in limits.items()}
    server = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "serve", "--data-dir", str(tmp_path), "--port", "0"],
        cwd=SAMPLES.parent,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | settings | {"WATCHWORTHY_FUTURE_HOURS": "1e6", "WATCHWORTHY_FAULT": point},
    )
    giving_up = threading.Timer(100, server.kill)
    giving_up.start()
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline().strip().rsplit(":", 1)[1])
        clients = [Client(port, key, f"s{i}") for i in range(CLIENTS)]
        for client in clients:
            client.start()
        if not point:
            threading.Timer(random.Random(7).uniform(0.2, 0.5), server.kill).start()
        for client in clients:
            client.join(60)
    finally:
        giving_up.cancel()
        server.kill()
        server.wait()
        server.stdout and server.stdout.close()
    assert server.returncode == -signal.SIGKILL
    with Store.open(tmp_path) as store:
        for client in clients:
            held = [batch for _, batch in store.batches("default", client.session)]
            times = Counter(batch.seq for batch in held)
            assert set(times.values()) <= {1}
            assert set(client.acknowledged) <= set(times), "acknowledged, and lost"
            assert len(held) <= len(client.acknowledged) + 1, "only what was on its way may be there beside"
            assert [n for n, _ in store.batches("default", client.session)] == list(range(1, len(held) + 1))
            if held:
                assert len(sessions_of(held, client.session)) <= 1
    if point != "key_made:2":
        assert any(client.acknowledged for client in clients)
