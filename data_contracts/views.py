"""Page views of one stream: where one begins, and under which address."""

from __future__ import annotations

import zlib
from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit

from msgspec import Struct

from data_contracts.frozen import FrozenViews
from data_contracts.scrub import scrubbed_text

VIEWS_KEPT: Final = 10_000


def digest(text: str) -> int:
    """Digest of a name or address after the scrub, only ever compared for equality: CRC-32, 0 only for the empty text.

    >>> digest("checkout") == digest("checkout"), digest("")
    (True, 0)
    >>> digest("/reset?token=a1b2") == digest("/reset?token=****")
    True
    """
    return checksum(scrubbed_text(text))


def checksum(text: str) -> int:
    """CRC-32 of a text that has been through the scrub, 0 only for the empty one."""
    return (zlib.crc32(text.encode("utf-8", "surrogatepass")) or 1) if text else 0


def address_digest(address: str) -> int:
    """Digest of an address without its fragment, unless the fragment is a route (``#/`` or ``#!``).

    >>> address_digest("https://a.example/b#top") == address_digest("https://a.example/b")
    True
    >>> address_digest("https://a.example/#/b") == address_digest("https://a.example/#/c")
    False
    """
    address = scrubbed_text(address)
    page, fragment = urldefrag(address) if "#" in address else (address, "")
    return checksum(address if fragment.startswith(("/", "!")) else page)


def endpoint_digest(address: str) -> int:
    """Digest of a request's address without query and fragment: one endpoint, whatever was asked of it.

    >>> endpoint_digest("/search?q=a") == endpoint_digest("/search?q=b")
    True
    """
    return checksum(scrubbed_text(address).partition("?")[0].partition("#")[0])


class PageView(Struct, frozen=True, gc=False):
    """A page view: its address as the scrub leaves it, and when it began in ms."""

    address: str
    t: int


class Views:
    """Tells a new page view from a repeated snapshot of the same page (a checkout).

    Parameters
    ----------
    keep
        Whether to keep the page views.
    """

    def __init__(self, keep: bool = True) -> None:
        self.pages: list[PageView] = []
        """The first 10,000 page views, if they are kept."""
        self._most = VIEWS_KEPT if keep else 0
        self.current = -1
        """Number of the page view in its stream; -1 before the first."""
        self.address = ""
        self._parsed = False  # DOMContentLoaded since this page's Meta or the one before it
        self._loaded = False
        self._leaving = False  # a load that cannot belong to the current page

    def loading(self, complete: bool) -> None:
        """A DOMContentLoaded, or with ``complete`` a load event: usually those of the page whose Meta follows."""
        if complete and self._parsed and not self._loaded and not self._leaving:
            self._loaded = (
                True  # a recorder that begins at DOMContentLoaded sends this page's load after its Meta
            )
        else:
            self._leaving = True
            self._loaded = complete
            self._parsed = self._parsed or not complete

    def meta(self, address: str, t: int) -> bool:
        """Whether a Meta event opens a new page view rather than repeat the snapshot of the same one."""
        address = scrubbed_text(address)
        if self._leaving:
            self._leaving = False
        elif self.current >= 0 and address == self.address:
            return False
        else:
            self._parsed = self._loaded = False
        self._open(address, t)
        return True

    def moved(self, address: str, t: int) -> bool:
        """Whether a navigation without a page load opens a new page view; relative addresses are resolved."""
        if not address:
            return False
        address = scrubbed_text(address)
        if "://" not in address and urlsplit(self.address).scheme:
            address = scrubbed_text(urljoin(self.address, address))
        if self.current >= 0 and address == self.address:
            return False
        self._open(address, t)
        return True

    def freeze(self) -> FrozenViews:
        """Its state as plain values, without the list of page views."""
        return FrozenViews(self.current, self.address, self._parsed, self._loaded, self._leaving)

    def thaw(self, frozen: FrozenViews) -> None:
        """Take on a frozen state."""
        self.current, self.address = frozen.current, frozen.address
        self._parsed, self._loaded, self._leaving = frozen.parsed, frozen.loaded, frozen.leaving

    def _open(self, address: str, t: int) -> None:
        self.current += 1
        self.address = address
        if len(self.pages) < self._most:
            self.pages.append(PageView(address, t))
