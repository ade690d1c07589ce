"""The shadow: a challenger's scores of every session that ended, made of its last record, beside the traffic.

Nothing of it is on the way of a batch: it reads what was decided, and writes what the challenger would have said.
"""

from __future__ import annotations

import time
from typing import Final, Protocol

from data_contracts import decisions
from data_contracts.decisions import Decision
from models.live_scores import LiveScorer
from models.queue import place
from pipelines.store.shadowing import Pair, Shadowed, due, reached, write
from pipelines.store.store import Store
from service.deciding.records import Kept, candidate, catalogue
from service.deciding.secrets import Secrets

AT_ONCE: Final = 64  # records between two transactions
AT_A_LOOK: Final = 16  # times so many, before others have their turn


class Challenged(Protocol):
    """Knows who challenges."""

    @property
    def challenger(self) -> LiveScorer | None:
        """What scores in shadow."""

    @property
    def challenged_since_ms(self) -> int:
        """Since when, Unix ms."""


class Shadow:
    """Lets a challenger score what was decided.

    Parameters
    ----------
    store
        Where decisions stand.
    secrets
        Of the sites, by which the queue is ordered.
    """

    def __init__(self, store: Store, secrets: Secrets) -> None:
        self._store = store
        self._secrets = secrets
        self._after: tuple[str, int] = ("", 0)

    def look(self, challenged: Challenged) -> int:
        """Score what has ended since the last look; how many sessions that were."""
        scorer = challenged.challenger
        if scorer is None:
            return 0
        bundle = scorer.scorer.bundle.digest
        if self._after[0] != bundle:
            since = challenged.challenged_since_ms
            self._after = (bundle, self._store.read(lambda db: reached(db, bundle, since)))
        many = 0
        for _ in range(AT_A_LOOK):
            after = self._after[1]
            found = self._store.read(lambda db: due(db, self._store.keys, bundle, after, AT_ONCE))  # noqa: B023
            if not found:
                break
            rows = [
                self._shadowed(scorer, one.id, made)
                for one in found
                if one.body is not None and (made := decisions.read(one.body)).catalogue == catalogue()
            ]
            now_ms = time.time_ns() // 1_000_000
            self._store.write(lambda db: write(db, bundle, rows, now_ms), ()).result()  # noqa: B023
            self._after = (bundle, found[-1].id)
            many += len(rows)
        return many

    def _shadowed(self, scorer: LiveScorer, number: int, made: Decision) -> Shadowed:
        said = scorer.scores(Kept(made))
        heads: dict[str, Pair] = {
            name: (score.probability, said.heads[name].probability)
            for name, score in made.outcome.heads.items()
            if name in said.heads
        }
        ours, theirs = heads.get("frustration", (None, None))
        apart = abs(ours - theirs) if ours is not None and theirs is not None else None
        where = place(candidate(made, apart), self._secrets.of(made.site))
        return Shadowed(number, made.decision_id, heads, apart, where.lane, where.key[0])
