"""What people said of sessions, beside what two heads say: fixed, still wrong, kept, regressed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from data_contracts import decisions
from data_contracts.errors import WatchworthyError
from data_contracts.labels import HEAD_OF
from models.bundle import Bundle, Trained
from models.heads import head as head_of
from models.kept import Kept
from models.operating_points import tightest
from models.scorer import Scorer
from pipelines.store.annotating import annotations_of
from pipelines.store.store import Store

SAYS: Final[dict[str, dict[str, int]]] = {
    head: {label: value for label, (of, value) in HEAD_OF.items() if of == head}
    for head in dict.fromkeys(of for of, _ in HEAD_OF.values())
}
"""Which label of an annotation is a yes to which head's question, and which a no."""
AT_ONCE: Final = 1_000
EVEN: Final = 0.5

Outcome = Literal["fixed", "still_wrong", "kept", "regressed"]


class Row(msgspec.Struct, frozen=True):
    """One labelled session; probabilities of champion and challenger, and where to watch it."""

    outcome: Outcome
    session: str
    label: str
    champion: float
    challenger: float
    link: str


def labelled(store: Store, site: str, head: str) -> dict[str, int]:
    """What people said of whole sessions last, as a yes or no to the head's question; what was taken back is gone."""
    says, found, after = SAYS.get(head, {}), {}, 0
    while True:
        some = store.read(lambda db: annotations_of(db, site, None, after, AT_ONCE))  # noqa: B023
        for number, one in some:
            after = number
            if not one.retracted and one.retracts is None and one.from_ms is None and one.label in says:
                found[one.session_id] = says[one.label]
        if len(some) < AT_ONCE:
            return {session: yes for session, yes in found.items() if session}


def on_labels(
    store: Store, site: str, head: str, champion: Bundle, challenger: Bundle, address: str = ""
) -> list[Row]:
    """Score every session that people labelled with both heads, from its last record.

    A head is right where it says yes to a yes or no to a no: the bot head past its published point (or, without one,
    at even odds), another head at even odds. Sessions on which one of them abstains are left out.

    Parameters
    ----------
    address
        Of the triage pages; links are relative without it.
    """
    scorers = [Scorer(bundle) for bundle in (champion, challenger)]
    found = []
    for session, yes in sorted(labelled(store, site, head).items()):
        told = _answers(store, site, session, head, scorers)
        if told is None:
            continue
        (p, first), (q, second) = told
        outcome: Outcome = (
            ("kept" if second == bool(yes) else "regressed")
            if first == bool(yes)
            else ("fixed" if second == bool(yes) else "still_wrong")
        )
        label = next(name for name, value in SAYS[head].items() if value == yes)
        found.append(Row(outcome, session, label, p, q, f"{address.rstrip('/')}/sessions/{session}"))
    return found


def _answers(
    store: Store, site: str, session: str, head: str, scorers: Sequence[Scorer]
) -> list[tuple[float, bool]] | None:
    """Probability and answer of each scorer; None if one abstains, or nothing of the session is left."""
    last = store.read(
        lambda db: db.execute(
            "SELECT decision FROM cards JOIN sites ON sites.id = site_id WHERE sites.name = ? AND part = ?",
            (site, session),
        ).fetchone()
    )
    told = store.decision(site, last[0]) if last else None
    if told is None or told.body is None:
        return None
    kept, found = Kept(decisions.read(told.body)), []
    for scorer in scorers:
        try:
            said = scorer.say(head_of(head), kept.vector, kept.coverage, kept.moments)
        except WatchworthyError:
            return None  # its vector is of an earlier release
        trained = scorer.bundle.heads.get(head)
        if said.margin is None or trained is None:
            return None
        found.append((float(said.block["probability"]), says_yes(trained, said.margin)))
    return found


def says_yes(trained: Trained, margin: float) -> bool:
    """Whether a margin is a yes: past the tightest published point, or without one at even odds."""
    point = tightest(trained.points)
    if point is not None and point.threshold is not None:
        return margin > point.threshold
    return trained.calibration.probability(margin, trained.base_rate) >= EVEN


def counted(rows: Sequence[Row]) -> dict[Outcome, int]:
    """How many sessions of each outcome."""
    outcomes: tuple[Outcome, ...] = ("fixed", "still_wrong", "kept", "regressed")
    return {outcome: sum(row.outcome == outcome for row in rows) for outcome in outcomes}
