"""Assessments: somebody asks what is thought of a session, is told, and what they were told is kept."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import sqlite3
import time
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec
from msgspec import structs

from data_contracts.assessments import Action, Assessment, Reason
from data_contracts.decisions import Decision
from data_contracts.errors import WatchworthyError
from data_contracts.recordings import read
from features.log import sessions_of
from features.session import Session
from models.norms import Norms
from models.reason_codes import REASON_CODES
from pipelines.store import assessing
from pipelines.store.assessing import Asked, Before, Override
from pipelines.store.deciding import standing
from pipelines.store.sketching import Twin, twins
from service.assessing import assess
from service.deciding.bundles import Bundles
from service.deciding.judge import Judge, Struggle
from service.deciding.records import paths
from service.deciding.secrets import Secrets, Token
from service.deciding.site_norms import SiteNorms
from service.live.reception import Reception
from service.live.refusals import Refusal
from service.live.sessions_route import PART

WAIT_MS: Final = 500  # for a batch that is on its way
LOOK_MS: Final = 20
STALE_MS: Final = 600_000
ID_BYTES: Final = 12


class Question(NamedTuple):
    """What is asked.

    Attributes
    ----------
    session
        Its id; empty if a recording is given.
    recording
        The bytes of one, in any format that we read.
    action
        What the visitor is about to do, as the asker calls it.
    token
        The recorder's, or empty.
    after
        Stream and number of a batch that should have been seen.
    reference, subject
        What the asker calls this, and whom the session is shown for; only keyed hashes are kept.
    """

    session: str = ""
    recording: bytes = b""
    action: str = ""
    token: str = ""
    after: tuple[str, int] | None = None
    reference: str = ""
    subject: str = ""


class Found(NamedTuple):
    """A session to be assessed, and what stands beside it; the log is empty of a recording that is not stored."""

    session: Session
    log: str = ""
    log_number: int = 0
    behind: bool = False
    stale: bool = False
    quiet_ms: int = 0
    ended: bool = True


class Asking:
    """Answers questions of one service.

    Parameters
    ----------
    reception
        Knows the sessions.
    kept
        The secrets of its sites.
    bundles
        Models that have scored.
    norms
        What is usual on a site.
    """

    def __init__(self, reception: Reception, kept: Secrets, bundles: Bundles, norms: SiteNorms) -> None:
        self._norms = norms
        self.reception = reception
        self._bundles = bundles
        self.secrets = kept
        self._store = reception.store

    async def ask(self, site: str, question: Question) -> Assessment:
        """Assess, and keep what was said.

        Raises
        ------
        Refusal
            ``not_found``, ``token_expired``, ``token_foreign``, ``token_reused``; of a recording whatever it is
            refused for.
        """
        now_ms = time.time_ns() // 1_000_000
        token = None
        if question.token:
            log = question.session.partition(".")[0]
            token = self.secrets.opened(site, question.token, log, question.action, now_ms)
        if question.session:
            found = await self._session(site, question, now_ms)
        else:
            found = await self.reception.beside(lambda: self._recording(question.recording))
        usual = await asyncio.to_thread(self._norms.of, site)
        return await self.reception.beside(lambda: self._assess(site, question, found, token, now_ms, usual))

    def judge_of(self, bundle: str) -> Judge:
        """The judge whose models those of a bundle are, if it is still at hand; else the one that judges now."""
        now = self.reception.judge
        if bundle == now.scorer.scorer.bundle.digest:
            return now
        return self._bundles.judge(bundle, self._store, now.policy) or now

    def fetch(self, site: str, name: str) -> Assessment:
        """An assessment as it was given.

        Raises
        ------
        Refusal
            ``not_found``.
        WatchworthyError
            ``payload_expired``.
        """
        asked = self._store.read(lambda db: assessing.find(db, self._store.keys, site, name))
        if asked is None:
            raise Refusal("not_found", "There is no assessment of this id.")
        return msgspec.json.decode(asked.body, type=Assessment)

    async def _session(self, site: str, question: Question, now_ms: int) -> Found:
        named = PART.match(question.session)
        if named is None:
            raise Refusal("not_found", "There is no session of this id.")
        name = (site, named["log"])
        behind = question.after is not None and not await self._wait(name, *question.after)
        await self.reception.turns.enter(name)
        try:
            row = self._store.session(*name)
            number, sessions = await self.reception.named(name)
            held = self.reception.sessions.held(name)
        finally:
            self.reception.turns.leave(name)
        # A page knows the log alone: without a number the session that goes on is meant, and S.1 is the first.
        part = named["part"]
        wanted = sessions[-1:] if part is None else sessions[int(part) - 1 : int(part)]
        session = next(iter(wanted), None)
        if row is None or session is None:
            raise Refusal("not_found", "There is no session of this id.")
        quiet_ms = max(0, now_ms - row.last_received_ms)
        stale = held is not None and held.stale
        over = row.status != "open" or session is not sessions[-1]  # what a later part follows is over too
        return Found(session, name[1], number, behind, stale, quiet_ms, over)

    async def _wait(self, name: tuple[str, str], stream: str, seq: int) -> bool:
        """Wait a little for a batch to be stored; whether it is."""
        until = time.monotonic() + WAIT_MS / 1_000
        while True:
            known = await asyncio.to_thread(self._store.known, *name, stream, seq)
            if known is not None:
                return True
            if time.monotonic() >= until:
                return False
            await asyncio.sleep(LOOK_MS / 1_000)

    def _recording(self, data: bytes) -> Found:
        recording = read(data, limits=self.reception.limits)
        if not recording.events:
            raise WatchworthyError("no_events", "The recording holds no events.")
        name = "recording-" + hashlib.sha256(data).hexdigest()[:16]
        folds, idle_ms = self.reception.aside_engine, self.reception.settings.idle_ms
        sessions = sessions_of(recording.batches, name, folds, idle_ms, self.reception.limits)
        if not sessions:
            raise WatchworthyError("no_events", "The recording holds no events of a visitor.")
        return Found(sessions[-1])

    def _assess(
        self, site: str, question: Question, found: Found, token: Token | None, now_ms: int, usual: Norms
    ) -> Assessment:
        session, judge = found.session, self.reception.judge
        struggle = judge.struggle(site, session)
        scores = judge.scorer.scores(session)
        subject = self.secrets.hashed(site, "subject", question.subject) if question.subject else None
        before, override = self._store.read(lambda db: self._beside(db, site, found, subject, now_ms))
        repeats = self._store.read(lambda db: twins(db, site, found.log, session.id)) if found.log else []
        made = judge.decision(
            site,
            session,
            scores,
            struggle,
            cause="asked",
            log_number=found.log_number,
            now_ms=now_ms,
            asked=question.action,
            override="" if override is None else "allow" if override.list == "allow" else "deny",
        )
        answer = self._answer(judge, question, found, struggle, token, made, before, override, usual, repeats)
        asked = Asked(
            answer.assessment_id,
            site,
            found.log,
            session.id if found.log else "",
            made.decision_id,
            now_ms,
            question.action,
            token is not None,
            self.secrets.hashed(site, "reference", question.reference) if question.reference else None,
            subject,
            msgspec.json.encode(answer),
        )

        def keep(db: sqlite3.Connection) -> None:
            if token is not None:
                assessing.use_token(db, token.nonce, token.expires_at_ms, now_ms)
            stands = standing(db, site, log, decision, found.log_number)
            assessing.keep(db, self._store.keys, asked._replace(decision=stands))

        decision, log = judge.stored(made, paths(session)), found.log or None
        self._store.decide(site, log, [decision], found.log_number, with_them=keep).result()
        return answer

    def _beside(
        self, db: sqlite3.Connection, site: str, found: Found, subject: bytes | None, now_ms: int
    ) -> tuple[Before, Override | None]:
        if not found.log:
            return Before(0, False), assessing.override_of(db, site, None, subject, now_ms)
        hashed = self.secrets.hashed(site, "session", found.session.id)
        return (
            assessing.before(db, site, found.session.id, subject),
            assessing.override_of(db, site, hashed, subject, now_ms),
        )

    def _answer(
        self,
        judge: Judge,
        question: Question,
        found: Found,
        struggle: Struggle,
        token: Token | None,
        made: Decision,
        before: Before,
        override: Override | None,
        usual: Norms,
        repeats: list[Twin],
    ) -> Assessment:
        """The assessment: what the scorer says, what the policy recommends, and what the house has to add."""
        told = assess(
            judge.scorer.scorer,
            found.session,
            datetime.fromtimestamp(made.created_at_ms / 1_000, UTC),
            f"as_{secrets.token_hex(ID_BYTES)}",
            lambda issue: struggle.seen_before,
            struggle.stake,
            usual.percentile,
            found.ended,
        )
        coverage = structs.replace(
            told.coverage, behind=found.behind, stale=found.stale, bound=token is not None
        )
        advice = judge.policy.advise(told.bot.verdict, told.bot.operating_point, question.action)
        action: Action = made.outcome.action
        reasons = [*told.reasons]
        if before.others:
            reasons.append(_house("SESSION_REUSED", "up"))
        if found.quiet_ms > STALE_MS:
            minutes = found.quiet_ms // 60_000
            reasons.append(_house("SESSION_STALE", "up", f"{minutes} minutes"))
        reasons += [_replayed(twin) for twin in repeats]
        if override is not None:
            code = "OVERRIDE_ALLOWLIST" if override.list == "allow" else "OVERRIDE_DENYLIST"
            reasons.append(_house(code, "down" if override.list == "allow" else "up"))
        shadow = judge.policy.mode == "shadow"
        return structs.replace(
            told,
            coverage=coverage,
            revision=before.times,
            mode=judge.policy.mode,
            reasons=tuple(reasons),
            recommended_action="allow" if shadow else action,
            would_have=action if shadow else None,
            rule=advice.rule,
        )


def _replayed(twin: Twin) -> Reason:
    """That the path of another session was taken again, with the moment in either."""
    here, there = (f"{ms // 60_000}:{ms // 1_000 % 60:02d}" for ms in (twin.here_ms, twin.there_ms))
    told = f"from {here} here, from {there} in {twin.part}, {twin.shared} stretches alike"
    return structs.replace(
        _house("REPLAYED_PATH", "up", told), t_ms=(twin.here_ms,), value=float(twin.shared)
    )


def _house(code: str, direction: str, value: str = "") -> Reason:
    """A reason of the house, that no model has weighed."""
    return msgspec.convert(
        {
            "head": "house",
            "code": code,
            "direction": direction,
            "weight": 0.0,
            "text": REASON_CODES[code].format(value=value),
        },
        Reason,
    )
