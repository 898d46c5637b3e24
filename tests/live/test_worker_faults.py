"""A worker that dies or stalls costs some stems for a while, never the music; no note hangs."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from bridge.app import Sidecar
from bridge.core.audio import STEMS, Audio
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.fake_daw import FakeDaw
from bridge.runtime import supervisor
from tests.live.rig import (
    SUM_ERROR,
    chord_changes,
    cycles,
    hanging,
    level,
    make_fake_daw,
    midi_clock,
    music,
    note_ons,
    recorded,
    sidecar_on,
    some_cycles,
    sum_error,
)
from tests.waiting import until

pytestmark = pytest.mark.live

RATE = 48000
LENGTH_S = 30.0  # cut short as soon as the worker is back and audible
TEMPO = 123.45
PORTS = {"separation": (), "mir": ("chords", "beats"), "accompaniment": ("accompaniment",), "synth": ()}


@pytest.fixture(scope="module")
def sidecar(module_server: DummyServer) -> Iterator[Sidecar]:
    with pytest.MonkeyPatch.context() as patch, sidecar_on(module_server) as running:
        patch.setattr(supervisor, "BACKOFF_S", (0.0,))  # faults are close together here
        yield running


@pytest.fixture(scope="module")
def sent() -> Audio:
    """Something for every stem, and chords that change."""
    second = chord_changes(RATE, 2.0, ("C", "Am"), seconds_each=1.0)
    return 0.5 * music(RATE, LENGTH_S) + np.tile(second, int(LENGTH_S / 2))


@pytest.fixture
def daw(sidecar: Sidecar, sent: Audio) -> Iterator[FakeDaw]:
    """Rolling in real time with MIDI clock; every role has given output."""
    until("all workers", lambda: set(sidecar.signal_path.workers.states.values()) == {"running"})
    with make_fake_daw(sidecar, sent, sent.shape[1], midi_clock(RATE, TEMPO, LENGTH_S)) as rolling:
        rolling.start(margin_frames=RATE // 4)
        until("a second of music", lambda: recorded(rolling) > RATE)
        for port in (*PORTS["mir"], *PORTS["accompaniment"]):
            await_notes(rolling, port, 0)
        yield rolling


def await_notes(daw: FakeDaw, port: str, since: int) -> None:
    """Wait for a note struck at ``port`` after recording frame ``since``."""
    until(f"notes at {port}", lambda: any(note[0] > since for note in note_ons(daw.read_midi(port))))


def lose(sidecar: Sidecar, daw: FakeDaw, roles: Sequence[str], number: signal.Signals) -> int:
    """Strike workers, see them restarted and audible again; returns the recording frame at which they were ready."""
    workers = sidecar.signal_path.workers
    lost, served = {role: workers.pids[role] for role in roles}, cycles(sidecar)
    restarts, late = workers.restarts, sidecar.signal_path.telemetry.counters.late_frames
    for pid in lost.values():
        os.kill(pid, number)
    until("the restart", lambda: workers.restarts == restarts + len(roles))
    some_cycles(sidecar)
    for role in roles:
        for port in PORTS[role]:
            assert hanging(daw.read_midi(port)) == set()
    until("the new workers", lambda: all(workers.states[role] == "running" for role in roles))
    ready = recorded(daw)
    assert cycles(sidecar) > served
    if "separation" in roles:
        assert sidecar.signal_path.telemetry.counters.late_frames > late
    for role in roles:
        for port in PORTS[role]:
            await_notes(daw, port, ready)
    until("a second of stems", lambda: recorded(daw) > ready + RATE)
    assert workers.restarts == restarts + len(roles)
    assert all(workers.pids[role] != pid for role, pid in lost.items())
    return ready


def assert_separated(daw: FakeDaw) -> None:
    """Every stem has something in it over the last half second, so it is not all in the last one."""
    end = recorded(daw)
    levels = {stem: level(daw.read_audio(stem)[:, end - RATE // 2 : end]) for stem in STEMS}
    assert min(levels.values()) > 0.0003, levels


@pytest.mark.parametrize("role", list(PORTS))
def test_a_killed_worker_is_replaced_while_the_music_goes_on(sidecar: Sidecar, daw: FakeDaw, role: str) -> None:
    lose(sidecar, daw, [role], signal.SIGKILL)
    assert_separated(daw)
    assert sum_error(daw) <= SUM_ERROR


def test_a_replaced_synth_is_audible_again(sidecar: Sidecar, daw: FakeDaw) -> None:
    until("sound", lambda: bool(daw.read_audio("band").any()))
    ready = lose(sidecar, daw, ["synth"], signal.SIGKILL)
    until("sound again", lambda: bool(daw.read_audio("band")[:, ready:].any()))


def test_stalled_workers_are_ended_and_replaced_while_the_music_goes_on(sidecar: Sidecar, daw: FakeDaw) -> None:
    lose(sidecar, daw, list(PORTS), signal.SIGSTOP)
    assert_separated(daw)
    assert sum_error(daw) <= SUM_ERROR


def test_while_separation_is_lost_the_whole_mix_is_in_the_last_stem(sidecar: Sidecar, daw: FakeDaw) -> None:
    workers = sidecar.signal_path.workers
    struck, restarts = recorded(daw), workers.restarts
    os.kill(workers.pids["separation"], signal.SIGKILL)
    until("the restart", lambda: workers.restarts > restarts)
    delay = sidecar.signal_path.graph.ledger["mix"].declared
    until("the dry mix", lambda: recorded(daw) > struck + 2 * delay)
    assert workers.states["separation"] != "running"
    at = recorded(daw) - 256
    assert all(level(daw.read_audio(stem)[:, at : at + 128]) == 0.0 for stem in STEMS[:-1])
    assert level(daw.read_audio(STEMS[-1])[:, at - delay : at + 128]) > 0.01
    assert sum_error(daw) <= SUM_ERROR


def test_a_replaced_accompaniment_knows_the_chord_that_still_holds(sidecar: Sidecar) -> None:
    workers = sidecar.signal_path.workers
    sent = np.tile(chord_changes(RATE, 1.0, ("C",), 1.0), 15)
    until("all workers", lambda: set(workers.states.values()) == {"running"})
    with make_fake_daw(sidecar, sent, sent.shape[1], midi_clock(RATE, TEMPO, 15.0)) as daw:
        daw.start(margin_frames=RATE // 4)
        await_notes(daw, "accompaniment", 0)
        restarts = workers.restarts
        os.kill(workers.pids["accompaniment"], signal.SIGKILL)
        until("the restart", lambda: workers.restarts > restarts)
        until("the new worker", lambda: workers.states["accompaniment"] == "running")
        ready = recorded(daw)
        until("three seconds more", lambda: recorded(daw) > ready + 3 * RATE)
        assert any(note[0] > ready for note in note_ons(daw.read_midi("accompaniment")))


def test_a_worker_that_cannot_be_started_at_first_is_tried_again(
    sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers, served = sidecar.signal_path.workers, cycles(sidecar)
    until("all workers", lambda: set(workers.states.values()) == {"running"})
    pid = workers.pids["mir"]
    for interpreter in ("/bin/false", "/nowhere/python"):
        restarts = workers.restarts
        with monkeypatch.context() as patch:
            patch.setattr(sys, "executable", interpreter)
            if interpreter == "/bin/false":
                os.kill(pid, signal.SIGKILL)
            until("a failed start", lambda: workers.restarts > restarts + 2)  # noqa: B023
    until("the start that succeeds", lambda: workers.states["mir"] == "running")
    assert cycles(sidecar) > served
