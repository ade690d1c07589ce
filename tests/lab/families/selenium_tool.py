"""Plain Selenium: finds an element, clicks it, sends keys."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from typing import Any

from families.itinerary import Step

PACE_S = 0.5


def play(
    executable: str,
    flags: Sequence[str],
    address: str,
    name: str,
    size: tuple[int, int],
    scale: float,
    steps: Sequence[Step],
    seconds: float,
) -> int:
    """Play one session in a browser of its own; how many steps could not be done."""
    from selenium import webdriver
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = executable
    for flag in (*flags, f"--window-size={size[0]},{size[1]}", f"--force-device-scale-factor={scale}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    failed = 0
    try:
        driver.set_page_load_timeout(10)
        driver.get(f"{address}/lab/start?session={name}")
        time.sleep(0.8)
        end = time.monotonic() + seconds
        for step in steps:
            if time.monotonic() >= end:
                break
            try:
                _do(driver, address, step)
            except WebDriverException:
                failed += 1
            time.sleep(PACE_S)
        time.sleep(1.5)
    finally:
        driver.quit()
    return failed


def _do(driver: Any, address: str, step: Step) -> None:
    from selenium.webdriver.common.keys import Keys

    if step.verb == "go":
        driver.get(f"{address}/{step.at}")
    elif step.verb in ("click", "follow"):
        driver.find_element("css selector", step.at).click()
    elif step.verb in ("type", "enter"):
        field = driver.find_element("css selector", step.at)
        field.click()
        field.send_keys(step.text)
        if step.verb == "enter":
            field.send_keys(Keys.ENTER)
    elif step.verb == "scroll":
        driver.execute_script("scrollBy(0, arguments[0])", float(step.text))
