"""Machine checks: rights, processor, MIDI and Python packages."""

from __future__ import annotations

import grp
import importlib
import os
import platform
import resource
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType

from bridge.core.engine_registry import list_engines, load_engine
from bridge.doctor.finding import Finding, State
from bridge.errors import BridgeError, EngineError
from bridge.runtime.priority import set_priority
from bridge.runtime.shared.wake import has_semaphores

LIMITS_DIR = Path("/etc/security/limits.d")
PRIORITY_WANTED = 10
"""jackd's default realtime priority; clients run at or below it."""

LOCKED_BYTES_WANTED = 256 << 20
"""libjack locks the server's segments, 107 MB at jackd's default of 2048 ports; the rest is room for rings."""

_CAP_IPC_LOCK, _CAP_SYS_NICE = 14, 23  # linux/capability.h
_SLOW_GOVERNORS = {"powersave", "conservative"}


def check_python() -> Finding:
    return Finding("Python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def check_memory_lock(limit_bytes: int, may_anyway: bool, fix: str) -> Finding:
    """``limit_bytes``: of ``ulimit -l``, RLIM_INFINITY for none. ``may_anyway``: a capability lifts it."""
    if limit_bytes == resource.RLIM_INFINITY or may_anyway:
        return Finding(
            "memory locking", "ok", "unlimited" if limit_bytes == resource.RLIM_INFINITY else "by capability"
        )
    detail = f"at most {limit_bytes / 2**20:g} MB may be locked; paging can then stop the audio"
    if limit_bytes >= LOCKED_BYTES_WANTED:
        return Finding("memory locking", "ok", f"{limit_bytes / 2**20:g} MB")
    return Finding("memory locking", "warn", detail, fix)


def check_realtime(priority: int, may_anyway: bool, fix: str) -> Finding:
    """``priority``: the highest realtime priority allowed, of ``ulimit -r``. Only the limit is read."""
    if may_anyway:
        return Finding("realtime", "ok", "by capability")
    if priority >= PRIORITY_WANTED:
        return Finding("realtime", "ok", f"priority up to {priority}")
    detail = f"priority up to {priority}, JACK wants {PRIORITY_WANTED}; other programs can then delay the audio"
    return Finding("realtime", "warn", detail, fix)


def try_priority(priority: int = PRIORITY_WANTED) -> OSError | None:
    """Try real-time scheduling at ``priority``, as the separation worker does; returns the error, if any.

    Tried in a thread that ends right away: on Linux scheduling belongs to the thread.
    """
    with ThreadPoolExecutor(1) as thread:
        try:
            thread.submit(set_priority, priority).result()
        except OSError as error:
            return error
    return None


def check_worker_priority(refused: OSError | None, may: bool, fix: str) -> Finding:
    """``refused``: by `try_priority`. ``may``: limits or capabilities allow it, so that something else forbids it."""
    if refused is None:
        return Finding("worker priority", "ok", "the separation worker gets real-time priority")
    if may:  # seen where a control group has no real-time share, and where a sandbox filters the call
        fix = (
            "give this session's control group a real-time share (cpu.rt_runtime_us), or leave the sandbox "
            "(containers: --cap-add=sys_nice --ulimit rtprio=95)"
        )
    detail = f"not granted ({refused.strerror or refused}); the separation then needs more reserve beside busy programs"
    return Finding("worker priority", "warn", detail, fix)


def describe_rights_fix(in_audio_group: bool, limits_dir: Path = LIMITS_DIR) -> str:
    """How to get realtime rights and memory locking, less the steps that are done already."""
    if sys.platform != "linux":
        return "no setting is known for this system"
    steps = []
    if not _limits_grant_audio(limits_dir):
        steps.append("sudo dpkg-reconfigure -p high jackd2 (answer yes)")
    if not in_audio_group:
        steps.append('sudo usermod -aG audio "$USER"')
    return ", ".join([*steps, "log in again"])


def _limits_grant_audio(folder: Path) -> bool:
    """Whether a file there grants the group audio realtime priority, as Debian's jackd2 package can set up."""
    for path in sorted(folder.glob("*.conf")) if folder.is_dir() else []:
        for line in path.read_text(errors="replace").splitlines() if os.access(path, os.R_OK) else []:
            words = line.split("#")[0].split()
            if len(words) == 4 and words[0] == "@audio" and words[2] == "rtprio":
                return True
    return False


def check_rights() -> list[Finding]:
    """Memory locking and realtime rights of this process."""
    fix = describe_rights_fix(_in_group("audio"))
    capabilities = _capabilities()
    locked = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    findings = [check_memory_lock(locked, bool(capabilities >> _CAP_IPC_LOCK & 1), fix)]
    if sys.platform == "linux":
        priority = resource.getrlimit(resource.RLIMIT_RTPRIO)[0]
        capable = bool(capabilities >> _CAP_SYS_NICE & 1)
        findings.append(check_realtime(priority, capable, fix))
        findings.append(check_worker_priority(try_priority(), capable or priority >= PRIORITY_WANTED, fix))
    return findings


def _capabilities() -> int:
    """This process's effective capabilities as a bit mask; 0 where the system has none."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    lines = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("CapEff:")]
    return int(lines[0], 16) if lines else 0


def _in_group(name: str) -> bool:
    try:
        return grp.getgrnam(name).gr_gid in {os.getegid(), *os.getgroups()}
    except KeyError:
        return False


def check_governor(cpus: Path = Path("/sys/devices/system/cpu")) -> Finding:
    """The kernel's CPU frequency governor, where the system has one."""
    governors = {path.read_text().strip() for path in sorted(cpus.glob("cpu[0-9]*/cpufreq/scaling_governor"))}
    if not governors:
        return Finding("CPU governor", "ok", "unknown (a virtual machine or container)")
    listed = ", ".join(sorted(governors))
    if governors & _SLOW_GOVERNORS:
        return Finding("CPU governor", "warn", listed, "sudo cpupower frequency-set -g performance")
    return Finding("CPU governor", "ok", listed)


def check_semaphores(work: bool | None = None) -> Finding:
    """How the callback wakes the workers."""
    if has_semaphores() if work is None else work:
        return Finding("semaphores", "ok", "POSIX, shared between processes")
    return Finding("semaphores", "warn", "not shared between processes here; workers poll every 0.5 ms instead")


def check_midi(sequencer: Path = Path("/dev/snd/seq")) -> Finding:
    """The system's own MIDI; JACK's MIDI ports are there with any server."""
    if sys.platform != "linux" or sequencer.exists():
        return Finding("MIDI", "ok", str(sequencer) if sys.platform == "linux" else "CoreMIDI")
    return Finding("MIDI", "warn", f"no {sequencer}; controllers reach us over JACK MIDI only", "sudo modprobe snd-seq")


def check_import(
    name: str, module: str, purpose: str, fix: str, describe: Callable[[ModuleType], str] = lambda _: ""
) -> Finding:
    """A Python package that needs a system library; ``describe`` adds details of the loaded module."""
    try:
        loaded = importlib.import_module(module)
    except (ImportError, OSError) as error:
        return Finding(name, "warn", f"does not load ({error}); needed for {purpose}", fix)
    return Finding(name, "ok", ", ".join(filter(None, ("loads", _version_of(module), describe(loaded)))))


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""  # a package can have another name than its module


def describe_providers(runtime: ModuleType) -> str:
    """The providers of ONNX Runtime here, without Azure: it is in every build, but calls a remote service."""
    names = (name.removesuffix("ExecutionProvider") for name in runtime.get_available_providers())
    return "computes on " + ", ".join(name for name in names if name != "Azure")


def check_numba_cache() -> Finding:
    """Whether the compiled callback can be cached between runs, and where."""
    try:
        cache = importlib.import_module("bridge.core.jit").CACHE
        folder = "" if cache.own else str(importlib.import_module("numba").config.CACHE_DIR)
    except ImportError as error:
        return Finding("compiled callback", "missing", f"numba does not load ({error})", "make setup")
    try:
        with tempfile.TemporaryFile(dir=folder or None):
            pass
    except OSError:
        folder = ""
    if not folder:
        detail = "no folder for the compiled callback: every start compiles it again, for a minute or more"
        return Finding("compiled callback", "warn", detail, "set NUMBA_CACHE_DIR to a folder that you may write")
    return Finding("compiled callback", "ok", f"kept in {folder}")


def check_engines(wanted: Iterable[str]) -> tuple[Finding, dict[str, tuple[int, ...]]]:
    """Whether every registered engine loads, and each one's native rates (Hz). ``wanted``: the engines to run."""
    rates: dict[str, tuple[int, ...]] = {}
    broken: dict[str, EngineError] = {}
    for name in sorted({*list_engines(), *wanted}):
        try:
            rates[name] = load_engine(name).spec.rates
        except EngineError as error:
            broken[name] = error
    if not broken:
        return Finding("engines", "ok", ", ".join(rates)), rates
    state: State = "missing" if set(broken) & set(wanted) else "warn"
    detail = "; ".join(error.message for error in broken.values())
    hints = [error.hint for error in broken.values() if error.hint]
    return Finding("engines", state, detail, hints[0] if hints else "make setup, or fix that engine's package"), rates


def check_lacks(wanted: Iterable[str]) -> list[Finding]:
    """System parts that the ``wanted`` engines would use and that are missing.

    An engine that works without them, only worse, has a method ``lacks``: it returns an error with a hint, or None.
    An engine that does not load has a finding of its own.
    """
    findings = []
    for name in wanted:
        try:
            lacks = getattr(load_engine(name), "lacks", None)
        except EngineError:
            continue
        if lacks is not None:
            lack: BridgeError | None = lacks()
            detail = "has all that it needs" if lack is None else f"{lack.message}: it works without, but worse"
            findings.append(Finding(name, "warn" if lack else "ok", detail, lack.hint if lack else ""))
    return findings
