"""Events, their names and their record form."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.events import (
    PAYLOAD_BYTES,
    SECTION_BYTES,
    Beat,
    Chord,
    ClockPosition,
    Commit,
    ExpectedChord,
    Gap,
    Key,
    Lookahead,
    Midi,
    Note,
    Onset,
    Payload,
    PlannedNote,
    Section,
    Tempo,
    Transport,
    cut_section_name,
    pack,
    unpack,
)

SAMPLES: tuple[Payload, ...] = (
    Midi(b"\x90\x3c\x40"),
    Beat(3, 4, 123.45, 0.5, 1001),
    Chord(9, 1, 4, 0.25),
    Key(11, 1, 0.75),
    Tempo(97.3, 1.0),
    Transport(1, 17.25, 140.0, 3),
    ClockPosition(12345, 1),
    Gap(512),
    Onset(0.75, 0.5),
    Note(1, 69.25, 90, 0.5),
    Commit(-3, 1, 4, 1.25, 97.5),
    PlannedNote(9, 36, 101, -0.25, 0.125),
    ExpectedChord(17, 51, -1, 0.5, 2),
    Section(9, "Réfrain ♫"),
    Section(1, ""),
    Lookahead(1.0, 1.25, 2),
)


@pytest.mark.parametrize("payload", SAMPLES, ids=lambda payload: type(payload).__name__)
def test_a_payload_survives_its_record_form_with_its_types(payload: Payload) -> None:
    kind, size, data = pack(payload)
    back = unpack(kind, size, data)
    assert back == payload
    assert len(data) == PAYLOAD_BYTES
    names = payload.__slots__
    assert [type(getattr(back, name)) for name in names] == [type(getattr(payload, name)) for name in names]


def test_every_kind_has_a_number_of_its_own() -> None:
    assert len({payload.KIND for payload in SAMPLES}) == len({type(payload) for payload in SAMPLES})


@given(name=st.text(max_size=60))
@settings(deadline=None)
def test_a_section_keeps_as_much_of_its_name_as_fits(name: str) -> None:
    cut = cut_section_name(name)
    assert name.startswith(cut)
    assert len(cut.encode()) > SECTION_BYTES - 4 or cut == name
    assert unpack(*pack(Section(3, cut))) == Section(3, cut)


def test_a_section_whose_name_fits_no_record_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes fit"):
        Section(1, "é" * 17)


def test_a_record_holds_the_fields_in_order_as_native_code_reads_them() -> None:
    _, size, data = pack(Transport(1, 17.25, 140.0, 3))
    assert struct.unpack("<4d", data[:size]) == (1.0, 17.25, 140.0, 3.0)
    assert not any(data[size:])


@given(data=st.binary(min_size=1, max_size=PAYLOAD_BYTES))
@settings(deadline=None)
def test_a_midi_message_keeps_its_length(data: bytes) -> None:
    assert unpack(*pack(Midi(data))) == Midi(data)


@pytest.mark.parametrize("data", [b"", bytes(PAYLOAD_BYTES + 1)])
def test_a_midi_message_that_fits_no_record_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="1 to 40 bytes"):
        Midi(data)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="kind 99 is unknown"):
        unpack(99, 8, bytes(40))


@pytest.mark.parametrize(
    ("chord", "label"),
    [
        (Chord(0, 0, 0, 1.0), "C"),
        (Chord(9, 4, 9, 1.0), "Am7"),
        (Chord(10, 3, -1, 1.0), "Bbmaj7"),
        (Chord(5, 0, 9, 1.0), "F/A"),
        (Chord(-1, 0, -1, 0.0), "N"),
    ],
)
def test_a_chord_is_written_as_musicians_write_it(chord: Chord, label: str) -> None:
    assert chord.label == label


def test_a_chord_names_its_notes_root_first() -> None:
    assert Chord(9, 1, 9, 1.0).pitch_classes == (9, 0, 4)
    assert Chord(7, 2, 7, 1.0).pitch_classes == (7, 11, 2, 5)
    assert Chord(-1, 0, -1, 0.0).pitch_classes == ()


@pytest.mark.parametrize(("key", "label"), [(Key(0, 0, 1.0), "C major"), (Key(10, 1, 1.0), "Bb minor")])
def test_a_key_is_written_with_its_mode(key: Key, label: str) -> None:
    assert key.label == label
