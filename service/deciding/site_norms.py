"""What is usual on a site: norms of its last ended sessions, read from their decisions now and then."""

from __future__ import annotations

import threading
import time
from typing import Final

import numpy as np

from data_contracts import decisions
from data_contracts.errors import WatchworthyError
from features.catalogue import engine
from models.norms import Norms
from pipelines.store.decisions import Decisions
from service.deciding.records import catalogue

SESSIONS: Final = 2_000  # the last ones: what is usual changes with every release of a site
STAYS_S: Final = 600.0


class SiteNorms:
    """Keeps the norms of each site for ten minutes.

    Parameters
    ----------
    store
        Where the decisions are.
    """

    def __init__(self, store: Decisions) -> None:
        self._store = store
        self._lock = threading.Lock()  # one reads, and who comes meanwhile waits rather than read the same
        self._kept: dict[str, tuple[float, Norms]] = {}

    def of(self, site: str) -> Norms:
        """The norms of a site; it may read for a moment, so not on the loop."""
        with self._lock:
            at, norms = self._kept.get(site, (-STAYS_S, None))
            if norms is None or time.monotonic() - at > STAYS_S:
                norms = self._read(site)
                self._kept[site] = (time.monotonic(), norms)
            return norms

    def forget(self) -> None:
        """Read anew what is asked next."""
        with self._lock:
            self._kept.clear()

    def _read(self, site: str) -> Norms:
        names, now = engine().names, catalogue()
        vectors = []
        for told in self._store.ended(site, SESSIONS):
            if told.body is None:
                continue
            try:
                made = decisions.read(told.body)
            except WatchworthyError:
                continue  # a record of an earlier release is no part of what is usual now
            if made.catalogue == now:
                vectors.append(np.frombuffer(made.vector, "<f4"))
        return Norms.of(names, np.array(vectors, np.float32).reshape(-1, len(names)))
