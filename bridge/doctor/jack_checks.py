"""JACK checks: library, server program, running server, rates, shared memory."""

from __future__ import annotations

import os
import re
import shutil
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

from bridge.doctor.finding import Finding
from bridge.doctor.probe import ServerFigures, ask_server
from bridge.drivers.dummy_server import INSTALL_JACK, SHM, SHM_BYTES, SHM_FIX
from bridge.drivers.libjack import library_name
from bridge.drivers.pipewire import parse_version

_MAX_SERVERS = 8  # MAX_SERVERS in jackd2's shm.h
_SERVER_SLOT = re.compile(rb"(.{4})jack-\d+:([^\0]+):\0", re.DOTALL)  # pid, then jack-UID:NAME:


def check_libjack(find: Callable[[], str | None] = library_name) -> Finding:
    """The library that every JACK client loads. Offline commands work without it."""
    name = find()
    if name is None:
        return Finding("libjack", "missing", "not found; only offline commands work", INSTALL_JACK)
    return Finding("libjack", "ok", name)


def check_jackd(server_runs: bool) -> Finding:
    """The server program; not needed where some other server (PipeWire, a desktop's JACK) answers."""
    path = shutil.which("jackd")
    if path is not None:
        return Finding("jackd", "ok", path)
    if server_runs:
        detail = "not installed, but a server answers; the demo, the bench and the live tests need it"
        return Finding("jackd", "warn", detail, INSTALL_JACK)
    return Finding("jackd", "missing", "not installed", INSTALL_JACK)


def check_server(
    server: str, client: str, ask: Callable[[str, str], ServerFigures | None] = ask_server
) -> tuple[Finding, ServerFigures | None]:
    """The server that ``sideman run`` would join, and its figures. Never starts one.

    ``server``: its name, empty for JACK_DEFAULT_SERVER or else ``default``. ``client``: our name on it.
    """
    name = server or os.environ.get("JACK_DEFAULT_SERVER") or "default"
    if client == name:
        # libjack keeps both under one name; the server is then broken for everyone (status 0x11)
        detail = f"the client name {client!r} is the server's name; joining would break the server"
        return Finding("JACK server", "missing", detail, "give [jack] client another name in sideman.toml"), None
    try:
        figures = ask(name, client)
    except TimeoutError as error:
        return Finding(
            "JACK server", "missing", str(error), "end that jackd (kill -9 if need be), start it again"
        ), None
    if figures is None:
        fix = (
            "start one: qjackctl, or jackd -d alsa -r 48000 -p 128 (no sound card: jackd -d dummy); "
            "on PipeWire: pw-jack sideman run"
        )
        return Finding("JACK server", "missing", f"{name!r} is not running", fix), None
    kind = "realtime" if figures.realtime else "without realtime"
    detail = f"{name!r}: {figures.rate} Hz, {figures.period} frames, {kind}, load {figures.cpu_load:g} %"
    if not figures.realtime:
        start = "see realtime below" if parse_version(figures.version) else "start jackd with -R, see realtime below"
        return Finding("JACK server", "warn", detail, start), figures
    return Finding("JACK server", "ok", detail), figures


def check_rates(
    server_rate: int | None, engine_rates: Mapping[str, tuple[int, ...]], song_rate: int | None = None
) -> Finding:
    """Whether server, engines and song (all in Hz) agree; an engine without native rates takes any."""
    if server_rate is None:
        return Finding("rates", "ok", "nothing to compare without a server")
    odd = {name: rates for name, rates in engine_rates.items() if rates and server_rate not in rates}
    words = [f"{name} runs at {' or '.join(map(str, rates))}" for name, rates in odd.items()]
    if song_rate not in (None, server_rate):
        words.append(f"the song is at {song_rate}")
    if not words:
        return Finding("rates", "ok", f"{server_rate} Hz suits all")
    native = [set(rates) for rates in engine_rates.values() if rates]
    fitting = set.intersection(*native) if native else {song_rate or server_rate}
    best = song_rate if song_rate in fitting else max(fitting, default=0)
    fix = f"start the server, and set the DAW, at {best} Hz" if best else "choose engines that share a rate"
    detail = f"the server runs at {server_rate} Hz; {'; '.join(words)}: resampling costs time and delay"
    return Finding("rates", "warn", detail, fix)


def find_dead_servers(registry: bytes, alive: Callable[[int], bool]) -> tuple[int, list[str]]:
    """Read JACK's list of servers (``jack-shm-registry``): entries in use, and the names of dead servers in it."""
    slots = [(struct.unpack("=i", pid)[0], name.decode()) for pid, name in _SERVER_SLOT.findall(registry)]
    taken = [(pid, name) for pid, name in slots if pid > 0]
    return len(taken), [name for pid, name in taken if not alive(pid)]


def check_shared_memory(folder: Path = SHM) -> Finding:
    """Free memory for a server of our own, and a free entry in JACK's list of at most eight servers."""
    if not folder.is_dir():
        return Finding("shared memory", "ok", f"kept elsewhere than {folder} on this system")
    registry = folder / "jack-shm-registry"
    if registry.is_file() and os.access(registry, os.R_OK):
        taken, dead = find_dead_servers(registry.read_bytes(), _is_alive)
        if taken >= _MAX_SERVERS and dead:
            detail = f"JACK's list of servers is full, and these have died: {', '.join(dead)}"
            return Finding("shared memory", "warn", detail, f"when no jackd runs: rm {registry}")
    free_mb = shutil.disk_usage(folder).free // 10**6
    if free_mb < SHM_BYTES // 10**6:
        detail = f"{free_mb} MB free on {folder}; a private server for demo and bench takes {SHM_BYTES // 10**6} MB"
        return Finding("shared memory", "warn", detail, SHM_FIX)
    return Finding("shared memory", "ok", f"{free_mb} MB free on {folder}")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's, so it lives
    return True
