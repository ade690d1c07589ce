"""Masks card numbers in a text: 13 to 19 digits, as cards are numbered, with a sound check digit. Compiled code."""

from __future__ import annotations

from typing import Final

from data_contracts.compiled import compiled
from data_contracts.json_walk import Bytes
from data_contracts.masks import BACKSLASH, STAR, mask_char, read_char
from data_contracts.text_scan import DIGIT, LETTER, WORD, class_of

SHORTEST: Final = 13  # digits
LONGEST: Final = 19
SHORTEST_GROUP: Final = 3  # of digits, but for the last one: dates and lists of small numbers are no cards

NOTHING: Final = 0
POINT: Final = ord(".")
UNDERSCORE: Final = ord("_")
ZERO: Final = ord("0")


@compiled
def is_issued(first: int, count: int) -> bool:
    """Whether an issuer numbers cards of ``count`` digits that begin with the four digits ``first``.

    Visa, Mastercard, American Express, Diners Club, Discover, JCB, UnionPay, Maestro, RuPay, Mir, Troy.
    """
    two = first // 100
    if 6000 <= first < 7000 or two == 50 or 56 <= two <= 58:
        return True
    if 4000 <= first < 5000:
        return count == 13 or count == 16 or count == 19
    if 51 <= two <= 55 or 2221 <= first <= 2720 or first == 9792:
        return count == 16
    if two == 34 or two == 37:
        return count == 15
    if 3000 <= first < 3060 or first == 3095 or two == 36 or two == 38 or two == 39:
        return count >= 14
    return count >= 16 and (3528 <= first <= 3589 or 2200 <= first <= 2204 or two == 81 or two == 82)


@compiled
def is_separator(code: int) -> bool:
    """Whether a space or hyphen of any width, or a plus, which is a space in an address."""
    return (
        code == 32
        or code == 45
        or code == 43
        or code == 0xA0
        or code == 0x2009
        or code == 0x202F
        or 0x2010 <= code <= 0x2013
    )


@compiled
def may_begin(before: int, further: int) -> bool:
    """Whether a number may begin after these two characters, the nearer one first."""
    if before == POINT:
        return bool(class_of(further) & LETTER)  # the end of a word, not of the whole part of a decimal
    return not (class_of(before) & WORD or before == UNDERSCORE)


@compiled
def may_end(text: Bytes, at: int, end: int) -> bool:
    """Whether a number may end before ``at``."""
    if at >= end:
        return True
    code, at = read_char(text, at)
    if code == POINT and at < end:
        code, at = read_char(text, at)
        return not class_of(code) & DIGIT
    return not (class_of(code) & WORD or code == UNDERSCORE)


@compiled
def card_end(text: Bytes, at: int, end: int) -> int:
    """Where the longest card number that begins at ``at`` ends, or ``NOTHING``."""
    best = NOTHING
    count = 0
    group = 0
    first = 0
    even = 0  # sums of Luhn's test, as if the digits at even or at odd places were the ones to double
    odd = 0
    while True:
        code, following = read_char(text, at) if at < end else (NOTHING, at)
        digit = code - ZERO
        if 0 <= digit <= 9:
            if count == LONGEST:
                return best
            double = 2 * digit - 9 if digit > 4 else 2 * digit
            even += digit if count & 1 else double
            odd += double if count & 1 else digit
            if count < 4:
                first = first * 10 + digit
            count += 1
            group += 1
        else:
            total = odd if count & 1 else even
            if count >= SHORTEST and total % 10 == 0 and is_issued(first, count) and may_end(text, at, end):
                best = at
            if group < SHORTEST_GROUP or not is_separator(code):
                return best
            group = 0
        at = following


@compiled
def mask_cards(text: Bytes, at: int, end: int) -> int:
    """Mask the digits of every card number inside the JSON string ``text[at:end]``; returns how many there were."""
    found = 0
    before = further = NOTHING
    while at < end:
        code = int(text[at])
        following = at + 1
        if code == BACKSLASH or code >= 128:
            code, following = read_char(text, at)
        if ZERO <= code <= ZERO + 9:
            stop = card_end(text, at, end) if may_begin(before, further) else NOTHING
            if stop:
                while at < stop:
                    code, following = read_char(text, at)
                    if ZERO <= code <= ZERO + 9:
                        mask_char(text, at)
                    at = following
                found += 1
                before = STAR
                continue
            while at < end:  # past the rest of the group
                code, following = read_char(text, at)
                if not ZERO <= code <= ZERO + 9:
                    break
                further, before = before, code
                at = following
            continue
        further, before = before, code
        at = following
    return found
