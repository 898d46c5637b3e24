"""Terminal app in tmux, attached to a real ``sideman run`` on a real jackd: a producer's session by keys alone."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.jack_recorder import JackRecorder, Ports, start_together
from bridge.osc.client import OscClient
from tests.live.test_controllers import LONG_S, RATE
from tests.live.test_learn import make_moves
from tests.live.test_leaving import end_of, read_to, sideman_run
from tests.offline_sidecar import NO_ENGINES, write_song
from tests.ports import free_port
from tests.processes import alive
from tests.tui.tmux_rig import OpenTmux, TmuxRig
from tests.waiting import HANG_S, until

pytestmark = pytest.mark.live

DAW = "Box"
"""A client that plays to the sidecar, takes what it sends, and has a fader (controller 79, channel 9)."""
PORTS = Ports(play=("out",), record=("return_1", "return_2"), midi_play="midi_out")
CROSSING = re.compile(r"^ (\S.*?) ▸ (\S.*?) ─", re.MULTILINE)
"""Source and destination of the cell of the cursor, as the screen Routing names them."""
WINDOW = 4096
LONGEST_FORM = 12
"""Rows that no form has."""


class Rig:
    """The app, and the port of the sidecar that it is attached to."""

    def __init__(self, app: TmuxRig, port: int) -> None:
        self.app, self.port = app, port

    def get(self, address: str) -> list[tuple[object, ...]]:
        """The rows of a control or a reading, from the sidecar itself."""
        with OscClient(port=self.port) as client:
            replies = client.gather("/get", address, done="/get/done", timeout_s=HANG_S)
        return [tuple(args) for name, args in replies if name == address]

    def is_on(self, address: str) -> bool:
        return self.get(address) == [(1,)]

    def go_to(self, letter: str, words: str) -> None:
        """Show a screen, by its letter; ``words``: of it."""
        self.app.press("g", letter)
        self.app.wait_for_words(words)

    def find_crossing(self) -> tuple[str, str]:
        """Source and destination of the cursor's cell, once the screen is not read in the middle of a frame."""
        found: list[tuple[str, str]] = []

        def read() -> bool:
            found[:] = CROSSING.findall(self.app.read())
            return bool(found)

        until("the cursor's cell to be named", read)
        return found[0]

    def move_to(self, source: str, destination: str) -> None:
        """Move the cursor of the screen Routing, from its first cell."""
        for at, key, wanted in ((0, "down", source), (1, "right", destination)):
            while (before := self.find_crossing())[at] != wanted:
                self.app.press(key)
                until(f"the next of {before} on the way to {wanted}", lambda: self.find_crossing() != before)


def find_level(daw: JackRecorder) -> float:
    """The largest sample of the last frames that came back, of the softer channel."""
    end = daw.position
    return float(np.abs(daw.recorded[:, max(end - WINDOW, 0) : max(end, 1)]).max(axis=1).min())


@contextmanager
def open_daw(server: DummyServer) -> Iterator[JackRecorder]:
    """The client DAW: it plays a steady tone as soon as it is started, and moves its fader all the time."""
    daw = JackRecorder(DAW, server.name, LONG_S * RATE, PORTS)
    time_s = np.arange(LONG_S * RATE, dtype=np.float32) / RATE
    tone = np.asarray([0.25 * np.sin(2 * np.pi * 440 * time_s)], np.float32)
    daw.load(tone, make_moves(LONG_S))
    with daw:
        yield daw


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "sideman.toml").write_text(f"schema = 1\n{NO_ENGINES}[controllers]\nmidi = false\n")
    return tmp_path


def open_app(open_tmux: OpenTmux, config: Path) -> Rig:
    """The app; no sidecar needs to run yet."""
    port = free_port()
    home = {CONFIG_HOME_VARIABLE: str(config), "PYTHONPATH": str(Path.cwd())}
    return Rig(open_tmux("-m", "tui", "--attach", f"127.0.0.1:{port}", "--screen", "routing", **home), port)


def test_a_session_from_the_first_connection_to_the_last_job(
    module_server: DummyServer, open_tmux: OpenTmux, config: Path
) -> None:
    rig = open_app(open_tmux, config)
    with sideman_run(module_server, config, rig.port) as child, open_daw(module_server) as daw:
        read_to(child, "Ctrl-C ends it")
        rig.app.wait_for_words(f"● 127.0.0.1:{rig.port}")
        daw.connect({"out": "sideman:in_1", "midi_out": "sideman:control_in"})
        daw.connect({"out": "sideman:in_2"})
        start_together(daw)

        connect(rig, daw)
        mute(rig, lambda: find_level(daw))
        load_and_compare(rig)
        learn(rig)
        separate(rig, config)

        rig.app.press("q")
        rig.app.wait_for("ended")
        assert child.poll() is None and find_level(daw) > 0
        child.send_signal(signal.SIGINT)
        assert end_of(child) == 0


def connect(rig: Rig, daw: JackRecorder) -> None:
    """Routing: connect a pair, cut it, and undo that."""
    # all that the cursor passes, or it would run past what comes later
    for words in ("sideman other", "midi_out", "return", "playback", "control"):
        rig.app.wait_for_words(words)
    rig.move_to("sideman other", f"{DAW} return")
    rig.app.press("enter")
    until("the pair to sound", lambda: find_level(daw) > 0)
    links = {(f"sideman:other_{n}", f"{DAW}:return_{n}") for n in (1, 2)}
    until("the links to be listed", lambda: {(row[1], row[2]) for row in rig.get("/routing/link")} >= links)
    rig.app.press("enter")
    until("the pair to be cut", lambda: find_level(daw) == 0)
    rig.app.press("u")
    until("both sides to be back", lambda: find_level(daw) > 0)


def mute(rig: Rig, read_level: Callable[[], float]) -> None:
    """Stems: mute what sounds."""
    rig.go_to("s", "4 other")
    rig.app.press("4", "m")
    rig.app.wait_for_words("MUTED")
    assert rig.is_on("/stems/other/mute")
    until("silence at the port", lambda: read_level() == 0)
    rig.app.press("m")
    until("the sound at the port", lambda: read_level() > 0)


def load_and_compare(rig: Rig) -> None:
    """Presets: A/B, load, and undo."""
    rig.go_to("p", "karaoke")
    rig.app.press("slash")
    rig.app.type_text("karaoke")
    rig.app.press("enter")
    rig.app.wait_for_words("Everything but the voice")
    for side, is_muted in (("[B] karaoke", True), ("[A] now", False)):
        rig.app.press("b")
        rig.app.wait_for_words(side)
        until("the other side", lambda: rig.is_on("/stems/vocals/mute") == is_muted)  # noqa: B023
    rig.app.wait_for_words("stems.vocals.mute")  # differs again
    rig.app.press("enter")
    until("the preset", lambda: rig.get("/preset/current")[0][0] == "karaoke")
    assert rig.is_on("/stems/vocals/mute")
    rig.app.wait_for_words("loaded karaoke")
    rig.app.press("u")
    until("the values before", lambda: not rig.is_on("/stems/vocals/mute"))


def learn(rig: Rig) -> None:
    """Control: find a control, and take the fader that moves."""
    rig.go_to("c", "finds a control")
    rig.app.press("slash")
    rig.app.type_text("stems.vocals.gain")
    rig.app.press("enter", "enter")
    rig.app.wait_for_words("▌cc 79 ch 9")
    rig.app.wait_for_words("absolute")  # what kind of fader it is can be said
    assert rig.get("/stems/vocals/gain_db") == [(0.0,)]
    rig.app.press("enter")
    until("the fader to be learned", lambda: rig.get("/learn/state")[0][0] == "learned")
    until("the fader to move the vocals", lambda: rig.get("/stems/vocals/gain_db") != [(0.0,)])


def separate(rig: Rig, folder: Path) -> None:
    """Jobs: fill in the form, and wait for the stems."""
    song = write_song(folder / "song.wav", 2.0)
    rig.go_to("j", "n new")
    rig.app.press("n")
    rig.app.wait_for_words("▌do ")
    rig.app.press("down", "enter")
    rig.app.type_text(str(song))
    rig.app.press("enter", "down")
    rig.app.wait_for_words("▌profile")
    rig.app.press("left")  # to the left of the first is the last one, which has no model
    rig.app.wait_for_words("‹ dsp ›")
    rig.app.press(*["down"] * LONGEST_FORM, "enter")  # the last row starts it, however many there are
    until("the job", lambda: [row[3] for row in rig.get("/jobs")] == ["done"])
    rig.app.wait_for_words("done")
    assert {"drums.wav", "bass.wav", "vocals.wav", "other.wav"} <= {one.name for one in folder.rglob("*.wav")}


def test_a_sidecar_that_is_killed_is_lost_and_its_successor_gets_nothing_that_was_pressed_meanwhile(
    module_server: DummyServer, open_tmux: OpenTmux, config: Path
) -> None:
    rig = open_app(open_tmux, config)
    with sideman_run(module_server, config, rig.port) as child:
        read_to(child, "Ctrl-C ends it")
        rig.app.wait_for_words(f"● 127.0.0.1:{rig.port}")
        rig.go_to("s", "1 drums")
        rig.app.press("1", "m")
        rig.app.wait_for_words("drums muted")
        os.kill(child.pid, signal.SIGKILL)
        end_of(child)
        rig.app.wait_for_words("LOST")
        rig.app.press("2", "m")
        rig.app.wait_for_words("not sent: bass mute on (LOST)")
    with sideman_run(module_server, config, rig.port) as again:
        rig.app.wait_for_words("another sidecar answers")
        rig.app.wait_for_words(f"● 127.0.0.1:{rig.port}")
        until("the values of the new one", lambda: "MUTED" not in rig.app.read())
        rig.app.press("m")
        rig.app.wait_for_words("bass muted")
        assert rig.is_on("/stems/bass/mute") and not rig.is_on("/stems/drums/mute")
        rig.go_to("r", "sideman other")  # what was asked anew
        rig.app.press("q")
        rig.app.wait_for("ended")
        assert alive(again.pid)
        again.send_signal(signal.SIGINT)
        assert end_of(again) == 0
