"""``watchworthy sign-in``: a new link by which the owner of a service signs in."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from service.live import settings
from service.screen import errors
from service.web.links import sign_in
from service.web.owner import Owner


def run(data_dir: Path, site: str) -> int:
    """Print a link; return the exit status."""
    try:
        chosen = settings.load(data_dir)
    except ValueError as error:
        print(f"watchworthy sign-in: {error}", file=sys.stderr)
        return 2
    host = f"[{chosen.host}]" if ":" in chosen.host else chosen.host
    with closing(Owner(data_dir)) as owner:
        print(sign_in(owner, chosen, f"http://{host}:{chosen.port}", site))
    errors.print(
        "It works once, within a day, while the service of this folder runs; earlier links no longer do."
    )
    return 0
