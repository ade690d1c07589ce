"""What a string is by its place in the JSON of events, and what the scrub masks in it.

The place alone tells, never the type of an event, so that keys may come in any order. Compiled code.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from data_contracts import scrub_words as w
from data_contracts.card_numbers import SHORTEST, mask_cards
from data_contracts.compiled import compiled
from data_contracts.email_addresses import mask_emails
from data_contracts.json_walk import Bytes, walk_space
from data_contracts.masks import QUOTE, mask_whole, read_char
from data_contracts.scrub_words import code_of, digest_of
from data_contracts.secret_values import is_secret, mask_secrets
from data_contracts.text_scan import AT_SIGN, AT_SIGNS, DIGITS, WALKING, walk_text

Counts = npt.NDArray[np.int64]
"""What was counted, i8[COUNTED]; or one frame, i8[COLUMNS]."""
Frames = npt.NDArray[np.int64]
"""The objects and arrays that are open, the outermost first, i8[levels, COLUMNS]."""

# What is counted.
INPUTS: Final = 0
CARDS: Final = 1
EMAILS: Final = 2
SECRETS: Final = 3
PACKED: Final = 4
FOUND: Final = 5  # objects and arrays met directly in the outermost array or object
DEEPEST: Final = 6  # most levels that were open at once
COUNTED: Final = 7

# What an open object or array is.
TOP: Final = 0  # events, or wrappers of some
EVENT: Final = 1  # an event, an act or a wrapper
DATA: Final = 2
ADDS: Final = 3
ADD: Final = 4
CHANGES: Final = 5
CHANGE: Final = 6
NODES: Final = 7
NODE: Final = 8
ATTRIBUTES: Final = 9
ANY: Final = 10
HIDDEN: Final = 11  # the value of a secret name
LEFT: Final = 12
WINDOWS: Final = 13

# Columns of a frame. All but the first two are those of an element (NODE) or of a change of one (CHANGE).
CONTEXT: Final = 0
IS_OBJECT: Final = 1
TAG: Final = 2
IS_LABEL: Final = 3  # its type says that the page wrote its value
VALUE: Final = 4  # where its value begins, 0 if there is none
SECOND_VALUE: Final = 5
CHILDREN: Final = 6  # where its children begin; NAMED if its tag was known by then
HAS_ELEMENTS: Final = 7  # among its children
COLUMNS: Final = 8
NAMED: Final = -1

OBRACE: Final = ord("{")
CBRACE: Final = ord("}")
OBRACKET: Final = ord("[")
CBRACKET: Final = ord("]")
COLON: Final = ord(":")
COMMA: Final = ord(",")

T: Final = ord("t")  # type
V: Final = ord("v")  # value
R: Final = ord("r")  # rr_value
X: Final = ord("x")  # as zlib begins
GZIP: Final = (0x1F, 0x8B)


@compiled
def is_suspect(seen: int) -> bool:
    """Whether a string may hold anything that a search would mask."""
    return seen >= AT_SIGN or seen & DIGITS >= SHORTEST


@compiled
def search(text: Bytes, begin: int, end: int, seen: int, counts: Counts) -> None:
    """Mask card numbers, secrets and e-mail addresses inside the JSON string ``text[begin:end]``."""
    if seen & DIGITS >= SHORTEST:
        counts[CARDS] += mask_cards(text, begin, end)
    if seen >= AT_SIGN:
        counts[SECRETS] += mask_secrets(text, begin, end)
    if seen & AT_SIGNS:
        counts[EMAILS] += mask_emails(text, begin, end)


@compiled
def is_packed(text: Bytes, begin: int, end: int) -> bool:
    """Whether the string ``text[begin:end]`` holds JSON, or begins as zlib or gzip do."""
    if begin >= end:
        return False
    first, at = read_char(text, begin)
    if first == OBRACE or first == OBRACKET:
        return True
    if at >= end:
        return False
    second, _ = read_char(text, at)
    if first == X:
        return second == 0x01 or second == 0x5E or second == 0x9C or second == 0xDA
    return first == GZIP[0] and second == GZIP[1]


@compiled
def search_unless_packed(text: Bytes, begin: int, end: int, seen: int, counts: Counts) -> None:
    """Count a string that is packed, which only who unpacks it can scrub; search any other."""
    if is_packed(text, begin, end):
        counts[PACKED] += 1
    else:
        search(text, begin, end, seen, counts)


@compiled
def concerns(context: int, size: int, first: int, seen: int) -> bool:
    """Whether a string may be more than a text without anything to mask; most are not, and cost no call.

    ``size`` and ``first`` are those of its key: bytes, and the first of them.
    """
    if context == ATTRIBUTES:
        first |= 32
        known = (size == 4 and first == T) or (size == 5 and first == V) or (size == 8 and first == R)
        return known or is_suspect(seen)
    return (
        is_suspect(seen)
        or context <= EVENT
        or context == ANY
        or context == HIDDEN
        or (context == DATA and (size == 4 or size == 5 or size == 7 or size == 10))
        or (context == NODE and (size == 7 or size == 11))
    )


@compiled
def take_attribute(
    text: Bytes, element: Counts, key: int, key_end: int, begin: int, end: int, seen: int, counts: Counts
) -> None:
    """Take an attribute whose value is the string ``text[begin:end]``; ``element`` is the frame of its element."""
    code = code_of(digest_of(text, key, key_end) ^ w.KEY)
    if code == w.K_TYPE:
        element[IS_LABEL] = code_of(digest_of(text, begin, end) ^ w.LABEL_TYPE)
    elif code == w.K_VALUE:
        if not element[VALUE]:
            element[VALUE] = begin
        elif not element[SECOND_VALUE]:
            element[SECOND_VALUE] = begin
        else:  # no recorder writes three
            counts[INPUTS] += mask_whole(text, begin, end)
    elif is_suspect(seen) and not code_of(digest_of(text, key, key_end) ^ w.LEFT_ATTRIBUTE):
        search(text, begin, end, seen, counts)


@compiled
def take_string(
    text: Bytes,
    frames: Frames,
    level: int,
    key: int,
    key_end: int,
    begin: int,
    end: int,
    seen: int,
    counts: Counts,
) -> None:
    """Mask what is to be masked in the string ``text[begin:end]``, and note what it says of its element.

    Parameters
    ----------
    frames, level
        Open objects and arrays, and how many they are.
    key, key_end
        Its key is ``text[key:key_end]``, if it is the member of an object.
    seen
        What the string may hold, as ``walk_text`` told.
    counts
        Where every place that is masked is counted.
    """
    context = frames[level - 1, CONTEXT] if level else TOP
    code = 0
    if level and frames[level - 1, IS_OBJECT]:
        if context == ATTRIBUTES:
            take_attribute(text, frames[level - 2], key, key_end, begin, end, seen, counts)
            return
        if context == ANY and end > begin and is_secret(text, key, key_end, False):
            context = HIDDEN
        elif context != ANY:
            code = code_of(digest_of(text, key, key_end) ^ w.KEY)
    masks = context == HIDDEN
    leaves = context == LEFT
    may_be_packed = context == TOP
    if context == NODE:
        if code == w.K_TAG:
            frames[level - 1, TAG] = max(code_of(digest_of(text, begin, end) ^ w.FIELD_TAG), w.OTHER_TAG)
            leaves = True
        elif code == w.K_CONTENT and level >= 3 and frames[level - 2, CONTEXT] == NODES:
            masks = frames[level - 3, TAG] == w.TEXTAREA
            leaves = frames[level - 3, TAG] == w.STYLE
    elif context == DATA:
        masks = code == w.K_TEXT
        leaves = code == w.K_NAME
        may_be_packed = code == w.K_ADDS or code == w.K_ATTRIBUTES or code == w.K_OTHERS
    elif context == EVENT:
        leaves = code == w.K_LEFT or code == w.K_TYPE
        may_be_packed = code == w.K_DATA
    elif context == ADD:
        leaves = code == w.K_NAME
    if masks:
        counts[SECRETS if context == HIDDEN else INPUTS] += mask_whole(text, begin, end)
    elif may_be_packed:
        search_unless_packed(text, begin, end, seen, counts)
    elif not leaves and is_suspect(seen):
        search(text, begin, end, seen, counts)


@compiled
def context_of(text: Bytes, outer: int, in_object: bool, key: int, key_end: int, is_object: bool) -> int:
    """What the object or array is that opens inside ``outer``, in an object under the key ``text[key:key_end]``."""
    if outer == LEFT or outer == HIDDEN:
        return outer
    if not in_object:
        if outer == TOP:
            return EVENT if is_object else TOP
        if is_object and (outer == ADDS or outer == CHANGES or outer == NODES):
            return outer + 1
        return ANY
    if outer == ANY:
        return HIDDEN if is_secret(text, key, key_end, False) else ANY
    if outer == WINDOWS:
        return ANY if is_object else TOP
    if outer == ATTRIBUTES:
        return LEFT  # the properties of a style that changed
    code = code_of(digest_of(text, key, key_end) ^ w.KEY)
    context = ANY
    if outer == EVENT or outer == DATA:
        if code == w.K_LIST:
            context = EVENT if is_object else TOP
        elif code == w.K_INSIDE and is_object:
            context = EVENT
        elif code == w.K_BY_WINDOW and is_object:
            context = WINDOWS
        elif outer == EVENT and code == w.K_DATA:
            context = DATA if is_object else TOP
        elif outer == DATA and code == w.K_ADDS and not is_object:
            context = ADDS
        elif outer == DATA and code == w.K_ATTRIBUTES and not is_object:
            context = CHANGES
    if outer == DATA or outer == ADD:
        if code == w.K_NODE and is_object:
            context = NODE
        elif code == w.K_NAME:
            context = LEFT
    elif outer == NODE or outer == CHANGE:
        if code == w.K_ATTRIBUTES and is_object:
            context = ATTRIBUTES
        elif code == w.K_CHILDREN and not is_object and outer == NODE:
            context = NODES
    return context


@compiled
def mask_contents(text: Bytes, at: int, counts: Counts) -> None:
    """Mask the content of every text among the children, sound JSON, whose array begins at ``at``."""
    depth = 0
    is_content = False
    while True:
        byte = text[at]
        if byte == QUOTE:
            begin = at + 1
            at, _, _ = walk_text(text, at)
            end = at - 1
            at = walk_space(text, at)
            if text[at] == COLON:
                is_content = depth == 2 and code_of(digest_of(text, begin, end) ^ w.KEY) == w.K_CONTENT
                at = walk_space(text, at + 1)
                is_content = is_content and text[at] == QUOTE
            else:
                if is_content:
                    counts[INPUTS] += mask_whole(text, begin, end)
                is_content = False
            continue
        if byte == OBRACE or byte == OBRACKET:
            depth += 1
        elif byte == CBRACE or byte == CBRACKET:
            depth -= 1
            if depth == 0:
                return
        at += 1


@compiled
def finish(text: Bytes, frames: Frames, level: int, counts: Counts, state: int) -> None:
    """Decide on the value and the contents of the element whose frame is the last, now that all is known of it.

    ``state`` is that of the walk: where the JSON broke off inside the element, what may be a field is one.
    """
    row = level - 1
    cut = state != WALKING
    context = frames[row, CONTEXT]
    if context != NODE and context != CHANGE:
        return
    tag = frames[row, TAG]
    is_field = w.INPUT <= tag <= w.SELECT or context == CHANGE or (cut and not tag)
    for column in range(VALUE, SECOND_VALUE + 1):
        begin = frames[row, column]
        if begin:
            at, _, seen = walk_text(text, begin - 1)
            if is_field and not frames[row, IS_LABEL]:
                counts[INPUTS] += mask_whole(text, begin, at - 1)
            else:
                search(text, begin, at - 1, seen, counts)
    if tag == w.TEXTAREA and frames[row, CHILDREN] > 0 and not frames[row, HAS_ELEMENTS] and not cut:
        mask_contents(text, frames[row, CHILDREN], counts)
    if level >= 3 and frames[row - 1, CONTEXT] == NODES and (tag or frames[row, CHILDREN]):
        frames[row - 2, HAS_ELEMENTS] = 1
