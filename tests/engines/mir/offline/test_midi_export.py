from __future__ import annotations

import io
from itertools import accumulate, pairwise
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from mido import MidiFile, tick2second

from bridge.core.time import TICKS_PER_BEAT
from engines.mir.offline.midi_export import format_midi_file
from engines.mir.offline.song_map import ChordSpan, KeySpan, NoteSpan, SongBeat, SongMap


def song_of(times_s: list[float], first: int = 1, bar_beats: int = 4, end_s: float = 0.0) -> SongMap:
    beats = tuple(SongBeat(t, (first - 1 + i) % bar_beats + 1, bar_beats, 0.9) for i, t in enumerate(times_s))
    end_s = end_s or (times_s[-1] + 1 if times_s else 5.0)
    return SongMap("x.wav", "mir.x", 48000, round(end_s * 48000), end_s, beats=beats)


def read(song: SongMap) -> MidiFile:
    return MidiFile(file=io.BytesIO(format_midi_file(song, "söng")))


def tempi(file: MidiFile) -> list[tuple[int, int]]:
    """(tick, microseconds a quarter note)."""
    ticks = accumulate(message.time for message in file.tracks[0])
    return [(t, m.tempo) for t, m in zip(ticks, file.tracks[0], strict=True) if m.type == "set_tempo"]


def second_at(file: MidiFile, tick: int) -> float:
    """Where ``tick`` falls, as any reader of the file reckons."""
    changes = [*tempi(file), (1 << 60, 0)]
    seconds = 0.0
    for (start, tempo), (end, _) in pairwise(changes):
        seconds += tick2second(max(min(tick, end) - start, 0), file.ticks_per_beat, tempo)
    return seconds


def quarters(file: MidiFile) -> list[float]:
    """Where each quarter note from the first detected beat on falls, in seconds."""
    ticks = [tick for tick, _ in tempi(file)]
    return [second_at(file, tick) for tick in ticks]


def bar_lines(file: MidiFile, until: int) -> list[int]:
    ticks = list(accumulate(message.time for message in file.tracks[0]))
    signatures = [
        (tick, message.numerator * 4 * TICKS_PER_BEAT // message.denominator)
        for tick, message in zip(ticks, file.tracks[0], strict=True)
        if message.type == "time_signature"
    ]
    lines: list[int] = []
    for (start, length), (end, _) in pairwise([*signatures, (until + 1, 0)]):
        lines += range(start, end, length)
    return lines


def metres(file: MidiFile) -> list[tuple[int, int]]:
    return [(m.numerator, m.denominator) for m in file.tracks[0] if m.type == "time_signature"]


def away_s(file: MidiFile, ticks: list[int], time_s: float) -> float:
    """How far from ``time_s`` the nearest of ``ticks`` falls."""
    return min(abs(second_at(file, tick) - time_s) for tick in ticks)


intervals = st.lists(st.floats(0.25, 1.6), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.05, 12.0), intervals, st.integers(1, 4), st.sampled_from([3, 4, 6]))
def test_beats_fall_where_they_were_detected(lead_s: float, steps: list[float], first: int, bar_beats: int) -> None:
    times = [round(t, 6) for t in accumulate([lead_s, *steps])]
    song = song_of(times, min(first, bar_beats), bar_beats)
    file = read(song)
    changes = [tick for tick, _ in tempi(file)]
    lines = bar_lines(file, changes[-1])
    for index, beat in enumerate(song.beats):
        if index > first_downbeat(song):
            assert away_s(file, changes, beat.time_s) < 1e-3
            assert beat.number > 1 or away_s(file, lines, beat.time_s) < 1e-3


def first_downbeat(song: SongMap) -> int:
    return next((index for index, beat in enumerate(song.beats) if beat.number == 1), -1)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.0, 20.0), st.floats(0.26, 1.4), st.integers(1, 6), st.sampled_from([3, 4, 6]))
def test_the_song_begins_with_a_whole_bar(lead_s: float, period_s: float, first: int, bar_beats: int) -> None:
    song = song_of([round(lead_s + i * period_s, 6) for i in range(24)], min(first, bar_beats), bar_beats)
    file = read(song)
    assert metres(file) == [(bar_beats, 4)]
    lines = bar_lines(file, tempi(file)[-1][0])
    downbeats = [beat.time_s for beat in song.beats if beat.number == 1]
    assert all(away_s(file, lines, at) < 1e-3 for at in downbeats[1:])
    assert min(away_s(file, lines, downbeats[0]), abs(second_at(file, lines[1]) - downbeats[1])) < 1e-3


gaps = st.lists(st.one_of(st.floats(0.051, 0.25), st.floats(0.25, 1.6), st.floats(1.6, 90.0)), max_size=24)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(st.just(0.0), st.floats(0.051, 0.3), st.floats(0.3, 900.0)), gaps, st.integers(1, 4), st.integers(1, 40)
)
def test_every_bar_and_tempo_is_one_that_all_daws_take(lead_s: float, gaps: list[float], first: int, bar: int) -> None:
    times = [round(t, 6) for t in accumulate([lead_s, *gaps])]
    song = song_of(times, min(first, bar), bar)
    file = read(song)
    assert all(1 <= numerator <= 16 and denominator in (4, 8, 16) for numerator, denominator in metres(file))
    assert all(200_000 <= tempo <= 3_000_000 for _, tempo in tempi(file))
    changes = [tick for tick, _ in tempi(file)]
    lines = bar_lines(file, changes[-1])
    for beat in song.beats[first_downbeat(song) + 1 :]:
        assert away_s(file, changes, beat.time_s) < 3e-4
        assert beat.number > 1 or away_s(file, lines, beat.time_s) < 3e-4


@pytest.mark.parametrize("first_s", [0.001, 0.01, 0.049])
def test_a_first_beat_for_which_no_bar_is_short_enough_is_written_at_the_start(first_s: float) -> None:
    times = [first_s + i * 0.5 for i in range(9)]
    file = read(song_of(times))
    assert metres(file) == [(4, 4)]
    assert quarters(file) == pytest.approx([0.0, *times[1:]], abs=1e-5)


@pytest.mark.parametrize("first_s", [20.0, 150.0, 170.0, 3600.0])
def test_a_long_lead_in_is_ordinary_bars_of_the_songs_tempo(first_s: float) -> None:
    times = [first_s + 0.017 + i * 0.5 for i in range(16)]
    file = read(song_of(times))
    assert set(metres(file)) <= {(n, 4) for n in range(1, 5)}
    assert all(480_000 < tempo < 520_000 for _, tempo in tempi(file))
    assert quarters(file)[-16:] == pytest.approx(times, abs=2e-4)
    assert tempi(file)[-16][0] in bar_lines(file, tempi(file)[-1][0])


def test_beats_too_near_for_any_tempo_are_sixteenths_and_those_nearer_are_one() -> None:
    times = [1.0, 1.5, 2.0, 2.1, 2.11, 2.5, 3.0]
    file = read(song_of(times, bar_beats=7))
    placed = [second_at(file, tick) for tick, _ in tempi(file)]
    assert placed[-6:] == pytest.approx([1.0, 1.5, 2.0, 2.1, 2.5, 3.0], abs=1e-4)


def test_a_pause_without_beats_becomes_quarter_notes_of_the_tempo_around_it() -> None:
    times = [1.0, 1.5, 2.0, 2.5, 3.0, 33.0, 33.5, 34.0, 34.5, 35.0]
    file = read(song_of(times))
    ticks = [tick for tick, _ in tempi(file)][-len(times) :]
    assert ticks[5] - ticks[4] == 60 * TICKS_PER_BEAT
    assert abs(second_at(file, ticks[5]) - 33.0) < 1e-3
    assert all(400_000 < tempo < 600_000 for tick, tempo in tempi(file) if tick >= ticks[0])


def test_errors_of_rounding_do_not_add_up() -> None:
    times = [round(0.3 + i * 60 / 123.45, 6) for i in range(3000)]
    file = read(song_of(times))
    ticks = [tick for tick, _ in tempi(file)][-len(times) :]
    assert abs(second_at(file, ticks[-1]) - times[-1]) < 1e-5


def test_beats_before_the_first_downbeat_keep_their_quarter_notes_where_their_bar_has_room() -> None:
    times = [0.9 + i * 0.5 for i in range(20)]
    file = read(song_of(times, first=3))
    assert metres(file) == [(4, 4)]
    assert [tick // TICKS_PER_BEAT for tick, _ in tempi(file)][-20:] == list(range(2, 22))
    assert [second_at(file, tick * TICKS_PER_BEAT) for tick in range(2, 22)] == pytest.approx(times, abs=2e-4)
    close = read(song_of([0.1 + i * 0.5 for i in range(20)], first=3))  # two quarter notes in 0.1 s are too fast
    assert metres(close) == [(4, 4)]
    assert second_at(close, 4 * TICKS_PER_BEAT) == pytest.approx(1.1, abs=2e-4)


def test_a_short_lead_in_keeps_a_tempo_that_hosts_can_play() -> None:
    assert all(60e6 / tempo < 999 for _, tempo in tempi(read(song_of([0.01, 0.51, 1.01, 1.51, 2.01]))))


def test_a_steady_song_has_one_time_signature_from_the_first_downbeat_on() -> None:
    assert metres(read(song_of([i * 0.5 for i in range(1, 40)], first=4))) == [(4, 4)]


@pytest.mark.parametrize("times", [[], [0.0], [3.0], [0.0, 40.0]])
def test_few_beats_or_none_still_make_a_file(times: list[float]) -> None:
    song = song_of(times, end_s=50.0)
    file = read(song)
    end = sum(message.time for message in file.tracks[0])
    assert abs(second_at(file, end) - 50.0) < 2e-3
    for time_s, placed in zip(times[1:], quarters(file)[-len(times) :][1:], strict=True):
        assert abs(placed - time_s) < 1e-3


def test_chords_sound_from_their_start_to_their_end_on_one_channel() -> None:
    song = SongMap(
        "x.wav", "mir.x", 48000, 480_000, 10.0,
        beats=tuple(SongBeat(0.3 + 0.613 * i, i % 4 + 1, 4, 0.9) for i in range(15)),
        chords=(
            ChordSpan(0.0, 1.23, "N", "N", -1, -1, (), 0.5),
            ChordSpan(1.23, 4.56, "Am/C", "A:min/b3", 9, 0, (9, 0, 4), 0.75),
            ChordSpan(4.56, 10.0, "F", "F:maj", 5, -1, (5, 9, 0), 0.75),
        ),
    )  # fmt: skip
    file = read(song)
    tick, sounding, spans = 0, {}, []
    for message in file.tracks[1]:
        tick += message.time
        if message.type == "note_on":
            sounding[message.note] = second_at(file, tick)
        elif message.type == "note_off":
            spans.append((message.note, sounding.pop(message.note), second_at(file, tick)))
    assert not sounding
    assert {note for note, _, _ in spans[:4]} == {36, 60, 64, 69}  # C below, A minor above
    assert {note for note, _, _ in spans[4:]} == {41, 60, 65, 69}
    for note, start, end in spans:
        expected = (1.23, 4.56) if (note, start, end) in spans[:4] else (4.56, 10.0)
        assert abs(start - expected[0]) < 1e-3
        assert abs(end - expected[1]) < 1e-3
    assert [message.text for message in file.tracks[1] if message.type == "text"] == ["Am/C", "F"]


@pytest.mark.parametrize("tonic", range(12))
@pytest.mark.parametrize("minor", [False, True])
def test_keys_are_signatures_and_markers(tonic: int, minor: bool) -> None:
    label = "something"
    song = SongMap("x.wav", "mir.x", 48000, 480_000, 10.0, keys=(KeySpan(2.0, 10.0, label, tonic, minor, 0.6),))
    file = read(song)
    found = {m.type: (second_at(file, t), m) for t, m in _to_ticks(file) if m.type in ("key_signature", "marker")}
    assert abs(found["marker"][0] - 2.0) < 1e-3
    assert found["marker"][1].text == label
    assert found["key_signature"][1].key.endswith("m") == minor


def _to_ticks(file: MidiFile) -> list[tuple[int, Any]]:
    return list(zip(accumulate(message.time for message in file.tracks[0]), file.tracks[0], strict=True))


def test_voices_have_tracks_and_channels_of_their_own() -> None:
    notes = (NoteSpan(1.0, 2.0, 40.4, 90, 0.5, "bass"), NoteSpan(1.5, 3.0, 59.6, 0, 0.5, "voice"))
    file = read(SongMap("x.wav", "mir.x", 48000, 480_000, 10.0, notes=notes))
    assert [track.name for track in file.tracks[2:]] == ["bass", "voice"]
    played = [[m for m in track if m.type == "note_on"] for track in file.tracks[2:]]
    assert [(m.channel, m.note, m.velocity) for (m,) in played] == [(1, 40, 90), (2, 60, 1)]


def test_the_name_of_the_song_survives_with_its_letters() -> None:
    file = MidiFile(file=io.BytesIO(format_midi_file(song_of([1.0]), "söng")), charset="utf-8")
    assert file.tracks[0].name == "söng"
    assert file.type == 1
