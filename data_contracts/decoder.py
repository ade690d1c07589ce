"""Turns the JSON of one event into its type; what it cannot, it counts and says where.

The quick way is one strict msgspec pass. Only where that fails is the event taken apart: fields that nobody
knows are dropped and counted, an unknown type or source is counted, a timestamp that is no number is left out,
a page too deep for recursion is walked without it. What still does not fit is malformed: counted, with the path
of the first.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec
from msgspec import Raw, Struct

from data_contracts.acts import ACTS, Act, AnyAct
from data_contracts.batches import UNREADABLE, Text
from data_contracts.counts import Counts
from data_contracts.json_scan import Break, Scan
from data_contracts.limits import LIMITS, Limits
from data_contracts.rrweb import (
    EVENTS,
    SOURCES,
    Addition,
    Envelope,
    Event,
    FullSnapshotEvent,
    Ignored,
    IncrementalEvent,
    Mutation,
    SnapshotData,
)


class Skipped(Struct, gc=False):
    """An event that could not be used; only time passes with it."""

    timestamp: int | float | None = None


_strict: Final[msgspec.json.Decoder[Event]] = msgspec.json.Decoder(Event)
_mutation: Final = msgspec.json.Decoder(Mutation)
_time: Final = msgspec.json.Decoder(int | float | None)
_whole: Final = msgspec.json.Decoder(int)
_string: Final = msgspec.json.Decoder(str)
_acts: Final[msgspec.json.Decoder[AnyAct]] = msgspec.json.Decoder(AnyAct)

# Half of a surrogate pair, as JavaScript writes it where a text was cut inside a character. Replacing it by
# another single code unit keeps every length.
LONE_SURROGATE: Final = re.compile(
    rb"(?<!\\)((?:\\\\)*)(?:(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)

ACT_TYPES: Final = {str(act.__struct_config__.tag): act for act in ACTS}
TYPE_OF: Final[dict[type, int]] = {event: kind for kind, event in EVENTS.items()}
SOURCE_OF: Final[dict[type, int]] = {data: source for source, data in SOURCES.items()}
ENVELOPE_FIELDS: Final = frozenset({"type", "data", *Envelope.__struct_fields__})


class Decoder:
    """Decodes events one after another, for one stream.

    Parameters
    ----------
    counts
        Where everything met is counted.
    limits
        ``depth`` bounds the nesting of an event.

    Examples
    --------
    >>> counts = Counts()
    >>> decoder = Decoder(counts)
    >>> decoder.decode(b'{"type": 4, "data": {"href": "/"}, "timestamp": 1, "frob": 2}').data.href
    '/'
    >>> decoder.decode(b'{"type": 77, "timestamp": 5}')
    Skipped(timestamp=5)
    >>> sorted(counts.unknown)
    ['field $.frob', 'type 77']
    """

    def __init__(self, counts: Counts, limits: Limits = LIMITS) -> None:
        self.counts = counts
        self.depth = limits.depth

    def decode(self, text: Text) -> Event | AnyAct | Skipped:
        """The event or act in ``text``, one JSON value in UTF-8.

        Raises
        ------
        WatchworthyError
            ``input_too_deep``.
        """
        event: Event | AnyAct | Skipped
        try:
            event = _strict.decode(text)
        except UNREADABLE:
            event = self._explain(text)
        counts = self.counts
        counts.events += 1
        if type(event) is IncrementalEvent:
            counts.types[3] += 1
            counts.sources[SOURCE_OF[type(event.data)]] += 1
        elif isinstance(event, Act):
            counts.acts[str(event.__struct_config__.tag)] += 1
        elif isinstance(event, Envelope):
            counts.types[TYPE_OF[type(event)]] += 1
        return event

    def _explain(self, text: Text) -> Event | AnyAct | Skipped:
        """Take apart an event that the strict pass refused."""
        clean = bytes(text)
        if b"\\ud" in clean or b"\\uD" in clean:
            clean = LONE_SURROGATE.sub(lambda match: match[1] + (match[2] or rb"\ufffd"), clean)
        scan = Scan(clean, self.depth)
        where = f"$.events[{self.counts.events}]"
        skipped = Skipped()
        try:
            begin = scan.skip_space(0)
            if clean[begin : begin + 1] != b"{":
                self.counts.spoil(where, "Expected `object`, an event")
                return skipped
            top = {key: clean[at : scan.skip(at)] for key, at in scan.members(begin)}
            if top.get("type", b"").startswith(b'"'):
                return self._act(clean, top, where)
            try:
                skipped.timestamp = _time.decode(top.get("timestamp", b"null"))
            except UNREADABLE:
                top.pop("timestamp", None)  # a text where a number belongs: as if there were none
            try:
                kind = _whole.decode(top.get("type", b"null"))
            except UNREADABLE:
                self.counts.spoil(where + ".type", "Expected `int`, the type of an event")
                return skipped
            if kind not in EVENTS:
                self.counts.miss(f"type {kind}", event=True)
                return skipped
            for name in top.keys() - ENVELOPE_FIELDS:
                del top[name]
                self.counts.miss(f"field $.{name}")
            data = self._data(kind, top)
            if data is None:
                return skipped
            top["data"] = data
            return self._rebuild(kind, top, skipped)
        except Break as broken:
            self.counts.spoil(where, f"JSON is malformed (byte {broken.at})")
        except UNREADABLE as found:
            self.counts.spoil(where + path_of(found), what_of(found))
        return skipped

    def _act(self, text: bytes, members: dict[str, bytes], where: str) -> AnyAct | Skipped:
        """The act in ``text``; an act of unknown type, or with fields that do not fit, only lets time pass."""
        try:
            kind = _string.decode(members["type"])
            skipped = Skipped(_time.decode(members.get("t", b"null")))
        except UNREADABLE as error:
            self.counts.spoil(where + path_of(error), what_of(error))
            return Skipped()
        act = ACT_TYPES.get(kind)
        if act is None:
            self.counts.miss(f"act {kind}", event=True)
            return skipped
        for name in sorted(members.keys() - {"type", *act.__struct_fields__}):
            self.counts.miss(f"field $.{name}")
        try:
            return _acts.decode(text)
        except UNREADABLE as error:
            self.counts.spoil(where + path_of(error), what_of(error))
            return skipped

    def _data(self, kind: int, top: dict[str, bytes]) -> bytes | None:
        """The event's data without unknown fields; None where its source is unknown."""
        data = top.get("data", b"null")
        known: frozenset[str]
        if kind == 3:
            members = self._members(data)
            try:
                source = _whole.decode(members.get("source", b"null"))
            except UNREADABLE:
                return data  # the strict pass names what is wrong
            if source not in SOURCES:
                self.counts.miss(f"source {source}", event=True)
                return None
            known = frozenset({"source", *SOURCES[source].__struct_fields__})
        else:
            fields = {field.name: field.type for field in msgspec.structs.fields(EVENTS[kind])}
            if fields["data"] == Ignored:
                return data
            members = self._members(data)
            known = frozenset(fields["data"].__struct_fields__)
        strange = members.keys() - known
        if not strange:
            return data
        for name in sorted(strange):
            self.counts.miss(f"field $.data.{name}")
        return join({name: value for name, value in members.items() if name in known})

    def _members(self, text: bytes) -> dict[str, bytes]:
        if not text.startswith(b"{"):
            return {}
        scan = Scan(text, self.depth)
        return {key: text[at : scan.skip(at)] for key, at in scan.members(0)}

    def _rebuild(self, kind: int, top: dict[str, bytes], skipped: Skipped) -> Event:
        """Decode what is left, without recursion into pages where they are too deep for it."""
        text = join(top)
        try:
            return _strict.decode(text)
        except RecursionError:
            data = self._members(top["data"])
            if kind == 2:
                return FullSnapshotEvent(
                    timestamp=skipped.timestamp, data=SnapshotData(Raw(data.get("node", b"null")))
                )
            if kind == 3 and _whole.decode(data.get("source", b"null")) == 0:
                return IncrementalEvent(timestamp=skipped.timestamp, data=self._deep_mutation(data))
            raise

    def _deep_mutation(self, data: dict[str, bytes]) -> Mutation:
        adds = data.pop("adds", b"[]")
        mutation = _mutation.decode(join(data))
        mutation.adds = []
        scan = Scan(adds, self.depth)
        for begin, end in scan.elements(0):
            add = self._members(adds[begin:end])
            node = Raw(add.pop("node", b"null"))
            rest = join({**add, "node": b"null"})
            addition = msgspec.json.decode(rest, type=Addition)
            mutation.adds.append(Addition(addition.parentId, node, addition.nextId))
        return mutation


def join(members: dict[str, bytes]) -> bytes:
    """The JSON object of these members, each value given as JSON."""
    return b"{" + b",".join(msgspec.json.encode(key) + b":" + value for key, value in members.items()) + b"}"


def path_of(error: Exception) -> str:
    """Path inside an event that msgspec's message names, as ``.data.x``; empty where it names none."""
    found = re.search(r"at `\$([^`]*)`", str(error))
    return found[1] if found else ""


def what_of(error: Exception) -> str:
    """What msgspec's message says is wrong, without the path."""
    return str(error).partition(" - at `")[0]
