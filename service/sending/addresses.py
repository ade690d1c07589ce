"""Which addresses may be reached: names are looked up once, every address is judged, and one of those is connected to.

A webhook's address is a stranger's word. Sent anywhere, messages would reach what only stands inside: databases,
routers, the metadata of a cloud that holds its keys.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Every address of a name, for a port."""

MOST: Final = 16  # addresses of one name that are looked at; beyond, it is refused
THREADS: Final = 64  # names that are looked up at once, one thread each: a name server may be slow

NEVER: Final = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",  # this host
            "169.254.0.0/16",  # link-local; metadata of most clouds
            "100.100.100.200/32",  # metadata of Alibaba Cloud
            "192.0.0.192/32",  # metadata of Oracle Cloud
            "168.63.129.16/32",  # host of Azure
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
            "::/128",
            "fe80::/10",  # link-local
            "fd00:ec2::/32",  # metadata of AWS
            "fd20:ce::/32",  # metadata of Google Cloud
            "ff00::/8",  # multicast
        ),
    )
)
"""What no webhook has a reason to reach, not even one that may reach private addresses."""

PRIVATE: Final = tuple(
    map(
        ip_network,
        (
            "10.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT
            "127.0.0.0/8",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",
            "198.18.0.0/15",  # benchmarks
            "::1/128",
            "fc00::/7",
            "fec0::/10",  # site-local, as it once was
        ),
    )
)
"""What is reached where the webhook allows it, beside all else that is not of the public internet."""

NAT64: Final = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
COMPATIBLE: Final = ip_network("::/96")


class AddressRefused(ValueError):
    """An address that is not sent to; the message says which, and why."""


def judge(text: str, allow_private: bool) -> Address:
    """The address, if it may be reached.

    Raises
    ------
    AddressRefused
        If it, or an IPv4 address inside it, may not.

    Examples
    --------
    >>> judge("93.184.215.14", allow_private=False)
    IPv4Address('93.184.215.14')
    >>> judge("::ffff:127.0.0.1", allow_private=False)
    Traceback (most recent call last):
    service.sending.addresses.AddressRefused: ::ffff:127.0.0.1 is a private address, which the webhook does not allow.
    """
    try:
        address = ip_address(text)
    except ValueError:
        raise AddressRefused(f"{text[:60]} is no address.") from None
    for one in (address, *_within(address)):
        if any(one in network for network in NEVER):
            raise AddressRefused(
                f"{text} is never sent to: link-local, multicast, reserved, or a cloud's metadata."
            )
        private = any(one in network for network in PRIVATE) or not (one.is_global or _is_wrapped(one))
        if private and not allow_private:
            raise AddressRefused(f"{text} is a private address, which the webhook does not allow.")
    return address


def _within(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that an IPv6 address stands for, or leads to."""
    if not isinstance(address, IPv6Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if any(address in network for network in (*NAT64, COMPATIBLE)) and not address.is_loopback:
        yield IPv4Address(int(address) & 0xFFFFFFFF)


def _is_wrapped(address: Address) -> bool:
    """Whether it is only a way to write an IPv4 address, which is judged by itself."""
    if not isinstance(address, IPv6Address):
        return False
    return address.ipv4_mapped is not None or address in NAT64[0]


class Resolver:
    """Looks up names beside the event loop, in threads of its own: nobody else waits for a slow name server."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "names")
        self._asked: dict[tuple[str, int], asyncio.Future[list[str]]] = {}

    async def __call__(self, host: str, port: int) -> list[str]:
        """Every address of a name.

        Raises
        ------
        OSError
            If the name is not known.
        """
        asked = self._asked.get((host, port))
        if asked is None:  # who comes while it is looked up waits for the same answer
            asked = asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host, port)
            self._asked[host, port] = asked
            asked.add_done_callback(lambda done: self._forget(host, port, done))
        return await asyncio.shield(asked)

    def _forget(self, host: str, port: int, done: asyncio.Future[list[str]]) -> None:
        del self._asked[host, port]
        if not done.cancelled():
            done.exception()  # whoever asked may have given up: it is not to be complained of

    def close(self) -> None:
        """Look up nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


async def reachable(host: str, port: int, allow_private: bool, resolve: Resolve) -> list[Address]:
    """The addresses of a name, if every one of them may be reached.

    Raises
    ------
    AddressRefused
        If one may not; if there is none.
    OSError
        If the name is not known.
    """
    found = await resolve(host, port)
    if not found or len(found) > MOST:
        raise AddressRefused(f"{host[:100]} has {len(found)} addresses; it must have 1 to {MOST}.")
    return [judge(address, allow_private) for address in found]
