"""How far the rows of a log are folded."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from data_contracts.events import EVENT, SIGHTED, STATUS
from data_contracts.order import PageNumbers
from features.engine import Engine, duplicate


@dataclass(slots=True)
class Folded:
    """How far the rows are folded.

    Attributes
    ----------
    memory, moments
        Of the session that goes on.
    last
        Time and stream of the last row.
    finished
        Memory and moments of the sessions before.
    pages
        Numbers of the page views.
    """

    memory: npt.NDArray[np.void]
    moments: npt.NDArray[np.void] | None = None
    last: tuple[int, str] | None = None
    finished: list[tuple[npt.NDArray[np.void], npt.NDArray[np.void]]] = field(default_factory=list)
    pages: PageNumbers = field(default_factory=PageNumbers)

    def copy(self) -> Folded:
        """The same, to be folded on apart."""
        return Folded(duplicate(self.memory), self.moments, self.last, list(self.finished), self.pages.copy())

    @property
    def earlier(self) -> int:
        """Rows of the sessions before."""
        return sum(int(memory["context"]["rows"][0]) for memory, _ in self.finished)

    def shown(self, folds: Engine) -> npt.NDArray[np.void]:
        """Moments of the session that goes on, ``MOMENT[n]``."""
        return self.moments if self.moments is not None else folds.fold(np.empty(0, EVENT), folds.empty())

    def finish(self, folds: Engine, idle_ms: int, thresholds: npt.NDArray[np.void] | None) -> None:
        """End the session: the pause has shown how every open window closes, but is no part of the session.

        ``idle_ms`` is that pause in ms, ``thresholds`` are ``THRESHOLDS[1]`` of the signals, ours by default.
        """
        after = np.zeros(1, EVENT)
        context = self.memory["context"][0]
        after["t"] = int(context["start"]) + int(context["t"]) + idle_ms
        after["kind"], after["page"] = STATUS, context["page"]
        after["flags"] = SIGHTED if context["sighted"] else 0
        moments = folds.fold(after, duplicate(self.memory), self.moments, thresholds)
        self.finished.append((self.memory, moments))
        self.memory, self.moments = folds.empty(), None
