"""Fixtures of the callback tests: callbacks without JACK. A module with another graph defines its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.runtime.callback_driver import NO_ENGINES, Callback, open_callback
from tests.runtime.stem_worker import DEADLINE, LATENCY


@pytest.fixture
def callback() -> Iterator[Callback]:
    with open_callback(latency=LATENCY, slack=DEADLINE) as opened:
        yield opened


@pytest.fixture
def dry() -> Iterator[Callback]:
    """Nobody separates: the input is in ``other`` at once."""
    with open_callback(NO_ENGINES) as opened:
        yield opened
