"""The traps: their truth holds together, our signals pass them, and the page of them is current, peers and all."""

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.moments import CODES
from features.thresholds import PRESETS
from pipelines.traps import page as pages
from pipelines.traps.corpus import RECORDINGS, Span, Trap, others, traps
from pipelines.traps.marking import Mark, interval, marks, pooled

ROOT = Path(__file__).parents[2]
PRECISION, RECALL = 0.95, 0.9
NAMED = 40  # cases that the corpus must have at least
ROUNDED_S = 0.01
FEW = 6  # recordings that the peers read again

findings = cache(pages.findings)


def test_every_recording_has_its_truth_and_every_truth_its_recording():
    every = traps()
    assert {trap.file for trap in every} == set(RECORDINGS.glob("*.json.gz"))
    assert len({trap.name.rpartition("-")[0] for trap in every if trap.group == "corpus"}) >= NAMED
    for group in ("hostile", "fresh"):
        assert len({trap.name.rpartition("-")[0] for trap in every if trap.group == group}) == 10
    for trap in every:
        assert trap.name.rpartition("-")[2] in ("quiet", "busy")
        assert {span.code for span in trap.must} | trap.may <= set(CODES), trap.name
        assert not {span.code for span in trap.must} & trap.may, trap.name
        assert all(0 <= span.begun <= span.ended for span in trap.must), trap.name
        assert trap.file.stat().st_size < 20_000, "short, as it ships with the package"


def test_the_signals_pass_the_corpus():
    mark = pooled(findings().corpus[pages.OURS])
    assert mark.precision is not None
    assert mark.recall is not None
    assert mark.precision >= PRECISION, mark.false
    assert mark.recall >= RECALL, mark.missed


def test_the_hostile_traps_that_the_signals_were_mended_by_are_understood():
    hostile = findings().hostile
    mark = pooled(hostile[pages.OURS])
    assert mark.precision is not None
    assert mark.recall is not None
    assert mark.precision >= PRECISION, mark.false
    assert mark.recall >= RECALL, mark.missed
    before = pooled(hostile[pages.BEFORE])
    assert (len(before.hit), len(before.false), len(before.missed)) == (2, 6, 10), "as they were first met"


def test_the_page_is_current():
    assert (ROOT / "docs" / "traps.md").read_text(encoding="utf-8") == pages.page(findings()), (
        "run `watchworthy report traps --page docs/traps.md`"
    )


def test_every_preset_is_marked_on_every_trap():
    assert set(PRESETS) <= set(findings().corpus)
    rates = {preset: len(pooled(findings().corpus[preset]).false) for preset in PRESETS}
    assert rates["watchworthy"] == min(rates.values()), rates


def truth(begun: float, ended: float, *may: str) -> Trap:
    return Trap("one", "", "corpus", (Span("reload", begun, ended),), frozenset(may))


def test_a_report_is_marked_by_its_code_and_its_time():
    one = truth(4.0, 5.0, "hesitation")
    assert marks([one], {"one": [Span("reload", 5.5, 5.6)]})["reload"].hit == ["one"]
    late = marks([one], {"one": [Span("reload", 9.0, 9.1)]})["reload"]
    assert (late.hit, late.missed, late.false) == ([], ["one"], ["one"])
    other = marks(
        [one], {"one": [Span("hesitation", 4, 5), Span("dead_click", 4, 5), Span("dead_click", 5, 5)]}
    )
    assert set(other) == {"reload", "dead_click"}
    assert other["dead_click"].false == ["one"], "however often it fires, it is one mistake"


@given(st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share_and_two_recordings_weigh_as_one(counts):
    part, whole = counts
    low, high = interval(part, whole)
    assert 0 <= low <= (part / whole if whole else 0.5) <= high <= 1
    if whole:
        assert high - low >= interval(2 * part, 2 * whole)[1] - interval(2 * part, 2 * whole)[0]


def test_without_reports_there_is_no_precision():
    assert Mark().precision is None
    assert Mark(missed=["one"]).recall == 0


def peers() -> ModuleType:
    """The lab's script that lets the peers read the traps."""
    spec = importlib.util.spec_from_file_location("peers", ROOT / "tests" / "lab" / "traps" / "peers.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def near(first: list[Span], second: list[Span]) -> bool:
    """The same reports, but for what rounding takes."""
    return [one.code for one in first] == [one.code for one in second] and all(
        abs(one.begun - other.begun) < ROUNDED_S for one, other in zip(first, second, strict=True)
    )


@pytest.mark.needs("oss-clarity", "spoiler")
def test_the_peers_say_what_was_written_down():
    lab, said = peers(), others()
    every = traps()
    assert all(set(said[who]) == {trap.name for trap in every} for who in pages.PEERS)
    chosen = [trap for trap in every if trap.name.startswith(("carousel", "dead-button", "rage-dead"))][:FEW]
    for trap in chosen:
        assert near(lab.spoiler_reports(trap), said[lab.SPOILER][trap.name]), trap.name
    for trap in every:
        assert near(lab.clarity_reports(trap), said[lab.CLARITY][trap.name]), trap.name
