"""Where pages load the recorder from: the newest version, and each one under its own name for ever."""

from __future__ import annotations

import re
from typing import Final

from fastapi import APIRouter, Request, Response

from service.live.refusals import Refusal
from service.recorder.versions import Version, Versions

NEWEST: Final = "/recorder/v1/watchworthy.js"
PINNED: Final = "/recorder/v1/watchworthy.{name}.js"
FRESH_S: Final = 600
FOR_EVER: Final = "public, max-age=31536000, immutable"


def router(versions: Versions) -> APIRouter:
    """The two addresses.

    Parameters
    ----------
    versions
        What there is to serve.
    """
    routes = APIRouter(tags=["recorder"])

    @routes.get(NEWEST, include_in_schema=False)
    async def newest(request: Request) -> Response:
        """The recorder of this release; whoever loads it gets updates."""
        if versions.newest is None:
            raise Refusal(
                "not_found", "The recorder was not built: run `make pages`, and start the service again."
            )
        return _answer(request, versions.newest, f"public, max-age={FRESH_S}")

    @routes.get(PINNED, include_in_schema=False)
    async def pinned(request: Request, name: str) -> Response:
        """One version of the recorder, which never changes."""
        version = versions.find(name)
        if version is None:
            raise Refusal("not_found", "There is no such version of the recorder here.")
        return _answer(request, version, FOR_EVER)

    return routes


def _answer(request: Request, version: Version, caching: str) -> Response:
    tag = f'"{version.name}"'
    headers = {
        "access-control-allow-origin": "*",  # without it no browser checks `integrity` of another origin's script
        "cross-origin-resource-policy": "cross-origin",
        "x-content-type-options": "nosniff",
        "cache-control": caching,
        "etag": tag,
        "vary": "accept-encoding",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    packs = re.search(
        r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", request.headers.get("accept-encoding", "")
    )
    if packs:
        headers["content-encoding"] = "gzip"
    body = version.packed if packs else version.script
    return Response(body, media_type="text/javascript; charset=utf-8", headers=headers)
