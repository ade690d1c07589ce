"""Labels in and out of a store, one a line: what people said goes in; goals and guesses stay what they are."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable
from typing import Final, get_args

from data_contracts.annotations import Annotation, Why
from data_contracts.annotations import Label as AnnotatedAs
from data_contracts.labels import HEAD_OF, Label
from pipelines.store.annotating import annotate
from pipelines.store.store import Store

AS: Final[dict[tuple[str, int], AnnotatedAs]] = {said: name for name, said in HEAD_OF.items()}
REASONS: Final = frozenset(get_args(Why))
ID: Final = re.compile(r"^an_[0-9a-f]{24}$")
TAKEN_BACK: Final = "back:"
"""Begins the key under which a retraction is kept, so that importing it twice changes nothing."""


def take_in(store: Store, site: str, labels: Iterable[Label]) -> Counter[str]:
    """Keep labels as annotations; how many became what.

    The same label again changes nothing. Its time of recording stays, so that a training set of a past moment is the
    same here as where it was exported.

    Returns
    -------
    Counter
        ``imported``, ``known`` (there already), ``retracted`` (of those imported, taken back), and why others were
        passed over: ``session_missing``, ``kind_goal``, ``kind_script``, ``kind_weak``, ``head_unknown``.
    """
    found: Counter[str] = Counter()
    for one in labels:
        name = AS.get((one.head, one.value))
        if one.kind != "annotation":
            found[f"kind_{one.kind}"] += 1
        elif name is None:
            found["head_unknown"] += 1
        elif store.session(site, one.session_id.partition(".")[0]) is None:
            found["session_missing"] += 1
        else:
            _keep(store, site, one, name, found)
    return found


def _keep(store: Store, site: str, one: Label, name: AnnotatedAs, found: Counter[str]) -> None:
    log = one.session_id.partition(".")[0]
    made = Annotation(
        annotation_id=one.label_id,
        session_id=one.session_id,
        label=name,
        reason=one.reason if one.reason in REASONS else "other",  # type: ignore[arg-type]
        source=one.source,
        from_ms=one.from_ms,
        to_ms=one.to_ms,
        note=one.note,
        recorded_at_ms=one.recorded_at_ms,
        confidence=one.confidence,
        model_seen=one.model_seen,
    )

    def keep(db: sqlite3.Connection) -> bool:
        there = "SELECT 1 FROM annotations WHERE name = ?"
        known = db.execute(there, (one.label_id,)).fetchone() is not None
        if not known:
            annotate(db, site, log, made, None)
        back = one.retracted_at_ms
        if back is not None and db.execute(f"{there[:-8]}retracts = ?", (one.label_id,)).fetchone() is None:
            taken = {
                "annotation_id": f"{TAKEN_BACK}{one.label_id}",
                "retracts": one.label_id,
                "recorded_at_ms": back,
            }
            kept = {"session_id": one.session_id, "label": name, "reason": made.reason, "source": one.source}
            annotate(db, site, log, Annotation(**kept | taken), None)  # type: ignore[arg-type]
        return known

    known = store.write(keep, ()).result()
    found["known" if known else "imported"] += 1
    found["retracted"] += int(one.retracted_at_ms is not None and not known)
