"""Custom and plugin events that are understood: ours, Sentry's, PostHog's, the network."""

import math

import pytest

from data_contracts import events as e
from data_contracts.events import CHANNELS
from data_contracts.views import digest, endpoint_digest

T = 1_750_000_000_000


def custom(t: int, tag: str, payload: object = None) -> dict:
    return {"type": 5, "data": {"tag": tag, "payload": payload}, "timestamp": t}


def plugin(t: int, name: str, payload: object) -> dict:
    return {"type": 6, "data": {"plugin": name, "payload": payload}, "timestamp": t}


def crumb(t: int, category: str, **data: object) -> dict:
    payload = {"type": "default", "category": category, "timestamp": t / 1_000, "data": data}
    return custom(t, "breadcrumb", {"type": "breadcrumb", **payload})


def span(t: int, op: str, start: int, **data: object) -> dict:
    payload = {"op": op, "description": "https://a.example/x?q=1", "startTimestamp": start / 1_000}
    return custom(t, "performanceSpan", {**payload, "endTimestamp": t / 1_000, "data": data})


def row(decode, *events: dict):
    return decode([{"type": 99, "timestamp": T - 3_000}, *events]).rows[-1]


@pytest.mark.parametrize(
    ("event", "kind", "value", "detail"),
    [
        (custom(T, "ww.tick", {"id": 5}), e.TICK, None, 0),
        (custom(T, "ww.tick"), e.TICK, None, 0),
        (custom(T, "ww.goal", {"name": "paid"}), e.GOAL, None, digest("paid")),
        (custom(T, "ww.visibility", {"state": "hidden"}), e.VISIBILITY, 0, 0),
        (custom(T, "ww.visibility", {"state": "visible"}), e.VISIBILITY, 1, 0),
        (custom(T, "ww.copy", {"id": 5}), e.CLIPBOARD, None, 0),
        (custom(T, "ww.download", {"id": 5}), e.DOWNLOAD, None, 0),
        (custom(T, "ww.key", {"id": 5}), e.KEY, None, 0),
        (crumb(T, "ui.slowClickDetected", nodeId=5), e.MARK, None, digest("ui.slowClickDetected")),
        (crumb(T, "ui.multiClick", nodeId=5), e.MARK, None, digest("ui.multiClick")),
        (crumb(T, "ui.keyDown", nodeId=5), e.KEY, None, 0),
        (crumb(T, "ui.blur"), e.VISIBILITY, 0, 0),
        (crumb(T, "ui.focus"), e.VISIBILITY, 1, 0),
        (crumb(T, "console"), e.CONSOLE, 1, 0),
        (crumb(T, "replay.mutations", count=900), e.CUSTOM, None, digest("replay.mutations")),
        (span(T, "resource.fetch", T - 400, statusCode=500), e.REQUEST, 400, endpoint_digest("https://a.example/x")),
        (span(T, "memory", T), e.CUSTOM, None, digest("memory")),
        (custom(T, "options", {"sessionSampleRate": 1}), e.STATUS, 0, 0),
        (custom(T, "anything else", "text"), e.CUSTOM, None, digest("anything else")),
    ],
)  # fmt: skip
def test_what_is_understood(decode, event, kind, value, detail):
    found = row(decode, event)
    assert (found["kind"], found["detail"]) == (kind, detail)
    assert found["value"] == value or (value is None and math.isnan(found["value"]))


def test_breadcrumbs_happened_when_they_say(decode):
    event = crumb(T - 300, "ui.keyDown")
    assert row(decode, {**event, "timestamp": T})["t"] == T - 300


def test_navigation_opens_a_page_view_once(decode):
    def meta(t: int, href: str) -> dict:
        return {"type": 4, "data": {"href": href, "width": 1, "height": 1}, "timestamp": t}

    events = [
        meta(T, "https://a.example/one"),
        crumb(T + 10, "navigation", **{"from": "/one", "to": "/two"}),
        {**span(T + 12, "navigation.push", T + 11), "data": {"tag": "performanceSpan", "payload": {
            "op": "navigation.push", "description": "https://a.example/two", "startTimestamp": (T + 11) / 1e3}}},
        meta(T + 20, "https://a.example/two"),
    ]  # fmt: skip
    (stream,) = decode(events).streams.values()
    assert [page.address for page in stream.pages] == ["https://a.example/one", "https://a.example/two"]


def test_trust_holds_until_it_is_said_otherwise(decode):
    click = {"type": 3, "data": {"source": 2, "type": 2, "id": 5, "x": 1, "y": 1}, "timestamp": T}
    said = [custom(T, "ww.trust", {"trusted": trusted}) for trusted in (True, False, None)]
    rows = decode([click, *(event for one in said for event in (one, click))]).rows
    flags = rows["flags"][rows["kind"] == e.CLICK] & (e.TRUSTED | e.UNTRUSTED)
    assert flags.tolist() == [0, e.TRUSTED, e.UNTRUSTED, 0]


def test_declared_channels_are_channels(decode):
    names = ["console", "network", "nonsense"]
    (stream,) = decode([custom(T, "ww.channels", {"channels": names})]).streams.values()
    assert [CHANNELS[i] for i in range(len(CHANNELS)) if stream.channels >> i & 1] == names[:2]


def test_a_form_is_the_form_of_its_own_submit(decode, small):
    found = decode([*small[:4], custom(small[3]["timestamp"] + 1, "ww.submit", {"id": 7})]).rows[-1]
    assert (found["kind"], found["target"], found["form"]) == (e.SUBMIT, 7, 7)


def test_requests_of_the_network_plugin(decode):
    requests = [
        {"name": "/a?x=1", "status": 200, "startTime": 100.0, "endTime": 350.0, "initiatorType": "fetch"},
        {"name": "/b", "status": 0, "duration": 5_000.0, "timestamp": T - 5_000},
        {"name": "/c"},
        {"name": "/page", "isInitial": True, "status": 200},
    ]
    decoded = decode([plugin(T, "rrweb/network@1", {"requests": requests})])
    rows = decoded.rows
    assert rows["kind"].tolist() == [e.REQUEST] * 3
    assert rows["t"].tolist() == [T] * 3
    assert rows["value"][:2].tolist() == [250, 5_000]
    assert rows["x"][:2].tolist() == [200, 0]
    assert math.isnan(rows["x"][2])
    assert math.isnan(rows["value"][2])
    assert rows["detail"][0] == endpoint_digest("/a")


def test_unknown_plugins_are_counted_by_name(decode):
    decoded = decode([plugin(T, "mine@3", 1), plugin(T, "rrweb/sequential-id@1", {"id": 3})])
    assert decoded.counts.unknown == {"plugin mine@3": 1}
    assert decoded.counts.unknown_events == 1
    assert decoded.rows["kind"].tolist() == [e.STATUS] * 2
    assert decoded.rows["value"].tolist() == [e.NOT_UNDERSTOOD, 0]


@pytest.mark.parametrize("payload", [None, 3, "x", [], {"requests": 5}])
def test_payloads_of_another_shape_are_never_fatal(decode, payload):
    tags = ["ww.goal", "ww.page", "ww.trust", "ww.channels", "breadcrumb", "performanceSpan", "$pageview"]
    events = [custom(T, tag, payload) for tag in tags]
    events += [plugin(T, name, payload) for name in ("rrweb/console@1", "rrweb/network@1")]
    decoded = decode(events)
    assert decoded.rows.size == len(events)
