"""JSON Schema of every message that goes in or out, generated from the types and kept in ``docs/schemas``."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from data_contracts.acts import Acts, AnyAct
from data_contracts.annotations import Annotation
from data_contracts.assessments import Assessment
from data_contracts.custom import Said
from data_contracts.decisions import Decision
from data_contracts.labels import Label
from data_contracts.messages import Message
from data_contracts.rrweb import Event

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "schemas"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

MESSAGES: Final[dict[str, tuple[Any, str]]] = {
    "acts": (Acts, "Acts of a session from a source without a DOM, web or mobile."),
    "act": (AnyAct, "One act, as a line of its own."),
    "ww-payload": (Said, "Payload of our recorder's own custom events, whose tags begin with ww and a dot."),
    "assessment": (
        Assessment,
        "What Watchworthy says of one session; each line of `score --format json`, plus `file`.",
    ),
    "webhook-message": (Message, "What a webhook receives; `type` is the topic."),
    "decision": (Decision, "The record of a decision, with all that is needed to make it again."),
    "annotation": (Annotation, "What somebody said of a session, as it is kept."),
    "label": (Label, "A label as it travels, one a line: what a session was, as one head asks it."),
    "rrweb-event": (Event, "One rrweb event, 1.x or 2.x; what is not listed is skipped and counted."),
}
"""Name of the file to the type and its title."""


def schema(name: str) -> dict[str, Any]:
    """JSON Schema of a message.

    Parameters
    ----------
    name
        One of ``MESSAGES``.

    Examples
    --------
    >>> schema("acts")["title"]
    'Acts of a session from a source without a DOM, web or mobile.'
    """
    kind, title = MESSAGES[name]
    return {"$schema": DIALECT, "title": title, **_flush(msgspec.json.schema(kind))}


def components(kinds: Iterable[type], template: str) -> dict[str, Any]:
    """Schemas of types and of all that they hold, by name, with references in the form of a template."""
    _, found = msgspec.json.schema_components(kinds, ref_template=template)
    return {name: _flush(one) for name, one in found.items()}


def _flush(value: Any) -> Any:
    """The same schema with each description flush left: Python 3.13 is the first to strip docstrings itself."""
    if not isinstance(value, dict):
        return value
    return {
        key: inspect.cleandoc(inner) if key == "description" and isinstance(inner, str) else _flush(inner)
        for key, inner in value.items()
    }


def texts() -> dict[str, str]:
    """Name of each file to what must stand in it."""
    return {f"{name}.json": json.dumps(schema(name), indent=2) + "\n" for name in MESSAGES}


def write(folder: Path = FOLDER) -> None:
    """Write the schemas into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
