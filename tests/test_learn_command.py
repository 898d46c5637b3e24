"""The commands ``sideman learn`` and ``sideman controllers``, beside a server and a hand that moves faders."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.learning.learn_binding import LearnBinding
from bridge.controllers.learning.mapping_editor import LearnDevice
from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.mappings.mapping_reader import read_mapping
from bridge.controllers.ports.port_names import get_system
from bridge.osc.server import OscServer
from tests.controllers.simulated_devices import send_controller, send_key
from tests.waiting import HANG_S, POLL_S, until

ROOT = Path(__file__).parent.parent
UP_DOWN = [*range(40, 100, 5), *range(95, 20, -5)]
VOCALS = "stems.vocals.gain_db"


class Desk:
    """A sidecar's Bus with MIDI learn and a server; one device, which `move` moves once something is learned."""

    def __init__(self, folder: Path) -> None:
        self.bus = Bus(make_sidecar_registry({}))
        self.bus.add_handler("controllers.reload", lambda: None)
        self.file = folder / "mappings" / "box.toml"
        self.takes: list[str] = []
        self.updates = 0
        self.learn = LearnBinding(self.bus, self.list_devices, lambda: None)
        for name, handler in self.learn.handlers().items():
            self.bus.add_handler(name, handler)
        self.bus.publish("controllers.device", "Box", "box", "Box MIDI 1", "", "port", "hold Shift to see the lights")
        self.bus.add_handler("learn.take", self.takes.append)
        self._left = threading.Event()
        self.port = 0

    def list_devices(self) -> list[LearnDevice]:
        return [LearnDevice("Box", "Box MIDI 1", "", self.read_mapping())]

    def read_mapping(self) -> Mapping | None:
        return read_mapping(self.file, self.bus.registry) if self.file.exists() else None

    @contextmanager
    def open(self) -> Iterator[None]:
        """Runs until left."""
        with OscServer(self.bus, port=0) as server:
            self.port = server.port
            updates = threading.Thread(target=self._update)
            updates.start()
            try:
                yield
            finally:
                self._left.set()
                updates.join()

    def _update(self) -> None:
        while not self._left.wait(POLL_S):
            self.learn.update(time.monotonic())
            self.updates += 1

    def move(self, number: int = 79, values: list[int] = UP_DOWN) -> None:
        for _, message in send_controller(8, number, values):
            self.learn.observe("Box", message, time.monotonic())

    def press(self, number: int = 36) -> None:
        for _, message in send_key(9, number, [100, 0]):
            self.learn.observe("Box", message, time.monotonic())

    def wait_for_updates(self, count: int) -> None:
        last = self.updates + count
        until(f"{count} updates", lambda: self.updates >= last)

    def wait_for_start(self) -> None:
        until("learning began", lambda: self.learn.listening)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    desk = Desk(tmp_path)
    with desk.open():
        yield desk


class Command:
    """A running ``sideman``. ``terminal``: in one of 80 columns, on which `type` types. ``read``: what it prints into
    a pipe is read while it runs."""

    def __init__(self, desk: Desk, *arguments: str, terminal: bool = False, read: bool = False) -> None:
        self._master = -1
        env = os.environ | {"COLUMNS": "80", "LINES": "24", "TERM": "xterm"}
        stream: int = subprocess.PIPE
        keys: int = subprocess.DEVNULL
        if terminal:
            self._master, follower = pty.openpty()
            stream = keys = follower
        elif read:
            self._master, follower = os.pipe()
            stream = follower
        command = [sys.executable, "-m", "bridge.cli", *arguments]
        if "--port" not in arguments:
            command += ["--port", str(desk.port)]
        errors = subprocess.STDOUT if self._master >= 0 else subprocess.PIPE
        self._process = subprocess.Popen(
            command,
            stdin=keys,
            stdout=stream,
            stderr=errors,
            env=env,
            cwd=ROOT,
        )
        self.shown = ""
        if self._master >= 0:
            os.close(follower)
            self._reader = threading.Thread(target=self._read)
            self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 4096)
            except OSError:  # Linux: the other end is closed
                return
            if not data:
                return
            self.shown += data.decode()

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        """As Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    def wait_for(self, text: str) -> None:
        until(f"{text!r} was shown", lambda: text in self.shown or self._process.poll() is not None)
        assert text in self.shown

    def finish(self) -> tuple[int, str, str]:
        """Exit status, standard output and standard error, which in a terminal is in the output."""
        if self._master >= 0:
            status = self._process.wait(HANG_S)
            self._reader.join()
            os.close(self._master)
            return status, self.shown, ""
        out, err = self._process.communicate(timeout=HANG_S)
        return self._process.returncode, out.decode(), err.decode()


def test_a_fader_that_is_moved_is_vocals_and_undo_takes_it_back(desk: Desk) -> None:
    command = Command(desk, "learn", "vocals")
    desk.wait_for_start()
    desk.move()
    status, out, err = command.finish()
    assert (status, err) == (0, "")
    assert "stems.vocals.gain_db is on cc 79 ch 9 of Box" in out
    assert "hold Shift to see the lights" in out
    mapping = desk.read_mapping()
    assert mapping is not None
    assert [one.target.control.name for one in mapping.inputs] == [VOCALS]  # type: ignore[union-attr]
    status, out, _ = Command(desk, "learn", "--undo").finish()
    assert status == 0
    assert "removed" in out
    assert not desk.file.exists()


def test_json_is_the_whole_output(desk: Desk) -> None:
    command = Command(desk, "learn", "mute", "vocals", "--json")
    desk.wait_for_start()
    desk.press()
    status, out, _ = command.finish()
    assert status == 0
    learned = json.loads(out)
    assert (learned["state"], learned["control"], learned["message"]) == (
        "learned",
        "stems.vocals.mute",
        "note 36 ch 10",
    )


def test_a_terminal_shows_what_moves_and_takes_it_without_a_key(desk: Desk) -> None:
    command = Command(desk, "learn", "vocals", terminal=True)
    desk.wait_for_start()
    desk.move()
    status, shown, _ = command.finish()
    assert status == 0
    assert "cc 79 ch 9 on Box: fader or knob" in shown
    assert "is on cc 79 ch 9" in shown


def test_what_does_something_already_is_taken_by_enter_alone(desk: Desk) -> None:
    first = Command(desk, "learn", "bass")
    desk.wait_for_start()
    desk.move()
    first.finish()
    command = Command(desk, "learn", "vocals", terminal=True)
    desk.wait_for_start()
    desk.move()
    command.wait_for("now stems.bass.gain_db")
    command.type("\n")
    status, shown, _ = command.finish()
    assert status == 0
    assert "no longer stems.bass.gain_db" in shown


def test_what_is_refused_is_tried_once_and_says_why_until_something_else_is_moved(desk: Desk) -> None:
    command = Command(desk, "learn", "other", "gain", terminal=True)
    desk.wait_for_start()
    desk.press()
    command.wait_for("stems.other.gain_db takes a fader or knob")
    desk.wait_for_updates(100)
    assert desk.takes == ["1"]
    desk.move()
    command.wait_for("cc 79 ch 9")
    command.type("\n")
    status, shown, _ = command.finish()
    assert status == 0
    assert desk.takes == ["1", "1"]
    assert "learn.take:" not in shown
    assert "learn a value: stems.other.gain_db 0" in " ".join(shown.split())


def test_a_fader_that_does_it_already_is_taken_without_a_key(desk: Desk) -> None:
    first = Command(desk, "learn", "vocals")
    desk.wait_for_start()
    desk.move()
    first.finish()
    command = Command(desk, "learn", "vocals", terminal=True)
    desk.wait_for_start()
    desk.move()
    status, shown, _ = command.finish()
    assert status == 0
    assert "does this already" in shown
    assert "is on cc 79 ch 9 of Box, as before" in shown
    assert "no longer" not in shown


def test_the_second_of_two_is_taken_by_its_number(desk: Desk) -> None:
    command = Command(desk, "learn", "vocals", terminal=True)
    desk.wait_for_start()
    desk.move(80, UP_DOWN[:10])
    desk.move(79)
    command.wait_for("cc 80 ch 9")
    command.type("2\n")
    status, shown, _ = command.finish()
    assert status == 0
    assert "is on cc 80 ch 9" in shown


def test_the_likeliest_of_two_is_taken_without_a_terminal_where_that_is_asked_for(desk: Desk) -> None:
    command = Command(desk, "learn", "vocals", "--first")
    desk.wait_for_start()
    desk.move(80, UP_DOWN[:10])
    desk.move(79)
    status, out, _ = command.finish()
    assert status == 0
    assert "is on cc 79 ch 9" in out


def test_a_second_program_that_learns_ends_the_first_without_its_result(desk: Desk) -> None:
    first = Command(desk, "learn", "vocals")
    desk.wait_for_start()
    second = Command(desk, "learn", "bass")
    status, out, err = first.finish()
    assert status == 2
    assert "another program learns stems.bass.gain_db now; learn stems.vocals.gain_db again" in err
    desk.move()
    status, out, _ = second.finish()
    assert status == 0
    assert "stems.bass.gain_db is on cc 79 ch 9 of Box" in out


def test_what_does_something_else_already_is_said_in_a_script_with_the_way_to_take_it(desk: Desk) -> None:
    desk.file.parent.mkdir()
    desk.file.write_text(MAPPING)
    command = Command(desk, "learn", "bass", read=True)
    desk.wait_for_start()
    for _, message in send_controller(0, 1, UP_DOWN):
        desk.learn.observe("Box", message, time.monotonic())
    command.wait_for("now stems.vocals.gain_db, which it will do no longer (--first takes it)")
    command.interrupt()
    status, _, _ = command.finish()
    assert status == 130
    assert "Nothing was changed." in command.shown


def test_undo_and_forget_print_json(desk: Desk) -> None:
    command = Command(desk, "learn", "vocals", "--json")
    desk.wait_for_start()
    desk.move()
    command.finish()
    for words, state in ((("vocals", "--forget"), "forgotten"), (("--undo",), "undone")):
        status, out, _ = Command(desk, "learn", *words, "--json").finish()
        assert status == 0
        assert (json.loads(out)["state"], json.loads(out)["control"]) == (state, VOCALS)


def test_a_value_and_a_synonym_are_learned_by_a_button(desk: Desk) -> None:
    command = Command(desk, "learn", "vox", "-6", read=True)
    command.wait_for("Press the button or pad that is to do it.")
    desk.press()
    status, out, _ = command.finish()
    assert status == 0
    assert f"{VOCALS} -6.0 is on note 36 ch 10 of Box" in out
    assert "value = -6\n" in desk.file.read_text()


def test_words_that_mean_nothing_are_answered_with_what_there_is(desk: Desk) -> None:
    for words, error in (
        (("preset",), "preset.load: which name?; write it behind: drumless, karaoke, rehearsal"),
        (("preset", "nope"), "no preset is named nope"),
    ):
        status, _, err = Command(desk, "learn", *words).finish()
        assert status == 2
        assert error in err


def test_an_interrupt_leaves_all_as_it_was(desk: Desk) -> None:
    command = Command(desk, "learn", "vocals", terminal=True)
    desk.wait_for_start()
    command.interrupt()
    status, shown, _ = command.finish()
    assert status == 130
    assert "Nothing was changed." in shown
    until("learning ended", lambda: not desk.learn.listening)
    assert not desk.file.exists()


def test_words_that_mean_several_controls_are_asked_for_in_a_terminal_and_refused_without(desk: Desk) -> None:
    status, _, err = Command(desk, "learn", "mute").finish()
    assert status == 2
    assert "stems.drums.mute, stems.bass.mute" in err
    command = Command(desk, "learn", "mute", terminal=True)
    command.wait_for("Which one?")
    command.type("2\n")
    desk.wait_for_start()
    desk.press()
    status, shown, _ = command.finish()
    assert status == 0
    assert "stems.bass.mute is on note 36 ch 10" in shown


def test_an_interrupt_at_the_question_which_one_begins_nothing(desk: Desk) -> None:
    command = Command(desk, "learn", "gain", terminal=True)
    command.wait_for("Which one?")
    assert "Fader of the bass stem" in command.shown
    command.interrupt()
    status, shown, _ = command.finish()
    assert status == 130
    assert "Nothing was changed." in shown
    assert not desk.learn.listening


def test_an_encoder_is_asked_to_be_turned_both_ways(desk: Desk) -> None:
    command = Command(desk, "learn", "vocals", terminal=True)
    desk.wait_for_start()
    desk.move(16, [1, 1, 1, 1])
    command.wait_for("now turn it to the left")
    desk.move(16, [65, 65, 65, 65])
    status, shown, _ = command.finish()
    assert status == 0
    assert "endless knob (sign bit)" in shown


def test_what_is_forgotten_is_bound_no_more(desk: Desk) -> None:
    command = Command(desk, "learn", "vocals")
    desk.wait_for_start()
    desk.move()
    command.finish()
    status, out, _ = Command(desk, "learn", "vocals", "--forget").finish()
    assert status == 0
    assert "removed from Box" in out
    status, _, err = Command(desk, "learn", "vocals", "--forget").finish()
    assert status == 2
    assert "no connected device has anything that sets stems.vocals.gain_db" in err


def test_without_a_name_it_lists_what_can_be_learned_in_80_columns(desk: Desk) -> None:
    status, out, _ = Command(desk, "learn").finish()
    assert status == 0
    assert re.search(r"^stems\.drums bass vocals other +gain_db, mute, solo", out, re.MULTILINE)
    assert "sideman learn vocals" in out
    assert "latency" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_without_a_sidecar_it_says_what_to_start(desk: Desk) -> None:
    for words in (("learn", "vocals"), ("learn", "--undo"), ("controllers",)):
        process = Command(desk, *words, "--port", "1")
        status, _, err = process.finish()
        assert status == 2
        assert "is sideman run running?" in err


def test_the_controllers_are_listed_with_what_is_wrong(desk: Desk) -> None:
    desk.bus.publish("controllers.device", "Old", "", "", "", "removed", "")
    status, out, _ = Command(desk, "controllers").finish()
    assert status == 0
    assert "Box: hold Shift to see the lights" in out
    assert "Old" not in out
    status, out, _ = Command(desk, "controllers", "--json").finish()
    assert [one["device"] for one in json.loads(out)["devices"]] == ["Box"]


def test_what_is_bound_on_a_controller_is_listed_with_its_port_and_state(desk: Desk) -> None:
    desk.bus.publish("controllers.device", "Other", "other", "Other MIDI 1", "", "port", "")
    desk.bus.publish("controllers.binding", "Box: cc 79 ch 9, layer shift", "Box", "cc 79 ch 9", VOCALS, "move to 83 %")
    desk.bus.publish("controllers.binding", "Other: cc 1 ch 1", "Other", "cc 1 ch 1", "stems.bass.gain_db", "")
    for name in ("box", "bO", "Box"):
        status, out, _ = Command(desk, "controllers", name).finish()
        assert status == 0
        assert "from Box MIDI 1" in out
        assert re.search(r"^cc 79 ch 9, layer shift +stems\.vocals\.gain_db +move to 83 %$", out, re.MULTILINE)
        assert "stems.bass" not in out
    status, out, _ = Command(desk, "controllers", "box", "--json").finish()
    assert [one["device"] for one in json.loads(out)["bindings"]] == ["Box"]
    status, _, err = Command(desk, "controllers", "nope").finish()
    assert status == 2
    assert "there are: Box, Other" in err


MAPPING = f"""\
schema = 1
name = "Box"
[device]
input.{get_system()} = ["Box"]
[[input]]
midi = "cc 1"
encoder = "absolute"
set = "stems.vocals.gain_db"
"""


def test_a_mapping_is_checked_without_a_sidecar(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "box.toml"
    path.write_text(MAPPING)
    status, out, _ = Command(desk, "controllers", "--check", str(path)).finish()
    assert status == 0
    assert "1 faders and knobs" in out
    path.write_text(MAPPING.replace("vocals", "vocal"))
    status, _, err = Command(desk, "controllers", "--check", str(path)).finish()
    assert status == 2
    assert "box.toml: input 1 (cc 1): set: no control is named stems.vocal.gain_db" in err
    assert "nearest: stems.vocals.gain_db" in err


def test_a_check_warns_of_a_preset_that_is_missing(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "box.toml"
    pad = '[[input]]\nmidi = "note {}"\nbutton = "momentary"\naction = "preset.load"\nargument = "{}"\n'
    path.write_text(MAPPING + pad.format(1, "karaoke") + pad.format(2, "nope"))
    status, out, _ = Command(desk, "controllers", "--check", str(path)).finish()
    assert status == 0
    assert "no preset is named nope; sideman preset list shows what there is" in out
    status, out, _ = Command(desk, "controllers", "--check", str(path), "--json").finish()
    assert json.loads(out)["missing_presets"] == ["nope"]


def test_mappings_are_listed_and_a_broken_one_has_its_problem(desk: Desk) -> None:
    desk.file.parent.mkdir()
    desk.file.write_text(MAPPING)
    desk.file.with_name("broken.toml").write_text("schema = 2\n")
    status, out, _ = Command(desk, "controllers", "--list", "--json").finish()
    assert status == 0
    users = {one["name"]: one for one in json.loads(out) if one["origin"] == "user"}
    assert users["box"]["title"] == "Box"
    assert "schema" in users["broken"]["problem"]
    status, out, _ = Command(desk, "controllers", "--list").finish()
    assert status == 0
    assert re.search(r"^box +user +Box *$", out, re.MULTILINE)
    assert "broken: " in out
    shipped = [line for line in out.splitlines() if " shipped " in line]
    assert len(shipped) >= 17
    assert all(len(line) <= 80 for line in shipped)


def test_a_shipped_mapping_is_printed_as_it_is_so_that_it_can_be_copied(desk: Desk) -> None:
    status, out, _ = Command(desk, "controllers", "--show", "korg_nanokontrol2").finish()
    assert status == 0
    assert out == (ROOT / "mappings" / "korg_nanokontrol2.toml").read_text(encoding="utf-8")


def test_the_picture_of_a_mapping_is_printed_by_its_name_the_users_first(desk: Desk) -> None:
    desk.file.parent.mkdir()
    desk.file.with_name("akai_midi_mix.toml").write_text(MAPPING)
    for name, title in (("korg_nanokontrol2", "Korg nanoKONTROL2"), ("akai_midi_mix", "Box")):
        status, out, _ = Command(desk, "controllers", "--picture", name).finish()
        assert status == 0
        assert f"<title>{title}: what its inputs do</title>" in out
    status, _, err = Command(desk, "controllers", "--picture", "korg_nanokontrol").finish()
    assert status == 2
    assert "korg_nanokontrol2" in err
    status, _, err = Command(desk, "controllers", "--picture", "nope").finish()
    names = err.split("there are: ")[1].strip().split(", ")
    assert names == sorted(names)
