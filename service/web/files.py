"""Scripts and styles that pages name: served under a name that has their digest in it, so they may be kept for ever."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.live.refusals import Refusal

TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
FOR_EVER: Final = "public, max-age=31536000, immutable"
DIGITS: Final = 16


class File(NamedTuple):
    """A file as it is served."""

    data: bytes
    packed: bytes
    type: str


class Files:
    """The files of some folders, read once.

    Parameters
    ----------
    folders
        Of scripts and styles; one that is missing holds nothing.
    at
        The path below which they are served.
    """

    def __init__(self, folders: Iterable[Path], at: str = "/files") -> None:
        self.at = at
        self._served: dict[str, File] = {}
        self._names: dict[str, str] = {}
        for folder in folders:
            for path in sorted(folder.glob("*")) if folder.is_dir() else ():
                if path.suffix in TYPES:
                    data = path.read_bytes()
                    digest = hashlib.sha256(data).hexdigest()[:DIGITS]
                    name = f"{path.stem}.{digest}{path.suffix}"
                    self._names[path.name] = name
                    self._served[name] = File(data, gzip.compress(data, 9, mtime=0), TYPES[path.suffix])

    def address(self, name: str) -> str:
        """The path of a file.

        Raises
        ------
        Refusal
            ``pages_missing`` if there is none of this name; scripts are there once they were built.
        """
        found = self._names.get(name)
        if found is None:
            raise Refusal("pages_missing")
        return f"{self.at}/{found}"

    def routes(self) -> APIRouter:
        """The route that serves them."""
        routes = APIRouter(include_in_schema=False)

        @routes.get(self.at + "/{name}")
        async def file(name: str, request: Request) -> Response:
            found = self._served.get(name)
            if found is None:
                raise Refusal("not_found")
            headers = {
                "cache-control": FOR_EVER,
                "x-content-type-options": "nosniff",
                "vary": "accept-encoding",
                "cross-origin-resource-policy": "same-origin",
            }
            if "gzip" in request.headers.get("accept-encoding", ""):
                return Response(
                    found.packed, media_type=found.type, headers=headers | {"content-encoding": "gzip"}
                )
            return Response(found.data, media_type=found.type, headers=headers)

        return routes
