"""One file from an ordinary web address: gone on with where a download broke off, waited for where the server says so.

In: an address and the first digits of the file's sha256. Out: the file, whole and checked, or a sentence why not.
Knows nothing of models.
"""

from __future__ import annotations

import hashlib
import logging
import time
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any
from urllib import request
from urllib.error import HTTPError, URLError

from ...errors import SourceError

log = logging.getLogger(__name__)
_TRIES = 5
_SILENCE = 60  # seconds without a byte
_LONGEST = 120  # seconds that a server may ask us to wait
_PIECE = 1 << 20
_AGAIN = (408, 429, 500, 502, 503, 504)


class _Safe(request.HTTPRedirectHandler):
    """Follows no redirection from an encrypted address to a plain one."""

    def redirect_request(
        self, req: request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> request.Request | None:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise URLError(f"it redirects to the plain address {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(address: str, target: Path, promised: str) -> None:
    """Download into `target`, by way of `target.part`, which a later call goes on with.

    Args:
        address: http or https.
        target: the file.
        promised: its sha256 in hexadecimal digits, or the first of them.

    Raises:
        SourceError: it cannot be had, or is not the promised file.
    """
    part = target.with_name(target.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(_TRIES):
        try:
            if _more(address, part):
                break
            why, wait = "the connection broke off", 1.0
        except HTTPError as problem:
            why, wait = f"{problem.code} {problem.reason}", _asked_wait(problem.headers, attempt)
            if problem.code == 416:  # what we hold is no beginning of what they have
                part.unlink(missing_ok=True)
                wait = 0.0
            elif problem.code not in _AGAIN or wait > _LONGEST:
                raise _no(address, why) from problem
        except (URLError, ValueError) as problem:  # no such host, nobody listens, no address
            raise _no(address, str(getattr(problem, "reason", problem))) from problem
        except (OSError, HTTPException) as problem:  # in the middle of an answer
            why, wait = str(problem) or type(problem).__name__, 1.0
        log.info("%s: %s; trying again in %.0f s", address, why, wait)
        if attempt < _TRIES - 1:
            time.sleep(wait)
    else:
        raise _no(address, f"{why}, {_TRIES} times")
    with part.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if not found.startswith(promised):
        part.unlink()
        raise SourceError(
            f"What {address} gives has sha256 {found}, but it should begin with {promised}. It is not used. Try again; "
            "if that repeats, the mirror is wrong."
        )
    part.replace(target)


def _more(address: str, part: Path) -> bool:
    """Add to the part what is missing; False where the answer ended before its announced length."""
    have = part.stat().st_size if part.is_file() else 0
    asked = request.Request(address, headers={"User-Agent": "headstart"})
    if asked.type not in ("http", "https"):
        raise ValueError("only http and https are fetched from")
    if have:
        asked.add_header("Range", f"bytes={have}-")
    with request.build_opener(_Safe).open(asked, timeout=_SILENCE) as answer:
        goes_on = answer.status == 206 and (answer.headers["Content-Range"] or "").startswith(f"bytes {have}-")
        length: Any = answer.headers["Content-Length"]
        got = 0
        if not goes_on:
            part.unlink(missing_ok=True)
        with part.open("ab") as out:
            while piece := answer.read(_PIECE):
                out.write(piece)
                got += len(piece)
    return length is None or got == int(length)


def _asked_wait(headers: Message, attempt: int) -> float:
    """Seconds to wait: what the server asks for, a number or a date, else doubling."""
    said = headers.get("Retry-After", "")
    try:
        return float(said) if said.isdigit() else max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (TypeError, ValueError):
        return float(2**attempt)


def _no(address: str, why: str) -> SourceError:
    return SourceError(f"{address} does not give the file: {why}.")
