"""A folder of the user's own for each test, and rigs that end what they started."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.jobs.rig import JobRig

MakeRig: TypeAlias = Callable[..., JobRig]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def make_rig() -> Iterator[MakeRig]:
    with ExitStack() as opened:

        def make(*arguments: object) -> JobRig:
            rig = JobRig(*arguments)  # type: ignore[arg-type]
            opened.callback(rig.service.close)
            return rig

        yield make


@pytest.fixture
def rig(make_rig: MakeRig) -> JobRig:
    return make_rig()
