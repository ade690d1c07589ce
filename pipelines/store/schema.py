"""The tables of the store, as a list of migrations that only ever grows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

import msgspec

from data_contracts.errors import WatchworthyError
from pipelines.store.bodies import unpack

Migration = tuple[str | Callable[[sqlite3.Connection], None], ...]
"""Scripts, and what SQL cannot say, in this order."""


def _answers_of_sealed(db: sqlite3.Connection) -> None:
    """Take number, log number, digest and answer of each sealed batch out of its stream's list."""
    decode = msgspec.msgpack.Decoder(list[tuple[int, int, bytes, bytes]]).decode
    for stream_id, blob in db.execute("SELECT id, sealed FROM streams WHERE sealed IS NOT NULL"):
        rows = ((stream_id, *one) for one in decode(unpack(blob)))
        db.executemany("INSERT INTO answers VALUES (?, ?, ?, ?, ?)", rows)


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
    (
        """
    CREATE TABLE new_decisions (
      id INTEGER PRIMARY KEY AUTOINCREMENT,  -- in commit order: the cursor of feeds, exports and the chain
      name TEXT NOT NULL UNIQUE,
      site_id INTEGER NOT NULL REFERENCES sites,
      session_id INTEGER REFERENCES session_tallies,  -- NULL: of a recording that was not stored, or erased
      part TEXT NOT NULL,         -- the session S, or S.2 for what follows a pause
      log_number INTEGER NOT NULL,
      bundle TEXT NOT NULL,
      policy TEXT NOT NULL,
      cause TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      commitment BLOB NOT NULL,   -- stays when the rest is erased, so that the chain still verifies
      payload BLOB,
      UNIQUE (session_id, part, log_number, bundle, policy, cause)
    );
    INSERT INTO new_decisions  -- no record of the first kind can be made again, nor verified
      SELECT decisions.id, decisions.name, site_id, session_id, sessions.name, log_number, bundle, '', 'changed', 0,
             x'', NULL
      FROM decisions JOIN session_tallies AS sessions ON sessions.id = session_id;
    DROP TABLE decisions;
    ALTER TABLE new_decisions RENAME TO decisions;
    CREATE TABLE cards (  -- of each session, what its latest decision says, and what people made of it
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      site_id INTEGER NOT NULL REFERENCES sites,
      session_id INTEGER NOT NULL REFERENCES session_tallies,
      part TEXT NOT NULL,
      log_number INTEGER NOT NULL,
      decision TEXT NOT NULL,
      started_at INTEGER NOT NULL,
      as_of_ms INTEGER NOT NULL,
      bot REAL,
      frustration REAL,
      conversion REAL,
      worth REAL,
      verdict TEXT NOT NULL,
      action TEXT NOT NULL,
      flagged INTEGER NOT NULL,
      seen_before INTEGER NOT NULL,
      issue TEXT NOT NULL,
      headline TEXT NOT NULL,
      signals TEXT NOT NULL,      -- codes, with a space before and after each
      pages TEXT NOT NULL,        -- paths, one a line
      device TEXT NOT NULL,
      lane TEXT NOT NULL,         -- of the queue, and the place in it: what is small comes first
      rank REAL NOT NULL,
      stratum INTEGER,
      propensity REAL NOT NULL,   -- with which it was drawn for the random slice
      final INTEGER NOT NULL,
      version INTEGER NOT NULL DEFAULT 1,  -- of what people made of it
      status TEXT NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'seen', 'assigned', 'snoozed', 'resolved')),
      assignee TEXT NOT NULL DEFAULT '',
      snoozed_until INTEGER,
      why TEXT NOT NULL DEFAULT '',
      label TEXT NOT NULL DEFAULT '',
      UNIQUE (site_id, part)
    );
    CREATE INDEX cards_session ON cards (session_id);
    CREATE INDEX cards_lane ON cards (site_id, lane, rank, part);
    CREATE INDEX cards_worth ON cards (site_id, coalesce(worth, -1), part);
    CREATE INDEX cards_started ON cards (site_id, started_at, part);
    CREATE INDEX cards_issue ON cards (site_id, issue) WHERE issue <> '';
    CREATE TABLE changes (  -- of cards, in commit order: what readers follow
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      site_id INTEGER NOT NULL REFERENCES sites,
      session_id INTEGER NOT NULL REFERENCES session_tallies,
      part TEXT NOT NULL,
      what TEXT NOT NULL,
      at INTEGER NOT NULL
    );
    CREATE INDEX changes_session ON changes (session_id);
    ALTER TABLE session_tallies ADD COLUMN judged INTEGER NOT NULL DEFAULT 0;  -- log number of its final decision
    CREATE INDEX sessions_unjudged ON session_tallies (last_received) WHERE status <> 'open' AND judged < next_log - 1;
    """,
    ),
    (
        """
    CREATE TABLE assessments (  -- what somebody asked and was told
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL UNIQUE,
      site_id INTEGER NOT NULL REFERENCES sites,
      session_id INTEGER REFERENCES session_tallies,  -- NULL: of a recording that was not stored, or erased
      part TEXT NOT NULL,
      decision TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      action TEXT NOT NULL,
      bound INTEGER NOT NULL,
      reference BLOB,             -- keyed hashes: what the asker calls it, and whom the session was shown for
      subject BLOB,
      payload BLOB                -- the answer; NULL once erased
    );
    CREATE INDEX assessments_session ON assessments (session_id, part);
    CREATE INDEX assessments_reference ON assessments (site_id, reference) WHERE reference IS NOT NULL;
    CREATE INDEX decisions_part ON decisions (site_id, part, log_number);
    CREATE TABLE used_tokens (
      nonce BLOB PRIMARY KEY,
      expires_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX used_tokens_expired ON used_tokens (expires_at);
    CREATE TABLE overrides (  -- the owner's lists
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      site_id INTEGER NOT NULL REFERENCES sites,
      list TEXT NOT NULL CHECK (list IN ('allow', 'deny')),
      kind TEXT NOT NULL CHECK (kind IN ('session', 'subject')),
      value BLOB NOT NULL,        -- a keyed hash
      why TEXT NOT NULL,
      made_by TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      expires_at INTEGER,
      UNIQUE (site_id, kind, value)
    );
    CREATE TABLE annotations (  -- what people and their systems say of sessions; a retraction is a row, too
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL UNIQUE,
      site_id INTEGER NOT NULL REFERENCES sites,
      session_id INTEGER REFERENCES session_tallies,
      part TEXT NOT NULL,
      assessment TEXT NOT NULL DEFAULT '',
      label TEXT NOT NULL,
      reason TEXT NOT NULL,
      source TEXT NOT NULL,
      from_ms INTEGER,
      to_ms INTEGER,
      note TEXT NOT NULL,
      given_key TEXT,             -- the asker's own: the same again changes nothing
      retracts TEXT,
      recorded_at INTEGER NOT NULL,
      UNIQUE (site_id, given_key)
    );
    CREATE INDEX annotations_session ON annotations (session_id, part);
    CREATE TABLE card_history (  -- who made what of a card
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      site_id INTEGER NOT NULL REFERENCES sites,
      session_id INTEGER NOT NULL REFERENCES session_tallies,
      part TEXT NOT NULL,
      who TEXT NOT NULL,
      at INTEGER NOT NULL,
      was TEXT NOT NULL,
      became TEXT NOT NULL
    );
    CREATE INDEX card_history_session ON card_history (session_id, part);
    CREATE TABLE views (  -- who looked at which recording
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      site_id INTEGER NOT NULL REFERENCES sites,
      session_id INTEGER NOT NULL REFERENCES session_tallies,
      part TEXT NOT NULL,
      who TEXT NOT NULL,
      at INTEGER NOT NULL
    );
    CREATE INDEX views_session ON views (session_id);
    CREATE TABLE chain (  -- links what was committed to; each block stands on the one before
      height INTEGER PRIMARY KEY,
      first INTEGER NOT NULL,
      last INTEGER NOT NULL,
      count INTEGER NOT NULL,
      root BLOB NOT NULL,
      previous BLOB NOT NULL,
      at INTEGER NOT NULL,
      hash BLOB NOT NULL
    );
    """,
    ),
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
