"""Words of the pages: times, numbers, and what verdicts, signals and lanes are called."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import urlsplit


class Family(NamedTuple):
    """A kind of signal: its name, the shape and colour it is drawn in, its codes."""

    name: str
    shape: str
    codes: tuple[str, ...]


FAMILIES: Final = (
    Family(
        "no answer", "struggle", ("rage_click", "dead_click", "slow_response", "near_miss", "pointer_thrash")
    ),
    Family(
        "forms",
        "struggle",
        ("repeat_submit", "form_abandon", "form_refill", "field_hesitation", "hesitation"),
    ),
    Family(
        "way", "struggle", ("page_pingpong", "page_loop", "reload", "scroll_hunt", "idle_exit", "tab_leave")
    ),
    Family("errors", "trouble", ("error_click", "error_shown")),
    Family("automation", "automation", ("automation_artifact",)),
)
SHAPES: Final = {code: family.shape for family in FAMILIES for code in family.codes}

VERDICTS: Final = {
    "automation": "automation suspected",
    "agent_assisted": "agent at work suspected",
    "no_evidence_of_automation": "no evidence of automation",
    "undetermined": "automation undetermined",
}
LANES: Final = {
    "worth": "here by worth",
    "doubt": "here because the head is in doubt",
    "slice": "drawn at random, so that precision can be measured",
    "automation": "judged automation",
}
LABELS: Final = {
    "struggle": "struggle",
    "calm": "no struggle",
    "automation": "bot",
    "person": "person",
    "converted": "converted",
    "not_converted": "did not convert",
}
WHYS: Final = {
    "fixed": "fixed",
    "known_issue": "known issue",
    "not_a_problem": "not a problem",
    "duplicate": "duplicate",
    "automation": "automation",
    "own_test": "our own test",
    "cannot_reproduce": "cannot reproduce",
    "other": "other",
}
HEADS: Final = {
    "frustration": ("struggles", "Whether somebody who watches would say: this visitor is struggling."),
    "bot": ("bot", "Whether automation drives the session."),
    "conversion": ("converts", "Whether this session will reach the site's goal."),
}


def clock(ms: float) -> str:
    """A time in a session, as minutes and seconds.

    >>> clock(7_900), clock(61_000), clock(3_725_000)
    ('0:07', '1:01', '1:02:05')
    """
    seconds = int(max(ms, 0) // 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def lasts(ms: float) -> str:
    """A length of time.

    >>> lasts(900), lasts(19_700), lasts(150_000), lasts(7_260_000)
    ('0.9 s', '20 s', '2 min 30 s', '2 h 1 min')
    """
    seconds = ms / 1000
    if seconds < 1:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, seconds = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def chance(value: float | None) -> str:
    """A probability in two figures; those that would round to certainty say so.

    >>> chance(0.823), chance(0.004), chance(0.998), chance(None)
    ('.82', '<.01', '>.99', '–')
    """
    if value is None:
        return "–"
    if value < 0.01:
        return "<.01"
    if value > 0.99:
        return ">.99"
    return f"{value:.2f}"[1:]


def when(ms: int) -> str:
    """A time as a machine reads it, which the page shows as the reader's local time."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def spoken(ms: int) -> str:
    """The same for people whose browser runs no script.

    >>> spoken(0)
    '1 Jan 1970, 00:00 UTC'
    """
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%-d %b %Y, %H:%M UTC")


def code(name: str) -> str:
    """A code for people.

    >>> code("rage_click")
    'rage click'
    """
    return name.replace("_", " ")


def path(address: str) -> str:
    """The path of an address; what it asked for stays out."""
    return urlsplit(address).path or "/"


def number(value: float | None, unit: str = "-") -> str:
    """A value with its unit, as reasons write it."""
    from models.reason_codes import number as written

    return "–" if value is None else written(value, unit)
