"""The order of a session: rows of all its streams by (time, stream, number), cut into sessions at idleness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from data_contracts.events import Events, joined
from data_contracts.row_looks import pause_after

Owners = npt.NDArray[np.int64]
"""Index of each row's stream, i8[n]."""

IDLE_MS: Final = 30 * 60_000  # the field's convention since web analytics began; a setting


class PageNumbers:
    """Numbers that the page views of all streams have in the session.

    Attributes
    ----------
    given
        Number by ``owner << 32 | page``, where ``page`` counts in the stream.
    due
        The number that comes next.
    """

    __slots__ = ("due", "given")

    def __init__(self, given: dict[int, int] | None = None, due: int = 0) -> None:
        self.given = {} if given is None else given
        self.due = due

    def of(self, key: int) -> int:
        """The number of a page view, its next one if it has none yet."""
        number = self.given.get(key)
        if number is None:
            number = self.given[key] = self.due
            self.due += 1
        return number

    def copy(self) -> PageNumbers:
        """The same numbers, to be gone on with apart."""
        return PageNumbers(dict(self.given), self.due)

    def forget(self, owner: int, before: int | None = None) -> None:
        """Drop the numbers of a stream that will not be asked for again: all, or those of pages before one."""
        end = (owner + 1 << 32) if before is None else (owner << 32) + before
        for key in [key for key in self.given if owner << 32 <= key < end]:
            del self.given[key]


def merge(streams: Mapping[str, Events]) -> Events:
    """Rows of all streams in session order, with page views counted through the session.

    Parameters
    ----------
    streams
        Stream name to its rows, sorted by (t, number), ``page`` counted in the stream.

    Returns
    -------
    Events
        Rows sorted by (t, stream name, number). ``page`` counts the session's page views in the order in which
        their first rows appear; -1 stays for rows before the first page view of their stream.
    """
    rows, owner = interleave([streams[name] for name in sorted(streams)])
    number_pages(rows, owner, PageNumbers())
    return rows


def interleave(streams: Sequence[Events]) -> tuple[Events, Owners]:
    """Rows of all streams by (t, index of the stream, number), and the index of each row's stream.

    The rows are a copy; their ``page`` still counts in the stream.
    """
    rows = joined(streams)
    if len(streams) == 1:
        return rows, np.zeros(rows.size, np.int64)
    owner = np.repeat(np.arange(len(streams)), [one.size for one in streams])
    order = np.argsort(rows["t"], kind="stable")
    return rows[order], owner[order]


def number_pages(rows: Events, owner: Owners, numbers: PageNumbers) -> None:
    """Give the page views of all streams their numbers in the session, in place.

    A page view's number is its place in the order in which the first row of each appears, so that rows taken
    ahead are numbered as they will be in the end.

    Parameters
    ----------
    rows
        Rows in session order; ``page`` counts in the stream and becomes the number in the session.
    owner
        Index of each row's stream, int64[n].
    numbers
        Numbers given so far; those of new page views are added.
    """
    if not rows.size:
        return
    has_page = np.flatnonzero(rows["page"] >= 0)
    key = (owner[has_page] << 32) + rows["page"][has_page]
    keys, first, which = np.unique(key, return_index=True, return_inverse=True)
    for place in np.argsort(first, kind="stable"):
        numbers.of(int(keys[place]))
    rows["page"][has_page] = np.array([numbers.of(int(one)) for one in keys], np.int32)[which]


def cut(rows: Events, idle_ms: int = IDLE_MS) -> list[slice]:
    """Sessions S, S.2, ... as slices of ``rows``: a pause of more than ``idle_ms`` between rows ends one.

    >>> rows = np.zeros(3, EVENT)
    >>> rows["t"] = [0, 5, 5 + IDLE_MS + 1]
    >>> cut(rows)
    [slice(0, 2, None), slice(2, 3, None)]
    """
    parts = []
    begin = 0
    while begin < rows.size:
        end = pause_after(rows, begin, idle_ms)
        parts.append(slice(begin, end))
        begin = end
    return parts
