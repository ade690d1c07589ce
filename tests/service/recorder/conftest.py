"""One service and one shop for all tests of the recorder; a context of the browser for each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from pipelines.store import crypto
from service.deciding.secrets import Secrets
from service.demo_shop import RULE, TEXT, demo_shop, offered_visitor
from service.offering.offers import rule_in
from service.recorder.snippet import snippet
from service.recorder.versions import Versions
from tests.service.live_process import KeyPair, Process, make_keys
from tests.service.recorder.relay import Relay
from tests.service.recorder.site import Site

WHOLE_S = 1_800  # for all tests of the recorder


class House(NamedTuple):
    """A running service, and a shop whose visitors it records."""

    process: Process
    keys: KeyPair
    shop: str
    folder: Path


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    (folder / "rules").mkdir()
    (folder / "rules" / f"{RULE}.toml").write_text(TEXT, "utf-8")
    keys = make_keys(folder)
    with Process(folder, giving_up_s=WHOLE_S) as process:
        assert process.port, process.said
        with demo_shop(folder, "default", f"http://127.0.0.1:{process.port}") as shop:
            yield House(process, keys, shop, folder)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1_000, "height": 700}, locale="en-GB")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def relay(house: House) -> Iterator[Relay]:
    with Relay(house.process.port) as relay:
        yield relay


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


class Tagged(NamedTuple):
    """A site whose pages carry the recorder, behind a relay."""

    site: Site
    relay: Relay
    keys: KeyPair
    folder: Path

    def tag(self, **options: Any) -> str:
        version = Versions(self.folder).newest
        assert version is not None
        return snippet(version, self.relay.address, self.keys.write, **options)

    def put(self, path: str, body: str, **options: Any) -> str:
        return self.site.put(path, body, self.tag(**options))


@pytest.fixture
def tagged(house: House, relay: Relay, site: Site) -> Tagged:
    return Tagged(site, relay, house.keys, house.folder)


@pytest.fixture
def visitor(tagged: Tagged) -> str:
    """One who is not held out."""
    rule = rule_in(tagged.folder / "rules" / f"{RULE}.toml")
    with closing(crypto.Keys(tagged.folder)) as keys:
        return offered_visitor(rule, Secrets(keys).of("default"))
