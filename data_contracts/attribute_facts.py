"""What one attribute of an element says, read from the bytes of its JSON value by compiled code.

Each attribute owns some bits of the node, so that a mutation of it clears and sets those alone. Only
class, style, names, links, types, roles and switches are read; labels, titles, values and every other
text are not.
"""

from __future__ import annotations

from typing import Final

import numpy.typing as npt
from numpy import uint8

from data_contracts import lexicon
from data_contracts.compiled import compiled
from data_contracts.lexicon import FNV_BASIS, FNV_PRIME, KEYS, TABLE_SIZE, VALUES
from data_contracts.node_table import Arena, Nodes, State, forget, keep

Text = npt.NDArray[uint8]
"""JSON in UTF-8, u1[n]; ``start`` and ``end`` are offsets into it, in bytes."""

# Bits of a node.
HREF: Final = 1 << 0
HREF_UNSEEN: Final = 1 << 1  # mailto: and the like, or a document
TARGET_OTHER: Final = 1 << 2  # opens another tab
DOWNLOADS: Final = 1 << 3
TABBABLE: Final = 1 << 4
ONCLICK: Final = 1 << 5
STYLE_POINTER: Final = 1 << 6
STYLE_HIDDEN: Final = 1 << 7
HIDDEN: Final = 1 << 8
ARIA_HIDDEN: Final = 1 << 9
DISABLED: Final = 1 << 10
ARIA_DISABLED: Final = 1 << 11
LIVE_REGION: Final = 1 << 12
ARIA_INVALID: Final = 1 << 13
EDITABLE: Final = 1 << 14
CONTROLS: Final = 1 << 15
FOR: Final = 1 << 16
ITEM_PRICE: Final = 1 << 17
OF_FORM: Final = 1 << 18  # a button that names its form
BLOCKED: Final = 1 << 19  # recorded as an empty box
SHADOW: Final = 1 << 20  # child of a shadow root; from the node, not from an attribute
PRESSED: Final = 1 << 22  # was pressed once, see page_changes
POPUP: Final = 1 << 23  # says that it opens something
EXPANDED: Final = 1 << 24  # says whether it is open now
NO_WIDTH: Final = 1 << 25  # a pixel wide at most
NO_HEIGHT: Final = 1 << 26

ANY_HIDING: Final = STYLE_HIDDEN | HIDDEN | ARIA_HIDDEN

# Words resolved over one class name, as kept in either half of a node's ``words``.
WORD_MASK: Final = 0xFFFF
ID_SHIFT: Final = 16

QUOTE: Final = ord('"')
BACKSLASH: Final = ord("\\")
BRACE: Final = ord("{")
SPACE: Final = ord(" ")  # as this and all below it

C_ID: Final = lexicon.ATTRIBUTE_CODES["id"]
C_NAME: Final = lexicon.ATTRIBUTE_CODES["name"]
C_FOR: Final = lexicon.ATTRIBUTE_CODES["for"]
C_ARIA_CONTROLS: Final = lexicon.ATTRIBUTE_CODES["aria-controls"]
C_CLASS: Final = lexicon.ATTRIBUTE_CODES["class"]
C_HREF: Final = lexicon.ATTRIBUTE_CODES["href"]
C_XLINK_HREF: Final = lexicon.ATTRIBUTE_CODES["xlink:href"]
C_TARGET: Final = lexicon.ATTRIBUTE_CODES["target"]
C_DOWNLOAD: Final = lexicon.ATTRIBUTE_CODES["download"]
C_TYPE: Final = lexicon.ATTRIBUTE_CODES["type"]
C_ROLE: Final = lexicon.ATTRIBUTE_CODES["role"]
C_TABINDEX: Final = lexicon.ATTRIBUTE_CODES["tabindex"]
C_ONCLICK: Final = lexicon.ATTRIBUTE_CODES["onclick"]
C_STYLE: Final = lexicon.ATTRIBUTE_CODES["style"]
C_HIDDEN: Final = lexicon.ATTRIBUTE_CODES["hidden"]
C_DISABLED: Final = lexicon.ATTRIBUTE_CODES["disabled"]
C_ARIA_DISABLED: Final = lexicon.ATTRIBUTE_CODES["aria-disabled"]
C_ARIA_HIDDEN: Final = lexicon.ATTRIBUTE_CODES["aria-hidden"]
C_ARIA_LIVE: Final = lexicon.ATTRIBUTE_CODES["aria-live"]
C_ARIA_INVALID: Final = lexicon.ATTRIBUTE_CODES["aria-invalid"]
C_EDITABLE: Final = lexicon.ATTRIBUTE_CODES["contenteditable"]
C_CONTROLS: Final = lexicon.ATTRIBUTE_CODES["controls"]
C_ITEMPROP: Final = lexicon.ATTRIBUTE_CODES["itemprop"]
C_FORM: Final = lexicon.ATTRIBUTE_CODES["form"]
C_RR_WIDTH: Final = lexicon.ATTRIBUTE_CODES["rr_width"]
C_ARIA_HASPOPUP: Final = lexicon.ATTRIBUTE_CODES["aria-haspopup"]
C_ARIA_EXPANDED: Final = lexicon.ATTRIBUTE_CODES["aria-expanded"]
C_WIDTH: Final = lexicon.ATTRIBUTE_CODES["width"]
C_HEIGHT: Final = lexicon.ATTRIBUTE_CODES["height"]
LAST_KEPT: Final = lexicon.LAST_KEPT_ATTRIBUTE


@compiled
def look_up(key: int) -> int:
    """Code of a word by its key, 0 for a word that the lexicon does not hold."""
    place = key & TABLE_SIZE - 1
    while KEYS[place] != 0:
        if KEYS[place] == key:
            return int(VALUES[place])
        place = place + 1 & TABLE_SIZE - 1
    return 0


@compiled
def word_code(text: Text, start: int, end: int, domain: int) -> int:
    """Code of the word ``text[start:end]`` in a domain of the lexicon, whatever its case."""
    digest = FNV_BASIS ^ domain
    for i in range(start, end):
        byte = int(text[i])
        if 65 <= byte <= 90:
            byte += 32
        digest = (digest ^ byte) * FNV_PRIME
    return look_up(digest)


@compiled
def resolve(says: int, words: int) -> int:
    """What one class name says, from the sum of what its words say and their number."""
    result = says & (lexicon.UNSEEN | lexicon.COPY | lexicon.CONSENT | lexicon.PRICE | lexicon.ERROR)
    result |= says & lexicon.SEARCH
    if says & lexicon.LOOKS and not says & lexicon.CONTAINER:
        result |= lexicon.LOOKS
    if says & lexicon.CURSOR and says & lexicon.POINTER:
        result |= lexicon.LOOKS
    if (says & lexicon.MAP and not says & lexicon.SITE) or (
        says & lexicon.OPEN_LAYERS and says & lexicon.VIEWPORT
    ):
        result |= lexicon.MAP
    if says & lexicon.HIDE and (words == 1 or (words == 2 and says & lexicon.PREFIX)):
        result |= lexicon.HIDE
    if says & lexicon.NONE and says & lexicon.PREFIX and words == 2:
        result |= lexicon.HIDE
    return result


@compiled
def class_words(text: Text, start: int, end: int) -> int:
    """What the class names in ``text[start:end]`` say, as a sum of the lexicon's words.

    A name is cut at anything but a letter, and also where a small letter meets a capital, so that
    ``btn-primary``, ``btn_primary`` and ``btnPrimary`` speak alike; ``OneTrust`` is also looked up uncut.
    """
    result = 0
    says = 0  # of the name so far
    words = 0
    basis = FNV_BASIS ^ lexicon.WORD
    digest = basis
    begun = start  # of the word
    uncut = start  # of the run of letters that it is part of
    small_before = False
    for i in range(start, end + 1):
        byte = int(text[i]) if i < end else SPACE
        if 97 <= byte <= 122:
            digest = (digest ^ byte) * FNV_PRIME
            small_before = True
            continue
        capital = 65 <= byte <= 90
        if (capital and not small_before) or byte >= 128:
            digest = (digest ^ byte + 32) * FNV_PRIME
            continue
        if i > begun:  # the word ends before this byte
            says |= look_up(digest)
            words += 1
        cut = begun > uncut
        begun = i
        digest = basis
        small_before = False
        if capital:
            digest = (digest ^ byte + 32) * FNV_PRIME
            continue
        if cut:
            says |= word_code(text, uncut, i, lexicon.WORD)
        begun = i + 1
        uncut = begun
        if byte <= SPACE:
            if says:
                result |= resolve(says, words)
            says = 0
            words = 0
    if result & lexicon.LOOKS:  # `btn btn-danger` deletes something; it reports no error
        result &= ~lexicon.ERROR
    return result


@compiled
def begins(text: Text, start: int, end: int, word: bytes) -> bool:
    """Whether ``text[start:end]`` begins with a word of small letters, whatever its own case."""
    if end - start < len(word):
        return False
    for i in range(len(word)):
        byte = int(text[start + i])
        if 65 <= byte <= 90:
            byte += 32
        if byte != word[i]:
            return False
    return True


@compiled
def holds(text: Text, start: int, end: int, word: bytes) -> bool:
    """Whether a word of small letters occurs in ``text[start:end]``."""
    for i in range(start, end - len(word) + 1):  # noqa: SIM110  (compiled code has no generators)
        if begins(text, i, end, word):
            return True
    return False


@compiled
def style_bits(text: Text, start: int, end: int) -> tuple[int, int]:
    """Bits that a style speaks of, and those of them that it sets.

    Reads both forms: ``"display: none; ..."`` and the object of changed properties that a mutation holds.
    """
    told = 0
    bits = 0
    in_name = False
    for i in range(start, end):
        byte = int(text[i])
        if not in_name and (byte == 100 or byte == 118 or byte == 99):  # d v c
            value = i
            if begins(text, i, end, b"display"):
                value = i + 7
            elif begins(text, i, end, b"visibility"):
                value = i + 10
            elif begins(text, i, end, b"cursor"):
                value = i + 6
            while (
                value > i and value < end and (text[value] <= SPACE or text[value] in (58, 34, 91))
            ):  # : " [
                value += 1
            if value > i and byte == 99:
                told |= STYLE_POINTER
                bits = bits & ~STYLE_POINTER | (STYLE_POINTER if begins(text, value, end, b"pointer") else 0)
            elif value > i:
                told |= STYLE_HIDDEN
                if begins(text, value, end, b"none") or begins(text, value, end, b"hidden"):
                    bits |= STYLE_HIDDEN
        in_name = 97 <= byte <= 122 or byte == 45 or 65 <= byte <= 90  # letters and -
    return told, bits


@compiled
def href_bits(text: Text, start: int, end: int) -> int:
    """Facts of an address: that there is one, and whether following it leaves no trace in the page."""
    bits = HREF
    if begins(text, start, end, b"javascript:"):
        if holds(text, start, end, b"print("):
            bits |= HREF_UNSEEN
        return bits
    if (
        begins(text, start, end, b"mailto:")
        or begins(text, start, end, b"tel:")
        or begins(text, start, end, b"sms:")
        or begins(text, start, end, b"blob:")
        or begins(text, start, end, b"data:")
    ):
        return bits | HREF_UNSEEN
    stop = end
    for i in range(start, end):
        if text[i] == 63 or text[i] == 35:  # ? #
            stop = i
            break
    for i in range(stop - 1, max(start, stop - 6), -1):
        if text[i] == 46:  # .
            if word_code(text, i + 1, stop, lexicon.EXTENSION):
                bits |= HREF_UNSEEN
            break
    return bits


@compiled
def put(nodes: Nodes, row: int, mask: int, bits: int) -> None:
    """Set the bits under ``mask``."""
    nodes[row]["bits"] = int(nodes[row]["bits"]) & ~mask | bits


@compiled
def read_attribute(
    nodes: Nodes,
    arena: Arena,
    state: State,
    row: int,
    code: int,
    text: Text,
    start: int,
    end: int,
    keeping: bool,
) -> None:
    """Take in one attribute of a node.

    Parameters
    ----------
    nodes, arena, state
        The page.
    row
        The node.
    code
        The attribute, as in ``lexicon.ATTRIBUTES``.
    text, start, end
        Its JSON value is ``text[start:end]``: a string with its quotes, a number, ``true``, ``false``,
        ``null`` or, for a style, an object. ``false`` and ``null`` mean that it is not there.
    keeping
        Whether a value that makes names is to be kept as well.
    """
    there = end > start and text[start] != ord("n") and text[start] != ord("f")
    an_object = there and text[start] == BRACE
    if there and text[start] == QUOTE:
        start += 1
        end -= 1
    if code <= LAST_KEPT and keeping:
        if there:
            keep(nodes, arena, state, row, code, text, start, end)
        else:
            forget(nodes, arena, row, code)
    if code == C_CLASS:
        words = class_words(text, start, end) & WORD_MASK if there else 0
        nodes[row]["words"] = int(nodes[row]["words"]) & ~WORD_MASK | words
    elif code == C_ID or code == C_NAME:
        # Both speak into one half; a name or id that is changed later only adds to what was said.
        if there:
            words = class_words(text, start, end) & WORD_MASK
            nodes[row]["words"] = int(nodes[row]["words"]) | words << ID_SHIFT
    elif code == C_FOR:
        put(nodes, row, FOR, FOR if there else 0)
    elif code == C_HREF or code == C_XLINK_HREF:
        put(nodes, row, HREF | HREF_UNSEEN, href_bits(text, start, end) if there else 0)
    elif code == C_TARGET:
        here = start == end or begins(text, start, end, b"_self") or begins(text, start, end, b"_top")
        here = here or begins(text, start, end, b"_parent")
        put(nodes, row, TARGET_OTHER, TARGET_OTHER if there and not here else 0)
    elif code == C_DOWNLOAD:
        put(nodes, row, DOWNLOADS, DOWNLOADS if there else 0)
    elif code == C_TYPE:
        nodes[row]["kind"] = word_code(text, start, end, lexicon.TYPE) if there else 0
    elif code == C_ROLE:
        stop = start
        while stop < end and text[stop] > 32:
            stop += 1
        nodes[row]["role"] = word_code(text, start, stop, lexicon.ROLE) if there else 0
    elif code == C_TABINDEX:
        put(nodes, row, TABBABLE, TABBABLE if there and end > start and 48 <= text[start] <= 57 else 0)
    elif code == C_ONCLICK:
        put(nodes, row, ONCLICK, ONCLICK if there else 0)
    elif code == C_STYLE:
        told, bits = style_bits(text, start, end) if there else (0, 0)
        if not an_object:  # an object names only what changed
            told = STYLE_HIDDEN | STYLE_POINTER
        put(nodes, row, told, bits)
    elif code == C_HIDDEN:
        put(nodes, row, HIDDEN, HIDDEN if there else 0)
    elif code == C_DISABLED:
        put(nodes, row, DISABLED, DISABLED if there else 0)
    elif code == C_ARIA_DISABLED:
        put(nodes, row, ARIA_DISABLED, ARIA_DISABLED if there and begins(text, start, end, b"true") else 0)
    elif code == C_ARIA_HIDDEN:
        put(nodes, row, ARIA_HIDDEN, ARIA_HIDDEN if there and begins(text, start, end, b"true") else 0)
    elif code == C_ARIA_LIVE:
        polite = there and (begins(text, start, end, b"polite") or begins(text, start, end, b"assertive"))
        put(nodes, row, LIVE_REGION, LIVE_REGION if polite else 0)
    elif code == C_ARIA_INVALID:
        # `grammar` and `spelling` are values too; an empty one and `false` mean valid.
        invalid = there and start < end and not begins(text, start, end, b"false")
        put(nodes, row, ARIA_INVALID, ARIA_INVALID if invalid else 0)
    elif code == C_EDITABLE:
        put(nodes, row, EDITABLE, EDITABLE if there and not begins(text, start, end, b"false") else 0)
    elif code == C_CONTROLS:
        put(nodes, row, CONTROLS, CONTROLS if there else 0)
    elif code == C_ITEMPROP:
        priced = there and begins(text, start, end, b"price")
        put(nodes, row, ITEM_PRICE, ITEM_PRICE if priced else 0)
    elif code == C_FORM:
        put(nodes, row, OF_FORM, OF_FORM if there else 0)
    elif code == C_RR_WIDTH:
        put(nodes, row, BLOCKED, BLOCKED if there else 0)
    elif code == C_ARIA_HASPOPUP:
        put(nodes, row, POPUP, POPUP if there and not begins(text, start, end, b"false") else 0)
    elif code == C_ARIA_EXPANDED:
        put(nodes, row, EXPANDED, EXPANDED if there else 0)
    elif code == C_WIDTH or code == C_HEIGHT:
        small = there and end == start + 1 and (text[start] == 48 or text[start] == 49)  # 0 1
        side = NO_WIDTH if code == C_WIDTH else NO_HEIGHT
        put(nodes, row, side, side if small else 0)
