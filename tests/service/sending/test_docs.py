"""What the page on webhooks says is so."""

from __future__ import annotations

import json
import re
import time
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from data_contracts.messages import FIELDS, KINDS, Message
from pipelines.store import posting
from service.sending import post
from service.sending.alert_file import Alert, read_alerts
from service.sending.descriptions import NewWebhook
from service.sending.endpoints import check_url
from service.sending.retrying import Patience
from service.sending.signing import new_secret, signed
from service.sending.templates import check
from tests.service.live_store import SAMPLES

PAGE = (SAMPLES.parent / "docs" / "webhooks.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_each_topic_has_an_example_that_the_contract_takes() -> None:
    shown: dict[str, Any] = {}
    for block in blocks("json"):
        if "type" in (told := json.loads(block)):
            message = msgspec.json.decode(block, type=Message)
            assert set(told["data"]) == set(FIELDS[message.data.topic]), "an example shows every field"
            shown[message.data.topic] = told
    assert set(shown) == {kind.topic for kind in KINDS}


def test_the_webhook_of_the_page_can_be_made() -> None:
    (block,) = (block for block in blocks("json") if '"template"' in block)
    new = NewWebhook.model_validate_json(block)
    assert new.fields is not None
    check_url(new.url, new.allow_private)
    check(new.fields, new.topics)


def test_the_receiver_of_the_page_verifies(tmp_path: Path) -> None:
    (block,) = blocks("python")
    names: dict[str, Any] = {}
    exec(block, names)
    secret, body = new_secret(), b'{"type":"flag.raised","timestamp":"","data":{"worth":1}}'
    headers = signed(secret, "msg_1", body, time.time())
    assert names["receive"](secret, body, headers) == (204, "msg_1", "flag.raised", {"worth": 1})
    assert names["receive"](secret, body + b" ", headers) == 401
    assert names["receive"](new_secret(), body, headers) == 401
    late = signed(secret, "msg_1", body, 1_700_000_000)
    assert names["receive"](secret, body, late) == 401


def test_the_alerts_of_the_page_are_alerts_and_every_key_is_told(tmp_path: Path) -> None:
    (block,) = blocks("toml")
    path = tmp_path / "alerts.toml"
    path.write_text(block)
    alerts = read_alerts(path)
    assert [alert.name for alert in alerts] == [one["name"] for one in tomllib.loads(block)["alerts"]]
    for name in Alert.model_fields:
        assert f"| `{name}` |" in PAGE


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    patience = Patience()
    units = (("h", 3_600), ("min", 60), ("s", 1))
    said = [
        next(f"{int(pause / size)} {unit}" for unit, size in units if pause >= size)
        for pause in patience.delays_s
    ]
    flat = " ".join(PAGE.split())
    assert f"{', '.join(said[:-1])} and {said[-1]}, each a fifth longer" in flat
    assert f"{patience.attempts} attempts in two days" in flat
    assert f"within {patience.whole_s:g} seconds; {patience.connect_s:g} of them" in flat
    assert f"{post.READ_BYTES >> 10} KiB are read" in flat
    assert f"{posting.KEPT_MS // posting.DAY_MS} days" in flat
    assert f"{posting.KEPT_ATTEMPTS:,} of each webhook" in flat
    assert f"{posting.REPLAYED:,} with a call" in flat
