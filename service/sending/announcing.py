"""Announces decisions: makes the messages that a decision gives cause to, where anybody wants to hear of it."""

from __future__ import annotations

from typing import Final, cast

from data_contracts.assessments import Action, Verdict
from data_contracts.messages import DecisionWritten, InterventionShown
from pipelines.store.store import Store
from pipelines.store.units import Decision, Intervention, Outgoing
from service.offering.offers import kind_of
from service.sending.alerts import Alerts
from service.sending.messages import of_decision, outgoing

LISTENING: Final = """
    SELECT DISTINCT sites.name FROM webhooks JOIN sites ON sites.id = site_id WHERE disabled_at IS NULL
"""


class Announcer:
    """Knows which sites are listened to; until it has looked, it takes it that none is.

    Parameters
    ----------
    store
        Where webhooks are.
    alerts
        While there are any, every site is listened to: they count messages.
    """

    def __init__(self, store: Store, alerts: Alerts) -> None:
        self._store = store
        self._alerts = alerts
        self._sites: frozenset[str] = frozenset()

    def look(self) -> None:
        """See anew who listens."""
        rows = self._store.read(lambda db: db.execute(LISTENING).fetchall())
        self._sites = frozenset(site for (site,) in rows)

    def _listens(self, site: str) -> bool:
        return site in self._sites or bool(self._alerts.alerts)

    def shown(self, site: str, session: str, one: Intervention, at_ms: int) -> tuple[Outgoing, ...]:
        """The message that a visitor was shown an intervention."""
        if not self._listens(site):
            return ()
        told = InterventionShown(
            session_id=session,
            site=site,
            visitor="" if one.visitor == session else one.visitor,
            intervention_id=one.id,
            rule=one.rule,
            rule_version=one.version,
            action=kind_of(one),
        )
        return (outgoing(told, at_ms, one.id),)

    def decided(
        self, site: str, decision: Decision, before: Verdict, was_flagged: bool
    ) -> tuple[Outgoing, ...]:
        """Messages on a decision.

        Parameters
        ----------
        before, was_flagged
            What the decision before it said of the same session.
        """
        card = decision.card
        if card is None or not self._listens(site):
            return ()
        written = DecisionWritten(
            session_id=decision.part,
            site=site,
            decision_id=decision.id,
            as_of_ms=card.as_of_ms,
            bot=card.bot,
            frustration=card.frustration,
            conversion=card.conversion,
            worth=card.worth,
            verdict=cast(Verdict, card.verdict),
            recommended_action=cast(Action, card.action),
            flagged=card.flagged,
            issue=card.issue,
            headline=card.headline,
        )
        return of_decision(written, decision.created_at_ms, before, was_flagged)
