"""A hand that presses one place again and again."""

from __future__ import annotations

from playwright.sync_api import Page


def press(page: Page, what: str, times: int = 3, every_ms: int = 120) -> None:
    """Press in anger, with the same hand on the same place."""
    box = page.locator(what).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    for _ in range(times):
        page.mouse.down()
        page.mouse.up()
        page.wait_for_timeout(every_ms)
