"""Tells the dialects of recordings apart by looking at the bytes, and takes the events out of their wrappers."""

from __future__ import annotations

import math
import re
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from data_contracts.batches import MAIN, UNREADABLE, Batch, Problems, Text
from data_contracts.compression import Budget, unpack
from data_contracts.errors import WatchworthyError
from data_contracts.json_scan import Break, Scan, spelled
from data_contracts.limits import LIMITS, Limits
from data_contracts.looks import looks_like
from data_contracts.packer import unpack_string
from data_contracts.posthog import unpack_event, window_of
from data_contracts.sentry import is_sentry, segments

LISTS: Final = frozenset(
    {"events", "rrweb_data", "snapshots", "data", "acts", "batch", "$snapshot_data", "$snapshot_items"}
)
"""Keys whose array holds events, packed events, or further wrappers."""
BY_WINDOW: Final = frozenset({"snapshot_data_by_window_id", "snapshotsByWindowId"})
"""Keys whose object holds an array of events for each window."""
INSIDE: Final = frozenset({"properties", "result", "replay"})
"""Keys whose object is itself a wrapper."""
WINDOW_NAMES: Final = frozenset({"window_id", "windowId", "$window_id"})

WRAPPERS_MAX: Final = 8
"""Wrappers inside wrappers that are looked into."""
SEQ_MAX: Final = 1 << 31

EVENT_START: Final = re.compile(rb'\{\s*"type"\s*:\s*\d')
LINE_START: Final = re.compile(rb"\n[ \t]*(?=[\[{\"])")
DOCUMENT_STARTS: Final = b'{["'
BOM: Final = b"\xef\xbb\xbf"


class Contents(NamedTuple):
    """What an input holds: its batches, in the order of stream and number, and what was wrong with it."""

    batches: list[Batch]
    problems: Problems


class _Origin:
    """Where events come from: what the wrappers around them say, each known only when it has been read."""

    def __init__(
        self, parent: _Origin | None = None, window: str | None = None, seq: int | None = None
    ) -> None:
        self.parent = parent
        self.depth: int = parent.depth + 1 if parent else 0
        self.window = window
        self.seq = seq

    def stream(self) -> str:
        return self.window or (self.parent.stream() if self.parent else MAIN)

    def number(self) -> int | None:
        return self.seq if self.seq is not None or self.parent is None else self.parent.number()


class _Group(NamedTuple):
    origin: _Origin
    events: list[Text]


def contents(data: bytes, limits: Limits = LIMITS) -> Contents:
    """Batches of the events in ``data``, whatever dialect and compression they are in.

    Parameters
    ----------
    data
        A whole recording, as read from a file or received.
    limits
        Bounds on what is unpacked and walked.

    Raises
    ------
    WatchworthyError
        ``input_empty``, ``input_html``, ``input_not_recording``, ``input_too_long``, ``input_too_deep``,
        ``too_many_events``, ``compression_bomb``; ``compression_broken`` or ``json_broken`` if nothing
        at all could be read before the damage.

    Examples
    --------
    >>> contents(b'{"events": [{"type": 0, "data": {}, "timestamp": 1}]}').batches[0].stream
    '0'
    """
    return _Reader(limits).read(data)


class _Reader:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.budget = Budget(limits)
        self.problems = Problems()
        self.groups: list[_Group] = []
        self.recognised = False
        self.events = 0
        self.place = ""  # what offsets count from, where it is not the whole text
        self.has_windows = self.has_cv = False
        self.windows: dict[str, _Origin] = {}
        self.strange: list[str] = []  # keys of the first document that is no recording

    def read(self, data: bytes) -> Contents:
        if not data.strip():
            raise WatchworthyError("input_empty", "The input holds no bytes; was the recording ever written?")
        unpacked = unpack(data, self.budget)
        text = unpacked.data.removeprefix(BOM)
        if len(text) > self.limits.unpacked_bytes:
            raise WatchworthyError(
                "input_too_long",
                f"The input is longer than {self.limits.unpacked_bytes:,} bytes. Split it, or raise the limit.",
            )
        if unpacked.damage:
            self.problems.note("compression_broken", unpacked.damage + ". What came before is kept.")
        if not text.strip():
            raise WatchworthyError("input_empty", "The input unpacks to nothing.")
        if is_sentry(text):
            for segment in segments(text, self.budget, self.problems):
                self.place = f" of segment {segment.number}"
                self._text(segment.text, _Origin(seq=segment.number))
        else:
            head = text.lstrip()[:1]
            if head not in (b"{", b"[", b'"'):
                raise looks_like(text)
            self._text(text, _Origin())
        if not self.recognised:
            if self.problems:
                raise self.problems[0].error()
            raise WatchworthyError(
                "input_not_recording",
                "The input is JSON, but no session recording: "
                + (f"its keys are {', '.join(self.strange[:8])}." if self.strange else "it holds no events."),
            )
        batches = self._batches()
        if not self.events and self.problems:
            raise self.problems[0].error()
        return Contents(batches, self.problems)

    def _text(self, text: bytes, origin: _Origin) -> None:
        """Read JSON documents that stand one after another, usually one or one a line."""
        scan = Scan(text, self.limits.depth)
        self.has_windows |= b'"windowId"' in text or b'"window_id"' in text
        self.has_cv |= b'"cv"' in text
        at = scan.skip_space(0)
        while at < len(text):
            begin = at
            try:
                if EVENT_START.match(text, at):
                    at = self._lines(scan, at, origin)
                elif text[at] == 0x7B:
                    self._object(scan, at, _Origin(origin))
                    at = scan.end
                elif text[at] == 0x5B:
                    self._array(scan, at, _Origin(origin))
                    at = scan.end
                elif text[at] == 0x22:
                    at = scan.skip(at)
                    self._packed(text[begin:at], self._group(origin))
                else:
                    raise Break(at, cut=False)
                at = scan.skip_space(at)
            except Break as broken:
                self._broken(text, broken)
                at = _next_line(text, max(begin, scan.begun), broken.at)

    def _broken(self, text: bytes, broken: Break) -> None:
        line = text.count(b"\n", 0, broken.at) + 1
        what = "The JSON ends too early" if broken.cut else "The JSON is malformed"
        self.problems.note(
            "json_broken",
            f"{what}, at byte {broken.at:,}{self.place or ' of the unpacked text'} (line {line:,}). "
            "What came before is kept.",
            f"byte {broken.at}{self.place}",
        )

    def _group(self, origin: _Origin) -> list[Text]:
        """The list that takes the next events of this origin."""
        self.recognised = True
        if not self.groups or self.groups[-1].origin is not origin:
            self.groups.append(_Group(origin, []))
        return self.groups[-1].events

    def _add(self, events: list[Text], text: Text) -> None:
        self.events += 1
        if self.events > self.limits.events:
            raise WatchworthyError(
                "too_many_events",
                f"The recording holds more than {self.limits.events:,} events. Split it, or raise the limit.",
            )
        if len(text) > self.limits.event_bytes:
            raise WatchworthyError(
                "input_too_long",
                f"Event {self.events:,} alone has {len(text):,} bytes; the limit is {self.limits.event_bytes:,}.",
            )
        events.append(text)

    def _packed(self, text: Text, events: list[Text]) -> None:
        unpacked = unpack_string(text, self.budget)
        self._add(events, text if unpacked is None else unpacked)  # the decoder counts what is no event

    def _lines(self, scan: Scan, at: int, origin: _Origin) -> int:
        """Events one after another, as long as they are plain ones; where the first other document begins."""
        events = self._group(origin)
        view = memoryview(scan.text)
        for begin, end in scan.documents(at):
            if not EVENT_START.match(scan.text, begin):
                return begin
            self._add(events, view[begin:end])
        return scan.end

    def _array(self, scan: Scan, at: int, origin: _Origin) -> None:
        """Read an array: of events, of packed events, of wrappers, of arrays; or a window's name and its event."""
        text = scan.text
        first = scan.skip_space(at + 1)
        head = text[first : first + 1]
        if head == b"{" and origin.depth < WRAPPERS_MAX and not self._is_event(scan, first):
            for begin, _ in scan.elements(at):
                self._object(scan, begin, _Origin(origin))
        elif head == b"[" and origin.depth < WRAPPERS_MAX:
            for begin, _ in scan.elements(at):
                self._array(scan, begin, _Origin(origin))
        elif head in (b"{", b'"', b"]"):
            events = self._group(origin)
            view = memoryview(text)
            for begin, end in scan.elements(at):
                if text[begin] != 0x22:
                    self._add(events, view[begin:end])
                elif begin == first and self._names_window(scan, end):
                    events = self._group(self._window(spelled(bytes(text[begin:end])), origin))
                else:
                    self._packed(view[begin:end], events)
        else:
            for _ in scan.elements(at):
                pass

    def _names_window(self, scan: Scan, end: int) -> bool:
        """Whether the string that ends here is followed by an object: PostHog's ``["window", {event}]``."""
        comma = scan.skip_space(end)
        following = scan.skip_space(comma + 1)
        return scan.text[comma : comma + 1] == b"," and scan.text[following : following + 1] == b"{"

    def _window(self, window: str, origin: _Origin) -> _Origin:
        return self.windows.setdefault(window, _Origin(origin, window))

    def _object(self, scan: Scan, at: int, origin: _Origin) -> None:
        """Read an object: an event, or a wrapper of one of the known shapes."""
        text = scan.text
        if origin.depth > WRAPPERS_MAX:
            scan.end = scan.skip(at)
            return
        keys: list[str] = []
        found = False
        data_at = -1
        for key, begin in scan.members(at):
            keys.append(key)
            head = text[begin : begin + 1]
            if head == b"[" and key in LISTS:
                self._array(scan, begin, origin)
                found = True
            elif head == b"{" and key in BY_WINDOW:
                for window, inner in scan.members(begin):
                    if text[inner] == 0x5B:
                        self._array(scan, inner, _Origin(origin, window))
                found = self.recognised = True
            elif head == b"{" and key in INSIDE:
                self._object(scan, begin, _Origin(origin))
                found = True
            elif head == b"{" and key in ("$snapshot_data", "$snapshot_items"):
                end = scan.skip(begin)
                self._add(self._group(origin), memoryview(text)[begin:end])
                scan.end = end
                found = True
            elif head == b"{" and key == "data":
                data_at = begin
            elif key in WINDOW_NAMES or key in ("stream", "seq"):
                end = scan.skip(begin)
                self._name(origin, key, bytes(text[begin:end]))
                scan.end = end
        end = scan.end
        if not found and "type" in keys:
            self._add(self._group(origin), memoryview(text)[at:end])
        elif not found and data_at >= 0:
            self._object(scan, data_at, _Origin(origin))
        elif not found and not self.strange:
            self.strange = keys
        scan.end = end

    def _name(self, origin: _Origin, key: str, value: bytes) -> None:
        """Take the name of a stream or the number of a batch from a wrapper."""
        try:
            said = msgspec.json.decode(value, type=str | int)
        except UNREADABLE:
            return  # a name that is no name: as if there were none
        if key == "seq":
            if isinstance(said, int) and 0 <= said < SEQ_MAX:
                origin.seq = said
        elif key == "stream" or origin.window is None:
            origin.window = str(said)

    def _is_event(self, scan: Scan, at: int) -> bool:
        """Whether the object at ``at`` is an event or act rather than a wrapper of some."""
        if EVENT_START.match(scan.text, at):
            return True
        keys = {key for key, _ in Scan(scan.text, self.limits.depth).members(at)}
        return "type" in keys and not keys & (LISTS - {"data"})

    def _batches(self) -> list[Batch]:
        """Batches of all groups, sorted by stream and number, each stream's numbers from where it begins."""
        by_stream: dict[str, list[tuple[int | None, list[Text]]]] = {}
        for origin, events in self.groups:
            number = origin.number()
            if not events and number is None:
                continue
            for stream, some in self._by_window(origin.stream(), events).items():
                by_stream.setdefault(stream, []).append((number, some))
        batches = []
        for stream in sorted(by_stream):
            numbered: dict[int, list[Text]] = {}
            unnumbered = [some for number, some in by_stream[stream] if number is None]
            if unnumbered:  # nobody numbers them: all that the file has of a stream is one batch
                numbered[0] = [text for some in sent_in_order(unnumbered) for text in some]
            for number, some in by_stream[stream]:
                if number is None:
                    continue
                if numbered.setdefault(number, some) != some:
                    self.problems.note(
                        "seq_conflict",
                        f"Two different batches of stream {stream!r} bear the number {number}; one is kept.",
                    )
                    numbered[number] = min(
                        numbered[number], some, key=lambda texts: [bytes(t) for t in texts]
                    )
            batches += [Batch(stream, seq, numbered[seq]) for seq in sorted(numbered)]
        return batches

    def _by_window(self, stream: str, events: list[Text]) -> dict[str, list[Text]]:
        if self.has_cv:
            events = [unpack_event(text, self.budget) for text in events]
        if not self.has_windows:
            return {stream: events}
        windows: dict[str, list[Text]] = {}
        for text in events:
            windows.setdefault(window_of(text) or stream, []).append(text)
        return windows


class _Timed(Struct):
    timestamp: float | None = None
    t: float | None = None  # of an act


_timed = msgspec.json.Decoder(_Timed)


def sent_in_order(parts: list[list[Text]]) -> list[list[Text]]:
    """Parts of a stream that bear no number, each once, by the time of their first event.

    Exports write a line as often as it was delivered, and in the order of delivery.
    """
    once = {b"\n".join(part): part for part in parts} if len(parts) > 1 else {b"": parts[0]}
    if len(once) == 1:
        return list(once.values())

    def begins(item: tuple[bytes, list[Text]]) -> tuple[float, bytes]:
        try:
            first = _timed.decode(item[1][0])
        except (*UNREADABLE, IndexError):
            first = _Timed()
        time = first.t if first.timestamp is None else first.timestamp
        return (math.inf if time is None else time), item[0]

    return [part for _, part in sorted(once.items(), key=begins)]


def _next_line(text: bytes, begin: int, broken: int) -> int:
    """Where reading can go on behind a document that breaks off: at the next line, if it broke on its own line."""
    newline = text.find(b"\n", begin)
    before = text.rfind(b"\n", 0, max(begin - 1, 0)) + 1
    by_line = begin > before and text[before] in DOCUMENT_STARTS  # the line before began with a document
    if newline < 0 or (not by_line and (broken > newline + 1 or text[begin] != DOCUMENT_STARTS[0])):
        return len(text)
    following = LINE_START.search(text, newline)
    return following.end() if following else len(text)
