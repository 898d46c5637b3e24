"""Text modes: one look and its exit status, following what changes, typed commands from a pipe."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.control.bus import Bus
from bridge.osc.server import OscServer
from tests.tui.rig import SessionRig, sidecar_registry
from tests.tui.sample_session import make_sample
from tui.core.options import OptionError, Options, parse_options, parse_size
from tui.modes import choose_mode
from tui.text.announcer import Announcer
from tui.text.follow import Follower
from tui.text.lines import LineReader
from tui.text.once import look_once
from tui.text.output import to_plain_line
from tui.text.summary import describe_session, find_problems, to_json
from tui.wire.attachment import open_link


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("SIDEMAN_OSC", raising=False)


@pytest.fixture
def server() -> Iterator[OscServer]:
    with OscServer(make_sample().bus, port=0) as opened:
        yield opened


def test_a_summary_says_what_there_is_and_what_is_wrong() -> None:
    session = make_sample().session
    lines = describe_session(session)
    assert lines[0].startswith("sideman ") and ", running, 44100 Hz" in lines[0]
    assert "vocals: peak -9.6 dB, gain 0.0 dB, muted" in lines
    assert "preset: late set, 6 changed" in lines
    assert "wrong: 128 late frames since the counters were reset" in lines
    assert any(problem.startswith("controller FS-1 pedal is missing") for problem in find_problems(session))


def test_nothing_is_wrong_with_a_fresh_sidecar_and_a_dead_worker_is() -> None:
    rig = SessionRig()
    assert describe_session(rig.session)[-1] == "nothing is wrong"
    for state, is_wrong in (("running", False), ("off", False), ("died (out of memory)", True), ("stalled", True)):
        rig.bus.publish("health", "mir", state)
        assert bool(find_problems(rig.session)) == is_wrong, state


def test_json_has_every_control_and_reading(server: OscServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert look_once(Options(attach=f":{server.port}", once=True, json=True)) == 2
    found = json.loads(capsys.readouterr().out)
    assert set(found["controls"]) == {one.name for one in sidecar_registry().controls}
    assert found["controls"]["stems.vocals.mute"] is True
    assert found["controls"]["accompaniment.band.style"] == "jazz"
    assert {row["port"] for row in found["readings"]["meters"]} >= {"drums", "mix"}
    assert found["controls"]["accompaniment.band.intensity"] == 0.62
    assert to_json(make_sample().session)["controls"] == found["controls"]


def test_one_look_at_nobody_is_status_1_and_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    with OscServer(Bus(sidecar_registry()), port=0) as gone:
        port = gone.port
    assert look_once(Options(attach=f":{port}", once=True)) == 1
    assert "start sideman run" in capsys.readouterr().out


def test_one_look_at_a_well_sidecar_is_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    with OscServer(Bus(sidecar_registry()), port=0) as server:
        assert look_once(Options(attach=f":{server.port}", once=True)) == 0
    assert capsys.readouterr().out.endswith("nothing is wrong\n")


def test_one_look_says_that_the_mix_is_dry() -> None:
    rig = make_sample()
    assert not any("dry" in line for line in describe_session(rig.session))
    rig.remote.set("stems.dry", 1)
    assert any(line.startswith("dry mix") for line in describe_session(rig.session))


class FollowRig:
    """A follower on a real server, with a pipe as its input."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.lines: list[str] = []

    def run(self, text: str) -> int:
        """Give the pipe ``text`` and close it; returns the exit status."""
        read, write = os.pipe()
        os.write(write, text.encode())
        os.close(write)
        try:
            with (
                OscServer(self.bus, port=0) as server,
                open_link(Options(attach=f":{server.port}")) as (link, channels),
            ):
                return Follower(link, channels, LineReader(read), self.lines.extend).run()
        finally:
            os.close(read)


def test_commands_of_a_pipe_are_carried_out_and_then_it_ends() -> None:
    rig = FollowRig(Bus(sidecar_registry()))
    assert rig.run("mute vocals\ngain bass -6\nundo\nstyle jazz") == 0
    assert rig.bus.get("stems.vocals.mute") == 1.0
    assert rig.bus.get("stems.bass.gain_db") == 0.0
    assert "vocals muted; undo takes it back" in rig.lines
    assert "undone: bass gain 0.0 dB again" in rig.lines


def test_a_command_waits_for_the_answer_to_the_one_before_it() -> None:
    rig = FollowRig(Bus(sidecar_registry()))
    loaded: list[str] = []

    def load(name: str) -> None:
        loaded.append(name)
        rig.bus.set("stems.bass.mute", True, "preset")

    rig.bus.add_handler("preset.load", load)
    assert rig.run("mute vocals\npreset load karaoke\nundo\n") == 0
    assert loaded == ["karaoke"]
    assert rig.lines.index("preset load karaoke: done") < rig.lines.index("undone: vocals mute off again")


def test_panic_overtakes_other_lines() -> None:
    read, write = os.pipe()
    os.write(write, b"mute bass\n panic\nstyle jazz\n")
    os.close(write)
    reader = LineReader(read)
    reader.receive(None)
    os.close(read)
    lines = [reader.take_line(("panic",), only_urgent=True), reader.take_line(("panic",), only_urgent=True)]
    assert lines == [" panic", None]
    assert [reader.take_line(("panic",)) for _ in range(3)] == ["mute bass", "style jazz", None]


def test_a_command_that_fails_is_status_2() -> None:
    rig = FollowRig(Bus(sidecar_registry()))
    assert rig.run("mute voclas\nmute bass\n") == 2
    assert rig.bus.get("stems.bass.mute") == 1.0
    assert any(line.startswith("error: ") and "nearest: vocals" in line for line in rig.lines)


@pytest.mark.parametrize("line", ["latency tune", "preset load nothing", "panic"])
def test_an_action_that_fails_is_said(line: str) -> None:
    """With an answer of rows, without one, and one with words of its own."""
    rig = FollowRig(Bus(sidecar_registry()))
    assert rig.run(f"{line}\n") == 2
    assert any("no handler" in line for line in rig.lines)


def test_closed_input_gives_no_lines_and_does_not_end_it() -> None:
    reader = LineReader(None)
    with open_link(Options(attach=":9")) as (link, channels):
        follower = Follower(link, channels, reader, lambda _lines: None)
        follower.is_ended = True
        assert follower.run() == 0
    assert not reader.is_done


def test_a_file_as_input_is_read(tmp_path: Path) -> None:
    (tmp_path / "commands").write_text("mute bass\nquit\n")
    bus = Bus(sidecar_registry())
    descriptor = os.open(tmp_path / "commands", os.O_RDONLY)
    lines: list[str] = []
    with OscServer(bus, port=0) as server, open_link(Options(attach=f":{server.port}")) as (link, channels):
        assert Follower(link, channels, LineReader(descriptor), lines.extend).run() == 0
    os.close(descriptor)
    assert bus.get("stems.bass.mute") == 1.0


class AnnouncerRig:
    """An announcer of a session that a Bus fills; ``now_s``: the time."""

    def __init__(self) -> None:
        self.rig = make_sample()
        self.lines: list[str] = []
        self.announcer = Announcer(self.rig.session, self.lines.extend)
        self.announcer.forget()
        self.now_s = 100.0
        feed = self.rig.session.feed

        def feed_and_say(address: str, args: tuple[bool | int | float | str, ...], now_s: float) -> None:
            feed(address, args, now_s)
            self.announcer.take(address, args, self.now_s)

        self.rig.bus.subscribe(
            lambda name, row, _source: feed_and_say(
                "/gone" if len(row) == 1 and name in ("health", "jobs") else "/" + name.replace(".", "/"),
                (("/" + name), *row) if len(row) == 1 and name in ("health", "jobs") else row,
                self.now_s,
            )
        )

    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        self.announcer.tick(self.now_s)


def test_a_fader_that_moves_is_said_once_when_it_rests() -> None:
    rig = AnnouncerRig()
    for number in range(10):
        rig.rig.bus.set("stems.bass.gain_db", -float(number), "controller")
        rig.wait(0.05)
    assert rig.lines == []
    rig.wait(0.5)
    assert rig.lines == ["bass gain -9.0 dB, by controller"]


def test_our_own_changes_are_left_to_who_made_them() -> None:
    rig = AnnouncerRig()
    rig.rig.session.source = "osc:127.0.0.1:1"
    rig.rig.bus.set("stems.bass.gain_db", -3.0, "osc:127.0.0.1:1")
    rig.wait(5)
    assert rig.lines == []


def test_chords_workers_counters_jobs_and_warnings_are_said_and_meters_are_not() -> None:
    rig = AnnouncerRig()
    bus = rig.rig.bus
    bus.publish("mir.chord", 1, "Dm", 0.9)
    bus.publish("mir.chord", 2, "Dm", 0.8)
    bus.publish("health", "mir", "died (memory)")
    bus.publish("meters", "in", *[-3.0] * 6)
    bus.publish("log", 1, "info", "sideman", "quiet")
    bus.publish("log", 1, "warning", "sideman", "loud")
    bus.withdraw("health", "mir")
    assert rig.lines == ["chord: Dm", "mir: died (memory)", "warning: loud", "worker mir: gone"]
    counters = dict(rig.rig.session.read("counters"))
    counters["xruns"] = 3
    bus.publish("counters", *counters.values())
    rig.wait(1)
    assert rig.lines[-1] == "xruns: 3, 3 more"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (Options(once=True, follow=True), "do not go together"),
        (Options(json=True), "belongs to --once"),
        (Options(size="80x24"), "belongs to --snapshot"),
        (Options(at="1:00"), "belongs to --replay"),
        (Options(replay="x", attach=":1"), "no sidecar"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: Options, text: str) -> None:
    with pytest.raises(OptionError, match=text):
        choose_mode(options)


def test_a_plain_terminal_follows_and_no_terminal_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert choose_mode(Options()).__name__ == "follow"
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("SIDEMAN_TUI", "lines")
    assert choose_mode(Options()).__name__ == "follow"
    monkeypatch.delenv("SIDEMAN_TUI")
    monkeypatch.setattr("tui.modes.is_terminal", lambda: False)
    with pytest.raises(OptionError, match="--once"):
        choose_mode(Options())


def test_options_pass_to_another_process() -> None:
    options = Options(attach="host:1", ascii=True, replay="ä b.rec")
    assert parse_options(options.to_text()) == options
    for text in ("", "[]", '{"no": 1}', '{"ascii": "yes"}', "[" * 9999):
        with pytest.raises(OptionError):
            parse_options(text)


@pytest.mark.parametrize("text", ["80", "0x24", "80x", "axb", "99999x1", "-1x2"])
def test_a_size_that_is_none_is_refused(text: str) -> None:
    assert parse_size("160X50") == (160, 50)
    with pytest.raises(OptionError, match="COLUMNSxROWS"):
        parse_size(text)


def test_a_name_cannot_steer_the_terminal() -> None:
    assert to_plain_line("a\x1b[2Jb\u202e\x07") == "a [2Jb  "


def test_a_snapshot_of_a_screen_is_text(server: OscServer, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    options = Options(attach=f":{server.port}", snapshot="stems", size="80x24")
    assert choose_mode(options)(options) == 0
    shown = capsys.readouterr().out
    assert "MUTED" in shown and len(shown.splitlines()) == 24
    with pytest.raises(OptionError, match="there are "):
        choose_mode(options)(Options(attach=f":{server.port}", snapshot="nothing"))
    picture = Options(attach=f":{server.port}", snapshot="stems", svg=str(tmp_path / "stems.svg"))
    assert choose_mode(picture)(picture) == 0
    assert (tmp_path / "stems.svg").read_text().startswith("<svg")
