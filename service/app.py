"""The application: every route, what they share, and how it begins and ends."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from data_contracts.assessments import Assessment
from data_contracts.decisions import Decision
from data_contracts.errors import CODES, WatchworthyError
from data_contracts.schemas import components
from models.live_scores import LiveScorer
from models.scorer import Scorer
from pipelines import audit
from pipelines.store.listing import forget_changes
from pipelines.store.store import Store
from service.acting import routes as acting
from service.acting.stopping import stop_harmful
from service.deciding.bundles import Bundles
from service.deciding.follower import Follower
from service.deciding.policy import Policy
from service.deciding.shadow import Shadow
from service.deciding.site_norms import SiteNorms
from service.deciding.site_tables import SiteTables
from service.exporting import routes as exports
from service.fraud import annotating
from service.fraud import routes as fraud
from service.fraud.asking import Asking
from service.live import batches_route
from service.live.admission import Admission
from service.live.closing import close_ended
from service.live.front import Door, Front
from service.live.json_body import COMPONENT
from service.live.keys import Keys
from service.live.metrics import CONTENT_TYPE, Metrics
from service.live.reception import Reception
from service.live.refusals import KINDS, Refusal, kind
from service.live.sessions_route import session_now
from service.live.settings import Settings
from service.modelling import routes as modelling
from service.recorder import routes as recorder
from service.recorder.versions import Versions
from service.sending import routes as webhooks
from service.sending.alerts import Alerts
from service.sending.announcing import Announcer
from service.sending.dispatcher import Dispatcher
from service.triage import routes as triage
from service.triage.caring import wake
from service.triage.following import Following
from service.web.guard import misfit
from service.web.owner import Owner
from service.web.routes import routes as pages

log = logging.getLogger("watchworthy.live")
TICK_S = 1.0
TEND_S = 10.0
COLLECT_EVERY = (50_000, 20, 100)  # Python's own: 700, 10, 10
SWEEP_S = 3_600.0
CHANGES_MS = 30 * 86_400_000  # how long a change can be followed; the cards themselves stay
PAGE_BYTES = resource.getpagesize()


class Service:
    """Everything that one process of the service holds.

    Parameters
    ----------
    data_dir
        Where everything is kept.
    settings
        What the owner chose.
    store
        The log of batches; closed by ``close``.

    Raises
    ------
    WatchworthyError
        ``alerts_wrong``.
    """

    def __init__(self, data_dir: Path, settings: Settings, store: Store) -> None:
        alerts = Alerts(data_dir)
        self.settings = settings
        self.metrics = Metrics()
        self.store = store
        self.metrics.watch(store.stats)
        self.keys = Keys(data_dir)
        self.owner = Owner(data_dir)
        self.admission = Admission(self.keys, settings)
        scorer = LiveScorer(Scorer.starter(settings.models))
        self.reception = Reception(store, scorer, settings, self.metrics, Policy.load(data_dir))
        self.reception.judge.tables = SiteTables(data_dir).of
        self.reception.acting.load(data_dir)
        self.bundles = Bundles(data_dir)
        own = scorer.scorer.bundle
        self.bundles.keep(own, settings.models)
        self.metrics.bundle.labels(own.digest).set(1)
        self.follower = Follower(self.bundles.shelf, self.take_up, own.digest)
        self.shadow = Shadow(store, self.reception.judge.secrets)
        self.norms = SiteNorms(store)
        self.recorders = Versions(data_dir)
        self.following = Following(store)
        self.dispatcher = Dispatcher(store, self.metrics, alerts)
        self.announcer = Announcer(store, alerts)
        self.reception.announce = self.announcer
        self.warm = False
        self.failure: Exception | None = None
        """Why it will never be warm."""

    def take_up(self, scorer: LiveScorer) -> None:
        """Score by another bundle from now on."""
        self.metrics.bundle.labels(self.reception.scorer.scorer.bundle.digest).set(0)
        self.reception.take_up(scorer)
        self.metrics.bundle.labels(scorer.scorer.bundle.digest).set(1)

    def check(self) -> None:
        """Refuse a batch before any work is done on it.

        Raises
        ------
        Refusal
            ``starting``, ``busy``, ``disk_full``.
        """
        if not self.warm:
            raise Refusal("starting")
        self.reception.check_room()

    async def begin(self) -> None:
        """Compile everything, beside the loop, so that whoever asks meanwhile hears that it is not ready."""
        try:
            await asyncio.get_running_loop().run_in_executor(None, self.follower.look)
            await asyncio.get_running_loop().run_in_executor(None, self.reception.warm)
            await asyncio.get_running_loop().run_in_executor(None, self.announcer.look)
        except Exception as error:
            self.failure = error
            raise
        keep_what_stays()
        self.warm = True

    def close(self) -> None:
        """Finish what waits, and close every file."""
        self.following.close()
        self.reception.close()
        self.store.close()
        self.keys.close()
        self.owner.close()

    async def watch(self) -> None:
        """Measure the loop, take up changed keys, and see who listens, every second."""
        failed = False
        loop = asyncio.get_running_loop()
        while True:
            due = time.perf_counter() + TICK_S
            await asyncio.sleep(TICK_S)
            self.metrics.loop_lag.set(max(0.0, time.perf_counter() - due))
            try:
                self.keys.refresh()
                await loop.run_in_executor(None, self.announcer.look)
                await loop.run_in_executor(None, self.reception.acting.look)
                await loop.run_in_executor(None, self.follower.look)
                failed = False
            except Exception as error:
                if not failed:
                    log.error("webhooks, rules or keys cannot be read; those known stay good: %s", error)
                failed = True

    async def tend(self) -> None:
        """End, close and seal the sessions that are due, again and again; now and then, sweep up what sealing left."""
        swept = time.monotonic()
        while True:
            await asyncio.sleep(TEND_S)
            now_ms = time.time_ns() // 1_000_000
            loop = asyncio.get_running_loop()
            try:
                await loop.run_in_executor(None, self.store.end_due, now_ms)
                await close_ended(self.reception)
                await loop.run_in_executor(None, self.shadow.look, self.follower)
                await loop.run_in_executor(None, self.store.seal_due, now_ms)
                await loop.run_in_executor(None, self.wake, now_ms)
                await loop.run_in_executor(None, self.link, now_ms)
                if time.monotonic() - swept > SWEEP_S:
                    swept = time.monotonic()
                    await loop.run_in_executor(None, self.store.sweep)
                    await loop.run_in_executor(None, stop_harmful, self.store, self.reception.acting)
                    await loop.run_in_executor(None, forget_changes, self.store, now_ms - CHANGES_MS)
            except WatchworthyError as error:
                log.error("keeping house failed; it is tried again: %s", error)
            except Exception:
                log.exception("keeping house failed; it is tried again")

    def wake(self, now_ms: int) -> None:
        """Bring back the cards that were put off until now."""
        self.store.write(lambda db: wake(db, now_ms), ()).result()

    def link(self, now_ms: int) -> None:
        """Link what was decided into the chain, and write the new root down outside where the owner wants that."""
        block = audit.link(self.store, now_ms)
        path = self.settings.audit_root_path
        if block is not None and path is not None:
            with path.open("a", encoding="ascii") as lines:
                lines.write(f"{block.height}:{block.hash.hex()}\n")

    def measure(self) -> bytes:
        """The metrics now."""
        sessions, metrics = self.reception.sessions, self.metrics
        metrics.live.set(len(sessions))
        metrics.evictions.set(sessions.evictions)
        metrics.rebuilds.set(sessions.rebuilds)
        metrics.memory.labels("live_sessions").set(sessions.bytes)
        metrics.memory.labels("writer_queue").set(self.store.stats().waiting_bytes)
        metrics.memory.labels("resident").set(resident_bytes())
        return metrics.text()

    async def ready(self) -> None:
        """Say whether batches can be taken.

        Raises
        ------
        Refusal
            ``starting``; what the store says when it cannot write.
        """
        if not self.warm:
            raise Refusal("starting")
        health = await asyncio.get_running_loop().run_in_executor(None, self.store.healthy)
        if not health.ok:
            raise Refusal(health.code, health.message)


def keep_what_stays() -> None:
    """Spare the collector of cycles what is there for good, and have it look seldom: live sessions make no cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_EVERY)


def resident_bytes() -> int:
    """Memory of this process that is in RAM; the peak of it where the system tells no more."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * PAGE_BYTES
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024


def application(service: Service) -> Door:
    """What answers for a service."""

    async def rehearsed() -> None:
        while not service.warm:
            await asyncio.sleep(TICK_S)
        await asyncio.to_thread(desk.stories.warm)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        jobs = (service.begin, service.watch, service.tend, service.dispatcher.run, rehearsed)
        tasks = [asyncio.create_task(job()) for job in jobs]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            service.close()

    app = FastAPI(
        title="Watchworthy",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    route = batches_route.BatchesRoute(service.reception, service.admission, service.settings, service.check)
    app.add_middleware(Front, metrics=service.metrics)
    app.router.routes.insert(0, Route(batches_route.PATH, route, methods=["POST", "OPTIONS"]))
    app.add_exception_handler(Refusal, _raised)
    app.add_exception_handler(HTTPException, _raised)
    app.add_exception_handler(RequestValidationError, _invalid)
    _routes(app, service)
    asking = Asking(service.reception, service.reception.judge.secrets, service.bundles, service.norms)
    for room in (fraud, annotating):
        app.include_router(room.router(asking, service.admission, service.settings))
    app.include_router(
        triage.router(service.reception, service.admission, service.settings, service.following)
    )
    app.include_router(acting.router(service.reception, service.admission, service.settings))
    app.include_router(recorder.router(service.recorders))
    app.include_router(exports.router(service.store, service.admission))
    app.include_router(modelling.router(service.reception, service.admission, service.bundles.shelf))
    webhooks.routes(app, service.store, service.admission)
    desk = pages(
        app, asking, service.admission, service.settings, service.following, service.norms, service.owner
    )
    _describe(app)
    return Door(app, route, service.metrics)


async def _raised(request: Request, error: Exception) -> Response:
    raise error  # the front answers


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    raise misfit(error)


def _routes(app: FastAPI, service: Service) -> None:
    @app.get("/healthz", tags=["operations"])
    async def healthz() -> dict[str, bool]:
        """Whether the process is alive."""
        return {"ok": True}

    @app.get("/readyz", tags=["operations"])
    async def readyz() -> dict[str, bool]:
        """Whether batches can be taken: everything compiled, the store healthy, room in its queue."""
        await service.ready()
        return {"ok": True}

    @app.get("/metrics", tags=["operations"], response_class=PlainTextResponse)
    async def metrics() -> Response:
        """The metrics, as Prometheus reads them."""
        return Response(service.measure(), media_type=CONTENT_TYPE)

    @app.get("/v1/errors/{code}", tags=["operations"])
    async def error(code: str) -> dict[str, Any]:
        """What an error code means."""
        if code not in KINDS and code not in CODES:
            raise Refusal("not_found", "There is no such code.")
        known = kind(code)
        return {"code": code, "status": known.status, "retryable": known.retryable, "text": known.text}

    @app.get("/v1/sessions/{session_id}", tags=["sessions"])
    async def session(session_id: str, authorization: str | None = Header(None)) -> Response:
        """One session as it is known now: coverage, vector, moments, scores. Needs a read key.

        `percentiles` says where the site's last 2,000 ended sessions put each value; null where fewer than 100 of them
        have one.
        """
        key = service.admission.holder(authorization, "read")
        told = await session_now(service.reception, service.norms, key.site, session_id)
        return Response(told, media_type="application/json")


def _describe(app: FastAPI) -> None:
    """Add to the API's description what FastAPI does not see."""
    made = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = made()
            schema["paths"][batches_route.PATH] = batches_route.OPENAPI
            shared = schema.setdefault("components", {}).setdefault("schemas", {})
            shared |= components((Assessment, Decision), COMPONENT)
            shared["Error"] = batches_route.ERROR
            for path in schema["paths"].values():
                for call in path.values():
                    call["responses"].pop("422", None)
                    call["responses"].setdefault(
                        "default", batches_route.OPENAPI["post"]["responses"]["default"]
                    )
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
