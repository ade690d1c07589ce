"""What Prometheus is told of the service."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from data_contracts.scrub import CLEAN, Scrubbed
from pipelines.store.store import Stats

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
MASKED = Scrubbed._fields[1:-1]
"""Kinds of what the scrub masks."""


class Taken(Collector):
    """What is counted of every batch: plain numbers, made into metrics when somebody asks.

    Attributes
    ----------
    batches, events
        That were stored and answered.
    """

    def __init__(self) -> None:
        self.batches = 0
        self.events = 0
        self._within = [0] * (
            len(SECONDS) + 1
        )  # answers that took up to each of these, then those that took longer
        self._seconds = 0.0
        self._masked = dict.fromkeys(MASKED, 0)

    def took(self, events: int, scrubbed: Scrubbed) -> None:
        """Count a batch of so many events that is stored, and what the scrub has masked in it."""
        self.batches += 1
        self.events += events
        if scrubbed is not CLEAN:
            for kind, number in zip(MASKED, scrubbed[1:], strict=False):
                self._masked[kind] += number

    def answered(self, seconds: float) -> None:
        """Count an answer that took so long."""
        self._within[bisect_left(SECONDS, seconds)] += 1
        self._seconds += seconds

    def collect(self) -> Iterator[Metric]:
        """The metrics now."""
        yield CounterMetricFamily("watchworthy_batches", "Batches stored and answered.", self.batches)
        yield CounterMetricFamily("watchworthy_events", "Events stored.", self.events)
        edges = [*map(str, SECONDS), "+Inf"]
        yield HistogramMetricFamily(
            "watchworthy_batch_seconds",
            "From the first byte of a batch to its answer.",
            buckets=list(zip(edges, map(float, accumulate(self._within)), strict=True)),
            sum_value=self._seconds,
        )
        masked = CounterMetricFamily(
            "watchworthy_masked", "Places masked before they were stored, by kind.", labels=["kind"]
        )
        for kind, number in self._masked.items():
            masked.add_metric([kind], number)
        yield masked


class Metrics:
    """Counters of one service, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ours = self.registry
        self.taken = Taken()
        ours.register(self.taken)
        self.repeats = Counter("watchworthy_repeats", "Batches that were known already.", registry=ours)
        self._refusals = Counter(
            "watchworthy_refusals",
            "Requests refused, and events refused as clock_outlier, by reason.",
            ["reason"],
            registry=ours,
        )
        self.loop_lag = Gauge(
            "watchworthy_loop_lag_seconds", "How late the event loop woke last.", registry=ours
        )
        self.live = Gauge("watchworthy_live_sessions", "Sessions in memory.", registry=ours)
        self.memory = Gauge(
            "watchworthy_memory_bytes",
            "Memory by part; `resident` is all of the process.",
            ["part"],
            registry=ours,
        )
        self.evictions = Gauge(
            "watchworthy_evictions", "Sessions dropped from memory for room.", registry=ours
        )
        self.rebuilds = Gauge("watchworthy_rebuilds", "Sessions read again from the store.", registry=ours)
        self.bundle = Gauge("watchworthy_bundle", "1 for the models that score.", ["digest"], registry=ours)
        self.webhooks = Counter(
            "watchworthy_webhook_messages",
            "Attempts to send a message, by what came of them; `dead` were given up.",
            ["outcome"],
            registry=ours,
        )
        self.webhooks_waiting = Gauge(
            "watchworthy_webhook_waiting",
            "Messages that wait to be sent, counted now and then.",
            registry=ours,
        )

    def watch(self, stats: Callable[[], Stats]) -> None:
        """Tell of a store too, as it stands whenever somebody asks."""
        self.registry.register(_StoreMetrics(stats))

    def refused(self, reason: str, times: int = 1) -> None:
        """Count what was refused under a code."""
        self._refusals.labels(reason).inc(times)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)


class _StoreMetrics(Collector):
    """What a store counts, read when somebody asks."""

    def __init__(self, stats: Callable[[], Stats]) -> None:
        self._stats = stats

    def collect(self) -> Iterator[Metric]:
        now = self._stats()
        yield CounterMetricFamily("watchworthy_commits", "Transactions of the store.", now.commits)
        yield CounterMetricFamily(
            "watchworthy_failed_commits", "Transactions that were rolled back.", now.failed_commits
        )
        failures = CounterMetricFamily(
            "watchworthy_seal_failures", "Sessions that could not be sealed, by reason.", labels=["reason"]
        )
        for reason, times in now.seal_failures.items():
            failures.add_metric([reason], times)
        yield failures
        yield GaugeMetricFamily("watchworthy_queue_batches", "Batches that wait to be stored.", now.waiting)
        yield GaugeMetricFamily(
            "watchworthy_queue_seconds", "How long the oldest of them waits.", now.waiting_s
        )
        yield GaugeMetricFamily(
            "watchworthy_disk_free_bytes", "Free on the disk of the data directory.", now.disk_free
        )
