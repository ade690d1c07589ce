"""The order of a session: rows of all its streams by (time, stream, number), cut into sessions at idleness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from data_contracts.events import EVENT, PAGE, Events

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
        their PAGE rows appear; -1 stays for rows before the first page view of their stream.
    """
    names = sorted(name for name, rows in streams.items() if rows.size)
    if not names:
        return np.empty(0, EVENT)
    rows = np.concatenate([streams[name] for name in names])
    owner = np.repeat(np.arange(len(names)), [streams[name].size for name in names])
    if len(names) > 1:
        order = np.argsort(rows["t"], kind="stable")
        rows, owner = rows[order], owner[order]
    return _number_pages(rows, owner)


def _number_pages(rows: Events, owner: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Events:
    """Give the (stream, page view) pairs their numbers in the session, in place."""
    has_page = np.flatnonzero(rows["page"] >= 0)
    if not has_page.size:
        return rows
    key = (owner[has_page] << 32) + rows["page"][has_page]
    keys, which = np.unique(key, return_inverse=True)
    opens = rows["kind"][has_page] == PAGE
    first = np.full(keys.size, rows.size, np.int64)
    np.minimum.at(first, which[opens], has_page[opens])
    dropped = first == rows.size  # its PAGE row fell to the bound on rows: it counts from its first row of any kind
    anywhere = np.full(keys.size, rows.size, np.int64)
    np.minimum.at(anywhere, which, has_page)
    first[dropped] = anywhere[dropped]
    number = np.empty(keys.size, np.int32)
    number[np.argsort(first, kind="stable")] = np.arange(keys.size, dtype=np.int32)
    rows["page"][has_page] = number[which]
    return rows


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
