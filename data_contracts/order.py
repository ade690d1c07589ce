"""The order of a session: rows of all its streams by (time, stream, number), cut into sessions at idleness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from data_contracts.events import EVENT, Events

Owners = npt.NDArray[np.int64]
"""Index of each row's stream."""

IDLE_MS: Final = 30 * 60_000  # the field's convention since web analytics began; a setting


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
    number_pages(rows, owner, {})
    return rows


def interleave(streams: Sequence[Events]) -> tuple[Events, Owners]:
    """Rows of all streams by (t, index of the stream, number), and the index of each row's stream.

    The rows are a copy; their ``page`` still counts in the stream.
    """
    rows = np.concatenate([np.empty(0, EVENT), *streams])
    owner = np.repeat(np.arange(len(streams)), [one.size for one in streams])
    if len(streams) > 1:
        order = np.argsort(rows["t"], kind="stable")
        rows, owner = rows[order], owner[order]
    return rows, owner


def number_pages(rows: Events, owner: Owners, numbers: dict[int, int]) -> None:
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
        Numbers given so far, by ``owner << 32 | page``; those of new page views are added.
    """
    has_page = np.flatnonzero(rows["page"] >= 0)
    if not has_page.size:
        return
    key = (owner[has_page] << 32) + rows["page"][has_page]
    keys, first, which = np.unique(key, return_index=True, return_inverse=True)
    for place in np.argsort(first, kind="stable"):
        numbers.setdefault(int(keys[place]), len(numbers))
    rows["page"][has_page] = np.array([numbers[int(one)] for one in keys], np.int32)[which]


def cut(rows: Events, idle_ms: int = IDLE_MS) -> list[slice]:
    """Sessions S, S.2, ... as slices of ``rows``: a pause of more than ``idle_ms`` between rows ends one.

    >>> rows = np.zeros(3, EVENT)
    >>> rows["t"] = [0, 5, 5 + IDLE_MS + 1]
    >>> cut(rows)
    [slice(0, 2, None), slice(2, 3, None)]
    """
    if not rows.size:
        return []
    ends = [*(np.flatnonzero(np.diff(rows["t"]) > idle_ms) + 1).tolist(), rows.size]
    return [slice(begin, end) for begin, end in zip([0, *ends[:-1]], ends, strict=True)]
