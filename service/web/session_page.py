"""The page of one session: its replay, its time line, why it is here, what people made of it, and what it did."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from itertools import accumulate
from typing import Annotated, Any, Final, Literal, NamedTuple

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import PlainTextResponse

from data_contracts import decisions
from data_contracts.annotations import Annotation
from features.catalogue import engine
from models.norms import LEAST, Norms
from pipelines.store.annotating import annotations_of
from pipelines.store.cards import awake
from service.live.json_body import SessionId
from service.live.refusals import Refusal
from service.triage.caring import history
from service.web import steps, words
from service.web.cards import BEFORE_MS, Chance, Mark, marks
from service.web.desk import Desk
from service.web.filters import Filters, filters
from service.web.guard import Owner
from service.web.owner import OWNER, Visit
from service.web.player import player_address
from service.web.queue_page import card_of, queue_of
from service.web.rendering import HEADERS
from service.web.story import Story, as_json

DECISIONS: Final = 50
LABELS: Final = 200
VIEWS: Final = 20
MARKS: Final = 200
LEAST_WEIGHT: Final = 0.05  # in log-odds: less moves no probability by as much as it is shown with

_VIEWS: Final = """
    SELECT who, at FROM views JOIN sites ON sites.id = views.site_id
    WHERE sites.name = ? AND part = ? ORDER BY views.id DESC LIMIT ?
"""


class Row(NamedTuple):
    """A row of the time line: moments of one family."""

    name: str
    marks: tuple[Mark, ...]


class Bar(NamedTuple):
    """One bar of the chart that leads from the base value to the probability: from and to as shares of its width.

    ``weight`` is None of a step of the whole model.
    """

    text: str
    begin: float
    end: float
    weight: float | None
    t_ms: tuple[int, ...]


class Value(NamedTuple):
    """One value of the vector."""

    name: str
    value: float | None
    unit: str
    percentile: float | None
    text: str


def router(desk: Desk) -> APIRouter:
    """The routes."""
    guard = desk.guard
    routes = APIRouter(include_in_schema=False, route_class=guard.route())

    @routes.get("/sessions/{session_id}")
    async def session(
        request: Request,
        visit: Owner,
        session_id: SessionId,
        asked: Annotated[Filters, Depends(filters)],
        t: Annotated[int | None, Query(ge=0, le=1 << 53)] = None,
        reason: Annotated[str, Query(max_length=40)] = "",
        play: bool = False,
    ) -> Response:
        """The page; ``t`` (ms) or ``reason`` (a code) say where the replay begins."""
        said = await card_of(desk, visit, session_id)
        row = said["one"].row
        story = await desk.stories.of(visit.site, session_id, row.log_number)
        begin = _begin(t, reason, story, said["one"].watch_ms)
        player = guard.origins.player(request)
        framed = ""
        if player and story is not None:
            framed = player_address(
                desk, request, visit.site, session_id, OWNER, t=begin, play=1 if play else None
            )
        compared, values = await desk.beside(lambda: vector_of(desk.norms.of(visit.site), story))
        return guard.renderer.page(
            "session.html",
            player=player,
            framed=framed,
            begin=begin,
            story=story,
            rows=rows_of(story),
            troubles=troubles_of(story),
            bars={one.head: bars_of(one) for one in said["one"].chances if one.steps},
            scores={name: as_json(points) for name, points in story.scores.items()} if story else {},
            compared=compared,
            least=LEAST,
            values=values,
            **await made_of(desk, visit, session_id),
            **await queue_of(desk, visit, asked, session_id),
            **{name: one for name, one in said.items() if name != "visit"},
        )

    @routes.get("/sessions/{session_id}/steps")
    async def acts(
        visit: Owner,
        session_id: SessionId,
        until: Annotated[int, Query(ge=0, le=1 << 53)],
        form: Annotated[Literal["text", "playwright"], Query(alias="as")] = "text",
    ) -> Response:
        """What was done before a moment, as text or as a script."""
        row = await desk.beside(lambda: desk.store.card(visit.site, session_id))
        story = await desk.stories.of(visit.site, session_id, row.log_number) if row is not None else None
        if story is None:
            raise Refusal("not_found", "There is no such session.")
        done = steps.before(story.acts, until)
        text = steps.as_text(done) if form == "text" else steps.as_playwright(done, session_id, until)
        return PlainTextResponse(text, headers=HEADERS)

    return routes


def _begin(t: int | None, reason: str, story: Story | None, watch_ms: int) -> int:
    """Where the replay begins: at a time that is asked for, or three seconds before a reason."""
    if t is not None:
        return t
    if reason and story is not None:
        first = next((fact.start_ms for fact in story.facts if fact.code == reason), None)
        if first is not None:
            return max(0, first - BEFORE_MS)
    return watch_ms


def rows_of(story: Story | None) -> tuple[Row, ...]:
    """Rows of the time line, one for each family of signals that was seen."""
    if story is None:
        return ()
    shown = marks(story.facts, story, story.length_ms, MARKS)
    found = [
        Row(family.name, tuple(one for one in shown if one.code in family.codes)) for family in words.FAMILIES
    ]
    found.append(Row("goal", tuple(one for one in shown if one.code == "goal")))
    return tuple(row for row in found if row.marks)


def troubles_of(story: Story | None) -> tuple[Mark, ...]:
    """Errors of the site as marks; those that a moment tells of already stand in their own row."""
    if story is None:
        return ()
    length = max(story.length_ms, 1)
    return tuple(
        Mark(one.t_ms, min(1.0, one.t_ms / length), "trouble", one.text, max(0, one.t_ms - BEFORE_MS))
        for one in story.troubles[:MARKS]
    )


def bars_of(one: Chance) -> list[Bar]:
    """The way from the model's first guess through its reasons to the probability, in log-odds.

    Reasons that weigh next to nothing are one bar.
    """
    trail = {step.name: step.log_odds for step in one.steps}
    weighty = [reason for reason in one.reasons if abs(reason.weight) >= LEAST_WEIGHT]
    rest = sum(reason.weight for reason in one.reasons) - sum(reason.weight for reason in weighty)
    told: list[tuple[str, float, tuple[int, ...]]] = [
        (reason.text, reason.weight, reason.t_ms) for reason in weighty
    ]
    if few := len(one.reasons) - len(weighty):
        told.append((f"{few} more that weigh next to nothing", rest, ()))
    ends = [0.0, *trail.values(), *accumulate((weight for _, weight, _ in told), initial=trail["base_value"])]
    low, wide = min(ends), max(ends) - min(ends) or 1.0

    def bar(
        text: str, begin: float, end: float, weight: float | None = None, t_ms: tuple[int, ...] = ()
    ) -> Bar:
        return Bar(text, (begin - low) / wide, (end - low) / wide, weight, t_ms)

    found = [bar("First guess of the model", 0.0, trail["base_value"])]
    at = trail["base_value"]
    for text, weight, t_ms in told:
        found.append(bar(text, at, at + weight, weight, t_ms))
        at += weight
    rate = f"At the base rate of {100 * one.base_rate:.0f} %: {words.chance(one.probability)}"
    return [
        *found,
        bar("Margin of the model", 0.0, trail["margin"]),
        bar("Calibrated", trail["margin"], trail["calibrated"]),
        bar(rate, trail["calibrated"], trail["prior"]),
    ]


def vector_of(usual: Norms, story: Story | None) -> tuple[int, dict[str, list[Value]]]:
    """How many sessions there are to compare with, and the vector by the fold that made each value."""
    if story is None:
        return 0, {}
    found: dict[str, list[Value]] = {}
    for feature, value in zip(engine().features, story.vector.tolist(), strict=True):
        percentile = usual.percentile(feature.name, value)
        known = None if math.isnan(value) else value
        found.setdefault(feature.family, []).append(
            Value(feature.name, known, feature.unit, percentile, feature.text)
        )
    return usual.sessions, found


async def made_of(desk: Desk, visit: Visit, session_id: str) -> dict[str, Any]:
    """What people made of a session, what was decided of it, and who looked at it."""

    def read() -> dict[str, Any]:
        told = desk.store.read(
            lambda db: (
                annotations_of(db, visit.site, session_id, 0, LABELS),
                history(db, visit.site, session_id),
                db.execute(_VIEWS, (visit.site, session_id, VIEWS)).fetchall(),
            )
        )
        card = desk.store.card(visit.site, session_id)
        rows = desk.store.decisions(site=visit.site, part=session_id, most=DECISIONS)
        return {
            "labels": standing([one for _, one in told[0]]),
            "history": told[1],
            "views": told[2],
            "decided": [decisions.read(row.body) for row in rows if row.body is not None],
            "row": None if card is None else awake(card, time.time_ns() // 1_000_000),
            "session_id": session_id,
        }

    return await desk.beside(read)


def standing(told: Sequence[Annotation]) -> list[Annotation]:
    """The annotations that were not taken back, the latest first."""
    return [one for one in reversed(told) if not one.retracted and one.retracts is None]
