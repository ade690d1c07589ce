"""Stopping: a rule that is certain to do harm is switched off, with the reason on record."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec

from models.effects import Arm, Effect, effect
from pipelines.store.intervening import Outcome, outcomes, rules, sites_with_rules
from pipelines.store.store import Store
from service.offering.offers import Acting, rule_from

log = logging.getLogger("watchworthy.live")


def stop_harmful(store: Store, acting: Acting) -> list[str]:
    """Switch off every rule whose confidence sequence excludes that it does no harm; which they are."""
    return [rule for site in store.read(sites_with_rules) for rule in _stopped(store, acting, site)]


def _stopped(store: Store, acting: Acting, site: str) -> list[str]:
    stopped = []
    for row in store.read(lambda db: rules(db, site)):
        told = _effect(store, site, row.rule) if row.active else None
        if told is None or told.verdict != "harms":
            continue
        why = (
            f"stopped: it lowers the share that reaches a goal by {-told.high:.3f} at least, "
            f"by {told.offered.visitors} visitors beside {told.held.visitors} held out"
        )
        acting.keep(site, msgspec.structs.replace(rule_from(row), on=False), "service", why)
        log.warning("rule %s is switched off: %s", row.rule, why, extra={"site": site})
        stopped.append(row.rule)
    return stopped


def _effect(store: Store, site: str, rule: str) -> Effect:
    return measured(store.read(lambda db: outcomes(db, site, rule)))


def measured(found: Sequence[Outcome]) -> Effect:
    """The effect by intention to treat: of whom it was due for, whether or not they saw anything."""
    arms = {
        name: Arm(len(ours), sum(one.reached for one in ours))
        for name in ("offered", "held")
        for ours in [[one for one in found if one.arm == name]]
    }
    return effect(arms["offered"], arms["held"])
