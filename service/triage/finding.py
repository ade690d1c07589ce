"""Which session an id names: its log, and its card once something was decided of it."""

from __future__ import annotations

from typing import NamedTuple

from pipelines.store.cards import CardRow
from pipelines.store.store import Store
from service.live.refusals import Refusal


class Named(NamedTuple):
    """A session that there is; ``card`` is None of a log of which nothing was decided yet."""

    log: str
    card: CardRow | None


def named(store: Store, site: str, session: str) -> Named:
    """The session of an id.

    Raises
    ------
    Refusal
        ``not_found`` if there is none, nor is there ``S.2`` because ``S`` is there: a card shows that it is.
    """
    card = store.card(site, session)
    if card is not None:
        return Named(card.log, card)
    if "." in session or store.session(site, session) is None:
        raise Refusal("not_found", f"There is no session {session!r}.")
    return Named(session, None)
