"""What a service has seen lately: the sessions that ended, as their last records tell them, and whose each was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts import decisions
from data_contracts.decisions import Decision
from models.calibration import Floats
from models.heads import HEADS
from models.kept import Kept
from models.signal_rates import extended
from pipelines.store.decisions import Decisions

MOST: Final = 4_000  # sessions that are looked at, the latest
_WHO: Final = """
    SELECT part, visitor FROM cards JOIN sites ON sites.id = cards.site_id
    JOIN session_tallies ON session_tallies.id = cards.session_id WHERE sites.name = ? AND visitor <> ''
"""


@dataclass(frozen=True)
class Seen:
    """Sessions that ended, the latest first, all by the same definitions of the features.

    Attributes
    ----------
    told
        Their last records.
    who
        Whose each session is: the visitor as the site names them; a session of nobody's is its own.
    other_catalogue
        How many were left out because their vectors are of other definitions.
    """

    told: tuple[Decision, ...]
    who: npt.NDArray[Any]
    other_catalogue: int = 0

    def __len__(self) -> int:
        return len(self.told)

    def take(self, rows: npt.NDArray[np.bool_]) -> Seen:
        """Some of the sessions."""
        return Seen(
            tuple(one for one, kept in zip(self.told, rows, strict=True) if kept),
            self.who[rows],
            self.other_catalogue,
        )

    @property
    def start_ms(self) -> npt.NDArray[np.int64]:
        """When each began, i8[n]."""
        return np.array([one.start_ms for one in self.told], "i8")

    def vectors(self) -> Floats:
        """Extended vectors, f8[n, k]."""
        return np.array(
            [extended(Kept(one).vector, Kept(one).moments, one.seen.acts) for one in self.told], "f8"
        )

    def heads(self) -> list[str]:
        """Heads that have answered of any of the sessions, in the order of ``HEADS``."""
        return [head.name for head in HEADS if not np.isnan(self.scores([head.name])).all()]

    def scores(self, heads: Sequence[str]) -> Floats:
        """What heads said, f8[n, k]; NaN where one abstained."""
        found = np.full((len(self.told), len(heads)), np.nan)
        for i, one in enumerate(self.told):
            for j, name in enumerate(heads):
                said = one.outcome.heads.get(name)
                if said is not None and said.probability is not None:
                    found[i, j] = said.probability
        return found


def seen(store: Decisions, site: str, most: int = MOST) -> Seen:
    """The last sessions of a site that ended."""
    told = [decisions.read(one.body) for one in store.ended(site, most) if one.body is not None]
    length = len(told[0].vector) if told else 0
    same = [one for one in told if len(one.vector) == length and one.catalogue == told[0].catalogue]
    visitors = dict(store.read(lambda db: db.execute(_WHO, (site,)).fetchall()))
    who = [
        f"visitor {visitors[one.session_id]}" if one.session_id in visitors else f"session {one.session_id}"
        for one in same
    ]
    return Seen(tuple(same), np.array(who, dtype=str), len(told) - len(same))
