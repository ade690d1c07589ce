"""A simulated history of shop sessions: mixed intents, friction and purchases, drawn from one seed.

No person is in it and no browser ran. It has the page structure of the demo shop and the shape of
rrweb streams, so that the trainer of the conversion head has goals to learn from before a site has
its own. What it teaches is true of this file alone: wherever it shows, it is named simulated.

    >>> sessions = list(simulated_history(sessions=20, seed=7))
    >>> len(sessions), sessions[0].visitor.startswith("simulated-")
    (20, True)
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipelines.simulated.stream import FIELDS, Event, Tape

EPOCH_MS = 1_767_571_200_000  # 5 January 2026, 00:00 UTC: any fixed day would do
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
DAYS = 60
VISITORS_PER_SESSION = 0.625


@dataclass(frozen=True)
class SimulatedSession:
    """One session: who, when (ms since 1970), its rrweb events, and when the goal was reached, if it was."""

    visitor: str
    session_id: str
    started_at_ms: int
    events: list[Event]
    goal_at_ms: int | None


@dataclass(frozen=True)
class Intent:
    """What a visitor came for. `want` and `resolve` are log-odds of adding to the cart and of ordering."""

    name: str
    share: float
    looks: float  # mean number of lamps looked at
    dwell_s: float  # median seconds on a lamp's page
    want: float
    resolve: float
    wander: float  # chance of a detour after each lamp
    coupon: float  # chance of trying a gift code


INTENTS = (
    Intent("window_shopper", 0.39, 2.4, 11.0, -3.0, -1.0, 0.15, 0.05),
    Intent("comparer", 0.20, 4.6, 20.0, -1.9, 0.0, 0.35, 0.10),
    Intent("buyer", 0.12, 2.6, 24.0, 0.7, 1.8, 0.10, 0.10),
    Intent("price_hunter", 0.15, 3.6, 12.0, -0.9, -0.5, 0.20, 0.75),
    Intent("lost", 0.14, 1.4, 8.0, -3.6, -1.5, 0.75, 0.05),
)
RETURNING_BUYER = Intent("returning_buyer", 0.0, 1.3, 14.0, 1.6, 2.4, 0.05, 0.10)
RETURNS_TO_BUY = 0.2  # of visits by someone who was here before
NEVER_A_CHANCE = 0.12  # students, colleagues, gifts already bought: they look like the others
TROUBLED = 0.22  # sessions in which the site is slow, fails or does not answer
TROUBLE_COST = 1.1  # log-odds lost with each trouble met


def _chance(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


class _Shopper:
    """A visitor with an intent, who decides as the visit goes on."""

    def __init__(self, tape: Tape, intent: Intent, liking: float) -> None:
        self.tape, self.rng, self.intent = tape, tape.rng, intent
        self.want = intent.want + liking
        self.resolve = intent.resolve + liking
        if self.rng.random() < NEVER_A_CHANCE:
            self.want, self.resolve = min(self.want, -0.5), -9.0
        self.troubled = self.rng.random() < TROUBLED
        self.trouble = 0
        self.cart = 0
        self.goal_at: int | None = None

    def happens(self, chance: float) -> bool:
        return bool(self.rng.random() < chance)

    def load_s(self) -> float:
        """Seconds until a page is there; a slow one is a trouble met."""
        if self.troubled and self.happens(0.25):
            self.trouble += 1
            return 3.2
        return 0.25

    def visit(self) -> None:
        """The whole session."""
        tape = self.tape
        tape.open("index.html" if self.happens(0.7) else "lamps.html")
        tape.wait(2.5)
        looks = 1 + int(self.rng.poisson(max(0.2, self.intent.looks - 1)))
        for _ in range(looks):
            if self.happens(0.07):
                break
            self.find()
            self.look()
            if self.happens(self.intent.wander):
                self.detour()
            if self.cart and self.happens(0.55):
                self.till()
                if self.goal_at is not None or self.happens(0.5):
                    break
        else:
            if self.cart and self.goal_at is None and self.happens(0.6):
                self.till()
        tape.wait(2.0)
        tape.close()

    def find(self) -> None:
        """From anywhere to a lamp's page, by the list or by search."""
        tape = self.tape
        if tape.page == "lamp.html" or tape.page not in ("index.html", "lamps.html"):
            if self.happens(0.25) or self.intent is RETURNING_BUYER:
                tape.type("search", int(self.rng.integers(3, 8)))
                tape.open("search.html", f"?q={'*' * 5}", self.load_s())
            else:
                tape.click("back" if tape.page == "lamp.html" else "nav-lamps")
                tape.open("lamps.html", load_s=self.load_s())
        tape.wait(1.6)
        if tape.page == "lamps.html":
            if self.happens(0.8 if self.intent.name == "price_hunter" else 0.2):
                tape.click("order")
                tape.answer("24 lamps")
            tape.scroll(100 * int(self.rng.integers(0, 9)))
            tape.wait(1.5)
        cards = [name for name in tape.places if name.startswith("card-")]
        tape.click(str(self.rng.choice(cards)))
        tape.open("lamp.html", f"?id=lamp-{int(self.rng.integers(24))}", self.load_s())

    def look(self) -> None:
        """Looks at a lamp; the longer and closer, the likelier it goes into the cart."""
        tape = self.tape
        eager = max(0.0, self.want + 2)
        pictures = int(self.rng.poisson(0.4 + 0.45 * eager))
        dwell = tape.wait(self.intent.dwell_s * 0.6)
        if pictures:
            for _ in range(pictures):
                tape.click("next")
                tape.answer("picture")
                dwell += tape.wait(0.9)
        tape.scroll(100 * int(self.rng.integers(0, 5)))
        dwell += tape.wait(self.intent.dwell_s * 0.4)
        if self.troubled and self.happens(0.5):
            self.ask_in_vain()
        likely = self.want + 0.02 * (dwell - 28) + 0.15 * pictures - TROUBLE_COST * self.trouble
        torn = math.exp(-abs(likely))  # near even odds people rest on the button before they press or leave
        if self.happens(_chance(likely)):
            tape.click("add", hesitate_s=2.4 if self.happens(0.6 * torn) else 0.0)
            tape.answer("in your cart")
            self.cart += 1
            tape.wait(1.2)
        elif self.happens(0.5 * torn):
            node, x, y = tape.places["add"]
            tape.move(x, y, node)
            tape.wait(2.5)

    def ask_in_vain(self) -> None:
        """A button that fails or does nothing, pressed again and again."""
        tape = self.tape
        self.trouble += 1
        if self.happens(0.5):
            for times in (1, int(self.rng.integers(1, 4))):
                tape.click("nearby", times)
                tape.error()
                tape.wait(1.4)
        else:
            tape.click("wish", int(self.rng.integers(2, 6)))
            tape.silence()

    def detour(self) -> None:
        """To help and back, perhaps more than once."""
        tape = self.tape
        for _ in range(1 + int(self.intent.name == "lost" and self.happens(0.6))):
            tape.click("nav-help")
            tape.open("help.html", load_s=self.load_s())
            tape.wait(2.0)
            tape.click(f"ask-{int(self.rng.integers(1, 7))}")
            tape.answer("open")
            tape.wait(3.0)
            if self.happens(0.5):
                tape.click("nav-lamps")
                tape.open("lamps.html", load_s=self.load_s())
                tape.wait(1.5)

    def till(self) -> None:
        """The cart, the till and, if nothing comes between, the order."""
        tape = self.tape
        tape.click("nav-cart")
        tape.open("cart.html", load_s=self.load_s())
        tape.wait(2.5)
        if self.happens(self.intent.coupon):
            tape.type("code", 6)
            tape.click("apply", int(self.rng.integers(1, 5)) if self.troubled else 1)
            tape.silence()
            self.trouble += 1
        likely = self.resolve + 0.5 - TROUBLE_COST * self.trouble
        if not self.happens(_chance(likely)):
            tape.wait(3.5)
            return
        tape.click("to-checkout", hesitate_s=2.6 if self.happens(0.5 * math.exp(-abs(likely))) else 0.0)
        tape.open("checkout.html", load_s=self.load_s())
        tape.wait(1.5)
        for name, length in FIELDS.items():
            if self.happens(_chance(-4.2 - 0.5 * likely)):
                tape.wait(3.0)
                return
            tape.type(name, length)
            tape.wait(0.4)
        tape.click("terms")
        while True:
            tape.click("pay")
            if not self.happens(0.5 if self.troubled else 0.18):
                break
            wrong = [str(name) for name in self.rng.choice(list(FIELDS), size=2, replace=False)]
            tape.invalid(wrong)
            self.trouble += 1
            tape.wait(1.6)
            if self.happens(_chance(0.4 * self.trouble - 0.8 - 0.5 * likely)):
                return
            tape.type(wrong[0], FIELDS[wrong[0]])
        tape.answer("Ordering", 0.02)
        tape.open("thanks.html", "?order=HM-1", 0.4)
        self.goal_at = tape.goal()
        tape.wait(3.0)


def simulated_history(sessions: int = 800, seed: int = 7) -> Iterator[SimulatedSession]:
    """Yields simulated sessions in order of their start, spread over 60 days; the same seed, the same history.

    Some visitors come back, and those who do are likelier to buy. About one session in seven reaches the goal.
    """
    rng = np.random.default_rng(seed)
    visitors = max(1, round(sessions * VISITORS_PER_SESSION))
    liking = (0.6 * rng.standard_normal(visitors)).tolist()
    shares = np.array([intent.share for intent in INTENTS])
    seen: set[int] = set()
    for number, (start, visitor) in enumerate(_calendar(rng, sessions, visitors)):
        own = np.random.default_rng([seed, number])
        intent = INTENTS[int(own.choice(len(INTENTS), p=shares / shares.sum()))]
        if visitor in seen and own.random() < RETURNS_TO_BUY:
            intent = RETURNING_BUYER
        seen.add(visitor)
        tape = Tape(own, start)
        shopper = _Shopper(tape, intent, liking[visitor])
        shopper.visit()
        yield SimulatedSession(
            visitor=f"simulated-{visitor:04d}",
            session_id=f"simulated-{seed}-{number:05d}",
            started_at_ms=int(tape.events[0]["timestamp"]),
            events=tape.events,
            goal_at_ms=shopper.goal_at,
        )


def _calendar(rng: np.random.Generator, sessions: int, visitors: int) -> list[tuple[int, int]]:
    """(start in ms, visitor) of each session, by start: at noon and in the evening, hours apart for one visitor."""
    faithful = rng.gamma(0.7, size=visitors) + 1e-9
    again = rng.choice(visitors, size=max(0, sessions - visitors), p=faithful / faithful.sum())
    who = rng.permutation(np.concatenate([np.arange(visitors), again]))[:sessions].tolist()
    noon, evening = rng.normal(12.5, 2.0, sessions), rng.normal(20.0, 2.3, sessions)
    hours = np.clip(np.where(rng.random(sessions) < 0.35, noon, evening), 0.5, 22.5)
    days = rng.integers(0, DAYS, sessions)
    starts = (EPOCH_MS + days * DAY_MS + hours * HOUR_MS).astype(int).tolist()
    rows: list[tuple[int, int]] = []
    last: dict[int, int] = {}
    for start, visitor in sorted(zip(starts, who, strict=True)):
        moment = max(start, last.get(visitor, 0) + 3 * HOUR_MS)
        last[visitor] = moment
        rows.append((moment, visitor))
    return sorted(rows)
