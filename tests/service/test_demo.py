"""The demo as a person starts it: three things to try that work, and nothing left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from models.scorer import Scorer
from pipelines.readings import readings
from service.assessing import assess
from service.recorder.versions import SOURCE
from service.verbs import demo
from service.web import build
from tests.service.live_process import PROGRAM, ROOT
from tests.service.live_store import SAMPLES
from tests.service.recorder.hand import press
from tests.service.recorder.site import OFFER

GIVING_UP_S = 300  # where nothing is compiled yet
WITHIN_MS = 2_000
EVERY_MS = 150
PAGE = 20  # cards
KEY = r"Bearer (ww_read_\w+)"
NOBODY = "#happening .none"
NOW = "#happening a:not(#fresh)"


def test_where_there_is_no_notebook_a_file_is_scored(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "NOTEBOOK", Path("nowhere.ipynb"))
    monkeypatch.chdir(ROOT)
    file = str(SAMPLES / "calm-buy.json.gz")
    (reading,) = readings([file])
    scored = [(file, assess(Scorer.starter(), session)) for session in reading.sessions]
    demo._say("http://127.0.0.1:1", "http://127.0.0.1:1/link", "ww_read_key", scored, "")
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("Data scientists"))
    command = [sys.executable, *PROGRAM, *line.split("watchworthy ")[1].split()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert '"calm-buy"' in done.stdout


def test_where_the_pages_cannot_be_built_the_demo_says_why_there_is_no_shop(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    node = tmp_path / "node"
    node.touch(mode=0o755)  # no program at all
    (tmp_path / "npm").symlink_to(node)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(build, "is_current", lambda: False)
    monkeypatch.setattr(build, "FETCHED", tmp_path / "never")
    unbuilt = demo.built()
    assert f"{tmp_path / 'npm'} cannot be run" in unbuilt
    demo._say("http://127.0.0.1:1", "http://127.0.0.1:1/link", "ww_read_key", [], "", unbuilt)
    said = capsys.readouterr().out
    assert "There is no shop" in said
    assert "make install" in " ".join(said.split())


class Demo:
    """A demo of all samples that runs: its process, what it said, and the folder that it may write to."""

    def __init__(self, temporary: Path) -> None:
        self.temporary = temporary
        self.process = subprocess.Popen(
            [sys.executable, *PROGRAM, "demo"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"TMPDIR": str(temporary), "COLUMNS": "200"},
        )
        said: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            said.append(line)
            if line.startswith("Ctrl-C"):
                break
        self.text = "".join(said)

    def found(self, pattern: str) -> str:
        """The part of what it said that a pattern names."""
        told = re.search(pattern, self.text)
        assert told, self.text
        return told[1]

    @property
    def address(self) -> str:
        return self.found(r"runs on (http://127\.0\.0\.1:\d+)")

    @property
    def shop(self) -> str:
        return self.found(r"open on (http://localhost:\d+)/")

    @property
    def headers(self) -> dict[str, str]:
        """What who has the read key sends."""
        return {"authorization": f"Bearer {self.found(KEY)}"}

    def cards(self, order: str) -> list[dict[str, Any]]:
        """The first page of a list."""
        answer = httpx.get(f"{self.address}/v1/sessions?order={order}", headers=self.headers)
        return list(answer.json()["sessions"])


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    build.build()
    one = Demo(tmp_path_factory.mktemp("tmp"))
    giving_up = threading.Timer(GIVING_UP_S, one.process.kill)
    giving_up.start()
    yield one
    giving_up.cancel()
    one.process.kill()
    one.process.communicate()


def test_the_demo_serves_what_it_says(shown: Demo) -> None:
    lines = [line for line in shown.text.splitlines() if line.startswith(("Product", "Fraud", "Data"))]
    assert len(lines) == 3
    assert all(path.name.removesuffix(".json.gz") in shown.text for path in SAMPLES.glob("*.json.gz"))
    assert shown.cards("queue")[0]["session_id"].startswith("struggling-")
    asked = {"session": "automated-straight-cursor"}
    told = httpx.post(f"{shown.address}/v1/assessments", json=asked, headers=shown.headers).json()
    assert told["bot"]["verdict"] == "automation"
    opened = lines[2].split("jupyter lab ")[1].strip()
    assert (ROOT / opened).is_file()
    assert Path(sys.executable).with_name("jupyter-lab").exists()


@pytest.mark.needs("pages")
def test_the_shop_stands_on_another_host_with_the_recorder_of_the_service_in_each_page(shown: Demo) -> None:
    tag = re.search(rf'src="({shown.address}/recorder/[^"]+)"', httpx.get(f"{shown.shop}/cart.html").text)
    assert tag
    assert httpx.get(tag[1]).content == SOURCE.read_bytes()


def cart(browser: Browser, shop: str) -> Page:
    """The page of a new visitor who has a lamp in the cart and agrees to be recorded."""
    page = browser.new_context().new_page()
    page.goto(f"{shop}/lamps.html")
    lamp = page.locator("a[href^='lamp.html?id=']").first.get_attribute("href")
    assert lamp is not None
    held = json.dumps([{"id": lamp.split("=")[1], "count": 1}])
    page.get_by_role("button", name="No thanks").wait_for()
    page.evaluate("text => localStorage.setItem('halfmoon.cart', text)", held)
    page.evaluate("localStorage.setItem('halfmoon.consent', 'true')")
    page.goto(f"{shop}/cart.html")
    page.wait_for_function("window.watchworthy && watchworthy.loaded && watchworthy.sessionUrl()")
    return page


def session_of(page: Page) -> str:
    """The session that the recorder of a page writes."""
    return str(page.evaluate("watchworthy.sessionUrl().split('/').pop().split('?')[0]"))


@pytest.fixture(scope="module")
def desk(shown: Demo, browser: Browser) -> Iterator[Page]:
    """The queue in a tab of the owner, who came by the link that the demo printed."""
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(shown.found(r"open (http://\S+)"))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector(".card")
    yield page
    context.close()


@pytest.mark.needs("chromium", "pages")
def test_a_button_that_answers_brings_no_offer_and_nobody_to_the_queue(
    shown: Demo, browser: Browser, desk: Page
) -> None:
    shop = cart(browser, shown.shop)
    press(shop, "[data-step='1']", 9, EVERY_MS)
    expect(shop.locator("output")).to_have_text("10")
    shop.wait_for_timeout(3_000)  # a press without an answer would be told of after 2.6 s
    assert shop.locator(OFFER).count() == 0
    expect(desk.locator(NOBODY)).to_be_visible()
    assert not desk.locator("#fresh").is_visible()
    shop.context.close()


@pytest.mark.needs("chromium", "pages")
def test_an_answer_that_comes_after_all_takes_the_claim_back(
    shown: Demo, browser: Browser, desk: Page
) -> None:
    shop = cart(browser, shown.shop)
    press(shop, "#apply", 3, EVERY_MS)
    expect(desk.locator(NOW)).to_contain_text("apply code 3 times")
    shop.locator("#apply").evaluate("button => { button.textContent = 'Applied' }")
    expect(desk.locator(NOBODY)).to_be_visible(timeout=20_000)
    session = session_of(shop)
    (card,) = (one for one in shown.cards("newest") if one["session_id"] == session)
    assert (card["headline"], card["signals"]) == (None, [])
    shop.context.close()
    desk.reload()


@pytest.mark.needs("chromium", "pages")
def test_three_angry_presses_bring_the_offer_and_the_session_to_the_top_of_the_queue(
    shown: Demo, browser: Browser, desk: Page
) -> None:
    first = desk.locator(".card").first.get_attribute("data-session")
    stands = desk.locator(".card").first.bounding_box()
    shop = cart(browser, shown.shop)
    shop.fill("#code", "MOON10")
    press(shop, "#apply", 3, EVERY_MS)
    expect(shop.locator(OFFER)).to_be_visible(timeout=WITHIN_MS)
    session = session_of(shop)
    told = desk.locator(NOW)
    expect(told).to_contain_text("apply code 3 times", timeout=WITHIN_MS)
    assert told.get_attribute("data-session") == session
    assert desk.locator(".card").first.get_attribute("data-session") == first, "what is being read stays"
    expect(desk.locator("#fresh")).to_contain_text("1 new")
    assert desk.locator(".card").first.bounding_box() == stands, "and does not move"
    desk.locator("#fresh").click()
    top = desk.locator(".card").first
    expect(top).to_have_attribute("data-session", session)
    expect(top.locator(".chip.now")).to_have_text("now")
    assert desk.locator(".card").count() == PAGE, "the samples stand below it"
    desk.keyboard.press("n")
    desk.wait_for_url(f"**/sessions/{session}**")
    shop.context.close()


def test_ctrl_c_leaves_nothing_behind(shown: Demo) -> None:
    shown.process.send_signal(signal.SIGINT)
    out, err = shown.process.communicate(timeout=40)
    assert shown.process.returncode == 0, err
    assert "Nothing is left behind" in out
    assert "Traceback" not in err
    assert list(shown.temporary.iterdir()) == []
