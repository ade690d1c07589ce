"""Visits that go wrong: the shop does not answer, or answers late, or says no again and again."""

from __future__ import annotations

import math
import time

from calm import BUYER
from scenarios import Scenarios
from visit import Visit

STRUGGLING = Scenarios("struggling", frustrated=True)


@STRUGGLING.add(cart=(("fennel", 1), ("wick", 1)))
async def dead_coupon(v: Visit) -> None:
    """Types a gift code and hammers a button that never answers."""
    await v.open("cart.html")
    await v.type("#code", "MOON10")
    await v.click("#apply")
    await v.pause(2.8, 3.4)
    await v.click("#apply", times=5, gap=0.28)
    await v.pause(0.9, 1.4)
    await v.retype("#code", "moon10")
    await v.click("#apply", times=7, gap=0.2)
    await v.pause(2.8, 3.2)
    await v.wander(2)


@STRUGGLING.add(cart=(("quill", 1),))
async def validation_errors(v: Visit) -> None:
    """Fills in the till and is sent back four times, each time for something else."""
    await v.open("checkout.html")
    wrong = {**BUYER, "name": "Ada", "phone": "030 555 0142", "card": "4242 4242", "expiry": "9/29"}
    for field in ("name", "email", "phone", "street"):
        await v.type(f"#{field}", wrong[field])
    await v.click("#pay")
    await v.pause(0.8, 1.3)
    for field in ("postcode", "city", "card", "expiry", "cvc"):
        await v.type(f"#{field}", wrong[field])
    await v.click("#terms")
    await v.click("#pay")
    await v.pause(0.8, 1.3)
    await v.retype("#name", BUYER["name"])
    await v.click("#pay")
    await v.pause(0.6, 1.0)
    await v.retype("#phone", "0049 30 5550142")
    await v.click("#pay", times=2, gap=0.5)
    await v.pause(2.7, 3.2)


@STRUGGLING.add()
async def back_and_forth(v: Visit) -> None:
    """Goes to and fro between a lamp and help in search of an answer that is not there."""
    await v.open("lamp.html?id=thimble")
    await v.wander()
    for ask in (1, 3, 6):
        await v.follow("#nav-help")
        await v.click(f"#ask-{ask}")
        await v.pause(0.8, 1.4)
        await v.back()
        await v.scroll(200)
    await v.follow("#nav-help")
    await v.pause(0.4, 0.8)
    await v.back()


@STRUGGLING.add()
async def pointer_thrash(v: Visit) -> None:
    """Shakes the pointer to and fro while a page gives no answer."""
    await v.open("lamp.html?id=marrow")
    await v.click("#nearby")
    await v.pause(1.0, 1.4)
    for _ in range(2):
        await _shake(v, seconds=2.6, width=v.rng.uniform(220, 300))
        await v.pause(0.6, 1.0)
    await v.click("#nearby", times=3, gap=0.4)
    await _shake(v, seconds=2.0, width=260)
    await v.pause(2.6, 3.0)


async def _shake(v: Visit, seconds: float, width: float) -> None:
    """The amplitude and pace are ours: no recording of people shaking a pointer was to be had."""
    x, y = v.at
    middle = min(max(x, width), v.width - width)
    period = v.rng.uniform(0.24, 0.32)
    start = time.perf_counter()
    moment = 0.0
    while moment < seconds:
        swing = math.sin(math.tau * moment / period)
        v.at = (
            middle + width / 2 * swing + v.rng.gauss(0, 4),
            y + 24 * math.sin(3.1 * moment) + v.rng.gauss(0, 3),
        )
        v._mouse("mouseMoved", *v.at)
        moment += 0.012
        await v._until(start + moment)


@STRUGGLING.add()
async def dead_clicks(v: Visit) -> None:
    """Tries what looks as if it could be pressed: a wish list that keeps nothing, pictures that stay put."""
    await v.open("lamp.html?id=acorn")
    await v.click("#wish")
    await v.pause(2.7, 3.2)
    await v.click("#wish", times=2, gap=0.6)
    await v.pause(2.7, 3.1)
    await v.click("#stage")
    await v.pause(1.2, 1.8)
    await v.click("#price")
    await v.pause(1.2, 1.6)
    await v.click("#wish", times=4, gap=0.3)
    await v.pause(2.7, 3.0)


@STRUGGLING.add()
async def failing_request(v: Visit) -> None:
    """Asks for shops nearby; the request fails, the page says nothing, so the question is repeated."""
    await v.open("lamp.html?id=heron")
    await v.wander()
    await v.click("#nearby")
    await v.pause(2.7, 3.2)
    await v.click("#nearby", times=2, gap=0.7)
    await v.pause(1.5, 2.2)
    await v.scroll(300)
    await v.click("#nearby", times=4, gap=0.35)
    await v.pause(2.7, 3.0)


@STRUGGLING.add()
async def slow_answers(v: Visit) -> None:
    """Asks for the day of arrival for three lamps; each answer takes two seconds with no sign of life."""
    for lamp in ("otter", "puddle", "quill-clay"):
        await v.open(f"lamp.html?id={lamp}")
        await v.click("#arrival")
        await v.pause(0.9, 1.3)
        await v.click("#arrival")
        await v.wander()
        await v.pause(2.0, 2.6)


@STRUGGLING.add()
async def scroll_hunt(v: Visit) -> None:
    """Scrolls the whole list up and down in search of something, and leaves."""
    await v.open("lamps.html")
    await v.scroll(1500, notch_s=0.03)
    for distance in (-1300, 1400, -1500, 1600, -1600):
        await v.scroll(distance, notch_s=0.025)
        await v.pause(0.2, 0.6)
    await v.click("#kind-wall")
    await v.pause(0.7, 1.1)
    await v.click("#kind-all")
    for distance in (1700, -1500, 1500):
        await v.scroll(distance, notch_s=0.025)
    await v.follow("#nav-help")


@STRUGGLING.add(cart=(("comet", 1),))
async def reloads(v: Visit) -> None:
    """Signs in, is refused, loads the page again and again, and is refused each time."""
    await v.open("signin.html")
    for attempt in ("lamplihgt", "Lamplight1", "lamplight!"):
        await v.type("#email", "ada@example.org")
        await v.type("#password", attempt)
        await v.click("#enter")
        await v.pause(0.9, 1.4)
        await v.reload()
    await v.reload()
    await v.click("#nav-cart")
    await v.pause(1.0, 1.4)
