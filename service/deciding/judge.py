"""The judge: turns the scores of a session into what is said of it, and into the record of that."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final, Literal, NamedTuple
from urllib.parse import urlsplit

from data_contracts.decisions import Cause, Decision, Fact, Outcome
from features.session import Session
from models.base_rates import SiteTable, telling
from models.facts import facts_of
from models.live_scores import LiveScorer, Scores
from models.naming import called
from models.scorer import named_by
from models.standing import ANGER
from models.worth import FLAG_FROM, NOTHING, Told, scored, tell
from pipelines.store.cards import with_issue
from pipelines.store.store import Store
from pipelines.store.units import Decision as StoredDecision
from service.deciding.outcomes import may_be_flagged, outcome
from service.deciding.policy import Policy
from service.deciding.records import record, stored
from service.deciding.secrets import Secrets
from service.deciding.telling import ANGRY, FLAGGED

NAMED_AT_ONCE: Final = 64  # moments; each takes some 50 µs, and the event loop waits
COUNT_S: Final = 30.0  # how old the count of an issue may be
ISSUES: Final = 4_096  # whose counts are at hand; that which was used least lately goes first


class Struggle(NamedTuple):
    """What may be worth watching of a session.

    Attributes
    ----------
    facts
        Its moments by name.
    seen_before, stake
        How rare they are, and what is at risk where they were.
    site_table
        Digest of what weighed the moments.
    told
        What they give to say.
    """

    session_id: str
    facts: tuple[Fact, ...]
    seen_before: int
    stake: float = 1.0
    site_table: str = ""
    told: Told = NOTHING


class Judge:
    """Says what is to be said of sessions.

    Parameters
    ----------
    scorer
        Loaded heads.
    store
        Where cards tell how rare an issue is.
    policy
        What is recommended; that of the house by default.
    stakes
        What is at risk on pages, 0..1, by patterns of their paths; the first that fits counts, 1 where none does.
    tables
        Gives the table of base rates of a site, or None while it has none.
    """

    def __init__(
        self,
        scorer: LiveScorer,
        store: Store,
        policy: Policy | None = None,
        stakes: Mapping[str, float] | None = None,
        tables: Callable[[str], SiteTable | None] = lambda _: None,
    ) -> None:
        self.tables = tables
        self._stakes = dict(stakes or {})
        self.scorer = scorer
        self.policy = policy or Policy()
        self.secrets = Secrets(store.keys)
        self._store = store
        self._bundle = scorer.scorer.bundle.digest
        self._issues: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def with_heads(self, scorer: LiveScorer) -> Judge:
        """A judge of other heads who knows what this one knows."""
        return Judge(scorer, self._store, self.policy, self._stakes, self.tables)

    def outcome(
        self,
        scores: Scores,
        struggle: Struggle | None,
        asked: str = "",
        override: str = "",
        unusual: float | None = None,
    ) -> Outcome:
        """What is said, given the scores and, where somebody had to look, the named moments."""
        told, before, stake = NOTHING, 0, 1.0
        if struggle is not None:
            told, before, stake = struggle.told, struggle.seen_before, struggle.stake
        return outcome(self.scorer, scores, self.policy, told, before, stake, asked, override, unusual)

    def flagged(self, scores: Scores, struggle: Struggle | None) -> bool | None:
        """Whether a session is worth watching; None if its moments must be named before that can be said."""
        if not may_be_flagged(scores):
            return False
        if struggle is None:
            return None
        chance = scores.heads["frustration"].probability
        return (
            struggle.told.issue is not None
            and chance is not None
            and scored(chance, struggle.seen_before, struggle.stake) >= FLAG_FROM
        )

    def said(
        self, scores: Scores, session: Session, struggle: Struggle | None, before: tuple[str, ...] = ()
    ) -> tuple[tuple[str, ...], bool]:
        """What a live session's decision is about, and whether its moments must be named before that can be said.

        Parameters
        ----------
        before
            What the decision before was about: where its anger was withdrawn, its headline must go, too.
        """
        flagged, angry = self.flagged(scores, struggle), self.angry(scores)
        decision = (session.id, *scores.decision, ANGRY if angry else "", FLAGGED if flagged else "")
        calm_again = not angry and ANGRY in before and before[0] == session.id
        return decision, flagged is None or (angry and struggle is None) or calm_again

    def angry(self, scores: Scores) -> bool:
        """Whether somebody presses in anger: known at once, while the head waits until the press is judged."""
        return scores.standing & ANGER != 0 and scores.verdict != "automation"

    def struggle(self, site: str, session: Session) -> Struggle:
        """The moments of a session that has its names, and how often its issue was seen before.

        How often is asked once: a card keeps what was answered for as long as its issue is the same.
        """
        facts, table = self._weighed(site, facts_of(session.moments, named_by(session), session.address))
        told = tell(telling(facts))
        if told.issue is None:
            return Struggle(session.id, facts, 0, site_table=table)
        card = self._store.card(site, session.id)
        known = card is not None and card.issue == told.issue
        before = card.seen_before if card and known else self._rarity(site, told.issue)
        return Struggle(session.id, facts, before, self._stake(told.page), table, told)

    def struggle_now(self, site: str, session: Session) -> Struggle | None:
        """The same of a session that has no card with an issue yet, as far as live memory can name it; else None.

        Live memory knows the page that is open.
        """
        if len(session.moments) > NAMED_AT_ONCE:
            return None
        nameless: list[int] = []

        def name(page: int, node: int) -> str:
            element = session.element(page, node, brief=True) if node else None
            known = called(element) if element is not None else ""
            if node and not known:
                nameless.append(node)
            return known

        found = facts_of(session.moments, name, session.address)
        if nameless or "" in [fact.page for fact in found]:
            return None
        facts, table = self._weighed(site, found)
        told = tell(telling(facts))
        if told.issue is None:
            return Struggle(session.id, facts, 0, site_table=table)
        return Struggle(
            session.id, facts, self._rarity(site, told.issue), self._stake(told.page), table, told
        )

    def _weighed(self, site: str, facts: Sequence[Fact]) -> tuple[tuple[Fact, ...], str]:
        """Moments with their severity on the site, and the digest of the table that says it; "" where there is none."""
        table = self.tables(site)
        return (tuple(facts), "") if table is None else (table.weighed(facts), table.digest)

    def _stake(self, page: str) -> float:
        """What is at risk on the page of an address."""
        if not self._stakes:
            return 1.0
        path = urlsplit(page).path or "/"
        return next((stake for pattern, stake in self._stakes.items() if fnmatchcase(path, pattern)), 1.0)

    def _rarity(self, site: str, issue: str) -> int:
        """Sessions on record with an issue, before one more is found; read anew now and then."""
        now = time.monotonic()
        count, read = self._issues.pop((site, issue), (0, -math.inf))
        if now - read > COUNT_S:
            count, read = self._store.read(lambda db: with_issue(db, site, issue)), now
        self._issues[site, issue] = (count + 1, read)
        if len(self._issues) > ISSUES:
            self._issues.popitem(last=False)
        return count

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
        asked: str = "",
        override: Literal["", "allow", "deny"] = "",
    ) -> Decision:
        """The record of what is said of a session after the batch of a log number, 0 if it has no log.

        Parameters
        ----------
        asked, override
            As ``outcome`` takes them.
        """
        unusual = self.scorer.scorer.unusual(session) if cause == "ended" else None
        return record(
            session,
            self.outcome(scores, struggle, asked, override, unusual),
            site=site,
            log_number=log_number,
            bundle=self._bundle,
            cause=cause,
            now_ms=now_ms,
            facts=struggle.facts if struggle is not None else None,
            site_table=struggle.site_table if struggle is not None else "",
            seen_before=struggle.seen_before if struggle is not None else 0,
            stake=struggle.stake if struggle is not None else 1.0,
            asked=asked,
            override=override,
            mode=self.policy.mode,
        )

    def stored(self, made: Decision, pages: Sequence[str] = ()) -> StoredDecision:
        """A record as the store takes it, with its card; ``pages`` are paths, where they are known."""
        return stored(made, self.secrets.of(made.site), pages)
