"""Pages: templates filled in, and the headers that keep a page to itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from service.triage.pages import counted
from service.web import words
from service.web.files import Files
from service.web.story import at

PAGES: Final = Path(__file__).parent / "pages"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; frame-src {player}"
)
HEADERS: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Renderer:
    """Fills in templates.

    Parameters
    ----------
    files
        The scripts and styles that pages name.
    """

    def __init__(self, files: Files) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(PAGES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "clock": words.clock,
            "lasts": words.lasts,
            "chance": words.chance,
            "when": words.when,
            "spoken": words.spoken,
            "code": words.code,
            "path": words.path,
            "number": words.number,
            "counted": counted,
            "at": at,
            "data": _data,
        }
        self._environment.globals |= {"file": files.address, "words": words}

    def text(self, template: str, **values: Any) -> str:
        """A template as text."""
        return self._environment.get_template(template).render(values)

    def page(
        self,
        template: str,
        *,
        status: int = 200,
        player: str = "",
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """A template as an answer.

        Parameters
        ----------
        player
            Origin that the page may frame.
        """
        policy = POLICY.format(player=player or "'none'")
        told = HEADERS | {"content-security-policy": policy} | dict(headers or {})
        return HTMLResponse(self.text(template, player=player, **values), status, told)


def _data(value: Any) -> str:
    """A value as JSON that may stand in an attribute between single quotes, as it is."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for bad, good in (("&", "&amp;"), ("'", "&#39;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(bad, good)
    return text
