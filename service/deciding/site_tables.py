"""The tables of base rates that decisions are made with: the newest of each site, looked for now and then."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Final

from models.base_rates import SiteTable
from pipelines.site_rates import kept

STAYS_S: Final = 60.0


class SiteTables:
    """Keeps the table of each site for a minute.

    Parameters
    ----------
    data_dir
        Where the job writes them.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, SiteTable | None]] = {}

    def of(self, site: str) -> SiteTable | None:
        """The table of a site; None while there is none.

        Raises
        ------
        WatchworthyError
            ``site_table`` if what lies there is none.
        """
        with self._lock:
            at, table = self._kept.get(site, (-STAYS_S, None))
            if time.monotonic() - at >= STAYS_S or site not in self._kept:
                table = kept(self._data_dir, site)
                self._kept[site] = (time.monotonic(), table)
            return table
