"""What the recorder adds to rrweb: trust, pointers, visibility, requests, errors, answers no mutation shows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.service.recorder.conftest import Tagged
from tests.service.recorder.waiting import until

pytestmark = pytest.mark.needs("chromium", "pages")

PAGE = """
<button id=b>Press</button>
<button id=own onclick="b.click()">Press by script</button>
<a id=down download=a.txt href="data:text/plain,hello">Download</a>
<canvas id=c data-ww-canvas width=60 height=40></canvas>
<canvas id=hidden data-ww-canvas data-ww-mask width=60 height=40></canvas>
<script>
for (const one of [c, hidden]) one.getContext("2d").fillRect(5, 5, 20, 20);
</script>
"""


def plugin(tagged: Tagged, name: str) -> list[Any]:
    return [
        e["data"]["payload"]
        for e in tagged.relay.events()
        if e["type"] == 6 and e["data"]["plugin"].startswith(name)
    ]


def done(tagged: Tagged, page: Page) -> None:
    page.evaluate("watchworthy.goal('done')")
    until(lambda: tagged.relay.custom("ww.goal"))


def test_trust_is_told_before_the_act_that_it_is_about(tagged: Tagged, page: Page) -> None:
    page.goto(tagged.put("/", PAGE))
    until(lambda: tagged.relay.batches)
    page.click("#b")
    page.click("#own")
    done(tagged, page)
    assert tagged.relay.custom("ww.trust") == [{"trusted": True}, {"trusted": False}]
    told = [
        ("trust", e["data"]["payload"]["trusted"])
        if e["type"] == 5
        else ("click", e["data"].get("pointerType"))
        for e in tagged.relay.events()
        if (e["type"] == 5 and e["data"]["tag"] == "ww.trust")
        or (e["type"] == 3 and e["data"]["source"] == 2 and e["data"]["type"] == 2)
    ]
    assert told[0] == ("trust", True)
    assert told.index(("trust", False)) > 1, "the visitor's own click comes first"
    downs = [
        e["data"]["pointerType"]
        for e in tagged.relay.events()
        if e["type"] == 3 and e["data"]["source"] == 2 and e["data"]["type"] == 1
    ]
    assert downs == [0, 0]


def test_requests_that_failed_or_were_slow_are_told_without_their_query(tagged: Tagged, page: Page) -> None:
    page.goto(tagged.put("/", PAGE, slowMs=100))
    until(lambda: tagged.relay.batches)
    page.evaluate(
        """async () => {
          await fetch("/api/missing/1234567?token=secret");
          await fetch("http://127.0.0.1:9/closed?token=secret").catch(() => 0);
          await fetch("/");
          const abort = new AbortController(); abort.abort();
          await fetch("/aborted", { signal: abort.signal }).catch(() => 0);
          await new Promise((done) => {
            const request = new XMLHttpRequest();
            request.open("post", "/xhr/missing?token=secret");
            request.onloadend = done;
            request.send("body secret");
          });
        }"""
    )
    done(tagged, page)
    requests = [one for payload in plugin(tagged, "rrweb/network@") for one in payload["requests"]]
    assert [(one["name"], one["method"], one["status"]) for one in requests] == [
        ("/api/missing/*", "GET", 404),
        ("http://127.0.0.1:9/closed", "GET", 0),
        ("/xhr/missing", "POST", 501),
    ]
    assert all(one["duration"] >= 0 for one in requests)
    assert "secret" not in json.dumps(requests)


def test_errors_are_told_as_templates_without_values(tagged: Tagged, page: Page) -> None:
    page.goto(tagged.put("/", PAGE))
    until(lambda: tagged.relay.batches)
    page.evaluate("console.error('User 4711 \"Joe Smith\" not at https://a.example/u?id=3', {name: 'Joe'})")
    page.evaluate("setTimeout(() => { null.x }, 0)")
    page.evaluate("void Promise.reject(new TypeError('no 42'))")
    page.wait_for_timeout(100)
    done(tagged, page)
    lines = plugin(tagged, "rrweb/console@")
    said = [json.loads(line["payload"][0]) for line in lines]
    assert "User <number> <text> not at <address>" in said
    assert any(text.startswith("TypeError: Cannot read") for text in said)
    assert "TypeError: no <number>" in said
    assert "Joe" not in json.dumps(lines)
    assert all(line["level"] == "error" and len(line["hash"]) == 8 for line in lines)


def test_visibility_copies_downloads_and_marked_canvases_are_told(
    tagged: Tagged, context: BrowserContext, page: Page
) -> None:
    page.goto(tagged.put("/", PAGE))
    until(lambda: tagged.relay.batches)
    assert "canvas" in tagged.relay.batches[0].first["channels"]
    page.click("#down")
    page.evaluate("getSelection().selectAllChildren(b)")
    page.keyboard.press("Control+C")
    page.wait_for_timeout(1_400)
    page.evaluate(
        "Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    done(tagged, page)
    assert [one["state"] for one in tagged.relay.custom("ww.visibility")] == ["visible", "hidden"]
    assert len(tagged.relay.custom("ww.copy")) == 1
    [download] = tagged.relay.custom("ww.download")
    assert download["id"] > 0
    frames = [e["data"] for e in tagged.relay.events() if e["type"] == 3 and e["data"]["source"] == 9]
    assert len(frames) == 1, "one canvas is marked and not masked, and was drawn to once"
    assert frames[0]["commands"][1]["property"] == "drawImage"


def test_a_finger_is_recorded_as_one(tagged: Tagged, context: BrowserContext) -> None:
    phone = context.browser.new_context(  # type: ignore[union-attr]
        viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True
    )
    page = phone.new_page()
    page.goto(tagged.put("/", PAGE))
    until(lambda: tagged.relay.batches)
    for _ in range(3):
        page.tap("#b")
    until(lambda: len([b for b in tagged.relay.batches if b.first["seq"] > 0]) > 0)
    done(tagged, page)
    acts = [e["data"] for e in tagged.relay.events() if e["type"] == 3 and e["data"]["source"] == 2]
    assert [act["type"] for act in acts].count(7) == 3
    assert {act["pointerType"] for act in acts if act["type"] == 2} == {2}
    phone.close()


FRAME = """
const frame = document.createElement("iframe");
frame.id = "frame";
frame.srcdoc = "<button id=inner onclick='this.after(1)'>Check</button>";
document.body.append(frame);
"""


def test_a_press_in_a_frame_that_rrweb_attaches_twice_is_told_once(tagged: Tagged, page: Page) -> None:
    page.goto(tagged.put("/", "<p>Here comes a frame</p>"))
    until(lambda: tagged.relay.batches)
    page.evaluate(FRAME)
    inner = page.frame_locator("#frame").locator("#inner")
    inner.click()
    page.wait_for_timeout(200)
    page.evaluate("watchworthy.goal('done')")
    until(lambda: tagged.relay.custom("ww.goal"))
    events = [e["data"] for e in tagged.relay.events() if e["type"] == 3]
    attached = [data for data in events if data.get("isAttachIframe")]
    presses = [data for data in events if data["source"] == 2 and data["type"] == 1]
    nodes = [add["node"] for data in events if data["source"] == 0 for add in data["adds"]]
    assert len(attached) >= 2, "else this browser does not do what the recorder is to bear"
    assert len(presses) == 1
    assert [node["textContent"] for node in nodes if node["type"] == 3] == ["1"]
