"""Makes a site's table of base rates from its stored sessions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from data_contracts.errors import WatchworthyError
from features.log import sessions_of
from features.session import Session
from models.base_rates import Key, SiteTable, key_of, read, table, write
from models.facts import facts_of
from models.scorer import named_by
from pipelines.store.store import Store

DAYS: Final = 30
UNRIPE_DAYS: Final = 2  # what broke yesterday must not excuse itself
FOLDER: Final = "site_rates"


def counted(sessions: Iterable[Session]) -> dict[Key, tuple[int, int]]:
    """(met, sessions) of each signal on each element: sessions that showed it, of those that opened its page."""
    opened: Counter[str] = Counter()
    met: Counter[Key] = Counter()
    for session in sessions:
        facts = facts_of(session.moments, named_by(session), session.address)
        keys = {key_of(fact) for fact in facts if fact.element and fact.page}
        met.update(keys)
        opened.update({urlsplit(one).path or "/" for one in session.addresses()} | {key.page for key in keys})
    return {key: (count, opened[key.page]) for key, count in met.items()}


def stored_sessions(store: Store, site: str, as_of: date) -> Iterator[Session]:
    """Sessions of a site that began in the days that count, each folded anew from its batches.

    A session whose payload has expired or was erased is passed over: it is no longer the site's to learn from.
    """
    ripe = as_of - timedelta(days=UNRIPE_DAYS)
    first = as_of - timedelta(days=DAYS)
    after = 0
    while rows := store.sessions(after, 100, site):
        after = rows[-1].number
        for row in rows:
            try:
                batches = [batch for _, batch in store.batches(site, row.session)]
            except WatchworthyError:
                continue
            for session in sessions_of(batches, row.session):
                began = datetime.fromtimestamp(session.start_ms / 1000, UTC).date()
                if first <= began < ripe:
                    yield session


def site_table(store: Store, site: str, as_of: date) -> SiteTable:
    """The table of a site as it is known on a day."""
    counts = counted(stored_sessions(store, site, as_of))
    return table(site, as_of.isoformat(), DAYS, UNRIPE_DAYS, counts)


def path_of(data_dir: Path, site: str) -> Path:
    """Where the newest table of a site lies; a name of a site is no path."""
    safe = "".join(letter if letter.isalnum() or letter in "-_" else f"%{ord(letter):x}" for letter in site)
    return data_dir / FOLDER / f"{safe}.json"


def keep(made: SiteTable, data_dir: Path) -> Path:
    """Writes a table in place of the one before."""
    path = path_of(data_dir, made.site)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_bytes(write(made))
    beside.replace(path)
    return path


def kept(data_dir: Path, site: str) -> SiteTable | None:
    """The newest table of a site; None while there is none."""
    path = path_of(data_dir, site)
    return read(path.read_bytes(), str(path)) if path.is_file() else None
