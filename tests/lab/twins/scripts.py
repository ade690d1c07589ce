"""Struggles and their calm twins: one script, one page, one hand; only whether the control answers differs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from calm import BUYER
from visit import Visit

Script = Callable[[Visit], Awaitable[None]]


@dataclass(frozen=True)
class Twins:
    """A pair.

    Parameters
    ----------
    name
        Of the scenario that both share.
    page
        Address of its page.
    control
        Selector of what answers or does not.
    fault
        ``dead``, ``slow``, ``error`` (a line on the console, nothing on the page) or ``refused`` (an alert).
    script
        What the visitor does, in both.
    mend
        Whether the shop's own control never answers, so that the calm twin's answer is made by the lab.
    """

    name: str
    page: str
    control: str
    fault: str
    script: Script
    mend: bool = False
    cart: tuple[tuple[str, int], ...] = ()


async def _press(v: Visit, *selectors: str, runs: tuple[int, ...] = (1, 3, 2), gap: float = 0.45) -> None:
    """Press each in turn, then again: a visitor who wants something of the page, or who likes what it does."""
    for run in runs:
        for selector in selectors:
            await v.click(selector, times=run, gap=gap)
            await v.pause(0.7, 1.6)
        await v.wander()
    await v.pause(2.7, 3.4)


async def coupon(v: Visit) -> None:
    """A code, and the button beside it."""
    await v.type("#code", "MOON10")
    await _press(v, "#apply", runs=(1, 4, 2), gap=0.3)


async def wish(v: Visit) -> None:
    """A wish list."""
    await v.scroll(200)
    await _press(v, "#wish", runs=(1, 2, 3))


async def stepper(v: Visit) -> None:
    """How many."""
    await _press(v, "#more", runs=(2, 4, 3), gap=0.3)


async def pictures(v: Visit) -> None:
    """Pictures to leaf through."""
    await _press(v, "#next", runs=(1, 3, 4), gap=0.5)


async def kinds(v: Visit) -> None:
    """A list that can be narrowed."""
    await v.scroll(200)
    await _press(v, "#kind-table", "#kind-floor", "#kind-all", runs=(1, 1, 2))


async def questions(v: Visit) -> None:
    """Questions that open."""
    await _press(v, "#ask-1", "#ask-3", runs=(1, 1, 2), gap=0.6)


async def keypad(v: Visit) -> None:
    """A keypad."""
    await _press(v, "#key-4", "#key-2", "#key-clear", runs=(1, 2, 1), gap=0.35)


async def nearby(v: Visit) -> None:
    """Shops nearby."""
    await _press(v, "#nearby", runs=(1, 2, 3))


async def arrival(v: Visit) -> None:
    """The day of arrival."""
    await _press(v, "#arrival", runs=(1, 2, 1), gap=0.8)


async def till(v: Visit) -> None:
    """The till."""
    for field in ("name", "email", "city"):
        await v.type(f"#{field}", BUYER[field])
    await _press(v, "#pay", runs=(1, 1, 2), gap=0.7)


async def into_cart(v: Visit) -> None:
    """Into the cart."""
    await v.click("#picture-2")
    await _press(v, "#add", runs=(1, 2, 2), gap=0.6)


async def board(v: Visit) -> None:
    """A game."""
    await _press(v, "#lamp-7", "#lamp-12", "#lamp-18", "#lamp-3", runs=(1, 2), gap=0.3)


async def sign_in(v: Visit) -> None:
    """A door."""
    await v.type("#email", "ada@example.org")
    await v.type("#password", "lamplight")
    await _press(v, "#enter", runs=(1, 1, 2), gap=0.8)


async def one_more(v: Visit) -> None:
    """One more of it, in the cart."""
    await _press(v, 'button[aria-label="One more"]', runs=(1, 2, 2), gap=0.5)


LAMP = "lamp.html?id=wick"
TWINS = (
    Twins("coupon", "cart.html", "#apply", "dead", coupon, mend=True, cart=(("moth", 1),)),
    Twins("wish", LAMP, "#wish", "dead", wish, mend=True),
    Twins("stepper", LAMP, "#more", "dead", stepper),
    Twins("pictures", LAMP, "#next", "slow", pictures),
    Twins("kinds", "lamps.html", "#kinds button", "dead", kinds),
    Twins("questions", "help.html", "#questions button", "dead", questions),
    Twins("keypad", "light.html", "#keypad button", "dead", keypad),
    Twins("nearby", LAMP, "#nearby", "error", nearby, mend=True),
    Twins("arrival", LAMP, "#arrival", "slow", arrival, mend=True),
    Twins("till", "checkout.html", "#pay", "refused", till, mend=True, cart=(("moth", 1),)),
    Twins("into_cart", LAMP, "#add", "error", into_cart),
    Twins("board", "game.html", "#board button", "dead", board),
    Twins("sign_in", "signin.html", "#enter", "refused", sign_in, mend=True),
    Twins("one_more", "cart.html", '[aria-label="One more"]', "slow", one_more, cart=(("acorn", 1),)),
)
