"""The calls: who may make them, what they refuse, and that the secret is told once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.store import endpoints
from service.sending import dispatcher
from tests.pipelines.store.making import make_unit
from tests.service.live_store import Served, code_of
from tests.service.sending.receiver import Came, Receiver, Say
from tests.service.sending.sender import flag, until

PATH = "/v1/webhooks"
NEW = {"url": "https://hooks.example/in", "topics": ["flag.raised"]}


class Caller:
    """Calls of somebody who holds a key."""

    def __init__(self, served: Served, role: str = "admin", site: str = "default") -> None:
        key, _ = served.service.keys.create(role, site)
        self._client = served.client
        self._headers = {"authorization": f"Bearer {key}"}

    async def get(self, path: str = "", **query: Any) -> httpx.Response:
        return await self._client.get(PATH + path, params=query, headers=self._headers)

    async def post(self, path: str = "", body: Any = None) -> httpx.Response:
        return await self._client.post(PATH + path, json=body, headers=self._headers)

    async def delete(self, path: str) -> httpx.Response:
        return await self._client.delete(PATH + path, headers=self._headers)


def scenario(folder: Path, play: Callable[[Served, Caller], Awaitable[None]]) -> None:
    """Play with a service that sends."""

    async def run() -> None:
        served = Served(folder, disk_free_bytes=0)
        sending = asyncio.create_task(served.service.dispatcher.run())
        try:
            await play(served, Caller(served))
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            await served.client.aclose()
            served.service.close()

    asyncio.run(run())


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher.Dispatcher.__init__, "__defaults__", (None, None, None, None, 0.02))


def test_from_making_to_deleting(tmp_path: Path) -> None:
    async def play(served: Served, admin: Caller) -> None:
        reader = Caller(served, "read")
        with Receiver(lambda number, came: Say(500 if number == 0 else 200)) as receiver:
            made = await admin.post(body=NEW | {"url": receiver.url, "allow_private": True})
            assert made.status_code == 201
            webhook = made.json()
            assert webhook["secret"].startswith("whsec_")
            listed = (await admin.get()).json()["webhooks"]
            assert [one["id"] for one in listed] == [webhook["id"]]
            assert webhook["secret"] not in (await admin.get()).text
            here = "/" + webhook["id"]

            tested = await admin.post(here + "/test")
            assert tested.status_code == 202
            await until(lambda: len(receiver.came) == 1)
            assert receiver.came[0].verified(webhook["secret"])["type"] == "webhook.test"
            assert receiver.came[0].id == tested.json()["message"]

            message = flag("s")
            served.service.store.submit(make_unit(site="default", outbox=(message,))).result()
            await until(lambda: message.id in receiver.ids)

            async def logged(many: int) -> list[dict[str, Any]]:
                while len(lines := (await reader.get(here + "/deliveries")).json()["deliveries"]) < many:
                    await asyncio.sleep(0.01)
                return list(lines)

            lines = await logged(2)
            assert [(one["topic"], one["status"]) for one in lines] == [
                ("flag.raised", 200),
                ("webhook.test", 500),
            ]

            replayed = await admin.post(here + "/replay", {"message": message.id})
            assert (replayed.status_code, replayed.json()) == (202, {"replayed": 1, "more": False})
            await until(lambda: receiver.ids.count(message.id) == 2)
            assert (await admin.post(here + "/replay", {"dead": True})).json() == {
                "replayed": 0,
                "more": False,
            }
            await logged(3)

            first = (await reader.get(here + "/deliveries", limit=2)).json()
            second = (await reader.get(here + "/deliveries", limit=2, before=first["next"])).json()
            assert [len(first["deliveries"]), len(second["deliveries"])] == [2, 1]
            assert second["next"] is None
            (counted,) = (await admin.get()).json()["webhooks"]
            assert (counted["waiting"], counted["sent"], counted["dead"]) == (1, 1, 0)

            assert (await admin.delete(here)).status_code == 204
            assert (await admin.get()).json() == {"webhooks": []}
            assert code_of(await reader.get(here + "/deliveries")) == "not_found"
            for table in ("webhooks", "postings", "deliveries"):
                count = f"SELECT count(*) FROM {table}"
                assert served.service.store.read(lambda db, count=count: db.execute(count).fetchone()) == (0,)

    scenario(tmp_path, play)


def test_only_an_admin_changes_what_is_sent_and_only_at_home(tmp_path: Path) -> None:
    async def play(served: Served, admin: Caller) -> None:
        webhook = (await admin.post(body=NEW)).json()
        here = "/" + webhook["id"]
        for role in ("read", "annotate", "write"):
            other = Caller(served, role)
            calls = [
                other.get(),
                other.post(body=NEW),
                other.delete(here),
                other.post(here + "/replay", {"dead": True}),
                other.post(here + "/test"),
                other.post(here + "/enable"),
            ]
            if role != "read":
                calls.append(other.get(here + "/deliveries"))
            for call in calls:
                answer = await call
                assert (answer.status_code, code_of(answer)) == (403, "role_refused")
        stranger = Caller(served, "admin", "elsewhere")
        for call in (
            stranger.delete(here),
            stranger.get(here + "/deliveries"),
            stranger.post(here + "/replay", {"dead": True}),
            stranger.post(here + "/test"),
            stranger.post(here + "/enable"),
        ):
            assert code_of(await call) == "not_found"
        assert (await stranger.get()).json() == {"webhooks": []}
        assert code_of(await served.client.get(PATH)) == "key_missing"

    scenario(tmp_path, play)


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({"url": "http://hooks.example/"}, "webhook_wrong", "https"),
        ({"url": "ftp://hooks.example/"}, "webhook_wrong", "https://"),
        ({"url": "https://"}, "webhook_wrong", "name a host"),
        ({"url": "https://me:secret@hooks.example/"}, "webhook_wrong", "password"),
        ({"url": "https://hooks.example:99999/"}, "webhook_wrong", "port"),
        ({"url": "https://hooks.example:0/"}, "webhook_wrong", "port"),
        ({"url": "https://hooks.example:x/"}, "webhook_wrong", "cannot be read"),
        ({"url": "https://h\x00oks.example/"}, "webhook_wrong", "cannot be read"),
        ({"url": "https://" + "a" * 3_000}, "bad_request", "2048"),
        ({"topics": []}, "bad_request", "topics"),
        ({"topics": ["noted"]}, "bad_request", "topics"),
        ({"topics": ["flag.raised"] * 6}, "bad_request", "topics"),
        ({"template": "capture"}, "bad_request", "go together"),
        ({"fields": {"a": "b"}}, "bad_request", "go together"),
        ({"template": "capture", "fields": {"a": "{nothing}"}}, "webhook_wrong", "no field of flag.raised"),
        ({"template": "jinja", "fields": {}}, "bad_request", "template"),
        ({"more": 1}, "bad_request", "more"),
    ],
)
def test_what_is_wrong_with_a_webhook_is_told(tmp_path: Path, changed: Any, code: str, said: str) -> None:
    async def play(served: Served, admin: Caller) -> None:
        answer = await admin.post(body=NEW | changed)
        assert code_of(answer) == code
        assert 400 <= answer.status_code < 500
        assert said in answer.json()["error"]["message"]
        assert (await admin.get()).json() == {"webhooks": []}

    scenario(tmp_path, play)


def test_there_are_only_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "MOST", 2)

    async def play(served: Served, admin: Caller) -> None:
        for _ in range(2):
            assert (await admin.post(body=NEW)).status_code == 201
        answer = await admin.post(body=NEW)
        assert (answer.status_code, code_of(answer)) == (409, "too_many_webhooks")

    scenario(tmp_path, play)


def test_a_webhook_that_is_gone_takes_nothing_until_it_is_enabled(tmp_path: Path) -> None:
    async def play(served: Served, admin: Caller) -> None:
        with Receiver(lambda number, came: Say(200 if number else 410)) as receiver:
            made = (await admin.post(body=NEW | {"url": receiver.url, "allow_private": True})).json()
            here = "/" + made["id"]
            await admin.post(here + "/test")
            while (await admin.get()).json()["webhooks"][0]["disabled_at"] is None:
                await asyncio.sleep(0.01)
            for answer in (
                await admin.post(here + "/test"),
                await admin.post(here + "/replay", {"dead": True}),
            ):
                assert (answer.status_code, code_of(answer)) == (409, "webhook_disabled")
            assert (await admin.post(here + "/enable")).json()["disabled_at"] is None
            assert (await admin.post(here + "/replay", {"dead": True})).json()["replayed"] == 1
            await until(lambda: len(receiver.came) == 2)

    scenario(tmp_path, play)


def test_a_refused_replay_says_what_to_ask(tmp_path: Path) -> None:
    async def play(served: Served, admin: Caller) -> None:
        here = "/" + (await admin.post(body=NEW)).json()["id"]
        for body in (
            {},
            {"message": "m", "dead": True},
            {"message": ""},
            {"message": "m" * 999},
            {"all": True},
        ):
            assert code_of(await admin.post(here + "/replay", body)) == "bad_request"
        assert code_of(await admin.post(here + "/replay", {"message": "msg_none"})) == "not_found"
        for query in ({"limit": 0}, {"limit": 501}, {"before": 0}, {"before": 1 << 63}):
            refused = await admin.get(here + "/deliveries", **query)
            assert code_of(refused) == "bad_request"
            said = refused.json()["error"]["message"]
            assert said.startswith(f"{next(iter(query))}: Input should be ")
            assert ".py" not in said, "where the code lies is nobody's business"

    scenario(tmp_path, play)


def test_every_call_is_described(tmp_path: Path) -> None:
    async def play(served: Served, admin: Caller) -> None:
        schema = (await served.client.get("/openapi.json")).json()
        calls = [
            call
            for path, found in schema["paths"].items()
            if path.startswith(PATH)
            for call in found.values()
        ]
        assert len(calls) == 7
        for call in calls:
            assert call["summary"]
            assert call["description"].rstrip().endswith(" key.")
            if content := call.get("requestBody"):
                assert content["content"]["application/json"]["examples"]

    scenario(tmp_path, play)


def test_what_counts_is_in_the_metrics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "COUNT_S", 0)
    answer = threading.Event()

    def hold(number: int, came: Came) -> Say:
        assert answer.wait(20)
        return Say()

    async def play(served: Served, admin: Caller) -> None:
        with Receiver(hold) as receiver:
            here = (
                "/" + (await admin.post(body=NEW | {"url": receiver.url, "allow_private": True})).json()["id"]
            )
            await admin.post(here + "/test")
            sent = b'watchworthy_webhook_messages_total{outcome="sent"} 1.0'
            await until(lambda: b"watchworthy_webhook_waiting 1.0" in served.service.measure())
            answer.set()
            await until(lambda: sent in served.service.measure())
            await until(lambda: b"watchworthy_webhook_waiting 0.0" in served.service.measure())

    scenario(tmp_path, play)
