"""Session MIDI writer: mido and our reader find every marker and note at the session's own time."""

from __future__ import annotations

import io

import pytest
from mido import Message, MetaMessage, MidiFile, tempo2bpm

from bridge.core.time import TICKS_PER_BEAT, TempoChange, TempoMap
from engines.offline.smf.metas import MARKER, TRACK_NAME, parse_key, parse_metre, parse_tempo, parse_text
from engines.offline.smf.reading import read_smf
from export.files.session_midi import TEMPO_TRACK_NAME, list_track_messages, make_session_midi
from export.session.session import MidiTrack, Session, SessionNote, SessionTempo
from tests.export.sample_session import ODD_NAME, make_session

MICROSECOND = 1e-6
ONE_TEMPO = make_session(tempi=(SessionTempo(0, 616_650),))
"""97.3 BPM, which is not a whole number of microseconds; the session has the rounded one."""
LONG = make_session(tempi=tuple(SessionTempo(480 * n, 400_001 + 13 * (n % 977)) for n in range(2000)))


def play(data: bytes) -> list[tuple[float, Message | MetaMessage]]:
    """(time in s, message) of all tracks as mido plays them."""
    at = 0.0
    played: list[tuple[float, Message | MetaMessage]] = []
    for message in MidiFile(file=io.BytesIO(data), charset="utf-8"):
        at += message.time
        played.append((at, message))
    return played


def list_markers(session: Session) -> list[tuple[float, str]]:
    markers = sorted((*session.sections, *session.chords), key=lambda marker: marker.tick)
    return [(session.to_seconds(marker.tick), marker.name) for marker in markers]


@pytest.mark.parametrize("session", [make_session(), ONE_TEMPO, LONG], ids=["ramp", "one tempo", "2000 tempi"])
def test_markers_and_notes_are_at_their_times_for_mido(session: Session) -> None:
    played = play(make_session_midi(session, spans_tempo=False))
    markers = [(at, message.text) for at, message in played if message.type == "marker"]
    assert [name for _, name in markers] == [name for _, name in list_markers(session)]
    assert [at for at, _ in markers] == pytest.approx([at for at, _ in list_markers(session)], rel=0, abs=MICROSECOND)
    notes = [note for track in session.midi for note in track.notes]
    for kind, ticks in (
        ("note_on", [note.tick for note in notes]),
        ("note_off", [note.end_tick for note in notes]),
    ):
        times = [at for at, message in played if message.type == kind]
        assert times == pytest.approx([session.to_seconds(tick) for tick in ticks], rel=0, abs=MICROSECOND)


@pytest.mark.parametrize("session", [make_session(), ONE_TEMPO], ids=["ramp", "one tempo"])
def test_our_reader_finds_the_same_song(session: Session) -> None:
    smf = read_smf(make_session_midi(session, spans_tempo=False), "x.mid")
    assert smf.remarks == ()
    tempi = smf.find_all(parse_tempo)
    assert tempi == [(point.tick, point.quarter_us) for point in session.tempi]
    metres = [(metre.tick, (metre.numerator, metre.denominator)) for metre in session.metres]
    assert smf.find_all(parse_metre) == metres
    assert smf.find_all(parse_key) == [(key.tick, (key.tonic, key.is_minor)) for key in session.keys]
    tempo_map = TempoMap([TempoChange(tick / TICKS_PER_BEAT, tempo2bpm(us)) for tick, us in tempi], session.rate)
    markers = [
        (tempo_map.frame_at(event.tick / TICKS_PER_BEAT) / session.rate, text)
        for event in smf.tracks[0]
        if (text := parse_text(event, MARKER)) is not None
    ]
    for (at, name), (expected_at, expected) in zip(markers, list_markers(session), strict=True):
        assert name == expected
        assert at == pytest.approx(expected_at, rel=0, abs=MICROSECOND)
    names = [next(parse_text(event, TRACK_NAME) for event in track) for track in smf.tracks]
    assert names == [ODD_NAME, "drums", ODD_NAME]


def test_a_note_spans_all_tempo_changes_where_it_is_asked_for() -> None:
    session = make_session(frames=10, audio=(), sections=(), chords=(), midi=make_session().midi[1:])
    file = MidiFile(file=io.BytesIO(make_session_midi(session, spans_tempo=True)), charset="utf-8")
    assert len(file.tracks) == 1 + len(session.midi) + 1
    name, start, end = [message for message in file.tracks[-1] if message.type != "end_of_track"]
    assert name.name == TEMPO_TRACK_NAME
    assert (start.type, start.time, start.velocity) == ("note_on", 0, 1)
    assert end.type == "note_off"
    assert end.time > session.tempi[-1].tick
    assert start.channel not in {track.channel for track in session.midi}
    assert len(MidiFile(file=io.BytesIO(make_session_midi(session, spans_tempo=False))).tracks) == 2


def test_texts_are_ascii_where_that_is_asked_for() -> None:
    session = make_session(name="Café ♫")
    file = MidiFile(file=io.BytesIO(make_session_midi(session, spans_tempo=False, ascii_only=True)), charset="ascii")
    assert file.tracks[0][0].name == "Cafe ?"
    texts = [message.text for message in file.tracks[0] if message.type == "marker"]
    assert ODD_NAME.replace("♫", "?") in texts


def test_half_of_a_surrogate_pair_is_a_question_mark() -> None:
    data = make_session_midi(make_session(name="a\udcff"), spans_tempo=False)
    assert MidiFile(file=io.BytesIO(data), charset="utf-8").tracks[0][0].name == "a?"


def test_a_note_ends_before_the_next_one_of_its_pitch_begins() -> None:
    track = MidiTrack("bass", tuple(SessionNote(480 * n, 480 * n + 480, 40, 80, 1) for n in range(3)), 1, 33, 100, 64)
    kinds = [message.type for _, message in list_track_messages(track)]
    setup = ["program_change", "control_change", "control_change"]
    assert kinds == setup + ["note_on", "note_off"] * 3


def test_the_same_session_gives_the_same_bytes() -> None:
    assert make_session_midi(make_session(), spans_tempo=True) == make_session_midi(make_session(), spans_tempo=True)
