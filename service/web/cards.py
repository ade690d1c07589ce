"""Cards as the pages show them: a headline, probabilities with their intervals, at most two reasons, a strip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from data_contracts import decisions
from data_contracts.assessments import INELIGIBLE, Reason, Step
from data_contracts.decisions import Decision, Fact
from models.heads import HEADS
from models.scorer import Scorer
from models.worth import HEADLINES, headline, issue
from pipelines.store.cards import CardRow, awake
from service.deciding.records import Kept, catalogue
from service.live.reception import Reception
from service.triage.pages import NOW_MS
from service.web import words
from service.web.story import Story, line

BEFORE_MS: Final = 3_000  # where watching begins before what is to be seen
REASONS: Final = 2
VISITOR: Final = 6  # characters of a visitor's id: enough to see that two sessions are one visitor's
MARKS: Final = 60  # on the strip of a card


class Chance(NamedTuple):
    """What a head says, as it is drawn: all on 0..1, None where it abstains, which ``why`` then explains."""

    head: str
    name: str
    meaning: str
    probability: float | None
    low: float | None
    high: float | None
    base_rate: float
    why: str
    reasons: tuple[Reason, ...] = ()
    steps: tuple[Step, ...] = ()


class Mark(NamedTuple):
    """A moment on a strip: where, drawn as what, and in words; ``from_ms`` is where watching it begins."""

    t_ms: int
    share: float
    shape: str
    text: str
    from_ms: int
    code: str = ""


class Strip(NamedTuple):
    """A session as a picture, time running to the right; places are shares of its length."""

    pages: tuple[tuple[float, float, str], ...]
    marks: tuple[Mark, ...]
    line: tuple[tuple[float, float], ...]


class View(NamedTuple):
    """One card on the page; ``folded`` is how many sessions of its issue it stands for."""

    row: CardRow
    folded: int
    headline: str
    suspected: bool
    reasons: tuple[str, ...]
    chances: tuple[Chance, ...]
    strip: Strip
    watch_ms: int
    place: str
    visitor: str
    now: bool
    """Whether its session goes on at this moment."""
    whole: bool
    """Whether the strip has its pages and its score, too: they are there once the story of the session was told."""


def view(reception: Reception, site: str, row: CardRow, count: int, story: Story | None, now_ms: int) -> View:
    """A card with all that is shown of it.

    Parameters
    ----------
    count
        Sessions of its issue that it stands for.
    story
        Of its session, if it is at hand.
    """
    row = awake(row, now_ms)
    made = decision_of(reception, site, row.decision)
    found = reception.store.session(site, row.log)
    facts = story.facts if story is not None else (made.facts or ()) if made is not None else ()
    said = chances(reception.judge.scorer.scorer, made) if made is not None else ()
    told = groups(facts)
    shown = first_of(told, row)
    lines = [headline(group) for group in told if group is not shown]
    if len(lines) < REASONS:
        lines += _model_words(
            said, "bot" if row.lane == "automation" else "frustration", REASONS - len(lines)
        )
    return View(
        row=row,
        folded=count,
        headline=_headline(row, shown),
        suspected=bool(row.flagged),
        reasons=tuple(lines[:REASONS]),
        chances=said,
        strip=strip(row, facts, story),
        watch_ms=max(0, shown[0].start_ms - BEFORE_MS) if shown else 0,
        place=words.path(shown[0].page) if shown and shown[0].page else row.pages.partition("\n")[0],
        visitor=found.visitor[:VISITOR] if found is not None else "",
        now=found is not None and not row.final and found.last_received_ms >= now_ms - NOW_MS,
        whole=story is not None,
    )


def decision_of(reception: Reception, site: str, name: str) -> Decision | None:
    """A decision by its id; None once it was erased."""
    found = reception.store.decision(site, name)
    return None if found is None or found.body is None else decisions.read(found.body)


def chances(scorer: Scorer, made: Decision) -> tuple[Chance, ...]:
    """What each head says of the session as a decision knew it, with interval and reasons.

    Where other models decided, or features were defined otherwise then, what was said then stands, without them.
    """
    if made.catalogue != catalogue() or made.bundle != scorer.bundle.digest:
        return tuple(
            _chance(name, {"probability": score.probability, "ineligible_reason": score.ineligible_reason})
            for name in words.HEADS
            if (score := made.outcome.heads.get(name)) is not None
        )
    kept = Kept(made)
    said = {head.name: scorer.say(head, kept.vector, kept.coverage, kept.moments) for head in HEADS}
    return tuple(_chance(name, said[name].block, said[name].reasons) for name in words.HEADS)


def _chance(name: str, block: dict[str, Any], reasons: tuple[Reason, ...] = ()) -> Chance:
    short, meaning = words.HEADS[name]
    low, high = block.get("interval") or (None, None)
    return Chance(
        name,
        short,
        meaning,
        block.get("probability"),
        low,
        high,
        float(block.get("base_rate") or 0.0),
        INELIGIBLE.get(block.get("ineligible_reason") or "", ""),
        reasons,
        block.get("steps", ()),
    )


def groups(facts: Sequence[Fact]) -> list[list[Fact]]:
    """Facts by issue, the most severe first, as worth tells them."""
    found: dict[str, list[Fact]] = {}
    for fact in sorted(facts, key=lambda one: one.start_ms):
        if fact.code in HEADLINES:
            found.setdefault(issue(fact), []).append(fact)
    return sorted(found.values(), key=lambda some: (-max(one.severity for one in some), some[0].start_ms))


def first_of(told: Sequence[list[Fact]], row: CardRow) -> list[Fact] | None:
    """The facts that the headline of a card is made from; None if there are none."""
    ours = (group for group in told if issue(group[0]) == row.issue)
    return next(ours, told[0] if told else None)


def _headline(row: CardRow, shown: list[Fact] | None) -> str:
    if row.lane == "automation":
        return "moves and presses as automation does"
    if shown is not None:
        return headline(shown)
    return row.headline or "no moment of struggle found"


def _model_words(said: Sequence[Chance], head: str, most: int) -> list[str]:
    told = next((one for one in said if one.head == head), None)
    return [one.text.rstrip(".") for one in told.reasons if one.direction == "up"][:most] if told else []


def strip(row: CardRow, facts: Sequence[Fact], story: Story | None) -> Strip:
    """The picture of a session, as far as it is known."""
    length = max(story.length_ms if story else row.as_of_ms, 1)
    pages = tuple(
        (one.start_ms / length, one.end_ms / length, words.path(one.text))
        for one in (story.pages if story else ())
    )
    head = "bot" if row.lane == "automation" else "frustration"
    return Strip(pages, marks(facts, story, length), tuple(line(story.scores[head], length)) if story else ())


def marks(facts: Sequence[Fact], story: Story | None, length: int, most: int = MARKS) -> tuple[Mark, ...]:
    """Moments, goals and troubles as they are drawn, in order of time; the most severe where there are too many."""
    worst = sorted(facts, key=lambda one: -one.severity)[:most]
    found = [
        mark(one.start_ms, length, words.SHAPES.get(one.code, "struggle"), headline([one]), one.code)
        for one in worst
    ]
    if story is not None:
        found += [
            mark(t, length, "automation", "presses without the traces of a hand", "automation_artifact")
            for t in story.artifacts[:most]
        ]
        found += [mark(t, length, "goal", "reached the goal", "goal") for t in story.goals[:most]]
    return tuple(sorted(found, key=lambda one: one.t_ms))


def mark(t_ms: int, length: int, shape: str, text: str, code: str = "") -> Mark:
    """One mark."""
    return Mark(t_ms, min(1.0, t_ms / length), shape, text, max(0, t_ms - BEFORE_MS), code)
