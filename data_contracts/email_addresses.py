"""Masks e-mail addresses in a text, also with the ``%40`` that an address writes for ``@``. Compiled code."""

from __future__ import annotations

from typing import Final

from data_contracts.compiled import compiled
from data_contracts.json_walk import Bytes
from data_contracts.masks import STAR, mask, read_char
from data_contracts.scrub_words import FILE_ENDING, code_of, digest_of
from data_contracts.text_scan import AT, DOMAIN, LETTER, LOCAL, PERCENT, class_of, percent_code

POINT: Final = ord(".")
NOTHING: Final = 0


@compiled
def domain_end(text: Bytes, at: int, end: int) -> int:
    """Where the longest domain that begins at ``at`` ends, or ``NOTHING``.

    Two labels at least, of which the last has two characters or more, begins with a letter and is no file ending.
    """
    best = NOTHING
    begun = at  # of the label
    size = 0
    letter_first = False
    labels = 0
    while True:
        code, following = read_char(text, at) if at < end else (NOTHING, at)
        kind = class_of(code)
        if kind & DOMAIN:
            if size == 0:
                letter_first = kind & LETTER != 0
            size += 1
        else:
            if size == 0:
                return best
            labels += 1
            if (
                labels > 1
                and size > 1
                and letter_first
                and not code_of(digest_of(text, begun, at) ^ FILE_ENDING)
            ):
                best = at
            if code != POINT:
                return best
            begun = following
            size = 0
        at = following


@compiled
def mask_emails(text: Bytes, at: int, end: int) -> int:
    """Mask every e-mail address inside the JSON string ``text[at:end]``; returns how many there were."""
    found = 0
    begun = at  # of what may stand before an @
    told = False  # whether that says anything: asterisks alone are masked already
    while at < end:
        code, following = read_char(text, at)
        if code == PERCENT:
            meant, after = percent_code(text, following, end)
            if meant == AT:
                code, following = AT, after
        if code == AT:
            stop = domain_end(text, following, end) if told else NOTHING
            if stop:
                mask(text, begun, stop)
                found += 1
                following = stop
            begun = following
            told = False
        elif not class_of(code) & LOCAL:
            begun = following
            told = False
        elif code != STAR:
            told = True
        at = following
    return found
