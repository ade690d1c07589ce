"""The words of markup that carry facts: tags, roles, input types, attributes, and words of class and id.

Only the vocabulary of HTML and ARIA and the English of class names is here. The language of a page, its
texts and its labels are never looked up, so masking or translating a page changes no fact. Compiled code
freezes the tables of this file.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

# A domain keeps "button" the tag apart from "button" the role, the type and the word of a class. It stands above
# the byte that a word begins with, or the word "c" of one domain would be the "a" of another.
TAG: Final = 1 << 8
ROLE: Final = 2 << 8
TYPE: Final = 3 << 8
ATTRIBUTE: Final = 4 << 8
WORD: Final = 5 << 8
EXTENSION: Final = 6 << 8


def _words(text: str) -> tuple[str, ...]:
    """Words, each at the place that is its code; 0 is none of them."""
    return ("", *text.split())


TAGS: Final = _words(
    "html head body a area button input select textarea option optgroup label form fieldset summary "
    "details iframe frame object embed canvas video audio svg img main nav header footer aside "
    "section article dialog search script style link meta title noscript template base div span p "
    "ul ol li dl dt dd table thead tbody tfoot tr td th h1 h2 h3 h4 h5 h6 b i em strong small "
    "br hr pre code picture source figure figcaption blockquote time path g use rect circle menu "
    "output progress meter legend datalist slot caption colgroup col"
)
"""Tag names with a code of their own; 0 stands for every other tag. Code that compares ranges relies on the
order: input, select, textarea."""

ROLES: Final = _words(
    "button link checkbox radio switch tab menuitem menuitemcheckbox menuitemradio option slider "
    "spinbutton textbox combobox searchbox treeitem alert status alertdialog dialog search main "
    "navigation banner contentinfo form listbox menu menubar tablist tabpanel toolbar grid "
    "gridcell img list listitem row heading region complementary application"
)
"""Roles with a code of their own; 0 stands for none and for every other role. In order: controls from button
to treeitem, choices from checkbox to switch and from menuitemcheckbox to option, fields from spinbutton to
searchbox, messages from alert to alertdialog."""

TYPES: Final = _words(
    "text search email url tel password number date time datetime-local month week color file "
    "range checkbox radio submit image reset button hidden"
)
"""Values of ``type`` of an input or button; 0 stands for none and for every other. In order: pickers from
date to week."""

ATTRIBUTES: Final = _words(
    "data-ww-name data-testid data-test data-cy data-qa id name for aria-controls class "
    "href xlink:href target download type role tabindex onclick style hidden disabled "
    "aria-disabled aria-hidden aria-live aria-invalid contenteditable controls itemprop form rr_width "
    "aria-haspopup aria-expanded width height"
)
"""Attributes that carry a fact; 0 stands for every other, which is never read."""

LAST_KEPT_ATTRIBUTE: Final = ATTRIBUTES.index("class")
"""Values of the attributes 1 to this one are kept: they make names and selectors, and hold no text."""

STATE_ATTRIBUTES: Final = frozenset(
    _words(
        "class style hidden disabled checked open aria-expanded aria-pressed aria-checked aria-selected "
        "aria-hidden aria-current aria-invalid data-state"
    )[1:]
)
"""Attributes that hold state and no text, so that a digest of their value may be compared."""

# What a word in a class or id may say. Sums of these, one per word, are resolved for a whole class name.
LOOKS: Final = 1 << 0
CONTAINER: Final = 1 << 1  # a `btn-group` is no button
UNSEEN: Final = 1 << 2
COPY: Final = 1 << 3
CONSENT: Final = 1 << 4
PRICE: Final = 1 << 5
MAP: Final = 1 << 6
ERROR: Final = 1 << 7
HIDE: Final = 1 << 8
SEARCH: Final = 1 << 9
# Words that say something only beside another: cursor-pointer, ol-viewport, is-hidden, d-none, site-map.
CURSOR: Final = 1 << 10
POINTER: Final = 1 << 11
OPEN_LAYERS: Final = 1 << 12
VIEWPORT: Final = 1 << 13
PREFIX: Final = 1 << 14
NONE: Final = 1 << 15
SITE: Final = 1 << 16

WORDS: Final[tuple[tuple[int, str], ...]] = (
    (LOOKS, "btn button cta clickable link"),
    (
        CONTAINER,
        "group groups row bar wrap wrapper container list toolbar box area panel section menu links buttons",
    ),
    (UNSEEN, "print download export share"),
    (COPY, "copy clipboard"),
    (CONSENT, "cookie cookies consent gdpr onetrust cookiebot cookieconsent usercentrics didomi"),
    (PRICE, "price total amount"),
    (MAP, "map leaflet mapbox mapboxgl maplibregl"),
    (ERROR, "error errors err invalid danger warning"),
    (HIDE, "hidden hide invisible"),
    (SEARCH, "search query q"),
    (CURSOR, "cursor"),
    (POINTER, "pointer"),
    (OPEN_LAYERS, "ol"),
    (VIEWPORT, "viewport"),
    (PREFIX, "is d u"),
    (NONE, "none"),
    (SITE, "site"),
)
"""Words of class and id, and what they say. `err` is the commonest short form of `error`."""

DOCUMENTS: Final = "pdf zip gz csv xls xlsx doc docx ppt pptx odt ods dmg exe msi apk ics epub mp3 mp4"
"""Endings of addresses that open in a viewer or are saved: either way the page shows nothing."""

FNV_BASIS: Final = -3750763034362895579  # FNV-1a of 64 bits, in signed numbers
FNV_PRIME: Final = 1099511628211
TABLE_SIZE: Final = 2048  # some 320 words: probes stay short


def word_key(domain: int, word: str) -> int:
    """Key of a word in a domain: FNV-1a of its bytes, with the overflow of compiled code."""
    digest = FNV_BASIS ^ domain
    for byte in word.encode():
        digest = (digest ^ byte) * FNV_PRIME & (1 << 64) - 1
    return digest - (digest >> 63 << 64)


def tables(
    entries: Iterable[tuple[int, int]], size: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """An open-addressing table from key to value, in two arrays: keys, i8[size], 0 where one is free; values, i4[size].

    Parameters
    ----------
    entries
        Key and value of each word.
    size
        A power of two, above the number of words.

    Raises
    ------
    ValueError
        If two words share a key.
    """
    keys, values = np.zeros(size, np.int64), np.zeros(size, np.int32)
    for key, value in entries:
        place = key & size - 1
        while keys[place]:
            if keys[place] == key:
                raise ValueError(f"Two words share the key {key}, or one stands in the lists twice.")
            place = place + 1 & size - 1
        keys[place], values[place] = key, value
    return keys, values


def _entries() -> list[tuple[int, int]]:
    entries = [
        (word_key(domain, word), code)
        for domain, words in ((TAG, TAGS), (ROLE, ROLES), (TYPE, TYPES), (ATTRIBUTE, ATTRIBUTES))
        for code, word in enumerate(words)
        if code
    ]
    entries += [(word_key(WORD, word), says) for says, words in WORDS for word in words.split()]
    return entries + [(word_key(EXTENSION, word), 1) for word in DOCUMENTS.split()]


KEYS, VALUES = tables(_entries(), TABLE_SIZE)
"""Open-addressing table from ``word_key`` to code, in two arrays of ``TABLE_SIZE``."""

TAG_CODES: Final[dict[str, int]] = {name: code for code, name in enumerate(TAGS)}
ROLE_CODES: Final[dict[str, int]] = {name: code for code, name in enumerate(ROLES)}
TYPE_CODES: Final[dict[str, int]] = {name: code for code, name in enumerate(TYPES)}
ATTRIBUTE_CODES: Final[dict[str, int]] = {name: code for code, name in enumerate(ATTRIBUTES)}
