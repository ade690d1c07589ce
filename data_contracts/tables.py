"""Tables that are exported: their columns as Arrow has them, and a contract of each in the Open Data Contract Standard.

The contracts are kept in ``docs/contracts``; ``python -m pipelines.workspace.contracts`` writes them anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "contracts"
STANDARD: Final = "v3.0.2"


class Column(NamedTuple):
    """One column: its name, its type, what it is, whether it may be null."""

    name: str
    type: pa.DataType
    text: str
    null: bool = False


class Table(NamedTuple):
    """One table.

    Attributes
    ----------
    version
        Raised when a column is taken away, renamed, or changes its type or meaning.
    unique
        The column that tells its rows apart; empty where none does.
    """

    name: str
    version: str
    text: str
    unique: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pa.Schema:
        """Its columns as Arrow has them."""
        return pa.schema([pa.field(one.name, one.type, one.null) for one in self.columns])


_SESSION: Final = Column("session_id", pa.string(), "The session: S, or S.2 for what follows a pause of S.")
_DECISION: Final = Column("decision_id", pa.string(), "The decision.")
_CURSOR: Final = Column("cursor", pa.int64(), "Place in commit order; ask on after the last that you have.")
_CREATED: Final = Column("created_at_ms", pa.int64(), "When it was written, ms since the epoch.")
_SCORES: Final = tuple(
    Column(
        name,
        pa.float64(),
        f"Probability of {what}, 0 to 1, at the base rate of its head; null: not said.",
        True,
    )
    for name, what in (
        ("bot", "automation"),
        ("frustration", "struggle"),
        ("conversion", "reaching the goal"),
    )
)

SCORES: Final = Table(
    "scores",
    "1.0.0",
    "What was decided of each session, whenever it changed, somebody asked, or the session ended.",
    "decision_id",
    (
        _CURSOR,
        _DECISION,
        _SESSION,
        Column("cause", pa.string(), "changed, asked or ended."),
        _CREATED,
        Column("log_number", pa.int64(), "The last batch that it saw."),
        Column("as_of_ms", pa.int64(), "How much of the session it saw, from its start."),
        *_SCORES,
        Column("verdict", pa.string(), "What the bot head says at its operating point."),
        Column("recommended_action", pa.string(), "What the policy recommends at it."),
        Column("worth", pa.float64(), "How much it is worth watching, 0 to 1; null: not said.", True),
        Column("flagged", pa.bool_(), "Whether it is worth watching."),
        Column("issue", pa.string(), "What happened and where, as a name that sessions share.", True),
        Column("headline", pa.string(), "The same as a sentence.", True),
        Column("bundle", pa.string(), "Digest of the models."),
        Column("policy", pa.string(), "Digest of the policies."),
    ),
)
VECTORS: Final = Table(
    "vectors",
    "1.0.0",
    "The behavioural vector that each decision stands on; its features are named in the catalogue.",
    "decision_id",
    (
        _CURSOR,
        _DECISION,
        _SESSION,
        _CREATED,
        Column("catalogue", pa.string(), "Digest of the definitions of the features."),
        Column(
            "vector", pa.list_(pa.float32()), "The features in the order of the catalogue; NaN: not defined."
        ),
    ),
)
MOMENTS: Final = Table(
    "moments",
    "1.1.0",
    "The named moments of each decision that had to name them: of flagged, asked and ended sessions.",
    "decision_id",
    (
        _CURSOR,
        _DECISION,
        _SESSION,
        Column("code", pa.string(), "The signal."),
        Column("start_ms", pa.int64(), "When it began, from the start of the session."),
        Column("end_ms", pa.int64(), "When it ended."),
        Column("severity", pa.float64(), "0 to 1, of the session alone."),
        Column(
            "site_severity",
            pa.float64(),
            "What the element's own history on the site leaves of it; null without one.",
            True,
        ),
        Column("element", pa.string(), "What the element is called, from its structure alone."),
        Column("page", pa.string(), "Address of the page."),
    ),
)
ANNOTATIONS: Final = Table(
    "annotations",
    "1.1.0",
    "What people and their systems said of sessions; what was taken back is there and says so.",
    "annotation_id",
    (
        _CURSOR,
        Column("annotation_id", pa.string(), "The annotation."),
        _SESSION,
        Column("label", pa.string(), "What the session, or the span, was."),
        Column("reason", pa.string(), "Where that is known from."),
        Column("source", pa.string(), "Who said so, in their own words."),
        Column(
            "from_ms", pa.int64(), "Begin of the span, from the start of the session; null: all of it.", True
        ),
        Column("to_ms", pa.int64(), "End of the span.", True),
        Column("retracts", pa.string(), "The annotation that this one takes back.", True),
        Column("retracted", pa.bool_(), "Whether a later one took this one back."),
        Column("recorded_at_ms", pa.int64(), "When it became known, ms since the epoch."),
        Column("confidence", pa.float64(), "How sure the source is, 0 to 1; null: it did not say.", True),
        Column(
            "model_seen", pa.string(), "Digest of the models whose score the source could see; empty: none."
        ),
    ),
)
TABLES: Final = (SCORES, VECTORS, MOMENTS, ANNOTATIONS)
"""Every table that is exported."""

_LOGICAL: Final = {
    **dict.fromkeys(("int64", "int32", "uint32"), "integer"),
    **dict.fromkeys(("double", "float"), "number"),
    **{"string": "string", "bool": "boolean"},
}


def contract(table: Table) -> str:
    """The contract of a table, as YAML."""
    lines = [
        "apiVersion: " + STANDARD,
        "kind: DataContract",
        f"id: watchworthy-{table.name}",
        f"name: {table.name}",
        f"version: {table.version}",
        "status: active",
        "description:",
        f"  purpose: {_quoted(table.text)}",
        "schema:",
        f"  - name: {table.name}",
        "    logicalType: object",
        f"    description: {_quoted(table.text)}",
        "    properties:",
    ]
    for one in table.columns:
        listed = isinstance(one.type, pa.ListType)
        lines += [
            f"      - name: {one.name}",
            f"        logicalType: {'array' if listed else _LOGICAL[str(one.type)]}",
            f"        physicalType: {_quoted(str(one.type))}",
            f"        description: {_quoted(one.text)}",
            f"        required: {str(not one.null).lower()}",
        ]
        if one.name == table.unique and table is not MOMENTS:
            lines.append("        unique: true")
        if listed:
            lines += ["        items:", "          logicalType: number"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
