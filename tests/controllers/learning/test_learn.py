"""MIDI learn: what was moved is found among all that devices send, and bound as a mapping file has it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.controllers.learning.kind_detection import MOVE, TURN_LEFT
from bridge.controllers.learning.learn import Learn, overlaps
from bridge.controllers.learning.learn_target import LearnTarget, parse_target
from bridge.controllers.learning.message_tracker import MOST_MESSAGES
from bridge.controllers.mappings.mapping import MessageKind, MessageSpec
from bridge.controllers.mappings.mapping_file import InputTable
from bridge.controllers.mappings.message_specs import format_message_spec
from bridge.errors import ConfigError, ControlError
from tests.controllers.learning.learn_rig import (
    ACTION,
    FADER,
    REGISTRY,
    SWITCH,
    UP_DOWN,
    find_first,
    listen,
    make_mapping,
    take,
)
from tests.controllers.simulated_devices import (
    ENCODERS,
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

channels = st.integers(0, 15)
numbers = st.integers(0, 95)


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
