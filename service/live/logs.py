"""The log of the service: one JSON object a line, on standard error."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any, Final

import msgspec

ROOT: Final = "watchworthy"
FIELDS: Final = (
    "request_id",
    "method",
    "path",
    "status",
    "code",
    "ms",
    "bytes",
    "site",
    "session",
    "address",
)
"""What may stand in ``extra``; neither keys nor anything that a visitor wrote ever does."""


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        said: dict[str, Any] = {
            "at": f"{stamp}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        said |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(said).decode()


def begin(level: str) -> None:
    """Write our log, and that of the server below us, as lines of JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in (ROOT, "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
    logging.getLogger(ROOT).setLevel(level.upper())
    logging.getLogger("uvicorn").setLevel("ERROR")  # it warns of what anybody can send; we count that
