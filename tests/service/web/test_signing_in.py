"""Signing in: a link that works once and only when a button is pressed, a cookie, and forms of ours alone."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.web.owner import Owner
from tests.service.web.house import House

pytestmark = pytest.mark.needs("chromium", "pages")


@pytest.fixture
def client(house: House, state: Any) -> Iterator[httpx.Client]:
    cookies = {one["name"]: one["value"] for one in state["cookies"]}
    with httpx.Client(base_url=house.address, cookies=cookies) as one:
        yield one


def form_token(client: httpx.Client) -> str:
    found = re.search(r'name="form-token" content="([0-9a-f]{64})"', client.get("/").text)
    assert found
    return found[1]


def test_a_link_is_used_up_by_its_button_and_not_by_looking(house: House, state: Any) -> None:
    with closing(Owner(house.folder)) as owner:
        link = owner.link("default")
    with httpx.Client(base_url=house.address) as stranger:
        for _ in range(2):
            page = stranger.get("/welcome", params={"link": link})
            assert (page.status_code, "Sign in" in page.text) == (200, True)
            assert "set-cookie" not in page.headers
        entered = stranger.post("/welcome", data={"link": link})
        assert (entered.status_code, entered.headers["location"]) == (303, "/")
        cookie = entered.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "secure" not in cookie  # over plain HTTP a browser would not send it back
        assert stranger.get("/").status_code == 200
        stranger.post("/sign-out", data={"form_token": form_token(stranger)})
        assert stranger.get("/").status_code == 401
    again = httpx.post(f"{house.address}/welcome", data={"link": link})
    assert (again.status_code, "used before" in again.text) == (403, True)
    assert httpx.get(f"{house.address}/welcome", params={"link": link}).status_code == 410


def test_nobody_else_sees_anything(house: House) -> None:
    for path in ("/", "/sessions/calm-buy", "/reel", "/more?cursor=x&begun=1", "/cards/calm-buy", "/changes"):
        answer = httpx.get(house.address + path, cookies={"ww_owner": "guessed"})
        assert answer.status_code == 401, path
        assert "calm-buy" not in answer.text
        assert "Sign in first" in answer.text


def test_over_tls_the_cookie_never_travels_without(house: House, tmp_path: Path) -> None:
    from fastapi import Response

    from service.web.files import Files
    from service.web.guard import Guard
    from service.web.origins import Origins
    from service.web.owner import Visit
    from service.web.rendering import Renderer

    with closing(Owner(tmp_path)) as owner:
        guard = Guard(owner, Origins("https://watch.example"), Renderer(Files([])))
        response = Response()
        guard.let_in(response, Visit("default", "t"))
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-ww_owner=t;")
    assert "Secure" in cookie


def test_a_form_of_another_page_is_refused(client: httpx.Client) -> None:
    token = form_token(client)
    path, told = "/sessions/calm-buy/label", {"label": "calm"}
    assert client.post(path, data=told).status_code == 403
    assert client.post(path, data=told | {"form_token": "0" * 64}).status_code == 403
    foreign = {"origin": "https://evil.example"}
    assert client.post(path, data=told | {"form_token": token}, headers=foreign).status_code == 403
    assert client.post("/welcome", data={"link": "x"}, headers=foreign).status_code == 403
    ours = {"origin": str(client.base_url).rstrip("/")}
    assert client.post(path, data=told | {"form_token": token}, headers=ours).status_code == 303


def test_pages_are_kept_to_themselves(client: httpx.Client) -> None:
    for path in ("/", "/sessions/calm-buy", "/reel", "/sessions/nobody"):
        answer = client.get(path)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?![^>]*\ssrc=)", answer.text)
        assert not re.search(r"\s(style|on[a-z]+)=", answer.text)


def test_no_get_changes_anything(client: httpx.Client, house: House) -> None:
    def kept() -> str:
        told = hashlib.sha256()
        with closing(sqlite3.connect(house.folder / "store.db")) as db:
            for table in (
                "cards",
                "annotations",
                "card_history",
                "decisions",
                "rules",
                "overrides",
                "webhooks",
            ):
                told.update(repr(db.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()).encode())
        with closing(sqlite3.connect(house.folder / "owner.db")) as db:
            told.update(repr(db.execute("SELECT * FROM visits").fetchall()).encode())
            told.update(repr(db.execute("SELECT * FROM links").fetchall()).encode())
        return told.hexdigest()

    before, seen, waiting = kept(), set(), ["/", "/?show=automation", "/?show=newest", "/reel", "/welcome"]
    while waiting and len(seen) < 30:
        path = waiting.pop(0)
        if path in seen or not path.startswith("/"):
            continue
        seen.add(path)
        text = client.get(path.replace("&amp;", "&")).text
        waiting += re.findall(r'(?:href|hx-get|action|hx-post)="(/[^"]*)"', text)
    assert len(seen) == 30
    assert kept() == before


def test_a_new_link_ends_the_one_before(tmp_path: Path) -> None:
    with closing(Owner(tmp_path)) as owner:
        first = owner.link("default")
        second = owner.link("default")
        assert owner.enter(first) is None
        visit = owner.enter(second)
        assert visit is not None
        assert owner.visit(visit.token) == visit
        assert owner.visit(visit.token + "x") is None
        owner.leave(visit)
        assert owner.visit(visit.token) is None
