"""One sender whose batches may be refused, and how to wait for what a service notices by itself."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable

from data_contracts.batches import Batch
from features.log import sessions_of
from pipelines.store.store import Store
from tests.service.live_process import KeyPair, Process
from tests.service.live_store import request
from tests.service.live_truth import same

PATIENCE_S = 30  # within so long a service has noticed what changed around it
SIZE = 30_000  # bytes of an event, twice that in hexadecimal; nothing that can be packed


def event(seq: int, size: int = SIZE) -> bytes:
    return b'{"type":5,"data":{"tag":"note","payload":"%s"},"timestamp":%d}' % (
        os.urandom(size).hex().encode(),
        1_000 * seq + 1,
    )


class Sender:
    """Sends one session's batches, each until it is taken, and keeps what was acknowledged."""

    def __init__(self, process: Process, keys: KeyPair, session: str) -> None:
        self.process, self.keys, self.session = process, keys, session
        self.acknowledged: list[Batch] = []
        self.refused: Counter[tuple[int, str]] = Counter()

    def send(self, tries: int, size: int = SIZE) -> None:
        """Try so often; what is refused is tried again as it was."""
        client = self.process.client()
        for _ in range(tries):
            seq = len(self.acknowledged)
            batch = Batch("p", seq, [event(seq, size)])
            answer = client.ask("POST", "/v1/batches", request(self.keys.write, batch, self.session))
            if answer.status == 200:
                self.acknowledged.append(batch)
            else:
                self.refused[answer.status, answer.code] += 1
                assert answer.json["error"]["retryable"]
        client.close()

    def check(self, store: Store) -> None:
        """All that was acknowledged is stored, and the service says of it what the library says."""
        held = [batch for _, batch in store.batches("default", self.session)]
        assert [(one.seq, one.events) for one in held] == [(one.seq, one.events) for one in self.acknowledged]
        (session,) = sessions_of(held, self.session)
        same(self.process.get(f"/v1/sessions/{self.session}", self.keys.read).json, session)


def eventually(true: Callable[[], bool], seconds: float = PATIENCE_S) -> bool:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def refuses(process: Process) -> str:
    """Why the service is not ready; empty if it is."""
    return process.get("/readyz").code
