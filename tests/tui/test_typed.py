"""Typed commands: what a line does, and what it says where it is not understood."""

from __future__ import annotations

import pytest

from tests.tui.rig import BusRemote, SessionRig
from tests.tui.sample_session import make_sample
from tui.core.registry import Registry
from tui.text.matching import UnclearError
from tui.text.typed import TypedCommands


class TypedRig:
    """Typed commands on the sample session. ``lines``: what was written."""

    def __init__(self) -> None:
        self.rig: SessionRig = make_sample()
        self.remote: BusRemote = self.rig.remote
        self.lines: list[str] = []
        self.commands = TypedCommands(self.rig.session, self.remote, self.lines.extend, self.lines.append)

    def run(self, line: str) -> None:
        self.commands.run(line)

    def get(self, name: str) -> float:
        return self.rig.bus.get(name)


@pytest.fixture
def typed() -> TypedRig:
    return TypedRig()


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("mute drums", "stems.drums.mute", 1),
        ("unmute vocals", "stems.vocals.mute", 0),
        ("mute vocals off", "stems.vocals.mute", 0),
        ("solo bass on", "stems.bass.solo", 1),
        ("unsolo bass", "stems.bass.solo", 0),
        ("gain vocals -6", "stems.vocals.gain_db", -6),
        ("vocals gain -6.5 dB", "stems.vocals.gain_db", -6.5),
        ("set stems.vocals.gain_db 3", "stems.vocals.gain_db", 3),
        ("intensity 0.25", "accompaniment.band.intensity", 0.25),
        ("lookahead 2", "accompaniment.lookahead_beats", 2),
        ("tempo 90", "accompaniment.band.tempo", 90),
        ("clock tempo 90", "clock.tempo_bpm", 90),
        ("tempo mode follow", "mir.tempo.mode", 2),
        ("tempo follow", "mir.tempo.mode", 2),
        ('mute "drums', "stems.drums.mute", 1),
        ("band drums mute", "accompaniment.band.drums.mute", 1),
    ],
)
def test_a_control_is_set_by_words_of_its_name(typed: TypedRig, line: str, name: str, value: float) -> None:
    typed.run(line)
    assert typed.get(name) == pytest.approx(value)


def test_a_choice_is_set_by_its_word_and_a_value_is_said(typed: TypedRig) -> None:
    typed.run("style funk")
    assert typed.rig.session.get_choice("accompaniment.band.style") == "funk"
    typed.run("style")
    typed.run("gain bass")
    typed.run("get bass mute")
    assert typed.lines == ["band style funk", "bass gain -1.5 dB", "bass mute off"]
    typed.run("reset bass gain")
    assert typed.get("stems.bass.gain_db") == 0


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("panic", ("transport.panic",)),
        ("undo", ("undo",)),
        ("redo", ("redo",)),
        ("preset karaoke", ("preset.load", "karaoke")),
        ("preset late", ("preset.load", "late set")),
        ("save my new set", ("preset.save", "my new set")),
        ("latency tune", ("latency.tune",)),
        ("counters reset", ("counters.reset",)),
        ("learn start stems.vocals.mute", ("learn.start", "stems.vocals.mute")),
        ("preset load karaoke", ("preset.load", "karaoke")),
        ("transport.panic", ("transport.panic",)),
    ],
)
def test_an_action_is_called(typed: TypedRig, line: str, call: tuple[str, ...]) -> None:
    typed.run(line)
    assert typed.remote.calls == [call]


def test_a_pair_is_connected_in_one_step_which_undo_takes_back_whole(typed: TypedRig) -> None:
    typed.run("connect sideman vocals > ardour vocals")
    assert typed.remote.calls == [("routing.connect", "sideman:vocals", "ardour:Vocals/audio_in")]
    typed.run("cut sideman:mix_1 to system:playback_1")
    assert typed.remote.calls[1:] == [("routing.cut", "sideman:mix_1", "system:playback_1")]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("mute voclas", "nearest: vocals"),
        ("mute", "may mean"),
        ("style polka", "one of"),
        ("gain vocals loud", "not understood"),
        ("gain vocals 99", "-60 to 12 dB"),
        ("preset kareoke", "karaoke"),
        ("preset", "give the name of a preset"),
        ("connect drums", "SOURCE > DESTINATION"),
        ("connect nothing > ardour vocals", "no source is called nothing"),
        ("connect sideman accompaniment > ardour vocals", "midi"),
        ("frobnicate", "help says"),
        ("learn start", "give control"),
        ("latency tune now", "takes nothing"),
        ("save", "give a name"),
    ],
)
def test_what_is_not_understood_is_said_and_does_nothing(typed: TypedRig, line: str, text: str) -> None:
    before = dict(typed.rig.bus.values())
    with pytest.raises(UnclearError, match=text):
        typed.run(line)
    assert typed.remote.calls == [] and dict(typed.rig.bus.values()) == before


@pytest.mark.parametrize("line", ["help", "status", "jobs", "presets", "ports", "links", "controls", "actions"])
def test_lists_are_plain_words(typed: TypedRig, line: str) -> None:
    typed.run(line)
    assert typed.lines
    assert not any("\u2500" <= character <= "\u259f" for one in typed.lines for character in one)


def test_a_blank_line_does_nothing_and_quit_ends(typed: TypedRig) -> None:
    typed.run("  ")
    assert not typed.commands.is_over
    typed.run("quit")
    assert typed.commands.is_over


def test_where_nobody_answers_a_command_is_not_sent() -> None:
    typed = TypedRig()
    typed.rig.session.registry = Registry()
    with pytest.raises(UnclearError, match="not sent: mute bass: nobody answers"):
        typed.run("mute bass")
