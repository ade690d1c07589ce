"""A service that holds every sample, and somebody who asks it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import httpx

from data_contracts.batches import Batch
from data_contracts.recordings import read
from service.live.closing import close_ended
from service.web.guard import COOKIE
from tests.service.live_store import SAMPLES, Served

NAMES = sorted(path.name.removesuffix(".json.gz") for path in SAMPLES.glob("*.json.gz"))
Scenario = Callable[["Desk"], Coroutine[Any, Any, None]]
Played = Callable[[Scenario], None]


class Desk:
    """A service that holds every sample, and somebody who asks it."""

    def __init__(self, one: Served) -> None:
        self.one = one
        self.store = one.service.store
        self.annotator, _ = one.service.keys.create("annotate")

    async def fill(self, names: list[str] = NAMES) -> None:
        for name in names:
            batches = read(str(SAMPLES / f"{name}.json.gz")).batches
            whole = Batch("p", 0, [event for batch in batches for event in batch.events])
            assert (await self.one.send(whole, name, end=True)).status_code == 200
        await close_ended(self.one.service.reception)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.one.read}"}
        return await self.one.client.get(path, params=query, headers=headers)

    async def page(self, path: str, **query: Any) -> str:
        """A page as the owner sees it."""
        if COOKIE not in self.one.client.cookies:
            owner = self.one.service.owner
            visit = owner.enter(owner.link("default"))
            assert visit is not None
            self.one.client.cookies.set(COOKIE, visit.token)
        answer = await self.one.client.get(path, params=query)
        assert answer.status_code == 200, path
        return answer.text

    async def care(self, name: str, **told: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.annotator}"}
        return await self.one.client.patch(f"/v1/sessions/{name}", json=told, headers=headers)

    async def listed(self, **query: Any) -> list[dict[str, Any]]:
        """All pages of a list."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            more = {"cursor": cursor} if cursor else {}
            answer = await self.get("/v1/sessions", **query, **more)
            assert answer.status_code == 200, answer.text
            found += answer.json()["sessions"]
            cursor = answer.json()["next"]
            if not cursor or not answer.json()["sessions"]:
                return found
