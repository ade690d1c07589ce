"""What is done on a visit: the same goals for people and for every tool, drawn by a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from calm import BUYER

LAMPS = ("moth", "heron", "pebble", "acorn", "fennel", "otter", "puddle", "thimble")
MOST_STEPS = 600  # the fastest tool does not use them up in a minute
PASSWORDS = ("summer", "letmein", "dragon", "lamplight", "football")


class Step(NamedTuple):
    """One act. Verbs: ``go`` (address), ``click``, ``follow`` (a click that leads to another page), ``type``
    (selector, text), ``enter`` (the same and the Enter key), ``scroll`` (px), ``rest`` (share of a pause)."""

    verb: str
    at: str = ""
    text: str = ""


def itinerary(kind: str, seed: int) -> list[Step]:
    """The steps of a visit of a kind: ``shop``, ``scrape``, ``stuff`` (passwords tried) or ``fill`` (orders made)."""
    rng = random.Random(seed)
    steps: list[Step] = []
    while len(steps) < MOST_STEPS:
        steps += KINDS[kind](rng)
    return steps


def _shop(rng: random.Random) -> Iterator[Step]:
    legs = [_browse, _browse, _cart, _help, _light, _search, _sign_in, _game]
    rng.shuffle(legs)
    for leg in legs:
        yield from leg(rng)


def _browse(rng: random.Random) -> Iterator[Step]:
    yield Step("follow", "#nav-lamps")
    if rng.random() < 0.5:
        yield Step("click", f"#kind-{rng.choice(('table', 'floor', 'pendant'))}")
        yield Step("click", "#kind-all")
    yield Step("scroll", text=str(rng.choice((300, 500, 700))))
    yield Step("follow", f'a[href="lamp.html?id={rng.choice(LAMPS)}"]')
    for _ in range(rng.randint(1, 4)):
        yield Step("click", "#next")
    if rng.random() < 0.4:
        yield Step("scroll", text="300")
        yield Step("click", "#arrival")
    for _ in range(rng.randint(0, 2)):
        yield Step("click", "#more")
    yield Step("click", "#add")


def _cart(rng: random.Random) -> Iterator[Step]:
    yield Step("follow", "#nav-cart")
    if rng.random() < 0.5:
        yield Step("type", "#code", f"MOON{rng.randint(10, 99)}")
        yield Step("click", "#apply")
    yield Step("follow", "#to-checkout")
    for field in ("name", "email", "city")[: rng.randint(1, 3)]:
        yield Step("type", f"#{field}", BUYER[field])
    yield Step("click", "#pay")


def _help(rng: random.Random) -> Iterator[Step]:
    yield Step("follow", "#nav-help")
    for n in rng.sample(range(1, 7), 3):
        yield Step("click", f"#ask-{n}")
        yield Step("rest")


def _light(rng: random.Random) -> Iterator[Step]:
    yield Step("follow", "#nav-light")
    for key in (*(str(rng.randint(1, 9)) for _ in range(3)), "next", str(rng.randint(2, 9)), "clear"):
        yield Step("click", f"#key-{key}")


def _search(rng: random.Random) -> Iterator[Step]:
    yield Step("enter", "#search", rng.choice(("lamp", "table", "brass", "quill")))
    yield Step("rest")
    yield Step("scroll", text="400")


def _sign_in(rng: random.Random) -> Iterator[Step]:
    yield Step("follow", "#nav-signin")
    yield Step("type", "#email", "ada@example.org")
    yield Step("type", "#password", rng.choice(PASSWORDS))
    yield Step("click", "#reveal")
    yield Step("click", "#enter")


def _game(rng: random.Random) -> Iterator[Step]:
    yield Step("go", "game.html")
    for n in rng.sample(range(1, 25), 6):
        yield Step("click", f"#lamp-{n}")


def _scrape(rng: random.Random) -> Iterator[Step]:
    yield Step("go", "lamps.html")
    for _ in range(rng.randint(5, 9)):
        yield Step("scroll", text="400")
    for lamp in rng.sample(LAMPS, 6):
        yield Step("go", f"lamp.html?id={lamp}")
        for _ in range(3):
            yield Step("scroll", text="400")


def _stuff(rng: random.Random) -> Iterator[Step]:
    yield Step("go", "signin.html")
    for _ in range(12):
        yield Step("type", "#email", f"person{rng.randint(0, 999):03d}@example.org")
        yield Step("type", "#password", f"{rng.choice(PASSWORDS)}{rng.randint(1990, 2030)}")
        yield Step("click", "#enter")


def _fill(rng: random.Random) -> Iterator[Step]:
    yield Step("go", f"lamp.html?id={rng.choice(LAMPS)}")
    yield Step("click", "#add")
    yield Step("go", "checkout.html")
    for field, text in BUYER.items():
        yield Step("type", f"#{field}", text[::-1] if rng.random() < 0.1 else text)
    yield Step("click", "#terms")
    yield Step("click", "#pay")
    yield Step("rest")


KINDS = {"shop": _shop, "scrape": _scrape, "stuff": _stuff, "fill": _fill}
