"""Many rows in one statement: each call of SQLite gives up the interpreter's lock, and may wait for it long."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any, Final

MOST: Final = 64  # rows of one statement; SQLite compiles one for each number of rows, and keeps it

Row = tuple[Any, ...]


def insert(db: sqlite3.Connection, into: str, rows: Sequence[Row], on_conflict: str = "") -> None:
    """Insert rows into ``table (column, …)``; ``ON CONFLICT …`` may say what becomes of one that is there already.

    A row that may not be leaves those before it in place: whoever asked rolls all of them back. That spares SQLite a
    copy of every page before it changes it.

    Raises
    ------
    sqlite3.IntegrityError
        If a row breaks a rule of the table.
    """
    for some in _parts(rows):
        statement = _insertion(into, len(some), len(some[0]), on_conflict)
        db.execute(statement, list(chain.from_iterable(some)))


def update(db: sqlite3.Connection, statement: str, rows: Sequence[Row]) -> None:
    """Run ``UPDATE … FROM {given} …``, where ``given`` has ``column1``, ``column2``, … of these rows."""
    for some in _parts(rows):
        db.execute(_with_rows(statement, len(some), len(some[0])), list(chain.from_iterable(some)))


def select(db: sqlite3.Connection, statement: str, rows: Sequence[Row]) -> Iterator[Any]:
    """The rows of ``SELECT … FROM {given} …``."""
    for some in _parts(rows):
        yield from db.execute(_with_rows(statement, len(some), len(some[0])), list(chain.from_iterable(some)))


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for begin in range(0, len(rows), MOST):
        yield rows[begin : begin + MOST]


@cache
def _insertion(into: str, count: int, columns: int, on_conflict: str) -> str:
    return f"INSERT OR FAIL INTO {into} {_values(count, columns)} {on_conflict}"


@cache
def _with_rows(statement: str, count: int, columns: int) -> str:
    return statement.format(given=f"({_values(count, columns)}) AS given")


def _values(count: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"VALUES {', '.join([row] * count)}"
