"""Presses that wait for an answer: how one begins to wait, is answered, or is judged to be dead."""

from __future__ import annotations

from typing import Any, Final

from data_contracts.compiled import compiled
from data_contracts.events import (
    BARE,
    CHANNELS,
    GONE,
    IS_CONSENT,
    IS_CONTROL,
    IS_COPY,
    IS_DISABLED,
    IS_FIELD,
    IS_LINK,
    IS_MESSAGE,
    IS_SUBMIT,
    IS_SURFACE,
    KNOWN,
    LOOKS_CONTROL,
    NEW_PAGE,
    PRESS,
    UNSEEN,
    UNSEEN_EFFECT,
)
from features.histograms import octave_bin, put
from features.moments import (
    DEAD_CLICK,
    NO_MOMENT,
    PROVISIONAL,
    SETTLED,
    SLOW_RESPONSE,
    WITHDRAWN,
    change_state,
    emit,
)
from features.rage import rage_answered, rage_press
from features.sources import ANSWER_MS, SOURCES, find_source, is_answer, own_change, ticks

PRESSES: Final = 6  # presses that can wait at once; an older one gives way unjudged
SLOW_END_MS: Final = 7_000  # a press is kept so long, in case that its page or request ends late
RETRY_MS: Final = 10_000
SLOW_MS: Final = 1_000
TOGETHER_MS: Final = 500  # presses of one hand in a row, as on a keypad, are answered together
FRESH_PAGE_MS: Final = 5_000  # a page that has just loaded is still busy with itself

FREE: Final = 0
OPEN: Final = 1  # waits for an answer
ANSWERED: Final = 2
UNKNOWN: Final = 3  # the recorder cannot see what it would do
SAID: Final = -2  # as moment: the press has its moment, which nothing will change
UNANSWERED: Final = 4  # judged; kept until a late page or request could still come

WAIT_BINS: Final = 24
WAIT_LOW_MS: Final = 8.0  # three bins to a doubling: from 8 ms to 2 s
WAITS_AN_OCTAVE: Final = 3

SELECTION_CHANNEL: Final = CHANNELS.index("selection")
CLICKABLE: Final = IS_CONTROL | LOOKS_CONTROL
UNTOLD: Final = UNSEEN_EFFECT | IS_COPY | IS_SURFACE | IS_CONSENT | IS_FIELD  # leaves no trace


@compiled
def opens(self: Any, event: Any, now: Any, out: Any) -> None:
    """Let a press begin to wait for its answer."""
    t = now.t
    slot = 0
    for i in range(PRESSES):
        if self.state[i] == FREE:
            slot = i
            break
        if self.at[i] < self.at[slot]:
            slot = i
    if self.state[slot] == UNANSWERED:
        change_state(out, self.moment[slot], SETTLED)
    self.state[slot] = FREE
    control = event.control if event.control != 0 else event.target
    clickable = event.flags & CLICKABLE != 0
    for i in range(PRESSES):
        same = self.state[i] != FREE and self.page[i] == event.page and self.control[i] == control
        if clickable and same and not self.again[i] and t - self.at[i] <= RETRY_MS:
            self.again[i] = 1
            if self.state[i] == UNANSWERED:
                self.repeats += 1
    unknown = not now.sighted or not event.flags & KNOWN or event.flags & UNTOLD != 0
    if not clickable and not now.channels >> SELECTION_CHANNEL & 1:
        unknown = True  # a click on text selects it, and recorders before rrweb 2 do not say so
    self.state[slot] = UNKNOWN if unknown else OPEN
    self.at[slot] = t
    self.wait[slot] = 0
    self.page[slot] = event.page
    self.control[slot] = control
    self.flags[slot] = event.flags
    self.again[slot] = 0
    # Browsers send no click of a control that is disabled: the press is all that comes.
    self.clicked[slot] = 1 if event.kind != PRESS or event.flags & IS_DISABLED else 0
    self.busy[slot] = 0
    self.held[slot] = 0
    self.moment[slot] = NO_MOMENT
    for j in range(SOURCES):
        self.after[slot * SOURCES + j] = 0
    if clickable:
        self.tries += 1
    self.last_open = t
    rage_press(self, event, t, unknown, out)


@compiled
def count_answer(self: Any, i: int) -> None:
    """Count the answer to a click on a control in slot ``i``."""
    if self.clicked[i] and self.flags[i] & CLICKABLE:
        self.answers += 1
        put(self.waits, octave_bin(self.wait[i], WAIT_LOW_MS, WAITS_AN_OCTAVE, WAIT_BINS), 1)
        if self.wait[i] > SLOW_MS:
            self.slow_answers += 1


@compiled
def newest_press(self: Any) -> int:
    """Slot of the newest press that is still remembered; -1 if there is none."""
    newest = -1
    for i in range(PRESSES):
        if self.state[i] != FREE and (newest < 0 or self.at[i] >= self.at[newest]):
            newest = i
    return newest


@compiled
def clicks(self: Any, t: int) -> None:
    """Join a click to the press that it completes: a press alone is a drag or a selection."""
    newest = newest_press(self)
    if newest >= 0 and not self.clicked[newest] and t - self.at[newest] <= ANSWER_MS:
        self.clicked[newest] = 1
        if self.state[newest] == ANSWERED:
            count_answer(self, newest)


@compiled
def slow(self: Any, i: int, t: int, out: Any) -> None:
    """Report that what the press in slot ``i`` began has only now come to its end; once a press."""
    wait = t - self.at[i]
    limits = out.thresholds[0]
    if (
        limits.slow_from_ms <= wait <= limits.slow_to_ms
        and self.flags[i] & CLICKABLE
        and self.moment[i] == NO_MOMENT
    ):
        severity = wait / (4e3 if wait <= ANSWER_MS else 7e3)
        emit(out, SLOW_RESPONSE, SETTLED, self.at[i], t, self.page[i], self.control[i], severity, wait / 1e3)
        self.moment[i] = SAID


@compiled
def answered(self: Any, i: int, t: int, detail: int, out: Any) -> None:
    """Take an answer to the press in slot ``i``; ``detail`` is the attribute state that it left, or 0."""
    if self.state[i] == ANSWERED:
        # What follows an answer still tells whether a state is only switched to and fro.
        if self.toggles > 0:
            rage_answered(self, self.at[i], detail, t, out)
        return
    if self.state[i] != OPEN:
        return
    wait = t - self.at[i]
    self.wait[i] = wait
    self.state[i] = ANSWERED
    self.dead_run = 0
    count_answer(self, i)
    slow(self, i, t, out)
    rage_answered(self, self.at[i], detail, t, out)


@compiled
def late_answer(self: Any, i: int, t: int, out: Any) -> None:
    """Take the end of a page or request that a press began: it seemed dead, or showed a first sign only."""
    if self.state[i] == ANSWERED:
        slow(self, i, t, out)
    if self.state[i] != UNANSWERED:
        return
    change_state(out, self.moment[i], WITHDRAWN)
    self.moment[i] = NO_MOMENT
    self.wait[i] = t - self.at[i]
    if self.clicked[i] and self.flags[i] & CLICKABLE:
        self.unanswered -= 1
        self.dead_run = 0
        if self.again[i]:
            self.repeats -= 1
        slow(self, i, t, out)
    count_answer(self, i)
    self.state[i] = ANSWERED


@compiled
def closes(self: Any, i: int, t: int, out: Any) -> None:
    """Judge the press in slot ``i`` once its window is over."""
    waited = t - self.at[i]
    if self.state[i] == OPEN and waited > ANSWER_MS and self.held[i]:
        answered(self, i, self.at[i] + self.wait[i], 0, out)  # it stayed, so it was no mere wave
    # A rival's preset may be patient for longer than the folds wait; none is patient beyond the slow window.
    patience = min(max(out.thresholds[0].dead_after_ms, 0), SLOW_END_MS)
    if self.state[i] == OPEN and waited > ANSWER_MS:
        if self.busy[i]:
            self.state[i] = UNKNOWN
        else:
            self.state[i] = UNANSWERED
            if self.clicked[i] and self.flags[i] & CLICKABLE:
                self.unanswered += 1
                self.dead_run += 1
                self.longest_run = max(self.longest_run, self.dead_run)
                if self.again[i]:
                    self.repeats += 1
    # A rival may be less patient than we are: then what has not answered yet is dead to it.
    hasty = self.state[i] == OPEN and patience < ANSWER_MS
    dead = (self.state[i] == UNANSWERED or hasty) and self.clicked[i] and self.flags[i] & CLICKABLE
    if dead and self.moment[i] == NO_MOMENT and waited > patience:
        severity = 0.5 if self.flags[i] & IS_CONTROL else 0.35
        may_leave = self.flags[i] & (IS_LINK | IS_SUBMIT)  # the next page may be on its way
        state = PROVISIONAL if may_leave and waited <= SLOW_END_MS else SETTLED
        end = self.at[i] + patience
        self.moment[i] = emit(
            out, DEAD_CLICK, state, self.at[i], end, self.page[i], self.control[i], severity, patience / 1e3
        )
        if self.moment[i] == NO_MOMENT:
            self.clicked[i] = 0  # full: do not try again at every event
    if self.state[i] == UNANSWERED and waited > SLOW_END_MS:
        change_state(out, self.moment[i], SETTLED)
    if waited > RETRY_MS or (waited > SLOW_END_MS and self.state[i] != UNANSWERED):
        self.state[i] = FREE
        self.moment[i] = NO_MOMENT


@compiled
def outdone(self: Any, i: int) -> bool:
    """Whether the visitor has since pressed another control: what comes now is the answer to that."""
    newest = newest_press(self)
    other = self.control[newest] != self.control[i] or self.page[newest] != self.page[i]
    return bool(other and self.at[newest] - self.at[i] > TOGETHER_MS)


@compiled
def changes(self: Any, key: int, owner: int, detail: int, flags: int, page: int, now: Any, out: Any) -> None:
    """Judge one change of the page: its source's own, or an answer to a press that waits.

    ``owner`` is the pressed control that holds the change. A message or a new view answers whatever its source;
    what nobody can see answers nothing.
    """
    plain = flags & (IS_MESSAGE | NEW_PAGE) != 0
    if flags & UNSEEN and not plain:
        return
    if flags & BARE and owner != 0 and feels(self, owner, flags, page, now.t):
        return
    slot = find_source(self, key)
    waiting = False
    for i in range(PRESSES):
        if self.state[i] == FREE or now.t - self.at[i] > ANSWER_MS:
            continue
        waiting = True
        if self.page[i] != page:
            continue
        own = owner != 0 and owner == self.control[i]
        by_itself = ticks(self, slot, self.at[i])
        answers = is_answer(self, slot, i, self.at[i], now.t)
        # A label that counts down inside a button would do so without a press; a state would not.
        if (own and (answers or detail != 0 or not by_itself)) or (
            (plain or answers) and not outdone(self, i)
        ):
            answered(self, i, now.t, detail if own else 0, out)
        elif self.at[i] - now.page_t < FRESH_PAGE_MS and not by_itself:
            self.busy[i] = 1
    if not waiting:
        own_change(self, slot, now.t)
    self.source_at[slot] = now.t


@compiled
def feels(self: Any, owner: int, flags: int, page: int, t: int) -> bool:
    """Whether bare elements in a pressed control only show that it is pressed, and are no answer so far.

    What came while the button was held is a wave; if it stays it is an answer after all. What is only seconds
    old and goes again is the end of a wave or of a spinner, and the spinner was the answer.
    """
    newest = newest_press(self)
    if newest < 0 or self.control[newest] != owner or self.page[newest] != page:
        return flags & GONE != 0
    if not flags & GONE and self.clicked[newest]:
        return False
    for i in range(PRESSES):
        if self.state[i] == OPEN and self.control[i] == owner and self.page[i] == page:
            if not flags & GONE and not self.held[i]:
                self.wait[i] = t - self.at[i]
            self.held[i] = 0 if flags & GONE else 1
    return True
