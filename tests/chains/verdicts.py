"""Verdicts that the fixture plugin has to get, by mode."""

from __future__ import annotations

from chains.process.verdict import HostVerdict

BOTH = ("pedalboard", "dawdreamer")
VERDICTS = {
    "crash_ctor": (HostVerdict.CRASHED, "load"),
    "abort_ctor": (HostVerdict.ABORTED, "load"),
    "exit_ctor": (HostVerdict.EXITED, "load"),
    "hang_ctor": (HostVerdict.HUNG_STILL, "load"),
    "busy_ctor": (HostVerdict.HUNG_BUSY, "load"),
    "memory_ctor": (HostVerdict.OUT_OF_MEMORY, "load"),
    "hang_entry": (HostVerdict.HUNG_STILL, "load"),
    "crash_entry": (HostVerdict.CRASHED, "load"),
    "null_instance": (HostVerdict.REFUSED, "load"),
    "hang_state": (HostVerdict.HUNG_STILL, "load"),
    "crash_process": (HostVerdict.CRASHED, "render"),
    "exit_process": (HostVerdict.EXITED, "render"),
    "hang_process": (HostVerdict.HUNG_STILL, "render"),
    "busy_process": (HostVerdict.HUNG_BUSY, "render"),
    "nan": (HostVerdict.NOT_FINITE, "render"),
    "inf": (HostVerdict.NOT_FINITE, "render"),
    "silence": (HostVerdict.SILENT, "render"),
    "ratedep": (HostVerdict.SILENT, "render"),
    "slow_start": (HostVerdict.SILENT, "render"),
}
"""Verdict and step by mode, at 48 kHz. The other modes get none: their faults are found by `sideman chain check`."""
HANGS = frozenset(mode for mode, (verdict, _) in VERDICTS.items() if verdict.value.startswith("hung"))
