"""Decoding of device messages, against mido and against a parser that reads the whole history anew each time."""

from __future__ import annotations

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.controllers.mappings.input_decoder import InputDecoder
from bridge.controllers.mappings.mapping import MessageKind, MessageSpec
from bridge.controllers.mappings.message_specs import parse_message_specs

EVERY_KIND = tuple(
    spec
    for text in (
        "cc 1,7 ch 1-2",
        "note 36-37 ch 1-2",
        "key pressure 36 ch 1-2",
        "channel pressure ch 1-2",
        "bend ch 1-2",
        "program ch 1",
        "program 3 ch 2",
    )
    for spec in parse_message_specs(text, 1)
)


def interpret(message: mido.Message) -> list[tuple[MessageSpec, int]]:
    """What one message of `EVERY_KIND` means, by mido's reading of it."""
    channel = message.channel
    wanted: MessageSpec | None = None
    value = 0
    match message.type:
        case "control_change":
            wanted, value = MessageSpec(MessageKind.CC, channel, message.control), message.value
        case "note_on":
            wanted, value = MessageSpec(MessageKind.NOTE, channel, message.note), message.velocity
        case "note_off":
            wanted = MessageSpec(MessageKind.NOTE, channel, message.note)
        case "polytouch":
            wanted, value = MessageSpec(MessageKind.KEY_PRESSURE, channel, message.note), message.value
        case "aftertouch":
            wanted, value = MessageSpec(MessageKind.CHANNEL_PRESSURE, channel), message.value
        case "pitchwheel":
            wanted, value = MessageSpec(MessageKind.PITCH_BEND, channel), message.pitch + 8192
        case "program_change":
            if channel == 1 and message.program == 3:
                pressed = MessageSpec(MessageKind.PROGRAM, 1, 3)
                return [(pressed, 127), (pressed, 0)]
            wanted, value = MessageSpec(MessageKind.PROGRAM, channel, -1), message.program
    return [(wanted, value)] if wanted in EVERY_KIND else []


statuses = st.sampled_from([kind | channel for kind in range(0x80, 0xF0, 0x10) for channel in (0, 1, 2)])


def make_messages() -> st.SearchStrategy[bytes]:
    number = st.one_of(st.sampled_from([1, 3, 7, 36, 37]), st.integers(0, 127))
    return st.builds(
        lambda s, n, v: bytes([s, n] if s & 0xF0 in (0xC0, 0xD0) else [s, n, v]), statuses, number, st.integers(0, 127)
    )


@given(messages=st.lists(make_messages(), max_size=30))
def test_single_messages_mean_what_mido_reads(messages: list[bytes]) -> None:
    decoder = InputDecoder(EVERY_KIND)
    for message in messages:
        assert decoder.decode(message) == interpret(mido.Message.from_bytes(message))


@given(
    message=st.one_of(
        st.binary(max_size=5), st.builds(lambda s, rest: bytes([s]) + rest, statuses, st.binary(max_size=4))
    )
)
def test_bytes_that_are_no_whole_channel_message_mean_nothing(message: bytes) -> None:
    decoder = InputDecoder(EVERY_KIND)
    try:
        read = mido.Message.from_bytes(message)
    except (ValueError, IndexError):  # mido raises IndexError for no bytes at all
        read = None
    # mido takes a pitch bend with a byte too many: what it writes again is the whole message
    is_whole = read is not None and hasattr(read, "channel") and read.bin() == message
    assert decoder.decode(message) == (interpret(read) if is_whole else [])


PAIR = MessageSpec(MessageKind.CC14, 4, 7, 39)


def send_pair(value: int) -> list[bytes]:
    return [bytes([0xB4, 7, value >> 7]), bytes([0xB4, 39, value & 0x7F])]


@given(values=st.lists(st.integers(0, 16383), min_size=1, max_size=30))
def test_fourteen_bits_are_exact_after_the_fine_part(values: list[int]) -> None:
    decoder = InputDecoder([PAIR])
    for value in values:
        coarse, fine = send_pair(value)
        decoder.decode(coarse)
        assert decoder.decode(fine) == [(PAIR, value)]


@given(values=st.lists(st.integers(0, 16383), min_size=2, max_size=30), down=st.booleans(), leave_out=st.booleans())
def test_a_fader_that_moves_one_way_never_jumps_back(values: list[int], down: bool, leave_out: bool) -> None:
    """``leave_out``: the device leaves a coarse part out that has not changed."""
    decoder = InputDecoder([PAIR])
    first, *rest = sorted(values, reverse=down)
    for message in send_pair(first):
        shown = decoder.decode(message)
    last = first
    for value in rest:
        messages = send_pair(value)
        for message in messages[1:] if leave_out and value >> 7 == last >> 7 else messages:
            (_, now), before = decoder.decode(message)[0], shown[0][1]
            assert now <= before if down else now >= before
            shown = [(PAIR, now)]
        assert shown == [(PAIR, value)]
        last = value


def test_a_fader_that_sends_the_coarse_part_alone_has_both_ends() -> None:
    decoder = InputDecoder([PAIR])
    values = [decoder.decode(bytes([0xB4, 7, coarse]))[0][1] for coarse in (0, 64, 127, 0)]
    assert values == [0, 64 << 7 | 64, 16383, 0]


def test_a_fine_part_without_a_coarse_one_is_no_value_yet() -> None:
    decoder = InputDecoder([PAIR])
    assert decoder.decode(bytes([0xB4, 39, 5])) == []
    decoder.decode(bytes([0xB4, 7, 3]))
    assert decoder.decode(bytes([0xB4, 39, 5])) == [(PAIR, 3 << 7 | 5)]


NUMBERS = (130, 131, 16382)
PARAMETERS = tuple(MessageSpec(MessageKind.NRPN, channel, number) for channel in (0, 1) for number in NUMBERS)


def read_history(history: list[tuple[int, int, int]]) -> dict[tuple[int, int], tuple[int, int]]:
    """Coarse and fine data of each (channel, NRPN) after all of ``history`` (channel, controller, value); -1: none."""
    data: dict[tuple[int, int], tuple[int, int]] = {}
    for end, (channel, controller, value) in enumerate(history):
        if controller not in (6, 38):
            continue
        before = [(c, v) for ch, c, v in history[:end] if ch == channel]
        selecting = [c for c, _ in before if c in (98, 99, 100, 101)]
        if not selecting or selecting[-1] in (100, 101):
            continue
        coarse = next((v for c, v in reversed(before) if c == 99), 127)
        fine = next((v for c, v in reversed(before) if c == 98), 127)
        if coarse == fine == 127:
            continue
        old = data.get((channel, coarse << 7 | fine), (-1, -1))
        new = (value, old[1]) if controller == 6 else (old[0], value)
        data[channel, coarse << 7 | fine] = new
    return data


def make_history() -> st.SearchStrategy[list[tuple[int, int, int]]]:
    """Whole transfers to some parameters, with single control changes of any kind between them."""
    channel = st.sampled_from([0, 1])
    value = st.one_of(st.sampled_from([1, 2, 3, 126, 127]), st.integers(0, 127))
    single = st.builds(lambda *one: [one], channel, st.sampled_from([1, 6, 38, 98, 99, 100, 101]), value)
    transfer = st.builds(
        lambda ch, number, c, f: [(ch, 99, number >> 7), (ch, 98, number & 127), (ch, 6, c), (ch, 38, f)],
        channel, st.sampled_from((*NUMBERS, 132, 16383)), value, value,
    )  # fmt: skip
    return st.lists(st.one_of(single, transfer), max_size=12).map(lambda parts: [one for part in parts for one in part])


@given(history=make_history())
def test_parameters_among_other_control_changes_are_those_that_the_whole_history_gives(
    history: list[tuple[int, int, int]],
) -> None:
    decoder = InputDecoder([*PARAMETERS, MessageSpec(MessageKind.CC, 0, 1)])
    given_values: dict[tuple[int, int], int] = {}
    for end, (channel, controller, value) in enumerate(history, 1):
        decoded = decoder.decode(bytes([0xB0 | channel, controller, value]))
        if controller == 1:
            assert decoded == ([(MessageSpec(MessageKind.CC, 0, 1), value)] if channel == 0 else [])
            continue
        given_values |= {(spec.channel, spec.number): got for spec, got in decoded}
        for key, (coarse, fine) in read_history(history[:end]).items():
            if (
                key[1] in NUMBERS
                and coarse >= 0
                and controller == 38
                and decoded
                and key == (channel, decoded[0][0].number)
            ):
                assert given_values[key] == coarse << 7 | fine
            if key[1] in NUMBERS and coarse >= 0:
                assert given_values[key] >> 7 == coarse
        allowed = {key for key, (coarse, _) in read_history(history[:end]).items() if coarse >= 0}
        assert set(given_values) <= allowed


@pytest.mark.parametrize("controller", [98, 99])
def test_either_half_of_a_number_selects_it_again_after_a_registered_parameter(controller: int) -> None:
    decoder = InputDecoder(PARAMETERS)
    for number, value in ((99, 1), (98, 2), (101, 0), (100, 0), (controller, {99: 1, 98: 2}[controller])):
        assert decoder.decode(bytes([0xB0, number, value])) == []
    assert decoder.decode(bytes([0xB0, 6, 127])) == [(PARAMETERS[0], 16383)]


def test_after_the_null_parameter_data_change_nothing() -> None:
    decoder = InputDecoder(PARAMETERS)
    for controller, value in ((99, 1), (98, 2), (6, 64), (101, 127), (100, 127)):
        decoded = decoder.decode(bytes([0xB0, controller, value]))
    assert decoder.decode(bytes([0xB0, 6, 5])) == decoded == []


@pytest.mark.parametrize(
    "message", [b"", b"\xf8", b"\xf0\x00\x00\x66\xf7", b"\xb0\x01", b"\xb0\x01\x80", b"\xd0\x01\x02", b"\xe0\x80\x00"]
)
def test_system_messages_and_pieces_mean_nothing(message: bytes) -> None:
    assert InputDecoder(EVERY_KIND).decode(message) == []
