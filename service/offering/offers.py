"""Acting: of the rules that are on, which one a session meets now, and whether its caps still let it be offered."""

from __future__ import annotations

import secrets
import time
import tomllib
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from data_contracts.rules import Rule, rule_of, version
from pipelines.store.intervening import RuleRow, add_rule, rules, sites_with_rules, used
from pipelines.store.store import Store
from pipelines.store.units import Cap, Intervention
from service.deciding.secrets import Secrets
from service.offering.conditions import State, checked, held_out, in_turn, is_met

FOLDER: Final = "rules"
SHIPPED: Final = Path(__file__).parent / "shipped"
SITE: Final = "default"
ID_BYTES: Final = 12


class Offer(NamedTuple):
    """What is due: the rows that it takes."""

    intervention: Intervention
    caps: tuple[Cap, ...]


class Acting:
    """The rules of every site.

    Parameters
    ----------
    store
        Where rules and what was offered are kept.
    kept
        Secrets of the sites, that holdouts are drawn by.
    """

    def __init__(self, store: Store, kept: Secrets) -> None:
        self._store = store
        self._secrets = kept
        self._on: dict[str, list[Rule]] = {}

    def load(self, data_dir: Path) -> None:
        """Take up the files of a data folder, and the rules that ship, each switched off until somebody wants it.

        Raises
        ------
        ValueError
            If a file holds no rule; the message names the file, the place and what is wrong.
        """
        known = {row.rule for row in self._store.read(lambda db: rules(db, SITE))}
        for path in sorted(SHIPPED.glob("*.toml")):
            if path.stem not in known:
                self.keep(SITE, rule_in(path), "shipped", "it ships with this release")
        folder = data_dir / FOLDER
        for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
            self.keep(SITE, rule_in(path), "file", f"read from {path.name}")
        self.look()

    def keep(self, site: str, rule: Rule, made_by: str, why: str) -> bool:
        """Keep a rule as its newest version; whether it is another than before.

        Raises
        ------
        ValueError
            As ``checked``.
        """
        checked(rule)
        told = (rule.id, version(rule), rule.on, msgspec.json.encode(rule))
        now_ms = time.time_ns() // 1_000_000
        kept = self._store.write(lambda db: add_rule(db, site, told, made_by, why, now_ms), ()).result()
        self.look()
        return kept

    def look(self) -> None:
        """See anew which rules are on."""

        def read(db: Any) -> dict[str, list[RuleRow]]:
            return {site: rules(db, site) for site in sites_with_rules(db)}

        found = self._store.read(read)
        self._on = {site: in_turn([rule_from(row) for row in rows]) for site, rows in found.items()}

    def is_idle(self, site: str) -> bool:
        """Whether no rule of a site is on."""
        return not self._on.get(site)

    def met(self, site: str, state: State, but: Collection[str]) -> Rule | None:
        """The first rule in their order that a session meets, but for some."""
        secret = self._secrets.of(site)
        for rule in self._on.get(site, ()):
            if rule.id not in but and is_met(rule, state, secret):
                return rule
        return None

    def offer(
        self, site: str, session: str, rule: Rule, state: State, goals: int, now_ms: int
    ) -> Offer | None:
        """What is due by a rule, if its caps and the quiet after a dismissal leave room; else None.

        Whoever submits it may find a row of its caps taken meanwhile (``already_stored``): then it is not due.
        """
        day = datetime.fromtimestamp(now_ms / 1_000, UTC).strftime("%Y-%m-%d")
        visitor = state.visitor
        taken = self._store.read(lambda db: used(db, site, rule.id, visitor, day))
        if taken.dismissed_ms is not None and now_ms - taken.dismissed_ms < rule.quiet_hours * 3_600_000:
            return None
        slots = [f"{visitor}:{i}" for i in range(rule.caps.per_visitor)]
        free = next((slot for slot in slots if slot not in taken.visitor), None)
        held = held_out(rule, visitor, self._secrets.of(site))
        if free is None or taken.day >= rule.caps.per_day:
            return None  # of either arm: those who are compared are of the same hours
        caps = [Cap(f"visitor {rule.id}", free), Cap(f"session {rule.id}", session)]
        if not held:
            caps.append(Cap(f"day {rule.id}", f"{day}:{taken.last + 1:06}"))
        name = f"in_{secrets.token_hex(ID_BYTES)}"
        body = b"" if held else msgspec.json.encode({"id": name} | msgspec.to_builtins(rule.action))
        arm = "held" if held else "offered"
        made = Intervention(name, rule.id, body, version(rule), visitor, arm, goals)
        return Offer(made, tuple(caps))


class _Kind(msgspec.Struct):
    kind: str = ""


def kind_of(one: Intervention) -> str:
    """What kind of action an intervention is; empty of a visitor who is held out."""
    return msgspec.json.decode(one.body, type=_Kind).kind if one.body else ""


def rule_from(row: RuleRow) -> Rule:
    """The rule of a row, on or off as the row has it."""
    return msgspec.structs.replace(msgspec.json.decode(row.body, type=Rule), on=bool(row.active))


def rule_in(path: Path) -> Rule:
    """The rule in a file.

    Raises
    ------
    ValueError
        If there is none in it; the message names the file, the place and what is wrong.
    """
    try:
        return checked(rule_of(tomllib.loads(path.read_text("utf-8"))))
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: {error}") from None


def answer_to(seq: int, outliers: int, offered: Iterable[bytes] = ()) -> bytes:
    """What a recorder is told: that its batch is kept, and what to do; never what is thought of the visitor."""
    told = b",".join(offered)
    if not outliers:
        return b'{"ok":true,"seq":%d,"interventions":[%b]}' % (seq, told)
    return b'{"ok":true,"seq":%d,"interventions":[%b],"refused":{"clock_outlier":%d}}' % (seq, told, outliers)
