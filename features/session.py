"""A session: what the folds hold of it, what there was to see, and who its elements are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Final, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from data_contracts.counts import Counts
from data_contracts.decisions import Seen
from data_contracts.elements import Element
from data_contracts.events import CHANNELS
from data_contracts.views import PageView
from features.context import Context
from features.looking import EVIDENCE


class Origin(Protocol):
    """Where a session was read off: it knows the pages."""

    @property
    def counts(self) -> Counts:
        """What was met, over all streams."""

    def address(self, page: int) -> str:
        """Address of the page view of this number in the session; empty if it is not known."""

    def views(self) -> list[PageView]:
        """The page views that are known, by number."""

    def element(self, page: int, node: int, brief: bool = False) -> Element | None:
        """What is known of a node of a page view."""


class Session(msgspec.Struct, frozen=True, eq=False):
    """One session.

    Attributes
    ----------
    id
        ``S``, and ``S.2``, ``S.3`` for what follows a pause.
    start_ms
        Time of its first row, ms since the epoch.
    memory
        The folds' memory, one record.
    moments
        ``MOMENT[n]`` by (start, code), none that was withdrawn; times in ms from ``start_ms``.
    vector
        float32, the catalogue's features in its order.
    log
        What it was read off.
    """

    id: str
    start_ms: int
    memory: npt.NDArray[np.void]
    moments: npt.NDArray[np.void]
    vector: npt.NDArray[np.float32]
    coverage: Seen
    log: Origin

    def element(self, page: int, node: int, brief: bool = False) -> Element | None:
        """What is known of a node of a page view; None if nothing was kept.

        ``brief``: without a selector where its name is not that of a place.
        """
        return self.log.element(page, node, brief)

    def address(self, page: int) -> str:
        """Address of a page view, empty if it is not known."""
        return self.log.address(page)

    def addresses(self) -> list[str]:
        """Addresses of its page views that are known, in the order in which they were first opened."""
        end_ms = self.start_ms + self.coverage.duration_ms
        views = [view for view in self.log.views() if view.address and view.t <= end_ms]
        begun = [view for view in views if view.t >= self.start_ms] or views[-1:]
        return list(dict.fromkeys(view.address for view in begun))


_evidence: Final = itemgetter(*map(list(Context.defaults()).index, EVIDENCE))


def covered(memory: npt.NDArray[np.void], channels: int) -> Seen:
    """What there was to see of a session, read off its memory; bit i of ``channels`` stands for ``CHANNELS[i]``."""
    return seen_by(_evidence(memory["context"].item()), channels)


def seen_by(evidence: Sequence[int], channels: int) -> Seen:
    """The same by the values of ``EVIDENCE``."""
    _, rows, positions, acts, unknown, t, sighted_ms, blind_ms, acts_sighted, sighted, seen = evidence
    return Seen(
        rows=rows,
        positions=positions,
        acts=acts,
        unknown=unknown,
        duration_ms=t,
        sighted_ms=sighted_ms,
        blind_ms=blind_ms,
        sighted=bool(sighted_ms > 0 or acts_sighted > 0 or sighted),
        channels=channel_names(seen | channels),
    )


@lru_cache(1 << 12)
def channel_names(channels: int) -> tuple[str, ...]:
    """Names of the channels whose bits are set.

    >>> channel_names(0b101)
    ('pointer', 'presses')
    """
    return tuple(name for i, name in enumerate(CHANNELS) if channels >> i & 1)
