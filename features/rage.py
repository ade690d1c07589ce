"""Rage: a run of presses on one spot that nothing answers."""

from __future__ import annotations

import math
from typing import Any, Final

from data_contracts.compiled import compiled
from features.moments import NO_MOMENT, PROVISIONAL, RAGE_CLICK, SETTLED, WITHDRAWN, change_state, emit

TOGGLES: Final = 3  # there, back, and there again: answers that only switch a state are no answer


@compiled
def raise_rage(self: Any, t: int, out: Any) -> None:
    """Report the run, or make its moment longer, once it is long enough and still unanswered."""
    presses = self.run
    start = self.run_start
    if 0 < self.toggles < TOGGLES:  # what the first press did is all that was done
        presses = self.since
        start = self.since_start
    if presses < out.thresholds[0].rage_presses:
        return
    if self.rage == NO_MOMENT:
        self.rage = emit(out, RAGE_CLICK, PROVISIONAL, start, t, self.run_page, self.run_spot, 0.0)
    if self.rage != NO_MOMENT:
        moment = out.moments[self.rage]
        moment.end = self.run_at
        moment.severity = min(1.0, 0.4 + 0.1 * (presses - out.thresholds[0].rage_presses))
        moment.evidence[0] = presses
        moment.evidence[1] = (self.run_at - start) / 1e3
        moment.evidence[2] = self.run_radius
        moment.evidence[3] = self.toggles


@compiled
def end_run(self: Any, state: int, out: Any) -> None:
    """End the run; its moment is settled, or withdrawn because it was answered."""
    change_state(out, self.rage, state)
    self.rage = NO_MOMENT
    self.run = 0
    self.since = 0
    self.toggles = 0
    self.run_radius = 0.0


@compiled
def rage_answered(self: Any, pressed_at: int, detail: int, t: int, out: Any) -> None:
    """Let an answer end the run, unless all that it does is switch one state to and fro.

    ``detail`` is the digest of the attribute state that the answer left, 0 for any other answer.
    """
    if self.run == 0 or pressed_at < self.run_start or not out.thresholds[0].rage_unanswered:
        return
    if detail == 0:
        end_run(self, WITHDRAWN, out)
    elif self.toggles == 0:
        # Not yet known whether this is an answer or half of a toggle: nothing is reported meanwhile.
        change_state(out, self.rage, WITHDRAWN)
        self.rage = NO_MOMENT
        self.toggles = 1
        self.since = 0
        self.state_a = detail
        self.state_b = 0
        self.state_last = detail
    elif detail == self.state_last:
        return
    elif self.toggles == 1 or detail == self.state_a or detail == self.state_b:
        if self.toggles == 1:
            self.state_b = detail
        self.toggles += 1
        self.since = 0
        self.state_last = detail
        if self.toggles < TOGGLES:
            change_state(out, self.rage, WITHDRAWN)
            self.rage = NO_MOMENT
        raise_rage(self, t, out)
    else:
        end_run(self, WITHDRAWN, out)


@compiled
def rage_press(self: Any, event: Any, t: int, unknown: bool, out: Any) -> None:
    """Add a press to the run on its spot, or begin a new run there."""
    limit = out.thresholds[0]
    spot = event.control if event.control != 0 else event.target
    moved = math.hypot(event.x - self.run_x, event.y - self.run_y)
    far = moved > limit.rage_radius_px  # false for a press without a place, as by keyboard
    other = spot != self.run_spot and limit.rage_same_target
    late = t - self.run_at > limit.rage_gap_ms or t - self.run_start > limit.rage_span_ms
    if self.run > 0 and (far or other or late or event.page != self.run_page):
        end_run(self, SETTLED, out)
    if unknown and limit.rage_unanswered:
        if self.run > 0:
            end_run(self, SETTLED, out)
        return
    if self.run == 0:
        self.run_start = t
    elif moved > self.run_radius:
        self.run_radius = moved
    self.run += 1
    if self.since == 0:
        self.since_start = t
    self.since += 1
    self.run_at = t
    self.run_x = event.x
    self.run_y = event.y
    self.run_spot = spot
    self.run_page = event.page
    raise_rage(self, t, out)
