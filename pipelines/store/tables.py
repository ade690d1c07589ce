"""Tables that later migrations of the main database add: of decisions, of what is asked and said, of what is sent."""

from __future__ import annotations

from typing import Final

DECIDING: Final = """
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
      propensity REAL NOT NULL,   -- with which the random slice draws sessions like it
      draw REAL,                  -- its place in the slice; NULL: not drawn
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
    CREATE INDEX cards_draw ON cards (site_id, draw, part) WHERE draw IS NOT NULL;
    CREATE INDEX cards_worth ON cards (site_id, coalesce(worth, -1), part);
    CREATE INDEX cards_started ON cards (site_id, started_at, part);
    CREATE INDEX cards_snoozed ON cards (snoozed_until) WHERE status = 'snoozed';
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
    CREATE TABLE forgotten_changes (  -- up to which number the changes of a site are no longer there
      site_id INTEGER PRIMARY KEY REFERENCES sites,
      up_to INTEGER NOT NULL
    );
    ALTER TABLE session_tallies ADD COLUMN judged INTEGER NOT NULL DEFAULT 0;  -- log number of its final decision
    CREATE INDEX sessions_unjudged ON session_tallies (last_received) WHERE status <> 'open' AND judged < next_log - 1;
"""

ASKING: Final = """
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
    CREATE INDEX assessments_session ON assessments (session_id);
    CREATE INDEX assessments_part ON assessments (site_id, part);
    CREATE INDEX assessments_reference ON assessments (site_id, reference) WHERE reference IS NOT NULL;
    CREATE INDEX decisions_ended ON decisions (site_id, id) WHERE cause = 'ended';
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
    CREATE INDEX annotations_session ON annotations (session_id);
    CREATE INDEX annotations_part ON annotations (site_id, part);
    CREATE INDEX annotations_retracts ON annotations (retracts) WHERE retracts IS NOT NULL;
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
    CREATE INDEX card_history_session ON card_history (session_id);
    CREATE INDEX card_history_part ON card_history (site_id, part);
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
"""

ACTING: Final = """
    ALTER TABLE interventions ADD COLUMN version TEXT NOT NULL DEFAULT '';
    ALTER TABLE interventions ADD COLUMN visitor TEXT NOT NULL DEFAULT '';
    ALTER TABLE interventions ADD COLUMN arm TEXT NOT NULL DEFAULT 'offered';
    ALTER TABLE interventions ADD COLUMN goals INTEGER NOT NULL DEFAULT 0;  -- reached when it was due
    ALTER TABLE interventions ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE interventions ADD COLUMN shown_at INTEGER;
    ALTER TABLE interventions ADD COLUMN clicked_at INTEGER;
    ALTER TABLE interventions ADD COLUMN dismissed_at INTEGER;
    ALTER TABLE interventions ADD COLUMN reached INTEGER;  -- whether a goal followed; NULL until the session ended
    CREATE INDEX interventions_visitor ON interventions (visitor, dismissed_at) WHERE dismissed_at IS NOT NULL;
    CREATE INDEX interventions_rule ON interventions (rule, visitor, id);
    CREATE TABLE rules (  -- every version of each; the newest holds
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      site_id INTEGER NOT NULL REFERENCES sites,
      rule TEXT NOT NULL,
      version TEXT NOT NULL,
      active INTEGER NOT NULL,
      body BLOB NOT NULL,
      made_by TEXT NOT NULL,
      why TEXT NOT NULL,
      at INTEGER NOT NULL
    );
    CREATE INDEX rules_rule ON rules (site_id, rule, id);
"""

SENDING: Final = """
    CREATE TABLE webhooks (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL UNIQUE,
      site_id INTEGER NOT NULL REFERENCES sites,
      topics TEXT NOT NULL,       -- with a space before and after each
      template TEXT NOT NULL,     -- empty: the message as it is
      wrapped BLOB NOT NULL,      -- its address, what signs, and what fills the template, under the master key
      allow_private INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      disabled_at INTEGER
    );
    CREATE TABLE postings (  -- a message on its way to one webhook
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      outbox_id INTEGER NOT NULL REFERENCES outbox,
      webhook_id INTEGER NOT NULL REFERENCES webhooks,
      due_at INTEGER NOT NULL,
      attempts INTEGER NOT NULL DEFAULT 0,
      state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'dead')),
      lease_owner TEXT NOT NULL DEFAULT '',
      lease_until INTEGER NOT NULL DEFAULT 0,
      UNIQUE (outbox_id, webhook_id)
    );
    CREATE INDEX postings_due ON postings (webhook_id, due_at) WHERE state = 'waiting';
    CREATE INDEX postings_state ON postings (webhook_id, state);
    CREATE TABLE deliveries (  -- each attempt, and what came of it
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      posting_id INTEGER NOT NULL REFERENCES postings,
      webhook_id INTEGER NOT NULL REFERENCES webhooks,
      attempt INTEGER NOT NULL,
      at INTEGER NOT NULL,
      ms INTEGER NOT NULL,
      status INTEGER,             -- NULL: no answer
      error TEXT NOT NULL
    );
    CREATE INDEX deliveries_webhook ON deliveries (webhook_id, id);
    CREATE INDEX deliveries_posting ON deliveries (posting_id);
    CREATE INDEX deliveries_at ON deliveries (at);
    DROP INDEX outbox_due;
    ALTER TABLE outbox ADD COLUMN site_id INTEGER REFERENCES sites;  -- of a message that is of no session
    ALTER TABLE outbox ADD COLUMN spread_at INTEGER;  -- when each webhook got its posting; state is then 'sent'
    CREATE INDEX outbox_waiting ON outbox (id) WHERE state = 'waiting';
    CREATE INDEX outbox_spread ON outbox (spread_at) WHERE spread_at IS NOT NULL;
    CREATE TABLE alert_cursor (id INTEGER PRIMARY KEY CHECK (id = 1), outbox_id INTEGER NOT NULL);
    INSERT INTO alert_cursor SELECT 1, coalesce(max(id), 0) FROM outbox;
    CREATE TABLE alert_hits (  -- messages that an alert has counted, while its window lasts
      alert TEXT NOT NULL,
      key TEXT NOT NULL,
      outbox_id INTEGER NOT NULL,
      at INTEGER NOT NULL,
      hit INTEGER NOT NULL,       -- 0: of those that a share is taken of
      PRIMARY KEY (alert, key, outbox_id)
    ) WITHOUT ROWID;
    CREATE INDEX alert_hits_message ON alert_hits (outbox_id);
    CREATE INDEX alert_hits_at ON alert_hits (alert, at);
    CREATE TABLE alert_firings (  -- when an alert fired last, and what its next digest will tell
      alert TEXT NOT NULL,
      key TEXT NOT NULL,
      fired_at INTEGER NOT NULL,
      first_at INTEGER,           -- NULL: nothing waits for a digest
      times INTEGER NOT NULL DEFAULT 0,
      most INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (alert, key)
    ) WITHOUT ROWID;
    CREATE INDEX alert_firings_waiting ON alert_firings (alert, first_at) WHERE first_at IS NOT NULL;
"""

LEARNING: Final = """
    ALTER TABLE annotations ADD COLUMN confidence REAL;                  -- of the source; NULL: it did not say
    ALTER TABLE annotations ADD COLUMN model_seen TEXT NOT NULL DEFAULT '';  -- models whose score the source could see
"""

SHADOWING: Final = """
    CREATE TABLE shadows (  -- what a challenger says of sessions that ended, beside the champion that decided
      decision_id INTEGER NOT NULL REFERENCES decisions,
      bundle TEXT NOT NULL,
      site_id INTEGER NOT NULL REFERENCES sites,
      session_id INTEGER NOT NULL REFERENCES session_tallies,
      part TEXT NOT NULL,
      champion TEXT NOT NULL,
      scores TEXT NOT NULL,       -- JSON: of each head the champion's probability and the challenger's
      disagreement REAL,          -- of struggle; NULL where one of them abstains
      at INTEGER NOT NULL,
      PRIMARY KEY (bundle, decision_id)
    ) WITHOUT ROWID;
    CREATE INDEX shadows_session ON shadows (session_id);
"""

TWINNING: Final = """
    CREATE TABLE sketches (  -- of pointer paths, one row a hash
      site_id INTEGER NOT NULL REFERENCES sites,
      hash INTEGER NOT NULL,
      session_id INTEGER NOT NULL REFERENCES session_tallies,
      part TEXT NOT NULL,
      word INTEGER NOT NULL,  -- the hash, and the second at which its run began
      expires_at INTEGER NOT NULL,
      PRIMARY KEY (site_id, hash, session_id, part)
    ) WITHOUT ROWID;
    CREATE INDEX sketches_session ON sketches (session_id, part);
    CREATE INDEX sketches_expiry ON sketches (expires_at);
    CREATE TABLE twins (  -- sessions that share a path, each seen from either side
      session_id INTEGER NOT NULL REFERENCES session_tallies,
      part TEXT NOT NULL,
      other_session_id INTEGER NOT NULL REFERENCES session_tallies,
      other_part TEXT NOT NULL,
      shared INTEGER NOT NULL,
      here_ms INTEGER NOT NULL,
      there_ms INTEGER NOT NULL,
      PRIMARY KEY (session_id, part, other_session_id, other_part)
    ) WITHOUT ROWID;
    CREATE INDEX twins_other ON twins (other_session_id);
"""
"""What finds paths that were replayed."""

HAPPENING: Final = """
    CREATE INDEX cards_open ON cards (site_id, started_at, part) WHERE final = 0 AND headline <> '';
"""

CENSORING: Final = """
    CREATE TABLE censored (  -- visitors of whom nothing is known from a time on
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      site_id INTEGER NOT NULL REFERENCES sites,
      visitor TEXT NOT NULL,  -- empty once no session of theirs is left
      at INTEGER NOT NULL,
      why TEXT NOT NULL CHECK (why IN ('erased', 'withdrawn')),
      ended INTEGER           -- of an erased session: when it had ended, to the hour
    );
    CREATE INDEX censored_visitor ON censored (site_id, visitor) WHERE visitor <> '';
"""
"""What is left of those who were erased or withdrew: that there was somebody, and until when."""

FOLDING: Final = """
    CREATE INDEX cards_folded ON cards (site_id, issue) WHERE flagged AND issue <> '';
"""
"""What counts the flagged sessions of an issue: of a common one few are flagged among very many."""
