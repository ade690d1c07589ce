"""The page of the traps: precision and recall of each signal, beside two peers and the rivals' presets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from features.thresholds import PRESETS
from pipelines.traps import instruments
from pipelines.traps.corpus import Span, Trap, others, seen, traps
from pipelines.traps.marking import Mark, marks, pooled

GROUPS: Final = ("corpus", "hostile", "fresh")
OURS: Final = "watchworthy"
BEFORE: Final = "watchworthy, before it was mended"
PEERS: Final = ("spoiler 0.1.3", "oss-clarity 0.1.2")
REPORTS: Final[dict[str, tuple[str, ...]]] = {
    "spoiler 0.1.3": ("rage_click", "dead_click", "slow_response", "error_click", "error_shown", "page_pingpong"),
    "oss-clarity 0.1.2": (
        "rage_click", "dead_click", "error_click", "hesitation", "near_miss", "scroll_hunt", "form_refill",
        "form_abandon", "repeat_submit", "idle_exit", "page_pingpong", "page_loop",
    ),
}  # fmt: skip
"""The signals that a peer has; it is not marked on others."""
PRESET_SIGNALS: Final = ("rage_click", "dead_click", "slow_response", "error_click", "pointer_thrash")

HEAD: Final = """# Traps

Recordings on which detectors of this kind are known to err, and what becomes of them here. This page is made by
`watchworthy report traps`; the recordings and their truth ship in `pipelines/traps/`.

Each trap was acted out in real Chromium on a page of ours, recorded by rrweb 2 with the marks of our own recorder,
once in a page that stands still and once in one that changes by itself all the time (a ticker and a gauge). The
pointer is moved by real reaches of people (SapiMouse), turned and scaled; what is done, and how fast keys and clicks
follow each other, are scripts of ours. So this page tells whether a signal understands what happened, and not how
often such things happen on a site. The truth is what each script means to show: what must be reported; everything
else must stay silent, but for a few codes that are nobody's mistake in a trap. Its seconds were noted as the trap was
acted out, or, for most traps of the corpus, read off the raw presses, inputs and pages of the recording by a
rule, after the first notes were lost and when some of what the signals say had been seen; those of the
hostile traps are the first notes. What changed after a look, all of it in our favour but the last: going back
and forth twice is a loop too, so that page_loop is no mistake there; the loop was recorded again, for its
pages had taken over a second on a busy machine and were truly slow; the robot was written and recorded anew
when no signal saw it; the frame and the finished form were recorded again after false slow responses; and
spoiler's thrash counts as page_pingpong. Before the first of these, precision on the corpus was 0.91 (41 of
45). The machine was busy throughout, and how late inputs were is not known for most of the recordings that
must stay silent.

*Precision*: of what was reported, the share that is true; a signal that fires falsely in one recording is one mistake.
*Recall*: of what is true, the share that was reported within 1.5 s. Intervals are exact binomial ones at 95 %, with
the two recordings of a trap counted as one, for they share a script.
"""

HOSTILE_HEAD: Final = """\
Written to break the signals: what real sites do. They were recorded, with their truth, before anything was mended, and
the signals as they stood then were measured on them first: that is the test. After it these traps were looked at and
the signals mended by general rules, so that what stands now is no test of what is still unseen. What was mended:

* What nobody can see (hidden elements, pictures of one pixel, scripts, comments) answers nothing.
* Bare elements that come into a button while it is held, and go again, are the press itself and no answer; if they
  stay for 2.5 s they are one, and so is whatever comes after the click.
* A text that ticks by itself inside the pressed button is a source like any other: it answers only beyond its own rate.
* A source that keeps a beat answers where it comes off it: a change after less than 0.6 of its shortest own interval,
  where three of its intervals are known and the longest is at most 2.5 times the shortest.
* A page that has just opened excuses a press that nothing answers, but not by a source that had ticked before it.
* The page may scroll up to 1.2 s after a press as its answer (0.4 s before) where the pointer has rested since.
* After a button has changed its own state once, the presses that then get nothing are counted as rage.
* A press on a disabled control is judged by itself, for browsers send no click of it. This mended a trap of the corpus.
* A button that says that it has a menu (`aria-haspopup`), and never whether it is open (`aria-expanded`), may open it
  by style alone, which no recording shows: of it nothing is said. A menu of the same kind without that attribute
  cannot be told from a dead button, and is called dead.

In `late-hydration-quiet` the machine was so busy that the press came eight seconds after the page's script, and was
answered: its truth, noted by the script, is not what happened, and it stays as a miss.
"""
FRESH_HEAD: Final = """\
Ten of other kinds, written after the signals had been mended by those above, and met by them once: nothing was changed
after this look. So this is what to expect of `dead_click` and `rage_click` on pages that were made to deceive them.

What a popover, an animation and a question of the browser itself show leaves nothing in a recording of the page, and
no rule can mend it. The other mistakes are of rules that could be better: a message in a live region answers a press
whatever its rhythm; a hint that goes with the pointer, a class that lasts as long as the press, and a picture that
scrolling asked for are taken for answers (of the last, the button's name also says "print", which leaves no trace);
and a counter that writes the number that it had before counts as one that counts.
"""


@dataclass(frozen=True)
class Findings:
    """Marks of everybody, by whose they are and by signal, on each group of traps."""

    corpus: dict[str, dict[str, Mark]]
    hostile: dict[str, dict[str, Mark]]
    fresh: dict[str, dict[str, Mark]]
    every: tuple[Trap, ...]
    instruments: instruments.Comparison


def findings() -> Findings:
    """Reads all traps with our signals, at our thresholds and at the rivals', and marks everybody."""
    every = traps()
    told: dict[str, dict[str, list[Span]]] = {preset: {} for preset in PRESETS}
    for trap in every:
        for preset, spans in seen(trap, tuple(PRESETS)).items():
            told[preset][trap.name] = spans
    told |= others()
    corpus, hostile, fresh = (
        {who: marks([trap for trap in every if trap.group == group], spans) for who, spans in told.items()}
        for group in GROUPS
    )
    return Findings(
        corpus,
        hostile,
        fresh,
        tuple(every),
        instruments.compared([trap for trap in every if trap.group != "fresh"]),
    )


def page(found: Findings) -> str:
    """The page, as the docs show it."""
    corpus, hostile, fresh = ([trap for trap in found.every if trap.group == group] for group in GROUPS)
    lines = [
        HEAD,
        f"There are {_names(corpus)} traps in {len(corpus)} recordings, {_names(hostile)} hostile ones in "
        f"{len(hostile)}, and {_names(fresh)} fresh hostile ones in {len(fresh)}.\n",
        "## The corpus\n",
        "The traps that the field is known for.\n",
        *_by_signal(found.corpus[OURS]),
        *_beside_peers(found.corpus),
        *_presets(found.corpus),
        "## Hostile traps\n",
        HOSTILE_HEAD,
        *_group(found.hostile, hostile, {BEFORE: "before", OURS: "now"}),
        "## Fresh hostile traps\n",
        FRESH_HEAD,
        *_group(found.fresh, fresh, {OURS: "watchworthy"}),
        "## Other recorders\n",
        *instruments.lines(found.instruments),
        "## Every mistake\n",
        *_mistakes(found),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _names(some: Sequence[Trap]) -> int:
    return len({trap.name.rpartition("-")[0] for trap in some})


def _share(value: float | None, part: int, whole: int, ends: tuple[float, float]) -> str:
    if value is None:
        return "–"
    return f"{value:.2f} ({part} of {whole}; {ends[0]:.2f} to {ends[1]:.2f})"


def precision(mark: Mark) -> str:
    """Precision with its counts and interval."""
    whole = len(mark.hit) + len(mark.false)
    return _share(mark.precision, len(mark.hit), whole, mark.precision_interval())


def recall(mark: Mark) -> str:
    """Recall with its counts and interval."""
    whole = len(mark.hit) + len(mark.missed)
    return _share(mark.recall, len(mark.hit), whole, mark.recall_interval())


def _by_signal(ours: Mapping[str, Mark]) -> list[str]:
    lines = ["| signal | precision | recall |", "| --- | --- | --- |"]
    lines += [f"| `{code}` | {precision(mark)} | {recall(mark)} |" for code, mark in ours.items()]
    total = pooled(ours)
    return [*lines, f"| **all** | {precision(total)} | {recall(total)} |", ""]


def _beside_peers(found: Mapping[str, Mapping[str, Mark]]) -> list[str]:
    lines = [
        "Beside the two peers for Python, each on the signals that it has, and on the same files:\n",
        "| | signals | precision | recall |",
        "| --- | --- | --- | --- |",
    ]
    for peer in PEERS:
        for who in (peer, OURS):
            mark = pooled(found[who], REPORTS[peer])
            label = who if who == peer else f"{who}, on the same signals"
            lines.append(f"| {label} | {len(REPORTS[peer])} | {precision(mark)} | {recall(mark)} |")
    lines += ["", "| signal | " + " | ".join((OURS, *PEERS)) + " |", "| --- | --- | --- | --- |"]
    for code in dict.fromkeys(code for peer in PEERS for code in REPORTS[peer]):
        cells = [
            _brief(found[who].get(code, Mark())) if who == OURS or code in REPORTS[who] else ""
            for who in (OURS, *PEERS)
        ]
        lines.append(f"| `{code}` | " + " | ".join(cells) + " |")
    return [*lines, "", "A cell is precision / recall; an empty one, that there is no such signal.\n"]


def _brief(mark: Mark) -> str:
    first, second = (f"{value:.2f}" if value is not None else "–" for value in (mark.precision, mark.recall))
    return f"{first} / {second}"


def _presets(found: Mapping[str, Mapping[str, Mark]]) -> list[str]:
    lines = [
        "Beside the rivals' thresholds, as read in their own code, run through our settings (`watchworthy signals "
        "--preset`). A preset moves numbers, and whether an answered press still counts; what our folds know of "
        "controls and of tickers stays. So these rows are about thresholds, not about the products:\n",
        "| preset | " + " | ".join(f"`{code}`" for code in PRESET_SIGNALS) + " |",
        "| --- |" + " --- |" * len(PRESET_SIGNALS),
    ]
    for preset in PRESETS:
        cells = [_brief(found[preset].get(code, Mark())) for code in PRESET_SIGNALS]
        lines.append(f"| {preset} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _group(
    found: Mapping[str, Mapping[str, Mark]], some: Sequence[Trap], stages: Mapping[str, str]
) -> list[str]:
    """Precision and recall on a group, and each of its traps at the stages of our signals."""
    lines = ["| | precision | recall |", "| --- | --- | --- |"]
    for who in (*stages, *PEERS):
        mark = pooled(found.get(who, {}), REPORTS.get(who))
        lines.append(f"| {who} | {precision(mark)} | {recall(mark)} |")
    lines += [
        "",
        f"| trap | what is done | {' | '.join(stages.values())} |",
        "| --- | --- |" + " --- |" * len(stages),
    ]
    for trap in some:
        states = " | ".join(_state(trap.name, found.get(who, {})) for who in stages)
        lines.append(f"| {trap.name} | {trap.about} | {states} |")
    return [*lines, ""]


def _state(name: str, found: Mapping[str, Mark]) -> str:
    wrong = [f"missed {code}" for code, mark in found.items() if name in mark.missed]
    wrong += [f"false {code}" for code, mark in found.items() if name in mark.false]
    return ", ".join(wrong) or "right"


def _mistakes(found: Findings) -> list[str]:
    lines = []
    for title, by in (("Corpus", found.corpus), ("Hostile", found.hostile), ("Fresh", found.fresh)):
        for who in (OURS, *PEERS):
            for code, mark in by[who].items():
                if code not in REPORTS.get(who, (code,)):
                    continue
                if mark.missed:
                    lines.append(f"* {title}, {who}, missed `{code}`: {', '.join(mark.missed)}")
                if mark.false:
                    lines.append(f"* {title}, {who}, false `{code}`: {', '.join(mark.false)}")
    return lines
