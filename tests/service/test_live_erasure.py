"""A session that another process erased is gone, and what is acknowledged of it afterwards can be read."""

from __future__ import annotations

from pathlib import Path

from pipelines.store.store import Store
from tests.service.live_process import Process, make_keys
from tests.service.live_sender import Sender

SMALL = 100


def test_what_comes_after_an_erasure_is_kept_under_a_key_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    keys = make_keys(folder)
    with Process(folder) as process:
        sender = Sender(process, keys, "s")
        sender.send(3, SMALL)
        with Store.open(folder) as store:
            assert store.erase("default", "s")
            assert store.session("default", "s") is None
        erased = list(sender.acknowledged)
        sender.send(3, SMALL)
        assert not sender.refused
        sender.acknowledged = sender.acknowledged[len(erased) :]
        with Store.open(folder) as store:
            sender.check(store)
        process.stop()
    with Process(folder) as process, Store.open(folder) as store:
        sender.process = process
        sender.check(store)
        held = [batch.events for _, batch in store.batches("default", "s")]
        assert not any(batch.events in held for batch in erased)
