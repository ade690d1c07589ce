"""What an rrweb event is, 1.x and 2.x: typed, and the reference for every other reader here.

Types and fields are those of ``@rrweb/types`` 2.2.2 and rrweb 1.1.3. Nodes of a page stay raw JSON
(``msgspec.Raw``): a snapshot of megabytes becomes no Python object per node.
"""

from __future__ import annotations

from typing import Final

from msgspec import UNSET, Raw, Struct, UnsetType

Ignored = Raw | UnsetType
"""A field that is known but not read, or read only by its bytes: it costs no object."""


def raw_bytes(value: Ignored) -> bytes:
    """JSON of a field; empty where the field is missing."""
    return bytes(value) if isinstance(value, Raw) else b""


class Data(Struct, tag_field="source", forbid_unknown_fields=True, gc=False, kw_only=True):
    """Data of an incremental snapshot; ``source`` tells which."""


class TextChange(Struct, gc=False):
    """A text node's new value, which stays unread."""

    id: int


class AttributeChange(Struct, gc=False):
    """New attribute values of a node; null where removed."""

    id: int
    attributes: dict[str, Raw]


class Removal(Struct, gc=False):
    """A node taken out."""

    parentId: int
    id: int


class Addition(Struct, gc=False):
    """A node put in; its subtree follows in further additions or inside ``node``."""

    parentId: int
    node: Raw
    nextId: int | None = None


class Mutation(Data, tag=0):
    """Changes of the page: texts, attributes, nodes removed, nodes added."""

    texts: list[TextChange] | None = None
    attributes: list[AttributeChange] | None = None
    removes: list[Removal] | None = None
    adds: list[Addition] | None = None
    isAttachIframe: Ignored = UNSET


class Position(Struct, gc=False):
    """A pointer position; its time is the event's plus ``timeOffset``, which is zero or negative."""

    x: float
    y: float
    id: int = 0
    timeOffset: float = 0


class MouseMove(Data, tag=1):
    """Positions of the mouse since the last batch of them."""

    positions: list[Position]
    isTrusted: bool | None = None


class MouseInteraction(Data, tag=2):
    """``type`` is one of ``INTERACTIONS``; focus and blur have no position; 1.x has no ``pointerType``."""

    type: int
    id: int = 0
    x: float | None = None
    y: float | None = None
    pointerType: int | None = None
    isTrusted: bool | None = None


class Scroll(Data, tag=3):
    """``x`` and ``y`` are absolute offsets of node ``id``, in CSS px."""

    id: int
    x: float
    y: float
    isTrusted: bool | None = None


class ViewportResize(Data, tag=4):
    """New size of the viewport, CSS px."""

    width: float
    height: float


class Input(Data, tag=5):
    """``text`` is the whole value (often masked); it stays raw, since only its length counts."""

    id: int
    text: Ignored = UNSET
    isChecked: bool | None = None
    userTriggered: bool | None = None
    isTrusted: bool | None = None


class TouchMove(Data, tag=6):
    """Positions of a finger."""

    positions: list[Position]
    isTrusted: bool | None = None


class MediaInteraction(Data, tag=7):
    """``type`` 0 play, 1 pause, 2 seeked, 3 volume, 4 rate."""

    type: int
    id: int = 0
    currentTime: Ignored = UNSET
    volume: Ignored = UNSET
    muted: Ignored = UNSET
    loop: Ignored = UNSET
    playbackRate: Ignored = UNSET


class StyleSheetRule(Data, tag=8):
    """Rules of a style sheet added, removed or replaced by script."""

    id: int | None = None
    styleId: Ignored = UNSET
    adds: Ignored = UNSET
    removes: Ignored = UNSET
    replace: Ignored = UNSET
    replaceSync: Ignored = UNSET


class CanvasMutation(Data, tag=9):
    """Drawing on a canvas."""

    id: int = 0
    type: Ignored = UNSET
    commands: Ignored = UNSET
    property: Ignored = UNSET
    args: Ignored = UNSET
    setter: Ignored = UNSET
    displayWidth: Ignored = UNSET
    displayHeight: Ignored = UNSET


class Font(Data, tag=10):
    """A font loaded by script."""

    family: Ignored = UNSET
    fontSource: Ignored = UNSET
    buffer: Ignored = UNSET
    descriptors: Ignored = UNSET


class Log(Data, tag=11):
    """Console of 1.x, before it became a plugin."""

    level: str = ""
    trace: list[str] | None = None
    payload: Ignored = UNSET


class Drag(Data, tag=12):
    """Positions of the mouse while something is dragged."""

    positions: list[Position]
    isTrusted: bool | None = None


class StyleDeclaration(Data, tag=13):
    """A property of a style rule set or removed by script."""

    id: int | None = None
    styleId: Ignored = UNSET
    index: Ignored = UNSET
    set: Ignored = UNSET
    remove: Ignored = UNSET


class Range(Struct, gc=False):
    """Part of a selection, from a node and offset to a node and offset; empty where both are the same."""

    start: int
    startOffset: int
    end: int
    endOffset: int


class Selection(Data, tag=14):
    """What is selected; a caret is a range whose ends are the same."""

    ranges: list[Range]


class AdoptedStyleSheet(Data, tag=15):
    """Style sheets adopted by a document or shadow root."""

    id: int = 0
    styles: Ignored = UNSET
    styleIds: Ignored = UNSET


class CustomElement(Data, tag=16):
    """A custom element was defined."""

    define: Ignored = UNSET


Incremental = (
    Mutation
    | MouseMove
    | MouseInteraction
    | Scroll
    | ViewportResize
    | Input
    | TouchMove
    | MediaInteraction
    | StyleSheetRule
    | CanvasMutation
    | Font
    | Log
    | Drag
    | StyleDeclaration
    | Selection
    | AdoptedStyleSheet
    | CustomElement
)


class Envelope(Struct, tag_field="type", forbid_unknown_fields=True, gc=False, kw_only=True):
    """What every event has, and the extra keys that recorders in the wild are known to add."""

    timestamp: int | float | None = None
    delay: Ignored = UNSET
    sessionId: Ignored = UNSET
    windowId: Ignored = UNSET
    window_id: Ignored = UNSET
    cv: Ignored = UNSET
    v: Ignored = UNSET
    _sid: Ignored = UNSET


class DomContentLoadedEvent(Envelope, tag=0):
    """The document has been parsed."""

    data: Ignored = UNSET


class LoadEvent(Envelope, tag=1):
    """The page has loaded."""

    data: Ignored = UNSET


class SnapshotData(Struct, forbid_unknown_fields=True, gc=False):
    """The page as a tree of nodes, which stays raw."""

    node: Raw
    initialOffset: Ignored = UNSET


class FullSnapshotEvent(Envelope, tag=2):
    """The whole page at one time; node ids begin anew with each page load."""

    data: SnapshotData


class IncrementalEvent(Envelope, tag=3):
    """A change or an act since the last snapshot."""

    data: Incremental


class MetaData(Struct, forbid_unknown_fields=True, gc=False):
    """Address and viewport of a page, CSS px."""

    href: str = ""
    width: float | None = None
    height: float | None = None


class MetaEvent(Envelope, tag=4):
    """Stands before each full snapshot, of a new page or of the same one again."""

    data: MetaData


class CustomData(Struct, forbid_unknown_fields=True, gc=False):
    """An event that the site or a vendor adds."""

    tag: str
    payload: Ignored = UNSET


class CustomEvent(Envelope, tag=5):
    """A custom event; see ``data_contracts.custom`` for those that are understood."""

    data: CustomData


class PluginData(Struct, forbid_unknown_fields=True, gc=False):
    """Plugin as ``name@version`` and what it says."""

    plugin: str
    payload: Ignored = UNSET


class PluginEvent(Envelope, tag=6):
    """What a plugin of the recorder saw: console, network."""

    data: PluginData


class AssetEvent(Envelope, tag=7):
    """A captured asset; carries no behaviour."""

    data: Ignored = UNSET


class AnnotationEvent(Envelope, tag=8):
    """A caption or a marker on the timeline; carries no behaviour."""

    data: Ignored = UNSET


Event = (
    DomContentLoadedEvent
    | LoadEvent
    | FullSnapshotEvent
    | IncrementalEvent
    | MetaEvent
    | CustomEvent
    | PluginEvent
    | AssetEvent
    | AnnotationEvent
)

EVENTS: Final[dict[int, type[Envelope]]] = {
    0: DomContentLoadedEvent,
    1: LoadEvent,
    2: FullSnapshotEvent,
    3: IncrementalEvent,
    4: MetaEvent,
    5: CustomEvent,
    6: PluginEvent,
    7: AssetEvent,
    8: AnnotationEvent,
}
"""Envelope type to its class."""

SOURCES: Final[dict[int, type[Data]]] = {
    0: Mutation,
    1: MouseMove,
    2: MouseInteraction,
    3: Scroll,
    4: ViewportResize,
    5: Input,
    6: TouchMove,
    7: MediaInteraction,
    8: StyleSheetRule,
    9: CanvasMutation,
    10: Font,
    11: Log,
    12: Drag,
    13: StyleDeclaration,
    14: Selection,
    15: AdoptedStyleSheet,
    16: CustomElement,
}
"""Source of an incremental event to its class."""
