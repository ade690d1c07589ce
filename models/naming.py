"""What an element is called in a sentence: its structural name, and which one it is where only its place tells it."""

from __future__ import annotations

import re
from typing import Final

from data_contracts.elements import Element, is_placed

ORDINALS: Final = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
)
_BESIDE: Final = re.compile(r"^[^>]+ > [\w-]+:nth-of-type\((\d+)\)$")
"""Selector of an element that stands straight below the one that its place is named after."""
_GENERIC: Final = re.compile(r"^(?:p|div|span|alert|status|text|group) #")


def called(element: Element) -> str:
    """Its name; of several that only their place tells apart, which one it is.

    >>> called(Element("button", "button", "button in form checkout", "#checkout > button:nth-of-type(2)"))
    'second button in form checkout'
    >>> called(Element("button", "button", "button apply code", "[data-ww-name='apply code']"))
    'button apply code'
    """
    if not is_placed(element.name):
        return element.name
    found = _BESIDE.match(element.selector)
    if found is None or int(found[1]) > len(ORDINALS):
        return element.name
    return f"{ORDINALS[int(found[1]) - 1]} {element.name}"


def mark(name: str) -> str:
    """A name without the word for what it is, where that word says nothing.

    >>> mark("p #phone-error"), mark("field phone")
    ('#phone-error', 'field phone')
    """
    return _GENERIC.sub("#", name) if " #" in name else name
