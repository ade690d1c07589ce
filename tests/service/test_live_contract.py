"""Whatever is asked of the documented calls, the service answers as it documents, and never by failing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi import checks as conformance

from features.log import sessions_of
from pipelines.store.store import Store
from service.live.keys import Keys
from tests.service.hostile_batches import KEY, SESSIONS, bodies
from tests.service.live_process import KeyPair, Process, make_keys
from tests.service.live_truth import same

ENDLESS = "GET /v1/live"  # its answer never ends; it has tests of its own
ABROAD = "/v1/webhooks"  # with an admin's key, made-up addresses would be sent to

DECLARED = {"busy", "starting", "disk_full"}
"""Refusals of the service's own state; any other answer of 500 and above is a fault."""

CONFORMANCE = (
    schemathesis.checks.not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_headers_conformance,
    conformance.response_schema_conformance,
)

schemathesis.openapi.media_type("text/plain", bodies())


Here = tuple[Process, KeyPair, Path, str]
"""A service, a site's keys, its data directory, an admin's key."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    folder = tmp_path_factory.mktemp("contract") / "data"
    pair = make_keys(folder)
    keys = Keys(folder)
    admin, _ = keys.create("admin")
    keys.close()
    with Process(folder) as process:
        yield process, pair, folder, admin


def check(case: Any, process: Process, keys: KeyPair, admin: str) -> None:
    """Send what was generated, and hold the answer against the document."""
    if isinstance(case.body, bytes):
        case.body = case.body.replace(KEY, keys.write.encode())
    key = keys.read if ABROAD in case.operation.label else admin
    response = case.call(
        base_url=f"http://127.0.0.1:{process.port}", headers={"authorization": f"Bearer {key}"}
    )
    if response.status_code == 503 and response.json()["error"]["code"] in DECLARED:
        return
    case.validate_response(response, checks=[*CONFORMANCE])
    if response.status_code >= 400:
        assert set(response.json()) == {"error"}


def test_every_documented_call_answers_as_documented(served: Here) -> None:
    process, keys, folder, admin = served
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{process.port}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert ENDLESS in {operation.label for operation in operations}
    operations = [operation for operation in operations if operation.label != ENDLESS]
    assert len(operations) > 30
    asked = {operation.label: 0 for operation in operations}
    for operation in operations:

        @settings(suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            check(case, process, keys, admin)
            asked[case.operation.label] += 1

        ask()
    assert all(asked.values()), asked
    assert process.metric("watchworthy_batches_total") > 5
    with Store.open(folder) as store:
        for name in SESSIONS:
            held = [batch for _, batch in store.batches("default", name)]
            for session in sessions_of(held, name):
                answer = process.get(f"/v1/sessions/{session.id}", keys.read)
                assert answer.status == 200, answer
                same(json.loads(answer.body), session)
    assert process.stop() == 0
