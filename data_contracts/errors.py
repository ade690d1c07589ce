"""The errors that a person can act on: a code, a sentence, a place, what to do."""

from __future__ import annotations

CODES: dict[str, str] = {
    "file_missing": "There is no file of this name.",
    "input_empty": "The input holds no bytes.",
    "input_not_recording": "The input is not a session recording in any known format.",
    "input_html": "The input is a web page, not a recording; often a sign-in page saved by mistake.",
    "json_broken": "The JSON breaks off or is malformed; what came before the break is kept.",
    "compression_broken": "The compressed data is truncated or damaged; what could be unpacked is kept.",
    "input_too_long": "The input, once unpacked, is longer than the limit.",
    "input_too_deep": "The JSON is nested more deeply than the limit.",
    "compression_bomb": "The input unpacks to far more than its own size.",
    "too_many_events": "The recording holds more events than the limit.",
    "no_events": "The recording holds no events.",
    "no_times": "Most events do not say when they happened, so nothing can be computed from them.",
    "times_unit": "The events' times are not in milliseconds.",
    "seq_conflict": "Two different batches bear the same number in the same stream.",
    "vector_mismatch": "The vector does not hold the features that this model was trained on.",
    "model_missing": "There is no trained model of this name.",
    "model_refused": "The model may not serve here; the one before it stays.",
    "learn_missing": "What training needs beside the service is not installed.",
    "registry_failed": "The registry of models cannot be reached, or refuses.",
    "promotion_refused": "The model may not take the place of the one that scores.",
    "seq_too_far": "The batch's number lies too far past the highest of its stream.",
    "too_many_gaps": "Too many batches of the stream are missing between those that came.",
    "too_many_streams": "The session has too many page loads open at once.",
    "session_too_large": "The session holds as many bytes as a session may.",
    "session_too_long": "The session goes on for longer than a session may.",
    "log_moved": "Another batch of the session was stored in between; read it first.",
    "already_stored": "A row that may be there only once is there already.",
    "busy": "More waits to be stored than the disk can take in time; try again soon.",
    "disk_full": "There is no room on the disk, or too little is left.",
    "store_closed": "The store was closed.",
    "store_corrupt": "What is stored is damaged, or is not what was written.",
    "store_failed": "The data directory cannot be used.",
    "store_newer": "The store was written by a later release.",
    "store_read_only": "The data directory cannot be written to.",
    "master_key_wrong": "The master key is missing, malformed, or not the one that the store was made with.",
    "payload_expired": "The recording was erased, or its time to be kept is over.",
    "object_missing": "A sealed recording is not where it should be.",
    "seal_lost": "Another sealer sealed the session first.",
    "token_expired": "The token was good for two minutes, and these are over.",
    "token_foreign": "The token is none of this site's for this session and this action.",
    "cursor_foreign": "The cursor is none of this service's for this list.",
    "cursor_expired": "What came after the cursor is no longer all on record.",
    "card_changed": "Somebody else has changed the card meanwhile; look at it again.",
    "snooze_over": "A card can only sleep until a time that is still to come.",
    "token_reused": "The token was used before.",
    "annotation_missing": "There is no annotation of this name.",
    "too_many_webhooks": "There are as many webhooks as there may be.",
    "webhook_wrong": "The webhook cannot be used as it was described.",
    "alerts_wrong": "The alerts of the data directory cannot be used as they are written.",
    "training_refused": "The data cannot carry the model that was asked for.",
    "site_table": "The table of base rates of a site cannot be read.",
    "slice_too_small": "The random slice holds too few labels to carry an estimate.",
    "label_wrong": "A line is no label as docs/schemas/label.json describes one.",
    "leakage": "What is to be learned would know its own answer, or the future.",
    "law_broken": "A fold breaks one of the laws that every feature keeps.",
    "workspace_wrong": "There is nothing here that a workspace could be opened on.",
}
"""Every code that Watchworthy refuses with, and its plain meaning."""


class WatchworthyError(ValueError):
    """A refusal with a code of ``CODES``, a sentence, and the place where it happened.

    Parameters
    ----------
    code
        One of ``CODES``.
    message
        A sentence that says what was wrong and what to do.
    where
        File, byte offset or JSON path, as ``recording.json.gz byte 1042`` or ``$.events[12]``.
    """

    def __init__(self, code: str, message: str, where: str = "") -> None:
        if code not in CODES:
            raise KeyError(f"{code!r} is not a code of data_contracts.errors.CODES; add it there.")
        super().__init__(message)
        self.code = code
        self.message = message
        self.where = where

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" + (f" ({self.where})" if self.where else "")
