"""Device sessions: set up, confirmed, paced, left as it was, on a scripted port in virtual time."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.controllers.mappings.mapping_file import PacingTable
from bridge.controllers.ports.session import EXPECT_S, RETRY_S, has_pattern
from tests.controllers.fake_midi import FakeSurface, make_mapping
from tests.controllers.ports.session_rig import EXIT, INIT, REPLY, RESET, STEP_S, FakeHandshake, Rig


def test_a_device_that_a_crash_left_in_its_mode_is_brought_out_of_it_first() -> None:
    assert Rig(make_mapping(init=[INIT], exit=[EXIT])).start().sent_messages == [EXIT, INIT]


def test_the_answer_confirms_and_lights_follow_it() -> None:
    rig = Rig(make_mapping(init=[INIT], expect="F0 ?? 02"))
    rig.surface.shown[5] = 1
    rig.start().run(0.5)
    assert rig.state() == "port" and rig.sent_messages == [INIT]
    rig.receive(REPLY)
    assert rig.state() == "confirmed" and rig.sent_messages == [INIT, "90 05 01"]


@pytest.mark.parametrize("other", ["F8", "90 01 02", "F0 01 03 F7", "F0 01 F7", "FE"])
def test_other_traffic_confirms_nothing(other: str) -> None:
    for handshake in (None, FakeHandshake()):
        rig = Rig(make_mapping(init=[INIT], expect="" if handshake else "F0 01 02"), handshake).start()
        for _ in range(100):
            rig.receive(other)
        assert rig.state() == "port"


def test_a_device_that_never_answers_gets_its_lights_after_a_while() -> None:
    rig = Rig(make_mapping(init=[INIT], expect=REPLY))
    rig.surface.shown[5] = 1
    rig.start().run(EXPECT_S - 0.1)
    assert rig.sent_messages == [INIT]
    rig.run(0.2)
    assert rig.sent_messages == [INIT, "90 05 01"] and rig.state() == "port"


def test_a_device_that_never_answers_is_asked_forever_and_never_flooded() -> None:
    rig = Rig(make_mapping(init=[INIT], expect=REPLY)).start().run(3600.0, 0.1)
    assert 3600 / (RETRY_S + 0.2) <= rig.sent_messages.count(INIT) <= 3600 / RETRY_S + 1
    assert rig.receive(REPLY).state() == "confirmed"
    before = len(rig.sent_messages)
    assert len(rig.run(60.0, 0.1).sent_messages) == before


def test_a_device_too_slow_for_the_questions_gets_no_more_of_them_than_it_can_take() -> None:
    init = [f"F0 01 {number:02X} F7" for number in range(100)]
    rig = Rig(make_mapping(init=init, expect=REPLY, pacing=PacingTable(gap_ms=100.0))).start().run(600.0, 0.05)
    rig.receive(REPLY)
    before = len(rig.sent_messages)
    assert len(rig.run(60.0, 0.05).sent_messages) - before <= len(init)


def test_a_late_answer_has_all_lights_sent_again() -> None:
    rig = Rig(make_mapping(init=[INIT], expect=REPLY))
    rig.surface.shown[5] = 1
    rig.start().run(EXPECT_S + 0.1)
    rig.receive(REPLY)
    assert rig.sent_messages == [INIT, "90 05 01", "90 05 01"]


def test_a_handshake_confirms_and_its_answers_go_first() -> None:
    rig = Rig(make_mapping(), FakeHandshake())
    rig.surface.shown[5] = 1
    rig.start().receive(REPLY)
    assert rig.state() == "confirmed"
    assert rig.sent_messages == ["F0 02 F7", "F0 03 F7", "F0 04 F7", "90 05 01"]


def test_a_device_that_was_switched_off_and_on_is_no_longer_confirmed() -> None:
    rig = Rig(make_mapping(), FakeHandshake()).start().receive(REPLY)
    assert rig.receive(RESET).state() == "port"
    rig.surface.shown[5] = 1
    assert rig.receive(REPLY).state() == "confirmed" and rig.surface.replayed == 3


def test_a_handshake_without_an_answer_goes_on_in_its_own_time() -> None:
    rig = Rig(make_mapping(), FakeHandshake()).start().run(600.0, 0.1)
    assert 9 <= rig.sent_messages.count("F0 02 F7") <= 11


def test_every_message_reaches_the_surface() -> None:
    rig = Rig(make_mapping()).start().receive("B0 00 01", "F8", "F0 01 F7", "90 01 00")
    assert [message.hex() for message in rig.surface.received] == ["b00001", "f8", "f001f7", "900100"]
    assert rig.session.received == 4


def test_the_surface_acts_on_all_that_came_even_while_its_lights_wait() -> None:
    rig = Rig(make_mapping(init=[INIT], expect=REPLY)).start()
    rig.receive("B0 07 01", "B0 07 02", "B0 07 03")
    assert rig.sent_messages == [INIT]
    assert rig.surface.updated_after == 3


def test_what_comes_on_the_other_channel_of_a_device_is_taken_as_on_its_channel() -> None:
    mapping = make_mapping()
    device = msgspec.structs.replace(mapping.device, channel=16, also_channel=1)
    rig = Rig(replace(mapping, device=device)).start()
    rig.receive("B0 07 01", "BF 07 02", "B1 07 03", "90 01 7F", "F8", "F0 01 F7", "C0 05")
    taken = ["BF 07 01", "BF 07 02", "B1 07 03", "9F 01 7F", "F8", "F0 01 F7", "CF 05"]
    assert [message.hex(" ").upper() for message in rig.surface.received] == taken


def test_a_warning_of_the_mapping_is_shown_from_its_message_to_the_one_that_ends_it() -> None:
    text = "pads are in drum mode: press Shift and Notes"
    rig = Rig(make_mapping(warning=("F0 47 ?? 4F 62 00 01", text, "F0 47 ?? 4F 62 00 01 00"))).start()
    rig.receive("F0 47 7F 4F 62 00 01 00 F7")
    assert rig.warnings == [] and rig.session.warning == ""
    rig.receive("F0 47 7F 4F 62 00 01 02 F7", "F0 47 7F 4F 62 00 01 02 F7", "90 01 02")
    assert rig.warnings == [text] and rig.session.warning == text
    rig.receive("F0 47 7F 4F 62 00 01 00 F7")
    assert rig.session.warning == ""
    rig.receive("F0 47 7F 4F 62 00 01 02 F7")
    assert rig.warnings == [text] * 2


def test_the_keepalive_comes_in_its_time_and_before_lights() -> None:
    rig = Rig(make_mapping(keepalive=("A0 00 00", 1.0), pacing=PacingTable(gap_ms=20.0)))
    for key in range(100):
        rig.surface.shown[key] = 1
    rig.start().run(10.0)
    times = [at for at, message in rig.port.log if message == bytes.fromhex("A0 00 00")]
    assert [round(b - a, 1) for a, b in pairwise(times)] == [1.0] * 9


def test_a_storm_of_changes_costs_a_light_no_more_than_its_pace() -> None:
    rig = Rig(make_mapping(pacing=PacingTable(gap_ms=10.0))).start()
    for value in range(5000):
        rig.surface.shown[5] = value % 128
        rig.surface.shown[6] = 127 - value % 128
        rig.run(STEP_S)
    rig.run(0.1)
    assert len(rig.sent_messages) <= 10.0 / 0.01 + 12
    assert rig.sent_messages[-2:] == ["90 05 07", "90 06 78"]


@given(st.floats(0, 5), st.floats(0, 1), st.integers(0, 6), st.floats(0, 50), st.lists(st.integers(1, 30), max_size=30))
def test_the_device_is_never_sent_to_faster_than_it_can_take(
    gap_ms: float, byte_ms: float, burst: int, pause_ms: float, lights: list[int]
) -> None:
    rig = Rig(make_mapping(exit=[EXIT], pacing=PacingTable(gap_ms, byte_ms, burst, pause_ms))).start()
    for light in lights:
        for key in range(light):
            rig.surface.shown[key] = rig.surface.shown.get(key, 0) ^ 1
        rig.run(0.02)
    rig.close().run(3.0)
    assert rig.is_closed() and rig.sent_messages[-1] == EXIT
    log = rig.port.log
    for (at, message), (later, _) in pairwise(log):
        assert later - at >= (gap_ms + byte_ms * len(message)) / 1000 - 1e-9
    if burst:
        # in any stretch without a pause there are at most `burst` messages
        run = 0
        for (at, _), (later, _) in pairwise(log):
            run = 0 if later - at >= pause_ms / 1000 - 1e-9 else run + 1
            assert run < burst or pause_ms == 0


def test_a_burst_after_a_rest_is_a_whole_one() -> None:
    rig = Rig(make_mapping(pacing=PacingTable(burst=3, pause_ms=50.0))).start()
    for key in range(2):
        rig.surface.shown[key] = 1
    rig.run(1.0)
    for key in range(4):
        rig.surface.shown[key] = 2
    rig.run(0.2)
    times = [at for at, _ in rig.port.log[2:]]
    assert len(times) == 4 and times[2] == times[0] and times[3] >= times[0] + 0.05


def test_an_edited_mapping_goes_on_with_another_surface_that_shows_everything() -> None:
    rig = Rig(make_mapping(init=[INIT])).start()
    surface = FakeSurface()
    surface.shown[9] = 3
    rig.session.replace_surface(surface, make_mapping(init=[INIT]), rig.now_s)
    rig.receive("B0 00 01")
    assert rig.surface.is_closed and rig.surface.released == 1 and rig.surface.received == []
    assert len(surface.received) == 1 and rig.sent_messages == [INIT, "90 09 03"] and surface.replayed == 1


def test_lights_of_the_old_mapping_that_wait_are_dropped() -> None:
    rig = Rig(make_mapping(pacing=PacingTable(gap_ms=20.0))).start()
    for key in range(60):
        rig.surface.shown[key] = 1
    rig.run(0.1)
    surface, before = FakeSurface(), len(rig.sent_messages)
    surface.shown[99] = 3
    rig.session.replace_surface(surface, make_mapping(pacing=PacingTable(gap_ms=20.0)), rig.now_s)
    assert rig.run(2.0).sent_messages[before:] == ["90 63 03"]


@given(st.binary(max_size=8), st.lists(st.one_of(st.none(), st.integers(0, 255)), max_size=8))
def test_a_pattern_fits_what_begins_like_it(message: bytes, pattern: list[int | None]) -> None:
    padded = list(message) + [-1] * 8
    expected = bool(pattern) and all(
        at < len(message) and (wanted is None or wanted == padded[at]) for at, wanted in enumerate(pattern)
    )
    assert has_pattern(message, pattern) == expected
