"""Refusals at the HTTP door: every code with its status, and the one shape in which all of them are answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from data_contracts.errors import CODES, WatchworthyError


class Kind(NamedTuple):
    """What a code means at the door: HTTP status, whether to send the same again later, and in words."""

    status: int
    retryable: bool
    text: str


KINDS: Final[dict[str, Kind]] = {
    "bad_header": Kind(
        400, False, "The first line of the body is not the JSON object that a batch begins with."
    ),
    "bad_request": Kind(400, False, "The request does not have the parameters that this call takes."),
    "request_broken": Kind(400, False, "What was sent is no HTTP that is understood."),
    "cursor_foreign": Kind(400, False, "The cursor is none of this service's for this list; begin it anew."),
    "key_missing": Kind(401, False, "The request names no key."),
    "key_unknown": Kind(401, False, "There is no such key, or it was revoked."),
    "role_refused": Kind(403, False, "The key does not have the role that this call needs."),
    "origin_refused": Kind(403, False, "The key does not allow pages of this origin."),
    "recording_off": Kind(403, False, "The owner has switched recording off."),
    "not_drawn": Kind(
        403,
        False,
        "The session is none of those that are drawn at the rate in its first line, nor says why it is kept.",
    ),
    "token_expired": Kind(
        403, False, "The token was good for two minutes, and these are over; ask for a new one."
    ),
    "token_reused": Kind(403, False, "The token was used before; ask for a new one."),
    "token_foreign": Kind(403, False, "The token is none of this site's for this session and this action."),
    "annotation_missing": Kind(404, False, "There is no annotation of this name."),
    "not_found": Kind(404, False, "There is nothing of this name."),
    "method_refused": Kind(405, False, "The address does not take this method."),
    "form_refused": Kind(406, False, "The rows are told in none of the forms that Accept asks for."),
    "request_slow": Kind(408, True, "The request did not arrive within its deadline."),
    "body_slow": Kind(408, True, "The body did not arrive within its deadline."),
    "webhook_disabled": Kind(409, False, "The webhook said 410 Gone and was disabled; enable it first."),
    "too_many_webhooks": Kind(409, False, "There are as many webhooks as there may be."),
    "seq_conflict": Kind(409, False, "Another batch of this number is already held."),
    "card_changed": Kind(409, False, "Somebody else has changed the card meanwhile; look at it again."),
    "cursor_expired": Kind(410, False, "What came after the cursor is no longer all on record; begin anew."),
    "payload_expired": Kind(410, False, "The recording was erased, or its time to be kept is over."),
    "body_too_long": Kind(413, False, "The body is longer than the limit."),
    "encoding_refused": Kind(415, False, "The body's Content-Encoding is none that is understood."),
    "too_many_events": Kind(422, False, "The batch holds more events than the limit."),
    "rate_address": Kind(429, True, "Too many batches come from this address."),
    "rate_key": Kind(429, True, "Too many batches come with this key."),
    "rate_whole": Kind(429, True, "Too many batches come in all."),
    "internal": Kind(500, True, "Something failed that is not the sender's fault; it is in the log."),
    "not_stored": Kind(503, True, "The batch could not be stored; nothing of it was kept."),
    "busy": Kind(503, True, "More waits to be stored than there is room for."),
    "object_missing": Kind(503, True, "The sealed recording is not where it should be."),
    "disk_full": Kind(503, True, "The disk is full; nothing of the batch was kept."),
    "store_read_only": Kind(503, True, "The data directory cannot be written to."),
    "store_corrupt": Kind(503, True, "The database is damaged."),
    "store_failed": Kind(503, True, "The database failed."),
    "store_closed": Kind(503, True, "The service is about to stop."),
    "log_moved": Kind(503, True, "Another process stored batches of this session at the same time."),
    "pages_missing": Kind(
        503, False, "The scripts of the pages are not built here; `make install` builds them."
    ),
    "starting": Kind(503, True, "The service is not ready yet."),
    "stopping": Kind(503, True, "The service is about to stop."),
}
"""Codes of the door. Codes of ``data_contracts.errors`` that are not here are answered as 422."""

CLOCK_OUTLIER: Final = "clock_outlier"
"""Counted for events that claim to be from the far future; the rest of their batch is taken."""

RETRY_AFTER_S: Final = 2


def kind(code: str) -> Kind:
    """Meaning of a code at the door."""
    known = KINDS.get(code)
    return known or Kind(422, False, CODES.get(code, "The input was refused."))


class Refusal(Exception):
    """A request that is answered with an error.

    Parameters
    ----------
    code
        One of ``KINDS`` or of ``data_contracts.errors.CODES``.
    message
        A sentence that says what was wrong and what to do; by default what the code means.
    headers
        Further headers of the answer.
    """

    def __init__(self, code: str, message: str = "", headers: Mapping[str, str] | None = None) -> None:
        known = kind(code)
        self.code = code
        self.message = message or known.text
        self.status = known.status
        self.retryable = known.retryable
        self.headers = dict(headers or {})
        if known.status in (429, 503):
            self.headers.setdefault("retry-after", str(RETRY_AFTER_S))
        super().__init__(f"{code}: {self.message}")


def refusal_of(error: WatchworthyError) -> Refusal:
    """The answer to what the decoder or the store refused."""
    if error.code == "input_too_long":
        return Refusal("body_too_long", error.message)
    ours = kind(error.code).status >= 500  # where we keep things is not theirs to know
    return Refusal(error.code, error.message + (f" ({error.where})" if error.where and not ours else ""))


def body(refusal: Refusal, request_id: str) -> bytes:
    """The JSON of an answer that is an error.

    >>> body(Refusal("busy"), "r1").decode()[:32]
    '{"error":{"code":"busy","message'
    """
    return msgspec.json.encode(
        {
            "error": {
                "code": refusal.code,
                "message": refusal.message,
                "retryable": refusal.retryable,
                "request_id": request_id,
                "docs": f"/v1/errors/{refusal.code}",
            }
        }
    )
