"""Contracts of all tables that leave the house, and the ledger of what was published under each major version.

``python -m pipelines.workspace.contracts`` writes them anew into ``docs/contracts``. It refuses a change that breaks
those who read them: a column that was published under a major version stays, with its type, until that is raised.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final

import pyarrow as pa

from data_contracts.frames import FRAMES
from data_contracts.schemas import DIALECT
from data_contracts.tables import FOLDER, TABLES, Table, contract
from pipelines.workspace.table import features_table

LEDGER: Final = FOLDER / "published.json"
Ledger = dict[str, dict[str, dict[str, list[Any]]]]
"""Table, major version, column: its type, and whether it is always there."""

_JSON: Final = {"string": "string", "bool": "boolean", "double": "number", "float": "number"}


def tables() -> tuple[Table, ...]:
    """Every table that has a contract, by name."""
    found = {table.name: table for table in (*TABLES, *FRAMES, features_table())}
    return tuple(found[name] for name in sorted(found))


def json_schema(table: Table) -> dict[str, Any]:
    """JSON Schema of one row of a table."""
    properties = {}
    for one in table.columns:
        if isinstance(one.type, pa.ListType):
            kind: dict[str, Any] = {"type": "array", "items": {"type": ["number", "null"]}}
        else:
            name = _JSON.get(str(one.type), "integer")
            kind = {"type": [name, "null"] if one.null else name}
        properties[one.name] = kind | {"description": one.text}
    return {
        "$schema": DIALECT,
        "title": table.text,
        "version": table.version,
        "type": "object",
        "properties": properties,
        "required": [one.name for one in table.columns],
        "additionalProperties": False,
    }


def texts(given: Iterable[Table] | None = None) -> dict[str, str]:
    """Every contract and schema by the name of its file."""
    found = {}
    for table in tables() if given is None else given:
        found[f"{table.name}.yaml"] = contract(table)
        found[f"{table.name}.schema.json"] = (
            json.dumps(json_schema(table), indent=1, ensure_ascii=False) + "\n"
        )
    return found


def major(version: str) -> str:
    """The part of a version that is raised when something breaks.

    >>> major("2.1.0")
    '2'
    """
    return version.partition(".")[0]


def breaks(published: Mapping[str, Any], given: Iterable[Table]) -> list[str]:
    """What the tables take from those who read them under the same major version, a sentence each."""
    now = {table.name: table for table in given}
    found = [f"The table {name} is gone." for name in published if name not in now]
    for name in published.keys() & now.keys():
        table = now[name]
        was = published[name].get(major(table.version), {})
        has = {one.name: [str(one.type), not one.null] for one in table.columns}
        for column, (kind, always) in was.items():
            if column not in has:
                found.append(f"{name}.{column} is gone: raise the major version of {name}.")
            elif has[column][0] != kind:
                told = f"was {kind} and is {has[column][0]}"
                found.append(f"{name}.{column} {told}: raise the major version of {name}.")
            elif always and not has[column][1]:
                found.append(f"{name}.{column} may now be null: raise the major version of {name}.")
    return sorted(found)


def ledger(published: Mapping[str, Any], given: Iterable[Table]) -> Ledger:
    """The ledger with what these tables add; nothing that stood in it goes."""
    found: Ledger = {name: {v: dict(c) for v, c in versions.items()} for name, versions in published.items()}
    for table in given:
        columns = found.setdefault(table.name, {}).setdefault(major(table.version), {})
        for one in table.columns:
            columns.setdefault(one.name, [str(one.type), not one.null])
    return found


def written() -> Ledger:
    """The ledger as it is kept."""
    found: Ledger = json.loads(LEDGER.read_text("utf-8")) if LEDGER.exists() else {}
    return found


def main() -> int:
    """Write contracts, schemas and ledger, unless something breaks; return the exit status."""
    before, given = written(), tables()
    if wrong := breaks(before, given):
        print("\n".join(wrong), file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in texts(given).items():
        (FOLDER / name).write_text(text, "utf-8")
    LEDGER.write_text(json.dumps(ledger(before, given), indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
