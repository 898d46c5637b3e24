"""Mackie Control handshake: both ends against known bytes, against each other, and against peers that misbehave."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.controllers.mcu.handshake import ASK_S, MAX_ANSWERS, DeviceHandshake, HostHandshake, compute_response
from bridge.controllers.mcu.protocol import UNIT_EXTENDER, UNIT_LOGIC_CONTROL, UNIT_MAIN

UNITS = (UNIT_MAIN, UNIT_EXTENDER, UNIT_LOGIC_CONTROL)
SERIAL = bytes(range(0x31, 0x38))
CLOCK = b"\xf8"
HOUR_S = 3600.0


def sysex(unit: int, *data: int) -> bytes:
    """A message with Mackie's header."""
    return bytes((0xF0, 0x00, 0x00, 0x66, unit, *data, 0xF7))


@pytest.mark.parametrize(
    ("challenge", "response"),
    [
        ("01 02 03 04", "05 05 7B 2F"),
        ("00 00 00 00", "0A 00 00 70"),
        ("7F 7F 7F 7F", "75 7E 7C 00"),
        ("12 34 56 08", "48 1A 06 4E"),
    ],
)
def test_the_response_is_that_of_the_vectors(challenge: str, response: str) -> None:
    assert compute_response(bytes.fromhex(challenge)) == bytes.fromhex(response)


@given(st.binary(min_size=4, max_size=4).map(lambda data: bytes(byte & 0x7F for byte in data)))
def test_every_response_is_four_data_bytes(challenge: bytes) -> None:
    response = compute_response(challenge)
    assert len(response) == 4
    assert max(response) <= 0x7F


@pytest.mark.parametrize("challenge", [b"", b"\x01\x02\x03", b"\x01\x02\x03\x04\x05", b"\x01\x02\x03\x80"])
def test_what_is_no_challenge_is_refused(challenge: bytes) -> None:
    with pytest.raises(ValueError, match="give 4 bytes"):
        compute_response(challenge)


@pytest.mark.parametrize("unit", UNITS)
def test_the_host_answers_a_challenge_and_is_confirmed_by_the_unit_itself(unit: int) -> None:
    host = HostHandshake(unit)
    assert host.start(0.0) == [sysex(unit, 0x00)]
    reply = host.receive(sysex(unit, 0x01, *SERIAL, 0x01, 0x02, 0x03, 0x04), 0.1)
    assert reply == [sysex(unit, 0x02, *SERIAL, 0x05, 0x05, 0x7B, 0x2F), sysex(unit, 0x13, 0x00)]
    assert [host.is_confirmed] == [False]
    host.receive(sysex(unit, 0x03, *SERIAL), 0.2)
    assert [host.is_confirmed] == [True]
    host.receive(sysex(unit, 0x14, *b"V2.13"), 0.3)
    assert host.version == "V2.13"
    assert host.update(HOUR_S) == []


@pytest.mark.parametrize("reply", [(0x06,), (0x01, *SERIAL), (0x03,), (0x14, *b"1.21")], ids=lambda data: f"{data[0]}")
def test_each_reply_of_a_clone_confirms(reply: tuple[int, ...]) -> None:
    host = HostHandshake(UNIT_MAIN)
    host.start(0.0)
    host.receive(sysex(UNIT_MAIN, *reply), 0.1)
    assert host.is_confirmed


@pytest.mark.parametrize(
    "message",
    [
        CLOCK,
        b"\xfe",
        b"\xe0\x00\x40",
        b"\x90\x10\x7f",
        b"\xf0\x7e\x00\x06\x02\x00\xf7",
        sysex(UNIT_EXTENDER, 0x03, *SERIAL),  # another unit, on the same cable
        sysex(UNIT_MAIN, 0x00),  # our own question, come back through a loop
        sysex(UNIT_MAIN, 0x13, 0x00),
        sysex(UNIT_MAIN, 0x12, 0x00, *b"Drums"),
        sysex(UNIT_MAIN, 0x03, *SERIAL)[:-1],
        sysex(UNIT_MAIN, 0x14, 0x56, 0xC3, 0x31),
        sysex(UNIT_MAIN, 0x83),
        sysex(UNIT_MAIN),
        b"",
        b"\xf0",
        b"\xf0\xf7",
    ],
    ids=lambda message: message.hex() or "empty",
)
def test_other_traffic_does_not_confirm(message: bytes) -> None:
    host = HostHandshake(UNIT_MAIN)
    host.start(0.0)
    for _ in range(1000):
        assert host.receive(message, 0.1) == []
    assert not host.is_confirmed


def test_a_long_version_is_cut() -> None:
    host = HostHandshake(UNIT_MAIN)
    host.start(0.0)
    host.receive(sysex(UNIT_MAIN, 0x14, *b"9" * 1000), 0.1)
    assert host.version == "9" * 32


def test_a_clone_that_never_answers_is_asked_every_five_seconds() -> None:
    host = HostHandshake(UNIT_MAIN)
    asked = len(host.start(0.0))
    for tick in range(1, 60_001):  # a minute, looked at every millisecond
        asked += len(host.update(tick / 1000))
    assert asked == 1 + 60 / ASK_S
    assert not host.is_confirmed


def test_after_a_sleep_of_ten_minutes_it_is_asked_once() -> None:
    host = HostHandshake(UNIT_MAIN)
    host.start(0.0)
    assert len(host.update(600.0)) == 1
    assert host.update(600.1) == []


def test_a_device_that_refuses_is_said_and_asked_again_later() -> None:
    host = HostHandshake(UNIT_MAIN)
    host.start(0.0)
    host.receive(sysex(UNIT_MAIN, 0x04, *SERIAL), 4.9)
    assert host.is_refused
    assert not host.is_confirmed
    assert host.update(ASK_S) == []
    assert host.update(4.9 + ASK_S) == [sysex(UNIT_MAIN, 0x00)]


def test_a_device_that_was_switched_off_and_on_is_answered_afresh() -> None:
    host = HostHandshake(UNIT_MAIN)
    host.start(0.0)
    host.receive(sysex(UNIT_MAIN, 0x03), 0.1)
    assert host.receive(sysex(UNIT_MAIN, 0x01, *SERIAL, 0, 0, 0, 0), HOUR_S)
    assert not host.is_confirmed
    host.receive(sysex(UNIT_MAIN, 0x03), HOUR_S + 0.1)
    assert host.is_confirmed


@given(st.lists(st.sampled_from([0x01, 0x03, 0x04, 0x06, 0x14]), max_size=400))
def test_no_device_makes_the_host_flood(commands: list[int]) -> None:
    host = HostHandshake(UNIT_MAIN)
    sent = host.start(0.0)
    for command in commands:
        data = (*SERIAL, 1, 2, 3, 4) if command == 0x01 else ()
        sent += host.receive(sysex(UNIT_MAIN, command, *data), 1.0)
    assert len(sent) <= 1 + 2 * MAX_ANSWERS


def test_starting_again_forgets_what_was_confirmed() -> None:
    host = HostHandshake(UNIT_MAIN)
    host.start(0.0)
    host.receive(sysex(UNIT_MAIN, 0x03), 0.1)
    assert host.start(10.0) == [sysex(UNIT_MAIN, 0x00)]
    assert not host.is_confirmed


@pytest.mark.parametrize("unit", UNITS)
def test_both_ends_confirm_one_another(unit: int) -> None:
    host, device = HostHandshake(unit), DeviceHandshake(unit)
    for_device, for_host = host.start(0.0), device.start(0.0)
    while for_device or for_host:
        for_host += [answer for message in for_device for answer in device.receive(message, 0.0)]
        for_device = [answer for message in for_host for answer in host.receive(message, 0.0)]
        for_host = []
    assert host.is_confirmed
    assert device.is_confirmed
    assert host.version == "V1.00"


def test_the_device_confirms_only_the_right_response() -> None:
    device = DeviceHandshake(UNIT_MAIN)
    (query,) = device.receive(sysex(UNIT_MAIN, 0x00), 0.0)
    serial, challenge = query[6:13], query[13:17]
    wrong = bytearray(compute_response(challenge))
    wrong[0] ^= 1
    assert device.receive(sysex(UNIT_MAIN, 0x02, *serial, *wrong), 0.1) == [sysex(UNIT_MAIN, 0x04, *serial)]
    assert not device.is_confirmed


def test_a_host_that_asks_while_it_is_challenged_gets_the_same_challenge() -> None:
    device = DeviceHandshake(UNIT_MAIN)
    queries = device.start(0.0) + device.receive(sysex(UNIT_MAIN, 0x00), 0.0)
    assert queries[0] == queries[1]
    for query in queries:
        reply = sysex(UNIT_MAIN, 0x02, *query[6:13], *compute_response(query[13:17]))
        assert device.receive(reply, 0.1) == [sysex(UNIT_MAIN, 0x03, *query[6:13])]


def test_a_host_that_restarts_must_prove_itself_again() -> None:
    random_bytes = iter((SERIAL, bytes((1, 2, 3, 4)), bytes((0x12, 0x34, 0x56, 8))))
    device = DeviceHandshake(UNIT_MAIN, lambda count: next(random_bytes))
    (first,) = device.start(0.0)
    device.receive(sysex(UNIT_MAIN, 0x02, *first[6:13], 0x05, 0x05, 0x7B, 0x2F), 0.1)
    assert [device.is_confirmed] == [True]
    (second,) = device.receive(sysex(UNIT_MAIN, 0x00), 10.0)
    assert [device.is_confirmed] == [False]
    assert second[13:17] == bytes((0x12, 0x34, 0x56, 8))


def test_a_response_to_no_challenge_is_ignored() -> None:
    device = DeviceHandshake(UNIT_MAIN)
    assert device.receive(sysex(UNIT_MAIN, 0x02, *SERIAL, 5, 5, 0x7B, 0x2F), 0.0) == []
    assert not device.is_confirmed


def test_challenges_differ_and_the_serial_number_stays() -> None:
    device = DeviceHandshake(UNIT_MAIN)
    queries = []
    for _ in range(8):
        (query,) = device.start(0.0)
        device.receive(sysex(UNIT_MAIN, 0x02, *query[6:13], *compute_response(query[13:17])), 0.0)
        queries.append(query)
    assert len({query[13:17] for query in queries}) > 1
    assert len({query[6:13] for query in queries}) == 1
    assert queries[0][6:13].isdigit()


def test_a_host_that_asks_in_a_storm_gets_few_answers_and_later_one_again() -> None:
    device = DeviceHandshake(UNIT_MAIN)
    answers = [answer for _ in range(10_000) for answer in device.receive(sysex(UNIT_MAIN, 0x00), 1.0)]
    assert len(answers) == MAX_ANSWERS
    assert device.receive(sysex(UNIT_MAIN, 0x13, 0x00), 1.0 + ASK_S) == [sysex(UNIT_MAIN, 0x14, *b"V1.00")]


@given(st.lists(st.binary(max_size=24) | st.builds(lambda data: sysex(UNIT_MAIN, *data), st.binary(max_size=16))))
def test_any_traffic_is_survived_by_both_ends(messages: list[bytes]) -> None:
    host, device = HostHandshake(UNIT_MAIN), DeviceHandshake(UNIT_MAIN)
    host.start(0.0)
    device.start(0.0)
    for i, message in enumerate(messages):
        for answer in host.receive(message, i) + device.receive(message, i):
            assert all(byte <= 0x7F for byte in answer[1:-1])
    assert len(host.version) <= 32
