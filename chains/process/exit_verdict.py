"""Exit verdict: what the end of a host process says about the plugin in it, and what a producer does about it."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.processes import describe_exit
from chains.process.messages import Step
from chains.process.verdict import HostVerdict, PluginError

OUT_OF_MEMORY_SHARE = 0.9
"""A process that took so much of its address space died of that: a failed allocation ends as SIGSEGV or SIGABRT."""
LARGE_SHARE = 0.25
"""The error of a process that hangs names its memory from this share on: both hosts map 0.35 GB, of 2 GB or more."""
STEP_WORDS = {
    "": "before anything was loaded", "start": "while it started", "load": "while it was loaded",
    "state": "while its state was set", "parameters": "while its parameters were set",
    "prepare": "while it was prepared", "render": "while it rendered", "play": "while it played",
}  # fmt: skip
"""Completes a sentence, by the step's name."""
_ALLOCATION_FAILED = ("bad_alloc", "MemoryError", "out of memory", "Cannot allocate memory")

FIXES = {
    HostVerdict.CRASHED: "update the plugin or try another format of it",
    HostVerdict.ABORTED: "the plugin gave up by itself: what it needs, such as its data or licence, may be missing",
    HostVerdict.EXITED: "the plugin ended its process: it may be a trial version or need a licence",
    HostVerdict.HUNG_BUSY: "it computes and may only be slow: allow more with load_limit_s in the chain, or remove it",
    HostVerdict.HUNG_STILL: "it waits for something, such as a window or a server: open it in a DAW once, or remove it",
    HostVerdict.OUT_OF_MEMORY: "close other programs, render shorter pieces, or load fewer samples in the plugin",
    HostVerdict.NOT_FINITE: "lower its input or reset it to its defaults; nothing of this render is kept",
    HostVerdict.SILENT: "check its gain, mix and bypass, and whether it still loads samples or needs a licence",
    HostVerdict.CANCELLED: "start again when you like",
}
"""Advice by verdict, a sentence for a producer."""


@dataclass(frozen=True, slots=True)
class Memory:
    """The address space of a process, and what it may have; 0: not known, no limit."""

    bytes: int = 0
    limit_bytes: int = 0


NO_MEMORY = Memory()


@dataclass(frozen=True, slots=True)
class HostEnd:
    """The end of a host process.

    ``returncode``: as of `subprocess.Popen`. ``stderr``: its last output. ``memory_bytes``, ``limit_bytes``: the
    address space that it had when it was last looked at, and was allowed; 0: not known, no limit.
    """

    returncode: int
    stderr: str = ""
    memory_bytes: int = 0
    limit_bytes: int = 0


def judge_end(end: HostEnd) -> HostVerdict:
    """What an end without a result, that nobody asked for, means. SIGKILL is how Linux ends what takes too much."""
    is_full = end.limit_bytes > 0 and end.memory_bytes >= OUT_OF_MEMORY_SHARE * end.limit_bytes
    if end.returncode == -signal.SIGKILL or is_full or any(word in end.stderr for word in _ALLOCATION_FAILED):
        return HostVerdict.OUT_OF_MEMORY
    if end.returncode >= 0:
        return HostVerdict.EXITED
    return HostVerdict.ABORTED if -end.returncode == signal.SIGABRT else HostVerdict.CRASHED


def make_end_error(end: HostEnd, step: Step, members: Sequence[str] = ()) -> PluginError:
    """The error for a host process that ended in ``step``, with the last line that it printed."""
    verdict = judge_end(end)
    what = _describe_memory(end) if verdict is HostVerdict.OUT_OF_MEMORY else _describe_end(end)
    last = end.stderr.strip().rpartition("\n")[2].strip()[:200]
    return make_error(verdict, what + (f": {last}" if last else ""), step, members)


def make_hang_error(
    verdict: HostVerdict, limit_s: float, step: Step, members: Sequence[str] = (), memory: Memory = NO_MEMORY
) -> PluginError:
    """The error for a host process that was ended because it did not report within ``limit_s``, and had ``memory``."""
    how = "computed" if verdict is HostVerdict.HUNG_BUSY else "stood still"
    what = f"{how} for more than {limit_s:g} s and was ended"
    if memory.bytes <= LARGE_SHARE * memory.limit_bytes or not memory.limit_bytes:
        return make_error(verdict, what, step, members)
    figures = f"{memory.bytes / 1e9:.1f} GB of the {memory.limit_bytes / 1e9:.1f} GB that it may have"
    error = make_error(verdict, f"{what}; it had taken {figures}", step, members)
    error.hint += "; a plugin that takes more and more memory while it is loaded does not end: load fewer samples in it"
    error.args = (error.message, error.hint)
    return error


def make_error(verdict: HostVerdict, what: str, step: Step, members: Sequence[str] = ()) -> PluginError:
    """An error that names the plugin or else the chain's ``members``, what happened, and the step."""
    name = step.plugin or f"the plugin host of {', '.join(members)}".removesuffix(" of ")
    message = f"{name}: {what}"
    if words := STEP_WORDS.get(step.step, ""):
        message = f"{name}: {words}: {what}"
    return PluginError(message, FIXES.get(verdict, ""), verdict, step.plugin, step.step)


def _describe_end(end: HostEnd) -> str:
    if end.returncode >= 0:
        return f"its process ended (exit status {end.returncode}) without a result"
    name = describe_exit(end.returncode)
    return f"its process aborted ({name})" if name == "SIGABRT" else f"its process crashed ({name})"


def _describe_memory(end: HostEnd) -> str:
    if end.returncode == -signal.SIGKILL:
        return "its process was killed from outside (SIGKILL): the system had no memory left, or somebody ended it"
    limit = f" of {end.limit_bytes / 1e9:.1f} GB" if end.limit_bytes else ""
    return f"it needed more memory than its limit{limit}"
