"""Basic accompaniment: notes, the time of each decision, and that no decision is withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest

from bridge.core.chords import QUALITIES
from bridge.core.events import Beat, Chord, Midi, PlannedNote, TimedEvent
from bridge.core.time import BlockTime
from bridge.errors import EngineError
from engines.accompaniment.basic import (
    BASS_HIGH,
    BASS_LOW,
    CHORD_HIGH,
    CHORD_LOW,
    BasicAccompaniment,
    voice_bass,
    voice_chord,
)
from engines.accompaniment.timeline import HOP
from tests.engines.driving import RATE, BlockTimeAt, find_notes, no_host, parse_chord, rolling_host, run_engine

BASS, CHORDS = 0, 1
TEMPO = 120.0
BEAT = 60 * RATE / TEMPO
Said = list[tuple[int, str, TimedEvent]]


def make_engine(lead_frames: int = 0) -> BasicAccompaniment:
    engine = BasicAccompaniment()
    engine.prepare(RATE, HOP, lead_frames)
    return engine


def make_chords(labels: Sequence[str], beats_each: int = 2, first: int = 0) -> list[TimedEvent]:
    """A chord every ``beats_each`` beats, the first at frame ``first``."""
    return [TimedEvent(round(first + i * beats_each * BEAT), parse_chord(label)) for i, label in enumerate(labels)]


def play(
    chords: Sequence[TimedEvent], beats: float = 16.0, at: BlockTimeAt | None = None, lead: int = 0, **values: float
) -> Said:
    full = {"accompaniment." + name.replace("__", "."): value for name, value in values.items()}
    at = at or rolling_host(TEMPO)
    outputs = run_engine(
        make_engine(lead), round(beats * BEAT), at, events={"chords": chords}, values=full, lead_frames=lead
    )
    return [output for output in outputs if output[1] == "midi"]


@pytest.mark.parametrize("lookahead", [0.0, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("lead", [0, 640, 4096])
def test_the_bass_plays_the_root_of_the_latest_chord_known_when_its_beat_was_decided(
    lookahead: float, lead: int
) -> None:
    # The chord comes a tenth of a beat after every second beat.
    chords = make_chords(["C", "F", "G", "Am", "Dm", "E", "Bb", "Gb"], first=round(0.1 * BEAT))
    notes = find_notes(play(chords, lead=lead, lookahead_beats=lookahead), BASS)
    assert len(notes) > 8
    for frame, note in notes:
        decided = frame - lookahead * BEAT - lead - HOP
        known = [event.payload for event in chords if event.frame <= decided]
        assert isinstance(known[-1], Chord)
        assert note % 12 == known[-1].root


def test_with_no_lookahead_a_chord_is_followed_on_the_very_next_beat() -> None:
    said = play(make_chords(["C", "F"], beats_each=4, first=100), beats=8, lookahead_beats=0.0)
    roots = {round(frame / BEAT): note % 12 for frame, note in find_notes(said, BASS)}
    assert roots == {1: 0, 2: 0, 3: 0, 4: 0, 5: 5, 6: 5, 7: 5, 8: 5}


@pytest.mark.parametrize("tempo", [71.3, 120.0, 123.45])
def test_notes_start_on_the_beat_to_the_frame(tempo: float) -> None:
    at = rolling_host(tempo)
    said = run_engine(
        make_engine(), 20 * RATE, at, events={"chords": [TimedEvent(0, parse_chord("C"))]}, lead_frames=640
    )
    truth = {int(at(0).frame_at(beat) + 0.5) for beat in range(60)}
    frames = [frame for frame, _ in find_notes(said, BASS)]
    assert len(frames) > 20
    assert set(frames) <= truth
    assert max(b - a for a, b in pairwise(frames)) < 1.01 * 60 * RATE / tempo


@pytest.mark.parametrize("lookahead", [1.0, 2.0])
def test_what_comes_after_the_decision_does_not_change_it(lookahead: float) -> None:
    decided = round(8 * BEAT) // HOP * HOP
    one = play(make_chords(["C", "F", "G", "Am"]), lookahead_beats=lookahead)
    other_chords = [*make_chords(["C", "F", "G", "Am"]), TimedEvent(decided, parse_chord("Gb"))]
    other = play(other_chords, lookahead_beats=lookahead)
    assert [said for said in one if said[0] < decided] == [said for said in other if said[0] < decided]
    border = (decided / BEAT + lookahead) * BEAT - HOP
    assert [e for _, _, e in one if e.frame < border] == [e for _, _, e in other if e.frame < border]
    assert [e for _, _, e in one] != [e for _, _, e in other]


def test_a_beat_is_decided_as_a_whole_and_its_notes_end_within_it() -> None:
    chunks: dict[int, set[int]] = {}
    for first, _, event in play(make_chords(["C", "F", "G", "Am"]), lookahead_beats=4.0, style=3.0):
        chunks.setdefault(int(event.frame / BEAT + 1e-3), set()).add(first)
    assert len(chunks) > 10
    assert all(len(calls) == 1 for calls in chunks.values())


@pytest.mark.parametrize("lookahead", [0.0, 1.0, 16.0])
@pytest.mark.parametrize("lead", [0, 640])
def test_a_beat_is_decided_in_the_last_block_that_can(lookahead: float, lead: int) -> None:
    for first, _, event in play([TimedEvent(0, parse_chord("C"))], beats=24, lead=lead, lookahead_beats=lookahead):
        beat = int(event.frame / BEAT + 1e-3)
        due = round((beat - lookahead) * BEAT)
        end = first + HOP + lead
        assert end <= max(due, end) < end + HOP or first == 0
        assert due < end + HOP
        assert due >= end or first == 0


def test_nothing_is_played_before_a_chord_is_detected_nor_where_there_is_none() -> None:
    chords = [TimedEvent(round(4 * BEAT), parse_chord("C")), TimedEvent(round(8 * BEAT), Chord(-1, 0, -1, 1.0))]
    frames = [frame / BEAT for frame, _ in find_notes(play(chords), BASS)]
    assert min(frames) == pytest.approx(6.0, abs=0.01)
    assert max(frames) == pytest.approx(9.0, abs=0.01)


def test_it_is_silent_while_the_host_stands() -> None:
    beats = [TimedEvent(round(i * BEAT), Beat(i % 4, 4, TEMPO, 1.0, i)) for i in range(16)]
    events = {"chords": [TimedEvent(0, parse_chord("C"))], "beats": beats}
    assert not run_engine(
        make_engine(), 4 * RATE, lambda f: BlockTime(f, RATE, 2.0, TEMPO, False, 4, True), events=events
    )


def test_without_a_host_it_follows_detected_beats_and_decides_nothing_two_beats_after_the_last() -> None:
    beats = [TimedEvent(round(1000 + i * BEAT), Beat((i + 1) % 4, 4, TEMPO, 0.8, i)) for i in range(8)]
    events = {"chords": [TimedEvent(0, parse_chord("C"))], "beats": beats}
    said = run_engine(make_engine(), round(16 * BEAT), no_host, events=events)
    frames = [frame for frame, _ in find_notes(said, BASS)]
    assert frames == [round(1000 + i * BEAT) for i in range(1, 11)]  # beat 10 was decided just before beat 9
    loud = {
        round((e.frame - 1000) / BEAT) for _, _, e in said if isinstance(e.payload, Midi) and e.payload.data[2] == 90
    }
    assert loud == {3, 7}  # the bar as it was analysed


def test_jitter_of_detected_beats_costs_no_beat() -> None:
    jitter = (0, 900, -700, 300, -1100, 800, -200, 0)
    beats = [TimedEvent(round(2000 + i * BEAT) + jitter[i % 8], Beat(i % 4, 4, TEMPO, 0.8, i)) for i in range(24)]
    events = {"chords": [TimedEvent(0, parse_chord("C"))], "beats": beats}
    values = {"accompaniment.lookahead_beats": 0.25}
    said = run_engine(make_engine(), round(22 * BEAT), no_host, events=events, values=values)
    frames = [frame for frame, _ in find_notes(said, BASS)]
    assert len(frames) == 22
    assert all(0.85 * BEAT < b - a < 1.15 * BEAT for a, b in pairwise(frames))


def test_after_a_jump_it_plays_from_the_new_place_and_in_order() -> None:
    before, after = rolling_host(TEMPO), rolling_host(TEMPO, from_beat=100.37)
    jump = round(8 * BEAT) // HOP * HOP

    def at(frame: int) -> BlockTime:
        return before(frame) if frame < jump else after(frame)

    said = play([TimedEvent(0, parse_chord("C"))], at=at)
    frames = [frame for frame, _ in find_notes(said, BASS)]
    assert frames == sorted(frames)
    new = {int(after(0).frame_at(beat) + 0.5) for beat in range(100, 130)}
    assert {frame for frame in frames if frame > jump + 1.5 * BEAT} <= new
    assert len([frame for frame in frames if frame > jump + 1.5 * BEAT]) >= 6


def test_a_quicker_tempo_never_turns_time_around() -> None:
    def at(frame: int) -> BlockTime:
        slow = 5 * RATE // HOP * HOP
        if frame < slow:
            return rolling_host(80.0)(frame)
        return BlockTime(
            frame, RATE, slow * 80 / (60 * RATE) + (frame - slow) * 160 / (60 * RATE), 160.0, True, 4, True
        )

    frames = [e.frame for _, _, e in play([TimedEvent(0, parse_chord("C"))], beats=24, at=at, lookahead_beats=4.0)]
    assert frames == sorted(frames)
    assert frames[-1] > 11 * RATE


def test_each_part_can_be_muted() -> None:
    chords = make_chords(["C", "F"])
    assert not find_notes(play(chords, bass__mute=1.0), BASS)
    assert find_notes(play(chords, bass__mute=1.0), CHORDS)
    assert not find_notes(play(chords, chords__mute=1.0), CHORDS)
    assert not play(chords, bass__mute=1.0, chords__mute=1.0)


def test_each_note_is_planned_with_its_length_and_beat() -> None:
    events = {"chords": make_chords(["C", "F", "G7", "Am"])}
    outputs = run_engine(make_engine(640), round(16 * BEAT), rolling_host(TEMPO), events=events, lead_frames=640)
    planned = [event for _, port, event in outputs if port == "planned"]
    notes = [event for _, port, event in outputs if port == "midi"]
    played = {event.frame: event.payload.data for event in notes if isinstance(event.payload, Midi)}
    starts = [event for event in notes if isinstance(event.payload, Midi) and event.payload.data[0] >= 0x90]
    assert len(planned) == len(starts) > 20
    for event in planned:
        note = event.payload
        assert isinstance(note, PlannedNote)
        assert event.frame == pytest.approx(note.beat * BEAT, abs=1)
        assert played[event.frame + round(note.length_s * RATE)][0] & 0xF0 == 0x80
    assert {(e.frame, e.payload.data[1]) for e in starts if isinstance(e.payload, Midi)} == {
        (e.frame, e.payload.pitch) for e in planned if isinstance(e.payload, PlannedNote)
    }
    assert [(part.name, part.channel) for part in BasicAccompaniment.spec.parts] == [("bass", BASS), ("chords", CHORDS)]


@pytest.mark.parametrize("style", [0.0, 1.0, 2.0, 3.0])
def test_no_style_leaves_a_note_beyond_its_beat(style: float) -> None:
    sounding: set[tuple[int, int]] = set()
    for _, _, event in play(make_chords(["C", "F", "G7", "Am"] * 2), style=style):
        assert isinstance(event.payload, Midi)
        status, note, _ = event.payload.data
        key = (status & 0x0F, note)
        if status & 0xF0 == 0x90:
            assert key not in sounding
            sounding.add(key)
        else:
            sounding.remove(key)
            assert event.frame % BEAT < 0.96 * BEAT
    assert not sounding


def test_the_dynamics_follow_detected_notes_as_far_as_is_set() -> None:
    notes = [TimedEvent(i * 1000, Midi(bytes((0x90, 60, 20)))) for i in range(40)]

    def loudness(follow: float) -> int:
        events = {"chords": [TimedEvent(0, parse_chord("C"))], "midi": notes}
        values = {"accompaniment.velocity": 80.0, "accompaniment.follow": follow}
        said = run_engine(make_engine(), round(6 * BEAT), rolling_host(TEMPO), events=events, values=values)
        return [e.payload.data[2] for _, _, e in said if isinstance(e.payload, Midi) and e.payload.data[0] == 0x90][-1]

    assert (loudness(0.0), loudness(0.5), loudness(1.0)) == (80, 50, 20)


ALL = [Chord(root, quality, root, 1.0) for root in range(12) for quality in range(len(QUALITIES))]


def test_every_voicing_is_in_range_and_of_the_chord() -> None:
    for recorded in ALL:
        notes = voice_chord(recorded, ())
        assert {note % 12 for note in notes} <= set(recorded.pitch_classes)
        assert len({note % 12 for note in notes}) == 3
        assert all(CHORD_LOW <= note <= CHORD_HIGH for note in notes)
        assert BASS_LOW <= voice_bass(recorded.root, -1) <= BASS_HIGH


def test_from_any_chord_to_any_other_no_voice_moves_more_than_a_fourth() -> None:
    for before in ALL:
        start = voice_chord(before, ())
        for after in ALL:
            moves = [abs(a - b) for a, b in zip(voice_chord(after, start), start, strict=True)]
            assert max(moves) <= 5
            assert sum(moves) <= 9


def test_the_bass_takes_the_shorter_way_and_stays_in_range() -> None:
    note = voice_bass(0, -1)
    for root in (7, 2, 9, 4, 11, 6, 1, 8, 3, 10, 5, 0) * 3:
        before, note = note, voice_bass(root, note)
        assert abs(note - before) <= 7
        assert BASS_LOW <= note <= BASS_HIGH


def test_an_inverted_chord_has_its_bass_below() -> None:
    chords = [TimedEvent(0, Chord(0, 0, 4, 1.0))]
    assert {note % 12 for _, note in find_notes(play(chords), BASS)} == {4}


def test_a_negative_lead_is_refused() -> None:
    with pytest.raises(EngineError, match="lead"):
        BasicAccompaniment().prepare(RATE, HOP, -1)
