"""A small site of our own on localhost: pages out of texts, with the recorder's tag in them."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.service.loopback import Loopback

OFFER = "[data-ww-ours] [role=dialog]"
"""The recorder's own dialog."""

HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Page</title>{tag}</head><body>{body}</body></html>"""


class Site(Loopback):
    """``with Site() as one``: ``one.put("/a", body, tag)`` puts a page there."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, str, str]] = {}
        self.headers: dict[str, str] = {}
        """Sent with every page."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("H", (_Handler,), {"site": self}))
        self.address = f"http://localhost:{self._server.server_address[1]}"

    def put(self, path: str, body: str, tag: str = "") -> str:
        """Put a page at a path; its whole address."""
        self.pages[path] = (200, "text/html; charset=utf-8", HEAD.format(tag=tag, body=body))
        return self.address + path


class _Handler(BaseHTTPRequestHandler):
    site: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        status, kind, text = self.site.pages.get(
            urlsplit(self.path).path, (404, "text/plain", "nothing here")
        )
        data = text.encode()
        self.send_response(status)
        for name, value in {
            **self.site.headers,
            "content-type": kind,
            "content-length": str(len(data)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass
