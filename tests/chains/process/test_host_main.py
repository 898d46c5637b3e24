"""Host process, the child's side: it ends with its parent, whatever it does, and every failure is a reply."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from bridge.errors import ConfigError
from chains.document.chain import Chain
from chains.hosts.host_main import RequestLoop
from chains.process.host_child import HostChild
from chains.process.messages import (
    AudioSegment,
    Failure,
    LoadRequest,
    LoadResult,
    ParametersRequest,
    ParametersResult,
    RenderRequest,
    RenderResult,
    Reply,
    StateRequest,
    StateResult,
    Step,
)
from chains.process.verdict import HostVerdict, PluginError
from tests.processes import alive
from tests.waiting import until

HANG_WITH_THE_GIL = """
import ctypes, os, sys
from chains.hosts.host_main import watch_lifeline
watch_lifeline(int(sys.argv[1]))
child = os.fork()
if child:
    print(child, flush=True)
ctypes.PyDLL(None).sleep(3600)
"""
"""Sleeps in C without releasing the interpreter's lock, in two processes of one session: no thread of Python's runs."""
SEGMENT = AudioSegment("", 2, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="a signal of Linux's")
def test_a_child_that_holds_the_interpreters_lock_ends_with_its_parent_too() -> None:
    theirs, ours = os.pipe()
    command = [sys.executable, "-c", HANG_WITH_THE_GIL, str(theirs)]
    with subprocess.Popen(
        command, pass_fds=(theirs,), start_new_session=True, stdout=subprocess.PIPE, text=True
    ) as child:
        os.close(theirs)
        assert child.stdout is not None
        grandchild = int(child.stdout.readline())
        assert child.poll() is None
        os.close(ours)
        assert child.wait() == -9
        until("the end of what it started", lambda: not alive(grandchild))


class FailingHost:
    """A host whose every call raises ``error``, or gives a result with ``peak``."""

    def __init__(self, error: BaseException | None = None, peak: float = 0.0) -> None:
        self.error, self.peak = error, peak

    def load(self, request: LoadRequest, report_step: Callable[[str, str], None]) -> LoadResult:
        report_step("load", "Comp")
        if self.error:
            raise self.error
        return LoadResult((), 0)

    def render(self, request: RenderRequest, report_progress: Callable[[int], None]) -> RenderResult:
        return RenderResult(1, 0, bad_frames=1, peak=self.peak)

    def handle_parameters(self, request: ParametersRequest) -> ParametersResult:
        return ParametersResult(())

    def handle_state(self, request: StateRequest) -> StateResult:
        return StateResult("")


def answer(host: FailingHost, request: LoadRequest | RenderRequest | ParametersRequest | StateRequest) -> list[Reply]:
    """The replies of a loop on ``host``, as its parent reads them."""
    lines: list[bytes] = []
    RequestLoop(host, lines.append).answer(request)
    return [msgspec.json.decode(line, type=Reply) for line in lines]


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (ConfigError("a.wav: missing", "add it"), Failure("a.wav: missing", "add it", "Comp", "load", "refused")),
        (
            PluginError("Verb: blew up", "lower it", HostVerdict.NOT_FINITE, "Verb", "render"),
            Failure("Verb: blew up", "lower it", "Verb", "render", "not finite"),
        ),
        (
            MemoryError(),
            Failure(
                "Comp: it needed more memory than its limit", "render shorter pieces", "Comp", "load", "out of memory"
            ),
        ),
    ],
)
def test_an_error_is_a_failure_with_plugin_step_and_verdict(error: Exception, failure: Failure) -> None:
    assert answer(FailingHost(error), LoadRequest(Chain(), 48000)) == [Step("load", "Comp"), failure]


def test_what_a_host_raises_by_surprise_names_the_plugin_and_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    failure = answer(FailingHost(KeyError("bus")), LoadRequest(Chain(), 48000))[-1]
    assert isinstance(failure, Failure)
    assert failure.message == "Comp: KeyError: 'bus'"
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("peak", [float("inf"), float("nan"), 0.5])
def test_a_peak_that_json_cannot_say_is_still_a_result(peak: float) -> None:
    result = answer(FailingHost(peak=peak), RenderRequest(SEGMENT, SEGMENT))[-1]
    assert isinstance(result, RenderResult)
    assert result.peak == (0.5 if peak == 0.5 else 3.4028234663852886e38)


def test_a_step_is_named_before_parameters_and_state_are_touched() -> None:
    assert answer(FailingHost(), ParametersRequest("Comp")) == [Step("parameters", "Comp"), ParametersResult(())]
    assert answer(FailingHost(), StateRequest("Comp")) == [Step("state", "Comp"), StateResult("")]


def test_a_child_starts_without_the_hosts() -> None:
    show = "import sys, chains.hosts.chain_host; print({'pedalboard', 'dawdreamer', 'soundfile'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_child_has_no_display_and_numeric_libraries_of_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-9")
    child = HostChild(0)
    try:
        environment = Path(f"/proc/{child.pid}/environ").read_bytes()
    finally:
        child.kill()
    assert b"DISPLAY=" not in environment
    assert b"OMP_NUM_THREADS=1" in environment
