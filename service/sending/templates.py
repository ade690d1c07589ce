"""Templates: a message put into the shape that somebody else's collector takes. Placeholders only, nothing is run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from data_contracts.errors import WatchworthyError
from data_contracts.messages import FIELDS

CAPTURE: Final = "capture"
OF_MESSAGE: Final = ("id", "type", "timestamp")
"""Placeholders that every message has, beside the fields of its data."""

PLACEHOLDER: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
DEEPEST: Final = 8
MOST_BYTES: Final = 8_192
MOST_PLACEHOLDERS: Final = 200  # a message of some kilobytes may stand for each of them

Fields = dict[str, Any]


def check(fields: Fields, topics: Sequence[str]) -> None:
    """Refuse a template that could not be filled.

    Parameters
    ----------
    fields
        A JSON object whose texts may hold placeholders, as ``{session_id}``; ``{{`` and ``}}`` stand for braces.
    topics
        What will be put into it: each placeholder must be a field of each.

    Raises
    ------
    WatchworthyError
        ``webhook_wrong``, with the path of what is wrong.
    """
    if not fields:
        raise _wrong("The template is empty: say which fields are to be posted.", "$")
    known = {topic: {*OF_MESSAGE, *FIELDS[topic]} for topic in topics}
    count = 0
    for path, text in _texts(fields, "$", DEEPEST):
        for found in PLACEHOLDER.finditer(text):
            if found[0] in ("{{", "}}"):
                continue
            if found[0] in ("{", "}"):
                raise _wrong("A brace stands alone; write {{ or }} for one that is meant.", path)
            for topic, names in known.items():
                if found[1] not in names:
                    said = (
                        f"{{{found[1][:40]}}} is no field of {topic}; there are {', '.join(sorted(names))}."
                    )
                    raise _wrong(said, path)
            count += 1
    try:
        size = len(msgspec.json.encode(fields))
    except ValueError as error:  # half a character
        raise _wrong(f"The template holds what cannot be written as JSON: {error}.", "$") from None
    if size > MOST_BYTES:
        raise _wrong(f"The template is longer than {MOST_BYTES} bytes.", "$")
    if count > MOST_PLACEHOLDERS:
        raise _wrong(f"The template has more than {MOST_PLACEHOLDERS} placeholders.", "$")


def fill(fields: Fields, message: str, body: bytes) -> bytes:
    """The JSON that a collector receives.

    Parameters
    ----------
    message
        Id of the message.
    body
        The message as JSON.

    Examples
    --------
    >>> fields = {"event": "scored", "properties": {"bot": "{bot}", "said": "{{{verdict}}}"}}
    >>> fill(fields, "msg_1", b'{"type":"decision.written","data":{"bot":0.5,"verdict":"automation"}}')
    b'{"event":"scored","properties":{"bot":0.5,"said":"{automation}"}}'
    """
    told = msgspec.json.decode(body)
    values = {**told["data"], **{name: told.get(name) for name in OF_MESSAGE}, "id": message}
    return msgspec.json.encode(_filled(fields, values))


def decoded(fields: msgspec.Raw) -> Fields:
    """A template as it is stored, as ``fill`` takes it."""
    return msgspec.json.decode(fields, type=Fields)


def _filled(value: Any, values: Fields) -> Any:
    if isinstance(value, dict):
        return {name: _filled(inner, values) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, values) for inner in value]
    if not isinstance(value, str):
        return value
    whole = PLACEHOLDER.fullmatch(value)
    if whole is not None and whole[1] is not None:
        return values.get(whole[1])  # as it is: a number stays one
    return PLACEHOLDER.sub(lambda found: _spelled(found, values), value)


def _spelled(found: re.Match[str], values: Fields) -> str:
    if found[1] is None:
        return found[0][:1]
    value = values.get(found[1])
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _texts(value: Any, path: str, deepest: int) -> Iterator[tuple[str, str]]:
    """Each text in a template, and where it stands."""
    if not deepest:
        raise _wrong(f"The template is nested deeper than {DEEPEST}.", path[:100])
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{path}.{name[:40]}", deepest - 1)
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _texts(inner, f"{path}[{i}]", deepest - 1)


def _wrong(message: str, where: str) -> WatchworthyError:
    return WatchworthyError("webhook_wrong", message, where)
