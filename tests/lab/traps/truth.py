"""The truth of the traps: one small file that says of each recording which signals have to fire, and when."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HEAD = """# The truth of the traps: what each script means to show, timed as it was acted out or by the raw presses.
#
# must   signals that have to fire, each with the seconds from the first event between which it was acted out
# may    signals that are nobody's mistake here, fire or not; every other signal has to stay silent
# set    corpus: stood before anything was mended; hostile: written to break it, first measured unmended, and then
#        mended by; fresh: written after that, and met once
# late   how late 19 of 20 inputs were at most, in ms, where it was kept: the machine was shared
"""


def entry(made: Any) -> dict[str, Any]:
    """The truth of one recording, as the file has it."""
    start = min(event["timestamp"] for event in made.events["rrweb2"]) / 1000
    must: dict[str, list[list[float]]] = {}
    for due in made.due:
        must.setdefault(due.code, []).append([round(due.begun - start, 1), round(due.ended - start, 1)])
    return {
        "about": made.trap.about,
        "set": made.trap.group,
        "must": must,
        "may": list(made.trap.may),
        "late": round(made.late_ms),
    }


def write_truth(path: Path, found: Sequence[Any]) -> None:
    """Brings the file up to date; what is said of other recordings stays."""
    truth = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    truth |= {made.name: entry(made) for made in found}
    lines = [HEAD]
    for name in sorted(truth):
        one = truth[name]
        must = ", ".join(f"{code} = {json.dumps(spans)}" for code, spans in sorted(one["must"].items()))
        lines += [
            f"[{name}]",
            f"about = {json.dumps(one['about'], ensure_ascii=False)}",
            f'set = "{one["set"]}"',
            f"must = {{ {must} }}" if must else "must = {}",
            f"may = {json.dumps(one['may'])}",
            *([f"late = {one['late']}"] if "late" in one else []),
            "",
        ]
    path.write_text("\n".join(lines), encoding="utf-8")
