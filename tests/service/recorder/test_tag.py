"""The tag: early calls are kept, nothing but the named version runs, and a token binds an assessment to the page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from service.recorder.snippet import tag
from service.recorder.versions import SOURCE, version_of
from tests.service.recorder.conftest import House, Tagged
from tests.service.recorder.waiting import until


@pytest.mark.needs("chromium", "pages")
def test_calls_before_the_recorder_is_there_are_kept_and_answered(tagged: Tagged, page: Page) -> None:
    early = "watchworthy.track('early'); watchworthy.sessionUrl().then((url) => { window.url = url; });"
    page.goto(tagged.site.put("/", "<button id=b>b</button>", f"{tagged.tag()}<script>{early}</script>"))
    until(lambda: tagged.relay.custom("ww.track"))
    session = tagged.relay.batches[0].first["session"]
    assert page.evaluate("window.url").startswith(f"{tagged.relay.address}/sessions/{session}?")


@pytest.mark.needs("chromium", "pages")
def test_a_recorder_that_was_tampered_with_does_not_run(tagged: Tagged, page: Page) -> None:
    version = version_of(SOURCE.read_bytes())
    wrong = tag(version, tagged.relay.address).replace("sha384-", "sha384-AAAA", 1)[: -len("</script>")]
    page.goto(tagged.site.put("/", "<button id=b>b</button>", f"{wrong}</script>"))
    page.wait_for_timeout(500)
    assert page.evaluate("typeof window.watchworthy") == "undefined"


@pytest.mark.needs("chromium", "pages")
def test_a_token_binds_an_assessment_to_the_page(house: House, tagged: Tagged, page: Page) -> None:
    page.goto(tagged.put("/", "<button id=b>b</button>"))
    until(lambda: tagged.relay.batches)
    told = page.evaluate("watchworthy.token('checkout')")
    assert told["session"] == tagged.relay.batches[0].first["session"]
    assert told["stream"] == tagged.relay.batches[0].first["stream"]
    assert told["token"]
    assert told["seq"] >= 0
