"""Learn binding: what a user sees and does over the Bus, from the start of learning to the file and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.control.bus import Bus, Row
from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.learning.learn_binding import GIVE_UP_S, UNCONNECTED, LearnBinding
from bridge.controllers.learning.mapping_editor import LearnDevice
from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.mappings.mapping_reader import read_mapping
from bridge.controllers.ports.port_names import get_system
from bridge.errors import ConfigError, ControlError
from tests.controllers.simulated_devices import Events, send_controller, send_key

VOCALS, MUTE = "stems.vocals.gain_db", "stems.vocals.mute"
UP_DOWN = [*range(40, 100, 5), *range(95, 20, -5)]


class Studio:
    """A Bus with MIDI learn, and one device that has no mapping until one is written."""

    def __init__(self, folder: Path) -> None:
        self.bus = Bus(make_sidecar_registry({}))
        self.file = folder / "box.toml"
        self.now_s = 0.0
        self.problem = ""
        self.names = ["Box"]
        self.learn = LearnBinding(self.bus, self.list_devices, self.reload)
        for name, handler in self.learn.handlers().items():
            self.bus.add_handler(name, handler)
        self.reload()

    def list_devices(self) -> list[LearnDevice]:
        return [LearnDevice(name, f"{name} MIDI 1", f"{name} MIDI 1", self.mapping) for name in self.names]

    def reload(self) -> None:
        self.mapping = read_mapping(self.file, self.bus.registry) if self.file.exists() else None
        if self.problem:
            raise ConfigError(self.problem)

    def play(self, events: Events, device: str = "Box") -> None:
        start_s = self.now_s
        for at, message in events:
            self.now_s = start_s + at
            self.learn.observe(device, message, self.now_s)
            self.learn.update(self.now_s)
        self.wait(2.0)

    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        self.learn.update(self.now_s)

    def is_listening(self) -> bool:
        return self.learn.listening

    def find_mapping(self) -> Mapping | None:
        return self.mapping

    @property
    def state(self) -> Row:
        return self.bus.get_latest("learn.state") or ()

    @property
    def candidates(self) -> list[Row]:
        rows = sorted(self.bus.get_rows("learn.candidate"), key=lambda row: int(row[0]))
        return [row for row in rows if row[1]]


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Studio:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    return Studio(tmp_path / "mappings")


def test_from_an_unknown_device_to_a_fader_that_is_vocals_and_back(studio: Studio) -> None:
    studio.bus.trigger("learn.start", VOCALS)
    assert studio.state[:2] == ("listening", VOCALS)
    studio.play(send_controller(8, 79, UP_DOWN))
    assert studio.candidates == [(1, "Box", "cc 79 ch 9", "absolute", 0.551, "")]
    assert studio.state[2:5] == ("Box", "cc 79 ch 9", "absolute")
    studio.bus.trigger("learn.take", "1")
    assert studio.state[:5] == ("learned", VOCALS, "Box", "cc 79 ch 9", "absolute")
    assert studio.candidates == []
    assert studio.find_mapping() is not None
    assert not studio.is_listening()
    assert str(studio.state[-1]) == f"{VOCALS} is on cc 79 ch 9 of Box; written into {studio.file}"
    studio.bus.trigger("learn.undo")
    assert studio.state[:2] == ("undone", VOCALS)
    assert str(studio.state[-1]) == f"{VOCALS} on cc 79 ch 9 of Box; {studio.file} is removed"
    assert studio.find_mapping() is None
    assert not studio.file.exists()


def test_a_candidate_that_is_bound_says_to_what_and_gives_it_up_when_it_is_taken(studio: Studio) -> None:
    for control in (VOCALS, "stems.bass.gain_db"):
        studio.bus.trigger("learn.start", control)
        studio.play(send_controller(0, 7, UP_DOWN))
        conflict = studio.candidates[0][-1]
        studio.bus.trigger("learn.take", "1")
    assert conflict == VOCALS
    assert "no longer stems.vocals.gain_db" in str(studio.state[-1])
    assert studio.mapping is not None
    assert [one.target.control.name for one in studio.mapping.inputs] == ["stems.bass.gain_db"]  # type: ignore[union-attr]


def test_a_control_that_is_bound_says_to_what_when_learning_begins(studio: Studio) -> None:
    studio.bus.trigger("learn.start", VOCALS)
    studio.play(send_controller(0, 7, UP_DOWN))
    studio.bus.trigger("learn.take", "1")
    studio.bus.trigger("learn.start", VOCALS)
    assert "cc 7 ch 1 of Box does it already" in str(studio.state[-1])


def test_what_is_forgotten_is_bound_no_more_and_undo_brings_it_back(studio: Studio) -> None:
    studio.bus.trigger("learn.start", MUTE)
    studio.play(send_key(0, 48, [100, 0]))
    studio.bus.trigger("learn.take", "1")
    text = studio.file.read_bytes()
    studio.bus.trigger("learn.forget", MUTE)
    assert studio.state[0] == "forgotten"
    assert studio.mapping is not None
    assert studio.mapping.inputs == ()
    studio.bus.trigger("learn.undo")
    assert studio.file.read_bytes() == text


def test_a_control_that_is_on_a_strip_says_so_when_it_cannot_be_forgotten(studio: Studio) -> None:
    head = f'schema = 1\nname = "Box"\n[device]\ninput.{get_system()} = ["Box"]\nstrips = 8\n'
    studio.file.parent.mkdir()
    studio.file.write_text(head)
    studio.reload()
    with pytest.raises(ControlError, match="sideman controllers lists what is bound"):
        studio.bus.trigger("learn.forget", VOCALS)
    fader = '[[input]]\nmidi = "cc 0-7"\nencoder = "absolute"\nstrip = 1\nfunction = "fader"\n'
    studio.file.write_text(head + fader)
    studio.reload()
    with pytest.raises(ControlError, match="it is a strip of Box, which the bank moves"):
        studio.bus.trigger("learn.forget", VOCALS)
    with pytest.raises(ControlError, match="sideman controllers lists what is bound"):
        studio.bus.trigger("learn.forget", MUTE)


def test_an_encoder_whose_kind_is_open_asks_for_two_turns_and_is_not_taken(studio: Studio) -> None:
    studio.bus.trigger("learn.start", VOCALS)
    studio.play(send_controller(0, 16, [1, 1, 1, 1]))
    assert studio.candidates[0][3] == "encoder?"
    assert studio.state[-1] == "now turn it to the left"
    with pytest.raises(ControlError, match="now turn it to the left"):
        studio.bus.trigger("learn.take", "1")
    assert studio.is_listening()
    studio.play(send_controller(0, 16, [127, 127, 127, 127]))
    assert studio.candidates[0][3] == "twos_complement"


def test_where_nothing_is_connected_that_is_said_at_once_and_no_longer_when_something_is(studio: Studio) -> None:
    studio.names = []
    studio.bus.trigger("learn.start", MUTE)
    assert studio.state[-1] == f"{UNCONNECTED} press the button or pad that is to do it"
    studio.names = ["Box"]
    studio.wait(0.2)
    assert studio.state[-1] == "press the button or pad that is to do it"


@pytest.mark.parametrize(
    ("target", "prompt"),
    [
        (VOCALS, "move the fader or knob that is to do it; an endless knob first to the right, then to the left"),
        (f"{VOCALS} -6", "press the button or pad that is to do it"),
        ("transport.panic", "press the button or pad that is to do it"),
    ],
)
def test_the_user_is_asked_for_what_can_be_learned(studio: Studio, target: str, prompt: str) -> None:
    studio.bus.trigger("learn.start", target)
    assert studio.state[-1] == prompt


def test_a_mapping_with_an_error_is_refused_and_learning_goes_on(studio: Studio) -> None:
    studio.bus.trigger("learn.start", VOCALS)
    studio.play(send_controller(0, 7, UP_DOWN))
    studio.file.parent.mkdir(exist_ok=True)
    studio.file.write_text("schema = 2\n")
    with pytest.raises(ControlError, match=r"box\.toml"):
        studio.bus.trigger("learn.take", "1")
    assert studio.state[0] == "refused"
    assert studio.is_listening()
    assert studio.file.read_text() == "schema = 2\n"


def test_an_error_in_another_mapping_does_not_keep_this_one_from_being_learned(studio: Studio) -> None:
    studio.problem = "other.toml: schema: missing"
    studio.bus.trigger("learn.start", VOCALS)
    studio.play(send_controller(0, 7, UP_DOWN))
    studio.bus.trigger("learn.take", "1")
    assert studio.state[0] == "learned"
    studio.bus.trigger("learn.undo")
    assert studio.state[0] == "undone"


def test_a_cancel_binds_nothing_and_messages_have_their_usual_effect_again(studio: Studio) -> None:
    studio.bus.trigger("learn.start", VOCALS)
    assert studio.is_listening()
    studio.play(send_controller(0, 7, UP_DOWN))
    studio.bus.trigger("learn.cancel")
    assert not studio.is_listening()
    assert studio.state[0] == "off"
    assert studio.candidates == []


def test_learning_that_nobody_ends_ends_by_itself(studio: Studio) -> None:
    studio.wait(1000.0)
    studio.bus.trigger("learn.start", VOCALS)
    studio.wait(GIVE_UP_S - 1)
    assert studio.is_listening()
    studio.play(send_controller(0, 7, UP_DOWN))
    studio.wait(GIVE_UP_S - 1)
    assert studio.is_listening()
    studio.wait(2)
    assert not studio.is_listening()
    assert studio.state[0] == "off"


def test_a_device_that_is_unplugged_before_it_is_taken_is_named(studio: Studio) -> None:
    studio.bus.trigger("learn.start", VOCALS)
    studio.play(send_controller(0, 7, UP_DOWN))
    studio.names = []
    with pytest.raises(ControlError, match="Box is not connected any more"):
        studio.bus.trigger("learn.take", "1")


@pytest.mark.parametrize(
    ("action", "argument", "error"),
    [
        ("learn.start", "stems.vocal.gain_db", "nearest: stems.vocals.gain_db"),
        ("learn.take", "1", "nothing is being learned"),
        ("learn.take", "first", "no rank"),
        ("learn.forget", "stems.vocal.mute", "nearest: stems.vocals.mute"),
        ("learn.forget", MUTE, "no connected device has anything that sets stems.vocals.mute"),
        ("learn.undo", "", "nothing is left to undo; to remove a binding: sideman learn NAME --forget"),
        ("learn.start", "preset.load nope", "nope"),
    ],
)
def test_what_cannot_be_done_says_why_and_what_to_do(studio: Studio, action: str, argument: str, error: str) -> None:
    with pytest.raises(ControlError, match=error):
        studio.bus.trigger(action, *filter(None, [argument]))


def test_candidates_are_published_when_they_change_and_at_most_ten_times_a_second(studio: Studio) -> None:
    published: list[Row] = []

    def collect(name: str, values: Row, source: str) -> None:
        if name == "learn.candidate":
            published.append(values)

    studio.bus.subscribe(collect)
    studio.bus.trigger("learn.start", VOCALS)
    studio.play([(index / 1000, message) for index, (_, message) in enumerate(send_controller(0, 7, UP_DOWN * 40))])
    assert 1 <= len(published) <= 12
    before = len(published)
    studio.wait(1)
    studio.wait(1)
    assert len(published) == before
