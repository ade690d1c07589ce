"""What a server on this machine has in common, whatever it answers."""

from __future__ import annotations

from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Self

from service.web.shop_server import listening


class Loopback:
    """``with`` it as one: its server listens, in threads of its own."""

    _server: ThreadingHTTPServer

    def __enter__(self) -> Self:
        self._listening = listening(self._server)
        self._listening.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.__exit__(kind, error, trace)
