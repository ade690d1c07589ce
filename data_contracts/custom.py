"""Custom events with a meaning: ours (``ww.*``), Sentry's breadcrumbs and spans, PostHog's page views."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import UNSET, Struct

from data_contracts import events as e
from data_contracts.rrweb import CustomData, Ignored, raw_bytes
from data_contracts.views import digest

if TYPE_CHECKING:
    from data_contracts.rows import Rows


class Said(Struct, gc=False, kw_only=True):
    """Payload of our own recorder's events; each uses the fields that it needs.

    ``id`` is a node; ``name`` a goal, or what the site tracks; ``href`` a page view's address; ``state`` is ``visible``
    or ``hidden``; ``trusted`` is what ``isTrusted`` said of the acts from here on; ``channels`` are those
    that are recorded.
    """

    id: int = 0
    name: str = ""
    href: str = ""
    state: str = ""
    trusted: bool | None = None
    channels: list[str] | None = None


class Where(Struct, gc=False):
    """The part of a breadcrumb's data that is read."""

    to: str = ""
    node_id: int | None = msgspec.field(name="nodeId", default=None)


class Breadcrumb(Struct, gc=False, kw_only=True):
    """Sentry's breadcrumb; ``timestamp`` is in seconds."""

    type: str = ""
    category: str = ""
    level: str = ""
    timestamp: float | None = None
    data: Ignored = UNSET


class SpanData(Struct, gc=False, kw_only=True):
    """The part of a span's data that is read."""

    status_code: float | None = msgspec.field(name="statusCode", default=None)


class Span(Struct, gc=False, kw_only=True):
    """Sentry's performance span; times in seconds."""

    op: str = ""
    description: str = ""
    start: float | None = msgspec.field(name="startTimestamp", default=None)
    end: float | None = msgspec.field(name="endTimestamp", default=None)
    data: Ignored = UNSET


_said: Final = msgspec.json.Decoder(Said)
_breadcrumb: Final = msgspec.json.Decoder(Breadcrumb)
_where: Final = msgspec.json.Decoder(Where)
_span: Final = msgspec.json.Decoder(Span)
_span_data: Final = msgspec.json.Decoder(SpanData)

MARKS: Final = frozenset({"ui.slowClickDetected", "ui.multiClick"})
SHOWN: Final = {"ui.focus": 1.0, "ui.blur": 0.0, "app.foreground": 1.0, "app.background": 0.0}
NAVIGATIONS: Final = ("navigation.push",)
REQUESTS: Final = ("resource.fetch", "resource.xhr")


def turn_custom(rows: Rows, data: CustomData, t: int) -> None:
    """Append the rows of a custom event sent at ``t`` ms."""
    turn = TAGS.get(data.tag)
    if turn is None:
        rows.counts.miss(f"tag {data.tag}")
        rows.write(e.CUSTOM, t, detail=digest(data.tag))
        return
    turn(rows, raw_bytes(data.payload) or b"{}", t)


def _read(payload: bytes) -> Said:
    return _said.decode(payload) if payload.startswith(b"{") else Said()


def _acted(kind: int) -> Callable[[Rows, bytes, int], None]:
    """A handler for an event that is one row of ``kind`` about a node."""

    def turn(rows: Rows, payload: bytes, t: int) -> None:
        said = _read(payload)
        if kind == e.SUBMIT and said.id:
            control, form, flags = rows.facts(said.id)
            rows.write(kind, t, said.id, control, form or said.id, flags=flags | rows.trust)
        else:
            rows.on(kind, t, said.id)

    return turn


def _goal(rows: Rows, payload: bytes, t: int) -> None:
    rows.write(e.GOAL, t, detail=digest(_read(payload).name))


def _track(rows: Rows, payload: bytes, t: int) -> None:
    rows.write(e.CUSTOM, t, detail=digest(_read(payload).name))


def _page(rows: Rows, payload: bytes, t: int) -> None:
    if rows.views.moved(_read(payload).href, t):
        rows.open_page(t)


def _visibility(rows: Rows, payload: bytes, t: int) -> None:
    rows.write(e.VISIBILITY, t, value=float(_read(payload).state != "hidden"))


def _trust(rows: Rows, payload: bytes, t: int) -> None:
    said = _read(payload).trusted
    rows.trust = 0 if said is None else e.TRUSTED if said else e.UNTRUSTED
    rows.write(e.STATUS, t, value=0.0, flags=rows.trust)


def _channels(rows: Rows, payload: bytes, t: int) -> None:
    rows.declare(*_read(payload).channels or ())
    rows.write(e.STATUS, t, value=0.0)


def _sentry_breadcrumb(rows: Rows, payload: bytes, t: int) -> None:
    crumb = _breadcrumb.decode(payload)
    category = crumb.category
    at = t if crumb.timestamp is None else round(crumb.timestamp * 1_000)
    about = raw_bytes(crumb.data)
    where = _where.decode(about) if about.startswith(b"{") else Where()
    if category == "navigation":
        if rows.views.moved(where.to, at):
            rows.open_page(at)
    elif category == "console":
        rows.console(crumb.level, None, at)
    elif category in MARKS:
        rows.on(e.MARK, at, where.node_id or 0, detail=digest(category))
    elif category == "ui.keyDown":
        rows.on(e.KEY, at, where.node_id or 0)
    elif category in SHOWN:
        rows.write(e.VISIBILITY, at, value=SHOWN[category])
    else:
        rows.write(e.CUSTOM, at, detail=digest(category or crumb.type))


def _sentry_span(rows: Rows, payload: bytes, t: int) -> None:
    span = _span.decode(payload)
    begin = t if span.start is None else round(span.start * 1_000)
    if span.op in NAVIGATIONS:
        if rows.views.moved(span.description, begin):
            rows.open_page(begin)
    elif span.op in REQUESTS:
        duration = (
            None if span.start is None or span.end is None else round((span.end - span.start) * 1_000, 2)
        )
        about = raw_bytes(span.data)
        status = _span_data.decode(about).status_code if about.startswith(b"{") else None
        rows.declare("network")
        rows.request(t if span.end is None else round(span.end * 1_000), duration, status, span.description)
    else:
        rows.write(e.CUSTOM, t, detail=digest(span.op))


def _nothing(rows: Rows, payload: bytes, t: int) -> None:
    """Understood, and without a row of its own."""


TAGS: Final[dict[str, Callable[[Any, bytes, int], None]]] = {
    "ww.tick": _acted(e.TICK),
    "ww.goal": _goal,
    "ww.track": _track,
    "ww.page": _page,
    "ww.visibility": _visibility,
    "ww.submit": _acted(e.SUBMIT),
    "ww.copy": _acted(e.CLIPBOARD),
    "ww.download": _acted(e.DOWNLOAD),
    "ww.key": _acted(e.KEY),
    "ww.trust": _trust,
    "ww.channels": _channels,
    "breadcrumb": _sentry_breadcrumb,
    "performanceSpan": _sentry_span,
    "options": _nothing,
    "$pageview": _page,
    "$url_changed": _page,
    "$session_options": _nothing,
    "$posthog_config": _nothing,
}
"""Tags that are understood, and what they become."""
