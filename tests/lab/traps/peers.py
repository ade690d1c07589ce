"""Lets the two Python peers read the traps, and writes down what they report, in our names for signals.

python tests/lab/traps/peers.py

spoiler 0.1.3 and oss-clarity 0.1.2 come from the registry of Python packages, with the tools for development. Each
gets what its own recorder would have given it: oss-clarity its event for a script error, where the console plugin
saw one; spoiler a vocabulary with a host and a page in it.
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from pipelines.traps.corpus import Span, Trap, traps, write_others  # noqa: E402

SPOILER = "spoiler 0.1.3"
CLARITY = "oss-clarity 0.1.2"
SPOILER_NAMES = {"dead": "dead_click", "unresponsive": "dead_click", "rage": "rage_click", "slow": "slow_response",
                 "error_after": "error_click", "error_shown": "error_shown", "thrash": "page_pingpong"}  # fmt: skip
CLARITY_NAMES = {"rage": "rage_click", "dead": "dead_click", "error": "error_click", "hesitation": "hesitation",
                 "near_miss": "near_miss", "scroll_hunt": "scroll_hunt", "form_refill": "form_refill",
                 "form_abandon": "form_abandon", "repeat_submit": "repeat_submit",
                 "idle_exit": "idle_exit"}  # fmt: skip
VOCABULARY = """version: 1
apps:
  orchard: { project: 1, host: orchard.example, audience: "visitors" }
surfaces:
  - { id: orchard.page, app: orchard, route: /, name: "Page" }
features:
  - { id: orchard.page.any, surface: orchard.page, name: "Any", matchers: { testid: [none] } }
"""


def events_of(trap: Trap) -> list[dict[str, Any]]:
    """The rrweb events of a trap."""
    return json.loads(gzip.decompress(trap.file.read_bytes()))["events"]


def spoiler_reports(trap: Trap) -> list[Span]:
    """What spoiler flags, each at the second of its act."""
    program = shutil.which("spoiler", path=str(Path(sys.executable).parent)) or "spoiler"
    with tempfile.TemporaryDirectory() as folder:
        recording, vocabulary, made = (
            Path(folder) / name for name in ("in.jsonl", "words.yaml", "made.json")
        )
        recording.write_text(json.dumps({"window_id": "w1", "data": events_of(trap)}), encoding="utf-8")
        vocabulary.write_text(VOCABULARY, encoding="utf-8")
        subprocess.run(
            [program, "decode", "--recording", str(recording), "--out", str(made)],
            check=True,
            capture_output=True,
        )
        said = subprocess.run(
            [program, "compile", "--recording", str(made), "--vocab", str(vocabulary), "--app", "orchard"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    return spoiler_spans(json.loads(said.stdout))


def spoiler_spans(artifact: dict[str, Any]) -> list[Span]:
    """The flags of spoiler's trace under our names."""
    found = []
    for act in artifact["actions"]:
        at = act["t_ms"] / 1000
        found += [Span(SPOILER_NAMES[flag], at, at) for flag in act["flags"] if flag in SPOILER_NAMES]
    return found


def clarity_reports(trap: Trap) -> list[Span]:
    """What oss-clarity marks, with quick backs and loops of its page views."""
    from oss_clarity.core.events import ERROR_TAG
    from oss_clarity.core.navigation import count
    from oss_clarity.core.signals import analyze

    events = events_of(trap)
    pages: list[tuple[str, list[dict[str, Any]]]] = []
    for event in events:
        if event["type"] == 4 or not pages:
            pages.append((event["data"].get("href", ""), []))
        logged = event["data"].get("payload") if event["type"] == 6 else None
        if logged and logged.get("level") == "error":
            event = {"type": 5, "timestamp": event["timestamp"], "data": {"tag": ERROR_TAG, "payload": {}}}
        pages[-1][1].append(event)
    first = min(event["timestamp"] for event in events)
    _, markers = analyze(pages)
    found = [
        Span(CLARITY_NAMES[one["kind"]], one["t_ms"] / 1000, one["t_ms"] / 1000)
        for one in markers
        if one["kind"] in CLARITY_NAMES
    ]
    views = [(href, page[0]["timestamp"] / 1000) for href, page in pages]
    counted = count(views)
    ends = (views[0][1] - first / 1000, views[-1][1] - first / 1000)  # it says that, and not when
    found += [Span("page_pingpong", *ends)] if counted["quick_backs"] else []
    found += [Span("page_loop", *ends)] if counted["loops"] else []
    return found


def main() -> None:
    """Reads every trap with both, and writes what they say."""
    every = traps()
    write_others({SPOILER: {one.name: spoiler_reports(one) for one in every},
                  CLARITY: {one.name: clarity_reports(one) for one in every}})  # fmt: skip


if __name__ == "__main__":
    main()
