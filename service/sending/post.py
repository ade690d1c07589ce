"""One attempt: a request to an address that was judged, under the name that the webhook has; what came of it."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import Final, NamedTuple

import httpx

from service.sending.addresses import AddressRefused, Resolve, reachable
from service.sending.retrying import Patience

READ_BYTES: Final = 16_384  # of an answer; what more there is, is not waited for
TRIED: Final = 4  # addresses of a name
HEADERS: Final = {
    "accept": "*/*",
    "accept-encoding": "identity",
    "connection": "close",
    "content-type": "application/json",
    "user-agent": "Watchworthy-Webhooks/1",
}
LONGEST_ERROR: Final = 300


class Answer(NamedTuple):
    """What a receiver said; ``status`` is None where it said nothing, and ``error`` then says why."""

    status: int | None
    retry_after: str | None = None
    error: str = ""

    @property
    def taken(self) -> bool:
        """Whether the message arrived."""
        return self.status is not None and 200 <= self.status < 300


class Post:
    """Sends requests; each has a connection of its own, to an address that was judged for it.

    Parameters
    ----------
    resolve
        Looks up names.
    trusted
        Whose certificates are believed.
    """

    def __init__(self, resolve: Resolve, patience: Patience, trusted: ssl.SSLContext) -> None:
        self._resolve = resolve
        self._patience = patience
        self._client = httpx.AsyncClient(
            verify=trusted,
            trust_env=False,  # a proxy of the environment would look up names by itself
            follow_redirects=False,  # an answer of 3xx is no success
            timeout=httpx.Timeout(patience.whole_s, connect=patience.connect_s),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def send(self, url: str, allow_private: bool, body: bytes, headers: dict[str, str]) -> Answer:
        """Make one attempt, within its deadlines: the name is looked up, its addresses judged, one of them asked."""
        deadline = asyncio.get_running_loop().time() + self._patience.whole_s
        answer = Answer(None, error="No address could be tried.")
        try:
            named = httpx.URL(url)
            host = named.raw_host.decode("ascii")
            port = named.port or (443 if named.scheme == "https" else 80)
            async with asyncio.timeout_at(deadline):
                addresses = await reachable(host, port, allow_private, self._resolve)
            for address in addresses[:TRIED]:
                request = self._client.build_request(
                    "POST",
                    named.copy_with(host=str(address)),
                    content=body,
                    headers=headers | HEADERS | {"host": named.netloc.decode("ascii")},
                    extensions={"sni_hostname": host},  # the certificate is checked against it, too
                )
                try:
                    return await self._ask(request, deadline)
                except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                    answer = Answer(
                        None, error=f"No connection: {str(error) or 'it took too long'}."[:LONGEST_ERROR]
                    )
        except TimeoutError:
            answer = Answer(None, error=f"There was no answer within {self._patience.whole_s:g} s.")
        except AddressRefused as error:
            answer = Answer(None, error=f"address_refused: {error}")
        except httpx.HTTPError as error:
            answer = Answer(None, error=f"{type(error).__name__}: {error}"[:LONGEST_ERROR])
        except (OSError, UnicodeError, httpx.InvalidURL) as error:
            answer = Answer(None, error=f"The name could not be looked up: {error}"[:LONGEST_ERROR])
        return answer

    async def _ask(self, request: httpx.Request, deadline: float) -> Answer:
        async with asyncio.timeout_at(deadline):
            response = await self._client.send(request, stream=True)
        try:
            with suppress(TimeoutError, httpx.HTTPError):  # the status is known, and it is all that counts
                async with asyncio.timeout_at(deadline):
                    read = 0
                    async for part in response.aiter_raw():
                        read += len(part)
                        if read > READ_BYTES:
                            break
        finally:
            await response.aclose()
        said = "" if 200 <= response.status_code < 300 else f"The answer was {response.status_code}."
        return Answer(response.status_code, response.headers.get("retry-after"), said)

    async def close(self) -> None:
        """Send nothing more."""
        await self._client.aclose()
