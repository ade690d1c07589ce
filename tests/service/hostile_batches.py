"""Bodies as a recorder might send them if it, or whoever poses as one, were mad: real events, altered anywhere."""

from __future__ import annotations

import copy
import gzip
import json
from typing import Any, Final

from hypothesis import strategies as st

from data_contracts.recordings import read
from tests.service.live_store import SAMPLES

KEY: Final = b"the-key"  # stands for a write key, which is known only once there is a service
FEW: Final = 3  # names of sessions and of streams, so that batches meet
SESSIONS: Final = tuple(f"s{i}" for i in range(FEW))
PLAYED: Final = ("calm-buy", "struggling-reloads", "calm-touch-only")

Json = Any


def real_events() -> list[Json]:
    """Events of the samples: every kind, the large ones cut down to what alters quickly."""
    by_kind: dict[tuple[Any, Any], list[Json]] = {}
    for name in PLAYED:
        for batch in read(str(SAMPLES / f"{name}.json.gz")).batches:
            for text in batch.events:
                event = json.loads(bytes(text))
                data = event.get("data") or {}
                kept = by_kind.setdefault((event["type"], data.get("source", data.get("plugin"))), [])
                if len(kept) < 6 and len(text) < 20_000:
                    kept.append(event)
    return [event for events in by_kind.values() for event in events]


EVENTS: Final = real_events()

numbers = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, -1, 0.5, 1e308, -1e308, 2**31, 2**53, 2**63, 2**64, -(2**63)]),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def altered(draw: st.DrawFn) -> Json:
    """A real event with some of its parts replaced, dropped or doubled."""
    event = copy.deepcopy(draw(st.sampled_from(EVENTS)))
    for _ in range(draw(st.integers(0, 3))):
        holder, place = event, draw(st.sampled_from(sorted(event)))
        while draw(st.booleans()) and isinstance(holder[place], dict | list) and holder[place]:
            holder = holder[place]
            places = sorted(holder) if isinstance(holder, dict) else range(len(holder))
            place = draw(st.sampled_from(places))
        match draw(st.integers(0, 3)):
            case 0:
                holder[place] = draw(values)
            case 1:
                holder[place] = draw(numbers)
            case 2:
                holder[place] = [holder[place]] * 2
            case 3 if isinstance(holder, dict) and holder is not event:
                del holder[place]
    return event


headers = st.fixed_dictionaries(
    {
        "key": st.just(KEY.decode()),
        "session": st.sampled_from(SESSIONS),
        "stream": st.sampled_from(["a", "b", "c"]),
        "seq": st.integers(0, 40),
    },
    optional={
        "consent": st.one_of(st.booleans(), st.none(), st.text(max_size=20)),
        "channels": st.lists(st.sampled_from(["pointer", "console", "nothing"]), max_size=3),
        "end": st.booleans(),
        "more": values,
    },
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """The text of a batch; one in a few is broken as text too, or in its first line."""
    header = draw(headers)
    if draw(st.integers(0, 9)) == 0:
        header[draw(st.sampled_from(["session", "stream", "seq", "key", "end"]))] = draw(values)
    events = [json.dumps(event).encode() for event in draw(st.lists(altered(), max_size=5))]
    text = b"\n".join(events) if draw(st.booleans()) else b"[" + b",".join(events) + b"]"
    body = json.dumps(header).encode() + b"\n" + text
    if draw(st.integers(0, 4)) == 0:
        begin = draw(st.integers(0, len(body)))
        body = body[:begin] + draw(st.binary(max_size=4)) + body[begin + draw(st.integers(0, 4)) :]
    return body


def packed(body: bytes, encoding: str) -> bytes:
    return gzip.compress(body, 1) if encoding == "gzip" else body
