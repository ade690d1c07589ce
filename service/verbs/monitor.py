"""``watchworthy monitor``: what has moved, how precise flags are, and an alarm to the webhooks where it is due."""

from __future__ import annotations

from pathlib import Path

import msgspec

from data_contracts.messages import AlertFired
from pipelines.lifecycle.alarms import Alarm, Alarms, found
from pipelines.lifecycle.report import spelled, write
from pipelines.lifecycle.watching import DAY_MS, Watched, watch
from pipelines.store import posting
from pipelines.store.store import Store
from service.screen import errors, out
from service.sending.messages import outgoing
from service.verbs.learn import opened

MINUTE_MS = 60_000


def run(data_dir: Path, site: str, days: float, report: Path, json: Path | None) -> int:
    """Look, write the report, raise what is due; the exit status is 0 whatever has moved."""
    with opened(data_dir) as store:
        told = watch(store, site, days)
        due = Alarms(data_dir).look(site, found(told), told.at_ms)
        raise_alarms(store, told, due, days)
    write(report, told, due)
    out.print(
        f"{told.now} sessions of the last {days:g} days beside {told.before} before: "
        f"{sum(one.drifted for one in told.scores)} of {len(told.scores)} scores and "
        f"{sum(one.drifted for one in told.features)} of {len(told.features)} features have moved."
    )
    for one in told.moved[:10]:
        out.print(f"  {one.name}: {one.effect:.2f} spreads, q = {one.q:.3f}", highlight=False)
    for head in told.heads:
        out.print(
            f"{head.head}: {head.raised} raised; precision estimated {spelled(head.estimated)}, "
            f"measured {spelled(head.measured)}",
            highlight=False,
        )
    for alarm in due:
        out.print(f"[yellow]Alarm[/]: {alarm.key}, in {alarm.times} of the last {alarm.of} looks")
    errors.print(f"Report: {report}")
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(told)) + b"\n")
    return 0


def raise_alarms(store: Store, told: Watched, due: list[Alarm], days: float) -> None:
    """Put alarms into the outbox, from which the service sends them to the site's webhooks."""
    messages = [
        outgoing(
            AlertFired(
                alert="model-monitor",
                site=told.site,
                about="model.monitor",
                key=one.key,
                count=one.times,
                of=one.of,
                within_minutes=days * DAY_MS / MINUTE_MS,
            ),
            told.at_ms,
            f"model-monitor {told.site} {one.key} {told.at_ms}",
        )
        for one in due
    ]
    if messages:
        store.write(
            lambda db: [posting.post(db, told.site, one.id, one.topic, one.body) for one in messages], ()
        ).result()
