"""Fields and forms: which fields were begun, left, filled anew, and left for good."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from data_contracts.compiled import compiled
from data_contracts.events import (
    BLUR,
    CHANGE,
    CHECKED,
    CLICK,
    FOCUS,
    GOAL,
    INPUT,
    IS_CHOICE,
    IS_CONTROL,
    IS_FIELD,
    IS_LINK,
    IS_MESSAGE,
    IS_SEARCH,
    MOVE,
    NEW_PAGE,
    NOT_USER_TRIGGERED,
    PAGE,
    PRESS,
    SCROLL,
    SELECTION,
    TAP,
    VISIBILITY,
)
from features.fold import NEVER, Array, Fold, feature, share, variation, zeros
from features.moments import (
    FIELD_HESITATION,
    FORM_ABANDON,
    FORM_REFILL,
    NO_MOMENT,
    PROVISIONAL,
    SETTLED,
    WITHDRAWN,
    Signal,
    change_state,
    emit,
)
from features.submits import is_submit

SLOTS: Final = 8  # fields of a page that are remembered, the latest used
SEEN_WORDS: Final = 16  # 512 bits tell a new field from one met before

REST_MS: Final = 3_000
REST_FULL_MS: Final = 15_000  # a rest of severity 1
AWAY_MS: Final = 30_000  # a longer rest is absence
LEFT_MS: Final = 10_000  # a page on which nothing follows for so long after another opened was left
ENTER_MS: Final = 2_000  # a page that opens so soon after an input was opened by Enter
NO_PAGE: Final = -2
AFRESH_CHARS: Final = 3  # more at once than a key gives: the field was filled anew

BEGUN: Final = 1
LEFT: Final = 2
SUBMITTED: Final = 4
SEARCH: Final = 8
TEXT: Final = 16


@compiled
def is_new_field(seen: Array, page: int, target: int) -> bool:
    """Whether a field was not met before in the session; remembers it."""
    mixed = (target * 2_654_435_761 + page * 40_503 + 12_345) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 15)) * 2_246_822_519) & 0xFFFFFFFF
    bit = (mixed >> 13) % (SEEN_WORDS * 32)
    mask = 1 << (bit & 31)
    if seen[bit >> 5] & mask:
        return False
    seen[bit >> 5] = seen[bit >> 5] | mask
    return True


@compiled
def slot_of(self: Any, event: Any) -> int:
    """Slot of a row's field; takes over the one that was used longest ago if it has none."""
    self.uses += 1
    oldest = 0
    for i in range(SLOTS):
        if self.field[i] == event.target:
            self.used[i] = self.uses
            return i
        if self.used[i] < self.used[oldest]:
            oldest = i
    self.field[oldest] = event.target
    self.form[oldest] = event.form
    self.length[oldest] = 0.0
    self.complete[oldest] = 0.0
    self.used[oldest] = self.uses
    self.state[oldest] = TEXT if event.flags & IS_FIELD else 0
    if event.flags & IS_SEARCH:
        self.state[oldest] |= SEARCH
    if is_new_field(self.seen, event.page, event.target):
        self.fields_ += 1
    return oldest


@compiled
def end_rest(self: Any, t: int, out: Any) -> None:
    """End a rest in the focused field by an input or by leaving it; report a long one."""
    rest = t - self.quiet_t
    if (
        self.slot >= 0
        and self.focus_t > NEVER
        and REST_MS <= rest <= AWAY_MS
        and self.state[self.slot] & TEXT
    ):
        severity = rest / REST_FULL_MS
        emit(
            out,
            FIELD_HESITATION,
            SETTLED,
            self.quiet_t,
            t,
            self.page,
            self.field[self.slot],
            severity,
            rest / 1_000.0,
        )
    self.quiet_t = t


@compiled
def enter(self: Any, event: Any, t: int, out: Any) -> None:
    """Let the visitor come to a field."""
    slot = slot_of(self, event)
    if slot == self.slot:
        return
    leave(self, t, out)
    self.slot = slot
    self.again = 1 if self.state[slot] & LEFT and self.last_left != event.target else 0
    self.refilled = 0
    if self.again:
        self.revisits += 1
    self.quiet_t = t


@compiled
def leave(self: Any, t: int, out: Any) -> None:
    """Let the visitor leave the field that they are in."""
    slot = self.slot
    if slot < 0:
        return
    end_rest(self, t, out)
    self.state[slot] |= LEFT
    self.complete[slot] = self.length[slot]
    self.last_left = self.field[slot]
    if self.focus_t > NEVER:
        seconds = (t - self.focus_t) / 1_000.0
        self.visits += 1
        self.visit_total += seconds
        self.visit_squares += seconds * seconds
    self.slot = -1
    self.focus_t = NEVER


@compiled
def take_input(self: Any, event: Any, t: int, out: Any) -> None:
    """Take one input that is not the same value told again."""
    choice = math.isnan(event.value)
    value = event.value
    if choice:
        value = 1.0 if event.flags & CHECKED else 0.0
    inside = self.slot >= 0 and self.field[self.slot] == event.target
    slot = slot_of(self, event)
    before = self.length[slot]
    if before == value:
        return
    self.inputs_ += 1
    if not inside:
        enter(self, event, t, out)
    if not choice:
        self.texts += 1
        if self.focus_t <= NEVER:
            self.unfocused += 1
        end_rest(self, t, out)
    complete = self.complete[slot]
    self.length[slot] = value
    if not self.state[slot] & BEGUN:
        self.state[slot] |= BEGUN
        if self.begun_t < 0:
            self.begun_t = t
    if value > 0:  # a script that empties what was sent begins nothing
        self.state[slot] &= ~SUBMITTED
    self.input_t = t
    if self.again and not self.refilled and self.focus_t > NEVER:
        self.refilled = 1
        self.refills += 1
        anew = value * 2 <= complete or abs(value - complete) > AFRESH_CHARS
        if not choice and complete > 0 and anew and not self.state[slot] & SEARCH:
            severity = 0.8 if self.message_t > self.begun_t else 0.4
            emit(out, FORM_REFILL, SETTLED, t, t, event.page, event.target, severity, complete, value)


@compiled
def end_page(self: Any, t: int, goes: bool, out: Any) -> None:
    """Judge the fields of a page that ends, and forget them; ``goes``: the visitor could still be back on it."""
    unseen_enter = self.slot >= 0 and t - self.input_t <= ENTER_MS
    leave(self, t, out)
    begun = 0
    last = -1
    for i in range(SLOTS):
        if self.state[i] & (BEGUN | TEXT | SUBMITTED | SEARCH) == BEGUN | TEXT:
            begun += 1
            if last < 0 or self.used[i] > self.used[last]:
                last = i
    if begun > 0 and not unseen_enter:
        for i in range(SLOTS):
            if self.state[i] & (BEGUN | TEXT | SUBMITTED | SEARCH) == BEGUN | TEXT:
                self.abandoned += 1 if i == last or self.length[i] == 0 else 0
        change_state(out, self.left_moment, SETTLED)
        self.left_moment = emit(
            out,
            FORM_ABANDON,
            PROVISIONAL,
            self.begun_t,
            t,
            self.page,
            self.field[last],
            0.3 + 0.1 * begun,
            begun,
            (t - self.begun_t) / 1_000.0,
        )
        self.left_t = t
        self.left_page = self.page if goes else NO_PAGE
    self.field[:] = 0
    self.state[:] = 0
    self.used[:] = 0
    self.begun_t = -1
    self.last_left = 0


class Forms(Fold):
    """Fields begun, left, visited again, filled anew and left for good."""

    # A rest is as severe as it is long, against 15 s. A form left: 0.3, and 0.1 for each field begun.
    # A refill: 0.4, or 0.8 after a message.
    signals = (
        Signal(
            FORM_ABANDON,
            text="A field was begun and nothing submitted, and the page is left.",
            silent_on="Search boxes; a page that opens within 2 s of an input (Enter); a visitor back within 10 s.",
            evidence=("fields_begun", "since_first_input_s"),
            aliases=("form abandonment",),
        ),
        Signal(
            FORM_REFILL,
            text="A completed field is visited again and emptied or filled anew.",
            silent_on="Search and type-ahead; corrections of a few characters; fields that a script fills.",
            evidence=("length_before_chars", "length_after_chars"),
            aliases=("form refill",),
        ),
        Signal(
            FIELD_HESITATION,
            text="A rest of 3 s or more in a focused field without input, and then it is changed or left.",
            silent_on="Pointer movement, scrolling and selection in between; tab out of sight; rests over 30 s.",
            evidence=("rest_s",),
            aliases=("slow form field",),
        ),
    )

    inputs_: Any = np.int32(0)
    texts: Any = np.int32(0)
    unfocused: Any = np.int32(0)
    fields_: Any = np.int32(0)
    revisits: Any = np.int32(0)
    refills: Any = np.int32(0)
    abandoned: Any = np.int32(0)
    visits: Any = np.int32(0)
    uses: Any = np.int32(0)
    page: Any = np.int32(-1)
    slot: Any = np.int32(-1)  # the field that the visitor is in
    again: Any = np.int32(0)  # they had left it before
    refilled: Any = np.int32(0)
    last_left: Any = np.int32(0)
    left_moment: Any = np.int32(NO_MOMENT)
    left_page: Any = np.int32(-1)
    visit_total: float = 0.0  # s
    visit_squares: float = 0.0
    focus_t: int = NEVER
    quiet_t: int = NEVER
    input_t: int = NEVER
    begun_t: int = -1  # first input of the page
    message_t: int = NEVER
    left_t: int = NEVER
    field: Array = zeros("i4", SLOTS)
    form: Array = zeros("i4", SLOTS)
    used: Array = zeros("i4", SLOTS)
    length: Array = zeros("f4", SLOTS)
    complete: Array = zeros("f4", SLOTS)  # length when it was left
    state: Array = zeros("u1", SLOTS)
    seen: Array = zeros("u4", SEEN_WORDS)

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move past one event."""
        kind = event.kind
        t = now.t
        if self.left_moment != NO_MOMENT:
            if t - self.left_t > LEFT_MS:
                change_state(out, self.left_moment, SETTLED)
                self.left_moment = NO_MOMENT
            elif kind == GOAL or (
                event.page == self.left_page and (kind == INPUT or kind == PRESS or kind == CLICK)
            ):
                change_state(out, self.left_moment, WITHDRAWN)
                self.left_moment = NO_MOMENT
        if kind == MOVE:
            self.quiet_t = t
            return
        if kind == INPUT:
            if event.target != 0 and not event.flags & NOT_USER_TRIGGERED:
                if event.page != self.page:
                    self.field[:] = 0
                    self.state[:] = 0
                    self.used[:] = 0
                    self.slot = -1
                    self.focus_t = NEVER
                    self.page = event.page
                take_input(self, event, t, out)
        elif kind == FOCUS or kind == PRESS or kind == TAP:
            if event.target != self.last_left:
                self.last_left = 0
            if event.flags & (IS_FIELD | IS_CHOICE) and event.target != 0 and event.page == self.page:
                enter(self, event, t, out)
                if self.focus_t <= NEVER:
                    self.focus_t = t
            elif kind == FOCUS:
                leave(self, t, out)
            self.quiet_t = t
        elif kind == BLUR:
            if self.slot >= 0 and self.field[self.slot] == event.target:
                leave(self, t, out)
        elif kind == SCROLL or kind == VISIBILITY or (kind == SELECTION and event.value > 0):
            self.quiet_t = t
        elif kind == CHANGE:
            if event.flags & IS_MESSAGE:
                self.message_t = t
            if event.flags & NEW_PAGE and event.page == self.page:
                end_page(self, t, False, out)
        elif kind == PAGE:
            end_page(self, t, True, out)
            self.page = event.page
        elif kind == GOAL:
            for i in range(SLOTS):
                self.state[i] |= SUBMITTED
        # A button in the form that is no submit button may still send it, by script.
        button = event.flags & (IS_CONTROL | IS_LINK | IS_FIELD | IS_CHOICE) == IS_CONTROL
        if (button and (kind == CLICK or kind == TAP)) or is_submit(event):
            for i in range(SLOTS):
                if self.form[i] == event.form:
                    self.state[i] |= SUBMITTED
            self.quiet_t = t

    @feature(unit="inputs", channel="input")
    def inputs(self) -> float:
        """Inputs that change what a field holds; the same value told again does not count."""
        return float(self.inputs_)

    @feature(unit="fields", channel="input")
    def fields(self) -> float:
        """Distinct fields that were entered or changed."""
        return float(self.fields_)

    @feature(unit="visits", sighted=True)
    def field_revisits(self) -> float:
        """Returns to a field that had been left for another."""
        return float(self.revisits)

    @feature(unit="visits", sighted=True)
    def field_refills(self) -> float:
        """Returns to a field that had been left, in which its value is changed."""
        return float(self.refills)

    @feature(unit="s", sighted=True)
    def field_time_mean(self) -> float:
        """Mean time from coming to a field to leaving it."""
        return share(self.visit_total, self.visits)

    @feature(sighted=True)
    def field_time_cv(self) -> float:
        """Coefficient of variation of the time spent in a field."""
        return variation(self.visits, self.visit_total, self.visit_squares)

    @feature(unit="share", channel="input", sighted=True)
    def input_without_focus(self) -> float:
        """Share of text inputs into a field that had neither focus nor press; browsers and managers fill so too."""
        return share(self.unfocused, self.texts)

    @feature(unit="fields", channel="input", sighted=True)
    def fields_abandoned(self) -> float:
        """Fields begun and not submitted when their page ended: the last one used, and those left empty."""
        return float(self.abandoned)
