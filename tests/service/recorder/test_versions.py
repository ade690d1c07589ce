"""The recorder as it is given out: versions that never change, older ones too, and the tag that names one."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

import pytest

from service.recorder.versions import SOURCE, Versions, version_of
from tests.service.live_store import Served

OLDER = b"window.watchworthy = { older: true };"
ORIGIN = {"origin": "https://shop.example"}


@pytest.mark.needs("pages")
def test_every_version_is_served_for_ever_and_the_newest_for_a_while(tmp_path: Path) -> None:
    older = version_of(OLDER)
    source = tmp_path / "older.js"
    source.write_bytes(OLDER)
    Versions(tmp_path, source)

    async def scenario() -> None:
        async with Served(tmp_path) as one:
            newest = version_of(SOURCE.read_bytes())
            plain = {"accept-encoding": "identity"}
            for version in (older, newest):
                path = f"/recorder/v1/watchworthy.{version.name}.js"
                told = await one.client.get(path, headers=ORIGIN | plain)
                assert told.status_code == 200
                assert told.content == version.script
                assert told.headers["cache-control"] == "public, max-age=31536000, immutable"
                assert told.headers["access-control-allow-origin"] == "*"
                assert told.headers["content-type"] == "text/javascript; charset=utf-8"
                packed = await one.client.get(path, headers={"accept-encoding": "br, gzip"})
                assert packed.headers["content-encoding"] == "gzip"
                assert packed.content == version.script
                assert len(gzip.compress(version.script, 9)) >= int(packed.headers["content-length"])
            told = await one.client.get("/recorder/v1/watchworthy.js", headers=plain)
            assert told.content == newest.script
            assert told.headers["cache-control"] == "public, max-age=600"
            again = await one.client.get(
                "/recorder/v1/watchworthy.js", headers={"if-none-match": told.headers["etag"]}
            )
            assert (again.status_code, again.content) == (304, b"")
            for name in ("0000000000000000", "..%2Fsecret", older.name + "0"):
                told = await one.client.get(f"/recorder/v1/watchworthy.{name}.js")
                assert told.status_code == 404

    asyncio.run(scenario())


def test_a_version_that_was_changed_on_disk_is_not_served(tmp_path: Path) -> None:
    source = tmp_path / "older.js"
    source.write_bytes(OLDER)
    name = version_of(OLDER).name
    assert Versions(tmp_path, source).find(name)
    (tmp_path / "recorder" / f"watchworthy.{name}.js").write_bytes(OLDER + b"alert(1)")
    assert Versions(tmp_path, tmp_path / "missing.js").find(name) is None
