"""Nothing here but haste."""

from __future__ import annotations

import pytest

from any_strategy import quick


@pytest.fixture(scope="module")
def haste():
    """For a module that trains a lot."""
    with quick():
        yield
