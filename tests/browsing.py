"""One browser for all tests of a process, which leaves every other test as if it were not there.

Playwright keeps a loop of asyncio running in the thread of the tests from the first page to the last. While a test
runs that has no browser, that loop is hidden: the test may run loops of its own, in whatever order tests come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LOOP = pytest.StashKey[asyncio.AbstractEventLoop]()


@pytest.fixture(scope="session")
def browser(tools: dict[str, Path], pytestconfig: pytest.Config) -> Iterator[Browser]:
    """Chromium; each test opens a context of its own in it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        pytestconfig.stash[LOOP] = asyncio.get_running_loop()
        one = playwright.chromium.launch(executable_path=tools["chromium"], args=list(FLAGS))
        yield one
        one.close()
    del pytestconfig.stash[LOOP]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Show Playwright's loop to the tests of pages only."""
    has_browser = "browser" in getattr(item, "fixturenames", ())
    asyncio._set_running_loop(item.config.stash.get(LOOP, None) if has_browser else None)
    try:
        return (yield)
    finally:
        asyncio._set_running_loop(None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Show it to what is cleared up, too: the last test of a file with pages, or of all, need not be one of pages."""
    asyncio._set_running_loop(item.config.stash.get(LOOP, None))
    return (yield)
