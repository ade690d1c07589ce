"""The tables of the store, as a list of migrations that only ever grows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

import msgspec

from data_contracts.errors import WatchworthyError
from pipelines.store.bodies import unpack
from pipelines.store.tables import (
    ACTING,
    ASKING,
    CENSORING,
    DECIDING,
    FOLDING,
    HAPPENING,
    LEARNING,
    SENDING,
    SHADOWING,
    TWINNING,
)

Migration = tuple[str | Callable[[sqlite3.Connection], None], ...]
"""Scripts, and what SQL cannot say, in this order."""


def _answers_of_sealed(db: sqlite3.Connection) -> None:
    """Take number, log number, digest and answer of each sealed batch out of its stream's list."""
    decode = msgspec.msgpack.Decoder(list[tuple[int, int, bytes, bytes]]).decode
    for stream_id, blob in db.execute("SELECT id, sealed FROM streams WHERE sealed IS NOT NULL"):
        rows = ((stream_id, *one) for one in decode(unpack(blob)))
        db.executemany("INSERT INTO answers VALUES (?, ?, ?, ?, ?)", rows)


"""What webhooks and alerts need."""

MAIN: Final[tuple[Migration, ...]] = (
    (
        """
    CREATE TABLE sites (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE sessions (
      id INTEGER PRIMARY KEY AUTOINCREMENT,  -- in commit order, never used twice: the cursor of listings
      site_id INTEGER NOT NULL REFERENCES sites,
      name TEXT NOT NULL,
      visitor TEXT NOT NULL,
      status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'ended', 'sealed')),
      first_received INTEGER NOT NULL,
      last_received INTEGER NOT NULL,
      next_log INTEGER NOT NULL DEFAULT 1,
      bytes INTEGER NOT NULL DEFAULT 0,
      rows INTEGER NOT NULL DEFAULT 0,
      sealed_object TEXT NOT NULL DEFAULT '',
      covered INTEGER NOT NULL DEFAULT 0,
      lease_owner TEXT NOT NULL DEFAULT '',
      lease_until INTEGER NOT NULL DEFAULT 0,
      UNIQUE (site_id, name)
    );
    CREATE INDEX sessions_due ON sessions (last_received) WHERE status <> 'sealed';
    CREATE INDEX sessions_object ON sessions (sealed_object) WHERE sealed_object <> '';
    CREATE INDEX sessions_visitor ON sessions (site_id, visitor) WHERE visitor <> '';
    CREATE TABLE streams (
      id INTEGER PRIMARY KEY,
      session_id INTEGER NOT NULL REFERENCES sessions,
      name TEXT NOT NULL,
      ranges TEXT NOT NULL,       -- [begin, end, begin, end, ...] of the numbers held, sealed ones too
      end_seq INTEGER NOT NULL DEFAULT -1,
      ended INTEGER NOT NULL DEFAULT 0,
      last_received INTEGER NOT NULL,
      sealed BLOB,                -- number, log number, digest and answer of each batch that was sealed
      UNIQUE (session_id, name)
    );
    CREATE TABLE batches (
      id INTEGER PRIMARY KEY,
      session_id INTEGER NOT NULL REFERENCES sessions,
      log_number INTEGER NOT NULL,
      stream_id INTEGER NOT NULL REFERENCES streams,
      seq INTEGER NOT NULL,
      digest BLOB NOT NULL,
      received_at INTEGER NOT NULL,
      rows INTEGER NOT NULL,
      first_ms INTEGER,
      last_ms INTEGER,
      channels INTEGER NOT NULL,
      consent TEXT NOT NULL,
      scrub INTEGER NOT NULL,
      answer BLOB NOT NULL,
      payload BLOB NOT NULL,
      UNIQUE (session_id, log_number),
      UNIQUE (stream_id, seq)
    );
    CREATE TABLE checkpoints (
      session_id INTEGER NOT NULL REFERENCES sessions,
      log_number INTEGER NOT NULL,
      order_key INTEGER NOT NULL,
      digests BLOB NOT NULL,
      memory BLOB NOT NULL,
      PRIMARY KEY (session_id, log_number)
    );
    CREATE TABLE decisions (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL UNIQUE,
      session_id INTEGER NOT NULL REFERENCES sessions,
      log_number INTEGER NOT NULL,
      bundle TEXT NOT NULL,
      body BLOB NOT NULL,
      UNIQUE (session_id, log_number, bundle)
    );
    CREATE TABLE interventions (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL UNIQUE,
      session_id INTEGER NOT NULL REFERENCES sessions,
      log_number INTEGER NOT NULL,
      rule TEXT NOT NULL,
      body BLOB NOT NULL,
      confirmed_at INTEGER
    );
    CREATE INDEX interventions_session ON interventions (session_id);
    CREATE TABLE outbox (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL UNIQUE,
      session_id INTEGER REFERENCES sessions,
      topic TEXT NOT NULL,
      body BLOB NOT NULL,
      due_at INTEGER NOT NULL DEFAULT 0,
      attempts INTEGER NOT NULL DEFAULT 0,
      state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'dead'))
    );
    CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'waiting';
    CREATE INDEX outbox_session ON outbox (session_id);
    CREATE TABLE caps (
      site_id INTEGER NOT NULL REFERENCES sites,
      cap TEXT NOT NULL,
      key TEXT NOT NULL,
      session_id INTEGER NOT NULL REFERENCES sessions,
      PRIMARY KEY (site_id, cap, key)
    ) WITHOUT ROWID;
    CREATE INDEX caps_session ON caps (session_id);
    CREATE TABLE api_keys (
      id TEXT PRIMARY KEY,
      site TEXT NOT NULL,
      role TEXT NOT NULL CHECK (role IN ('write', 'read', 'annotate', 'admin')),
      hash BLOB NOT NULL,
      created_at INTEGER NOT NULL,
      revoked_at INTEGER
    );
    CREATE TABLE probes (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL);
    """,
    ),
    (
        """
    DROP TABLE api_keys;
    DELETE FROM checkpoints;  -- they were not packed; who needs one folds the log again
    CREATE TABLE answers (  -- of tallied batches, sealed ones too: enough to answer their repeats
      stream_id INTEGER NOT NULL REFERENCES streams,
      seq INTEGER NOT NULL,
      log_number INTEGER NOT NULL,
      digest BLOB NOT NULL,
      answer BLOB NOT NULL,
      PRIMARY KEY (stream_id, seq)
    ) WITHOUT ROWID;
    INSERT INTO answers SELECT stream_id, seq, log_number, digest, answer FROM batches;
    """,
        _answers_of_sealed,
        """
    ALTER TABLE streams DROP COLUMN sealed;
    ALTER TABLE sessions RENAME TO session_tallies;  -- their rows, which follow the log in steps
    CREATE TABLE new_batches (
      id INTEGER PRIMARY KEY,
      session_id INTEGER NOT NULL REFERENCES session_tallies,
      log_number INTEGER NOT NULL,
      stream_id INTEGER NOT NULL REFERENCES streams,
      seq INTEGER NOT NULL,
      digest BLOB NOT NULL,
      received_at INTEGER NOT NULL,
      rows INTEGER NOT NULL,
      first_ms INTEGER,
      last_ms INTEGER,
      channels INTEGER NOT NULL,
      consent TEXT NOT NULL,
      scrub INTEGER NOT NULL,
      size INTEGER NOT NULL,  -- of the body before it was packed
      answer BLOB NOT NULL,
      payload BLOB NOT NULL,
      UNIQUE (session_id, log_number)
    );
    INSERT INTO new_batches
      SELECT id, session_id, log_number, stream_id, seq, digest, received_at, rows, first_ms, last_ms, channels,
             consent, scrub, 0, answer, payload
      FROM batches;
    DROP TABLE batches;
    ALTER TABLE new_batches RENAME TO batches;
    CREATE VIEW sessions AS  -- as they are: their rows, and what came since
      SELECT id, site_id, name, visitor, status, first_received,
        max(last_received, coalesce((SELECT max(received_at) FROM batches
          WHERE session_id = session_tallies.id AND log_number >= next_log), last_received)) AS last_received,
        coalesce((SELECT max(log_number) + 1 FROM batches
          WHERE session_id = session_tallies.id AND log_number >= next_log), next_log) AS next_log,
        bytes + coalesce((SELECT sum(batches.size) FROM batches
          WHERE session_id = session_tallies.id AND log_number >= next_log), 0) AS bytes,
        rows + coalesce((SELECT sum(batches.rows) FROM batches
          WHERE session_id = session_tallies.id AND log_number >= next_log), 0) AS rows,
        sealed_object, covered, lease_owner, lease_until
      FROM session_tallies;
    """,
    ),
    (DECIDING,),
    (ASKING,),
    (SENDING,),
    (ACTING,),
    (LEARNING,),
    (SHADOWING,),
    (TWINNING,),
    (HAPPENING,),
    (CENSORING,),
    (FOLDING,),
)
"""Migrations of the main database."""

KEYS: Final[tuple[Migration, ...]] = (
    (
        """
    CREATE TABLE checks (id INTEGER PRIMARY KEY CHECK (id = 1), wrapped BLOB NOT NULL);
    CREATE TABLE session_keys (
      site TEXT NOT NULL,
      session TEXT NOT NULL,
      wrapped BLOB NOT NULL,
      PRIMARY KEY (site, session)
    ) WITHOUT ROWID;
    """,
    ),
)
"""Migrations of the database of keys."""


def migrate(connection: sqlite3.Connection, migrations: tuple[Migration, ...], where: str) -> None:
    """Bring a database to the latest version; each migration is one transaction.

    Raises
    ------
    WatchworthyError
        ``store_newer`` if a later release wrote it.
    """
    while True:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == len(migrations):
            return
        if version > len(migrations):
            raise WatchworthyError(
                "store_newer",
                f"The store has version {version}, and this release knows {len(migrations)}. Use the newer release.",
                where,
            )
        connection.execute("BEGIN IMMEDIATE")
        try:
            if connection.execute("PRAGMA user_version").fetchone() == (version,):  # nobody was quicker
                for step in migrations[version]:
                    if callable(step):
                        step(connection)
                    else:
                        for statement in statements(step):
                            connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def statements(script: str) -> list[str]:
    """The statements of a script one by one: ``executescript`` would commit before it begins."""
    found, current = [], ""
    for line in script.splitlines():
        current += line + "\n"
        if sqlite3.complete_statement(current):
            found.append(current)
            current = ""
    return found
