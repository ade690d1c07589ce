"""Records of decisions: made of a session and its outcome, kept as bytes, and read back to say the same again."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from functools import cache
from typing import Final, Literal
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from data_contracts import decisions
from data_contracts.decisions import Cause, Decision, Device, Fact, Outcome, Seen
from features.catalogue import engine
from features.moments import MOMENT, WITHDRAWN
from features.session import Session
from models.kept import Kept as Kept
from models.queue import Candidate, place
from models.signal_rates import digests
from models.standing import names_of, standing
from pipelines.store.units import Card
from pipelines.store.units import Decision as StoredDecision

ID_BYTES: Final = 12
PAGES: Final = 50  # paths of a session that its card keeps, the first
LONGEST_PATH: Final = 200  # characters
VECTOR: Final = np.dtype("<f4")


@cache
def catalogue() -> str:
    """Digest of the definitions that vectors and moments of this release are of."""
    told = (sorted(digests().items()), engine().names, MOMENT.descr)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def record(
    session: Session,
    outcome: Outcome,
    *,
    site: str,
    log_number: int,
    bundle: str,
    cause: Cause,
    now_ms: int,
    facts: Sequence[Fact] | None = None,
    site_table: str = "",
    seen_before: int = 0,
    stake: float = 1.0,
    asked: str = "",
    override: Literal["", "allow", "deny"] = "",
    mode: Literal["enforce", "shadow"] = "enforce",
) -> Decision:
    """The record of what was said of a session.

    Parameters
    ----------
    facts, site_table, seen_before, stake, asked, override
        As the outcome was made with them.
    mode
        Of the policy.
    """
    return Decision(
        decision_id=f"de_{os.urandom(ID_BYTES).hex()}",
        site=site,
        session_id=session.id,
        log_number=log_number,
        cause=cause,
        created_at_ms=now_ms,
        start_ms=session.start_ms,
        as_of_ms=session.coverage.duration_ms,
        bundle=bundle,
        catalogue=catalogue(),
        vector=session.vector.astype(VECTOR, copy=False).tobytes(),
        moments=session.moments.tobytes(),
        seen=session.coverage,
        facts=None if facts is None else tuple(facts),
        site_table=site_table,
        seen_before=seen_before,
        stake=stake,
        asked=asked,
        override=override,
        mode=mode,
        outcome=outcome,
    )


def signals(moments: npt.NDArray[np.void]) -> tuple[str, ...]:
    """The signals of moments that were not withdrawn, by code."""
    return names_of(standing(moments, WITHDRAWN))


def stored(made: Decision, secret: bytes, pages: Sequence[str] = ()) -> StoredDecision:
    """A record as the store takes it, with its card.

    Parameters
    ----------
    secret
        The site's, by which sessions are drawn for the random slice.
    pages
        Paths of the session's pages, where they are known.
    """
    said = made.outcome
    heads = {name: score.probability for name, score in said.heads.items()}
    where = place(candidate(made), secret)
    card = Card(
        started_at_ms=made.start_ms,
        as_of_ms=made.as_of_ms,
        bot=heads.get("bot"),
        frustration=heads.get("frustration"),
        conversion=heads.get("conversion"),
        worth=said.worth,
        verdict=said.verdict,
        action=said.action,
        flagged=said.flagged,
        seen_before=made.seen_before,
        issue=said.issue or "",
        headline=said.headline or "",
        signals=signals(np.frombuffer(made.moments, MOMENT)),
        pages=tuple(dict.fromkeys([page[:LONGEST_PATH] for page in pages if page]))[:PAGES],
        device=device(made.seen),
        lane=where.lane,
        rank=where.key[0],
        stratum=where.stratum,
        propensity=where.propensity,
        draw=where.draw,
    )
    return StoredDecision(
        id=made.decision_id,
        bundle=made.bundle,
        body=decisions.canonical(made),
        part=made.session_id,
        policy=decisions.policy_of(made),
        cause=made.cause,
        created_at_ms=made.created_at_ms,
        card=None if made.asked or made.override else card,  # listings show what holds for anybody
    )


def candidate(made: Decision, disagreement: float | None = None) -> Candidate:
    """The session of a record as the queue needs it.

    Parameters
    ----------
    disagreement
        Distance of a challenger's probability of struggle from what the record says, 0..1.
    """
    said = made.outcome
    struggle = said.heads.get("frustration")
    return Candidate(
        made.session_id,
        said.worth,
        struggle.probability if struggle is not None else None,
        None,
        said.verdict,
        said.issue if said.flagged else None,
        made.start_ms,
        disagreement,
    )


def paths(session: Session) -> list[str]:
    """Paths of the pages of a session, in the order in which they were first opened."""
    return [urlsplit(address).path or "/" for address in session.addresses()]


def goals_of(session: Session) -> int:
    """How many goals a session has reached so far."""
    goals = float(session.vector[engine().names.index("goal_events")])
    return 0 if math.isnan(goals) else int(goals)


def device(found: Seen) -> Device:
    """What a visitor moved and pressed with, as far as the recording tells.

    >>> device(Seen(rows=9, positions=0, acts=2, unknown=0, duration_ms=9, sighted_ms=9, blind_ms=0, sighted=True,
    ...     channels=("touch",)))
    'touch'
    """
    if "touch" in found.channels:
        return "touch"
    if found.positions:
        return "mouse"
    return "keyboard" if found.acts else ""
