"""MIDI learn: what was moved is found among all that devices send, and bound as a mapping file has it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.control.registry import Registry
from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.learning.kind_detection import MOVE, TURN_LEFT
from bridge.controllers.learning.learn import Candidate, Learn, overlaps
from bridge.controllers.learning.learn_target import LearnTarget, parse_target
from bridge.controllers.learning.message_tracker import MOST_MESSAGES
from bridge.controllers.mappings.mapping import Mapping, MessageKind, MessageSpec
from bridge.controllers.mappings.mapping_file import DeviceTable, InputTable, MappingFile, PortPatterns
from bridge.controllers.mappings.mapping_reader import check_mapping
from bridge.controllers.mappings.message_specs import format_message_spec
from bridge.core.control import Control
from bridge.errors import ConfigError, ControlError
from tests.controllers.simulated_devices import (
    ENCODERS,
    Events,
    Presses,
    encode_step,
    momentary_presses,
    send_bend,
    send_controller,
    send_key,
    send_pair,
    send_parameter,
    switch_presses,
    turns,
    wiggles,
)

STYLE = Control("comp.style", 0, 2, 0, kind="choice", choices=("straight", "swing", "funk"), doc="Feel.")
REGISTRY = make_sidecar_registry({"comp": [STYLE]})
FADER, SWITCH, ACTION = "stems.vocals.gain_db", "stems.vocals.mute", "transport.panic"
UP_DOWN = [*range(40, 100, 5), *range(95, 20, -5)]
channels = st.integers(0, 15)
numbers = st.integers(0, 95)


def make_mapping(*inputs: InputTable, registry: Registry = REGISTRY) -> Mapping:
    device = DeviceTable(input=PortPatterns(linux=("Test",)), strips=8)
    return check_mapping(MappingFile(schema=1, name="Test", device=device, input=inputs), "test.toml", registry)


def listen(target: str, *streams: tuple[str, Events], mapping: Mapping | None = None) -> tuple[Learn, float]:
    """Learn ``target`` while the devices send their streams; the time is two seconds after the last message."""
    learn = Learn(REGISTRY, lambda device: mapping)
    learn.start(target)
    events = [(at, device, message) for device, stream in streams for at, message in stream]
    events.sort(key=lambda one: one[0])  # those of one time stay in order
    for at, device, message in events:
        learn.observe(device, message, at)
    return learn, events[-1][0] + 2


def find_first(target: str, events: Events) -> Candidate:
    learn, now_s = listen(target, ("a", events))
    return learn.candidates(now_s)[0]


def take(target: str, events: Events, mapping: Mapping | None = None) -> InputTable:
    """The entry that is learned, which the mapping reader accepts."""
    learn, now_s = listen(target, ("a", events), mapping=mapping)
    entry = learn.take(1, now_s).entry
    assert len(make_mapping(entry).inputs) == 1
    return entry


@given(channels, numbers, wiggles())
def test_a_fader_is_learned_as_absolute_with_pickup(channel: int, number: int, positions: list[int]) -> None:
    entry = take(FADER, send_controller(channel, number, positions))
    assert entry == InputTable(midi=f"cc {number} ch {channel + 1}", encoder="absolute", set=FADER, pickup=True)


@given(channels, numbers, st.sampled_from(ENCODERS), turns())
def test_an_endless_encoder_is_learned_with_its_kind(channel: int, number: int, kind: str, steps: list[int]) -> None:
    entry = take(FADER, send_controller(channel, number, [encode_step(kind, step) for step in steps]))
    assert (entry.midi, entry.encoder, entry.pickup) == (f"cc {number} ch {channel + 1}", kind, None)


@given(channels, st.integers(0, 31), wiggles(top=16383))
def test_a_coarse_and_a_fine_controller_are_learned_as_one_fader(
    channel: int, number: int, positions: list[int]
) -> None:
    learn, now_s = listen(FADER, ("a", send_pair(channel, number, positions)))
    [found] = learn.candidates(now_s)
    assert found.spec == MessageSpec(MessageKind.CC14, channel, number, number + 32)
    assert found.value == positions[-1]
    assert learn.take(1, now_s).entry.encoder == "absolute"


@given(channels, st.integers(0, 16382), wiggles(top=16383), st.booleans())
def test_a_parameter_is_learned_by_its_number(channel: int, number: int, positions: list[int], again: bool) -> None:
    learn, now_s = listen(FADER, ("a", send_parameter(channel, number, positions, again=again)))
    [found] = learn.candidates(now_s)
    assert found.spec == MessageSpec(MessageKind.NRPN, channel, number)
    assert learn.take(1, now_s).entry.encoder == "absolute"


@given(channels, wiggles(top=16383))
def test_a_fader_that_bends_is_learned(channel: int, positions: list[int]) -> None:
    entry = take(FADER, send_bend(channel, positions))
    assert (entry.midi, entry.encoder) == (f"bend ch {channel + 1}", "absolute")


@given(channels, st.integers(0, 127), momentary_presses(), st.booleans())
def test_a_key_switches_over_with_each_press(channel: int, number: int, presses: Presses, off_status: bool) -> None:
    entry = take(SWITCH, send_key(channel, number, presses.values, off_status=off_status))
    assert entry == InputTable(midi=f"note {number} ch {channel + 1}", button="latched", set=SWITCH)


@given(switch_presses())
def test_a_button_that_switches_over_by_itself_is_learned_as_such(presses: Presses) -> None:
    assert take(SWITCH, send_controller(0, 48, presses.values)).button == "toggle"
    assert take(SWITCH, send_key(0, 48, presses.values)).button == "toggle"


def test_an_action_is_triggered_by_a_press() -> None:
    entry = take(ACTION, send_key(9, 36, [100, 0]))
    assert entry == InputTable(midi="note 36 ch 10", button="momentary", action=ACTION)
    assert take(ACTION, [(0.0, b"\xc9\x03")]) == InputTable(midi="program 3 ch 10", button="momentary", action=ACTION)


def test_a_pad_sets_the_value_that_is_learned_with_it() -> None:
    assert take("comp.style funk", send_key(9, 37, [90, 0])).value == "funk"
    assert take("stems.vocals.gain_db -6", send_key(9, 37, [90, 0])).value == -6.0
    assert take("stems.vocals.mute on", send_key(9, 37, [90, 0])).value is True


def test_a_button_steps_through_the_values_of_a_choice() -> None:
    assert take("comp.style", send_key(9, 37, [90, 0])).step == 1


def test_an_action_keeps_its_argument() -> None:
    assert take("preset.load karaoke", send_key(9, 37, [90, 0])).argument == "karaoke"


@pytest.mark.parametrize("order", [1, -1])
def test_a_fader_is_ahead_of_a_key_and_a_knob_that_trembles(order: int) -> None:
    fader = send_controller(0, 7, UP_DOWN, start_s=0.5)
    stray = [*send_key(0, 60, [80, 0], start_s=0.5), *send_controller(0, 20, [64, 66, 64, 66], start_s=0.5)]
    learn, now_s = listen(FADER, *[("a", fader), ("b", stray)][::order])
    first, *others = learn.candidates(now_s)
    assert first.message == "cc 7 ch 1"
    assert {one.message for one in others} == {"note 60 ch 1", "cc 20 ch 1"}


def test_a_knob_that_trembles_between_two_values_is_no_candidate() -> None:
    learn, now_s = listen(FADER, ("a", send_controller(0, 20, [64, 65, 64, 65])))
    assert learn.candidates(now_s) == ()


def test_a_key_is_ahead_of_the_pressure_that_comes_with_it() -> None:
    pressure: Events = [(0.02 + index / 100, bytes((0xA0, 60, value))) for index, value in enumerate(range(0, 127, 4))]
    pressure += [(at + 0.001, bytes((0xD0, message[2]))) for at, message in pressure]
    assert find_first(SWITCH, [*send_key(0, 60, [80, 0]), *pressure]).message == "note 60 ch 1"
    assert find_first(FADER, pressure).spec.kind in (MessageKind.KEY_PRESSURE, MessageKind.CHANNEL_PRESSURE)


def test_the_newest_of_two_equal_movements_is_first() -> None:
    first, second = send_controller(0, 7, UP_DOWN), send_controller(0, 8, UP_DOWN, start_s=5)
    learn, now_s = listen(FADER, ("a", [*first, *second]))
    assert [one.message for one in learn.candidates(now_s)] == ["cc 8 ch 1", "cc 7 ch 1"]


def test_a_button_is_first_where_a_button_is_to_be_learned_and_a_fader_where_a_fader_is() -> None:
    both = [*send_controller(0, 7, UP_DOWN), *send_key(0, 60, [80, 0], start_s=0.5)]
    assert find_first(SWITCH, both).message == "note 60 ch 1"
    assert find_first(ACTION, both).message == "note 60 ch 1"
    assert find_first(FADER, both).message == "cc 7 ch 1"


def test_a_small_movement_now_is_ahead_of_a_large_one_some_seconds_ago() -> None:
    before, now = send_controller(0, 7, UP_DOWN), send_controller(0, 8, [*range(60, 85, 2)], start_s=6)
    learn, now_s = listen(FADER, ("a", [*before, *now]))
    assert learn.candidates(now_s)[0].message == "cc 8 ch 1"


def test_a_fader_is_ahead_of_the_pressure_of_a_key_that_came_later() -> None:
    key = send_key(0, 60, [80], start_s=0.5)
    pressure: Events = [(0.6 + index / 100, bytes((0xD0, value))) for index, value in enumerate(range(0, 127, 4))]
    learn, now_s = listen(FADER, ("a", send_controller(0, 7, [*range(40, 90, 2)])), ("b", [*key, *pressure]))
    assert learn.candidates(now_s)[0].message == "cc 7 ch 1"


def test_the_same_message_of_two_devices_is_two_candidates() -> None:
    learn, now_s = listen(FADER, ("a", send_controller(0, 7, UP_DOWN)), ("b", send_controller(0, 7, UP_DOWN[:12])))
    assert [one.device for one in learn.candidates(now_s)] == ["a", "b"]


def test_clock_active_sensing_and_system_exclusive_are_no_candidates() -> None:
    learn, _ = listen(FADER, ("a", [(0.0, message) for message in (b"\xf8", b"\xfe", b"\xf0\x7e\xf7", b"\xfa", b"")]))
    assert learn.candidates(1.0) == ()


def test_two_faders_32_apart_that_are_moved_one_after_the_other_are_two() -> None:
    events = [*send_controller(0, 0, UP_DOWN), *send_controller(0, 32, UP_DOWN, start_s=3)]
    learn, now_s = listen(FADER, ("a", events))
    assert {one.message for one in learn.candidates(now_s)} == {"cc 0 ch 1", "cc 32 ch 1"}


def test_a_fader_and_a_button_32_above_it_are_not_one_fader() -> None:
    events = send_controller(0, 0, UP_DOWN)
    for index, value in ((5, 127), (10, 0), (15, 127), (20, 0)):
        events.insert(index, (events[index][0], bytes((0xB0, 32, value))))
    learn, now_s = listen(FADER, ("a", events))
    assert learn.candidates(now_s)[0].message == "cc 0 ch 1"
    single = [*send_controller(0, 0, [64]), *send_controller(0, 32, UP_DOWN, start_s=0.1)]
    learn, now_s = listen(FADER, ("a", single))
    assert learn.candidates(now_s)[0].message == "cc 32 ch 1"


def test_a_pad_that_selects_a_bank_with_its_program_is_learned_by_its_program() -> None:
    events: Events = [(at, message) for at in (0.0, 1.0) for message in (b"\xb0\x00\x01", b"\xb0\x20\x00", b"\xc0\x05")]
    assert find_first(ACTION, events).message == "program 5 ch 1"


def test_faders_on_the_controllers_of_a_parameter_that_are_moved_in_its_order_are_faders() -> None:
    events: Events = []
    for index, number in enumerate((99, 98, 7, 6)):
        events += send_controller(0, number, UP_DOWN, start_s=float(index))
    learn, now_s = listen(FADER, ("a", events))
    assert {one.message for one in learn.candidates(now_s)} == {f"cc {number} ch 1" for number in (99, 98, 7, 6)}


def test_a_registered_parameter_is_no_fader_and_one_that_is_none_after_it_is() -> None:
    bend_range = [(0.0, bytes((0xB0, number, value))) for number, value in ((101, 0), (100, 0), (6, 2), (38, 0))]
    learn, now_s = listen(FADER, ("a", bend_range * 3))
    assert learn.candidates(now_s) == ()
    fader = send_parameter(0, 300, [value * 100 for value in UP_DOWN], start_s=1.0)
    learn, now_s = listen(FADER, ("a", [*bend_range, *fader]))
    assert [one.message for one in learn.candidates(now_s)] == ["nrpn 300 ch 1"]
    learn, now_s = listen(FADER, ("a", [*fader, *((at + 5, message) for at, message in bend_range)]))
    assert [one.value for one in learn.candidates(now_s)] == [UP_DOWN[-1] * 100]


def test_parameters_between_other_controllers_that_change_only_their_fine_number_are_found() -> None:
    events = send_parameter(0, 300, [0, 5000, 9000], start_s=0.0)
    for index, value in enumerate((0, 3000, 9000, 14000)):
        parts = ((7, index), (98, 301 & 0x7F), (6, value >> 7), (38, value & 0x7F))
        events += [(1 + index / 100, bytes((0xB0, number, data))) for number, data in parts]
    assert find_first(FADER, events).message == "nrpn 301 ch 1"


def test_plain_faders_on_the_controllers_of_parameters_are_learned() -> None:
    for number in (6, 38, 98, 99):
        assert find_first(FADER, send_controller(0, number, UP_DOWN)).message == f"cc {number} ch 1"


def test_an_encoder_whose_kind_is_open_is_not_taken_and_the_user_is_asked_to_turn_it_both_ways() -> None:
    learn, now_s = listen(FADER, ("a", send_controller(0, 16, [1, 1, 1, 1])))
    with pytest.raises(ControlError) as refused:
        learn.take(1, now_s)
    assert refused.value.hint == TURN_LEFT
    for at, message in send_controller(0, 16, [65, 65, 65], start_s=now_s):
        learn.observe("a", message, at)
    assert learn.take(1, now_s + 1).entry.encoder == "sign_bit"


def test_a_button_that_says_only_that_it_is_pressed_is_learned_where_a_button_is_asked_for() -> None:
    presses = send_controller(0, 48, [127, 127, 127, 127])
    assert take(SWITCH, presses).button == "latched"
    assert take(ACTION, presses).button == "momentary"
    assert find_first(FADER, presses).detection.is_button is False


def test_what_moved_too_little_asks_for_more() -> None:
    learn, now_s = listen(FADER, ("a", send_controller(0, 16, [60, 63])))
    with pytest.raises(ControlError) as refused:
        learn.take(1, now_s)
    assert refused.value.hint == MOVE


def test_a_fader_is_refused_for_an_action_and_a_button_for_a_fader() -> None:
    learn, now_s = listen(ACTION, ("a", send_controller(0, 7, UP_DOWN)))
    with pytest.raises(ControlError, match=r"takes a button; press"):
        learn.take(1, now_s)
    learn, now_s = listen(FADER, ("a", send_key(0, 60, [80, 0])))
    with pytest.raises(ControlError, match=r"takes a fader or knob; move one, or learn a value: .* 0$"):
        learn.take(1, now_s)


def test_what_a_message_is_bound_to_already_is_the_conflict() -> None:
    mapping = make_mapping(
        InputTable(midi="cc 0-7", encoder="absolute", strip=1, function="fader"),
        InputTable(midi="cc14 8-9", encoder="absolute", set="stems.bass.gain_db"),
        InputTable(midi="note 1", button="momentary", action=ACTION),
    )
    found = {}
    for number in (2, 40, 50):
        learn, now_s = listen(FADER, ("a", send_controller(0, number, UP_DOWN)), mapping=mapping)
        found[number] = learn.candidates(now_s)[0].conflict
    assert found == {2: "fader of strip 3", 40: "stems.bass.gain_db", 50: ""}
    learn, now_s = listen(SWITCH, ("a", send_key(0, 1, [9, 0])), mapping=mapping)
    assert learn.take(1, now_s).conflict == ACTION


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("stems.vocal.gain_db", "nearest: stems.vocals.gain_db"),
        ("preset.load", "which name"),
        ("transport.panic now", "takes no argument"),
        ("comp.style waltz", "one of straight, swing, funk"),
        ("stems.vocals.gain_db 60", "give -60 to 12"),
        ("stems.vocals.gain_db loud", "give a number"),
        ("", "no control is named"),
    ],
)
def test_a_target_that_does_not_exist_is_refused_with_the_fix(text: str, error: str) -> None:
    learn = Learn(REGISTRY, lambda device: None)
    with pytest.raises(ControlError, match=error):
        learn.start(text)
    assert learn.target is None


@pytest.mark.parametrize(
    "text", [FADER, SWITCH, ACTION, "comp.style funk", "preset.load my song", "stems.vocals.mute on"]
)
def test_the_name_of_a_target_is_read_as_the_same_target(text: str) -> None:
    target = parse_target(REGISTRY, text)
    assert isinstance(target, LearnTarget)
    assert parse_target(REGISTRY, target.name) == target


def test_nothing_is_taken_before_a_start_after_a_cancel_and_before_a_movement() -> None:
    learn = Learn(REGISTRY, lambda device: None)
    for act in (lambda: None, lambda: learn.start(FADER), learn.cancel):
        act()
        with pytest.raises(ControlError):
            learn.take(1, 0.0)


def test_a_storm_of_all_messages_is_forgotten_when_a_fader_is_moved() -> None:
    storm = [
        (index / 10_000, bytes((status | channel, number, index % 128)))
        for index, (status, channel, number) in enumerate(
            itertools.product((0x90, 0xA0, 0xB0), range(16), range(128)),
        )
    ]
    learn, now_s = listen(FADER, ("a", [*storm, *send_controller(3, 70, UP_DOWN, start_s=1)]))
    assert learn.candidates(now_s)[0].message == "cc 70 ch 4"
    tracker = learn._trackers["a"]
    assert len(tracker.list_histories()) <= MOST_MESSAGES


def test_what_was_moved_before_the_start_does_not_count() -> None:
    learn, now_s = listen(FADER, ("a", send_controller(0, 7, UP_DOWN)))
    learn.start(SWITCH)
    assert learn.candidates(now_s) == ()


def specs() -> Iterator[MessageSpec]:
    yield MessageSpec(MessageKind.CC, 0, 8)
    yield MessageSpec(MessageKind.CC, 0, 40)
    yield MessageSpec(MessageKind.CC14, 0, 8, 40)
    yield MessageSpec(MessageKind.CC, 1, 8)
    yield MessageSpec(MessageKind.NOTE, 0, 8)
    yield MessageSpec(MessageKind.NRPN, 0, 8)
    yield MessageSpec(MessageKind.CC, 0, 99)
    yield MessageSpec(MessageKind.CC, 0, 101)
    yield MessageSpec(MessageKind.NRPN, 0, 9)


def is_accepted(*messages: MessageSpec) -> bool:
    """Whether a mapping may have inputs of all these messages."""
    try:
        make_mapping(
            *(
                InputTable(midi=format_message_spec(one), button="latched", set=SWITCH)
                if one.kind is MessageKind.NOTE
                else InputTable(midi=format_message_spec(one), encoder="absolute", set=FADER)
                for one in messages
            )
        )
    except ConfigError:
        return False
    return True


def test_messages_overlap_where_a_mapping_may_not_have_both() -> None:
    for one, other in itertools.product(specs(), repeat=2):
        assert overlaps(one, other) != is_accepted(one, other), (one, other)
