"""A page that changes too much: changes are left out, the service is told so, and a snapshot follows the calm."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.service.recorder.conftest import House, Tagged
from tests.service.recorder.waiting import until

pytestmark = pytest.mark.needs("chromium", "pages")

STORM = """
<div id=box></div>
<script>
let left = 60;
function storm() {
  for (let i = 0; i < 40; i += 1) box.append(Object.assign(document.createElement("i"), {textContent: "x"}));
  if (left -= 1) setTimeout(storm, 20);
}
addEventListener("load", () => setTimeout(storm, 1_000));
</script>
"""


def test_a_storm_is_left_out_as_a_gap_and_ends_with_a_snapshot(
    house: House, tagged: Tagged, page: Page
) -> None:
    page.goto(tagged.put("/", STORM, changesPerSecond=100))
    until(lambda: len([e for e in tagged.relay.events() if e["type"] == 2]) == 2, 40)
    page.evaluate("watchworthy.goal('done')")
    until(lambda: tagged.relay.custom("ww.goal"))
    added = sum(
        len(e["data"]["adds"]) for e in tagged.relay.events() if e["type"] == 3 and e["data"]["source"] == 0
    )
    assert added < 60 * 80, "some were left out"
    numbers = sorted(one.first["seq"] for one in tagged.relay.batches)
    assert len(set(range(numbers[-1] + 1)) - set(numbers)) == 1
    page.wait_for_timeout(300)
    session = tagged.relay.batches[0].first["session"]
    told = house.process.get(f"/v1/sessions/{session}", house.keys.read).json
    assert told["coverage"]["fidelity"] == "partial", told["coverage"]
