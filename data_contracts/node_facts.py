"""What an element is: its own flags from tag, role and attributes, and those that it has from above.

Flags are those of ``events.py``. Own flags are worked out when a node enters the page or an attribute
changes; what comes from above (control, form, frame, consent banner, map, live region) is read by
walking up when somebody asks.
"""

from __future__ import annotations

from typing import Final

from data_contracts import attribute_facts as a
from data_contracts import events, lexicon
from data_contracts.compiled import compiled
from data_contracts.node_table import (
    COMMENT,
    DOCUMENT,
    DROPPED,
    ELEMENT,
    NOWHERE,
    Nodes,
    State,
    Table,
    find,
    following,
)

ALERT: Final = events.IS_MESSAGE | events.IS_ALERT
"""Flags of what warns."""

T_A: Final = lexicon.TAG_CODES["a"]
T_AREA: Final = lexicon.TAG_CODES["area"]
T_BODY: Final = lexicon.TAG_CODES["body"]
T_BUTTON: Final = lexicon.TAG_CODES["button"]
T_INPUT: Final = lexicon.TAG_CODES["input"]
T_SELECT: Final = lexicon.TAG_CODES["select"]
T_TEXTAREA: Final = lexicon.TAG_CODES["textarea"]
T_OPTION: Final = lexicon.TAG_CODES["option"]
T_LABEL: Final = lexicon.TAG_CODES["label"]
T_FORM: Final = lexicon.TAG_CODES["form"]
T_FIELDSET: Final = lexicon.TAG_CODES["fieldset"]
T_SUMMARY: Final = lexicon.TAG_CODES["summary"]
T_IFRAME: Final = lexicon.TAG_CODES["iframe"]
T_FRAME: Final = lexicon.TAG_CODES["frame"]
T_OBJECT: Final = lexicon.TAG_CODES["object"]
T_EMBED: Final = lexicon.TAG_CODES["embed"]
T_CANVAS: Final = lexicon.TAG_CODES["canvas"]
T_VIDEO: Final = lexicon.TAG_CODES["video"]
T_AUDIO: Final = lexicon.TAG_CODES["audio"]
T_SEARCH: Final = lexicon.TAG_CODES["search"]
T_SCRIPT: Final = lexicon.TAG_CODES["script"]
T_META: Final = lexicon.TAG_CODES["meta"]
T_NOSCRIPT: Final = lexicon.TAG_CODES["noscript"]
T_SPAN: Final = lexicon.TAG_CODES["span"]
T_DIV: Final = lexicon.TAG_CODES["div"]
T_I: Final = lexicon.TAG_CODES["i"]
T_B: Final = lexicon.TAG_CODES["b"]
T_EM: Final = lexicon.TAG_CODES["em"]

K_SEARCH: Final = lexicon.TYPE_CODES["search"]
K_PASSWORD: Final = lexicon.TYPE_CODES["password"]
K_DATE: Final = lexicon.TYPE_CODES["date"]
K_WEEK: Final = lexicon.TYPE_CODES["week"]
K_COLOR: Final = lexicon.TYPE_CODES["color"]
K_FILE: Final = lexicon.TYPE_CODES["file"]
K_RANGE: Final = lexicon.TYPE_CODES["range"]
K_CHECKBOX: Final = lexicon.TYPE_CODES["checkbox"]
K_RADIO: Final = lexicon.TYPE_CODES["radio"]
K_SUBMIT: Final = lexicon.TYPE_CODES["submit"]
K_IMAGE: Final = lexicon.TYPE_CODES["image"]
K_RESET: Final = lexicon.TYPE_CODES["reset"]
K_BUTTON: Final = lexicon.TYPE_CODES["button"]
K_HIDDEN: Final = lexicon.TYPE_CODES["hidden"]

R_BUTTON: Final = lexicon.ROLE_CODES["button"]
R_LINK: Final = lexicon.ROLE_CODES["link"]
R_CHECKBOX: Final = lexicon.ROLE_CODES["checkbox"]
R_RADIO: Final = lexicon.ROLE_CODES["radio"]
R_SWITCH: Final = lexicon.ROLE_CODES["switch"]
R_ITEM_CHECKBOX: Final = lexicon.ROLE_CODES["menuitemcheckbox"]
R_OPTION: Final = lexicon.ROLE_CODES["option"]
R_SPINBUTTON: Final = lexicon.ROLE_CODES["spinbutton"]
R_TEXTBOX: Final = lexicon.ROLE_CODES["textbox"]
R_SEARCHBOX: Final = lexicon.ROLE_CODES["searchbox"]
R_TREEITEM: Final = lexicon.ROLE_CODES["treeitem"]
R_ALERT: Final = lexicon.ROLE_CODES["alert"]
R_ALERTDIALOG: Final = lexicon.ROLE_CODES["alertdialog"]
R_SEARCH: Final = lexicon.ROLE_CODES["search"]

FURTHEST: Final = 256  # steps up that are looked at: no page that people use is nested deeper
NEAR: Final = 8  # steps up within which a map or a dressed-up button is what was meant
NEAREST: Final = 3  # steps up within which a price is what was meant
LABELLED: Final = 32  # nodes of a label that are searched for its input
BOXES: Final = 8  # nodes of a wave or spinner

WANDERING: Final = (
    events.IS_LINK
    | events.IS_FIELD
    | events.IS_CHOICE
    | events.IS_SUBMIT
    | events.IS_SECRET
    | events.IS_SEARCH
    | events.IS_DISABLED
    | events.UNSEEN_EFFECT
    | events.IS_COPY
)
"""Flags that pass to whatever lies inside the control that has them."""

DRESS: Final = events.UNSEEN_EFFECT | events.IS_COPY
"""Flags that may stand on the icon inside a control, and then are the control's as well."""


@compiled
def own_flags(node_type: int, tag: int, role: int, kind: int, bits: int, words: int) -> int:
    """Flags that an element has by itself; 0 for a node that is no element.

    Two flags mean something else here than in an event: ``IS_SEARCH`` also marks a search region, and
    ``IS_MESSAGE`` marks a live region, in which a change is a message.
    """
    if node_type != ELEMENT:
        return 0
    named = words >> a.ID_SHIFT
    both = (words | named) & a.WORD_MASK
    flags = 0
    if tag == T_A or tag == T_AREA:
        if bits & a.HREF:
            flags |= events.IS_CONTROL | events.IS_LINK
            if bits & (a.HREF_UNSEEN | a.TARGET_OTHER | a.DOWNLOADS):
                flags |= events.UNSEEN_EFFECT
    elif tag == T_BUTTON:
        flags |= events.IS_CONTROL
        if kind == K_SUBMIT or (bits & a.OF_FORM and kind != K_BUTTON and kind != K_RESET):
            flags |= events.IS_SUBMIT
    elif tag == T_INPUT:
        if kind != K_HIDDEN:
            flags |= events.IS_CONTROL
        if kind == K_SUBMIT or kind == K_IMAGE:
            flags |= events.IS_SUBMIT
        elif kind == K_CHECKBOX or kind == K_RADIO:
            flags |= events.IS_CHOICE
        elif kind == K_FILE or kind == K_COLOR:
            flags |= events.UNSEEN_EFFECT
        elif not (kind == K_HIDDEN or kind == K_RANGE or kind == K_RESET or kind == K_BUTTON):
            flags |= events.IS_FIELD
            if K_DATE <= kind <= K_WEEK:
                flags |= events.UNSEEN_EFFECT
            elif kind == K_PASSWORD:
                flags |= events.IS_SECRET
            elif kind == K_SEARCH or named & lexicon.SEARCH:
                flags |= events.IS_SEARCH
    elif tag == T_SELECT:
        flags |= events.IS_CONTROL | events.IS_CHOICE | events.UNSEEN_EFFECT
    elif tag == T_TEXTAREA:
        flags |= events.IS_CONTROL | events.IS_FIELD
        if named & lexicon.SEARCH:
            flags |= events.IS_SEARCH
    elif tag == T_OPTION:
        flags |= events.IS_CONTROL | events.IS_CHOICE
    elif tag == T_SUMMARY:
        flags |= events.IS_CONTROL
    elif tag == T_LABEL:
        if bits & a.FOR:
            flags |= events.IS_CONTROL
    elif tag == T_VIDEO or tag == T_AUDIO:
        flags |= events.IS_SURFACE
        if bits & a.CONTROLS:
            flags |= events.IS_CONTROL
    elif tag == T_OBJECT or tag == T_EMBED:
        flags |= events.IS_SURFACE | events.UNSEEN_EFFECT
    elif tag == T_CANVAS:
        flags |= events.IS_SURFACE
    elif tag == T_SEARCH:
        flags |= events.IS_SEARCH
    if R_BUTTON <= role <= R_TREEITEM:
        flags |= events.IS_CONTROL
        if role == R_LINK:
            flags |= events.IS_LINK
        elif R_CHECKBOX <= role <= R_SWITCH or R_ITEM_CHECKBOX <= role <= R_OPTION:
            flags |= events.IS_CHOICE
        elif R_SPINBUTTON <= role <= R_SEARCHBOX and tag != T_BUTTON and tag != T_SELECT:
            flags |= events.IS_FIELD
    if role == R_SEARCHBOX or role == R_SEARCH:
        flags |= events.IS_SEARCH
    if R_ALERT <= role <= R_ALERTDIALOG or bits & a.LIVE_REGION:
        flags |= events.IS_MESSAGE
        if role == R_ALERT or role == R_ALERTDIALOG:
            flags |= events.IS_ALERT
    if bits & a.EDITABLE:
        flags |= events.IS_CONTROL | events.IS_FIELD
    if bits & (a.DISABLED | a.ARIA_DISABLED):
        flags |= events.IS_DISABLED
    if bits & a.BLOCKED or both & lexicon.UNSEEN:
        flags |= events.UNSEEN_EFFECT
    if (
        bits & a.POPUP and not bits & a.EXPANDED
    ):  # no script tells its state, so a style alone may open its menu
        flags |= events.UNSEEN_EFFECT
    if both & lexicon.COPY:
        flags |= events.IS_COPY
    if both & lexicon.CONSENT:
        flags |= events.IS_CONSENT
    if both & lexicon.PRICE or bits & a.ITEM_PRICE:
        flags |= events.IS_PRICE
    if both & lexicon.MAP:
        flags |= events.IS_SURFACE
    if (bits & (a.TABBABLE | a.ONCLICK | a.STYLE_POINTER) or both & lexicon.LOOKS) and tag != T_BODY:
        flags |= events.LOOKS_CONTROL
    return flags


@compiled
def is_unseen(nodes: Nodes, row: int) -> bool:
    """Whether nobody sees a node: it hides itself, is a picture of one pixel, a script or a comment."""
    node = nodes[row]
    if node["type"] == COMMENT:
        return True
    if node["type"] != ELEMENT:
        return False
    tag = node["tag"]
    bits = int(node["bits"])
    if bits & (a.HIDDEN | a.STYLE_HIDDEN) or (bits & a.NO_WIDTH and bits & a.NO_HEIGHT):
        return True
    return bool(tag == T_SCRIPT or tag == T_META or tag == T_NOSCRIPT)


@compiled
def is_bare(nodes: Nodes, top: int) -> bool:
    """Whether an element is a box or a few, without text, picture, control or role: a wave, a spinner."""
    row = top
    for _ in range(BOXES):
        node = nodes[row]
        tag = node["tag"]
        box = tag == 0 or tag == T_SPAN or tag == T_DIV or tag == T_I or tag == T_B or tag == T_EM
        if node["type"] != ELEMENT or node["role"] != 0 or not box:
            return False
        row = following(nodes, top, row)
        if row == NOWHERE:
            return True
    return False


@compiled
def weigh(nodes: Nodes, row: int) -> None:
    """Work out the own flags of a node anew."""
    node = nodes[row]
    node["own"] = own_flags(
        int(node["type"]),
        int(node["tag"]),
        int(node["role"]),
        int(node["kind"]),
        int(node["bits"]),
        int(node["words"]),
    )


@compiled
def is_control(nodes: Nodes, row: int) -> bool:
    """Whether a node is a control; a label is one also when it contains its input."""
    if nodes[row]["own"] & events.IS_CONTROL:
        return True
    if nodes[row]["tag"] != T_LABEL or nodes[row]["type"] != ELEMENT:
        return False
    inner = row
    for _ in range(LABELLED):
        inner = following(nodes, row, inner)
        if inner == NOWHERE:
            return False
        tag = nodes[inner]["tag"]
        if T_INPUT <= tag <= T_TEXTAREA and nodes[inner]["own"] & events.IS_CONTROL:
            return True
    return False


@compiled
def frame_flags(nodes: Nodes, row: int) -> int:
    """Flags of a frame whose document is not recorded; 0 for every other node."""
    tag = nodes[row]["tag"]
    if (tag == T_IFRAME or tag == T_FRAME) and nodes[row]["last"] == NOWHERE:
        return events.UNSEEN_EFFECT | events.IS_SURFACE
    return 0


@compiled
def facts_of(nodes: Nodes, table: Table, state: State, node_id: int) -> tuple[int, int, int]:
    """Ids of the nearest control and form at or above a node (0: none), and the node's flags.

    Control and form are looked for inside the node's own document; consent banner, map and frame also
    above it. Of a node that is not in the page only ``SIGHTED`` is said, and nothing at all if the page
    outgrew the bound, for then the node may be one of those that were left out.
    """
    row = find(nodes, table, node_id)
    if row == NOWHERE:
        return 0, 0, 0 if state[DROPPED] else events.SIGHTED
    flags = events.SIGHTED | events.KNOWN | frame_flags(nodes, row)
    control = 0
    control_row = NOWHERE
    form = 0
    dressed = False
    carried = 0
    framed = False
    here = row
    for step in range(FURTHEST):
        node = nodes[here]
        own = int(node["own"])
        tag = int(node["tag"])
        if not framed:
            if control == 0 and is_control(nodes, here):
                control = int(node["id"])
                control_row = here
                flags |= events.IS_CONTROL | own & WANDERING | carried
            elif control == 0 and not dressed:
                carried |= own & DRESS
                if step == 0:
                    flags |= own & WANDERING
                if own & events.LOOKS_CONTROL and step < NEAR:
                    dressed = True
                    flags |= own & WANDERING | carried
            if tag == T_FORM and form == 0:
                form = int(node["id"])
                if node["bits"] & a.TARGET_OTHER and flags & events.IS_SUBMIT:
                    flags |= events.UNSEEN_EFFECT
            elif tag == T_FIELDSET and node["bits"] & a.DISABLED and control != 0:
                flags |= events.IS_DISABLED
            if own & events.IS_SEARCH:
                flags |= events.IS_SEARCH
        if step < NEAR:
            flags |= own & events.IS_SURFACE
        if step < NEAREST:
            flags |= own & events.IS_PRICE
        flags |= own & events.IS_CONSENT
        up = int(node["parent"])
        if up == NOWHERE:
            break
        if node["type"] == DOCUMENT:
            framed = True
            flags |= events.RECORDED_FRAME
        here = up
    if control == 0 and dressed:
        flags |= events.LOOKS_CONTROL
    if form != 0 and control_row != NOWHERE and nodes[control_row]["tag"] == T_BUTTON:
        untyped = nodes[control_row]["kind"] == 0
        flags |= events.IS_SUBMIT if untyped else 0
    return control, form, flags


@compiled
def is_live(nodes: Nodes, row: int) -> int:
    """``IS_MESSAGE`` if a node lies in a live region (itself or above), or within three steps of an error's element.

    ``IS_ALERT`` comes with it if that is an alert or an error rather than a status.
    """
    for step in range(FURTHEST):
        node = nodes[row]
        if node["own"] & events.IS_MESSAGE:
            return int(node["own"]) & ALERT
        words = int(node["words"])
        if step < NEAREST and (words | words >> a.ID_SHIFT) & lexicon.ERROR:
            return ALERT
        row = int(node["parent"])
        if row == NOWHERE:
            return 0
    return 0
