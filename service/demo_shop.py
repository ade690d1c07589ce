"""The demo's shop: on a host and port of its own, with the recorder in its pages and a rule that offers help."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from data_contracts.rules import Rule
from pipelines.store import crypto
from service.deciding.secrets import Secrets
from service.live.keys import Keys
from service.offering.conditions import held_out
from service.offering.offers import FOLDER, rule_in
from service.recorder.snippet import snippet
from service.recorder.versions import Versions
from service.web.shop_server import shop

PORTS: Final = range(8800, 8900)
RULE: Final = "help-on-rage"
TEXT: Final = f"""\
# Offers help to somebody who clicks in anger at something that does not answer.
id = "{RULE}"
title = "Help on rage"
on = true
quiet_hours = 0

[when]
type = "signal"
code = "rage_click"
state = "provisional"
within_s = 30

[action]
kind = "message"
title = "That did not work"
text = "The code box is out of order today. Your order is safe, and we take the gift code by mail as well."
button = "Thank you"

[caps]
per_visitor = 20
"""


@contextmanager
def demo_shop(data_dir: Path, site: str, service: str) -> Iterator[str]:
    """The address of a shop whose visitors are recorded, while the block runs; empty where no recorder was built.

    Parameters
    ----------
    data_dir
        Folder of the service: it gets a write key for the shop alone, and the rule.
    site
        Of the key.
    service
        Address of the service.
    """
    version = Versions(data_dir).newest
    if version is None:
        yield ""
        return
    place = data_dir / FOLDER / f"{RULE}.toml"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(TEXT, "utf-8")
    with closing(crypto.Keys(data_dir)) as hidden:
        visitor = offered_visitor(rule_in(place), Secrets(hidden).of(site))
    with closing(Keys(data_dir)) as keys:

        def tag(address: str) -> str:
            key, _ = keys.create("write", site, (address,), note="demo shop")
            return snippet(version, service, key, visitor=visitor)

        with shop(PORTS, tag) as address:
            yield address.replace("127.0.0.1", "localhost")


def offered_visitor(rule: Rule, secret: bytes) -> str:
    """A visitor who is not held out from a rule: whoever tries the demo is to see what it offers."""
    while True:
        visitor = f"demo-{secrets.token_hex(8)}"
        if not held_out(rule, visitor, secret):
            return visitor
