"""The pages of the owner: what they are made from, and all their routes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import FastAPI

from service.deciding.site_norms import SiteNorms
from service.fraud.asking import Asking
from service.live.admission import Admission
from service.live.settings import Settings
from service.triage.following import Following
from service.web import caring, login, player, queue_page, session_page
from service.web.desk import Desk
from service.web.files import Files
from service.web.guard import Guard
from service.web.origins import Origins
from service.web.owner import Owner
from service.web.rendering import PAGES, Renderer

BUILT: Final = Path(__file__).parent / "built"


def routes(
    app: FastAPI,
    asking: Asking,
    admission: Admission,
    settings: Settings,
    following: Following,
    norms: SiteNorms,
    owner: Owner,
) -> Desk:
    """Add the pages to an application; parameters as those of ``Desk`` and ``Guard``."""
    files = Files([PAGES, *(BUILT / name for name in ("islands", "player", "vendor"))])
    origins = Origins(settings.page_origin, settings.player_origin)
    guard = Guard(owner, origins, Renderer(files))
    desk = Desk(asking, admission, settings, following, norms, guard)
    app.state.guard = guard
    app.include_router(files.routes())
    app.include_router(login.router(guard))
    app.include_router(queue_page.router(desk))
    app.include_router(session_page.router(desk))
    app.include_router(caring.router(desk))
    app.include_router(player.router(desk, files))
    return desk
