"""Events of recorder plugins: the console, the network, and those that carry no behaviour."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import UNSET, Struct

from data_contracts.rows import Rows
from data_contracts.rrweb import Ignored, PluginData, raw_bytes

CONSOLE: Final = "rrweb/console@"
NETWORK: Final = "rrweb/network@"
SEQUENTIAL_ID: Final = "rrweb/sequential-id@"

EPOCH_LIKE: Final = 1e11  # ms since the epoch (1973 on), not ms since the page began


class ConsoleLine(Struct, gc=False):
    """Payload of the console plugin; what was printed stays raw."""

    level: str = ""
    trace: list[str] | None = None
    payload: Ignored = UNSET


class Request(Struct, gc=False, kw_only=True):
    """One request of the network plugin; times in ms, relative to the page's origin unless rewritten."""

    name: str = ""
    status: float | None = None
    response_status: float | None = None
    startTime: float | None = None
    endTime: float | None = None
    duration: float | None = None
    timestamp: float | None = None
    isInitial: bool | None = None


class Network(Struct, gc=False):
    """Payload of the network plugin."""

    requests: list[Request] | None = None
    isInitial: bool | None = None


_network: Final = msgspec.json.Decoder(Network)
_console: Final = msgspec.json.Decoder(ConsoleLine)


def turn_plugin(rows: Rows, data: PluginData, t: int) -> None:
    """Append the rows of a plugin's event sent at ``t`` ms."""
    name = data.plugin
    if name.startswith(CONSOLE):
        rows.declare("console")
        line = _console.decode(raw_bytes(data.payload))
        rows.console(line.level, line.trace, t)
    elif name.startswith(NETWORK):
        rows.declare("network")
        network = _network.decode(raw_bytes(data.payload))
        for request in network.requests or ():
            if not (network.isInitial or request.isInitial):
                _turn_request(rows, request, t)
    elif not name.startswith(SEQUENTIAL_ID):
        rows.counts.miss(f"plugin {name}", event=True)


def _turn_request(rows: Rows, request: Request, t: int) -> None:
    duration = request.duration
    if duration is None and request.startTime is not None and request.endTime is not None:
        duration = request.endTime - request.startTime
    end = t  # times since the page began tell only the duration
    if request.timestamp is not None:
        end = int(request.timestamp + (duration or 0))
    elif request.endTime is not None and request.endTime > EPOCH_LIKE:
        end = int(request.endTime)
    status = request.response_status if request.status is None else request.status
    rows.request(end, duration, status, request.name)
