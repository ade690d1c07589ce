"""A full disk, a directory that cannot be written to, a damaged database: a clear error, and nothing acknowledged."""

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from data_contracts.errors import WatchworthyError
from pipelines.store import Store, soundness
from pipelines.store.database import refusal
from tests.pipelines.store.making import SESSION, SITE, make_unit
from tests.service import disks


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mounts a small file system in memory, or skips where that is not permitted."""
    mounts: list[Path] = []

    def mount(*options: str, at: Path = tmp_path / "mount") -> Path:
        at.mkdir(exist_ok=True)
        disks.mount(at, *options)
        if at not in mounts:
            mounts.append(at)
        return at

    yield mount
    for at in mounts:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def random_body(size: int) -> bytes:
    return b'[{"type": 5, "data": "%s"}]' % os.urandom(size).hex().encode()


def test_a_full_disk_acknowledges_nothing_and_recovers(
    opened: Callable[..., Store], mounted: Callable[..., Path]
) -> None:
    folder = mounted("-t", "tmpfs", "-o", "size=2m", "tmpfs")
    store = opened(folder)
    stored = 0
    with pytest.raises(WatchworthyError) as caught:  # noqa: PT012
        for seq in range(200):
            store.submit(make_unit(seq, body=random_body(30_000))).result()
            stored += 1
    assert caught.value.code == "disk_full"
    assert store.healthy(10).code in ("disk_full", "")  # a probe may still fit where a batch does not
    assert len(list(store.batches(SITE, SESSION))) == stored > 5
    assert store.session(SITE, SESSION).next_log == stored + 1
    mounted("-o", "remount,size=16m")
    assert store.submit(make_unit(stored, body=random_body(30_000))).result().log_number == stored + 1
    assert store.healthy().ok
    store.close()
    assert len(list(opened(folder).batches(SITE, SESSION))) == stored + 1


def test_a_disk_too_full_to_begin_with_is_said_so(
    opened: Callable[..., Store], mounted: Callable[..., Path]
) -> None:
    folder = mounted("-t", "tmpfs", "-o", "size=64k", "tmpfs")
    (folder / "filler").write_bytes(bytes(60_000))
    with pytest.raises(WatchworthyError, match="disk_full"):
        opened(folder)


def test_a_read_only_directory_is_refused(opened: Callable[..., Store], mounted: Callable[..., Path]) -> None:
    folder = mounted("-t", "tmpfs", "-o", "size=4m", "tmpfs")
    opened(folder).close()
    mounted("-o", "remount,ro")
    with pytest.raises(WatchworthyError, match="store_read_only"):
        opened(folder)
    with pytest.raises(WatchworthyError, match="store_read_only"):
        opened(folder / "new")
    mounted("-o", "remount,rw")


def test_an_error_of_the_disk_is_a_code(tmp_path: Path) -> None:
    def sqlite(number: int) -> sqlite3.OperationalError:
        error = sqlite3.OperationalError("as SQLite says it")
        error.sqlite_errorcode = number
        return error

    codes = {
        sqlite3.SQLITE_FULL: "disk_full",
        sqlite3.SQLITE_READONLY: "store_read_only",
        sqlite3.SQLITE_READONLY | 4 << 8: "store_read_only",  # READONLY_DBMOVED
        sqlite3.SQLITE_CORRUPT: "store_corrupt",
        sqlite3.SQLITE_NOTADB: "store_corrupt",
        sqlite3.SQLITE_BUSY: "busy",
        sqlite3.SQLITE_IOERR: "store_failed",
    }
    assert {number: refusal(sqlite(number), tmp_path).code for number in codes} == codes
    assert refusal(OSError(28, "no space"), tmp_path).code == "disk_full"
    assert refusal(OSError(30, "read-only"), tmp_path).code == "store_read_only"
    assert refusal(OSError(5, "broken"), tmp_path).code == "store_failed"


def test_the_high_water_mark_refuses_before_the_disk_is_full(
    opened: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 1_000_000
    monkeypatch.setattr(soundness, "free_bytes", lambda folder: free)
    monkeypatch.setattr(soundness, "LOOK_S", -1.0)
    store = opened(disk_free_bytes=1_000_000)
    store.submit(make_unit(0)).result()
    assert store.healthy().ok
    free -= 1
    with pytest.raises(WatchworthyError, match="disk_full"):
        store.submit(make_unit(1))
    with pytest.raises(WatchworthyError, match="disk_full"):
        store.check_room()
    assert store.healthy().code == "disk_full"
    assert store.stats().refusals == {"disk_full": 1}
    assert len(list(store.batches(SITE, SESSION))) == 1


def damage(path: Path, begin: int) -> None:
    data = bytearray(path.read_bytes())
    data[begin:] = os.urandom(len(data) - begin)
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["store.db", "keys.db"])
@pytest.mark.parametrize("begin", [0, 4_096])
def test_a_damaged_database_is_not_opened(opened: Callable[..., Store], name: str, begin: int) -> None:
    store = opened()
    for seq in range(50):
        store.submit(make_unit(seq, session=f"s{seq}"))
    store.close()
    damage(store.folder / name, begin)
    with pytest.raises(WatchworthyError, match="store_corrupt"):
        opened()


def test_damage_under_a_running_store_is_said_so(opened: Callable[..., Store]) -> None:
    opened().close()
    store = opened()
    for seq in range(50):
        store.submit(make_unit(seq, session=f"s{seq}")).result()
    store.write(lambda db: db.execute("PRAGMA cache_size = 1")).result()
    wal = store.folder / "store.db-wal"
    assert wal.exists()
    os.truncate(store.folder / "store.db", 4_096)
    os.truncate(wal, 0)
    with pytest.raises(WatchworthyError, match=r"store_corrupt|store_failed"):  # noqa: PT012
        for name in range(50):
            store.submit(make_unit(1, session=f"s{name}")).result()
    assert not store.healthy().ok
