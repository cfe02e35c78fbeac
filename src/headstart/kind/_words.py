"""Numbers for people: a real minus, a blank before the per cent sign, a dash where there is nothing to tell."""

from __future__ import annotations

import math


def number(value: float | None, digits: int = 3) -> str:
    """A number with a fixed count of decimals and a real minus; a dash where there is none.

    >>> number(-0.25, 2), number(None)
    ('−0.25', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else f"{0:.{digits}f}"


def percent(value: float | None, digits: int = 1) -> str:
    """A part of one in per cent.

    >>> percent(0.948), percent(None)
    ('94.8 %', '–')
    """
    text = "" if value is None else number(100 * value, digits)
    return f"{text} %" if text.strip("–") else "–"


def figures(value: float | None) -> str:
    """A number in a unit that nobody knows, to three figures; large ones whole.

    >>> figures(0.04123), figures(12345.6), figures(-0.0), figures(None)
    ('0.0412', '12,346', '0', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    value += 0.0  # no minus before nothing
    return (f"{value:.3g}" if abs(value) < 999.5 else f"{value:,.0f}").replace("-", "−")


def with_loss(said: str, loss: float | None) -> str:
    """What was said of an answer, and the log-loss where there is one."""
    return said if loss is None else f"{said}, log-loss {number(loss)}"
