"""Host process, the child's side: reads requests and runs them on the main thread, where plugins have to live.

`chains.process.host_child` starts it as ``python -m chains.hosts.host_main MEMORY_BYTES LIFELINE``. What plugins print
to standard output goes to standard error: the pipe belongs to the replies.
"""

from __future__ import annotations

import importlib
import math
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Protocol

import msgspec

from bridge.errors import BridgeError
from chains.document.chain import Chain
from chains.document.member_paths import walk_members
from chains.process.limits import limit_memory
from chains.process.loading import LoadingJournal
from chains.process.messages import (
    EndRequest,
    Failure,
    LoadRequest,
    LoadResult,
    ParametersRequest,
    ParametersResult,
    Progress,
    RenderRequest,
    RenderResult,
    Reply,
    Request,
    StateRequest,
    StateResult,
    Step,
)
from chains.process.plugin_file import find_plugin_file
from chains.process.verdict import HostVerdict, PluginError

PROGRESS_S = 0.1
"""Least time between two reports of progress: often enough for limits and people, cheap beside a block."""
HIGHEST_PEAK = 3.4028234663852886e38
"""The largest float32: JSON has no infinity. `RenderResult.bad_frames` says that there is one."""
F_SETSIG = 10
"""Command of Linux's fcntl: the signal for a descriptor that becomes ready; Python has no name for it."""
_DECODER = msgspec.json.Decoder(Request)


class RequestHost(Protocol):
    """What runs the requests: `chains.hosts.chain_host.ChainHost`. All calls come from the main thread."""

    def load(self, request: LoadRequest, report_step: Callable[[str, str], None]) -> LoadResult:
        """Load a chain in the place of the present one; ``report_step`` gets step and plugin before each is touched."""

    def render(self, request: RenderRequest, report_progress: Callable[[int], None]) -> RenderResult:
        """Render into the sink; ``report_progress`` gets the frames that are done."""

    def handle_parameters(self, request: ParametersRequest) -> ParametersResult:
        """Set and read the parameters of a member."""

    def handle_state(self, request: StateRequest) -> StateResult:
        """Load or save the state of a member."""


class RequestLoop:
    """Answers requests with one host. ``send``: takes a reply's line."""

    def __init__(self, host: RequestHost, send: Callable[[bytes], object]) -> None:
        self._host, self._send = host, send
        self._chain = Chain()
        self._journal = LoadingJournal()
        self._step = Step("start")
        self._progress_s = 0.0

    def answer(self, request: Request) -> None:
        """Answer one request: with its result, or with the failure."""
        try:
            self._reply(self._run(request))
        except PluginError as error:
            plugin, step = error.plugin or self._step.plugin, error.step or self._step.step
            self._reply(Failure(error.message, error.hint, plugin, step, error.verdict.value))
        except BridgeError as error:
            self._reply(Failure(error.message, error.hint, self._step.plugin, self._step.step))
        except MemoryError:
            self._fail("it needed more memory than its limit", "render shorter pieces", HostVerdict.OUT_OF_MEMORY)
        except Exception as error:  # noqa: BLE001 - whatever plugins and hosts raise; the parent reports it
            traceback.print_exc()
            hint = "check that the plugin works in a DAW; the log has the whole report"
            self._fail(f"{type(error).__name__}: {error}", hint, HostVerdict.REFUSED)

    def _run(self, request: Request) -> Reply:
        match request:
            case LoadRequest():
                self._chain, self._step = request.chain, Step("start")
                try:
                    return self._host.load(request, self.report_step)
                finally:
                    self._journal.note_end()
            case RenderRequest():
                result = self._host.render(request, self.report_progress)
                return result if math.isfinite(result.peak) else msgspec.structs.replace(result, peak=HIGHEST_PEAK)
            case ParametersRequest():
                self.report_step("parameters", request.member)
                return self._host.handle_parameters(request)
            case StateRequest():
                self.report_step("state", request.member)
                return self._host.handle_state(request)
        raise SystemExit(0)

    def report_step(self, step: str, plugin: str = "") -> None:
        """Say what is done next, before it is done; a plugin that is loaded is also written to the journal."""
        if step == "load":
            self._write_journal(plugin)
        self._step = Step(step, plugin)
        self._reply(self._step)

    def report_progress(self, frames: int) -> None:
        """Say how many frames of a render are done."""
        now_s = time.monotonic()
        if now_s - self._progress_s >= PROGRESS_S:
            self._progress_s = now_s
            self._reply(Progress(frames))

    def _write_journal(self, label: str) -> None:
        member = next((member for _, member in walk_members(self._chain) if member.label == label), None)
        plugin = find_plugin_file(member) if member is not None else None
        if plugin is not None:
            self._journal.note_begin(plugin, os.getppid())

    def _fail(self, what: str, hint: str, verdict: HostVerdict) -> None:
        plugin = self._step.plugin
        message = f"{plugin}: {what}" if plugin else what
        self._reply(Failure(message, hint, plugin, self._step.step, verdict.value))

    def _reply(self, reply: Reply) -> None:
        self._send(msgspec.json.encode(reply) + b"\n")


def watch_lifeline(descriptor: int) -> None:
    """Let Linux kill this session when the parent, which holds the other end of the pipe, is gone.

    A signal of the kernel's needs no thread of Python's, which a hanging plugin may stop.
    """
    if sys.platform != "linux" or descriptor < 0:
        return
    import fcntl

    fcntl.fcntl(descriptor, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(descriptor, F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_ASYNC)


def main(memory_bytes: int, lifeline: int) -> None:
    """Answer requests from standard input until it ends."""
    requests_in, replies_out = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    silence = os.open(os.devnull, os.O_RDONLY)
    os.dup2(silence, 0)
    os.close(silence)
    limit_memory(memory_bytes)
    watch_lifeline(lifeline)
    requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
    threading.Thread(target=_read_requests, args=(requests_in, requests), daemon=True).start()

    # imported here: it takes a while, and the thread above already sees the parent's end
    host: RequestHost = importlib.import_module("chains.hosts.chain_host").ChainHost()
    loop = RequestLoop(host, lambda line: _write_all(replies_out, line))
    while not isinstance(request := requests.get(), EndRequest):
        loop.answer(request)
    end_process()


def end_process() -> None:
    """End this process and all that plugins started, without what plugins do at exit: some crash or hang there."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _read_requests(descriptor: int, requests: queue.SimpleQueue[Request]) -> None:
    with os.fdopen(descriptor, "rb") as pipe:
        for line in pipe:
            requests.put(_DECODER.decode(line))
    end_process()  # the parent is gone, or has no more use for this process


def _write_all(descriptor: int, line: bytes) -> None:
    while line:
        line = line[os.write(descriptor, line) :]


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
