"""Sealed recordings: what is sealed reads the same, whoever seals at the same time."""

import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest

from data_contracts.errors import WatchworthyError
from pipelines.store import Store
from pipelines.store.objects import Objects
from tests.pipelines.store.making import HOUR, SESSION, SITE, body_of, make_unit


def fill(store: Store, *seqs: int, **facts: object) -> None:
    for future in [store.submit(make_unit(seq, **facts)) for seq in seqs]:
        future.result()


def read(store: Store, after: int = 0) -> list[tuple[int, str, int, bytes]]:
    return [
        (n, batch.stream, batch.seq, b"[" + b", ".join(batch.events) + b"]")
        for n, batch in store.batches(SITE, SESSION, after)
    ]


def rows(store: Store) -> int:
    return store.write(lambda db: db.execute("SELECT count(*) FROM batches").fetchone()[0]).result()


def objects(store: Store) -> list[Path]:
    return sorted((store.folder / "recordings").rglob("*.*"))


def test_a_sealed_session_reads_as_before(opened: Callable[..., Store]) -> None:
    store = opened(frame_bytes=500)
    fill(store, *range(20))
    fill(store, *range(5), stream="b", consent="yes", channels=5, scrub=2)
    before, kept = read(store), list(store.kept(SITE, SESSION))
    assert store.seal(SITE, SESSION, 1)
    assert rows(store) == 0
    assert read(store) == before
    assert list(store.kept(SITE, SESSION)) == kept
    assert read(store, after=7) == before[7:]


def test_a_session_is_sealed_when_it_ended(store: Store) -> None:
    fill(store, 0, session="silent", received_at_ms=0)
    fill(store, 0, session="said so", received_at_ms=0, ends=True)
    fill(store, 0, session="goes on", received_at_ms=0)
    assert [row.session for row in store.seal_due(60_000)] == ["said so"]
    fill(store, 1, session="goes on", received_at_ms=HOUR // 4)
    assert [row.session for row in store.seal_due(HOUR // 2)] == ["silent"]
    assert {row.session: row.status for row in store.sessions()} == {
        "silent": "sealed",
        "said so": "sealed",
        "goes on": "open",
    }
    assert store.seal_due(HOUR // 2) == []


def test_newer_batches_follow_the_object_and_join_the_next_one(opened: Callable[..., Store]) -> None:
    store = opened(frame_bytes=300)
    fill(store, 0, 1, 2, ends=True)
    assert store.seal_due(HOUR)
    first = objects(store)
    fill(store, 3, 4)
    assert store.session(SITE, SESSION).status == "open"
    before = read(store)
    assert [row[0] for row in before] == [1, 2, 3, 4, 5]
    assert store.seal_due(2 * HOUR)
    assert (rows(store), read(store)) == (0, before)
    assert len(objects(store)) == 1
    assert objects(store) != first


def test_repeats_and_conflicts_are_known_after_sealing_too(store: Store) -> None:
    fill(store, 0, 1, 3)
    store.seal(SITE, SESSION, 1)
    fill(store, 2)
    store.seal(SITE, SESSION, 2)
    for seq, number in ((0, 1), (1, 2), (3, 3), (2, 4)):
        unit = make_unit(seq)
        assert store.submit(unit).result() == (number, b"answer %d" % number, True, False)
        assert store.known(SITE, SESSION, "a", seq) == (number, unit.digest, b"answer %d" % number)
    with pytest.raises(WatchworthyError, match="seq_conflict"):
        store.submit(make_unit(1, body=body_of(9))).result()
    assert store.submit(make_unit(4)).result().log_number == 5


def test_a_batch_that_comes_while_the_object_is_written_is_neither_lost_nor_sealed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 0, 1, ends=True)
    put = Objects.put

    def late(self: Objects, data: bytes) -> str:
        fill(store, 2)
        return put(self, data)

    monkeypatch.setattr(Objects, "put", late)
    assert store.seal(SITE, SESSION, HOUR)
    row = store.session(SITE, SESSION)
    assert (row.status, row.covered, row.next_log, rows(store)) == ("open", 2, 4, 1)
    assert [one[2] for one in read(store)] == [0, 1, 2]


def test_an_object_is_named_by_its_digest_and_nothing_half_written_stays(store: Store) -> None:
    fill(store, 0)
    store.seal(SITE, SESSION, 1)
    (path,) = [one for one in objects(store) if one.is_file()]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.relative_to(store.folder / "recordings").as_posix() == f"{digest[:2]}/{digest}.recording"


def test_a_changed_object_is_not_believed(store: Store) -> None:
    fill(store, 0)
    store.seal(SITE, SESSION, 1)
    (path,) = [one for one in objects(store) if one.is_file()]
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)
    with pytest.raises(WatchworthyError, match="store_corrupt"):
        read(store)
    path.write_bytes(b"")
    with pytest.raises(WatchworthyError, match="store_corrupt"):
        read(store)
    path.unlink()
    with pytest.raises(WatchworthyError, match="object_missing"):
        read(store)


def test_only_one_of_two_sealers_seals(opened: Callable[..., Store]) -> None:
    stores = [opened(), opened()]
    fill(stores[0], *range(30), ends=True)
    before = read(stores[0])
    together = threading.Barrier(2)
    sealed: list[bool] = []

    def seal(store: Store) -> None:
        together.wait()
        sealed.append(store.seal(SITE, SESSION, HOUR))

    threads = [threading.Thread(target=seal, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sealed) == [False, True]
    assert read(stores[0]) == read(stores[1]) == before
    assert len([one for one in objects(stores[0]) if one.is_file()]) == 1


def test_a_sealer_whose_lease_was_taken_over_changes_nothing(
    opened: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = opened(), opened()
    fill(slow, *range(5), ends=True)
    before = read(slow)
    put = Objects.put
    lease = slow.limits.lease_ms

    def overtaken(self: Objects, data: bytes) -> str:
        monkeypatch.setattr(Objects, "put", put)
        assert not quick.seal(SITE, SESSION, lease)
        assert quick.seal(SITE, SESSION, 1 + lease)
        return put(self, data)

    monkeypatch.setattr(Objects, "put", overtaken)
    assert not slow.seal(SITE, SESSION, 1)
    assert read(slow) == before
    assert len([one for one in objects(slow) if one.is_file()]) == 1


def test_a_sealer_past_its_lease_does_not_point_to_what_may_be_swept(opened: Callable[..., Store]) -> None:
    store = opened(lease_ms=0)
    fill(store, 0)
    assert not store.seal(SITE, SESSION, 1)
    assert (rows(store), store.session(SITE, SESSION).covered) == (1, 0)


def test_a_reader_goes_on_when_the_object_is_replaced_under_it(opened: Callable[..., Store]) -> None:
    store = opened(frame_bytes=1)
    fill(store, *range(6))
    store.seal(SITE, SESSION, 1)
    reading = store.batches(SITE, SESSION)
    found = [next(reading)[0], next(reading)[0]]
    fill(store, 6)
    store.seal(SITE, SESSION, 2)
    assert [*found, *(n for n, _ in reading)] == [1, 2, 3, 4, 5, 6, 7]


def test_orphans_are_swept_and_what_is_in_use_or_new_is_not(opened: Callable[..., Store]) -> None:
    store = opened()
    fill(store, 0)
    store.seal(SITE, SESSION, 1)
    (kept,) = [one for one in objects(store) if one.is_file()]
    orphan = Objects(str(store.folder / "recordings")).put(b"orphan")
    half = kept.with_name(kept.name + ".1234.partial")
    half.write_bytes(b"half")
    stranger = kept.with_name("notes.txt")
    stranger.write_bytes(b"not ours")
    assert store.sweep() == 0
    for path in (kept, half, stranger, store.folder / "recordings" / orphan):
        os.utime(path, (1, 1))
    assert store.sweep() == 2
    assert sorted(one.name for one in objects(store) if one.is_file()) == sorted([kept.name, stranger.name])
    assert len(read(store)) == 1


def test_any_url_of_fsspec_holds_recordings(opened: Callable[..., Store], tmp_path: Path) -> None:
    url = f"memory://{tmp_path.name}"
    store = opened(url=url)
    fill(store, 0, 1)
    before = read(store)
    assert store.seal(SITE, SESSION, 1)
    fill(store, 2)
    assert read(store)[:2] == before
    assert store.seal(SITE, SESSION, 2)
    files = fsspec.filesystem("memory").find(f"/{tmp_path.name}")
    assert [name.endswith(".recording") for name in files] == [True]
    assert store.sweep() == 0
    assert not (store.folder / "recordings").exists()


def test_a_url_that_nothing_reaches_is_refused(opened: Callable[..., Store]) -> None:
    with pytest.raises(WatchworthyError, match="store_failed"):
        opened(url="carrier-pigeon://loft/recordings")


def frames_read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Byte ranges that are read of objects from now on."""
    seen: list[tuple[int, int]] = []
    read_object = Objects.read

    def noted(self: Objects, name: str, begin: int, end: int) -> bytes:
        seen.append((begin, end))
        return read_object(self, name, begin, end)

    monkeypatch.setattr(Objects, "read", noted)
    return seen


def test_a_replay_starts_at_the_last_snapshot_and_reads_nothing_before_it(
    opened: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(frame_bytes=1)
    for seq in range(40):
        fill(store, seq, kind=2 if seq % 10 == 0 else 3)
    store.seal(SITE, SESSION, 1)
    fill(store, 40)
    size = sum(one.stat().st_size for one in objects(store) if one.is_file())
    seen = frames_read(monkeypatch)
    assert [batch.seq for _, batch in store.replay(SITE, SESSION, 33_500)] == list(range(30, 41))
    assert len(seen) == 11  # the end with the index, and ten frames
    assert min(begin for begin, _ in seen[1:]) > size // 2
    assert [batch.seq for _, batch in store.replay(SITE, SESSION, 29_999)] == list(range(20, 41))
    assert [batch.seq for _, batch in store.replay(SITE, SESSION, 0)] == list(range(41))


def test_a_replay_does_not_read_streams_that_were_over_by_then(opened: Callable[..., Store]) -> None:
    store = opened(frame_bytes=1)
    fill(store, *range(10), stream="over")
    fill(store, 20, 21, 22, stream="on", kind=2)
    store.seal(SITE, SESSION, 1)
    found = [(batch.stream, batch.seq) for _, batch in store.replay(SITE, SESSION, 21_500)]
    assert found == [("on", 21), ("on", 22)]


def test_batches_without_times_or_events_are_sealed_too(store: Store) -> None:
    for seq, body in enumerate(
        (b"[]", b"", b'[{"type": 3}, 7, "x", {"timestamp": "late"}]', b'{"type": 0}\n{"type": 1}')
    ):
        store.submit(make_unit(seq, body=body or b"  ")).result()
    before = read(store)
    assert store.seal(SITE, SESSION, 1)
    assert read(store) == before
    assert [row[3].count(b", ") + 1 for row in before] == [1, 1, 4, 2]
