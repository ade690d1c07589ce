"""A full disk: it is said, what was acknowledged is kept, and with room again it is over without a restart."""

from __future__ import annotations

import threading
from pathlib import Path

from pipelines.store.store import Store
from tests.service.disks import disk
from tests.service.live_process import Process, make_keys
from tests.service.live_sender import Sender, eventually, refuses
from tests.service.live_store import request

MB = 1 << 20


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
