"""Serves the busy page with one recorder or none, and takes what each recorder sends."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from service.web.shop_server import listening

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
BUILT = HERE.parents[2] / "service" / "web" / "built" / "recorder" / "watchworthy.js"
PACKAGES = {
    "posthog-js": MODULES / "posthog-js",
    "clarity-js": MODULES / "clarity-js",
}
SCRIPTS = {
    "watchworthy": (BUILT,),
    "posthog-js": (MODULES / "posthog-js/dist/array.js", MODULES / "posthog-js/dist/posthog-recorder.js"),
    "clarity-js": (MODULES / "clarity-js/build/clarity.min.js",),
}
"""What a page loads for each recorder."""

STARTS = {
    "none": "",
    "watchworthy": "watchworthy.init({key: 'cost', bytesPerSecond: 10000000, changesPerSecond: 1000000});",
    "posthog-js": """posthog.init("cost", {
        api_host: location.origin, autocapture: false, capture_pageview: false, persistence: "memory",
        disable_surveys: true, capture_performance: false, opt_out_useragent_filter: true,
        session_recording: {compress_events: true},
    });""",
    "clarity-js": """clarity("start", {
        projectId: "cost", upload: location.origin + "/clarity", lean: false, content: true, track: false,
    });""",
}
"""How each begins, with nothing but its session recorder, and no budget of ours that would spare it work."""

FLAGS = {
    "featureFlags": {},
    "flags": {},
    "sessionRecording": {
        "endpoint": "/s/",
        "recorderVersion": "v2",
        "consoleLogRecordingEnabled": False,
        "sampleRate": None,
    },
    "supportedCompression": ["gzip-js"],
    "capturePerformance": False,
    "surveys": False,
    "heatmaps": False,
}
"""What PostHog's service would answer for a project whose sessions are recorded."""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Busy</title><link rel="icon" href="data:,">
<style>.cell{{display:inline-block;width:38px;font:12px monospace}}.hot{{color:#a30}}</style></head>
<body><main></main><script src="/page.js"></script>{scripts}{start}</body></html>"""


def packed_bytes(recorder: str) -> int:
    """Bytes that a page loads for a recorder, gzipped."""
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in SCRIPTS[recorder])


class Handler(BaseHTTPRequestHandler):
    """`/NAME` is the page with this recorder; what is sent is counted by the page that sent it."""

    protocol_version = "HTTP/1.1"
    sent: Counter[str]

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        name = path.strip("/")
        if path == "/page.js":
            self.answer("text/javascript", (HERE / "page.js").read_bytes())
        elif path.startswith("/script/"):
            _, _, recorder, file = path.split("/")
            found = next(one for one in SCRIPTS[recorder] if one.name == file)
            self.answer("text/javascript", found.read_bytes())
        elif path.startswith("/array/") or path.startswith("/static/"):
            file = PACKAGES["posthog-js"] / "dist" / Path(path).name
            if file.is_file():
                self.answer("text/javascript", file.read_bytes())
            else:  # the configuration of the project, once as JSON and once as a script
                self.answer("application/json", json.dumps(FLAGS).encode())
        elif name in STARTS:
            scripts = "".join(
                f'<script src="/script/{name}/{path.name}"></script>' for path in SCRIPTS.get(name, ())
            )
            start = f"<script>{STARTS[name]}</script>" if STARTS[name] else ""
            self.answer("text/html; charset=utf-8", PAGE.format(scripts=scripts, start=start).encode())
        else:
            self.answer("application/json", json.dumps(FLAGS).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.sent[urlsplit(self.headers.get("referer", "")).path.strip("/") or self.path] += len(body)
        path = urlsplit(self.path).path
        if path == "/v1/batches":
            self.sent["watchworthy"] += len(body)  # it sends no referrer
            self.answer("application/json", b'{"ok":true,"interventions":[]}')
        else:
            self.answer("application/json", json.dumps(FLAGS).encode())

    def answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stays quiet: the progress bar has the terminal."""


@contextmanager
def sites() -> Iterator[tuple[str, Counter[str]]]:
    """The address of the pages while the block runs, and the bytes that each recorder has sent."""
    sent: Counter[str] = Counter()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Sites", (Handler,), {"sent": sent}))
    with listening(server):
        yield f"http://127.0.0.1:{server.server_address[1]}", sent
