"""Replay: a decision made again from its record alone, and where the answer is another one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from data_contracts import decisions
from service.deciding.judge import Judge
from service.deciding.outcomes import outcome
from service.deciding.records import Kept, catalogue


def replayed(body: bytes, judge: Judge) -> dict[str, Any]:
    """What a judge says of the session that a record keeps.

    Parameters
    ----------
    body
        Canonical bytes of the record.

    Returns
    -------
    dict
        ``same``; ``differs``, the fields that differ, each with ``was`` and ``is``; where the models or the
        definitions of the features have changed since, ``bundle`` and ``catalogue`` are among them.
    """
    made = decisions.read(body)
    differs: list[dict[str, Any]] = []
    for name, was, now in (
        ("bundle", made.bundle, judge.scorer.scorer.bundle.digest),
        ("catalogue", made.catalogue, catalogue()),
    ):
        if was != now:
            differs.append({"field": name, "was": was, "is": now})
    answer: dict[str, Any] = {"decision_id": made.decision_id}
    if any(one["field"] == "catalogue" for one in differs):
        return answer | {"same": False, "differs": differs}  # its vector means something else today
    scores = judge.scorer.scores(Kept(made))
    given = (made.facts, made.seen_before, made.stake, made.asked, made.override)
    unusual = judge.scorer.scorer.unusual(Kept(made)) if made.cause == "ended" else None
    again = outcome(judge.scorer, scores, judge.policy, *given, unusual)
    before, now = msgspec.to_builtins(made.outcome), msgspec.to_builtins(again)
    differs += _differences("outcome", before, now)
    return answer | {"same": not differs, "differs": differs}


def _differences(where: str, was: Any, now: Any) -> Iterator[dict[str, Any]]:
    if isinstance(was, dict) and isinstance(now, dict):
        for name in sorted(was.keys() | now.keys()):
            yield from _differences(f"{where}.{name}", was.get(name), now.get(name))
    elif was != now:
        yield {"field": where, "was": was, "is": now}
