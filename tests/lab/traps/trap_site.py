"""Serves the trap pages, quiet ones and ones that change all the time, and takes the batches of our recorder."""

from __future__ import annotations

import gzip
import json
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from service.web.shop_server import listening

PAGES = Path(__file__).resolve().parent / "pages"
MODES = ("quiet", "busy")
LONGEST_WAIT_MS = 5_000
HALF_SECOND_OF_SILENCE = bytes(4_000)
GZIP = b"\x1f\x8b"

SHELL = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Orchard Lane</title><link rel="icon" href="data:,"><style>
body{{font:16px sans-serif;margin:0 24px 60px}}header{{height:100px}}button{{padding:8px 14px;margin:2px}}
.tall{{height:150px}}#track{{position:relative;height:30px;width:400px;background:#ddd}}
#handle{{position:absolute;width:24px;height:30px;background:#393}}#map{{width:420px;height:260px;overflow:hidden;
background:#dfd}}.btn{{display:inline-block;padding:8px 14px;background:#393;color:#fff}}
#board{{width:180px}}#keys{{width:200px}}#slide{{padding:20px}}#text{{max-width:600px}}
</style></head><body><header><b>Orchard Lane</b>{ticker}</header><main>
{page}
</main></body></html>
"""

TICKER = """ <span id="news">News</span> <progress id="tide" max="100" value="0"></progress><script>
(() => {
  let n = 0;
  const tick = () => {
    n += 1;
    document.getElementById("news").textContent = `News ${n}`;
    setTimeout(tick, 500 + ((n * 7919) % 600));
  };
  tick();
  setInterval(() => (document.getElementById("tide").value = (n * 13) % 100), 1300);
})();
</script>"""


def page(mode: str, name: str) -> str | None:
    """A whole page, or None if there is none of this name."""
    file = PAGES / f"{name}.html"
    if mode not in MODES or not file.is_file():
        return None
    return SHELL.format(ticker=TICKER if mode == "busy" else "", page=file.read_text(encoding="utf-8"))


def silence() -> bytes:
    """A sound file of half a second in which nothing is heard."""
    size = len(HALF_SECOND_OF_SILENCE)
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, 8_000, 8_000,
                       1, 8, b"data", size)  # fmt: skip
    return head + bytes(byte ^ 0x80 for byte in HALF_SECOND_OF_SILENCE)


class TrapHandler(BaseHTTPRequestHandler):
    """`/quiet/NAME`, `/busy/NAME`, a few files, an answer that waits and one that fails."""

    protocol_version = "HTTP/1.1"
    batches: dict[str, list[bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path != "/v1/batches":
            self.answer(404, "text/plain", b"no such page")
            return
        told = gzip.decompress(body) if body.startswith(GZIP) else body
        self.batches.setdefault(json.loads(told.partition(b"\n")[0])["key"], []).append(told)
        self.answer(200, "application/json", b'{"ok":true,"interventions":[]}')

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        parts = address.path.strip("/").split("/")
        if parts == ["api", "wait"]:
            asked = int(parse_qs(address.query).get("ms", ["0"])[0])
            time.sleep(min(asked, LONGEST_WAIT_MS) / 1000)
            self.answer(200, "application/json", json.dumps({"text": "On Thursday."}).encode())
        elif parts == ["api", "fail"]:
            time.sleep(0.1)
            self.answer(500, "application/json", b"{}")
        elif parts[0] == "file" and len(parts) == 2:
            kind = {"wav": "audio/wav", "gif": "image/gif"}.get(parts[1].rsplit(".", 1)[-1])
            body = silence() if kind == "audio/wav" else b"nothing of note"
            self.answer(200, kind or "application/octet-stream", body)
        elif len(parts) == 2 and (text := page(*parts)) is not None:
            self.answer(200, "text/html; charset=utf-8", text.encode())
        else:
            self.answer(404, "text/plain", b"no such page")

    def answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stays quiet: the lab's progress bar has the terminal."""


@contextmanager
def trap_site() -> Iterator[tuple[int, dict[str, list[bytes]]]]:
    """The port of the trap pages while the block runs, and the batches that came, unpacked, by the key they bear."""
    batches: dict[str, list[bytes]] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (TrapHandler,), {"batches": batches}))
    with listening(server):
        yield server.server_address[1], batches
