from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from bridge.core.events import Beat, Chord, Key, Midi, Note, Tempo, TimedEvent
from engines.mir.offline.song_map import SongMap, from_json, to_json
from engines.mir.offline.song_map_builder import SongMapBuilder

A_MINOR, C, N = Chord(9, 1, 9, 0.8), Chord(0, 0, 4, 0.7), Chord(-1, 0, -1, 0.5)


@dataclass(frozen=True)
class Clap:
    KIND: ClassVar[int] = 99
    strength: float


def build_map(*events: tuple[Any, ...]) -> SongMap:
    """At 1000 Hz, of a song of 10 s at 2000 Hz; (frame, payload) or (frame, payload, port)."""
    builder = SongMapBuilder(1000)
    for frame, payload, *port in events:
        builder.push(TimedEvent(frame, payload), *port)
    return builder.build("song.wav", "mir.x", 2000, 20_000)


def test_chords_fill_the_song_from_its_first_frame_to_its_last() -> None:
    spans = build_map((1000, A_MINOR), (2500, A_MINOR), (4000, C), (6000, N)).chords
    rows = [(span.start_s, span.end_s, span.label, span.harte) for span in spans]
    assert rows == [
        (0, 1, "N", "N"), (1, 4, "Am", "A:min"), (4, 6, "C/E", "C:maj/3"), (6, 10, "N", "N"),
    ]  # fmt: skip


def test_a_chord_from_the_first_frame_on_has_nothing_before_it() -> None:
    assert [span.label for span in build_map((0, C)).chords] == ["C/E"]


def test_a_song_without_events_is_one_span_of_no_chord() -> None:
    song = build_map()
    assert [(span.start_s, span.end_s, span.label) for span in song.chords] == [(0, 10, "N")]
    assert (song.beats, song.keys, song.tempo, song.key, song.bpm) == ((), (), (), "", 0)


def test_the_key_of_the_song_is_the_one_that_lasts_longest() -> None:
    song = build_map((1000, Key(0, 0, 0.5)), (2000, Key(7, 1, 0.5)), (5000, Key(0, 0, 0.6)), (6000, Key(7, 1, 0.5)))
    assert [(key.start_s, key.end_s, key.label) for key in song.keys][:2] == [(1, 2, "C major"), (2, 5, "G minor")]
    assert song.key == "G minor"


def test_a_key_that_is_reported_again_goes_on() -> None:
    song = build_map((1000, Key(0, 0, 0.5)), (4000, Key(0, 0, 0.9)), (6000, Key(0, 1, 0.5)))
    assert [(key.start_s, key.end_s, key.label) for key in song.keys] == [(1, 6, "C major"), (6, 10, "C minor")]


def test_beats_count_from_one_and_lie_within_the_song() -> None:
    beats = build_map(*((frame, Beat(i % 4, 4, 60, 1.5, i)) for i, frame in enumerate((-5, 500, 9999, 10_000)))).beats
    assert [(beat.time_s, beat.number, beat.confidence) for beat in beats] == [(0.5, 2, 1.0), (9.999, 3, 1.0)]


def test_the_tempo_of_the_song_is_the_median_over_its_time() -> None:
    song = build_map((0, Tempo(90, 1)), (1000, Tempo(120, 1)), (1500, Tempo(120, 1)), (9000, Tempo(200, 1)))
    assert [(point.time_s, point.bpm) for point in song.tempo] == [(0, 90), (1, 120), (9, 200)]
    assert song.bpm == 120


def test_an_engine_that_reports_no_tempo_is_asked_for_that_of_its_beats() -> None:
    song = build_map((1000, Beat(0, 4, 100, 1, 0)), (1600, Beat(1, 4, 100, 1, 1)), (2200, Beat(2, 4, 105, 1, 2)))
    assert [(point.time_s, point.bpm) for point in song.tempo] == [(1, 100), (2.2, 105)]


def test_events_of_other_kinds_are_kept_with_their_fields() -> None:
    song = build_map((3000, Clap(0.5)), (2000, Clap(0.25)), (12_000, Clap(1.0)), (5, Midi(b"\x90\x40\x50")))
    assert song.events["clap"] == ({"time_s": 2.0, "strength": 0.25}, {"time_s": 3.0, "strength": 0.5})
    assert song.events["midi"] == ({"time_s": 0.005, "data": [0x90, 0x40, 0x50]},)


def test_a_note_lasts_to_its_end_or_to_the_next_of_its_voice() -> None:
    low, high, end = Note(1, 40.25, 90, 0.5), Note(1, 52.0, 80, 0.5), Note(0, 40.25, 0, 0.5)
    song = build_map((1000, low, "bass"), (2000, end, "bass"), (1500, high, "voice"), (3000, low, "bass"))
    rows = [(note.start_s, note.end_s, note.pitch, note.voice) for note in song.notes]
    assert rows == [(1.0, 2.0, 40.25, "bass"), (1.5, 10.0, 52.0, "voice"), (3.0, 10.0, 40.25, "bass")]


def test_a_map_is_the_same_after_json() -> None:
    song = build_map((0, Tempo(90, 1)), (500, Beat(0, 3, 60, 1, 0)), (1000, C), (10, Key(0, 1, 0.5)), (5, Clap(0.5)))
    assert from_json(to_json(song)) == song
    assert b'"schema": 1' in to_json(song)
