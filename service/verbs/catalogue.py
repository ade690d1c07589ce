"""``watchworthy catalogue``: every feature and signal, as declared."""

from __future__ import annotations

import math
import sys

from rich.table import Table

from features.catalogue import engine
from service.screen import out

HEAD = """# Catalogue

Every feature and every signal that Watchworthy computes. This page is made by `watchworthy catalogue --markdown`.

A feature is one number of a session. It is undefined (NaN) where the recording cannot tell, and that is never the
same as zero. All are free of text: they read lengths and counts only, so masking a recording changes none of them.
"""


def run(markdown: bool) -> int:
    """Print the catalogue; return the exit status."""
    if markdown:
        sys.stdout.write(page())
        return 0
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("feature", "unit", "range", "what it is", "source"):
        table.add_column(name, overflow="fold", no_wrap=name == "feature")
    for one in engine().features:
        table.add_row(
            f"[bold]{one.name}[/]", one.unit, span(one.low, one.high), one.text, f"[dim]{one.source}[/]"
        )
    out.print(table)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("signal", "fires when", "stays silent on", "also called", "source"):
        table.add_column(name, overflow="fold", no_wrap=name == "signal")
    for signal in sorted(engine().signals, key=lambda signal: signal.code):
        aliases = ", ".join(signal.aliases)
        table.add_row(
            f"[bold]{signal.name}[/]", signal.text, signal.silent_on, aliases, f"[dim]{signal.source}[/]"
        )
    out.print()
    out.print(table)
    return 0


def span(low: float, high: float) -> str:
    """A range as people read it.

    >>> span(0, math.inf), span(0, 1)
    ('0 …', '0 … 1')
    """
    first = "…" if low == -math.inf else f"{low:g} …"
    return first if high == math.inf else f"{first} {high:g}"


def page() -> str:
    """The catalogue as the docs show it."""
    lines = [HEAD, "## Features\n"]
    family = ""
    for one in engine().features:
        if one.family != family:
            family = one.family
            lines += [f"\n### {family.capitalize()}\n", "| name | unit | range | what it is | source |"]
            lines.append("| --- | --- | --- | --- | --- |")
        needs = [f"needs the {one.channel} channel"] if one.channel else []
        needs += ["needs the page"] if one.sighted else []
        text = f"{one.text} ({', '.join(needs)})" if needs else one.text
        cells = (f"`{one.name}`", one.unit, span(one.low, one.high), text, one.source)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    lines += ["\n## Signals\n", "| code | fires when | stays silent on | evidence | also called | source |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for signal in sorted(engine().signals, key=lambda signal: signal.code):
        aliases = ", ".join(f"`{name}`" for name in signal.aliases)
        cells6 = (
            f"`{signal.name}`",
            signal.text,
            signal.silent_on,
            ", ".join(signal.evidence),
            aliases,
            signal.source,
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells6) + " |")
    return "\n".join(lines) + "\n"
