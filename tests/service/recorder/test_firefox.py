"""The recorder in Debian's Firefox: streams, masks, packing, an offer and its dialog, and the tail of a page."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.service.recorder.conftest import Tagged
from tests.service.recorder.waiting import until

HERE = Path(__file__).parent

PAGE = """
<button id=dead>Dead</button>
<button id=alive onclick="this.textContent = 'answer'; console.error('bad 42')">Alive</button>
<input id=field><input type=password value=hunter2pass>
<script>
window.seen = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (entry.name.includes("/v1/batches")) window.seen += 1;
}).observe({ type: "resource", buffered: true });
</script>
"""


@pytest.mark.needs("firefox", "firefox-driver", "node", "pages")
def test_the_recorder_works_in_firefox(tools: dict[str, Path], tagged: Tagged, visitor: str) -> None:
    url = tagged.put("/", PAGE, visitor=visitor)
    after = tagged.site.put("/after", "no recorder here")
    program = [str(tools["node"]), str(HERE / "firefox.mjs"), str(tools["firefox"]), url, after]
    run = subprocess.run(program, capture_output=True, text=True, timeout=140, check=False)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told["errors"] == []
    assert told["focused"], "the focus is in the dialog"
    until(lambda: tagged.relay.custom("ww.track"))
    batches = tagged.relay.batches
    assert [event["type"] for event in tagged.relay.events()][:2] == [4, 2]
    assert len({one.first["stream"] for one in batches}) == 1
    numbers = {one.first["seq"] for one in batches}
    assert numbers == set(range(max(numbers) + 1)), "what was on its way when the page went was sent again"
    assert batches[0].packed
    assert not batches[-1].packed
    assert batches[-1].first["end"] is True
    assert all(one.headers["content-type"] == "text/plain" for one in batches)
    assert [c["what"] for one in batches for c in one.first.get("confirm", [])] == ["shown", "dismissed"]
    text = json.dumps(tagged.relay.events())
    assert "typed words" not in text
    assert "hunter2pass" not in text
    assert "*" * len("typed words") in text
    assert tagged.relay.custom("ww.trust") == [{"trusted": True}]
    assert '\\"bad <number>\\"' in text
