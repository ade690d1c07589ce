"""The judge: turns the scores of a session into what is said of it, and into the record of that."""

from __future__ import annotations

from typing import Final, NamedTuple

from data_contracts.decisions import Cause, Decision, Fact, Outcome
from features.moments import WITHDRAWN
from features.session import Session
from models.live_scores import LiveScorer, Scores
from models.scorer import facts_of, named_by
from models.worth import worth
from pipelines.store.cards import seen_before
from pipelines.store.store import Store
from service.deciding.outcomes import HEADLINED, may_be_flagged, outcome
from service.deciding.policy import Policy
from service.deciding.records import record

NAMED_AT_ONCE: Final = 32  # moments; each takes some 50 µs, and the event loop waits


class Struggle(NamedTuple):
    """What may be worth watching of a session: its moments by name, and how often its issue was seen before."""

    session_id: str
    facts: tuple[Fact, ...]
    seen_before: int


class Judge:
    """Says what is to be said of sessions.

    Parameters
    ----------
    scorer
        Loaded heads.
    store
        Where cards tell how rare an issue is.
    """

    def __init__(self, scorer: LiveScorer, store: Store) -> None:
        self.scorer = scorer
        self.policy = Policy()
        self._store = store
        self._bundle = scorer.scorer.bundle.digest

    def outcome(self, scores: Scores, struggle: Struggle | None) -> Outcome:
        """What is said, given the scores and, where somebody had to look, the named moments."""
        if struggle is None:
            return outcome(self.scorer, scores, self.policy)
        return outcome(self.scorer, scores, self.policy, struggle.facts, struggle.seen_before)

    def flagged(self, scores: Scores, session: Session, struggle: Struggle | None) -> bool | None:
        """Whether a session is worth watching; None if its moments must be named before that can be said."""
        if not may_be_flagged(scores, session):
            return False
        return None if struggle is None else self.outcome(scores, struggle).flagged

    def struggle(self, site: str, session: Session) -> Struggle:
        """The moments of a session that has its names, and how often its issue was seen before.

        How often is asked once: a card keeps what was answered for as long as its issue is the same.
        """
        facts = tuple(facts_of(session.moments, named_by(session), session.address))
        issue = worth(None, facts).issue
        before = 0
        if issue is not None:
            before = self._store.read(lambda db: seen_before(db, site, session.id, issue))
        return Struggle(session.id, facts, before)

    def struggle_now(self, site: str, session: Session) -> Struggle | None:
        """The same as far as live memory can name it, which knows the page that is open; None where it cannot."""
        told = [m for m in session.moments if m["state"] != WITHDRAWN and int(m["code"]) in HEADLINED]
        if len(told) > NAMED_AT_ONCE:
            return None
        for moment in told:
            page, node = int(moment["page"]), int(moment["element"])
            element = session.element(page, node) if node else None
            if not session.address(page) or (node and not (element and element.name)):
                return None
        return self.struggle(site, session)

    def decision(
        self,
        site: str,
        session: Session,
        scores: Scores,
        struggle: Struggle | None,
        *,
        cause: Cause,
        log_number: int,
        now_ms: int,
    ) -> Decision:
        """The record of what is said of a session after the batch of a log number, 0 if it has no log."""
        return record(
            session,
            self.outcome(scores, struggle),
            site=site,
            log_number=log_number,
            bundle=self._bundle,
            cause=cause,
            now_ms=now_ms,
            facts=struggle.facts if struggle is not None else None,
            seen_before=struggle.seen_before if struggle is not None else 0,
        )
