"""One JSON contract of acts, for web or mobile sources that have no DOM: what was done, when, where, to what.

A document is ``{"source": "ios", "acts": [...]}``, or one act a line. Elements are known by names that stay the
same from session to session; screens and pages by theirs. What such a source cannot tell (what the page did in
answer) is not in the rows, and features that need it are undefined.
"""

from __future__ import annotations

import zlib
from math import nan
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from data_contracts import events as e
from data_contracts.elements import Element
from data_contracts.views import digest

if TYPE_CHECKING:
    from data_contracts.rows import Rows

Time = Annotated[float, Meta(description="When, in ms since the epoch.")]
Name = Annotated[
    str, Meta(description="Stable name of the element, as an accessibility identifier.", max_length=512)
]
Pixels = Annotated[float, Meta(description="CSS px, points or dp in the viewport.")]
Count = Annotated[int, Meta(ge=0)]


class Act(Struct, tag_field="type", gc=False, kw_only=True, omit_defaults=True):
    """What every act has."""

    t: Time

    @property
    def timestamp(self) -> float:
        """When it was told, ms: the time that the order of a stream goes by."""
        return self.t


class On(Act):
    """What every act on an element may have."""

    element: Name = ""
    control: Annotated[bool | None, Meta(description="Whether the element answers; left out if unknown.")] = (
        None
    )
    form: Annotated[str, Meta(description="Stable name of the form it is in.")] = ""
    x: Pixels | None = None
    y: Pixels | None = None


class Tap(On, tag="tap"):
    """A tap; ``hold`` is how long the finger stayed, in ms."""

    hold: Annotated[float, Meta(ge=0)] | None = None


class Swipe(On, tag="swipe"):
    """A swipe from (x, y) over ``distance`` px, begun at ``t`` and ended ``duration`` ms later."""

    distance: Annotated[float, Meta(ge=0)] | None = None
    duration: Annotated[float, Meta(ge=0)] | None = None

    @property
    def timestamp(self) -> float:
        """When it was over and could be told."""
        return self.t + (self.duration or 0)


class Pinch(On, tag="pinch"):
    """Two fingers; ``scale`` over 1 spreads."""

    scale: Annotated[float, Meta(ge=0)] | None = None


class Rotate(Act, tag="rotate"):
    """The device was turned to ``degrees``."""

    degrees: float = 0.0


class Background(Act, tag="background"):
    """The app or page went out of sight."""


class Foreground(Act, tag="foreground"):
    """The app or page came back."""


class Screen(Act, tag="screen"):
    """A screen of an app opened."""

    name: Annotated[str, Meta(description="Stable name of the screen.")]
    width: Pixels | None = None
    height: Pixels | None = None


class Page(Act, tag="page"):
    """A page opened."""

    href: Annotated[str, Meta(description="Its address.")]
    width: Pixels | None = None
    height: Pixels | None = None


class Click(On, tag="click"):
    """A click by mouse, pen, touch or keyboard."""

    by: Literal["mouse", "pen", "touch", "keyboard"] | None = None


class Input(On, tag="input"):
    """A field's value changed; only its length is told, in UTF-16 code units. ``checked`` is for check boxes."""

    length: Count | None = None
    checked: bool | None = None
    secret: bool = False


class Scroll(On, tag="scroll"):
    """(x, y) is the absolute offset, of the page itself if no element is named."""


class Submit(On, tag="submit"):
    """A form was submitted."""


class Goal(Act, tag="goal"):
    """A goal of the site or app was reached."""

    name: str


class Failure(Act, tag="error"):
    """An error that the app noticed; ``name`` says where, never what."""

    name: str = ""


class Request(Act, tag="request"):
    """A request that ended at ``t`` after ``duration`` ms; status 0 if it failed."""

    address: str = ""
    status: Annotated[int, Meta(ge=0)] | None = None
    duration: Annotated[float, Meta(ge=0)] | None = None


AnyAct = (
    Tap | Swipe | Pinch | Rotate | Background | Foreground | Screen | Page
    | Click | Input | Scroll | Submit | Goal | Failure | Request
)  # fmt: skip
ACTS: Final[tuple[type[Act], ...]] = AnyAct.__args__


class Acts(Struct, kw_only=True):
    """A document of acts; several batches of one session bear the same ``stream`` and numbers from 0."""

    source: Annotated[str, Meta(description="What recorded it, as ios, android, web.")] = ""
    stream: str = "0"
    seq: Count = 0
    acts: list[AnyAct]


def element_id(name: str) -> int:
    """Node id that stands for an element's name: positive, below 2**31, the same in every session.

    >>> element_id("checkout") == element_id("checkout") > 0 == element_id("")
    True
    """
    return (zlib.crc32(name.encode("utf-8", "surrogatepass")) & ID_MAX or 1) if name else 0


ID_MAX: Final = 2**31 - 1
CLICKED_BY: Final = {"mouse": e.MOUSED, "pen": e.PENNED, "touch": e.TOUCHED, "keyboard": e.KEYED}


def turn_act(rows: Rows, act: Any, t: int) -> None:
    """Append the rows of an act at ``t`` ms."""
    rows.declare("acts")
    rows.told = True
    if isinstance(act, On):
        _turn_on(rows, act, t)
    elif isinstance(act, Screen | Page):
        if rows.views.moved(act.href if isinstance(act, Page) else act.name, t):
            rows.open_page(t, act.width, act.height)
    elif isinstance(act, Background | Foreground):
        rows.write(e.VISIBILITY, t, value=float(isinstance(act, Foreground)))
    elif isinstance(act, Rotate):
        rows.write(e.ROTATE, t, value=act.degrees)
    elif isinstance(act, Goal):
        rows.write(e.GOAL, t, detail=digest(act.name))
    elif isinstance(act, Failure):
        rows.write(e.CONSOLE, t, value=3, detail=digest(act.name))
    elif isinstance(act, Request):
        rows.request(t, act.duration, act.status, act.address)


def _turn_on(rows: Rows, act: On, t: int) -> None:
    target = element_id(act.element)
    form = element_id(act.form)
    # What an app does after a tap is not in the contract: whether it answered cannot be seen.
    flags = rows.trust | e.UNSEEN_EFFECT
    control = 0
    if act.control is not None and target:
        flags |= e.KNOWN
        if act.control:
            flags |= e.IS_CONTROL
            control = target
    kind, value = e.SCROLL, nan
    if isinstance(act, Tap):
        kind, value = e.TAP, nan if act.hold is None else act.hold
    elif isinstance(act, Swipe):
        kind, value = e.SWIPE, nan if act.distance is None else act.distance
    elif isinstance(act, Pinch):
        kind, value = e.PINCH, nan if act.scale is None else act.scale
    elif isinstance(act, Click):
        kind = e.CLICK
        flags |= CLICKED_BY.get(act.by or "", 0)
    elif isinstance(act, Submit):
        kind = e.SUBMIT
    elif isinstance(act, Input):
        kind, value = e.INPUT, nan if act.length is None else act.length
        if act.checked is not None:
            flags |= e.IS_CHOICE | (e.CHECKED if act.checked else 0)
            value = nan
        elif act.secret:
            flags |= e.IS_SECRET | e.IS_FIELD
    elif not target:
        flags |= e.WINDOW
    if target:
        rows.keep(target, Element(name=act.element))
    x, y = (nan if act.x is None else act.x), (nan if act.y is None else act.y)
    if isinstance(act, Swipe) and act.duration is not None:
        rows.write(kind, t - int(act.duration), target, control, form, x, y, value, flags)
        rows.write(e.TOUCH_END, t, target, control, form, flags=flags)
    else:
        rows.write(kind, t, target, control, form, x, y, value, flags)
