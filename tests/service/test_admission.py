"""Keys, rates and addresses: who comes in."""

from __future__ import annotations

import asyncio
import sqlite3
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.batches import Batch
from service.live.admission import Admission, bucket_of, client
from service.live.keys import FILE, ROLES, Keys
from service.live.rates import Buckets
from service.live.refusals import Refusal
from service.live.settings import load
from tests.service.live_store import Served, code_of, request

PROXIES = [ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48")]


def scope(peer: str, *forwarded: str) -> dict[str, Any]:
    return {"client": (peer, 1), "headers": [(b"x-forwarded-for", one.encode()) for one in forwarded]}


@pytest.fixture
def keys(tmp_path: Path) -> Any:
    ours = Keys(tmp_path)
    yield ours
    ours.close()


def test_a_key_is_found_by_its_text_alone_and_only_its_digest_is_kept(keys: Keys, tmp_path: Path) -> None:
    for role in ROLES:
        text, key = keys.create(role)
        assert keys.find(text) == key
        secret = text.split("_")[3]
        assert len(bytes.fromhex(secret)) == 32
        assert keys.find(text[:-1] + ("0" if text[-1] != "0" else "1")) is None
        other = ROLES[(ROLES.index(role) + 1) % len(ROLES)]
        assert keys.find(text.replace(role, other)) is None
        files = b"".join(path.read_bytes() for path in tmp_path.glob(FILE + "*"))
        assert secret.encode() not in files
        assert bytes.fromhex(secret) not in files
        assert key.digest in files
    for nonsense in ("", "ww", "ww_write_x_y", "ww_write_" + "é" * 3 + "_x", "_" * 9):
        assert keys.find(nonsense) is None


def test_a_revoked_key_is_worthless_in_every_process(keys: Keys, tmp_path: Path) -> None:
    text, key = keys.create("read")
    other = Keys(tmp_path)
    assert other.find(text) == key
    assert keys.revoke(key.id)
    assert not keys.revoke(key.id)
    assert keys.find(text) is None
    other.refresh()
    assert other.find(text) is None
    assert [one.revoked_at is not None for one in other.all()] == [True]
    made, _ = other.create("write")
    keys.refresh()
    assert keys.find(made) is not None
    other.close()


@pytest.mark.parametrize("origin", ["shop.example", "https://shop.example/", "https://a b"])
def test_an_origin_is_no_address(keys: Keys, origin: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        keys.create("write", origins=(origin,))


def test_origins_are_matched_whole(keys: Keys) -> None:
    _, key = keys.create("write", origins=("https://shop.example", "https://*.a.example"))
    assert key.allows("https://shop.example")
    assert key.allows("https://x.a.example")
    for stranger in (None, "http://shop.example", "https://shop.example.evil", "https://a.example", "null"):
        assert not key.allows(stranger)
    assert not key.allows("https://evila.example")
    _, free = keys.create("write")
    assert free.allows(None)


def test_a_secret_key_is_good_the_moment_it_was_made(keys: Keys, tmp_path: Path) -> None:
    admission = Admission(keys, load(tmp_path))
    other = Keys(tmp_path)
    text, key = other.create("read")
    other.close()
    assert admission.holder(f"Bearer {text}", "read").id == key.id
    with pytest.raises(Refusal, match="no such key"):
        admission.holder(f"Bearer {text[:-1]}x", "read")


def test_roles(keys: Keys, tmp_path: Path) -> None:
    admission = Admission(keys, load(tmp_path))
    made = {role: keys.create(role)[0] for role in ROLES}
    assert admission.writer(made["write"], None, 0.0).role == "write"
    for role in ("read", "annotate", "admin"):
        with pytest.raises(Refusal, match="role_refused"):
            admission.writer(made[role], None, 0.0)
    for role, allowed in (("read", True), ("admin", True), ("write", False), ("annotate", False)):
        if allowed:
            assert admission.holder(f"Bearer {made[role]}", "read").role == role
        else:
            with pytest.raises(Refusal, match="role_refused"):
                admission.holder(f"Bearer {made[role]}", "read")
    for header, code in ((None, "key_missing"), ("Basic x", "key_missing"), ("Bearer x", "key_unknown")):
        with pytest.raises(Refusal, match=code):
            admission.holder(header, "read")


def test_rates_come_back_with_time_and_are_counted_for_each_alone() -> None:
    buckets = Buckets(rate=2, burst=3)
    assert [buckets.take("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert buckets.take("b", 0.0)
    assert not buckets.take("a", 0.4)
    assert buckets.take("a", 0.5)
    assert not buckets.take("a", 0.5)
    assert [buckets.take("a", 1e6) for _ in range(4)] == [True, True, True, False]
    assert all(Buckets(rate=0, burst=0).take("a", 0.0) for _ in range(99))


def test_a_table_of_rates_is_bounded() -> None:
    buckets = Buckets(rate=1, burst=1, most=100)
    for i in range(1_000):
        buckets.take(str(i), 0.0)
        assert len(buckets) <= 100
    assert not buckets.take("999", 0.0)


def test_whoever_is_furthest_over_a_rate_is_remembered_longest() -> None:
    buckets = Buckets(rate=1, burst=3, most=100)
    assert [buckets.take("greedy", 0.0) for _ in range(4)] == [True, True, True, False]
    for i in range(10_000):
        assert buckets.take(str(i), 0.0)
    assert not buckets.take("greedy", 0.9)
    for i in range(10_000):
        buckets.take(str(i), 9.0)
    assert buckets.take("greedy", 9.0)


class Plain:
    """A token bucket as it is told in words: tokens, and when they were counted."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst, self.tokens, self.counted = rate, burst, burst, 0.0

    def take(self, now: float) -> bool:
        self.tokens = min(self.burst, self.tokens + (now - self.counted) * self.rate)
        self.counted = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@given(
    st.sampled_from([0.5, 1.0, 4.0, 64.0]),
    st.integers(1, 9),
    st.lists(st.integers(0, 200), max_size=60),
)
def test_buckets_let_pass_what_a_plain_one_does(rate: float, burst: int, steps: list[int]) -> None:
    buckets, plain, now = Buckets(rate, burst), Plain(rate, burst), 0.0
    for step in steps:
        now += step / 128  # exact in binary, as all sums of it are
        assert buckets.take("a", now) == plain.take(now)


def test_the_address_is_the_last_hop_that_is_no_trusted_proxy() -> None:
    assert client(scope("192.0.2.1", "1.1.1.1"), PROXIES) == "192.0.2.1", (
        "a stranger's header is not believed"
    )
    assert client(scope("10.0.0.1", "1.1.1.1"), []) == "10.0.0.1"
    assert client(scope("10.0.0.1", "1.1.1.1"), PROXIES) == "1.1.1.1"
    assert client(scope("10.0.0.1", "6.6.6.6, 1.1.1.1, 10.9.9.9"), PROXIES) == "1.1.1.1"
    assert client(scope("10.0.0.1", "6.6.6.6", "1.1.1.1"), PROXIES) == "1.1.1.1"
    assert client(scope("10.0.0.1", "6.6.6.6, nonsense"), PROXIES) == "10.0.0.1"
    assert client(scope("10.0.0.1"), PROXIES) == "10.0.0.1"
    assert client({"client": None, "headers": []}, PROXIES) == ""


def test_an_ipv6_household_has_one_bucket() -> None:
    assert bucket_of("2001:db8::1") == bucket_of("2001:db8::ffff:1")
    assert bucket_of("2001:db8::1") != bucket_of("2001:db8:0:1::1")
    assert bucket_of("::ffff:192.0.2.7") == bucket_of("192.0.2.7")


@pytest.mark.parametrize("rate", ["rate_address", "rate_key", "rate_whole"])
def test_each_rate_refuses_with_a_code_of_its_own(tmp_path: Path, rate: str) -> None:
    async def scenario() -> None:
        async with Served(tmp_path, **{rate: 0.001}, burst_seconds=2_000) as one:
            codes = []
            for seq in range(4):
                answer = await one.send(Batch("p", seq, []))
                codes.append(answer.status_code)
            assert codes == [200, 200, 429, 429]
            assert code_of(answer) == rate
            assert int(answer.headers["retry-after"]) > 0
            assert f'reason="{rate}"}} 2.0' in (await one.client.get("/metrics")).text

    asyncio.run(scenario())


def test_a_key_that_is_none_or_no_longer(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            batch = Batch("p", 0, [])
            assert code_of(await one.post(request("", batch))) == "key_missing"
            assert code_of(await one.post(request("ww_write_0_0", batch))) == "key_unknown"
            assert code_of(await one.post(request(one.read, batch))) == "role_refused"
            with sqlite3.connect(tmp_path / FILE) as other:
                other.execute("UPDATE keys SET revoked_at = 1")
            other.close()
            one.service.keys.refresh()
            assert code_of(await one.post(request(one.write, batch))) == "key_unknown"

    asyncio.run(scenario())


def test_a_key_reaches_its_own_site_only(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            theirs, _ = one.service.keys.create("write", site="other")
            event = b'{"type":4,"data":{"href":"/","width":9,"height":9},"timestamp":5}'
            assert (await one.post(request(theirs, Batch("p", 0, [event])))).status_code == 200
            assert code_of(await one.session()) == "not_found"
            one.read, _ = one.service.keys.create("read", site="other")
            assert (await one.session()).status_code == 200

    asyncio.run(scenario())
