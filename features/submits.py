"""Submitted forms: how often, how soon again, and whether an error came back."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from data_contracts.compiled import compiled
from data_contracts.events import (
    CHANGE,
    CLICK,
    GOAL,
    INPUT,
    IS_ALERT,
    IS_CHOICE,
    IS_CONTROL,
    IS_DISABLED,
    IS_FIELD,
    IS_LINK,
    IS_MESSAGE,
    IS_SEARCH,
    IS_SUBMIT,
    NOT_USER_TRIGGERED,
    PAGE,
    SUBMIT,
)
from features.fold import NEVER, Fold, feature
from features.moments import (
    ERROR_SHOWN,
    NO_MOMENT,
    PROVISIONAL,
    REPEAT_SUBMIT,
    SETTLED,
    WITHDRAWN,
    Signal,
    change_state,
    emit,
)

SAME_SUBMIT_MS: Final = 700  # a double click, or a click and the submit event that it caused
REPEAT_MS: Final = 30_000
MESSAGE_MS: Final = 5_000  # a message so soon after a submit answers it
CLEARED_CHARS: Final = 2  # a field of so many or more that is empty at once was emptied by the page, or anew


@compiled
def is_submit(event: Any) -> bool:
    """Whether a row submits a form: the recorder says so, or it clicks (Enter clicks too) a form's submit."""
    if event.kind == SUBMIT:
        return True
    return bool(
        event.kind == CLICK and event.form != 0 and event.flags & (IS_SUBMIT | IS_DISABLED) == IS_SUBMIT
    )


@compiled
def field_bit(target: int) -> int:
    """One of 63 bits for a field: a set that forgets nothing and sometimes takes two fields for one."""
    return 1 << (target * 40_503 >> 4) % 63


@compiled
def settle_error(self: Any, state: int, out: Any) -> None:
    """Close the open error_shown."""
    change_state(out, self.error_moment, state)
    self.error_moment = NO_MOMENT


@compiled
def is_form_button(event: Any) -> bool:
    """Whether a row clicks a button of a form that submits nothing by itself, but may by script."""
    kind = event.flags & (IS_CONTROL | IS_LINK | IS_FIELD | IS_CHOICE | IS_SUBMIT | IS_DISABLED)
    return bool(event.kind == CLICK and event.form != 0 and kind == IS_CONTROL)


@compiled
def try_submit(self: Any, event: Any, t: int) -> None:
    """Remember a click that submits a form, or may."""
    self.tried_form = event.form
    self.tried_page = event.page
    self.tried_on = event.target
    self.tried_t = t


@compiled
def submit(self: Any, out: Any) -> None:
    """Take the click remembered last as a submit of its form."""
    t = self.tried_t
    form = self.tried_form
    page = self.tried_page
    self.tried_t = NEVER
    if form == self.form and page == self.page and t - self.submit_t <= SAME_SUBMIT_MS:
        return
    settle_error(self, SETTLED, out)
    self.submits_ += 1
    same = form == self.form if page == self.page else self.address == self.form_address
    # Fields filled since, none of them filled before, and no message: the next step of a wizard.
    step_on = self.new_field and not self.old_field and not self.messages
    filled = self.filled_form == form or (page != self.page and self.was_filled)
    silent = self.search_form == form or step_on or self.accepted
    if same and filled and not silent and t - self.submit_t <= REPEAT_MS:
        self.repeats += 1
        self.run += 1
        severity = 0.25 + 0.15 * self.run + (0.3 if self.messages else 0.0)
        if self.repeat_moment == NO_MOMENT:
            self.repeat_moment = emit(
                out, REPEAT_SUBMIT, SETTLED, self.submit_t, t, page, self.tried_on, severity, self.run + 1
            )
        elif self.repeat_moment >= 0:
            moment = out.moments[self.repeat_moment]
            moment.end = t
            moment.severity = min(severity, 1.0)
            moment.evidence[0] = self.run + 1
    else:
        self.run = 0
        self.repeat_moment = NO_MOMENT
        if not same:
            self.errors = 0
    self.was_filled = 1 if filled else 0
    self.form = form
    self.page = page
    self.form_address = self.address
    self.submit_t = t
    self.messages = 0
    self.accepted = 0
    self.new_field = 0
    self.old_field = 0


@compiled
def take_message(self: Any, event: Any, now: Any, out: Any) -> None:
    """Take an alert or invalid state that appears; a status is no complaint."""
    t = now.t
    bit = field_bit(event.target)
    if t - now.act_t > MESSAGE_MS:
        self.talkers |= bit
    if self.talkers & bit:
        return
    if t - self.tried_t <= MESSAGE_MS:
        submit(self, out)
    if t - self.submit_t > MESSAGE_MS or self.accepted:
        return
    self.messages += 1
    if self.messages == 1:
        wait = (t - self.submit_t) / 1_000.0
        severity = 0.5 + 0.15 * self.errors
        self.error_moment = emit(
            out,
            ERROR_SHOWN,
            PROVISIONAL,
            self.submit_t,
            t,
            event.page,
            event.target,
            severity,
            1.0,
            wait,
            self.errors,
        )
        self.errors += 1
    elif self.error_moment >= 0:
        out.moments[self.error_moment].evidence[0] = self.messages


class Submits(Fold):
    """Submits of forms, and the messages that follow."""

    # Severity of a repeat: 0.25 + 0.15 a repeat, 0.3 more if a message came between.
    # Severity of an error: 0.5, and 0.15 more for each one before it on the same form.
    signals = (
        Signal(
            ERROR_SHOWN,
            text="An alert or invalid state appears within 5 s after a submit, and the form is not left for it.",
            silent_on="Submits that lead to another page or a goal, or empty the form; regions that speak unasked.",
            evidence=("messages", "after_submit_s", "earlier_errors"),
            aliases=("form validation error", "validation error"),
        ),
        Signal(
            REPEAT_SUBMIT,
            text="The same form is submitted again within 30 s.",
            silent_on="Search; double clicks; steps of a wizard; forms that were emptied; buttons of forms not filled.",
            evidence=("submits",),
            aliases=("multiple form submits",),
        ),
    )

    submits_: Any = np.int32(0)
    repeats: Any = np.int32(0)
    run: Any = np.int32(0)  # repeats in a row
    messages: Any = np.int32(0)  # since the last submit
    errors: Any = np.int32(0)  # shown on this form
    form: Any = np.int32(-1)
    page: Any = np.int32(-1)
    filled_form: Any = np.int32(-1)  # form of the last input of this page view
    was_filled: Any = np.int32(0)  # the submitted form was filled
    search_form: Any = np.int32(-1)
    accepted: Any = np.int32(0)  # the page emptied the form
    new_field: Any = np.int32(0)  # since the submit a field was filled that had not been before it
    old_field: Any = np.int32(0)  # or one that had been
    repeat_moment: Any = np.int32(NO_MOMENT)
    error_moment: Any = np.int32(NO_MOMENT)
    last_target: Any = np.int32(0)
    last_length: Any = np.float32(0)
    address: Any = np.uint32(0)
    form_address: Any = np.uint32(0)
    tried_form: Any = np.int32(-1)  # of the last click that may turn out to be a submit
    tried_page: Any = np.int32(-1)
    tried_on: Any = np.int32(0)
    tried_t: int = NEVER
    submit_t: int = NEVER
    filled: int = 0  # set of the fields filled in this page view
    talkers: int = 0  # set of the places that speak when nothing is done: tickers, not answers

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move past one event."""
        kind = event.kind
        t = now.t
        if self.error_moment != NO_MOMENT and t - self.submit_t > MESSAGE_MS:
            settle_error(self, SETTLED, out)
        if kind == INPUT:
            if event.flags & NOT_USER_TRIGGERED or event.target == 0:
                return
            bit = field_bit(event.target)
            soon = t - self.submit_t <= MESSAGE_MS
            if event.target == self.last_target and event.value == self.last_length:
                return
            known = self.filled & bit != 0
            at_once = event.target != self.last_target or self.last_length >= CLEARED_CHARS
            if known and event.value == 0 and at_once and soon and not self.messages:
                self.accepted = 1
                settle_error(self, WITHDRAWN, out)
            if known:
                self.old_field = 1
            else:
                self.new_field = 1
            self.filled |= bit
            self.filled_form = event.form
            if event.flags & IS_SEARCH:
                self.search_form = event.form
            self.last_target = event.target
            self.last_length = event.value
        elif kind == CHANGE:
            polite = event.flags & IS_MESSAGE and not event.flags & IS_ALERT
            if polite and not self.messages and t - self.submit_t <= MESSAGE_MS:
                self.accepted = 1  # told that it is done: once more is another order, not another try
            elif event.flags & IS_ALERT:
                take_message(self, event, now, out)
        elif kind == PAGE:
            if event.detail != self.form_address or event.detail == 0:
                settle_error(self, WITHDRAWN, out)
            self.address = event.detail
            self.filled = 0
            self.filled_form = -1
            self.search_form = -1
            self.last_target = 0
            self.talkers = 0
            self.tried_t = NEVER
        elif kind == GOAL:
            settle_error(self, WITHDRAWN, out)
        elif is_submit(event):
            if event.flags & IS_SEARCH:
                self.search_form = event.form
            try_submit(self, event, t)
            submit(self, out)
        elif is_form_button(event) and event.form == self.filled_form:
            try_submit(self, event, t)

    @feature(unit="submits", sighted=True)
    def submits(self) -> float:
        """Forms submitted: by submit button, by Enter, as the recorder says, or by a button that a message answers."""
        return float(self.submits_)

    @feature(unit="submits", sighted=True)
    def repeat_submits(self) -> float:
        """Submits of a filled form that had been submitted within the 30 s before; searches do not count."""
        return float(self.repeats)
