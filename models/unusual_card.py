"""The card of the unusual score: what it stands on, how it ranks automation that nothing was taught, what it is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from models.card import DIGEST_LINE
from models.card_words import UNTAUGHT
from models.unusual import digest_of


def write(folder: Path) -> Path:
    """Write ``card.md`` from the files beside it."""
    facts, measures = (
        json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in ("unusual", "measures")
    )
    path = folder / "card.md"
    path.write_text(text(facts, measures, digest_of(folder)), encoding="utf-8", newline="\n")
    return path


def text(facts: dict[str, Any], measures: dict[str, Any], digest: str) -> str:
    """The card, as Markdown."""
    fitted = facts["fitted_to"]
    quantiles = ", ".join(
        f"{share} % below {value:.2f}" for share, value in measures["people_quantiles"].items()
    )
    lines = []
    for row in measures["families"]:
        taught = "no" if row["family"] in UNTAUGHT or row["family"].startswith("replayed") else "yes"
        ranked = ""
        if row.get("auc") is not None:
            low, high = row["auc_interval"]
            ranked = f"{row['auc']:.2f} ({low:.2f} to {high:.2f})"
        people = row.get("people", "")
        lines.append(f"| {row['family']} | {row['source']} | {taught} | {row['n']} | {people} | {ranked} |")
    table = "\n".join(lines)
    return (
        "# unusual (starter)\n\n*How unlike the sessions of people on record is this one?*\n\n"
        f"{DIGEST_LINE}`{digest}`\n\n"
        f"An isolation forest of {facts['trees']} trees over {len(facts['features'])} rates and shapes, each grown on "
        f"{facts['rows_a_tree']} of {fitted['sessions']} sessions by {fitted['people']} people: recordings of a "
        "demonstration shop in headless Chromium, people's pointer traces replayed by scripts. 0 is in the "
        "thick of it, 1 alone. It is computed once, when a session is over.\n\n"
        f"Of people's sessions, those people held out, {quantiles}.\n\n"
        "## How it ranks automation\n\nNo automation was shown to it. AUC against the people of the same source, who "
        "were held out; intervals (95 %) are over people drawn again; cells of fewer than 20 sessions stay blank. "
        "*Taught* says whether the bot head was trained on that family.\n\n"
        "| family | source | taught | n | people | AUC |\n| --- | --- | --- | --- | --- | --- |\n"
        f"{table}\n\n"
        "## What it is not\n\n"
        "* It is no verdict and no probability, and no rule should act on it alone: who uses a keyboard, a touch "
        "screen or assistive technology is unusual among people with a mouse.\n"
        "* What is missing stands at the median, so a session without a pointer is not unusual for that.\n"
        "* Goals, typing and wheel of the people here are a script's: a shop unlike this one makes everybody unusual. "
        "Fit it to sessions of your own.\n"
        "* Replayed traces of people move as people do, and are not unusual in that.\n"
        "* Its vectors ship beside it, people and sessions hashed; the recordings do not. SapiMouse: repository under "
        "Apache-2.0.\n"
    )
