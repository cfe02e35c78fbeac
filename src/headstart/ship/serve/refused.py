"""A request that is not answered: the status, what was wrong, and what to do."""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import HeadstartError


class Refused(HeadstartError):
    """Raised wherever a request is read; it becomes {"error": …} with this status."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.headers = status, dict(headers or {})
        super().__init__(message)


def busy(message: str) -> Refused:
    """Too much at once: the same request may be sent again in a second."""
    return Refused(429, f"{message} Send it again in a moment.", {"Retry-After": "1"})
