"""Canonical events: one row for each atomic act, whatever recorder it came from.

A recording becomes an array of ``EVENT`` rows. Everything above this floor reads these rows and nothing
else, so a new recorder dialect needs no new feature, and a new feature no new dialect.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

EVENT: Final = np.dtype(
    [
        ("t", "i8"),  # ms since the epoch, in the order of the merged session
        ("target", "i4"),  # node id; 0 where there is none. Of a CHANGE: its source, see below
        (
            "control",
            "i4",
        ),  # nearest control at or above the target; of a CHANGE: the pressed control it lies in
        ("form", "i4"),  # nearest form at or above the target; 0 where there is none
        ("page", "i4"),  # page view, counted from 0 in the session; -1 before the first
        ("x", "f4"),  # CSS px in the viewport, NaN where there is none
        ("y", "f4"),
        ("value", "f4"),  # depends on the kind, see KINDS
        ("flags", "u4"),  # facts of the target, see below
        ("detail", "u4"),  # a digest that is only ever compared for equality; 0 where there is none
        ("kind", "u1"),  # one of KINDS
        ("_", "u1", (11,)),  # padding, always 0
    ],
    align=True,
)
"""One canonical event, 56 bytes. Rows of a session are sorted by (t, stream, number)."""

Events = npt.NDArray[np.void]
"""``EVENT[n]``, one row an act or a change; ``t`` is in ms since the epoch, places are in CSS px."""


def as_events(rows: Events) -> Events:
    """The same rows, EVENT[n], under ``EVENT`` itself: dtypes that are not one object are compared field by field."""
    return np.frombuffer(rows, EVENT)


def joined(parts: Sequence[Events]) -> Events:
    """A copy of rows one after another. As bytes, because NumPy looks at every field before it joins records."""
    return np.frombuffer(bytearray().join(part.data for part in parts), EVENT)


# Kinds. The comment gives what `value`, `x`, `y` and `detail` mean where that is not plain.
MOVE: Final = 1  # mouse position; target = node under it
PRESS: Final = 2  # mouse or pen button down
RELEASE: Final = 3  # mouse or pen button up
CLICK: Final = 4  # a click however made; flags say TOUCHED, KEYED, TRUSTED, UNTRUSTED
DOUBLE_CLICK: Final = 5  # follows two CLICK rows, not a third click
CONTEXT_MENU: Final = 6  # right click
FOCUS: Final = 7  # no x, y
BLUR: Final = 8  # no x, y
TOUCH_START: Final = 9
TOUCH_MOVE: Final = 10
TOUCH_END: Final = 11
TOUCH_CANCEL: Final = 12
DRAG: Final = 13  # position while something is dragged
SCROLL: Final = (
    14  # x, y = absolute offset of the scrolled node; value = its largest extent if known, else NaN
)
RESIZE: Final = 15  # x, y = viewport width and height
INPUT: Final = (
    16  # value = length in UTF-16 code units; NaN for check boxes and radios (flag CHECKED says which)
)
KEY: Final = 17  # key pressed, where a recorder says so (never which key)
SUBMIT: Final = 18  # form submitted, where a recorder says so; form = the form
MEDIA: Final = 19  # value 0 play, 1 pause, 2 seeked, 3 volume, 4 rate
SELECTION: Final = 20  # value = 1 if something is selected, 0 if the selection is empty (a caret)
CHANGE: Final = (
    21  # page changed: target = source, value = number of changes, detail = digest of attribute state
)
STYLE: Final = 22  # style sheet, style declaration, adopted sheet or font changed; target = owner if known
CANVAS: Final = 23  # drawing on a canvas
PAGE: Final = (
    24  # a new page view: x, y = viewport, detail = digest of its address, value = page view in its stream
)
SNAPSHOT: Final = 25  # full snapshot: value = nodes
LOAD: Final = 26  # value 0 DOMContentLoaded, 1 load
CONSOLE: Final = 27  # value 0 debug, 1 log or info, 2 warning, 3 error; detail = digest of where it came from
REQUEST: Final = (
    28  # t = end, value = duration ms (NaN unknown), x = status (NaN unknown, 0 failed), detail = address
)
VISIBILITY: Final = 29  # value 1 visible, 0 hidden (also an app to background and back)
TICK: Final = 30  # our recorder: 2.6 s after a press that nothing followed
GOAL: Final = 31  # a goal of the site; detail = digest of its name
CUSTOM: Final = 32  # any other custom event; detail = digest of its tag
CLIPBOARD: Final = 33  # copy or cut, where a recorder says so
DOWNLOAD: Final = 34  # a download begins, where a recorder says so
TAP: Final = 35  # mobile acts contract: value = hold ms
SWIPE: Final = 36  # value = distance px; detail unused; duration is the gap to TOUCH_END or NaN
PINCH: Final = 37  # value = scale
ROTATE: Final = 38  # value = degrees of the device's new orientation
MARK: Final = 39  # a vendor's own verdict in the stream (slow click and so on); detail = digest of its name
LOST: Final = 40  # a gap: a batch or a snapshot is missing from here on; blind until the next SNAPSHOT
STATUS: Final = (
    41  # nothing but time passing; value NOT_UNDERSTOOD if that is all that could be made of an event
)

KINDS: Final[dict[int, str]] = {
    value: name.lower() for name, value in sorted(globals().items()) if name.isupper() and type(value) is int
}
"""Kind number to name, as ``{1: 'move', 2: 'press', ...}``."""

NOT_UNDERSTOOD: Final = 1.0

# Flags of the target, from the page index. SIGHTED tells whether the index could answer at all.
SIGHTED: Final = 1 << 0  # the stream has had its snapshot and no batch was lost since
KNOWN: Final = 1 << 1  # the target is in the page
IS_CONTROL: Final = (
    1 << 2
)  # target or an ancestor can answer: link, button, input, select, summary, label, role
LOOKS_CONTROL: Final = 1 << 3  # not a control, but dressed as one: class, tabindex, cursor, onclick
IS_LINK: Final = 1 << 4
IS_FIELD: Final = 1 << 5  # takes text: text input, textarea, contenteditable
IS_CHOICE: Final = 1 << 6  # check box, radio, select
IS_SUBMIT: Final = 1 << 7  # submits its form
IS_SEARCH: Final = 1 << 8  # search field
IS_SECRET: Final = 1 << 9  # password field
IS_DISABLED: Final = 1 << 10
UNSEEN_EFFECT: Final = (
    1 << 11
)  # what it does leaves no trace: download, mailto:, new tab, file or date picker, frame
IS_SURFACE: Final = 1 << 12  # canvas, map, video, audio, embedded object, unrecorded frame
IS_MESSAGE: Final = 1 << 13  # CHANGE: an alert, status or invalid state appears
IS_PRICE: Final = 1 << 14  # target is marked as a price
IS_CONSENT: Final = 1 << 15  # inside a consent banner
CHECKED: Final = 1 << 16  # INPUT of a check box or radio: now on
USER_TRIGGERED: Final = 1 << 17  # INPUT: the recorder says that the user did it
NOT_USER_TRIGGERED: Final = 1 << 18  # INPUT: the recorder says that a script did it
TOUCHED: Final = 1 << 19  # CLICK made by touch
PENNED: Final = 1 << 20  # CLICK made by pen
MOUSED: Final = 1 << 21  # CLICK made by mouse, as the recorder says
KEYED: Final = 1 << 22  # CLICK at (0, 0): keyboard, Enter in a form, or element.click()
TRUSTED: Final = 1 << 23  # the recorder says isTrusted
UNTRUSTED: Final = 1 << 24  # the recorder says not isTrusted
MOVED_IN_TIME: Final = 1 << 25  # the row's own time was earlier than the order allows
IS_COPY: Final = 1 << 26  # dressed as a copy button: its effect is in the clipboard, unseen
NEW_PAGE: Final = 1 << 27  # CHANGE so large that it replaces the page's content (a view of a single-page app)
RECORDED_FRAME: Final = 1 << 28  # inside a frame whose document is recorded
IS_ALERT: Final = 1 << 30  # CHANGE, with IS_MESSAGE: it says that something is wrong, or must be read now
WINDOW: Final = 1 << 29  # SCROLL of the page itself, not of an element

# Of a CHANGE, three bits of a click say what all that changed has in common.
UNSEEN: Final = (
    TOUCHED  # nothing of it can be seen: hidden elements, pictures of one pixel, scripts, comments
)
BARE: Final = PENNED  # elements without text, picture or control that are only seconds old: a wave, a spinner
GONE: Final = MOUSED  # nothing came or was altered, it only went
COMMON: Final = UNSEEN | BARE | GONE


def gathered(flags: int, more: int) -> int:
    """Flags of two changes that are told as one: what either says, but of ``COMMON`` what both say.

    >>> gathered(IS_MESSAGE | BARE | GONE, BARE) == IS_MESSAGE | BARE
    True
    """
    return (flags | more) & ~COMMON | flags & more & COMMON


# Channels: what a recorder can see. A channel neither seen nor declared makes its features NaN.
CHANNELS: Final[tuple[str, ...]] = (
    "pointer",
    "touch",
    "presses",
    "input",
    "scroll",
    "page",
    "console",
    "network",
    "visibility",
    "keys",
    "trust",
    "canvas",
    "media",
    "selection",
    "goals",
    "acts",
)
"""Channel names; bit i of ``channels`` in a session's coverage stands for ``CHANNELS[i]``."""

KIND_CHANNEL: Final[dict[int, str]] = {
    MOVE: "pointer",
    DRAG: "pointer",
    PRESS: "presses",
    RELEASE: "presses",
    CLICK: "presses",
    TOUCH_START: "touch",
    TOUCH_MOVE: "touch",
    TOUCH_END: "touch",
    TAP: "touch",
    SWIPE: "touch",
    PINCH: "touch",
    INPUT: "input",
    SCROLL: "scroll",
    SNAPSHOT: "page",
    CONSOLE: "console",
    REQUEST: "network",
    VISIBILITY: "visibility",
    KEY: "keys",
    CANVAS: "canvas",
    MEDIA: "media",
    SELECTION: "selection",
    GOAL: "goals",
}
"""The channel that a row of a kind proves to be on. Trust is proved by TRUSTED or UNTRUSTED flags."""
