"""``watchworthy snippet``: print the tag that a site puts into its pages."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from service.live.settings import load
from service.recorder.snippet import snippet
from service.recorder.versions import Versions
from service.screen import errors

KEY: Final = "ww_write_…"


def run(data_dir: Path, service: str | None, key: str, updates: bool) -> int:
    """Print the tag of this release's recorder, and keep that version in the data folder."""
    chosen = load(data_dir)
    address = (service or f"http://{chosen.host}:{chosen.port}").rstrip("/")
    if not re.fullmatch(r"https?://[^\s/\"'<>]+", address):
        print(
            f"watchworthy snippet: {address!r} is no address of a service; write it as https://watch.example.",
            file=sys.stderr,
        )
        return 2
    version = Versions(data_dir).newest
    if version is None:
        print(
            "watchworthy snippet: the recorder was not built; run `make pages` first.",
            file=sys.stderr,
        )
        return 1
    print(snippet(version, address, key or KEY, updates=updates))
    if not key:
        errors.print(
            f"Put your write key in place of {KEY}: `watchworthy keys create --role write` makes one."
        )
    if service is None:
        errors.print(
            "The address is that of this machine; give the one that your visitors reach with --service."
        )
    return 0
