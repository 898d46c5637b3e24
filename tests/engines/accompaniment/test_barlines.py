"""Bars of MIDI files, read and written: metres that change, upbeats, lead-ins, and metres that cannot be."""

from __future__ import annotations

import pytest
from mido import MetaMessage

from bridge.errors import ConfigError
from engines.accompaniment.offline.midifile import read_midi
from engines.accompaniment.offline.timed_sheet import TimedSheet, make_steady_tempo
from engines.accompaniment.sheet import read_sheet
from tests.engines.accompaniment.midi_files import chord_notes, labels, make_file, read_metres, write_piece
from tests.engines.offline.smf import CHORDS, LABELS, block, chords, file, meta, number


def test_a_lead_in_and_a_tempo_for_each_beat_are_read_back() -> None:
    tempi = ((0, 437_123), (500 - 20, 500_001), (960, 499_999), (1440, 612_345))
    piece = TimedSheet(read_sheet("| C | G |"), tempi, lead_ticks=480)
    again = read_midi(write_piece(piece), "band.mid")
    assert again.tempi == tempi
    # quarter notes that lead in are a bar of their own, in which no chord is named
    assert labels(again) == [["N"], ["C"] * 4, ["G"] * 4]
    sixteenths = TimedSheet(read_sheet("| C | G |"), tempi, lead_ticks=360)
    again = read_midi(write_piece(sixteenths), "band.mid")
    assert (again.lead_ticks, labels(again)) == (360, [["C"] * 4, ["G"] * 4])
    assert read_metres(write_piece(sixteenths)) == [(3, 16), (4, 4)]


@pytest.mark.parametrize("quarters", [1, 3, 40, 300, 341, 2000])
def test_a_lead_in_of_any_length_is_ordinary_bars(quarters: int) -> None:
    piece = TimedSheet(read_sheet("metre: 3/4\n| C | G |"), make_steady_tempo(120.0), lead_ticks=480 * quarters)
    data = write_piece(piece)
    assert set(read_metres(data)) <= {(1, 4), (2, 4), (3, 4)}
    again = read_midi(data, "band.mid")
    assert sum(bar.beats for bar in again.list_bars()) == quarters + 6
    assert labels(again)[-2:] == [["C"] * 3, ["G"] * 3]


def test_metres_may_change_and_long_bars_are_divided() -> None:
    metres = [
        (tick, MetaMessage("time_signature", numerator=numerator, denominator=denominator))
        for tick, numerator, denominator in ((0, 6, 8), (1440, 4, 4), (3360, 2, 2), (5280, 9, 4))
    ]
    data = make_file(metres, chord_notes(0, 9600, 60, 64, 67))
    assert [bar.beats for bar in read_midi(data, "a.mid").list_bars()] == [3, 4, 4, 3, 3, 3]


@pytest.mark.parametrize("metre", [b"\0\2\x18\x08", b"\4\x28\x18\x08", b"\4\xff\x18\x08", b"\0\0", b"\4", b""])
def test_a_metre_that_cannot_be_leaves_the_one_before(metre: bytes) -> None:
    three = meta(0x58, b"\3\2\x18\x08")
    piece = read_midi(file(three, meta(0x58, metre, 0) if not metre else b"", block(CHORDS[0], 1440),
                           meta(0x58, metre), block(CHORDS[3], 1440)), "a.mid")  # fmt: skip
    assert labels(piece) == [["C"] * 3, ["G"] * 3]


@pytest.mark.parametrize("off", [-29, -5, 0, 5, 29])
def test_a_metre_that_changes_beside_the_bar_line_changes_on_it(off: int) -> None:
    events = block(CHORDS[0], 1920 + off) + meta(0x58, b"\3\2\x18\x08") + block(CHORDS[3], 2880 - off)
    assert labels(read_midi(file(events), "a.mid")) == [["C"] * 4, ["G"] * 3, ["G"] * 3]


@pytest.mark.parametrize(("off", "counts"), [(120, [4, 3, 3, 3]), (700, [4, 3, 3, 3]), (1200, [4, 4, 3, 3])])
def test_a_metre_that_changes_within_a_beat_changes_at_the_nearer_bar_line(off: int, counts: list[int]) -> None:
    events = block(CHORDS[0], 1920 + off) + meta(0x58, b"\3\2") + block(CHORDS[0], sum(counts) * 480 - 1920 - off)
    piece = read_midi(file(events), "a.mid")
    assert [len(bar) for bar in labels(piece)] == counts
    assert "within a beat in bar 2" in piece.remarks[0]


@pytest.mark.parametrize(("numerator", "power", "lead"), [(1, 3, 240), (1, 4, 120), (3, 4, 360), (3, 3, 720)])
def test_an_upbeat_is_a_lead_in(numerator: int, power: int, lead: int) -> None:
    upbeat = meta(0x58, bytes([numerator, power])) + block((67,), lead) + meta(0x58, b"\4\2")
    piece = read_midi(file(upbeat, chords()), "a.mid")
    assert (piece.lead_ticks, labels(piece)) == (lead, LABELS)
    assert all(below <= 16 for _, below in read_metres(write_piece(piece)))


@pytest.mark.parametrize(("power", "ticks"), [(5, 60), (6, 30)])
def test_an_upbeat_finer_than_a_sixteenth_is_one_that_lasts_as_long(power: int, ticks: int) -> None:
    slow, usual = meta(0x51, (1_200_000).to_bytes(3, "big")), meta(0x51, (500_000).to_bytes(3, "big"))
    upbeat = slow + meta(0x58, bytes([1, power])) + block((67,), ticks) + meta(0x58, b"\4\2")
    piece = read_midi(file(upbeat, block(CHORDS[0], 1920), usual, block(CHORDS[3], 1920)), "a.mid")
    assert piece.lead_ticks == 120
    assert piece.tempi == ((0, 1_200_000 * ticks // 120), (120, 1_200_000), (120 + 1920, 500_000))
    assert read_metres(write_piece(piece)) == [(1, 16), (4, 4)]


def test_a_pause_longer_than_any_file_is_an_error_and_no_loop() -> None:
    for division in (1, 480, 0x7FFF):
        data = file(block(CHORDS[0], 480), number(0xFFFFFFF) + b"\x90\x3c\x50\x60\x3c\0", division=division)
        if division < 0x7FFF:
            with pytest.raises(ConfigError, match="more than 10000 bars"):
                read_midi(data, "a.mid")
        else:
            assert len(read_midi(data, "a.mid").list_bars()) == 2049
