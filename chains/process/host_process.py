"""Host process: a chain's plugins in a process of their own, with limits, a verdict on failures, and a fresh child
when one is due."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from chains.document.chain import Chain
from chains.document.member_paths import walk_active_members
from chains.process.audio_file import map_segment
from chains.process.crash_record import CrashRecord
from chains.process.exit_verdict import make_end_error, make_error, make_hang_error
from chains.process.host_child import HostChild
from chains.process.limits import Limits
from chains.process.messages import (
    Failure,
    LoadRequest,
    LoadResult,
    ParametersRequest,
    ParametersResult,
    Progress,
    RenderRequest,
    RenderResult,
    Request,
    StateRequest,
    StateResult,
    Step,
)
from chains.process.step_clock import StepClock
from chains.process.step_limits import StepLimits
from chains.process.verdict import HostVerdict, PluginError

log = logging.getLogger(__name__)

Result = TypeVar("Result", LoadResult, RenderResult, ParametersResult, StateResult)
AUDIBLE_PEAK = 1e-2
"""Input at or above -40 dBFS is no silence."""
SILENT_PEAK = 1e-6
"""Output below -120 dBFS is silence."""
_FIRST_STEPS = {LoadRequest: "start", RenderRequest: "render", ParametersRequest: "parameters", StateRequest: "state"}

_FOREIGN_STEPS = ("load", "state")
"""Steps in which a plugin that fails may leave something behind. What is refused before and after, such as a tempo in
Pedalboard or a misspelt parameter, is refused by Sideman, and the child has let go of the chain."""


def ignore_progress(_frames: int) -> None:
    """Take no notice of progress."""


class HostProcess:
    """The host process of one chain at a time; a context manager. One thread uses it; `cancel` is for any other.

    A child that failed is replaced by the next request: the chain is loaded again, with the parameters and states that
    were set. All requests raise `PluginError`.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._child: HostChild | None = None
        self._record = CrashRecord()
        self._load: LoadRequest | None = None
        self._settings: list[ParametersRequest | StateRequest] = []
        self._step_limits = StepLimits(self.limits)
        self._is_cancelled = threading.Event()
        self._renders = 0
        self._loaded_bytes = 0
        self.growth_bytes = 0
        """Memory by which the present child has grown since its chain was loaded."""
        self.starts = 0
        """Children started so far."""

    def __enter__(self) -> HostProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.restart()

    @property
    def pid(self) -> int | None:
        """The present child's number; None where none runs."""
        return self._child.pid if self._child is not None and not self._child.has_ended else None

    def restart(self) -> None:
        """End the child; the next request gets a fresh one."""
        if self._child is not None:
            child, self._child = self._child, None
            child.close()
            self._record.close_child(child.pid)

    def cancel(self) -> None:
        """End the present request, or the next one, with the verdict cancelled; from any thread."""
        self._is_cancelled.set()
        if (child := self._child) is not None:
            child.wake()

    def load(
        self, chain: Chain, rate: int, *, block_frames: int = 8192, host: str = "auto", folder: str = ""
    ) -> LoadResult:
        """Load a chain and prepare it for ``rate`` Hz and blocks of up to ``block_frames``.

        Raises:
            PluginError: A plugin failed, or was refused, or is blocked.
            ConfigError: The block list has an error.
        """
        self._load, self._settings = None, []
        self._step_limits.open_chain(chain, rate)
        self._record.open_chain(chain)
        request = LoadRequest(chain, rate, block_frames, host, folder)
        result = self._load_chain(request)
        self._load = request
        return result

    def render(
        self,
        request: RenderRequest,
        on_progress: Callable[[int], object] = ignore_progress,
        accepts: frozenset[HostVerdict] = frozenset(),
    ) -> RenderResult:
        """Render; ``on_progress`` gets the frames done. ``accepts``: of not finite and silent, what is no error.

        Raises:
            PluginError: A plugin failed; also where the output is not finite, or silent though the input is not.
        """
        if self._is_worn():
            log.info(
                "host process of %s: replaced after %d renders, grown by %.0f MB",
                ", ".join(self._list_labels()),
                self._renders,
                self.growth_bytes / 1e6,
            )
            self.restart()
        self._renders += 1
        result = self._request(request, RenderResult, on_progress)
        self._note_growth()
        verdict = _judge_output(request, result)
        if verdict is not HostVerdict.OK and verdict not in accepts:
            member, what = self._name_member(), "its output is silent although its input is not"
            if verdict is HostVerdict.NOT_FINITE:
                member = next(iter(result.bad_members), member)
                what = f"{result.bad_frames:,} frames of its output are NaN or infinite"
            raise make_error(verdict, what, Step("render", member), self._list_labels())
        return result

    def read_parameters(self, member: str, values: dict[str, float | str] | None = None) -> ParametersResult:
        """The parameters of the member with this label, after ``values`` were set: raw numbers, or texts.

        Raises:
            PluginError: There is no such member or parameter, or the value was refused.
        """
        return self._set(ParametersRequest(member, values or {}), ParametersResult, bool(values))

    def load_state(self, member: str, state: str) -> StateResult:
        """Load ``state``, a .vstpreset in base64, into a member.

        Raises:
            PluginError: It is no state of this plugin.
        """
        return self._set(StateRequest(member, state), StateResult, True)

    def save_state(self, member: str) -> StateResult:
        """The state of a member as a .vstpreset in base64.

        Raises:
            PluginError: The plugin failed.
        """
        return self._set(StateRequest(member), StateResult, False)

    def _set(self, request: ParametersRequest | StateRequest, kind: type[Result], is_change: bool) -> Result:
        result = self._request(request, kind)
        if is_change:
            self._settings.append(request)
        return result

    def _request(
        self, request: Request, kind: type[Result], on_progress: Callable[[int], object] = ignore_progress
    ) -> Result:
        """Send a request to a child that has the chain, and wait for its result."""
        if self._load is None:
            raise PluginError("no chain is loaded", "load one first", HostVerdict.REFUSED)
        if self._child is None or self._child.has_ended:
            self._load_chain(self._load)
            for setting in self._settings:
                if isinstance(setting, ParametersRequest):
                    self._exchange(setting, ParametersResult)
                else:
                    self._exchange(setting, StateResult)
        return self._exchange(request, kind, on_progress)

    def _load_chain(self, request: LoadRequest) -> LoadResult:
        if self._child is None or self._child.has_ended or self._is_worn():
            self.restart()
            self._child = HostChild(self.limits.memory_bytes)
            self.starts += 1
            self._renders = 0
        result = self._exchange(request, LoadResult)
        self._step_limits.note_hosts(result)
        self._loaded_bytes = self._child.resident_bytes
        self.growth_bytes = 0
        return result

    def _is_worn(self) -> bool:
        return self._renders >= self.limits.renders or self.growth_bytes > self.limits.growth_bytes

    def _note_growth(self) -> None:
        if self._child is not None:
            self.growth_bytes = max(self._child.resident_bytes - self._loaded_bytes, 0)

    def _exchange(
        self, request: Request, kind: type[Result], on_progress: Callable[[int], object] = ignore_progress
    ) -> Result:
        child = self._child
        assert child is not None
        try:
            reply = self._wait_for_reply(child, request, kind, on_progress)
        except BaseException as error:  # Ctrl-C, too
            self._child = None
            child.kill()
            self._record.close_child(child.pid)
            if isinstance(error, PluginError):
                self._record.count(error)
            raise
        if isinstance(reply, Failure):
            hint, verdict = reply.hint, HostVerdict(reply.verdict)
            is_foreign = verdict is not HostVerdict.REFUSED or reply.step in _FOREIGN_STEPS
            if isinstance(request, LoadRequest) and is_foreign:
                self.restart()
            raise PluginError(reply.message, hint, verdict, reply.plugin, reply.step)
        return reply

    def _wait_for_reply(
        self, child: HostChild, request: Request, kind: type[Result], on_progress: Callable[[int], object]
    ) -> Result | Failure:
        name = self._name_member() if isinstance(request, RenderRequest) else getattr(request, "member", "")
        step = Step(_FIRST_STEPS[type(request)], name)
        clock = StepClock(self._step_limits.find(step, request), child.read_clock())
        child.send(request)
        while True:
            reply = child.receive()
            if self._is_cancelled.is_set():
                self._is_cancelled.clear()
                raise make_error(HostVerdict.CANCELLED, "cancelled", step, self._list_labels())
            if isinstance(reply, kind | Failure):
                return reply
            if isinstance(reply, Step | Progress):
                step = reply if isinstance(reply, Step) else step
                clock.restart(self._step_limits.find(step, request), child.read_clock())
                if isinstance(reply, Progress):
                    on_progress(reply.frames)
            elif child.is_finished():
                raise make_end_error(child.read_end(), step, self._list_labels())
            elif (verdict := clock.judge(child.read_clock())) is not HostVerdict.OK:
                limit_s, labels = clock.get_limit_s(verdict), self._list_labels()
                raise make_hang_error(verdict, limit_s, step, labels, child.memory)

    def _name_member(self) -> str:
        """The only member's label; empty where there are more, so that nobody knows which it was."""
        labels = self._list_labels()
        return labels[0] if len(labels) == 1 else ""

    def _list_labels(self) -> list[str]:
        """The labels of all that is loaded."""
        if self._load is None:
            return []
        return [member.label for _, member in walk_active_members(self._load.chain) if not member.branches]


def _judge_output(request: RenderRequest, result: RenderResult) -> HostVerdict:
    if result.bad_frames:
        return HostVerdict.NOT_FINITE
    if result.peak < SILENT_PEAK and request.source.frames:
        source = map_segment(request.source)
        if max(float(source.max()), -float(source.min())) >= AUDIBLE_PEAK:
            return HostVerdict.SILENT
    return HostVerdict.OK
