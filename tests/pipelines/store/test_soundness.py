"""Damage that was seen stands until the store is opened anew; what is no damage does not close it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from data_contracts.errors import WatchworthyError
from pipelines.store import soundness
from pipelines.store.store import Store
from tests.pipelines.store.making import SESSION, SITE, make_unit


def overwrite(path: Path) -> None:
    """Replace the bytes of a file, where it lies, by others."""
    with path.open("r+b") as file:
        file.write(os.urandom(path.stat().st_size))


def filled(opened: Callable[..., Store]) -> Store:
    """A store with many sessions, opened anew: it has little of them in its cache."""
    store = opened()
    for i in range(200):
        store.submit(make_unit(0, session=f"s{i}"))
    store.close()
    return opened()


@pytest.fixture(autouse=True)
def looked_at_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundness, "LOOK_S", -1.0)
    monkeypatch.setattr(soundness, "CHECK_S", -1.0)


def refused(store: Store, code: str) -> None:
    """Nothing is taken any more, and everything says the same of it."""
    health = store.healthy()
    assert (health.ok, health.code) == (False, code)
    for seq in range(3):
        with pytest.raises(WatchworthyError, match=code):
            store.submit(make_unit(seq))
    with pytest.raises(WatchworthyError, match=code):
        store.check_room()
    with pytest.raises(WatchworthyError, match=code):
        store.write(lambda db: None).result()
    assert store.refusals[code] == 3


@pytest.mark.parametrize("name", ["store.db", "keys.db"])
def test_damage_found_by_looking_through_stands(opened: Callable[..., Store], name: str) -> None:
    store = filled(opened)
    store.submit(make_unit(0)).result()
    whole = (store.folder / name).read_bytes()
    overwrite(store.folder / name)
    assert store.healthy().code == "store_corrupt"
    (store.folder / name).write_bytes(whole)
    refused(store, "store_corrupt")


def test_damage_met_while_reading_stands(opened: Callable[..., Store]) -> None:
    store = filled(opened)
    overwrite(store.folder / "store.db")
    with pytest.raises(WatchworthyError, match="store_corrupt"):
        store.sessions(most=1_000)
    refused(store, "store_corrupt")


def test_damage_met_while_writing_stands(opened: Callable[..., Store]) -> None:
    store = filled(opened)
    store.write(lambda db: db.execute("PRAGMA cache_size = 1")).result()
    overwrite(store.folder / "store.db")
    with pytest.raises(WatchworthyError, match="store_corrupt"):
        store.submit(make_unit(1, session="s7")).result()
    refused(store, "store_corrupt")


def test_one_payload_that_cannot_be_read_closes_nothing(opened: Callable[..., Store]) -> None:
    store = opened()
    store.submit(make_unit(0)).result()
    store.write(lambda db: db.execute("UPDATE batches SET payload = zeroblob(length(payload))")).result()
    with pytest.raises(WatchworthyError, match="store_corrupt"):
        list(store.batches(SITE, SESSION))
    assert store.healthy().ok
    assert store.submit(make_unit(1)).result().log_number == 2


@pytest.mark.parametrize("put_back", [False, True])
def test_nothing_is_taken_into_a_file_that_nobody_finds_again(
    opened: Callable[..., Store], tmp_path: Path, put_back: bool
) -> None:
    store = opened()
    store.submit(make_unit(0)).result()
    copy = tmp_path / "copy.db"
    shutil.copy(store.folder / "store.db", copy)
    if put_back:
        os.replace(copy, store.folder / "store.db")
    else:
        (store.folder / "store.db").unlink()
    refused(store, "store_failed")


def test_what_another_process_erased_is_kept_under_a_new_key(opened: Callable[..., Store]) -> None:
    ours, theirs = opened(), opened()
    ours.submit(make_unit(0)).result()
    assert theirs.erase(SITE, SESSION)
    ours.submit(make_unit(1)).result()
    ours.submit(make_unit(2)).result()
    assert [batch.seq for _, batch in theirs.batches(SITE, SESSION)] == [1, 2]
    ours.close()
    assert [batch.seq for _, batch in opened().batches(SITE, SESSION)] == [1, 2]
