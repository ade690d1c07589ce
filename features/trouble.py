"""Trouble that the page has: errors, failed and slow requests, messages."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from data_contracts.compiled import compiled
from data_contracts.events import CHANGE, CONSOLE, IS_MESSAGE, REQUEST
from features.context import ACT_NONE
from features.fold import NEVER, Array, Fold, feature, share, zeros
from features.submits import MESSAGE_MS, is_form_button, is_submit

CONSOLE_ERROR: Final = 3
FAILED_STATUS: Final = 400
SLOW_MS: Final = 3_000
ERROR_MS: Final = 1_000  # an error so soon after an act belongs to it
DETAILS: Final = 8  # errors that also come without an act, the latest


@compiled
def is_failure(event: Any) -> bool:
    """Whether a row is an error: on the console, or a request that failed."""
    if event.kind == CONSOLE:
        return bool(event.value == CONSOLE_ERROR)
    return bool(event.kind == REQUEST and (event.x == 0 or event.x >= FAILED_STATUS))


@compiled
def failed(self: Any, event: Any, t: int) -> None:
    """Blame an error on the act before it, unless it also comes by itself."""
    known = False
    for i in range(DETAILS):
        if event.detail != 0 and self.alone[i] == event.detail:
            known = True
    if t - self.act_t > ERROR_MS:
        if not known and event.detail != 0:
            self.alone[self.next_alone] = event.detail
            self.next_alone = (self.next_alone + 1) % DETAILS
    elif not known and not self.blamed:
        self.blamed = 1
        self.acts_failed += 1


class Trouble(Fold):
    """Errors on the console, failed and slow requests, messages after a submit."""

    errors: Any = np.int32(0)
    failures: Any = np.int32(0)
    slow: Any = np.int32(0)
    messages: Any = np.int32(0)
    acts: Any = np.int32(0)
    acts_failed: Any = np.int32(0)
    blamed: Any = np.int32(0)  # the last act has its error
    next_alone: Any = np.int32(0)
    act_t: int = NEVER
    submit_t: int = NEVER
    alone: Array = zeros("u4", DETAILS)

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move past one event."""
        kind = event.kind
        t = now.t
        if now.act != ACT_NONE:
            self.acts += 1
            self.act_t = t
            self.blamed = 0
        if kind == CONSOLE or kind == REQUEST:
            if kind == REQUEST and event.value > SLOW_MS:
                self.slow += 1
            if is_failure(event):
                if kind == CONSOLE:
                    self.errors += 1
                else:
                    self.failures += 1
                failed(self, event, t)
        elif kind == CHANGE:
            if event.flags & IS_MESSAGE and t - self.submit_t <= MESSAGE_MS:
                self.messages += 1
        elif is_submit(event) or is_form_button(event):
            self.submit_t = t

    @feature(unit="errors", channel="console")
    def console_errors(self) -> float:
        """Errors on the console."""
        return float(self.errors)

    @feature(unit="requests", channel="network")
    def failed_requests(self) -> float:
        """Requests that failed or were answered with a status of 400 or more."""
        return float(self.failures)

    @feature(unit="requests", channel="network")
    def slow_requests(self) -> float:
        """Requests that took over 3 s."""
        return float(self.slow)

    @feature(unit="share", channel="console")
    def errors_after_act(self) -> float:
        """Share of acts with an error on the console or a failed request within 1 s; not errors seen by themselves."""
        return share(self.acts_failed, self.acts)

    @feature(unit="messages", sighted=True)
    def messages_shown(self) -> float:
        """Alerts, statuses and invalid states that appear within 5 s after a submit or the press of a form's button.

        Their elements and states are counted, and that a text came; what it says is never read.
        """
        return float(self.messages)
