"""The words that the scrub goes by: keys of events, attributes that are left, names of secrets. Compiled code.

Every list here is complete: what is not in it is searched like any other text.
"""

from __future__ import annotations

from typing import Final

from data_contracts.compiled import compiled
from data_contracts.json_walk import Bytes
from data_contracts.lexicon import ATTRIBUTES, FNV_BASIS, FNV_PRIME, STATE_ATTRIBUTES, tables, word_key
from data_contracts.masks import BACKSLASH, read_char

# Domains: a word of one says nothing in another.
KEY: Final = 1 << 32
LEFT_ATTRIBUTE: Final = 2 << 32
FIELD_TAG: Final = 3 << 32
LABEL_TYPE: Final = 4 << 32
SECRET: Final = 5 << 32
SECRET_NAME: Final = 6 << 32
SECRET_PARAMETER: Final = 7 << 32
FILE_ENDING: Final = 8 << 32

# Keys that say what a value is.
K_DATA: Final = 1
K_TEXT: Final = 2
K_NODE: Final = 3
K_ADDS: Final = 4
K_ATTRIBUTES: Final = 5
K_OTHERS: Final = 6  # the other lists of a mutation, which PostHog may pack too
K_TAG: Final = 7
K_CHILDREN: Final = 8
K_CONTENT: Final = 9
K_TYPE: Final = 10
K_VALUE: Final = 11
K_LIST: Final = 12
K_INSIDE: Final = 13
K_BY_WINDOW: Final = 14
K_LEFT: Final = 15  # of an event: names that hold it together
K_NAME: Final = 16  # of event data: names, rules of styles, fonts

KEYS: Final[tuple[tuple[int, str], ...]] = (
    (K_DATA, "data"),
    (K_TEXT, "text"),
    (K_NODE, "node"),
    (K_ADDS, "adds"),
    (K_ATTRIBUTES, "attributes"),
    (K_OTHERS, "texts removes"),
    (K_TAG, "tagname"),
    (K_CHILDREN, "childnodes"),
    (K_CONTENT, "textcontent"),
    (K_TYPE, "type"),
    (K_VALUE, "value rr_value"),
    (K_LIST, "events rrweb_data snapshots acts batch $snapshot_data $snapshot_items"),
    (K_INSIDE, "properties result replay"),
    (K_BY_WINDOW, "snapshot_data_by_window_id snapshotsbywindowid"),
    (
        K_LEFT,
        "element form by session session_id sessionid session_guid $session_id stream window_id windowid "
        "$window_id source v cv event",
    ),
    (
        K_NAME,
        "tag plugin level url rule styles set replace replacesync family fontsource buffer descriptors define",
    ),
)
"""Keys of events and nodes, in small letters, and what they say."""

OTHER_TAG: Final = 1
INPUT: Final = 2
TEXTAREA: Final = 3
SELECT: Final = 4
STYLE: Final = 5
TAGS: Final = ((INPUT, "input"), (TEXTAREA, "textarea"), (SELECT, "select"), (STYLE, "style"))

LABEL_TYPES: Final = "button submit reset checkbox radio image"
"""Types of input whose value the page wrote and the visitor did not."""

REFERENCES: Final = (
    "list headers slot part is aria-labelledby aria-describedby aria-details aria-owns aria-flowto "
    "aria-activedescendant aria-errormessage"
)
RESOURCES: Final = "src srcset sizes poster integrity rel media rr_src rr_dataurl"
SHAPES: Final = (
    "_csstext d points viewbox transform gradienttransform patterntransform values keytimes keysplines path "
    "x y x1 y1 x2 y2 dx dy cx cy r rx ry width height fill stroke stroke-dasharray stroke-dashoffset"
)
LEFT_ATTRIBUTES: Final = frozenset(
    {*ATTRIBUTES[1:], *STATE_ATTRIBUTES, *REFERENCES.split(), *RESOURCES.split(), *SHAPES.split()}
)
"""Attributes that are never searched: facts and names stand on them, or the replay draws by them."""

SECRETS: Final = (
    "token secret password passwd passwort pwd passphrase passcode otp totp jwt bearer authorization "
    "credential credentials signature email cvv cvc iban ssn"
)
"""Words that make a name secret wherever they stand in it: ``access_token``, ``userPassword``, ``X-Amz-Signature``."""

SECRET_NAMES: Final = (
    "apikey accesskey secretkey privatekey sessionkey authkey sessionid phpsessid jsessionid aspsessionid "
    "csrfmiddlewaretoken authcode verificationcode confirmationcode securitycode onetimecode logincode resetcode "
    "smscode pincode mfacode cookie setcookie creditcard cardnumber cardno ccnumber ccnum"
)
"""Names that are secret as a whole, without their hyphens and underscores, or as two words of a longer name."""

SECRET_PARAMETERS: Final = "key code auth session sid sig pass pin mail card cc"
"""Names that are secret before ``=``, as in an address, and too common elsewhere: a key that was pressed, a code of an
error."""

FILE_ENDINGS: Final = "png jpg jpeg gif svg webp avif ico css js mjs map json html htm php pdf"
"""What stands after the dot of ``logo@2x.png``, and of no e-mail address."""

TABLE_SIZE: Final = 1_024  # some 250 words: probes stay short


def _entries() -> list[tuple[int, int]]:
    entries = [(word_key(0, word) ^ KEY, code) for code, words in KEYS for word in words.split()]
    entries += [(word_key(0, word) ^ FIELD_TAG, code) for code, word in TAGS]
    for domain, words in (
        (LEFT_ATTRIBUTE, LEFT_ATTRIBUTES),
        (LABEL_TYPE, LABEL_TYPES.split()),
        (SECRET, SECRETS.split()),
        (SECRET_NAME, SECRET_NAMES.split()),
        (SECRET_PARAMETER, SECRET_PARAMETERS.split()),
        (FILE_ENDING, FILE_ENDINGS.split()),
    ):
        entries += [(word_key(0, word) ^ domain, 1) for word in sorted(words)]
    return entries


TABLE, CODES = tables(_entries(), TABLE_SIZE)
"""Open-addressing table from digest and domain to code, in two arrays of ``TABLE_SIZE``."""


@compiled
def code_of(key: int) -> int:
    """Code of a word by its digest and domain, 0 for a word of no list."""
    place = key & TABLE_SIZE - 1
    while TABLE[place] != 0:
        if TABLE[place] == key:
            return int(CODES[place])
        place = place + 1 & TABLE_SIZE - 1
    return 0


@compiled
def digest_of(text: Bytes, at: int, end: int) -> int:
    """Digest of the word that ``text[at:end]``, inside a JSON string, spells in whatever case."""
    digest = FNV_BASIS
    while at < end:
        code = int(text[at])
        if code == BACKSLASH:
            code, at = read_char(text, at)
        else:
            at += 1
        if 65 <= code <= 90:
            code += 32
        digest = (digest ^ code) * FNV_PRIME
    return digest
