"""Room for bodies: what all requests together may hold in memory until they are answered."""

from __future__ import annotations

from service.live.refusals import Refusal


class Room:
    """So many bytes, shared by all requests.

    Parameters
    ----------
    most
        Bytes.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    def guest(self) -> Guest:
        """One request, that holds nothing yet."""
        return Guest(self)


class Guest:
    """One request; it must leave when it is answered."""

    __slots__ = ("_room", "_taken")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._taken = 0

    def leave(self) -> None:
        """Give back what was taken."""
        self._room.taken -= self._taken
        self._taken = 0

    def take(self, size: int) -> None:
        """Take some more bytes.

        Raises
        ------
        Refusal
            ``busy`` if others hold the rest; a request alone is never refused.
        """
        room = self._room
        if room.taken > self._taken and room.taken + size > room.most:
            raise Refusal("busy", f"{room.taken:,} bytes of bodies are being received. Try again soon.")
        room.taken += size
        self._taken += size
