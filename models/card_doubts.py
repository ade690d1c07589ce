"""The parts of a card that try to break its head: horizons, luck, sources, evasion, replays, twins, other people."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from models.card_text import bullets, percent, share_interval, table, with_interval

REPLAYS: Final = "replays.json"
REPLACED: Final = "replacement.json"
CITED: Final = "cited.json"
EXTERNAL: Final = "external.json"
MOST_LOSS: Final = 0.03
AT: Final = {10: "10 s", 30: "30 s", 60: "60 s", 0: "whole"}


def bot_doubts(folder: Path, measures: dict[str, Any]) -> str:
    """Sections of the bot card."""
    parts = [
        _horizons(measures.get("horizons", [])),
        _cohorts(measures.get("cohorts", [])),
        _evasion(measures.get("evasion", [])),
        _probes(measures.get("probes", [])),
        _luck(measures),
        _replays(_beside(folder, REPLAYS)),
    ]
    return "\n\n".join(part for part in parts if part)


def frustration_doubts(folder: Path, measures: dict[str, Any]) -> str:
    """Sections of the frustration card."""
    parts = [
        _twins(measures.get("twins") or {}),
        _replacement(_beside(folder, REPLACED)),
        _cited(_beside(folder, CITED)),
        _external(_beside(folder, EXTERNAL), measures.get("digest")),
    ]
    return "\n\n".join(part for part in parts if part)


def _beside(folder: Path, name: str) -> dict[str, Any]:
    path = folder / name
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def _horizons(cells: Iterable[dict[str, Any]]) -> str:
    by_family: dict[tuple[str, int, str], dict[int, dict[str, Any]]] = {}
    for cell in cells:
        by_family.setdefault((cell["source"], cell["label"], cell["family"]), {})[cell["at_s"]] = cell
    if not by_family:
        return ""
    rows, ranks = [], []
    for (source, label, family), found in by_family.items():
        told = []
        for at in AT:
            cell = found.get(at, {})
            caught = share_interval(cell.get("caught"), cell.get("caught_interval"))
            told.append(f"{caught} of {cell['n'] if label else cell['people']}" if caught else "")
        rows.append((family, source, *told))
        if label:
            ranks.append(
                (
                    family,
                    source,
                    *(
                        with_interval(found.get(at, {}).get("auc"), found.get(at, {}).get("auc_interval"))
                        for at in AT
                    ),
                )
            )
    head = ("family", "source", *AT.values())
    return (
        "## While the session is alive\n\nShare called automation at the published threshold, of the sessions that are "
        "still alive after so many seconds, and of whole ones; where the head abstains it catches nobody. Intervals "
        "(95 %) are exact, over sessions of a family; of people, over people: one counts if any of their sessions is "
        "called. Cells of fewer than 20 stay blank.\n\n"
        + table(head, rows)
        + "\n\nAUC against the people of the same source alive at the same time, abstentions lowest; intervals over "
        "people drawn again:\n\n" + table(head, ranks)
    )


def _cohorts(cells: Iterable[dict[str, Any]]) -> str:
    rows = [
        (
            cell["cohort"],
            "automation" if cell["label"] else "people",
            cell["n"],
            cell["people"],
            percent(cell["answered"]),
            share_interval(cell.get("caught"), cell.get("caught_interval")),
        )
        for cell in cells
    ]
    if not rows:
        return ""
    return (
        "### By what is moved and pressed with\n\nWhole sessions made in a browser. Touch and keyboard sessions of "
        "people were scripted, so few of them have a person, and without a mouse there is no verdict.\n\n"
        + table(("cohort", "who", "n", "people", "answered", "called automation"), rows)
    )


def _evasion(cells: Iterable[dict[str, Any]]) -> str:
    rows = [
        (
            cell["trick"],
            cell["n"],
            cell["families"],
            share_interval(cell["caught"], cell["caught_interval"]),
            f"{cell['margin']:+.2f}",
        )
        for cell in cells
    ]
    if not rows:
        return ""
    return (
        "### When the attacker adds what people have\n\nPointing sequences of the cursor families with noise on places "
        "and times, rests before presses, and targets reached from beyond; each family scored by a booster that had "
        "not seen it. Intervals over families.\n\n"
        + table(("added", "n", "families", "called automation", "median margin"), rows)
    )


def _probes(cells: Iterable[dict[str, Any]]) -> str:
    rows = [
        (
            cell["family"],
            cell["n"],
            cell["people"],
            share_interval(cell.get("caught"), cell.get("caught_interval")),
            with_interval(cell.get("auc"), cell.get("auc_interval")),
        )
        for cell in cells
    ]
    if not rows:
        return ""
    return (
        "### What nothing was trained on\n\nTwo cursor packages, and whole traces of people replayed with jitter. A "
        "fresh stolen trace cannot be told: it scores as the person does whose hand it is.\n\n"
        + table(("family", "n", "people", "called automation", "AUC"), rows)
    )


def _luck(measures: dict[str, Any]) -> str:
    lines = []
    null = measures.get("null")
    if null:
        lines.append(
            f"With the labels of whole people and families dealt anew, AUC is {null['mean']:.2f} on average, "
            f"{null['low']:.2f} to {null['high']:.2f} over {null['draws']:.0f} deals: what luck alone reaches."
        )
    probe = measures.get("source_probe")
    if probe:
        told = ", ".join(f"{name} {value:.2f}" for name, value in probe["auc"].items())
        low, high = probe["loss_interval"]
        verdict = "under" if probe["loss"] < MOST_LOSS else "NOT under"
        lines.append(
            f"Which source a person's session is from can be told (AUC {told}), for their tasks differ. Without the "
            f"ten features that tell it best ({', '.join(probe['strongest'])}) the head's AUC goes from "
            f"{probe['with']:.3f} to {probe['without']:.3f}, a loss of {probe['loss']:.3f} ({low:.3f} to {high:.3f}), "
            f"{verdict} {MOST_LOSS}."
        )
    body = "### Luck, sources, sets\n\n" + bullets(lines) if lines else ""
    sets = measures.get("sets_held_out")
    if sets:
        rows = [
            (
                row["source"],
                row["families"],
                row["n_positive"],
                row["people"],
                with_interval(row["auc"], row["auc_interval"]),
                with_interval(row["tpr_5"], row["tpr_5_interval"]),
            )
            for row in sets
        ]
        body += (
            "\n\nEach source held out whole. Traces, recordings and lab share their people, whose other sessions were "
            "seen; `elsewhere` shares neither people nor task.\n\n"
            + table(("source", "families", "n", "people", "AUC", "TPR at FPR 5 %"), rows)
        )
    return body


def _replays(told: dict[str, Any]) -> str:
    if not told:
        return ""
    rows = [
        (f"{row['px']:.0f} px, {row['ms']:.0f} ms", row["n"], share_interval(row["recall"], row["interval"]))
        for row in told["recall"]
    ]
    text = (
        "## Replayed paths\n\nNo head sees this: each session leaves a sketch of 64 bytes of its path, and a session "
        f"that shares {told['fewest_shared']} runs of swings with another of its site, at one distance in time, is "
        "told as `REPLAYED_PATH` when it has ended. Found again of people's traces of a minute and more, replayed at "
        "another scale and place, by jitter:\n\n"
        + table(("jitter", "traces", "found"), rows)
        + f"\n\nOf {told['pairs_of_two_people']} pairs of sessions of two people {told['false_of_two_people']} were "
        f"taken for a replay (at most {100 * told['upper_95_a_pair']:.2f} % of pairs with 95 % confidence, were pairs "
        f"independent); of {told['pairs_of_one_person']} pairs of one person's {told['false_of_one_person']}. "
        f"{told['people_told_falsely']} of {told['people']} people are among them, which bounds the share of people "
        f"by {percent(told['people_upper_95'], 1)} at this number of sessions; with more sessions a site has more."
    )
    lab = told.get("lab")
    if lab and lab["twins"]:
        text += (
            f"\n\nIn a real browser, with jitter of 1.5 px and 6 ms: {lab['found']} of "
            f"{lab['twins']} pairs that replay one trace were found "
            f"({share_interval(lab['found'] / lab['twins'], lab['recall_interval'])}, were pairs independent), and "
            f"{lab['false']} of {lab['others']} pairs that do not."
        )
        if "traces" in lab:
            text += (
                f" The pairs come from {lab['traces']} traces; of {lab['traces_wholly_found']} every pair was found. "
                f"The machine was busy, and where inputs come seconds late it is another path that is replayed: of the "
                f"{lab['timely']} pairs with inputs in time {lab['timely_found']} were found."
            )
    return text


def _twins(told: dict[str, Any]) -> str:
    if not told:
        return ""
    rows = [
        (name.replace("_", " "), with_interval(v["auc"], v["interval"])) for name, v in told["auc"].items()
    ]
    less = [(name, with_interval(v["auc"], v["interval"])) for name, v in told["without"].items()]
    return (
        f"## On calm twins\n\n{told['struggles']} struggles and {told['calm']} calm sessions of {told['scenarios']} "
        f"scenarios by the hands of {told['people']} people, in pairs: the same page, hand, length and acts, and only "
        "whether the page answers differs. Each scenario was scored by what had seen neither it nor anyone who plays "
        "in it; AUC with its interval (95 %) over scenarios drawn again.\n\n"
        + table(("what", "AUC"), rows)
        + "\n\nThe head without a family of its evidence, trained anew:\n\n"
        + table(("without", "AUC"), less)
    )


def _replacement(told: dict[str, Any]) -> str:
    if not told.get("cases"):
        return ""
    more = ""
    if told["beside"]:
        low, high = told["more_interval"]
        more = (
            f" Calm in place of spans elsewhere, as long and with acts as many, lowers it by "
            f"{told['mean_fall_elsewhere']:.2f}; what is cited by {told['more_than_elsewhere']:.2f} more "
            f"({low:.2f} to {high:.2f} over scenarios drawn again, {told['beside']} cases)."
        )
    medians = told["cases"] - told["spliced"]
    return (
        "## Reasons point at what matters\n\nOf sessions that were held out and flagged, the moments that the "
        "weightiest positive reason cites gave way to a calm span of the same session, one that shows none of the "
        "reason's signals in its new place and makes none beside it; or where there is none, or a way from page to "
        f"page is cited, the reason's features to the calm median ({medians} of {told['cases']} cases). The margin "
        f"fell in {told['fell']} of {told['cases']} cases of {told['scenarios']} scenarios, "
        f"{share_interval(told['share'], told['share_interval'])}, by {told['mean_fall']:.2f} on average."
        + more
    )


def _cited(told: dict[str, Any]) -> str:
    if not told:
        return ""
    rows = [
        (
            f"first {one['k']}",
            one["cited"],
            one["right"],
            with_interval(one.get("precision"), one.get("interval")),
        )
        for one in told["first"]
    ]
    return (
        f"### Seconds that it cites\n\nOf {told['traps']} recordings of traps, none of which it was trained on, the "
        f"head must abstain on {told['silent']} (they are short), and cites nothing on {told['uncited']}. Of the "
        "seconds that its reasons cite on the rest, the most severe of a recording first, so many fall on what the "
        "script acted out:\n\n" + table(("of a recording", "cited", "right", "precision"), rows)
    )


def _external(told: dict[str, Any], digest: str | None) -> str:
    if not told:
        return ""
    stale = "" if told["digest"] == digest else f" (measured with the head of digest `{told['digest']}`)"
    pooled, within = told["pooled"], told["within"]
    return (
        "## People who said themselves how it was\n\n"
        f"{told['sessions']} sessions of {told['people']} people on one web map with delays put in, each rated by "
        f"the person; {told['bad']} were rated bad. AUC of a bad rating: "
        f"{with_interval(pooled['auc'], pooled['interval'])} over all, "
        f"{with_interval(within['auc'], within['interval'])} within a person; intervals (95 %) over people "
        f"drawn again; the head answered {told['answered']} of them{stale}.\n\n"
        "It is external, not blind: the set and what others had measured on it were known, but the head and the "
        "mapping were committed before it was looked at, and it was looked at once. The log has presses, releases and "
        "loads alone, the ratings are of quality and not of frustration, and it is one application (iweb, MIT licence)."
    )
