"""A data directory that cannot be written to: said at the start; under a running service, said and survived."""

from __future__ import annotations

from pathlib import Path

from pipelines.store.store import Store
from tests.service.disks import frozen, read_only
from tests.service.live_process import Process, make_keys
from tests.service.live_sender import Sender, eventually, refuses

SMALL = 100  # bytes of an event


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def test_what_cannot_be_written_to_is_said_and_survived(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    keys = make_keys(folder)
    with Process(folder) as process:
        known, fresh = (Sender(process, keys, name) for name in ("known", "fresh"))
        known.send(5, SMALL)
        with frozen(folder):
            for sender in (known, fresh):
                sender.send(5, SMALL)
                assert sender.refused == {(503, "store_read_only"): 5}
                sender.refused.clear()
            assert refuses(process) == "store_read_only"
            assert process.get("/healthz").status == 200
            assert process.get("/v1/sessions/known", keys.read).json["log"]["batches"] == 5
        assert eventually(lambda: not refuses(process))
        for sender in (known, fresh):
            sender.send(5, SMALL)
            assert not sender.refused
        with Store.open(folder) as store:
            known.check(store)
            fresh.check(store)
        assert process.stop() == 0
    before = contents(folder)
    with read_only(folder) as view, Process(view) as process:
        assert process.wait() == 1
        assert process.said.startswith("watchworthy: store_read_only: ")
        assert "check its mount and owner" in process.said
        assert str(view) in process.said
        assert len(process.said.splitlines()) == 1
    assert contents(folder) == before
