"""A decision: what was said of a session when something about it changed, with all that is needed to say it again."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from data_contracts.assessments import Action, Fidelity, Ineligible, Rule, Verdict

Cause = Literal["changed", "asked", "ended"]
"""Why a decision was written: the verdict, flag, action or eligibility changed; somebody asked; the session ended."""

Device = Literal["mouse", "touch", "keyboard", ""]


class Fact(msgspec.Struct, frozen=True):
    """A moment as a headline needs it: ``start_ms`` and ``end_ms`` from the start, ``severity`` 0..1.

    ``severity`` depends on the session alone; ``site_severity`` is what the element's own history on the site leaves
    of it, None where the site has no table of base rates.
    """

    code: str
    start_ms: int
    end_ms: int
    severity: float
    element: str = ""
    page: str = ""
    evidence: dict[str, float] = {}
    site_severity: float | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What there was to see of a session, as the heads ask for it before they speak.

    Attributes
    ----------
    rows, positions, acts, unknown
        Canonical events, mouse positions, acts; events that were not understood.
    sighted
        Whether the page could be seen at any time.
    """

    rows: int
    positions: int
    acts: int
    unknown: int
    duration_ms: int
    sighted_ms: int
    blind_ms: int
    sighted: bool
    channels: tuple[str, ...]

    @property
    def blind(self) -> bool:
        """Whether the page could never be seen."""
        return not self.sighted

    @property
    def fidelity(self) -> Fidelity:
        """``exact``, ``partial`` or ``blind``."""
        return "blind" if self.blind else "partial" if self.blind_ms > 0 else "exact"


class Score(msgspec.Struct, frozen=True):
    """What one head says: a probability, or why there is none."""

    probability: float | None
    ineligible_reason: Ineligible | None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was said.

    Attributes
    ----------
    heads
        By name.
    point, threshold
        The operating point of the verdict; None where none is published.
    worth, flagged, issue, headline
        Whether it is worth watching, and the fact that says so.
    policy
        What recommends the action.
    unusual, forest
        How unlike the sessions of people on record it was, said once it had ended, and the digest of what said so.
    """

    heads: dict[str, Score]
    verdict: Verdict
    point: str | None = None
    threshold: float | None = None
    worth: float | None = None
    flagged: bool = False
    issue: str | None = None
    headline: str | None = None
    action: Action = "allow"
    policy: Rule | None = None
    unusual: float | None = None
    forest: str = ""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a decision.

    Attributes
    ----------
    session_id
        ``S``, or ``S.2`` for what follows a pause.
    log_number
        Of the last batch that it saw; 0 of a recording that was not stored.
    as_of_ms
        How much of the session that is, from its start.
    bundle
        Digest of the models.
    catalogue
        Digest of the definitions of the features and signals that vector and moments are of.
    vector
        float32, little-endian, the catalogue's features in its order.
    moments
        The moments, as rows of ``features.moments.MOMENT``.
    facts
        The moments with the names of their elements and pages, where somebody had to look.
    site_table
        Digest of the table of base rates that weighed the facts; empty where there was none.
    seen_before, stake
        Of its worth: sessions on record with the same issue, and what is at risk.
    asked
        The action that somebody asked about, where somebody asked.
    override
        The owner's list that went before the policy: ``allow``, ``deny`` or empty.
    mode
        Of the policy: in ``shadow`` the asker was told ``allow``, whatever the outcome's action is.
    """

    decision_id: str
    site: str
    session_id: str
    log_number: int
    cause: Cause
    created_at_ms: int
    start_ms: int
    as_of_ms: int
    bundle: str
    catalogue: str
    vector: bytes
    moments: bytes
    seen: Seen
    facts: tuple[Fact, ...] | None = None
    site_table: str = ""
    seen_before: int = 0
    stake: float = 1.0
    asked: str = ""
    override: Literal["", "allow", "deny"] = ""
    mode: Literal["enforce", "shadow"] = "enforce"
    outcome: Outcome


_decoder: Final = msgspec.json.Decoder(Decision)
_encoder: Final = msgspec.json.Encoder(order="deterministic")


def canonical(decision: Decision) -> bytes:
    """The bytes of a record that are committed to: JSON whose keys stand in one order."""
    return _encoder.encode(decision)


def read(data: bytes) -> Decision:
    """The record of its canonical bytes.

    Raises
    ------
    msgspec.ValidationError
        If they are of no such record.
    """
    return _decoder.decode(data)


def policy_of(decision: Decision) -> str:
    """What recommended its action: the policies' version, what was asked, and the list that went before them.

    Decisions of one session at one moment are told apart by it.
    """
    version = decision.outcome.policy.version if decision.outcome.policy else ""
    told = [version, decision.asked, decision.override]
    return ":".join(told) if decision.asked or decision.override else version
