"""The player: it shows what was recorded, and nothing that was recorded runs, reaches anybody, or reads anything."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Response as PageResponse

from service.web.replaying import replay
from tests.service.live_process import KeyPair
from tests.service.web import strangers
from tests.service.web.conftest import Desk
from tests.service.web.house import House, Trap

pytestmark = pytest.mark.needs("chromium", "pages")


def replayed(page: Any) -> Any:
    """The frame that a recording is rebuilt in."""
    player = next(frame for frame in page.frames if "/player" in frame.url)
    return next(frame for frame in page.frames if frame.parent_frame == player)


def test_the_policy_is_the_strictest_that_a_replay_lives_under(house: House) -> None:
    answer = httpx.get(f"{house.player}/player")
    policy = answer.headers["content-security-policy"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    files = house.player + "/files/"
    assert parts["default-src"] == "'none'"
    assert parts["script-src"].startswith(files + "player.")
    assert " " not in parts["script-src"]
    unsafe, *styles = parts["style-src"].split()
    assert unsafe == "'unsafe-inline'"
    assert all(style.startswith(files) and style.endswith(".css") for style in styles)
    assert parts["img-src"] == parts["media-src"] == "data: blob:"
    assert parts["font-src"] == "data:"
    assert parts["connect-src"] == house.player + "/player/events"
    assert parts["form-action"] == parts["base-uri"] == "'none'"
    assert set(parts) == {
        *("default-src", "script-src", "style-src", "img-src", "font-src"),
        *("media-src", "connect-src", "form-action", "base-uri"),
    }
    assert "set-cookie" not in answer.headers
    assert httpx.get(f"{house.address}/player").status_code == 404  # not where the owner is signed in


def test_a_hostile_recording_runs_nothing_and_sends_nothing(desk: Desk, trap: Trap) -> None:
    asked: list[str] = []

    def note(answer: PageResponse) -> None:
        asked.append(answer.url)

    desk.page.on("response", note)  # what the policy stops is asked for, and never sent
    trap.visits.clear()
    page = desk.open("/sessions/hostile?t=0&play=1")
    desk.player()
    page.wait_for_timeout(2_500)
    for stop in ("[", "]"):
        page.locator("body").press(stop)
    frame = replayed(page)
    inner = page.frame_locator("#player").frame_locator(".replayer-wrapper iframe").first
    inner.locator("a").first.evaluate("a => a.click()")
    inner.locator("form").first.evaluate("form => form.submit()")
    page.wait_for_timeout(1_500)
    assert frame.url == "about:blank"
    ours = (desk.house.address, desk.house.player, "data:", "blob:", "about:")
    assert [url for url in asked if not url.startswith(ours)] == []
    allowed = (
        "/sessions/hostile",
        "/player",
        "/files/",
        "/changes",
        "/cards/",
    )  # cards fill in the list beside it
    assert [url for url in asked if url.startswith("http") and not _path(url).startswith(allowed)] == []
    assert trap.visits == []
    assert frame.evaluate("document.title") != "ran"
    assert page.title() != "ran"
    sandbox = page.frame_locator("#player").locator(".replayer-wrapper iframe").get_attribute("sandbox")
    assert sandbox == "allow-same-origin"
    assert page.locator("#player").get_attribute("sandbox") == "allow-scripts allow-same-origin"


def _path(url: str) -> str:
    return httpx.URL(url).path


def test_inline_styles_show_in_the_replay(desk: Desk) -> None:
    page = desk.open("/sessions/hostile?t=3000")
    desk.player()
    styled = page.frame_locator("#player").frame_locator(".replayer-wrapper iframe").first.locator("#styled")
    assert styled.evaluate("p => getComputedStyle(p).color") == strangers.STYLED


def test_a_masked_recording_plays(desk: Desk) -> None:
    page = desk.open("/sessions/masked?t=3000")
    desk.player()
    inner = page.frame_locator("#player").frame_locator(".replayer-wrapper iframe").first
    assert inner.locator("h1").inner_text() == "***** ****"
    assert desk.complaints == []


def test_a_recording_without_its_first_snapshot_says_so(desk: Desk) -> None:
    page = desk.open("/sessions/beginningless")
    said = page.frame_locator("#player").locator("#said")
    said.wait_for()
    assert "no first snapshot" in said.inner_text()
    assert page.locator(".blind rect").count() == 1


def test_without_a_token_nothing_is_told(house: House, keys: KeyPair) -> None:
    query = {"session": "calm-buy", "site": "default", "viewer": "owner"}
    told = httpx.get(f"{house.player}/player/events", params=query)
    assert (told.status_code, told.json()["error"]["code"]) == (403, "token_foreign")
    for action in ("replay", "replay owner", "~replay owner"):
        asked = {"key": keys.write, "session": "calm-buy", "action": action}
        made = httpx.post(f"{house.address}/v1/tokens", json=asked)
        assert made.status_code == (200 if action == "replay" else 400), made.text
        token = made.json().get("token", "")
        headers = {"authorization": f"Bearer {token or 'none'}"}
        told = httpx.get(f"{house.player}/player/events", params=query, headers=headers)
        assert told.status_code == 403, f"a visitor's page can ask for a token for {action}"


def test_the_players_origin_has_no_pages_and_believes_no_cookie(house: House, state: Any) -> None:
    cookies = {one["name"]: one["value"] for one in state["cookies"]}
    with httpx.Client(base_url=house.player, cookies=cookies) as client:
        page = client.get("/?q=x")
        assert (page.status_code, page.headers["location"]) == (307, house.address + "/?q=x")
        assert client.post("/sessions/calm-buy/label", data={"label": "calm"}).status_code == 404


def test_a_notebook_frames_the_player(house: House, browser: Browser, keys: KeyPair) -> None:
    shown = replay("struggling-dead-coupon", 5_000, service=house.address, key=keys.read)
    context = browser.new_context()
    page = context.new_page()
    page.set_content(f"<title>notebook</title>{shown._repr_html_()}")
    inner = page.frame_locator("iframe").frame_locator(".replayer-wrapper iframe").first
    inner.locator("text=Your cart").first.wait_for(timeout=30_000)
    context.close()
    with pytest.raises(ValueError, match="no session"):
        replay("nobody", service=house.address, key=keys.read)
