"""Fixtures that several test packages need."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import settings

from bridge.drivers import clients
from bridge.drivers.dummy_server import QUIET_JACK, SHM, DummyServer, has_room_for_server
from tests.offline_sidecar import OfflineSidecar, open_offline_sidecar
from tests.tui.tmux_rig import OpenTmux, TmuxRig

# a busy machine is no fault: no property test is timed
settings.register_profile("sideman", deadline=None)
settings.load_profile("sideman")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a shell starts what runs behind it so, and every process that a test starts would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)
if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup does so


LONGEST = (
    "live/test_declared.py",
    "live/test_tui_killed.py",
    "live/test_tui.py",
    "live/test_following_stems.py",
    "live/test_killed.py",
    "live/test_server_faults.py",
    "live/test_controllers.py",
    "live/test_worker_faults.py",
    "demo/test_run.py",
    "contracts/test_contracts.py",
    "tui/test_same_output.py",
    "jobs/test_jobs_beside_a_sidecar.py",
    "controllers/test_hour.py",
    "clocks/test_hour.py",
    "tui/test_app_offline.py",
    "engines/mir/learned/test_learned_mir.py",
    "engines/backing/test_beat_grid.py",
    "runtime/test_supervisor.py",
    "runtime/test_worker_restarts.py",
    "runtime/test_warmup.py",
)
"""Files that take 15 s or more of a processor, or few tests of them much of it."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Of the live tests alone only files that have some are imported: each process would import all modules else."""
    is_test = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    if config.option.markexpr == "live" and is_test and "mark.live" not in collection_path.read_text(encoding="utf-8"):
        return True
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with the longest tests come first, then those with the most: two processes that share files out then end at
    about the same time."""
    tests = Path(__file__).parent
    ranks = {tests / name: rank for rank, name in enumerate(LONGEST)}
    counts = Counter(item.path for item in items)
    items.sort(key=lambda item: (ranks.get(item.path, len(ranks)), -counts[item.path]))


def pytest_collection_finish() -> None:
    """The 15,000 tests themselves are no garbage: without them all takes a twelfth less, as collections are shorter."""
    gc.collect()
    gc.freeze()


def refuse_groups(send: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """``os.kill`` or ``os.killpg``, but not to 0 or below: these are the tests' own group, and all processes."""

    def send_to_one(number: int, what: int) -> None:
        assert number > 0, f"signal {what} to {number} would end the tests and what started them"
        send(number, what)

    return send_to_one


@pytest.fixture(autouse=True, scope="session")
def no_signals_to_ourselves() -> Iterator[None]:
    """A worker that has ended has the process number 0, and a test that kills it would kill the whole test run."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("kill", "killpg"):
            if hasattr(os, name):
                patch.setattr(os, name, refuse_groups(getattr(os, name)))
        yield


class StartServer(Protocol):
    """What the fixture ``jack_server`` gives: call it for a running server of your own."""

    def __call__(self, rate: int = 44100, period: int = 128, *, realtime: bool = False) -> DummyServer: ...


@pytest.fixture
def jack_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[StartServer]:
    """Starts private jackds on unique names; all of them, and their shared memory, are gone after the test."""
    for tool in ("jackd", "jack_wait"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    for name, value in QUIET_JACK.items():
        monkeypatch.setenv(name, value)
    with ExitStack() as stack:

        def start(rate: int = 44100, period: int = 128, *, realtime: bool = False) -> DummyServer:
            if not has_room_for_server():
                pytest.skip(f"{SHM} has no room for another JACK server")
            return stack.enter_context(DummyServer(rate, period, realtime=realtime))

        yield start
        assert not clients._servers, "a JACK client of this process is left, and later tests can open no other"


class StartOfflineSidecar(Protocol):
    """What the fixture ``offline_sidecar`` gives: call it, in a with statement, for a sidecar process without JACK."""

    def __call__(
        self, song: Path | None = None, clock: str = "real", arguments: Sequence[str] = (), settings: str = ""
    ) -> AbstractContextManager[OfflineSidecar]: ...


@pytest.fixture
def offline_sidecar(tmp_path: Path) -> StartOfflineSidecar:
    """Starts sidecars without JACK, with settings of their own: see `open_offline_sidecar`."""

    def start(
        song: Path | None = None, clock: str = "real", arguments: Sequence[str] = (), settings: str = ""
    ) -> AbstractContextManager[OfflineSidecar]:
        return open_offline_sidecar(tmp_path, song, clock, arguments, settings)

    return start


_TMUX_NUMBERS = itertools.count()
"""A server that is being ended keeps its name for a moment."""


@pytest.fixture
def open_tmux() -> Iterator[OpenTmux]:
    """Opens tmux servers of its own; all of them, and what runs in them, are gone after the test."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    opened: list[TmuxRig] = []

    def start(*arguments: str, **environment: str) -> TmuxRig:
        opened.append(TmuxRig(f"sideman-{os.getpid()}-{next(_TMUX_NUMBERS)}", arguments, environment))
        return opened[-1]

    yield start
    for rig in opened:
        sys.stdout.write(rig.read())  # shown where the test failed
        rig.close()
