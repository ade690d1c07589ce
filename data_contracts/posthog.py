"""PostHog's compression inside events (``cv`` 2024-10): some fields are strings of gzipped JSON."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Raw, Struct

from data_contracts.batches import UNREADABLE, Text
from data_contracts.compression import Budget
from data_contracts.packer import unpack_string

FIELDS: Final = ("texts", "attributes", "removes", "adds")
"""Fields of a mutation's or a style sheet rule's data that may be packed, each for itself."""


class _Event(Struct, gc=False):
    cv: str | None = None
    data: Raw = Raw()


class _Window(Struct, gc=False):
    windowId: str | None = None
    window_id: str | None = None


_event: Final = msgspec.json.Decoder(_Event)
_members: Final = msgspec.json.Decoder(dict[str, Raw])
_window: Final = msgspec.json.Decoder(_Window)


def unpack_event(text: Text, budget: Budget) -> Text:
    """The same event with its packed fields as plain JSON; unchanged where nothing is packed.

    A recorder that fails to pack a field leaves it plain, so each is looked at for itself.

    Raises
    ------
    WatchworthyError
        ``compression_bomb`` or ``input_too_long``.
    """
    try:
        event = _event.decode(text)
        if event.cv is None:
            return text
        data = bytes(event.data)
        if data.startswith(b'"'):
            plain = unpack_string(data, budget)
        else:
            members = _members.decode(data)
            for name in FIELDS:
                if name in members and bytes(members[name]).startswith(b'"'):
                    field = unpack_string(members[name], budget)
                    if field is not None:
                        members[name] = Raw(field)
            plain = msgspec.json.encode(members)
        if plain is None:
            return text
        whole = _members.decode(text)
    except UNREADABLE:
        return text  # the decoder of the stream will say what is wrong with it
    whole["data"] = Raw(plain)
    return msgspec.json.encode(whole)


def window_of(text: Text) -> str | None:
    """The window that an event names, if it does."""
    try:
        window = _window.decode(text)
    except UNREADABLE:
        return None
    return window.windowId or window.window_id
