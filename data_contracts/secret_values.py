r"""Masks what a text calls secret: ``?token=…``, ``{"password": "…"}`` inside a text, ``https://user:word@host``.

A name is made of words; one secret word makes it secret, wherever it stands. Compiled code.
"""

from __future__ import annotations

from typing import Final

from data_contracts.compiled import compiled
from data_contracts.json_walk import Bytes
from data_contracts.lexicon import FNV_BASIS, FNV_PRIME
from data_contracts.masks import BACKSLASH, QUOTE, SLASH, mask, read_char
from data_contracts.scrub_words import SECRET, SECRET_NAME, SECRET_PARAMETER, code_of
from data_contracts.text_scan import (
    AT,
    DIGIT,
    ENDS,
    EQUAL,
    LEAVES,
    LETTER,
    NAME,
    PERCENT,
    WORD,
    class_of,
    percent_code,
)

LONGEST_NAME: Final = 128  # characters; what is longer is no name
COLON: Final = ord(":")
COMMA: Final = ord(",")
MINUS: Final = ord("-")
SPACE: Final = ord(" ")
UNDERSCORE: Final = ord("_")
APOSTROPHE: Final = ord("'")
NOTHING: Final = 0


@compiled
def is_secret(text: Bytes, at: int, end: int, is_parameter: bool) -> bool:
    """Whether the name inside the JSON string ``text[at:end]`` says that its value is secret.

    Words end where a letter does, or where a small one meets a capital; two that follow each other may be secret
    together. The name as a whole is what follows the last character that is no letter, digit, hyphen or underscore:
    ``user[key]`` is as good as ``key``.
    """
    word = whole = FNV_BASIS
    pair = 0  # of the word before and this one; begun with none, it is nothing that is listed
    small_before = False
    anew = False
    while at < end:
        code, at = read_char(text, at)
        kind = class_of(code)
        if code == PERCENT:
            _, at = percent_code(text, at, end)
        letter = kind & LETTER
        capital = 65 <= code <= 90
        if (not letter or (capital and small_before)) and word != FNV_BASIS:
            if code_of(word ^ SECRET) or code_of(pair ^ SECRET_NAME):
                return True
            pair = word
            word = FNV_BASIS
        small_before = letter != 0 and not capital
        if kind & WORD:
            if anew:
                whole = FNV_BASIS
                anew = False
            if capital:
                code += 32
            if letter:
                word = (word ^ code) * FNV_PRIME
                pair = (pair ^ code) * FNV_PRIME
            whole = (whole ^ code) * FNV_PRIME
        elif code != MINUS and code != UNDERSCORE:
            anew = True
    if word != FNV_BASIS and (code_of(word ^ SECRET) or code_of(pair ^ SECRET_NAME)):
        return True
    if code_of(whole ^ SECRET_NAME):
        return True
    return is_parameter and code_of(whole ^ SECRET_PARAMETER) != 0


@compiled
def quoted_end(text: Bytes, at: int, end: int, quote: int, slashes: int) -> int:
    """Where the text ends that is closed by ``quote`` with at most ``slashes`` backslashes before it."""
    run = 0
    closing = at
    while at < end:
        code, following = read_char(text, at)
        if code == BACKSLASH:
            if run == 0:
                closing = at
            run += 1
        else:
            if code == quote and run <= slashes:
                return closing if run else at
            run = 0
        at = following
    return end


@compiled
def value_end(text: Bytes, at: int, end: int, nested: bool) -> int:
    """Where the value of a parameter ends; ``nested`` if its ``=`` is written ``%3D``, as in one address in another."""
    while at < end:
        code, following = read_char(text, at)
        if nested and code == PERCENT:
            code, following = percent_code(text, following, end)
            if code >= 0 and class_of(code) & ENDS:
                return at
        elif class_of(code) & ENDS:
            return at
        at = following
    return end


@compiled
def skip_slashes(text: Bytes, at: int, end: int) -> tuple[int, int]:
    """Past the backslashes at ``at``, and how many they are."""
    count = 0
    while at < end:
        code, following = read_char(text, at)
        if code != BACKSLASH:
            break
        count += 1
        at = following
    return at, count


@compiled
def skip_spaces(text: Bytes, at: int, end: int) -> int:
    """Past the white space at ``at``."""
    while at < end:
        code, following = read_char(text, at)
        if code > SPACE:
            break
        at = following
    return at


@compiled
def parameter_value(text: Bytes, at: int, end: int, nested: bool) -> tuple[int, int]:
    """Where the value after an equals sign begins and ends; it may stand in quotes."""
    opening, slashes = skip_slashes(text, at, end)
    if opening < end:
        code, inside = read_char(text, opening)
        if code == QUOTE or code == APOSTROPHE:
            return inside, quoted_end(text, inside, end, code, slashes)
    return at, value_end(text, at, end, nested)


@compiled
def member_value(text: Bytes, at: int, end: int) -> tuple[int, int]:
    """Where the value of a member of JSON inside a text begins and ends, from the end of its name on.

    Only a text or a number; ``(NOTHING, NOTHING)`` for anything else.
    """
    at, slashes = skip_slashes(text, at, end)
    if at >= end:
        return NOTHING, NOTHING
    code, at = read_char(text, at)
    if code != QUOTE:
        return NOTHING, NOTHING
    at = skip_spaces(text, at, end)
    if at >= end:
        return NOTHING, NOTHING
    code, at = read_char(text, at)
    if code != COLON:
        return NOTHING, NOTHING
    begin = skip_spaces(text, at, end)
    opening, slashes = skip_slashes(text, begin, end)
    if opening >= end:
        return NOTHING, NOTHING
    code, inside = read_char(text, opening)
    if code == QUOTE:
        return inside, quoted_end(text, inside, end, QUOTE, slashes)
    at = begin
    while at < end:
        code, following = read_char(text, at)
        if not class_of(code) & DIGIT and code != MINUS:
            break
        at = following
    return (begin, at) if at > begin else (NOTHING, NOTHING)


@compiled
def user_end(text: Bytes, at: int, end: int) -> int:
    """Where the user and password of an address end whose host or user begins at ``at``, or ``NOTHING``."""
    found = NOTHING
    while at < end:
        code, following = read_char(text, at)
        if class_of(code) & LEAVES:
            break
        if code == AT:
            found = at
        at = following
    return found


@compiled
def past_scheme(text: Bytes, at: int, end: int) -> int:
    """Where the host or user begins if ``//`` stands at ``at``, or ``NOTHING``."""
    for _ in range(2):
        if at >= end:
            return NOTHING
        code, at = read_char(text, at)
        if code != SLASH:
            return NOTHING
    return at


@compiled
def mask_secrets(text: Bytes, at: int, end: int) -> int:
    """Mask every value inside the JSON string ``text[at:end]`` that its name says is secret; returns how many."""
    found = 0
    name = at
    length = 0  # of the name so far
    while at < end:
        code, following = read_char(text, at)
        nested = False
        if code == PERCENT:
            meant, after = percent_code(text, following, end)
            if meant == EQUAL:
                code, following, nested = EQUAL, after, True
            elif meant >= 0 and class_of(meant) & NAME == 0:
                code, following = SPACE, after
        begin = stop = NOTHING
        if code == EQUAL or code == QUOTE or code == BACKSLASH:
            if 0 < length <= LONGEST_NAME and is_secret(text, name, at, code == EQUAL):
                if code == EQUAL:
                    begin, stop = parameter_value(text, following, end, nested)
                else:
                    begin, stop = member_value(text, at, end)
        elif code == COLON:
            begin = past_scheme(text, following, end)
            if begin:
                stop = user_end(text, begin, end)
                following = begin
        if stop:
            found += mask(text, begin, stop)
            following = stop
        if code != EQUAL and class_of(code) & NAME:
            length += 1
        else:
            name = following
            length = 0
        at = following
    return found
