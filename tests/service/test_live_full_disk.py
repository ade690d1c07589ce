"""A full disk: it is said, what was acknowledged is kept, and with room again it is over without a restart."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from data_contracts.batches import Batch
from features.session import sessions_of
from pipelines.store.store import Store
from tests.service.disks import disk
from tests.service.live_process import KeyPair, Process, make_keys
from tests.service.live_store import request
from tests.service.live_truth import same

MB = 1 << 20
LOOKED_AT_S = 5  # within so long a service notices what changed on its disk
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


def eventually(true: Callable[[], bool], seconds: float = LOOKED_AT_S) -> bool:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def refuses(process: Process) -> str:
    """Why the service is not ready; empty if it is."""
    return process.get("/readyz").code


def test_a_disk_without_a_byte_left_is_survived(tmp_path: Path) -> None:
    with disk(tmp_path / "disk", 8) as small:
        keys = make_keys(small.folder)
        with Process(small.folder, disk_free_bytes=0) as process:
            senders = [Sender(process, keys, f"s{i}") for i in range(4)]
            threads = [threading.Thread(target=sender.send, args=(60,)) for sender in senders]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for sender in senders:
                assert len(sender.acknowledged) > 3
                assert set(sender.refused) == {(503, "disk_full")}, sender.refused
            assert eventually(lambda: refuses(process) == "disk_full"), "a probe may fit where no batch does"
            assert process.get("/healthz").status == 200
            assert process.counted("disk_full") >= sum(sender.refused.total() for sender in senders)
            known = senders[0].acknowledged[0]
            assert process.post(request(keys.write, known, "s0")).status == 200, "a repeat needs no room"
            before = [len(sender.acknowledged) for sender in senders]
            small.resize(32)
            assert eventually(lambda: not refuses(process))
            for sender in senders:
                sender.refused.clear()
                sender.send(5)
                assert not sender.refused
            assert [len(sender.acknowledged) for sender in senders] == [n + 5 for n in before]
            with Store.open(small.folder) as store:
                for sender in senders:
                    sender.check(store)
            assert process.stop() == 0
        small.fill()
        with Process(small.folder, disk_free_bytes=0) as process:
            assert process.wait() == 1
            assert process.said.startswith("watchworthy: disk_full: ")
            assert "Make room" in process.said
            assert str(small.folder) in process.said
            assert len(process.said.splitlines()) == 1
        small.make_room()
        with Process(small.folder, disk_free_bytes=0) as process, Store.open(small.folder) as store:
            for sender in senders:
                sender.process = process
                sender.check(store)


def test_the_high_water_mark_refuses_while_there_is_room_to_clean_up(tmp_path: Path) -> None:
    mark = 8 * MB
    with disk(tmp_path / "disk", 24) as small:
        keys = make_keys(small.folder)
        with Process(small.folder, disk_free_bytes=mark) as process:
            sender = Sender(process, keys, "s")
            sender.send(5)
            assert not sender.refused
            small.fill(leave=mark - MB)
            assert eventually(lambda: refuses(process) == "disk_full")
            sender.send(5)
            assert sender.refused == {(503, "disk_full"): 5}
            assert small.free > mark - 2 * MB, "what is refused takes no room"
            sender.refused.clear()
            small.make_room()
            assert eventually(lambda: not refuses(process))
            sender.send(5)
            assert not sender.refused
            with Store.open(small.folder) as store:
                sender.check(store)
