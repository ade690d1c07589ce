"""``watchworthy card``: the model card of a head."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.markdown import Markdown

from models.bundle import STARTER
from models.card import text
from service.screen import out


def run(head: str, models: Path | None) -> int:
    """Print a card; return the exit status."""
    page = text(head, models or STARTER)
    if out.is_terminal:
        out.print(Markdown(page))
    else:
        sys.stdout.write(page)
    return 0
