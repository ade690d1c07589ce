"""Two origins: one where the owner is signed in, and one without cookies, where recordings are played.

A recording is a stranger's page. What plays it can read nothing of the owner's, because a browser keeps two origins
apart whatever the page may do.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

OTHER: Final = {"127.0.0.1": "localhost", "[::1]": "localhost", "localhost": "127.0.0.1"}
"""By default pages are on one name of this machine, and the player on the other."""

HOST: Final = re.compile(r"^(?P<name>\[[0-9a-f:]+\]|[A-Za-z0-9.-]+)(?P<port>:[0-9]{1,5})?$")
LISTENED_ON: Final = "127.0.0.1"


class Origins:
    """The origins of a service.

    Parameters
    ----------
    page_origin, player_origin
        As the owner set them; empty: found from the address that is asked for, on a machine of one's own.
    """

    def __init__(self, page_origin: str = "", player_origin: str = "") -> None:
        self._page = page_origin.rstrip("/")
        self._player = player_origin.rstrip("/")

    @property
    def secure(self) -> bool:
        """Whether pages are served over TLS, so that their cookie must never travel without."""
        return self._page.startswith("https://")

    def here(self, connection: HTTPConnection) -> str:
        """The origin that a request was sent to; empty if its Host header is none."""
        host = connection.headers.get("host", "")
        if HOST.match(host) is None:
            return ""
        for known in (self._page, self._player):
            if known and urlsplit(known).netloc == host:
                return known
        return f"{connection.url.scheme}://{host}"

    def is_player(self, connection: HTTPConnection) -> bool:
        """Whether a request was sent to the player's origin."""
        here = self.here(connection)
        if self._player:
            return here == self._player
        name, _ = _split(here)
        own = _split(self._page)[0] if self._page else LISTENED_ON
        return name != own and OTHER.get(name) == own

    def page(self, connection: HTTPConnection) -> str:
        """The origin of the owner's pages, as whoever sent a request reaches it."""
        if self._page:
            return self._page
        if not self.is_player(connection):
            return self.here(connection)
        scheme, _, _ = self.here(connection).partition("://")
        return "" if self._player else f"{scheme}://{LISTENED_ON}{_split(self.here(connection))[1]}"

    def player(self, connection: HTTPConnection) -> str:
        """The origin of the player, as whoever sent a request reaches it; empty if there is none of its own."""
        if self._player:
            return self._player
        here = self.here(connection)
        if self.is_player(connection):
            return here
        name, port = _split(here)
        return f"{here.partition('://')[0]}://{OTHER[name]}{port}" if name in OTHER else ""


def _split(origin: str) -> tuple[str, str]:
    """Name and port of an origin, the port with its colon.

    >>> _split("http://[::1]:8700"), _split("https://watch.example")
    (('[::1]', ':8700'), ('watch.example', ''))
    """
    found = HOST.match(origin.partition("://")[2])
    return (found["name"], found["port"] or "") if found else ("", "")
