"""Verdicts on host processes: what became of a plugin that was loaded, prepared or played there."""

from __future__ import annotations

from enum import Enum

from bridge.errors import BridgeError


class HostVerdict(Enum):
    """What became of a request to a host process."""

    OK = "ok"
    REFUSED = "refused"
    """The host said no: a missing file, a wrong state, a misspelt parameter."""
    BLOCKED = "blocked"
    """It ended its process too often, and is not loaded any more."""
    CRASHED = "crashed"
    """A signal ended it, such as SIGSEGV."""
    ABORTED = "aborted"
    """SIGABRT: the plugin itself gave up."""
    EXITED = "exited"
    """It ended with any exit status, 0 too, without a result."""
    HUNG_BUSY = "hung, busy"
    """The limit is over, and it used the processor to the end."""
    HUNG_STILL = "hung, still"
    """The limit is over, and it used no processor."""
    OUT_OF_MEMORY = "out of memory"
    NOT_FINITE = "not finite"
    """Its output has NaN or infinity."""
    SILENT = "silent"
    """Its output is silent although its input is not."""
    CANCELLED = "cancelled"


class PluginError(BridgeError):
    """A plugin or its host that failed.

    Attributes:
        verdict: What became of it.
        plugin: The member's label; empty where no member is known.
        step: What was done: load, state, parameters, prepare, render.
        is_bad_input: It was refused what it was given; every other verdict is the plugin's own failure.
    """

    def __init__(self, message: str, hint: str, verdict: HostVerdict, plugin: str = "", step: str = "") -> None:
        super().__init__(message, hint)
        self.verdict, self.plugin, self.step = verdict, plugin, step
        self.is_bad_input = verdict is HostVerdict.REFUSED
