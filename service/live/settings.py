"""Settings of the service: from ``watchworthy.toml`` in the data folder, the environment, and the command line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from data_contracts.limits import Limits

PREFIX: Final = "WATCHWORTHY_"
FILE: Final = "watchworthy.toml"
OTHERS: Final = frozenset(
    {"CACHE", "DATA_DIR", "REQUIRE", "SHARED", "CHROMIUM", "MASTER_KEY", "FAULT", "URL", "READ_KEY"}
)
"""Names behind the prefix that mean something to other parts of Watchworthy."""

MB: Final = 1 << 20
ORIGIN: Final = r"^(https?://(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?)?$"


class Settings(BaseSettings):
    """Everything that the owner of the service may choose, with its default."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 listens on all.")
    port: int = Field(8700, ge=0, le=65_535, description="Port to listen on; 0 takes any that is free.")
    trusted_proxies: list[IPv4Network | IPv6Network] = Field(
        default_factory=list,
        description="Networks of proxies whose X-Forwarded-For is believed, as 10.0.0.0/8; else it is ignored.",
    )
    body_bytes: int = Field(8 * MB, ge=1_024, description="Longest body that is received, as it is sent.")
    unpacked_bytes: int = Field(32 * MB, ge=1_024, description="Longest body once it is unpacked.")
    unpack_ratio: int = Field(250, ge=2, description="Most unpacked bytes for each packed one.")
    depth: int = Field(4_096, ge=16, description="Deepest nesting of the JSON of an event.")
    batch_events: int = Field(20_000, ge=1, description="Most events of one batch.")
    body_seconds: float = Field(20, gt=0, description="Seconds within which a body must have arrived.")
    request_seconds: float = Field(
        10, gt=0, description="Seconds within which a connection must have asked for something, head and all."
    )
    connections: int = Field(
        8_192,
        ge=1,
        description="Most connections at once; beyond, and beyond what the system allows, 503 busy.",
    )
    receiving_bytes: int = Field(
        128 * MB,
        ge=1,
        description="Most bytes of bodies that are received, unpacked or wait for their turn; beyond, 503 busy.",
    )
    aside_bytes: int = Field(
        64 << 10, ge=0, description="Bodies longer than this are decoded beside the event loop."
    )
    rate_address: float = Field(
        50, ge=0, description="Batches a second from one address (IPv6: one /64); 0: no limit."
    )
    rate_key: float = Field(1_000, ge=0, description="Batches a second with one key; 0: no limit.")
    rate_whole: float = Field(2_000, ge=0, description="Batches a second in all; 0: no limit.")
    burst_seconds: float = Field(5, gt=0, description="Seconds of each rate that may come at once.")
    idle_minutes: float = Field(30, gt=0, description="A longer pause of the visitor cuts a session in two.")
    future_hours: float = Field(
        24, gt=0, description="Events that claim to be this far past their receipt are refused."
    )
    live_bytes: int = Field(
        384 * MB,
        ge=0,
        description="Memory of live sessions, about; the least lately used are dropped and read again. The process "
        "holds some 170 MB beside, and the system may keep up to as much again in holes.",
    )
    session_waiting: int = Field(
        64, ge=1, description="Most batches of one session that may wait for their turn."
    )
    queue_bytes: int = Field(
        64 * MB, ge=1, description="Most bytes that may wait to be stored; beyond, 503 busy."
    )
    queue_seconds: float = Field(
        5, gt=0, description="Longest that a batch may wait to be stored; beyond, 503 busy."
    )
    disk_free_bytes: int = Field(
        256 * MB, ge=0, description="With less free space on the disk, no batch is taken: 503 disk_full."
    )
    recordings_url: str = Field(
        "",
        description="Where sealed recordings are kept: a folder, or any URL of fsspec, as s3://bucket/recordings; "
        "the folder recordings in the data folder by default.",
    )
    audit_root_path: Path | None = Field(
        None,
        description="File, best on another disk, that each new root of the chain of decisions is added to.",
    )
    stakes: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict,
        max_length=200,
        description="What is at risk on pages, 0 to 1, by patterns of their paths (/blog* fits all that begin so); the "
        "first that fits counts, and 1 where none does. Worth is multiplied by it.",
    )
    page_origin: str = Field(
        "",
        pattern=ORIGIN,
        description="Origin at which people open the pages, as https://watch.example; by default whatever they reach "
        "the service by. With https the cookie never travels without.",
    )
    player_origin: str = Field(
        "",
        pattern=ORIGIN,
        description="A second origin that leads to the same service, as https://replay.example, on which recordings "
        "are played apart from the pages; by default the other of localhost and 127.0.0.1.",
    )
    models: Path | None = Field(
        None,
        description="Folder of trained heads to begin with; the starters by default. What was promoted goes before it.",
    )
    register_starters: bool = Field(
        True,
        description="Whether the starters are written down in MLflow, a minute after the first start and by a process "
        "of its own, where MLflow is installed.",
    )
    recording: bool = Field(
        True,
        description="Whether batches are taken; off, each is refused, and recorders in pages fall silent.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="What is written to the log, on standard error; debug has a line for each batch."
    )

    @property
    def limits(self) -> Limits:
        """Bounds on one body."""
        return Limits(
            unpacked_bytes=self.unpacked_bytes,
            ratio=self.unpack_ratio,
            ratio_floor=min(1 * MB, self.unpacked_bytes),
            depth=self.depth,
            events=self.batch_events,
            event_bytes=self.unpacked_bytes,
        )

    @property
    def idle_ms(self) -> int:
        """The pause that cuts a session, ms."""
        return int(self.idle_minutes * 60_000)


def load(data_dir: Path, **chosen: Any) -> Settings:
    """Read the settings of a data folder.

    Parameters
    ----------
    data_dir
        Folder that may hold ``watchworthy.toml``.
    chosen
        What was said on the command line; None stands for not said.

    Raises
    ------
    ValueError
        A setting that there is not, or a value that it cannot take; the message names each and where it stands.
    """
    path = data_dir / FILE

    class Here(Settings):
        model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, toml_file=path)

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    strangers = sorted(
        name
        for name in os.environ
        if name.upper().startswith(PREFIX)
        and (bare := name.upper().removeprefix(PREFIX)) not in OTHERS
        and bare.lower() not in Settings.model_fields
    )
    if strangers:
        raise ValueError(
            f"{', '.join(strangers)}: no such setting; `watchworthy settings` lists those there are."
        )
    try:
        return Here(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {_said(one['msg'])}" for one in error.errors())
        raise ValueError(f"The settings ({path} and {PREFIX}*) cannot be used: {wrong}.") from None


def _said(message: str) -> str:
    return "no such setting" if message == "Extra inputs are not permitted" else message


def described(settings: Settings) -> Iterator[tuple[str, str, str, bool]]:
    """Each setting: its name, its value as TOML would say it, its text, and whether it is the default."""
    for name, facts in Settings.model_fields.items():
        value = getattr(settings, name)
        yield (
            name,
            spelled(value),
            facts.description or "",
            value == facts.get_default(call_default_factory=True),
        )


def spelled(value: Any) -> str:
    """A value as TOML would say it; None as an empty text.

    >>> spelled([1, 2]), spelled("a"), spelled(None), spelled(True), spelled({"/a*": 0.5})
    ('[1, 2]', '"a"', '', 'true', '{ "/a*" = 0.5 }')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dict):
        pairs = ", ".join(f"{spelled(str(name))} = {spelled(one)}" for name, one in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list):
        return "[" + ", ".join(map(spelled, value)) + "]"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
