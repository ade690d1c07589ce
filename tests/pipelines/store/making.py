"""Units that tests make up, each with events of its own."""

import hashlib
import json
from typing import Any

from pipelines.store import Unit

SITE, SESSION = "site", "s"
HOUR = 3_600_000


def body_of(number: int, kind: int = 3) -> bytes:
    """Three events 100 ms apart that only this number has, at ``number`` seconds; the first is of this type."""
    events = [
        {
            "type": kind if i == 0 else 3,
            "timestamp": 1_000 * number + 100 * i,
            "data": {"source": 0, "id": number},
        }
        for i in range(3)
    ]
    return json.dumps(events).encode()


def answer_of(log_number: int) -> bytes:
    return b"answer %d" % log_number


def make_unit(seq: int = 0, **facts: Any) -> Unit:
    """A unit whose body and digest follow from its number, unless they are said."""
    kind = facts.pop("kind", 3)
    body = facts.pop("body", None) or body_of(seq, kind)
    given = {
        "site": SITE,
        "session": SESSION,
        "stream": "a",
        "digest": hashlib.sha256(body).digest(),
        "received_at_ms": 1_000 + seq,
        "answer": answer_of,
        **facts,
    }
    return Unit(seq=seq, body=body, **given)
