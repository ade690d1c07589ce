"""A store that an earlier release wrote goes on as it was."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from data_contracts.errors import WatchworthyError
from pipelines.store import Store
from pipelines.store.bodies import pack
from pipelines.store.crypto import Keys, bound, encrypt
from pipelines.store.database import open_database
from pipelines.store.schema import MAIN
from tests.pipelines.store.making import SESSION, SITE, answer_of, body_of, make_unit


def tables(store: Store) -> set[str]:
    return store.read(
        lambda db: {
            name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")
        }
    )


@pytest.fixture
def first_version(tmp_path: Path) -> Path:
    """A store of version 1: of one stream, batches 0 and 2 are sealed away, 1 and 3 are in the log."""
    folder = tmp_path / "data"
    folder.mkdir()
    keys = Keys(folder)
    keys.make([(SITE, SESSION)])
    cipher = keys.of(SITE, SESSION)
    db = open_database(folder / "store.db", MAIN[:1])
    sealed = [(seq, number, make_unit(seq).digest, answer_of(number)) for seq, number in ((0, 1), (2, 2))]
    db.execute("INSERT INTO sites VALUES (7, ?)", (SITE,))
    db.execute(
        "INSERT INTO sessions (id, site_id, name, visitor, first_received, last_received, next_log, bytes, rows)"
        " VALUES (3, 7, ?, 'v', 1, 2, 5, 1000, 10)",
        (SESSION,),
    )
    db.execute(
        "INSERT INTO streams VALUES (5, 3, 'a', '[0, 4]', -1, 0, 2, ?)",
        (pack(msgspec.msgpack.encode(sealed)),),
    )
    for seq, number in ((1, 3), (3, 4)):
        payload = encrypt(cipher, pack(body_of(seq)), bound("batch", SITE, SESSION, number))
        db.execute(
            "INSERT INTO batches (session_id, log_number, stream_id, seq, digest, received_at, rows, channels, consent,"
            " scrub, answer, payload) VALUES (3, ?, 5, ?, ?, 2, 1, 0, '', 0, ?, ?)",
            (number, seq, make_unit(seq).digest, answer_of(number), payload),
        )
    db.execute("INSERT INTO checkpoints VALUES (3, 4, 0, x'00', x'00')")
    db.execute(
        "INSERT INTO decisions (name, session_id, log_number, bundle, body) VALUES ('d', 3, 3, 'b', x'')"
    )
    db.close()
    keys.close()
    return folder


def test_a_store_of_the_first_version_goes_on(first_version: Path, opened: Callable[..., Store]) -> None:
    store = opened(first_version)
    row = store.session(SITE, SESSION)
    assert (row.number, row.next_log, row.bytes, row.rows, row.visitor) == (3, 5, 1_000, 10, "v")
    assert [(one.log_number, one.body) for one in store.kept(SITE, SESSION, 2)] == [
        (3, body_of(1)),
        (4, body_of(3)),
    ]
    for seq, number in ((0, 1), (2, 2), (1, 3), (3, 4)):
        assert store.submit(make_unit(seq)).result() == (number, answer_of(number), True, False)
        with pytest.raises(WatchworthyError, match="seq_conflict"):
            store.submit(make_unit(seq, body=body_of(99))).result()
    assert store.submit(make_unit(4)).result().log_number == 5
    assert store.session(SITE, SESSION)[7:10] == (6, 1_000 + len(body_of(4)), 10)
    assert store.checkpoints(SITE, SESSION) == []
    decisions = "SELECT session_id, name, part, log_number, payload FROM decisions"
    assert store.read(lambda db: db.execute(decisions).fetchall()) == [(3, "d", SESSION, 3, None)]
    assert store.erase(SITE, SESSION)
    assert store.read(lambda db: db.execute("SELECT count(*) FROM answers").fetchone()) == (0,)
    assert store.read(lambda db: db.execute(decisions).fetchall()) == [(None, "d", "", 3, None)]


def test_both_versions_lead_to_the_same_tables(
    first_version: Path, opened: Callable[..., Store], tmp_path: Path
) -> None:
    assert tables(opened(first_version)) == tables(opened(tmp_path / "new"))
    assert "api_keys" not in tables(opened(tmp_path / "new"))


def test_a_migration_that_breaks_off_leaves_the_store_as_it_was(
    first_version: Path, opened: Callable[..., Store]
) -> None:
    path = first_version / "store.db"
    with sqlite3.connect(path) as db:
        db.execute("UPDATE streams SET sealed = x'00'")
    db.close()
    before = sqlite3.connect(path).execute("SELECT sql FROM sqlite_schema").fetchall()
    with pytest.raises(Exception, match=r"zstd|[Dd]ecompress"):
        opened(first_version)
    assert sqlite3.connect(path).execute("SELECT sql FROM sqlite_schema").fetchall() == before
    assert sqlite3.connect(path).execute("PRAGMA user_version").fetchone() == (1,)
