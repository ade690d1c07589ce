"""The closed list of reason codes, each with the sentence that is made from facts.

A code keeps its meaning for ever; a changed meaning is a new code, and ``VERSION`` is raised.
"""

from __future__ import annotations

import math
from typing import Final

VERSION: Final = "1"

REASON_CODES: Final[dict[str, str]] = {
    # bot
    "POINTER_JUMPS": "The pointer appears at its target in one step instead of travelling there ({value}).",
    "POINTER_TRAVELS": "The pointer travels to what it presses ({value}).",
    "PATH_TOO_REGULAR": "The path of the pointer bends unlike that of the people on record ({value}).",
    "PATH_LIKE_PEOPLE": "The path of the pointer bends as that of the people on record does ({value}).",
    "SPEED_TOO_REGULAR": "The pointer speeds up and slows down unlike that of the people on record ({value}).",
    "SPEED_LIKE_PEOPLE": "The pointer speeds up and slows down as that of the people on record does ({value}).",
    "AIM_UNLIKE_PEOPLE": "The pointer closes in on its targets unlike that of the people on record ({value}).",
    "AIM_LIKE_PEOPLE": "The pointer closes in on its targets as that of the people on record does ({value}).",
    "TIMING_IMPOSSIBLE": "Acts come with a timing that no hand has ({value}).",
    "TIMING_POSSIBLE": "No act comes with a timing that no hand has ({value}).",
    # frustration
    "FRICTION": "Much of what the visitor did met with friction ({value}).",
    "NO_FRICTION": "Little of what the visitor did met with friction ({value}).",
    "NO_ANSWER": "The page did not answer what was clicked ({value}).",
    "ANSWERED": "The page answered what was clicked ({value}).",
    "SLOW_ANSWER": "The page took long to answer ({value}).",
    "QUICK_ANSWER": "The page was quick to answer ({value}).",
    "TRIED_AGAIN": "The same thing was tried again after it had not worked ({value}).",
    "NOT_TRIED_AGAIN": "Nothing had to be tried again ({value}).",
    "ERRORS_FOLLOWED": "Errors followed what the visitor did ({value}).",
    "NO_ERRORS": "No errors followed what the visitor did ({value}).",
    "LOST_THE_WAY": "The visitor went back and forth ({value}).",
    "FOUND_THE_WAY": "The visitor did not go back and forth ({value}).",
    # conversion
    "PROGRESS": "How far the visitor has come speaks for the goal ({value}).",
    "LITTLE_PROGRESS": "How far the visitor has come speaks against the goal ({value}).",
    "ENGAGED": "How the visitor moves and dwells speaks for the goal ({value}).",
    "NOT_ENGAGED": "How the visitor moves and dwells speaks against the goal ({value}).",
    "OBSTRUCTED": "Trouble on the way speaks against the goal ({value}).",
    "UNOBSTRUCTED": "Nothing stood in the way ({value}).",
    # of the house, not of a model
    "OVERRIDE_ALLOWLIST": "The owner allows this visitor; the score stands as the model said it.",
    "REPLAYED_PATH": "The pointer takes the path that it took in another session of this site ({value}).",
    "SESSION_REUSED": "The session was shown before for somebody else.",
    "SESSION_STALE": "The session has sent nothing for {value}.",
    "OVERRIDE_DENYLIST": "The owner denies this visitor; the score stands as the model said it.",
}
"""Code to sentence; ``{value}`` becomes a feature, its number and its unit."""

UNSEEN: Final = "{value} could not be seen, and the score reckons with that."
"""The sentence of any code whose weightiest feature has no value: the code's own would say more than is known."""


def number(value: float, unit: str = "-") -> str:
    """A value for people: two figures, shares as per cent, with its unit.

    >>> number(0.834, "share"), number(12.345, "px"), number(1234.0, "px/s"), number(float("nan"))
    ('83 %', '12 px', '1234 px/s', 'not seen')
    """
    if math.isnan(value):
        return "not seen"
    if unit == "share":
        return f"{100 * value:.0f} %"
    figures = f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}"
    return figures if unit in ("-", "") else f"{figures} {unit}"


def sentence(code: str, feature: str, value: float, unit: str = "-") -> str:
    """The sentence of a reason, made from its code and the fact that weighed most.

    Parameters
    ----------
    code
        One of ``REASON_CODES``.
    feature
        The name of the feature that weighed most.
    value
        What it was, in ``unit``; NaN if it could not be seen, and then the sentence says that and no more.
    unit
        The feature's unit, ``-`` for none.

    Raises
    ------
    KeyError
        If there is no such code.

    Examples
    --------
    >>> sentence("POINTER_JUMPS", "pointer_jumps", 0.9, "share")
    'The pointer appears at its target in one step instead of travelling there (pointer jumps: 90 %).'
    >>> sentence("QUICK_ANSWER", "reaction_time_median", math.nan, "ms")
    'Reaction time median could not be seen, and the score reckons with that.'
    """
    name, told = feature.replace("_", " "), REASON_CODES[code]
    if math.isnan(value):
        return UNSEEN.format(value=name.capitalize())
    return told.format(value=f"{name}: {number(value, unit)}")
