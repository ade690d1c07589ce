"""The scrub's one walk over the JSON of events: it checks the JSON, and finds each string and its place.

No recursion; what is allocated grows with the depth alone. Compiled code.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from data_contracts.compiled import compiled
from data_contracts.json_walk import (
    BROKEN,
    CUT,
    DONE,
    FULL,
    Bytes,
    Spans,
    walk_literal,
    walk_number,
    walk_space,
)
from data_contracts.masks import QUOTE
from data_contracts.plain_json import BAD, is_array_of, times_at_end
from data_contracts.scrub_places import (
    ANY,
    CARDS,
    CBRACE,
    CBRACKET,
    CHANGE,
    CHILDREN,
    COLON,
    COLUMNS,
    COMMA,
    CONTEXT,
    COUNTED,
    DEEPEST,
    EMAILS,
    FOUND,
    INPUTS,
    IS_OBJECT,
    NAMED,
    NODE,
    NODES,
    OBRACE,
    OBRACKET,
    PACKED,
    SECRETS,
    TAG,
    TOP,
    Counts,
    Frames,
    concerns,
    context_of,
    finish,
    take_string,
)
from data_contracts.text_scan import LONG, SEEN_ALL, STOP, WALKING, WEIGHTS, walk_text
from data_contracts.unowned import byte_at, unowned

# What may come next.
VALUE_NEXT: Final = 1
KEY_NEXT: Final = 2
COMMA_NEXT: Final = 4
CLOSE_NEXT: Final = 8
VALUE_ENDED: Final = COMMA_NEXT | CLOSE_NEXT

ROWS: Final = 64  # frames at first
ZERO: Final = ord("0")
NINE: Final = ord("9")
MINUS: Final = ord("-")
POINT: Final = ord(".")
SMALL_E: Final = ord("e")


@compiled
def scrub_value(
    text: Bytes, frames: Frames, counts: Counts, spans: Spans, at: int, level: int, key: int, key_end: int
) -> tuple[int, int, int, int, int]:
    """Mask in place what the value at ``at`` holds: (position, state), as ``walk_value`` of the plain walk has them.

    Where the JSON breaks off, everything before is masked. With state FULL there are more open objects and arrays
    than frames: call again with more frames and what was returned, (position, state, level, key, key_end). The loop
    takes the common cases itself, since a call costs more than the few bytes of a key or number. ``spans`` takes where
    the first containers inside the outermost begin and end, ``counts[FOUND]`` how many there are.
    """
    text = unowned(text)
    end = text.size
    context = frames[level - 1, CONTEXT] if level else TOP
    is_object = level > 0 and frames[level - 1, IS_OBJECT] != 0
    key_escaped = False
    expected = VALUE_NEXT
    state = WALKING
    while state == WALKING:
        at = walk_space(text, at)
        byte = byte_at(text, at) if at < end else 0
        if at >= end:
            state = CUT
        elif byte == QUOTE and expected & (VALUE_NEXT | KEY_NEXT):
            begin = at + 1
            at = begin
            seen = weight = 0
            while weight >= 0 and at < end:
                weight = WEIGHTS[byte_at(text, at)]
                seen += weight
                at += 1
            seen = SEEN_ALL if at - begin > LONG else seen - STOP
            escaped = weight >= 0 or byte_at(text, at - 1) != QUOTE
            if escaped:
                at, state, seen = walk_text(text, begin - 1)
                if state == DONE:
                    state = WALKING
            if state == WALKING and expected & KEY_NEXT:
                key = begin
                key_end = at - 1
                key_escaped = escaped
                at = walk_space(text, at)
                if at >= end:
                    state = CUT
                elif byte_at(text, at) != COLON:
                    state = BROKEN
                else:
                    at += 1
                    expected = VALUE_NEXT
            elif state == WALKING:
                if key_escaped or concerns(context, key_end - key, byte_at(text, key), seen):
                    take_string(text, frames, level, key, key_end, begin, at - 1, seen, counts)
                expected = VALUE_ENDED
        elif byte == COMMA and expected & COMMA_NEXT:
            at += 1
            expected = KEY_NEXT if is_object else VALUE_NEXT
        elif (byte == MINUS or ZERO <= byte <= NINE) and expected & VALUE_NEXT:
            begin = at
            at += 1
            while at < end and ZERO <= byte_at(text, at) <= NINE:
                at += 1
            following = byte_at(text, at) if at < end else 0
            if byte == MINUS or byte == ZERO or following == POINT or following | 32 == SMALL_E:
                at, state = walk_number(text, begin)
                if state == DONE:
                    state = WALKING
            expected = VALUE_ENDED
        elif (byte == OBRACE or byte == OBRACKET) and expected & VALUE_NEXT:
            if level == frames.shape[0]:
                return at, FULL, level, key, key_end
            if is_object or context < ANY:  # what stands in an array of anything is anything
                context = context_of(text, context, is_object, key, key_end, byte == OBRACE)
            if context == NODES:
                frames[level - 1, CHILDREN] = NAMED if frames[level - 1, TAG] else at
            is_object = byte == OBRACE
            frames[level, CONTEXT] = context
            frames[level, IS_OBJECT] = is_object
            if context == NODE or context == CHANGE:
                for column in range(TAG, COLUMNS):
                    frames[level, column] = 0
            if level == 1 and counts[FOUND] < spans.shape[0]:
                spans[counts[FOUND], 0] = at
            level += 1
            if level > counts[DEEPEST]:
                counts[DEEPEST] = level
            at += 1
            expected = CLOSE_NEXT | (KEY_NEXT if is_object else VALUE_NEXT)
        elif byte == (CBRACE if is_object else CBRACKET) and expected & CLOSE_NEXT:
            if context == NODE or context == CHANGE:
                finish(text, frames, level, counts, state)
            level -= 1
            at += 1
            expected = VALUE_ENDED
            if level == 1:
                if counts[FOUND] < spans.shape[0]:
                    spans[counts[FOUND], 1] = at
                counts[FOUND] += 1
            if level:
                context = frames[level - 1, CONTEXT]
                is_object = frames[level - 1, IS_OBJECT] != 0
        elif expected & VALUE_NEXT:
            at, state = walk_literal(text, at)
            if state == DONE:
                state = WALKING
            expected = VALUE_ENDED
        else:
            state = BROKEN
        if expected == VALUE_ENDED and state == WALKING:
            if level == 0:
                state = DONE
            elif at < end and byte_at(text, at) == COMMA:
                at += 1
                expected = KEY_NEXT if is_object else VALUE_NEXT
    while level:
        finish(text, frames, level, counts, state)
        level -= 1
    return at, state, level, key, key_end


@compiled
def grown(frames: Frames) -> Frames:
    """The same frames with room for as many more."""
    more = np.empty((2 * frames.shape[0], COLUMNS), np.int64)
    for row in range(frames.shape[0]):
        for column in range(COLUMNS):
            more[row, column] = frames[row, column]
    return more


@compiled
def scrub_documents(text: Bytes, spans: Spans, counts: Counts) -> bool:
    """Mask in place what a text of JSON values one after another holds; whether all could be walked.

    Parameters
    ----------
    spans
        As ``scrub_value`` takes them.
    counts
        i8[COUNTED], all 0: what was met is counted here.
    """
    frames = np.empty((ROWS, COLUMNS), np.int64)
    bare = unowned(text)
    at = walk_space(bare, 0)
    level = key = key_end = int(
        counts[PACKED]
    )  # 0, but not as a literal: the walk would be compiled for that too
    state = DONE
    while (state == DONE and at < text.size) or state == FULL:
        if state == FULL:
            frames = grown(frames)
        at, state, level, key, key_end = scrub_value(
            bare, unowned(frames), unowned(counts), unowned(spans), at, level, key, key_end
        )
        if state == DONE:
            at = walk_space(bare, at)
    return state == DONE


@compiled
def scrub_array(
    text: Bytes, depth: int, spans: Spans
) -> tuple[bool, int, int, int, int, int, int, int, int, int]:
    """Mask in place, and cut a text that is one array of events into these: (walked, masked…, how many, times…).

    Parameters
    ----------
    depth
        Most levels of an event.
    spans
        Takes where each begins and ends, i8[n, 2].

    Returns
    -------
    tuple
        Whether all could be walked; what was masked, as ``Scrubbed`` has it; how many events there are, and their
        first, last and greatest timestamp. That number is ``BAD`` where ``spans`` has no room for so many, where one is
        nested too deeply or does not end with its timestamp, and where there is anything else in the text.
    """
    counts = np.zeros(COUNTED, np.int64)
    walked = scrub_documents(text, spans, counts)
    found, first, last, greatest = BAD, 0, 0, 0
    if walked and counts[PACKED] == 0 and counts[FOUND] <= spans.shape[0] and counts[DEEPEST] <= depth + 1:
        cut = spans[: counts[FOUND]]
        if is_array_of(text, cut):
            first, last, greatest, told = times_at_end(text, cut)
            if told:
                found = int(counts[FOUND])
    return (
        walked,
        int(counts[INPUTS]),
        int(counts[CARDS]),
        int(counts[EMAILS]),
        int(counts[SECRETS]),
        int(counts[PACKED]),
        found,
        first,
        last,
        greatest,
    )
