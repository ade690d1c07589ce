"""A recording in other words and at another time: what must change no feature."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

Event = dict[str, Any]
TEXTS: Final = ("title", "alt", "placeholder", "aria-label", "value", "content", "label", "lang", "_cssText")


def is_number(value: Any) -> bool:
    """Whether a value of JSON is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def shifted(events: list[Event], ms: int) -> list[Event]:
    """The same events, all of them later by so many ms."""
    return [
        {**event, "timestamp": event["timestamp"] + ms} if is_number(event.get("timestamp")) else event
        for event in events
    ]


def stars(value: str) -> str:
    """As many asterisks as the text has UTF-16 code units.

    >>> stars("naïve 😀")
    '********'
    """
    return "*" * (len(value.encode("utf-16-le", "surrogatepass")) // 2)


def other_words(value: str) -> str:
    """The text in a language that takes more letters."""
    return f"«{value}» …ñ" if value.strip() else value


def reworded(events: list[Event], word: Callable[[str], str], typed: bool) -> list[Event]:
    """Events with every text of the page replaced by ``word`` of it; what was typed too if ``typed``."""
    changed = copy.deepcopy(events)
    stack: list[Any] = [event.get("data") for event in changed if event.get("type") in (2, 3)]
    while stack:
        one = stack.pop()
        if isinstance(one, list):
            stack.extend(one)
        elif isinstance(one, dict):
            _reword(one, word, typed)
            stack.extend(value for value in one.values() if isinstance(value, dict | list))
    return changed


def _reword(one: Event, word: Callable[[str], str], typed: bool) -> None:
    """Replace the texts of one node, mutation or input, in place."""
    if isinstance(one.get("textContent"), str) and not one.get("isStyle"):
        one["textContent"] = word(one["textContent"])
    if isinstance(one.get("texts"), list):
        for entry in one["texts"]:
            if isinstance(entry, dict) and isinstance(entry.get("value"), str):
                entry["value"] = word(entry["value"])
    attributes = one.get("attributes")
    if isinstance(attributes, dict):
        for name in TEXTS:
            # The value of a button is its label, that of a field what was typed; of a box, what it stands for.
            if isinstance(attributes.get(name), str) and (name != "value" or typed):
                attributes[name] = word(attributes[name])
    if typed and one.get("source") == 5 and isinstance(one.get("text"), str):
        one["text"] = word(one["text"])
