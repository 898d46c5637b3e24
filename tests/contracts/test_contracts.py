"""Every engine that is installed keeps the contract; a new one is tested without a line here."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points

import pytest

from bridge.core.engine import ENTRY_POINTS
from tests.contracts.checks import CHECKS
from tests.contracts.running import Factory

ENGINES = tuple(entry_points(group=ENTRY_POINTS))


def test_the_three_first_engines_are_registered() -> None:
    assert {"separation.dsp", "mir.chroma", "accompaniment.basic"} <= {entry.name for entry in ENGINES}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("entry", ENGINES, ids=lambda entry: entry.name)
def test_an_engine_keeps_its_contract(entry: EntryPoint, check: Callable[[Factory], None]) -> None:
    check(entry.load())
