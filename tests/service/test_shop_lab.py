"""The lab records what happens in the shop, the samples are what their index says, the history repeats."""

import csv
import gzip
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pipelines.simulated.shop import SimulatedSession, simulated_history

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
SAMPLES_LIMIT = 1_500_000  # bytes
DOWN, UP, CLICK = 1, 0, 2
REACTION_MS = 2_500


def events_of(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path) as lines:
        events: list[dict[str, Any]] = json.load(lines)["events"]
    return events


def of_source(events: list[dict[str, Any]], source: int) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == 3 and event["data"]["source"] == source]


def pointer_acts(events: list[dict[str, Any]], kind: int, node: int | None = None) -> list[dict[str, Any]]:
    acts = [event for event in of_source(events, 2) if event["data"]["type"] == kind]
    return [act for act in acts if node is None or act["data"]["id"] == node]


def nodes(tree: dict[str, Any]) -> list[dict[str, Any]]:
    found, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting.extend(node.get("childNodes", ()))
    return found


def node_named(events: list[dict[str, Any]], identifier: str) -> int:
    """Node id of the element with this id, in the last page that has one."""
    pages = [nodes(event["data"]["node"]) for event in events if event["type"] == 2]
    found = [
        node["id"] for page in pages for node in page if node.get("attributes", {}).get("id") == identifier
    ]
    return int(found[-1])


def custom(events: list[dict[str, Any]], tag: str) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == 5 and event["data"]["tag"] == tag]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three scenarios, recorded just now."""
    folder = tmp_path_factory.mktemp("lab")
    only = [
        word for name in ("dead_coupon", "failing_request", "fill_and_click") for word in ("--only", name)
    ]
    command = [
        sys.executable,
        str(ROOT / "tests" / "lab" / "run.py"),
        "--out",
        str(folder),
        "--jobs",
        "3",
        *only,
    ]
    made = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env={**os.environ, "COLUMNS": "80"}
    )
    assert made.returncode == 0, made.stderr
    return folder


@pytest.mark.needs("chromium", "node", "rrweb")
def test_a_dead_coupon_button_is_pressed_and_nothing_answers(recorded: Path) -> None:
    events = events_of(recorded / "struggling-dead-coupon.json.gz")
    button = node_named(events, "apply")
    presses = pointer_acts(events, DOWN, button)
    assert len(presses) == 13
    assert len(pointer_acts(events, UP, button)) == len(pointer_acts(events, CLICK, button)) == 13
    answers = [
        change["timestamp"] - press["timestamp"]
        for change in of_source(events, 0)
        for press in presses
        if 0 <= change["timestamp"] - press["timestamp"] <= REACTION_MS
    ]
    assert answers == []
    assert custom(events, "ww.tick")
    assert not custom(events, "ww.goal")
    assert [event["data"]["text"] for event in of_source(events, 5)][-1] == "moon10"


@pytest.mark.needs("chromium", "node", "rrweb")
def test_a_failing_request_leaves_a_console_error_right_after_each_press(recorded: Path) -> None:
    events = events_of(recorded / "struggling-failing-request.json.gz")
    presses = pointer_acts(events, CLICK, node_named(events, "nearby"))
    errors = [event for event in events if event["type"] == 6]
    assert len(presses) == len(errors) == 7
    for press, error in zip(presses, errors, strict=True):
        assert error["data"]["plugin"] == "rrweb/console@1"
        assert error["data"]["payload"]["level"] == "error"
        assert "404" in error["data"]["payload"]["payload"][0]
        assert 0 <= error["timestamp"] - press["timestamp"] < 1_000


@pytest.mark.needs("chromium", "node", "rrweb")
def test_a_purchase_ends_with_the_goal_on_the_last_of_its_pages(recorded: Path) -> None:
    events = events_of(recorded / "automated-fill-and-click.json.gz")
    pages = [
        event["data"]["href"].rsplit("/", 1)[1].partition("?")[0] for event in events if event["type"] == 4
    ]
    assert pages == ["lamps.html", "lamp.html", "cart.html", "checkout.html", "thanks.html"]
    assert [goal["data"]["payload"] for goal in custom(events, "ww.goal")] == [{"name": "purchase"}]
    secret = [
        event["data"]["text"] for event in of_source(events, 5) if event["data"]["text"].startswith("*")
    ]
    assert secret == ["***"]  # the card's code is a password field, and the recorder masks those
    with (recorded / "index.csv").open(encoding="utf-8", newline="") as lines:
        rows = {row["scenario"]: row for row in csv.DictReader(lines)}
    assert rows["fill_and_click"]["converted"] == "1"
    assert rows["fill_and_click"]["label"] == "bot"
    assert rows["dead_coupon"]["frustrated"] == "1"


def test_the_samples_are_what_their_index_says() -> None:
    with (SAMPLES / "index.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["file"] for row in rows} == {path.name for path in SAMPLES.glob("*.json.gz")}
    for row in rows:
        events = events_of(SAMPLES / row["file"])
        times = [event["timestamp"] for event in events]
        assert len(events) == int(row["events"]), row["file"]
        assert round((max(times) - min(times)) / 1000, 2) == float(row["duration"]), row["file"]
        assert 10 <= float(row["duration"]) <= 60, row["file"]
        assert bool(custom(events, "ww.goal")) == (row["converted"] == "1"), row["file"]
        assert bool(row["person"]) == ("real reaches" in row["note"]), row["file"]
    groups = [row["family"] if row["label"] == "human" else "automated" for row in rows]
    assert groups.count("calm") >= 9
    assert groups.count("struggling") >= 8
    assert groups.count("automated") >= 7
    assert sum(path.stat().st_size for path in SAMPLES.iterdir()) < SAMPLES_LIMIT


def as_text(sessions: list[SimulatedSession]) -> list[str]:
    return [json.dumps([s.visitor, s.session_id, s.started_at_ms, s.goal_at_ms, s.events]) for s in sessions]


def test_the_simulated_history_is_a_function_of_its_seed() -> None:
    once, again, other = (as_text(list(simulated_history(sessions=40, seed=seed))) for seed in (3, 3, 4))
    assert once == again
    assert once != other


def test_the_simulated_history_has_visitors_who_return_goals_and_time_that_runs_on() -> None:
    sessions = list(simulated_history())
    assert len(sessions) == len({session.session_id for session in sessions}) == 800
    assert 0.10 <= sum(session.goal_at_ms is not None for session in sessions) / len(sessions) <= 0.20
    assert len({session.visitor for session in sessions}) == 500
    starts = [session.started_at_ms for session in sessions]
    assert starts == sorted(starts)
    for session in sessions:
        assert session.visitor.startswith("simulated-")
        times = [event["timestamp"] for event in session.events]
        assert all(later >= earlier for earlier, later in pairwise(times))
        goals = custom(session.events, "ww.goal")
        assert [goal["timestamp"] for goal in goals] == [t for t in (session.goal_at_ms,) if t is not None]
        moves = [
            position for event in of_source(session.events, 1) for position in event["data"]["positions"]
        ]
        assert all(-501 <= position["timeOffset"] <= 0 for position in moves)


def test_simulated_friction_costs_goals_but_decides_none() -> None:
    """A model has something to learn, and nothing that it could know for certain."""
    sessions = list(simulated_history())
    errors = [session for session in sessions if any(event["type"] == 6 for event in session.events)]
    carts = [
        s
        for s in sessions
        if any("cart.html" in e["data"].get("href", "") for e in s.events if e["type"] == 4)
    ]
    share = sum(session.goal_at_ms is not None for session in carts) / len(carts)
    assert 0.25 <= share <= 0.75
    bought = sum(session.goal_at_ms is not None for session in errors) / len(errors)
    assert 0 < bought < sum(session.goal_at_ms is not None for session in sessions) / len(sessions)
