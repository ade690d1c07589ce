"""``alerts.toml``: which alerts there are, each as data."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from data_contracts.errors import WatchworthyError
from data_contracts.messages import FIELDS
from pipelines.store.alerting import MOST_COUNTED

MOST_ALERTS: Final = 32  # each costs something with every message
LONGEST_BYTES: Final = 256 << 10
WEEK_MINUTES: Final = 7 * 24 * 60
MINUTE_MS: Final = 60_000

PERSONAL: Final = frozenset({"session_id", "visitor", "decision_id", "intervention_id"})
"""What an alert may not count by: its message would outlive the erasure of whom it names."""


class Range(BaseModel):
    """A number above or below another."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    over: float | None = None
    under: float | None = None


Condition = dict[str, str | bool | float | Range]
"""Fields of a message's data, each with what it must be; all of them must be met."""


class Alert(BaseModel):
    """One alert: N messages, or a share of them, within a window, then silence for a while."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    site: str = Field("default", min_length=1, max_length=100)
    topic: Literal["decision.written", "verdict.changed", "flag.raised", "intervention.shown"]
    where: Condition = Field(default_factory=dict, max_length=8)
    """Which messages are looked at."""
    hit: Condition = Field(default_factory=dict, max_length=8)
    """Which of those count."""
    by: str = ""
    at_least: int | None = Field(None, ge=1, le=MOST_COUNTED)
    of_last: int = Field(MOST_COUNTED, ge=1, le=MOST_COUNTED)
    share_over: float | None = Field(None, ge=0, lt=1)
    from_at_least: int = Field(20, ge=1, le=MOST_COUNTED)
    within_minutes: float = Field(gt=0, le=WEEK_MINUTES)
    cooldown_minutes: float = Field(60, ge=0, le=WEEK_MINUTES)
    digest_minutes: float = Field(0, ge=0, le=WEEK_MINUTES)

    @model_validator(mode="after")
    def _whole(self) -> Alert:
        if (self.at_least is None) == (self.share_over is None):
            raise ValueError("say either at_least or share_over")
        if self.at_least is not None and self.at_least > self.of_last:
            raise ValueError(f"{self.at_least} of the last {self.of_last} can never be")
        if self.share_over is not None and self.from_at_least > self.of_last:
            raise ValueError(f"from_at_least {self.from_at_least} of the last {self.of_last} can never be")
        if self.share_over is not None and not self.hit:
            raise ValueError("share_over needs hit: which messages count")
        known = FIELDS[self.topic]
        for name in (*self.where, *self.hit, *([self.by] if self.by else [])):
            if name not in known:
                raise ValueError(f"{name[:40]!r} is no field of {self.topic}; there are {', '.join(known)}")
        if self.by in PERSONAL:
            raise ValueError(f"by = {self.by!r} would name people in messages that outlive their erasure")
        return self

    @property
    def within_ms(self) -> int:
        """The window, ms."""
        return round(self.within_minutes * MINUTE_MS)

    @property
    def cooldown_ms(self) -> int:
        """Silence after it fired, ms."""
        return round(self.cooldown_minutes * MINUTE_MS)

    @property
    def digest_ms(self) -> int:
        """How long a digest gathers, ms; 0: each firing is a message of its own."""
        return round(self.digest_minutes * MINUTE_MS)

    @property
    def last(self) -> int:
        """How many of the latest messages are looked at."""
        return self.of_last

    def holds(self, hits: int, of: int) -> bool:
        """Whether so many hits of so many messages are cause to fire."""
        if self.at_least is not None:
            return hits >= self.at_least
        return self.share_over is not None and of >= self.from_at_least and hits / of > self.share_over


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    alerts: list[Alert] = Field(default_factory=list, max_length=MOST_ALERTS)

    @model_validator(mode="after")
    def _named_apart(self) -> _File:
        names = [alert.name for alert in self.alerts]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two alerts are called {', '.join(twice)}")
        return self


def meets(data: dict[str, Any], condition: Condition) -> bool:
    """Whether the data of a message meet a condition.

    >>> meets({"verdict": "automation", "bot": 0.9}, {"verdict": "automation", "bot": Range(over=0.8)})
    True
    """
    return all(_is(data.get(name), wanted) for name, wanted in condition.items())


def _is(value: Any, wanted: str | bool | float | Range) -> bool:
    if isinstance(wanted, Range):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return (wanted.over is None or value > wanted.over) and (wanted.under is None or value < wanted.under)
    return type(value) is type(wanted) and value == wanted if isinstance(wanted, bool) else value == wanted


def read_alerts(path: Path) -> tuple[Alert, ...]:
    """The alerts of a file; none where there is no file.

    Raises
    ------
    WatchworthyError
        ``alerts_wrong``, with each thing that is wrong and where.
    """
    try:
        with path.open("rb") as file:
            text = file.read(LONGEST_BYTES + 1)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _wrong(f"The file cannot be read: {error.strerror}.", path) from error
    if len(text) > LONGEST_BYTES:
        raise _wrong(f"The file is longer than {LONGEST_BYTES} bytes.", path)
    try:
        return tuple(_File.model_validate(tomllib.loads(text.decode())).alerts)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'alerts'}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        )
        raise _wrong(f"{wrong}.", path) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _wrong(f"The file is no TOML: {error}.", path) from None


def _wrong(message: str, path: Path) -> WatchworthyError:
    return WatchworthyError("alerts_wrong", message, str(path))
