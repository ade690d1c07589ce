"""A service that is slow, down or answers nonsense: the page goes on, and nothing is lost that can be kept."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import Page

from tests.service.recorder.conftest import House, Tagged
from tests.service.recorder.waiting import until

pytestmark = pytest.mark.needs("chromium", "pages")

LONG = pytest.mark.full
COUNTER = '<button id=b onclick="this.textContent = Number(this.textContent) + 1">0</button>'
KEPT = """() => new Promise((done) => {
  const opening = indexedDB.open("watchworthy", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("unsent", { keyPath: ["stream", "seq"] });
  opening.onsuccess = () => {
    const all = opening.result.transaction("unsent").objectStore("unsent").getAll();
    all.onsuccess = () => { opening.result.close(); done(all.result.map((one) => [one.stream, one.seq])); };
  };
})"""


def press_ten_times(page: Page) -> None:
    """The page does what it does, whatever becomes of the recording."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    for _ in range(10):
        page.click("#b")
    assert page.text_content("#b") == "10"
    assert errors == []


@pytest.mark.parametrize(
    "fault", ["down", "nonsense", pytest.param("slow", marks=LONG), pytest.param("busy", marks=LONG)]
)
def test_a_page_keeps_working_and_the_next_one_sends_what_it_could_not(
    house: House, tagged: Tagged, page: Page, fault: str
) -> None:
    tagged.relay.fault = fault
    url = tagged.put("/", COUNTER)
    page.goto(url)
    page.evaluate("watchworthy.track('first')")
    until(lambda: tagged.relay.batches)
    press_ten_times(page)
    until(lambda: page.evaluate(KEPT))
    first = tagged.relay.batches[0].first
    tagged.relay.clear()
    page.goto(url)
    until(lambda: {one.first["stream"] for one in tagged.relay.batches} >= {first["stream"]})
    page.evaluate("watchworthy.goal('second')")
    until(lambda: tagged.relay.custom("ww.goal"))
    until(lambda: page.evaluate(KEPT) == [])
    again = [one.first for one in tagged.relay.batches if one.first["stream"] == first["stream"]]
    assert {one["session"] for one in again} == {first["session"]}
    assert 0 in {one["seq"] for one in again}, "the batch that could not be sent, under its own number"
    assert tagged.relay.custom("ww.track") == [{"name": "first", "facts": {}}]
    told = house.process.get(f"/v1/sessions/{first['session']}", house.keys.read).json
    assert told["coverage"]["fidelity"] == "exact", told["coverage"]


def test_a_batch_whose_answer_was_lost_is_sent_again_as_it_was(tagged: Tagged, page: Page) -> None:
    tagged.relay.fault = "lost"
    page.goto(tagged.put("/", COUNTER))
    until(lambda: tagged.relay.batches)
    tagged.relay.fault = ""
    until(lambda: len([one for one in tagged.relay.batches if one.first["seq"] == 0]) >= 2)
    first, second, *_ = [one for one in tagged.relay.batches if one.first["seq"] == 0]
    assert (first.first, first.events) == (second.first, second.events)
    until(lambda: page.evaluate(KEPT) == [])


@LONG
def test_the_service_is_asked_again_when_it_wants_it_and_ever_less_often(tagged: Tagged, page: Page) -> None:
    tagged.relay.fault = "busy"
    tagged.relay.retry_after_s = 3
    page.goto(tagged.put("/", COUNTER))
    until(lambda: len(tagged.relay.batches) >= 3, 40)
    waits = [(later.at - sooner.at) / 1_000 for sooner, later in pairwise(tagged.relay.batches)]
    assert waits[0] >= 3.5, "three seconds as asked, and at least half of the first second"
    assert waits[1] >= 4, "three seconds, and at least half of two"


@pytest.mark.parametrize("verb", ["forget()", "consent(false)"])
def test_forgetting_empties_what_waits_and_ends_the_recording(tagged: Tagged, page: Page, verb: str) -> None:
    tagged.relay.fault = "down"
    url = tagged.put("/", COUNTER)
    page.goto(url)
    until(lambda: page.evaluate(KEPT))
    before = page.evaluate("JSON.parse(localStorage.getItem('watchworthy'))")
    assert before["session"]
    page.evaluate(f"watchworthy.{verb}")
    until(lambda: page.evaluate(KEPT) == [])
    after = page.evaluate("JSON.parse(localStorage.getItem('watchworthy') ?? '{}')")
    assert "session" not in after or not after["session"]
    count = len(tagged.relay.batches)
    tagged.relay.fault = ""
    press_ten_times(page)
    page.wait_for_timeout(2_500)
    assert len(tagged.relay.batches) == count
    if verb.startswith("consent"):
        page.goto(url)
        page.wait_for_timeout(1_500)
        assert len(tagged.relay.batches) == count, "a no holds on the next page too"


@LONG
def test_what_waits_is_bounded_and_a_snapshot_follows_what_was_lost(tagged: Tagged, page: Page) -> None:
    tagged.relay.fault = "down"
    page.goto(tagged.put("/", COUNTER, queueBytes=100_000))
    until(lambda: tagged.relay.batches)
    for number in range(8):
        page.evaluate(
            "(n) => { const p = document.createElement('p');"
            "p.textContent = 'word '.repeat(6000) + n; document.body.append(p); }",
            number,
        )
        page.wait_for_timeout(120)
    page.wait_for_timeout(500)
    kept = page.evaluate(KEPT)
    assert 1 <= len(kept) <= 5, kept
    tagged.relay.clear()
    until(lambda: [event for event in tagged.relay.events() if event["type"] == 2], 30)
