"""The tag that a site puts into its pages: a queue for early calls, and the recorder, loaded beside the page."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any, Final

from service.recorder.versions import NAME, Version

VERBS: Final = (
    "init", "consent", "identify", "track", "goal", "token", "sessionUrl", "on", "stop", "forget",
)  # fmt: skip

STUB: Final = (
    "(function(w){var s=w.watchworthy=w.watchworthy||{q:[]};if(s.loaded)return;"
    f'"{" ".join(VERBS)}".split(" ")'
    ".forEach(function(v){s[v]=function(){var a=arguments;"
    "return new Promise(function(y,n){s.q.push([v,a,y,n])})}})})(window);"
)
"""Keeps calls, and promises their answers, until the recorder is there."""


def tag(version: Version, service: str, *, updates: bool = False) -> str:
    """The tag that loads the recorder.

    Parameters
    ----------
    version
        Which; its digest stands on the tag, so that a browser runs nothing else.
    service
        Address of the service.
    updates
        Load the newest version, whatever it will be, without a digest.
    """
    if updates:
        return f'<script async src="{html.escape(service)}/recorder/v1/{NAME}.js"></script>'
    source = f"{html.escape(service)}/recorder/v1/{NAME}.{version.name}.js"
    return f'<script async src="{source}" integrity="{version.integrity}" crossorigin="anonymous"></script>'


def snippet(version: Version, service: str, key: str, *, updates: bool = False, **options: Any) -> str:
    """All that a page needs: the queue, the call of ``init``, and the tag.

    Parameters
    ----------
    version, service, updates
        As for ``tag``.
    key
        The site's write key.
    options
        Further options of ``init``.
    """
    said: Mapping[str, Any] = {"key": key, **options}
    text = json.dumps(said, ensure_ascii=True).replace("<", "\\u003c")
    return f"<script>{STUB}watchworthy.init({text});</script>\n{tag(version, service, updates=updates)}"
