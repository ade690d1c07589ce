"""Over TLS, it is the name that must be right, whatever address it leads to."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from service.sending.post import Answer, Post
from service.sending.retrying import Patience
from tests.service.sending.receiver import Receiver

NAME = "hooks.invalid"


class Trust(NamedTuple):
    """What a receiver shows, and what a sender believes."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    """A certificate for one name, signed by itself."""
    folder: Path = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, private)
    return Trust(server, ssl.create_default_context(cafile=str(certificate)))


def asked(url: str, client: ssl.SSLContext) -> Answer:
    async def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async def ask() -> Answer:
        post = Post(here, Patience(whole_s=5), client)
        try:
            return await post.send(url, True, b"{}", {"webhook-id": "msg_1"})
        finally:
            await post.close()

    return asyncio.run(ask())


def test_the_certificate_is_that_of_the_name(trust: Trust) -> None:
    shown: list[str | None] = []
    trust.server.sni_callback = lambda socket, name, context: shown.append(name)
    with Receiver(tls=trust.server) as receiver:
        assert asked(f"https://{NAME}:{receiver.port}/", trust.client) == Answer(200)
    assert shown == [NAME]
    assert receiver.came[0].headers["host"] == f"{NAME}:{receiver.port}"


def test_another_name_at_the_same_address_is_refused(trust: Trust) -> None:
    with Receiver(tls=trust.server) as receiver:
        for host in ("other.invalid", "127.0.0.1"):
            answer = asked(f"https://{host}:{receiver.port}/", trust.client)
            assert answer.status is None
            assert "certificate" in answer.error
        assert asked(f"https://{NAME}:{receiver.port}/", ssl.create_default_context()).status is None, (
            "a stranger's"
        )
    assert receiver.came == []


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch, trust: Trust) -> None:
    """A proxy would look up the name by itself, and reach what was not judged."""
    with Receiver() as proxy, Receiver() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert asked(receiver.url, trust.client) == Answer(200)
    assert proxy.came == []


def test_what_is_not_http_is_no_answer(trust: Trust) -> None:
    async def scenario() -> Answer:
        async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 mail.example ESMTP\r\n")
            await writer.drain()
            writer.close()

        async def here(host: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        server = await asyncio.start_server(babble, "127.0.0.1", 0)
        post = Post(here, Patience(whole_s=5), trust.client)
        async with server:
            answer = await post.send(
                f"http://x.invalid:{server.sockets[0].getsockname()[1]}", True, b"{}", {}
            )
        await post.close()
        return answer

    answer = asyncio.run(scenario())
    assert answer.status is None
    assert "Error" in answer.error


def test_a_name_that_nobody_knows_is_told(trust: Trust) -> None:
    async def nobody(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    async def ask() -> Answer:
        post = Post(nobody, Patience(), trust.client)
        try:
            return await post.send("https://nobody.invalid/", False, b"{}", {})
        finally:
            await post.close()

    assert asyncio.run(ask()) == Answer(None, error="The name could not be looked up: no such name")
