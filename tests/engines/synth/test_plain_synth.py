"""The sounds that need nothing: which instrument a program is, limits, repeatability, no clicks, no aliases."""

from __future__ import annotations

import numpy as np
import pytest

from engines.synth.kit import DRUMS, make_kit
from engines.synth.synth_engine import HOP, plain
from engines.synth.tones import GROUPS, SPAN, TABLE_SAMPLES, TONE_OF, TONES, make_tables, to_hz
from engines.synth.voices import MAX_VOICES, NO_AGE, Voices
from tests.engines.synth.playing import RATE, events, loudness, make_synth, note, play


def test_the_families_of_general_midi_have_instruments_of_their_own() -> None:
    names = {program: TONES[TONE_OF[program]].name for program in (0, 4, 16, 25, 30, 33, 38, 48, 61, 81, 89)}
    assert names == {
        0: "piano", 4: "electric piano", 16: "organ", 25: "guitar", 30: "driven guitar", 33: "bass", 38: "synth bass",
        48: "strings", 61: "brass", 81: "lead", 89: "pad",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "pitch", "soft", "loud", "decibels"), [(0, 60, 0, 6, 4.0 + 2.7), (9, 38, 0, 25, 5.8 + 5.2)]
)
def test_programs_with_one_sound_differ_by_their_levels(
    channel: int, pitch: int, soft: int, loud: int, decibels: float
) -> None:
    peaks = [
        np.abs(play(make_synth(plain), events((0, 0xC0 | channel, one)) + note(0, 4000, pitch, 40, channel), 0.2)).max()
        for one in (soft, loud)
    ]
    assert 20 * np.log10(peaks[1] / peaks[0]) == pytest.approx(decibels, abs=0.1)


@pytest.mark.parametrize("rate", [22050, 44100])
def test_no_table_has_a_harmonic_above_half_the_rate(rate: int) -> None:
    made = make_tables(rate)
    for group in range(GROUPS):
        spectrum = np.abs(np.fft.rfft(made[:, group, :, :TABLE_SAMPLES], axis=-1)).max(axis=(0, 1))
        there = np.flatnonzero(spectrum > 1e-3 * TABLE_SAMPLES)
        if len(there):
            assert there[-1] * to_hz(SPAN * group + SPAN - 1) < rate / 2


def test_the_same_notes_give_the_same_bits() -> None:
    said = events((0, 0xC0, 89)) + note(10, 9000, 60) + note(300, 500, 42, channel=9) + note(2000, 9000, 64)
    np.testing.assert_array_equal(play(make_synth(plain), said, 0.5), play(make_synth(plain), said, 0.5))


def test_no_more_than_the_limit_sound_at_once_and_the_newest_is_among_them() -> None:
    crowd = [event for i in range(MAX_VOICES) for event in events((i, 0x90 | i % 2, 20 + i // 2, 20))]
    without = play(make_synth(plain), events((0, 0xC0, 16), (0, 0xC1, 16)) + crowd, 0.5)
    more = play(make_synth(plain), events((0, 0xC0, 16), (0, 0xC1, 16)) + crowd + events((5000, 0x90, 100, 127)), 0.5)
    hz = np.fft.rfftfreq(8192, 1 / RATE)
    at = np.abs(hz - to_hz(100)) < 20

    def there(audio: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> float:
        return float(np.abs(np.fft.rfft(audio[0, 12_000 : 12_000 + 8192] * np.hanning(8192)))[at].max())

    assert there(more) > 10 * there(without)


def test_where_there_is_no_room_the_one_let_go_of_first_is_cut() -> None:
    voices = Voices(RATE, HOP)
    for place in range(MAX_VOICES):
        voices.note_on(0, place, 100, 0, 0)
    out, gains = np.zeros((2, HOP), np.float32), np.ones((16, 2, HOP), np.float32)
    for pitch in (20, 10):
        voices.note_off(0, pitch, 0, pedal=False)
        voices.mix_into(out, np.zeros(16), gains)
    for pitch in (100, 101, 102):
        voices.note_on(0, pitch, 100, 0, 5)
    whole = voices.active & (voices.cut == NO_AGE)
    assert np.count_nonzero(whole) == MAX_VOICES
    assert set(range(MAX_VOICES)) - set(voices.pitch[whole].tolist()) == {20, 10, 0}


def test_a_note_begins_and_ends_without_a_click() -> None:
    for program in (0, 16, 25, 33, 48, 89):
        output = play(make_synth(plain), events((0, 0xC0, program)) + note(500, 12_345, 57, 100), 1.0)
        inside = np.abs(np.diff(output[:, 6000:9000])).max()
        around_end = np.abs(np.diff(output[:, 12_345 + 400 : 12_345 + 1200])).max()
        assert around_end < 1.5 * inside, program


def test_the_pedal_holds_what_was_let_go_of() -> None:
    organ = events((0, 0xC0, 16))
    held = organ + events((0, 0xB0, 64, 127)) + note(0, 2000, 60) + events((RATE // 2, 0xB0, 64, 0))
    output = play(make_synth(plain), held, 2.0)
    assert loudness(output[:, RATE // 4 : RATE // 2]) > 1e-2
    assert not output[:, -RATE // 2 :].any()


def test_a_bend_bends_by_two_semitones() -> None:
    from tests.engines.synth.playing import estimate_pitch

    output = play(make_synth(plain), events((0, 0xC0, 16), (0, 0xE0, 0x7F, 0x7F)) + note(0, RATE, 57), 0.6)
    assert estimate_pitch(output[:, RATE // 4 : RATE // 2]) == pytest.approx(59, abs=0.2)


def test_a_channel_stands_where_its_pan_says() -> None:
    output = play(make_synth(plain), events((0, 0xB0, 10, 0)) + note(0, 9000, 60), 0.3)
    assert loudness(output[1:]) < 0.01 * loudness(output[:1])


@pytest.mark.parametrize("drum", sorted(DRUMS))
def test_each_drum_sounds_ends_and_stays_below_full_scale(drum: int) -> None:
    sound = make_kit(RATE)[drum]
    assert 0.05 < np.abs(sound).max() < 1.6
    assert abs(float(sound.mean())) < 0.01
    assert np.abs(sound[:, -10:]).max() < 0.02 * np.abs(sound).max()
