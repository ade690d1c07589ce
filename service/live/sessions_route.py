"""``GET /v1/sessions/{id}``: one session as it is known now, for the holder of a read key."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final

import msgspec
import numpy as np

from data_contracts.errors import WatchworthyError
from features.catalogue import engine
from features.moments import CODES, SETTLED
from features.session import Session
from models.live_scores import LiveScorer
from service.deciding.site_norms import SiteNorms
from service.live.reception import Reception
from service.live.refusals import Refusal, refusal_of

PART: Final = re.compile(r"^(?P<log>[^.]+)(?:\.(?P<part>[1-9][0-9]{0,6}))?$")
"""``S``, or ``S.2`` for what follows a pause."""


async def session_now(reception: Reception, norms: SiteNorms, site: str, session_id: str) -> bytes:
    """The JSON of a session: coverage, vector with the site's percentiles, moments, scores.

    Raises
    ------
    Refusal
        ``not_found``.
    """
    named = PART.match(session_id)
    if named is None:
        raise Refusal("not_found", "There is no session of this id.")
    usual = await asyncio.to_thread(norms.of, site)
    name = (site, named["log"])
    await reception.turns.enter(name)
    try:
        stale = (held := reception.sessions.held(name)) is not None and held.stale
        live = await reception.look(name)
        found = live.memory.sessions() if live is not None else []
        ids = [one.id for one in found]
        if live is None or session_id not in ids:
            raise Refusal("not_found", "There is no session of this id.")
        one = found[ids.index(session_id)]
        told = shown(one, reception.scorer)
        told["percentiles"] = {name: usual.percentile(name, value) for name, value in told["vector"].items()}
        told["log"] = {"id": name[1], "batches": live.number, "sessions": ids, "stale": stale}
        return msgspec.json.encode(told)
    except WatchworthyError as error:
        raise refusal_of(error) from error
    finally:
        reception.turns.leave(name)


def shown(session: Session, scorer: LiveScorer) -> dict[str, Any]:
    """A session as JSON has it; numbers that are not defined are null."""
    scores = scorer.scores(session)
    return {
        "session_id": session.id,
        "start_ms": session.start_ms,
        "coverage": {
            "fidelity": session.coverage.fidelity,
            "rows": session.coverage.rows,
            "duration_ms": session.coverage.duration_ms,
            "blind_ms": session.coverage.blind_ms,
            "channels": session.coverage.channels,
        },
        "vector": dict(zip(engine().names, session.vector.tolist(), strict=True)),
        "moments": [
            {
                "code": CODES[one["code"]],
                "start_ms": int(one["start"]),
                "end_ms": int(one["end"]),
                "page": int(one["page"]),
                "element": int(one["element"]),
                "severity": float(one["severity"]),
                "evidence": np.asarray(one["evidence"]).tolist(),
                "settled": bool(one["state"] == SETTLED),
            }
            for one in session.moments
        ],
        "scores": {name: msgspec.to_builtins(score) for name, score in scores.heads.items()},
        "verdict": scores.verdict,
        "bundle": scorer.scorer.bundle.digest,
    }
