"""The card of worth: the definition that runs, the queue's shares, the first ten, and what they do not show."""

from __future__ import annotations

from pathlib import Path

from models.queue import EDGES, PLACES, RATES
from models.worth import card
from pipelines.training.first_ten import FirstTen


def lines(found: FirstTen) -> list[str]:
    """What stands behind the numbers, and what they cannot say, a sentence or two a line."""
    verdict = (
        "By the mean, the head's order beats counting signals."
        if found.beats_signals
        else "The head's order does not beat counting signals."
    )
    return [
        f"Struggles: {told(found.struggle)}. Calm: {told(found.calm)}. The head abstained on {found.abstained}.",
        f"{found.draws} mixes of {found.mix} sessions. A calm session stands in a mix {found.calm_repeats:.0f} times "
        "on average, so one that is mistaken can fill several of the ten places.",
        verdict,
        "Each session was scored by a booster that saw neither its scenario nor anyone who plays in that scenario; the "
        "range is over scenarios drawn again, the boosters staying as they are. One calibration curve was fitted to "
        "all of them; it rises, so it moves no session by worth, and only says whom the queue doubts.",
        f"{found.automation} automated recordings are left out: their verdict sends them to a queue of their own.",
        "A struggle here is what a script intended, not what a person said; worth stands at full stake and for issues "
        "not seen before, so neither rarity, stake nor the folding of issues is measured.",
    ]


def told(behind: dict[str, int]) -> str:
    """Distinct sessions, scenarios and people in words."""
    return f"{behind['sessions']} sessions of {behind['scenarios']} scenarios and {behind['people']} people"


def write(folder: Path, found: FirstTen) -> Path:
    """Write ``worth/card.md`` into a folder of heads."""
    path = folder / "worth" / "card.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(found), encoding="utf-8")
    return path


def definition() -> str:
    """The part of the card that the code alone says: what worth is, and the queue's shares."""
    bounds = (0.0, *EDGES, 1.0)
    strata = "\n".join(
        f"| {low:.2f} to {high:.2f} | {rate:.0%} |"
        for low, high, rate in zip(bounds, bounds[1:], RATES, strict=False)
    )
    shares = {lane: f"{PLACES.count(lane) / len(PLACES):.0%}" for lane in ("worth", "doubt", "slice")}
    return (
        f"{card()}\n## The queue\n\n"
        f"Of its places {shares['worth']} go by worth, {shares['doubt']} to what the head doubts, and "
        f"{shares['slice']} to sessions drawn at random; what is flagged always goes by worth, drawn or not. "
        "The draw is by probability of struggle:\n\n"
        f"| probability | drawn |\n| --- | --- |\n{strata}\n\n"
    )


def text(found: FirstTen) -> str:
    """The card, as Markdown."""
    table = "\n".join(
        f"| {one.name} | {10 * one.precision:.1f} | {10 * one.low:.1f} to {10 * one.high:.1f} |"
        for one in found.orders
    )
    limits = "\n".join(f"- {line}" for line in lines(found))
    return (
        f"{definition()}"
        f"## The first ten\n\nTrue struggles among the first ten, where {found.prevalence:.0%} of sessions are:\n\n"
        f"| order | of ten | 90 % of draws |\n| --- | --- | --- |\n{table}\n\n"
        f"## What this stands on, and does not show\n\n{limits}\n"
    )
