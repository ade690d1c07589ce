"""What of a page's words leaves it, in each mode; and what no mode and no attribute lets out."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page

from tests.service.recorder.conftest import Tagged
from tests.service.recorder.waiting import until

pytestmark = pytest.mark.needs("chromium", "pages")

# What no setting lets out; each word is unique, so that it can be looked for in all that was sent.
SECRETS = (
    "hunter2pass", "shownpass7", "4111111111111111", "4111 1111 1111 1111", "998877onetime", "hiddenvalue1",
    "joe.secret@mail.example", "writtenbyhand", "typedsearch", "chosenoption", "areatext", "maskedword",
    "blockedword", "ignoredtyping", "cvcinput9",
)  # fmt: skip

PAGE = """
<h1>Plain heading</h1>
<p id=plain>Ordinary words</p>
<p>Call 0171 2345678 about order 123456789, price 49.90</p>
<p>joe.secret@mail.example</p><p>card 4111 1111 1111 1111</p>
<address>Somestreet Nine</address>
<div data-ww-mask>maskedword</div>
<div data-ww-block style="width:80px;height:20px">blockedword</div>
<div data-ww-unmask>0171 5556667 card 4111 1111 1111 1111</div>
<form>
<input id=pass type=password value=hunter2pass>
<input id=shown type=password>
<input id=card value="4111 1111 1111 1111"><input id=tel type=tel>
<input autocomplete=one-time-code value=998877onetime data-ww-unmask>
<input autocomplete=cc-csc value=cvcinput9 data-ww-unmask>
<input type=hidden name=csrf value=hiddenvalue1>
<input id=search type=search>
<input id=ignored data-ww-ignore>
<textarea id=area></textarea>
<select id=sel><option value=a>A</option><option value=chosenoption>B</option></select>
<input type=submit value="Send it">
</form>
<div id=hand contenteditable=true>x</div>
<img alt="Picture words" title="Title 0171 7778889">
<button id=late>Later</button>
<script>
late.onclick = () => {
  shown.type = "text";
  shown.setAttribute("value", shown.value);
  const p = document.createElement("p");
  p.textContent = "late words 4111111111111111 joe.secret@mail.example";
  p.title = "late joe.secret@mail.example";
  document.body.append(p);
};
</script>
"""


def recorded(tagged: Tagged, page: Page, mode: str) -> str:
    page.goto(tagged.put("/", PAGE, text=mode))
    until(lambda: tagged.relay.batches)
    page.fill("#shown", "shownpass7")
    page.fill("#tel", "4111111111111111")
    page.fill("#search", "typedsearch")
    page.fill("#area", "areatext")
    page.fill("#ignored", "ignoredtyping")
    page.select_option("#sel", "chosenoption")
    page.click("#hand")
    page.keyboard.type("writtenbyhand")
    page.click("#late")
    page.fill("#shown", "shownpass7more")
    page.evaluate("watchworthy.goal('done')")
    until(lambda: tagged.relay.custom("ww.goal"))
    return json.dumps(tagged.relay.events(), ensure_ascii=False)


@pytest.mark.parametrize("mode", ["strict", "balanced", "relaxed"])
def test_no_mode_lets_out_what_was_typed_or_is_secret(tagged: Tagged, page: Page, mode: str) -> None:
    text = recorded(tagged, page, mode)
    # `select` options are text of the page's own; only which was chosen is the visitor's.
    found = [secret for secret in SECRETS if secret in text.replace('"value": "chosenoption"', "")]
    assert found == [], found
    typed = [e["data"]["text"] for e in tagged.relay.events() if e["type"] == 3 and e["data"]["source"] == 5]
    assert typed
    assert all(set(one) <= {"*"} or one == "on" for one in typed), typed
    assert "*" * len("shownpass7more") in typed, "masked at its length, though it is shown"


@pytest.mark.parametrize(
    ("mode", "there", "gone"),
    [
        ("strict", [], ["Plain heading", "Ordinary words", "Picture words", "Send it", "Somestreet"]),
        (
            "balanced",
            ["Plain heading", "Ordinary words", "49.90", "Picture words", "Send it", "0171 5556667"],
            ["0171 2345678", "123456789", "Somestreet", "0171 7778889"],
        ),
        ("relaxed", ["Ordinary words", "0171 2345678", "123456789", "Somestreet", "0171 7778889"], []),
    ],
)
def test_a_mode_masks_text_as_it_says(
    tagged: Tagged, page: Page, mode: str, there: list[str], gone: list[str]
) -> None:
    text = recorded(tagged, page, mode)
    assert [words for words in there if words not in text] == []
    assert [words for words in gone if words in text] == []
    if mode == "strict":
        assert "0171 5556667" in text, "data-ww-unmask lifts a mode"
