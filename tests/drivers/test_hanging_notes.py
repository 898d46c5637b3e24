"""Hanging notes are kept until their port is connected; the marker file shows whether a sidecar was killed."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bridge.core.latency import MIDI_PORTS
from bridge.core.role import CLOCK_PORT
from bridge.drivers import hanging_notes
from bridge.drivers.hanging_notes import OLD_S, HangingNotes, RunMark
from bridge.runtime.callback.context import NOTES


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    return tmp_path / "state" / "running"


def test_a_mark_that_was_removed_tells_of_nothing_and_one_that_stayed_of_a_kill(home: Path) -> None:
    mark = RunMark("default", "sideman")
    assert mark.write() is False
    mark.remove()
    assert RunMark("default", "sideman").write() is False
    assert RunMark("default", "sideman").write() is True
    assert len(list(home.iterdir())) == 1


@pytest.mark.parametrize(("server", "client"), [("other", "sideman"), ("default", "other"), ("a/b", "../x\0y")])
def test_sidecars_of_other_names_and_servers_have_marks_of_their_own(server: str, client: str) -> None:
    RunMark("default", "sideman").write()
    assert RunMark(server, client).write() is False


def test_where_no_mark_can_be_left_nobody_knows(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    mark = RunMark("default", "sideman")
    assert mark.write() is True
    mark.remove()


def test_marks_of_those_that_never_came_back_go_after_a_week(home: Path) -> None:
    RunMark("gone", "sideman").write()
    (old,) = home.iterdir()
    os.utime(old, (old.stat().st_mtime - OLD_S - 60, old.stat().st_mtime - OLD_S - 60))
    RunMark("default", "sideman").write()
    assert not old.exists()


class Bay:
    """A client of which some MIDI ports are connected, and the callback context."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.connected: set[str] = set()
        self.asked = 0
        self.sounding = np.zeros((len(MIDI_PORTS), NOTES), np.uint8)
        self.context: Any = SimpleNamespace(sounding=self.sounding, owners=np.zeros(len(MIDI_PORTS), np.int64))
        self.client = SimpleNamespace(midi_outports=list(MIDI_PORTS))
        peers = lambda _client, port: {"daw"} if port in self.connected else set()  # noqa: E731
        monkeypatch.setattr(hanging_notes, "read_connected_names", peers)

    def release(self, notes: HangingNotes) -> None:
        notes.release(self.client, self.context, self._ask)

    def _ask(self) -> None:
        self.asked += 1


def test_each_port_is_released_once_it_is_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    bay, notes = Bay(monkeypatch), HangingNotes()
    sounding = bay.sounding.copy()
    sounding[:2, 60] = 1
    notes.keep(sounding)
    bay.release(notes)
    assert (bay.asked, bool(notes)) == (0, True)
    bay.connected.add(MIDI_PORTS[0])
    bay.release(notes)
    bay.release(notes)
    assert (bay.asked, bool(notes)) == (1, True)
    assert bay.sounding[0, 60] == 1 and not bay.sounding[1].any()
    bay.connected.add(MIDI_PORTS[1])
    bay.release(notes)
    assert (bay.asked, bool(notes)) == (2, False)


def test_after_a_kill_every_note_of_every_port_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    bay, notes = Bay(monkeypatch), HangingNotes()
    notes.keep_all()
    bay.connected.update(MIDI_PORTS)
    bay.release(notes)
    silent = [port for port, sounding in zip(MIDI_PORTS, bay.sounding, strict=True) if not sounding.all()]
    assert silent == [CLOCK_PORT]
    assert not notes


def test_a_port_that_nobody_plays_to_at_this_rate_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    bay, notes = Bay(monkeypatch), HangingNotes()
    notes.keep_all()
    bay.connected.update(MIDI_PORTS)
    bay.context.owners[1] = -1
    bay.release(notes)
    assert bool(notes)
    assert not bay.sounding[1].any() and bay.sounding[0].all()
