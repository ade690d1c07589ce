"""The card of a trained head: what it is for, what it stands on, how well it does, where it will be wrong.

Written from the head's own facts and measures when it is trained, with the digest of the model that it describes; a
card of another digest than its model's is stale, and a test says so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from models.bundle import STARTER, digest_of
from models.card_doubts import bot_doubts, frustration_doubts
from models.card_text import bullets, percent, table, with_interval
from models.card_words import DATA, FAILURES, OF_LABELS
from models.heads import head as head_of

DIGEST_LINE: Final = "Digest of the model: "


def text(name: str, folder: Path = STARTER) -> str:
    """The card of a head, as Markdown; of ``worth`` too.

    Raises
    ------
    WatchworthyError
        ``model_missing`` if the head was never trained.
    """
    from data_contracts.errors import WatchworthyError
    from models.worth import card

    if name == "worth":
        measured = STARTER / "worth" / "card.md"
        return measured.read_text(encoding="utf-8") if measured.exists() else card()
    path = folder / (name if name == "unusual" else head_of(name).name) / "card.md"
    if not path.exists():
        raise WatchworthyError(
            "model_missing", f"The head {name!r} has no card: it is not trained here.", str(path)
        )
    return path.read_text(encoding="utf-8")


def digest_in(card: str) -> str:
    """The digest that a card was written for."""
    return card.partition(DIGEST_LINE)[2].partition("\n")[0].strip(" `")


def write(folder: Path) -> Path:
    """Write ``card.md`` and its plots into the folder of a head, from the files beside it."""
    facts, measures, points, calibration = (
        json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        if (folder / f"{name}.json").exists()
        else {}
        for name in ("head", "measures", "operating_points", "calibration")
    )
    from models.card_plots import plots

    images = plots(folder, measures)
    sections = [
        _title(facts, digest_of(folder)),
        _data(facts, measures),
        *_ranking(folder, facts, measures, points),
        _calibration(calibration, measures),
        _features(facts, measures),
        "## Where it will be wrong\n\n" + bullets(_failures(facts["name"], measures)),
        "\n".join(f"![{title}]({name})" for title, name in images),
    ]
    path = folder / "card.md"
    path.write_text("\n\n".join(s for s in sections if s) + "\n", encoding="utf-8", newline="\n")
    return path


def _ranking(
    folder: Path, facts: dict[str, Any], measures: dict[str, Any], points: Sequence[dict[str, Any]]
) -> list[str]:
    """The sections on how a head ranks, by how it was trained."""
    if "held_out" in measures:
        return [_of_a_set(facts, measures)]
    if facts["name"] == "bot":
        return [_points(points, measures), _bot(measures), bot_doubts(folder, measures)]
    if facts["name"] == "frustration":
        return [_frustration(measures), frustration_doubts(folder, measures)]
    return [_conversion(facts, measures)] if "auc_forward_in_time" in measures else []


def _title(facts: dict[str, Any], digest: str) -> str:
    head = head_of(facts["name"])
    named = {
        "starter": "This is a starter: a model to begin with, trained on the data named below and on no site's own.",
        "simulated": "This head was trained on a SIMULATED history. It shows how the trainer works and says nothing "
        "about any real visitor.",
        "site": "This head belongs to one site.",
    }
    return (
        f"# {facts['name']} ({facts['alias']}, version {facts['version']})\n\n"
        f"*{facts['question']}*\n\n{named.get(facts['alias'], '')}\n\n"
        f"{DIGEST_LINE}`{digest}`\n\n"
        f"The label is: {head.label}. Its probability assumes that {percent(facts['base_rate'], 1)} of sessions are "
        "positive; where that is not so, set the base rate, which moves the probability and no threshold.\n\n"
        f"It does not see {head.blind_to}."
    )


def _data(facts: dict[str, Any], measures: dict[str, Any]) -> str:
    trained = facts["trained"]
    said = [
        f"{value} {name}"
        for name, value in trained.items()
        if name in ("rows", "people", "goals", "sessions")
    ]
    lines = [f"Trained on {', '.join(said)}."]
    if trained.get("families"):
        lines.append(
            "Rows by family: "
            + ", ".join(f"{k or '(none named)'} {v}" for k, v in trained["families"].items())
            + "."
        )
    if trained.get("rows_told_less"):
        lines.append(
            "What a recorder may add to rrweb's own events (console, network, visibility, keys, trust, ticks) was "
            f"hidden at random in a second telling of each recording: {trained['rows_told_less']} rows more, to learn "
            "from alone."
        )
    named = head_of(facts["name"])
    if facts["alias"] == "site" and "held_out" in measures:
        lines += named.data or ("A site's own sessions, and what people and their systems said of them.",)
    else:
        lines += DATA.get(named.name, named.data)
    if measures.get("mask_only_auc") is not None:
        lines.append(
            f"Given only which values are missing, a model reaches AUC {measures['mask_only_auc']:.2f} on the rows as "
            "they are trained on (0.50 is nothing; over 0.55 would be a leak)."
        )
    return "## What it stands on\n\n" + bullets(lines)


def _points(points: Sequence[dict[str, Any]], measures: dict[str, Any]) -> str:
    rows = []
    for p in points:
        if p["refused"]:
            rows.append(
                (
                    p["name"],
                    "refused",
                    f"{p['n_people']}",
                    f"{p['people_needed']} more people needed",
                    p["basis"],
                )
            )
        else:
            said = f"at most {percent(p['fpr_upper'], 1)} with {percent(p['confidence'])} confidence"
            rows.append((p["name"], f"{p['threshold']:.3f}", f"{p['n_people']}", said, p["basis"]))
    body = table(("point", "threshold on the margin", "people", "false positives", "basis"), rows)
    slices = [
        (r["slice"], r["value"], r["people"], r["over"], percent(r["share"]), percent(r["upper_95"]))
        for r in measures.get("false_positives", [])
    ]
    if slices:
        body += "\n\nPeople over the threshold at any look (one every 5 s), by slice; the limit is exact, 95 %:\n\n"
        body += table(("slice", "value", "people", "over", "share", "upper limit"), slices)
        body += _alike(measures)
    return (
        "## Operating points\n\nA threshold is published only when enough people bear it out. The unit is a person: "
        "one counts once, as a false positive if any of their sessions crosses at any look.\n\n" + body
    )


def _alike(measures: dict[str, Any]) -> str:
    told = measures.get("false_positives_alike")
    if not told:
        return ""
    said = "no slice differs from the rest beyond that" if told["alike"] else f"**{told['value']} differs**"
    return (
        f"\n\nEach source, recorder and build held against the other people, {told['compared']} comparisons by "
        f"Fisher's exact test: the smallest p is {told['least_p']:.2f} ({told['slice']} {told['value']}); with Holm's "
        f"correction at 5 % {said}."
    )


def _bot(measures: dict[str, Any]) -> str:
    head = ("family", "source", "n", "people", "answered", "AUC", "TPR at FPR 5 %", "TPR at FPR 1 %")

    def row(r: dict[str, Any]) -> tuple[Any, ...]:
        return (
            r["family"],
            r.get("source", ""),
            r["n_positive"],
            r["people"],
            percent(r.get("answered")),
            with_interval(r["auc"], r["auc_interval"]),
            with_interval(r["tpr_5"], r["tpr_5_interval"]),
            with_interval(r["tpr_1"], r["tpr_1_interval"]),
        )

    held = [row(r) for r in [*measures.get("pooled", []), *measures.get("families", [])]]
    out = (
        "## How it ranks\n\nEach family was held out together with its kin, and so were the people it is compared "
        "with, who are those of its own source. Rates are empirical, without a bound; intervals (95 %) are over people "
        "drawn again.\n\n" + table(head, held)
    )
    other = measures.get("elsewhere") or {}
    if other.get("families"):
        out += (
            "\n\n### A whole source held out\n\nThe same set scored by a booster that saw nothing of it, neither its "
            "people nor its task. This is what to expect where a site's sessions are unlike all of these.\n\n"
        )
        sessions = ("family", "source", "n", "sessions of people", *head[4:])
        out += table(sessions, [row(r) for r in other["families"]])
    if other.get("sessions"):
        out += (
            f"\n\nOf {other['sessions']} sessions of people there, {other['over']} ({percent(other['share'], 1)}) "
            "pass the published threshold when the set is held out whole."
        )
    return out


def _frustration(measures: dict[str, Any]) -> str:
    rows = [
        (name.replace("_", " "), f"{v['mean']:.2f}", f"{v['low']:.2f} to {v['high']:.2f}")
        for name, v in measures.get("auc", {}).items()
    ]
    scenarios = [
        (
            r["scenario"],
            "struggle" if r["struggle"] else "calm",
            r["n"],
            f"{r['median_log_likelihood_ratio']:+.2f}",
        )
        for r in measures.get("scenarios", [])
    ]
    strict = measures.get("auc_people_held_out_too")
    note = (
        f"\n\nWith the people of those sessions held out as well, in one draw: {strict:.2f}."
        if strict
        else ""
    )
    return (
        "## How it ranks\n\nScenarios were held out, the calm ones too, in three folds; mean AUC and the range of 95 % "
        "over twenty draws of the folds.\n\n"
        + table(("what", "AUC", "range"), rows)
        + note
        + "\n\nBy scenario, held out (natural logarithm of the likelihood ratio, above 0 speaks for a struggle):\n\n"
        + table(("scenario", "script", "n", "median"), scenarios)
    )


def _conversion(facts: dict[str, Any], measures: dict[str, Any]) -> str:
    rows = [
        (name, f"{measures['auc_forward_in_time'][name]:.2f}", f"{v['mean']:.4f} ± {v['standard_error']:.4f}")
        for name, v in measures.get("log_loss", {}).items()
    ]
    return (
        f"## How it ranks\n\nGoal `{facts['goal']}` within {facts['horizon_s']:.0f} s. Each fifth of the time was "
        f"judged by what was known before it, visitors apart. Chosen: {facts['trained']['kind']}.\n\n"
        + table(("model", "AUC", "log-loss"), rows)
        + _landmarks(measures.get("landmarks", []))
    )


def _failures(name: str, measures: dict[str, Any]) -> Sequence[str]:
    own = head_of(name).failures
    return own or (OF_LABELS if "held_out" in measures else FAILURES.get(name, ()))


def _of_a_set(facts: dict[str, Any], measures: dict[str, Any]) -> str:
    """How a head ranks that was trained on a site's own set."""
    head, trained = head_of(facts["name"]), facts["trained"]
    held, told = measures["held_out"], measures["calibrated"]
    who = f"{head.split_by[0]}s" if head.split_by else "groups"
    lines = [
        f"AUC {with_interval(held['auc'], held['auc_interval'])} (95 % over {who} drawn again), each scored by a "
        f"booster that had not seen its group: {trained['labelled']} labelled rows of {trained['of_groups']} groups, "
        f"{trained['positives']} of them positive.",
        f"Calibrated on {told['rows']} rows: {told['basis']}."
        + (
            " Such a calibration follows what was chosen to be labelled."
            if told["basis"] != "random slice" and head.truth == "labels"
            else ""
        ),
        "No operating point is published: none was asked of these labels.",
    ]
    if trained.get("guessed"):
        lines.append(
            f"{trained['guessed']} further rows bear guesses. They trained, weighing little, and are in no number "
            "here; what they read is not among the features below."
        )
    if measures.get("censored_share") is not None:
        lines.append(
            f"Censored before it was known: {percent(measures['censored_share'], 1)} of the visits whose "
            f"{head.days:g} days were over. Those that were seen speak for them."
        )
    return "## How it ranks\n\n" + bullets(lines)


def _landmarks(told: Sequence[dict[str, Any]]) -> str:
    if not told:
        return ""
    return (
        "\n\n### At each landmark\n\nSessions still open and without the goal so long after they began, scored by what "
        "was known before their block of time; intervals (95 %) over visitors drawn again.\n\n"
        + landmark_table(told)
    )


def landmark_table(told: Sequence[dict[str, Any]]) -> str:
    """Ranking and calibration at each landmark, in Markdown."""
    rows = [
        (
            f"{one['landmark_s']} s",
            one["rows"],
            one["goals"],
            with_interval(one["auc"], one["auc_interval"]),
            percent(one["predicted"], 1),
            f"{percent(one['observed'], 1)} ({percent(one['observed_interval'][0], 1)} to "
            f"{percent(one['observed_interval'][1], 1)})",
        )
        for one in told
    ]
    return table(("after", "sessions", "goals", "AUC", "predicted", "observed"), rows)


def _calibration(calibration: dict[str, Any], measures: dict[str, Any]) -> str:
    told = measures.get("calibration")
    if not told:
        return ""
    rows = [(percent(b["predicted"], 1), percent(b["observed"], 1), b["rows"]) for b in told["bins"]]
    return (
        f"## Calibration\n\n{told['kind'].capitalize()}, fitted to margins of unseen groups, {calibration['groups']} "
        f"groups of equal weight. At a base rate of {percent(told['base_rate'], 1)}: slope {told['slope']:.2f}, "
        f"intercept {told['intercept']:+.2f}, log-loss {told['log_loss']:.4f} (of the base rate alone "
        f"{told['log_loss_of_base_rate']:.4f}), calibration error {told['ece']:.4f} (a perfect score would show "
        f"{told['ece_null_mean']:.4f} by chance, under {told['ece_null_95']:.4f} in 95 % of draws).\n\n"
        + table(("predicted", "observed", "rows"), rows)
        + _at_rates(told.get("rates", []))
    )


def _at_rates(told: Sequence[dict[str, Any]]) -> str:
    rows = [
        (
            percent(one["base_rate"], 1),
            "after" if one["offset"] else "before",
            f"{one['slope']:.2f}",
            f"{one['intercept']:+.2f}",
            f"{one['log_loss']:.4f}",
            f"{one['ece']:.4f}",
            f"{one['ece_null_mean']:.4f} (under {one['ece_null_95']:.4f})",
        )
        for one in told
    ]
    if not rows:
        return ""
    return (
        "\n\nThe same held-out rows, weighted so that positives make up another share, before the prior offset (as if "
        "half of all sessions were positive) and after it. Calibration error beside what a perfect score of these very "
        "probabilities shows by chance (mean, and 95 % of draws).\n\n"
        + table(("base rate", "offset", "slope", "intercept", "log-loss", "error", "by chance"), rows)
    )


def _features(facts: dict[str, Any], measures: dict[str, Any]) -> str:
    head = head_of(facts["name"]).only([one["name"] for one in facts["features"]])
    weights = measures.get("importance", {})
    sign = {1: "more never lowers", -1: "more never raises", 0: ""}
    rows = [
        (use.name, group.up, sign[use.monotone], f"{weights[use.name]:.3f}" if use.name in weights else "")
        for group in head.groups
        for use in group.uses
    ]
    return "## What it reads\n\n" + table(
        ("feature", "explained as", "constraint", "mean weight (log-odds)"), rows
    )
