"""One filled house for all tests of the pages: to start it takes longer than most tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from service.web import build
from service.web.owner import Owner
from tests.service.live_process import KeyPair, make_keys
from tests.service.live_store import SAMPLES
from tests.service.web import strangers
from tests.service.web.house import TRIAGE, House, Trap, commands, run, written

SHOWN = (
    "struggling-*",
    "calm-buy",
    "calm-keyboard-only",
    "automated-straight-cursor",
    "automated-with-pauses",
)


@pytest.fixture(scope="session")
def trap() -> Iterator[Trap]:
    one = Trap()
    yield one
    one.close()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, trap: Trap) -> Path:
    """A data folder with samples and strangers' recordings in it, as `watchworthy import` fills it."""
    build.build()
    folder = tmp_path_factory.mktemp("pages")
    recordings = folder / "recordings"
    recordings.mkdir()
    for pattern in SHOWN:
        for path in SAMPLES.glob(f"{pattern}.json.gz"):
            shutil.copy(path, recordings)
    written(recordings, "hostile", strangers.hostile(trap.address))
    written(recordings, "beginningless", strangers.beginningless())
    written(recordings, "masked", strangers.masked())
    written(recordings, "windows", strangers.windows())
    written(recordings, "canvas", strangers.canvas())
    run(*told(0, folder / "data", str(recordings)))
    return folder / "data"


@pytest.fixture(scope="session")
def keys(filled: Path) -> KeyPair:
    """Keys that are there when the service starts: it takes up others within a second."""
    return make_keys(filled)


def told(line: int, data: Path, recordings: str = "") -> list[str]:
    """A command of the guide, for the folders of the tests."""
    (block,) = commands(TRIAGE)
    name, *words = block.splitlines()[line].split()
    assert name == "watchworthy"
    places = {"data": str(data), "samples": recordings}
    return [places.get(word, word) for word in words]


@pytest.fixture(scope="session")
def house(filled: Path, keys: KeyPair) -> Iterator[House]:
    with House(filled, told(1, filled)) as one:
        yield one


@pytest.fixture(scope="session")
def state(house: House, browser: Browser) -> Any:
    """What the owner's browser keeps after they followed the link."""
    context = browser.new_context()
    context.set_default_timeout(600_000)  # the first page may have to wait until everything is compiled
    page = context.new_page()
    page.goto(house.link)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector(".card")
    kept = context.storage_state()
    context.close()
    return kept


CROWD = 110  # ended sessions of a second site: enough for percentiles


@pytest.fixture(scope="session")
def crowd(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A second site, whose sessions are many and alike."""
    recordings = tmp_path_factory.mktemp("crowd")
    for number in range(CROWD):
        written(recordings, f"one-{number}", strangers.crowd(number))
    run("import", str(recordings), "--data-dir", str(filled), "--site", "crowd")
    return "crowd"


class Desk:
    """A page of the signed-in owner, that notes what its browser complains of."""

    def __init__(self, context: BrowserContext, house: House) -> None:
        self.house = house
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda told: self._complain(told.type, told.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _complain(self, kind: str, said: str) -> None:
        if kind == "error":
            self.complaints.append(said)

    def enter(self, site: str) -> Page:
        """Sign in as the owner of another site, by a link."""
        with closing(Owner(self.house.folder)) as owner:
            link = owner.link(site)
        self.page.goto(f"{self.house.address}/welcome?link={link}")
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_selector("#main")
        return self.page

    def open(self, path: str) -> Page:
        self.page.goto(self.house.address + path)
        return self.page

    def player(self) -> Any:
        """The frame of the player, once it shows something."""
        frame = self.page.frame_locator("#player")
        frame.locator(".replayer-wrapper iframe").wait_for(state="attached", timeout=30_000)
        return frame


@pytest.fixture
def desk(browser: Browser, house: House, state: Any) -> Iterator[Desk]:
    context = browser.new_context(storage_state=state, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    yield Desk(context, house)
    context.close()
