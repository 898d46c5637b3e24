"""DAW surface: any traffic is survived, and both sides agree in the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.mappings.strips import make_strips
from bridge.controllers.mcu.daw_surface import DawSurface
from bridge.core.audio import STEMS
from tests.controllers.mcu.daw_surface.surface_desk import QUIET_S, STEP_DB, Desk, make_tracks, to_db
from tests.controllers.mcu.simulated_daw import HEADER, SimulatedDaw


@pytest.mark.parametrize(
    "message",
    [
        bytes((0xE8, 0, 0)),
        bytes((0xEF, 0, 0)),
        bytes((0xE1, 0)),
        bytes((0xE1,)),
        bytes((0xE1, 0x80, 0)),
        bytes((0x90, 0x7F, 0x7F)),
        bytes((0x91, 0x11, 0x7F)),
        bytes((0xD0, 0x7F)),
        HEADER + bytes((0x12, 0)) + b"Bass",  # never ended
        HEADER + bytes((0x12, 0x7F)) + b"Bass\xf7",
        HEADER + bytes((0x12,)) + b"\xf7",
        HEADER + b"\xf7",
        HEADER[:4] + bytes((0x15, 0x12, 0)) + b"Bass   Bass   \xf7",
        b"\xf0",
        b"\xf8",
        b"",
    ],
    ids=lambda message: message.hex() or "empty",
)
def test_what_is_no_message_of_a_strip_changes_nothing(desk: Desk, message: bytes) -> None:
    before, strips = dict(desk.bus.values()), desk.surface.find_strips()
    desk.surface.receive(message, desk.now_s)
    assert desk.run(3.0) == []
    assert dict(desk.bus.values()) == before
    assert desk.surface.find_strips() == strips


def test_a_storm_of_echoes_ends_with_the_storm(desk: Desk) -> None:
    desk.bus.set("stems.drums.gain_db", -30.0, "osc")
    desk.run(1.0)
    for i in range(1000):
        for position in (100, 16000, 8000 + i):
            desk.surface.receive(bytes((0xE1, position & 0x7F, position >> 7)), desk.now_s)
        assert desk.run(0.01) == []
    assert desk.run(3.0) == []
    assert desk.gain_db("drums") == pytest.approx(to_db(8999), abs=STEP_DB)


actions = st.one_of(
    st.tuples(st.just("move"), st.integers(0, 11), st.integers(0, 16383)),
    st.tuples(st.just("click"), st.integers(0, 11), st.sampled_from(["mute", "solo"])),
    st.tuples(st.just("bank"), st.integers(0, 5)),
    st.tuples(st.just("gain"), st.sampled_from(STEMS), st.floats(-60, 12)),
    st.tuples(st.just("switch"), st.sampled_from(STEMS), st.sampled_from(["mute", "solo"]), st.booleans()),
    st.tuples(st.just("wait"), st.floats(0.0, 1.0)),
)
names = st.permutations([*STEMS, *(f"Tr {i}" for i in range(8))])


@settings(max_examples=60, deadline=None)
@given(names, st.lists(actions, max_size=12), st.floats(0, 0.25), st.sampled_from([1, 16, 100]), st.booleans())
def test_both_sides_agree_once_nobody_moves_anything(
    tracks: list[str], script: list[tuple[object, ...]], delay_s: float, step: int, echoes: bool
) -> None:
    desk = Desk(SimulatedDaw(make_tracks(*tracks), delay_s=delay_s, step=step, echoes=echoes))
    desk.run(1.0)
    do: dict[object, Callable[..., object]] = {
        "move": lambda index, fader: desk.daw.move(index, fader, desk.now_s),
        "click": lambda index, switch: desk.daw.click(index, switch, desk.now_s),
        "bank": lambda bank: desk.daw.show_bank(bank, desk.now_s),
        "gain": lambda stem, gain_db: desk.bus.set(f"stems.{stem}.gain_db", gain_db, "osc"),
        "switch": lambda stem, switch, on: desk.bus.set(f"stems.{stem}.{switch}", on, "osc"),
        "wait": desk.run,
    }
    for name, *arguments in script:
        do[name](*arguments)
    desk.run(QUIET_S)
    desk.daw.show_bank(0, desk.now_s)
    desk.run(QUIET_S)
    assert desk.run(2.0) == []
    assert desk.daw.touched == set()
    for track in desk.daw.shown():
        if track.name in STEMS:
            rounding_db = 72 / 16383 * step if not echoes else 0.0
            assert desk.gain_db(track.name) == pytest.approx(to_db(track.fader), abs=STEP_DB + rounding_db)
            assert desk.is_on(track.name, "mute") == track.mute
            assert desk.is_on(track.name, "solo") == track.solo


midi = st.one_of(
    st.binary(max_size=6),
    st.tuples(st.integers(0xE0, 0xEF), st.integers(0, 127), st.integers(0, 127)).map(bytes),
    st.tuples(st.just(0x90), st.integers(0, 127), st.sampled_from([0, 1, 127])).map(bytes),
    st.binary(max_size=130).map(lambda data: HEADER + bytes((0x12,)) + bytes(b & 0x7F for b in data) + b"\xf7"),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(midi, max_size=60))
def test_any_traffic_is_survived_and_nothing_is_sent_without_a_change_here(messages: list[bytes]) -> None:
    bus = Bus(make_sidecar_registry({}))
    surface = DawSurface(bus, make_strips(bus.registry))
    for i, message in enumerate(messages):
        surface.receive(message, i * 0.03)
        assert surface.take_output(i * 0.03) == []
    for name in bus.values():
        control = bus.registry.get_control(name)
        assert control.low <= bus.get(name) <= control.high
