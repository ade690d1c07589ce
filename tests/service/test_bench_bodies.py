"""What the bench sends: real events, in their order and their own time, as batches of the usual size."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from data_contracts.batch_text import events_of
from data_contracts.limits import LIMITS
from data_contracts.recordings import open_paths, read
from service.benching.bodies import LONGEST_PAUSE_MS, Page, dealt, pages
from service.live.batch_body import Header, opened
from tests.service.live_store import SAMPLES

FULL_SNAPSHOT, META = 2, 4
PAGES = [(file, page) for file in open_paths([SAMPLES]) for page in pages(read(file))]
KEYPAD = next(page for file, page in PAGES if "keypad" in file)


def played(page: Page, begin_ms: int = 0) -> list[Any]:
    return [event for piece in page for event in json.loads(piece.text(begin_ms))]


def taken(body: bytes) -> tuple[Header, list[Any]]:
    """A body as the service reads it."""
    one = opened(body, "", LIMITS)
    return one.header, [json.loads(bytes(event)) for event in events_of(one.text, LIMITS)]


def recorded(events: list[Any]) -> list[Page]:
    return pages(read(msgspec.json.encode(events)))


def test_what_is_measured_is_about_20_events_and_3_kb() -> None:
    assert len(PAGES) > 8
    for _, page in PAGES:
        measured = [piece for piece in page if piece.measured]
        assert len(measured) >= 2
        for piece in measured:
            assert 16 <= len(piece.events) <= 24
            assert 2_000 <= len(piece.text(time.time_ns() // 1_000_000)) <= 4_700
            assert FULL_SNAPSHOT not in [event["type"] for event in played((piece,))]


@pytest.mark.parametrize(("file", "page"), PAGES, ids=[file.rsplit("/", 1)[1] for file, _ in PAGES])
def test_a_page_is_what_was_recorded_from_its_snapshot_on_nothing_left_out(file: str, page: Page) -> None:
    (batch,) = read(file).batches
    whole = [json.loads(bytes(event)) for event in batch.events]
    sent = played(page)
    begin = next(i for i, event in enumerate(whole) if event["data"] == sent[0]["data"])
    original = whole[begin : begin + len(sent)]
    times = [event["timestamp"] for event in sent]
    assert times == [event["timestamp"] - original[0]["timestamp"] for event in original]
    assert [event | {"timestamp": 0} for event in sent] == [event | {"timestamp": 0} for event in original]
    first = [event["type"] for event in played(page[:1])]
    assert first[:1] == [META]
    assert first[-1:] == [FULL_SNAPSHOT]
    assert first.count(FULL_SNAPSHOT) == 1
    assert page[-1].measured
    assert not page[1].measured, "a session gets a batch beside its snapshot before anything is measured"


def test_a_long_pause_is_shortened_time_never_goes_back_and_no_event_is_no_event() -> None:
    events = played(KEYPAD, 1_000_000)
    for event in events[9:]:
        event["timestamp"] += 7_200_000
    events[5]["timestamp"] -= 500_000
    events.insert(7, {"no": "event"})
    (page,) = recorded(events)
    times = [event["timestamp"] for event in played(page)]
    gaps = [after - before for before, after in pairwise(times)]
    assert min(gaps) == 0
    assert max(gaps) == LONGEST_PAUSE_MS
    assert len(times) == len(events) - 1


def test_a_page_with_too_little_on_it_is_left_out() -> None:
    assert recorded(played(KEYPAD[:3])) == []
    assert recorded([event for event in played(KEYPAD) if event["type"] != FULL_SNAPSHOT]) == []


def test_visitors_come_one_after_another_and_each_counts_its_batches() -> None:
    (visits,) = dealt([KEYPAD], "ww_write_a_b", 1)
    now = time.time_ns() // 1_000_000
    count = len(KEYPAD)
    bodies = [taken(visits.next(now + 40_000 * (i // count))) for i in range(2 * count)]
    assert [header.session for header, _ in bodies] == ["bench-0-1"] * count + ["bench-0-2"] * count
    assert [header.seq for header, _ in bodies] == [*range(count)] * 2
    assert {(header.key, header.stream) for header, _ in bodies} == {("ww_write_a_b", "0")}
    for i, visitor in enumerate((bodies[:count], bodies[count:])):
        times = [event["timestamp"] for _, events in visitor for event in events]
        assert times[0] == now + 40_000 * i
        assert times == sorted(times)
        assert times[-1] < now + 120_000


def test_a_lead_ends_before_what_is_measured() -> None:
    (visits,) = dealt([KEYPAD], "k", 1)
    assert [taken(body)[0].seq for body in visits.lead(0)] == [0, 1]
    assert visits.lead(0) == []
    assert [taken(body)[0].seq for body in visits.lead(0, 2)] == [2, 3]
    assert taken(visits.next(0))[0].seq == 4
    rest = sum(piece.measured for piece in KEYPAD) - 3
    session = taken(visits.lead(0, rest)[-1])[0].session
    assert session == "bench-0-2", "the next visitor"
