"""Admission: whose request it is, whether its key, origin and rate allow it, and what a browser may be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

from service.live.keys import Key, Keys
from service.live.rates import Buckets
from service.live.refusals import Refusal
from service.live.settings import Settings

Network = IPv4Network | IPv6Network
SITE_BITS: Final = 64  # of an IPv6 address: what one household or server is given
PREFLIGHT_S: Final = 86_400


class Admission:
    """Who comes in.

    Parameters
    ----------
    keys
        The keys there are.
    settings
        Rates, and the proxies that are trusted.
    """

    def __init__(self, keys: Keys, settings: Settings) -> None:
        self.keys = keys
        self._proxies = tuple(settings.trusted_proxies)
        self._address = Buckets(settings.rate_address, settings.rate_address * settings.burst_seconds)
        self._key = Buckets(settings.rate_key, settings.rate_key * settings.burst_seconds)
        self._whole = Buckets(settings.rate_whole, settings.rate_whole * settings.burst_seconds)

    def sender(self, scope: Mapping[str, Any]) -> str:
        """Under which name requests of this client are counted."""
        return bucket_of(client(scope, self._proxies))

    def knock(self, sender: str, now: float) -> None:
        """Count a request against the rates of its sender and of the whole, before its body is read.

        Parameters
        ----------
        sender
            As ``sender`` tells it.
        now
            As ``time.monotonic`` has it, s.

        Raises
        ------
        Refusal
            ``rate_address``, ``rate_whole``.
        """
        if not self._address.take(sender, now):
            raise Refusal("rate_address")
        if not self._whole.take("", now):
            raise Refusal("rate_whole")

    def writer(self, text: str, origin: str | None, now: float) -> Key:
        """The write key that this text is, and that may be used from this origin ``now``, as ``knock`` takes it.

        Raises
        ------
        Refusal
            ``key_missing``, ``key_unknown``, ``role_refused``, ``origin_refused``, ``rate_key``.
        """
        key = self._found(text, ("write",))
        if not key.allows(origin):
            raise Refusal("origin_refused", f"The key does not allow pages of {origin or 'no origin'}.")
        if not self._key.take(key.id, now):
            raise Refusal("rate_key")
        return key

    def holder(self, authorization: str | None, role: str) -> Key:
        """The secret key in an ``Authorization: Bearer`` header, if it has the role or is an admin's.

        Raises
        ------
        Refusal
            ``key_missing``, ``key_unknown``, ``role_refused``.
        """
        scheme, _, text = (authorization or "").partition(" ")
        return self._found(text.strip() if scheme.lower() == "bearer" else "", (role, "admin"))

    def _found(self, text: str, roles: tuple[str, ...]) -> Key:
        if not text:
            raise Refusal("key_missing")
        key = self.keys.find(text)
        if (
            key is None and "write" not in roles
        ):  # it may have been made a moment ago; strangers hold no such key
            self.keys.refresh()
            key = self.keys.find(text)
        if key is None:
            raise Refusal("key_unknown")
        if key.role not in roles:
            raise Refusal("role_refused", f"This call needs a key with the role {roles[0]}.")
        return key


def client(scope: Mapping[str, Any], proxies: Iterable[Network]) -> str:
    """Address of the client: the last hop that is no trusted proxy.

    Each proxy adds whom it heard to the end of ``X-Forwarded-For``; what stands before the last stranger was
    written by strangers and is not believed.
    """
    peer = scope.get("client")
    address = str(peer[0]) if peer else ""
    if not proxies or not _within(address, proxies):
        return address
    hops = [
        hop.strip()
        for name, value in scope["headers"]
        if name == b"x-forwarded-for"
        for hop in value.decode("latin-1").split(",")
    ]
    for hop in reversed(hops):
        if _parsed(hop) is None:
            return address  # not an address: whoever wrote it is not to be believed
        address = hop
        if not _within(hop, proxies):
            break
    return address


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _within(text: str, networks: Iterable[Network]) -> bool:
    address = _parsed(text)
    return address is not None and any(address in network for network in networks)


def bucket_of(address: str) -> str:
    """Name of the bucket of an address: IPv4 as it is, IPv6 by its first 64 bits.

    >>> bucket_of("192.0.2.7"), bucket_of("2001:db8::1") == bucket_of("2001:db8::2")
    ('192.0.2.7', True)
    """
    if ":" not in address:
        return address
    parsed = _parsed(address)
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> SITE_BITS << SITE_BITS))


def cors(origin: str | None, allowed: bool) -> list[tuple[bytes, bytes]]:
    """Headers that let a page read the answer; credentials are never allowed."""
    if origin is None:
        return []
    vary = (b"vary", b"origin")
    if not allowed:
        return [vary]
    told = (b"access-control-expose-headers", b"retry-after")
    return [(b"access-control-allow-origin", origin.encode("latin-1")), told, vary]


def preflight() -> list[tuple[bytes, bytes]]:
    """Headers of the answer to a browser that asks before it sends a packed body."""
    return [
        (b"access-control-allow-methods", b"POST"),
        (b"access-control-allow-headers", b"content-type, content-encoding"),
        (b"access-control-max-age", str(PREFLIGHT_S).encode()),
    ]
