"""Metrics for operators, in the text format of Prometheus, on a port of their own.

Each process counts in files of a directory, and the metrics server adds up those of all workers.
So this module must not be imported before that directory is set.
https://prometheus.github.io/client_python/multiprocess/
"""

import logging
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from app.server.access_log import ResponseRecord
from app.server.log_queue import find_queue

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
REGISTRY = CollectorRegistry()  # not the default one, which describes one process only
_RESPONSES = Counter(
    "timeline_responses",
    "Responses by endpoint and status. `cache` is hit, shared (with an identical request that was "
    "in progress) or miss.",
    ["route", "status", "cache"],
    registry=REGISTRY,
)
_SECONDS = Histogram(
    "timeline_response_seconds",
    "Seconds from a complete request to the end of its response.",
    ["route"],
    registry=REGISTRY,
    buckets=_BUCKETS,
)
_WAIT_SECONDS = Counter(
    "timeline_database_wait_seconds",
    "Seconds that slow requests waited for other slow requests.",
    registry=REGISTRY,
)
_ABORTED = Counter("timeline_responses_aborted", "Responses that broke off.", registry=REGISTRY)
_DROPPED = Counter(
    "timeline_log_records_dropped",
    "Log records that were dropped, because standard error was not read in time.",
    registry=REGISTRY,
)


class MetricsHandler(logging.Handler):
    """Counts the records of the access log. They have everything that the metrics describe."""

    def __init__(self) -> None:
        super().__init__()
        self._dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count a response."""
        if not isinstance(record, ResponseRecord):
            return
        count, seconds = _children(record.route or "none", record.status, record.cache)
        count.inc()
        seconds.observe(record.seconds)
        if record.waited:
            _WAIT_SECONDS.inc(record.waited)
        if record.aborted:
            _ABORTED.inc()
        if (queue := find_queue()) and queue.dropped > self._dropped:
            _DROPPED.inc(queue.dropped - self._dropped)
            self._dropped = queue.dropped


@lru_cache(1_024)  # to find the metrics of labels takes longer than to count
def _children(route: str, status: int, cache: str) -> tuple[Counter, Histogram]:
    return _RESPONSES.labels(route, status, cache), _SECONDS.labels(route)


def start_metrics_server(host: str, port: int) -> int:
    """Serve the metrics of all processes, in a thread. Return the port. Raises OSError."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    server, _ = start_http_server(port, host, registry)
    return server.server_port
