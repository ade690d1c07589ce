"""What is not sent to, however it is written."""

import asyncio
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.sending.addresses import AddressRefused, Resolver, judge, reachable

PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
PRIVATE = [
    *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1", "127.9.9.9"),
    *("100.64.0.1", "100.127.255.254", "198.18.0.1", "192.0.0.8", "192.0.2.1"),
    *("::1", "fc00::1", "fd12:3456::1", "fec0::1", "2001:db8::1"),
    *("::ffff:10.0.0.1", "::ffff:127.0.0.1", "::10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::a00:1"),
    *("2002:a00:1::", "2002:7f00:1::1"),
]
NEVER = [
    *(
        "0.0.0.0",
        "0.1.2.3",
        "169.254.169.254",
        "169.254.0.1",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
    ),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "fe80::1", "fe80::1%eth0", "ff02::1", "fd00:ec2::254", "fd20:ce::254"),
    *(
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "::ffff:224.0.0.1",
    ),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_is_sent_to(address: str) -> None:
    assert judge(address, allow_private=False) == ip_address(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_sent_to_only_where_it_is_allowed(address: str) -> None:
    with pytest.raises(AddressRefused, match="private address"):
        judge(address, allow_private=False)
    assert judge(address, allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_sent_to(address: str) -> None:
    for allowed in (False, True):
        with pytest.raises(AddressRefused, match="never"):
            judge(address, allow_private=allowed)


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_alike_in_all_its_disguises(inner: IPv4Address) -> None:
    def said(text: str, allowed: bool) -> bool:
        try:
            judge(text, allowed)
        except AddressRefused:
            return False
        return True

    number = int(inner)
    disguises = [
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address((0x64FF9B << 96) | number),
        IPv6Address((0x2002 << 112) | (number << 80)),
    ]
    for allowed in (False, True):
        if not said(str(inner), allowed):
            assert not any(said(str(one), allowed) for one in disguises)


def test_one_private_address_spoils_a_name() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["93.184.215.14", "10.0.0.1"]

    async def nothing(host: str, port: int) -> list[str]:
        return []

    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
        asyncio.run(reachable("hooks.example", 443, False, resolve))
    with pytest.raises(AddressRefused, match="0 addresses"):
        asyncio.run(reachable("hooks.example", 443, False, nothing))


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"])
def test_names_and_numbers_that_mean_this_machine_are_found_out(host: str) -> None:
    async def look() -> None:
        resolver = Resolver()
        try:
            await asyncio.gather(*(reachable(host, 443, False, resolver) for _ in range(3)))
        finally:
            resolver.close()

    with pytest.raises(AddressRefused, match="private"):
        asyncio.run(look())
