"""The part of docs/workspace.md that lists columns and types, made from the contracts; a test says if it is stale.

``python -m pipelines.workspace.page`` writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from data_contracts.frames import FRAMES, dtype_of
from data_contracts.tables import Table

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "workspace.md"
BEGIN: Final = "<!-- columns: made from the contracts -->\n"


def columns(table: Table) -> Iterator[str]:
    """A table's columns, as Markdown."""
    yield f"### `{table.name}` {table.version}\n\n{table.text}\n"
    yield "| column | type | what it is |\n| --- | --- | --- |"
    for one in table.columns:
        yield f"| `{one.name}` | `{dtype_of(one)}` | {one.text} |"
    yield ""


def text(page: str) -> str:
    """The page with its list of columns as the contracts have it now."""
    head = page.partition(BEGIN)[0]
    return head + BEGIN + "\n" + "\n".join(line for table in FRAMES for line in columns(table))


if __name__ == "__main__":
    PAGE.write_text(text(PAGE.read_text("utf-8")), "utf-8")
