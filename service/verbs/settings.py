"""``watchworthy settings``: every setting, what it does, and what it is now."""

from __future__ import annotations

import sys
from pathlib import Path

from service.live.settings import FILE, PREFIX, described, load


def run(data_dir: Path) -> int:
    """Print the settings as a ``watchworthy.toml`` that says the same: what is a default stands in a comment."""
    try:
        settings = load(data_dir)
    except ValueError as error:
        print(f"watchworthy settings: {error}", file=sys.stderr)
        return 2
    print(f"# {data_dir / FILE}; {PREFIX}<NAME> in the environment goes before it.")
    for name, value, text, default in described(settings):
        print(f"\n# {text}")
        print(f"{'# ' if default else ''}{name} = {value}".rstrip())
    return 0
