"""What Prometheus is told: requests by path and status, their seconds, inputs waiting, sizes of batches."""

from __future__ import annotations

from collections.abc import Callable


class Numbers:
    """Counters of one server, in a registry of their own."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._registry = on = CollectorRegistry()
        spans = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
        sizes = (1, 2, 4, 8, 16, 32, 64)
        self._requests = Counter("headstart_requests", "Requests answered.", ["path", "status"], registry=on)
        self._seconds = Histogram("headstart_request_seconds", "To the answer.", ["path"], buckets=spans, registry=on)
        self._batches = Histogram("headstart_batch_inputs", "Of a batch.", ["model"], buckets=sizes, registry=on)
        self._waiting = Gauge("headstart_inputs_waiting", "Let in, not yet answered.", ["model"], registry=on)

    def request(self, path: str, status: int, seconds: float) -> None:
        """A request was answered; `path` is that of its route."""
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def batch(self, model: str) -> Callable[[int], None]:
        """Who is told the size of each of a model's batches."""
        seen: Callable[[int], None] = self._batches.labels(model).observe
        return seen

    def waiting(self, model: str, now: Callable[[], float]) -> None:
        """Asks `now` for the inputs that wait for a model whenever the text is made."""
        self._waiting.labels(model).set_function(now)

    def text(self) -> tuple[bytes, str]:
        """The text, and its content type."""
        from prometheus_client import exposition

        return exposition.generate_latest(self._registry), exposition.CONTENT_TYPE_LATEST
