"""What an rrweb event is, 1.x and 2.x: typed, and the reference for every other reader here.

Types and fields are those of ``@rrweb/types`` 2.2.2 and rrweb 1.1.3. Nodes of a page stay raw JSON
(``msgspec.Raw``): a snapshot of megabytes becomes no Python object per node.
"""

from __future__ import annotations

from typing import Final

from msgspec import Raw, Struct

NOTHING: Final = Raw()


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
    texts: list[TextChange] | None = None
    attributes: list[AttributeChange] | None = None
    removes: list[Removal] | None = None
    adds: list[Addition] | None = None
    isAttachIframe: Raw = NOTHING


class Position(Struct, gc=False):
    """A pointer position; its time is the event's plus ``timeOffset``, which is zero or negative."""

    x: float
    y: float
    id: int = 0
    timeOffset: float = 0


class MouseMove(Data, tag=1):
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
    width: float
    height: float


class Input(Data, tag=5):
    """``text`` is the whole value (often masked); it stays raw, since only its length counts."""

    id: int
    text: Raw = NOTHING
    isChecked: bool | None = None
    userTriggered: bool | None = None
    isTrusted: bool | None = None


class TouchMove(Data, tag=6):
    positions: list[Position]
    isTrusted: bool | None = None


class MediaInteraction(Data, tag=7):
    type: int
    id: int = 0
    currentTime: Raw = NOTHING
    volume: Raw = NOTHING
    muted: Raw = NOTHING
    loop: Raw = NOTHING
    playbackRate: Raw = NOTHING


class StyleSheetRule(Data, tag=8):
    id: int | None = None
    styleId: Raw = NOTHING
    adds: Raw = NOTHING
    removes: Raw = NOTHING
    replace: Raw = NOTHING
    replaceSync: Raw = NOTHING


class CanvasMutation(Data, tag=9):
    id: int = 0
    type: Raw = NOTHING
    commands: Raw = NOTHING
    property: Raw = NOTHING
    args: Raw = NOTHING
    setter: Raw = NOTHING
    displayWidth: Raw = NOTHING
    displayHeight: Raw = NOTHING


class Font(Data, tag=10):
    family: Raw = NOTHING
    fontSource: Raw = NOTHING
    buffer: Raw = NOTHING
    descriptors: Raw = NOTHING


class Log(Data, tag=11):
    """Console of 1.x, before it became a plugin."""

    level: str = ""
    trace: list[str] | None = None
    payload: Raw = NOTHING


class Drag(Data, tag=12):
    positions: list[Position]
    isTrusted: bool | None = None


class StyleDeclaration(Data, tag=13):
    id: int | None = None
    styleId: Raw = NOTHING
    index: Raw = NOTHING
    set: Raw = NOTHING
    remove: Raw = NOTHING


class Range(Struct, gc=False):
    """Part of a selection, from a node and offset to a node and offset; empty where both are the same."""

    start: int
    startOffset: int
    end: int
    endOffset: int


class Selection(Data, tag=14):
    ranges: list[Range]


class AdoptedStyleSheet(Data, tag=15):
    id: int = 0
    styles: Raw = NOTHING
    styleIds: Raw = NOTHING


class CustomElement(Data, tag=16):
    define: Raw = NOTHING


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
    delay: Raw = NOTHING
    sessionId: Raw = NOTHING
    windowId: Raw = NOTHING
    window_id: Raw = NOTHING
    cv: Raw = NOTHING
    v: Raw = NOTHING
    _sid: Raw = NOTHING


class DomContentLoadedEvent(Envelope, tag=0):
    data: Raw = NOTHING


class LoadEvent(Envelope, tag=1):
    data: Raw = NOTHING


class SnapshotData(Struct, forbid_unknown_fields=True, gc=False):
    node: Raw
    initialOffset: Raw = NOTHING


class FullSnapshotEvent(Envelope, tag=2):
    data: SnapshotData


class IncrementalEvent(Envelope, tag=3):
    data: Incremental


class MetaData(Struct, forbid_unknown_fields=True, gc=False):
    href: str = ""
    width: float | None = None
    height: float | None = None


class MetaEvent(Envelope, tag=4):
    data: MetaData


class CustomData(Struct, forbid_unknown_fields=True, gc=False):
    tag: str
    payload: Raw = NOTHING


class CustomEvent(Envelope, tag=5):
    data: CustomData


class PluginData(Struct, forbid_unknown_fields=True, gc=False):
    plugin: str
    payload: Raw = NOTHING


class PluginEvent(Envelope, tag=6):
    data: PluginData


class AssetEvent(Envelope, tag=7):
    data: Raw = NOTHING


class AnnotationEvent(Envelope, tag=8):
    data: Raw = NOTHING


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


class ConsoleLine(Struct, gc=False):
    """Payload of the console plugin; what was printed stays raw."""

    level: str = ""
    trace: list[str] | None = None
    payload: Raw = NOTHING


class Request(Struct, gc=False, kw_only=True):
    """One request of the network plugin; times in ms, relative to the page's origin unless rewritten."""

    name: str = ""
    status: float | None = None
    response_status: float | None = None
    startTime: float | None = None
    endTime: float | None = None
    duration: float | None = None
    timestamp: float | None = None
    isInitial: bool | None = None


class Network(Struct, gc=False):
    """Payload of the network plugin."""

    requests: list[Request] | None = None
    isInitial: bool | None = None


CONSOLE_PLUGIN: Final = "rrweb/console@"
NETWORK_PLUGIN: Final = "rrweb/network@"
SEQUENTIAL_PLUGIN: Final = "rrweb/sequential-id@"
