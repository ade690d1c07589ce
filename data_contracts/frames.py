"""Tables that a workspace shows as frames and that ``watchworthy export`` writes, beside those of the service."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from data_contracts.tables import SCORES, Column, Table

SESSION: Final = Column("session_id", pa.string(), "The session: S, or S.2 for what follows a pause of S.")
_TEXT, _WHOLE, _MS = pa.string(), pa.int64(), pa.int64()

SESSIONS: Final = Table(
    "sessions",
    "1.0.0",
    "One row a session: where it is from, how long it is, and its part in the random slice.",
    "session_id",
    (
        SESSION,
        Column("log", _TEXT, "The log of batches that it is read from; of a recording, its file."),
        Column("site", _TEXT, "The site; empty for recordings."),
        Column("visitor", _TEXT, "Who, as the site calls them; empty where nobody said."),
        Column("started_at_ms", _MS, "When it began, ms since the epoch."),
        Column("duration_ms", _WHOLE, "From its first event to the last that was seen."),
        Column("status", _TEXT, "open, ended or sealed; recorded for a recording."),
        Column("device", _TEXT, "mouse, touch, keyboard, or empty where that is not known."),
        Column("first_received_ms", _MS, "When its first batch was received; null for a recording.", True),
        Column("last_received_ms", _MS, "When its last batch was received.", True),
        Column("lane", _TEXT, "Lane of the queue that it stands in; empty before anything was decided."),
        Column("drawn", pa.bool_(), "Whether the lottery drew it into the random slice."),
        Column(
            "propensity",
            pa.float64(),
            "Chance that the lottery had of drawing it; null: it took no part.",
            True,
        ),
        Column("person", _TEXT, "Of a recording with an index: who; empty otherwise."),
        Column("scenario", _TEXT, "Of a recording with an index: the scenario; empty otherwise."),
    ),
)
EVENTS: Final = Table(
    "events",
    "1.0.0",
    "Canonical events in the order of the session, one row an act or a change; no text of any page.",
    "",
    (
        SESSION,
        Column("t_ms", _MS, "When, in stream time, ms since the epoch."),
        Column("kind", _TEXT, "What happened: move, press, click, input, scroll, change and so on."),
        Column("target", pa.int32(), "Node of the page; null where there is none.", True),
        Column("control", pa.int32(), "Nearest control at or above the target.", True),
        Column("form", pa.int32(), "Nearest form at or above the target.", True),
        Column("page", pa.int32(), "Page view, counted from 0 in the log; null before the first.", True),
        Column("x", pa.float32(), "CSS px.", True),
        Column("y", pa.float32(), "CSS px.", True),
        Column("value", pa.float32(), "Depends on the kind.", True),
        Column("flags", pa.uint32(), "Facts of the target, as bits of data_contracts.events."),
        Column("detail", pa.uint32(), "A digest, for equality only; null where there is none.", True),
    ),
)
SIGNALS: Final = Table(
    "signals",
    "1.0.0",
    "The moments that matter, one row each, computed from the stored events by the catalogue of this release.",
    "",
    (
        SESSION,
        Column("code", _TEXT, "The signal."),
        Column("start_ms", _WHOLE, "When it began, from the start of the session."),
        Column("end_ms", _WHOLE, "When it ended."),
        Column("page", _TEXT, "Address of the page; empty where it is not known."),
        Column("element", _TEXT, "Selector of the element; null where there is none.", True),
        Column("name", _TEXT, "What the element is called, from its structure alone.", True),
        Column("severity", pa.float64(), "0 to 1."),
        Column("state", _TEXT, "provisional or settled."),
        Column("evidence", _TEXT, "Named numbers, as JSON."),
    ),
)
LABELS: Final = Table(
    "labels",
    "1.0.0",
    "What sessions were, as each head asks it, with where that is known from; kinds of labels are never mixed.",
    "label_id",
    (
        Column("label_id", _TEXT, "The label; of an annotation, the annotation."),
        SESSION,
        Column("head", _TEXT, "The head that it answers."),
        Column("value", _WHOLE, "1: as the head asks; 0: not so."),
        Column("kind", _TEXT, "annotation, goal, script or weak."),
        Column("source", _TEXT, "Who or what said so."),
        Column("reason", _TEXT, "Where that is known from."),
        Column("confidence", pa.float64(), "How sure the source is, 0 to 1; null: it did not say.", True),
        Column("from_ms", _WHOLE, "Begin of the span, from the start of the session; null: all of it.", True),
        Column("to_ms", _WHOLE, "End of the span.", True),
        Column("model_seen", _TEXT, "Digest of the models whose score the source could see; empty: none."),
        Column("note", _TEXT, "In the source's own words."),
        Column("recorded_at_ms", _MS, "When it became known, ms since the epoch."),
        Column(
            "window_closed_ms", _MS, "When it could not come out otherwise any more; null: at once.", True
        ),
        Column("retracted_at_ms", _MS, "When it was taken back; null while it stands.", True),
        Column("censored_at_ms", _MS, "When its visitor withdrew or was erased; null for others.", True),
    ),
)
DECISIONS: Final = Table(
    "decisions",
    "1.0.0",
    "Every decision on record, those of erased sessions too, with what it was committed to by.",
    "decision_id",
    (
        Column("cursor", _WHOLE, "Place in commit order."),
        Column("decision_id", _TEXT, "The decision."),
        Column("session_id", _TEXT, "The session; empty once it was erased."),
        Column("created_at_ms", _MS, "When it was written, ms since the epoch."),
        Column("cause", _TEXT, "changed, asked or ended."),
        Column("log_number", _WHOLE, "The last batch that it saw."),
        Column("bundle", _TEXT, "Digest of the models."),
        Column("policy", _TEXT, "Digest of the policies."),
        Column("commitment", _TEXT, "What the record was committed to by, as hex digits."),
        Column("erased", pa.bool_(), "Whether the record is gone."),
        Column("verdict", _TEXT, "What the bot head says at its operating point; null once erased.", True),
        Column("threshold", pa.float64(), "Of that operating point; null where none is published.", True),
        Column("action", _TEXT, "What the policy recommends.", True),
        Column("flagged", pa.bool_(), "Whether it is worth watching.", True),
        Column("mode", _TEXT, "enforce, or shadow: then the asker was told allow.", True),
        Column("override", _TEXT, "The owner's list that went before the policy.", True),
    ),
)
FRAMES: Final = (SESSIONS, EVENTS, SIGNALS, SCORES, LABELS, DECISIONS)
"""What a workspace shows, beside the features."""

_PANDAS: Final = {
    "string": ("string", "string"),
    "int64": ("int64", "Int64"),
    "int32": ("int32", "Int32"),
    "uint32": ("uint32", "UInt32"),
    "double": ("float64", "float64"),
    "float": ("float32", "float32"),
    "bool": ("bool", "boolean"),
}


def dtype_of(column: Column) -> str:
    """Type of a column in a pandas frame; numbers that may be missing are NaN, whole ones that may be ``Int64``.

    >>> dtype_of(SESSION), dtype_of(SESSIONS.columns[8]), dtype_of(SIGNALS.columns[7])
    ('string', 'Int64', 'float64')
    """
    return _PANDAS[str(column.type)][column.null]
