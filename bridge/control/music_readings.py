"""Music readings: what the analysers hear and the accompaniment plays."""

from __future__ import annotations

from bridge.core.control import Reading
from bridge.core.events import CHORD_SOURCES

MUSIC_READINGS: tuple[Reading, ...] = (
    Reading(
        "mir.beat",
        ("frame", "number", "bar_beats", "tempo", "confidence", "index"),
        "A beat at frame. number: position in the bar, 0 is the downbeat. index: counts from the start of the song.",
        history=200,
    ),
    Reading("mir.tempo", ("frame", "bpm", "confidence"), "The tempo from frame on, in quarter notes per minute."),
    Reading("mir.key", ("frame", "label", "confidence"), "The key from frame on, such as A minor.", history=50),
    Reading(
        "mir.chord",
        ("frame", "label", "confidence"),
        "The chord from frame on, such as Am7; N: no chord.",
        history=200,
    ),
    Reading("mir.onset", ("frame", "strength", "confidence"), "An onset at frame; strength 0 to 1.", queued=True),
    Reading(
        "mir.note",
        ("frame", "on", "pitch", "velocity", "confidence"),
        "A note of the analysed voice starts (on 1) or ends (on 0) at frame; pitch 69.0 is 440 Hz.",
        queued=True,
    ),
    Reading(
        "accompaniment.chord",
        ("frame", "label", "confidence"),
        "The chord that the accompaniment plays at frame, decided one lookahead before it; N: no chord.",
        history=200,
    ),
    Reading(
        "accompaniment.commit",
        ("frame", "beat", "level", "source", "lookahead_beats"),
        "The accompaniment has decided the beat at frame, lookahead_beats before it. level: foreseen, held, tonic, "
        f"drums or silence. source: of its chord, one of {', '.join(CHORD_SOURCES)}.",
    ),
    Reading(
        "accompaniment.level",
        ("level", "beats"),
        "Beats that the accompaniment has decided at each level since the counters were reset.",
        keyed=True,
    ),
    Reading(
        "accompaniment.note",
        ("frame", "length_frames", "part", "pitch", "velocity", "beat"),
        "A note that a part will play at frame, published when its beat was decided. length_frames: as planned; a "
        "change of the chord ends it earlier. pitch: MIDI note number. beat: its start, in beats of the song, from 0.",
        queued=True,
        history=200,
    ),
    Reading(
        "accompaniment.withdrawn",
        ("frame",),
        "Planned notes from frame on will not sound: the music broke off.",
        queued=True,
    ),
    Reading(
        "accompaniment.part",
        ("part", "channel"),
        "A part of the accompaniment and its MIDI channel, from 1.",
        keyed=True,
    ),
    Reading(
        "accompaniment.plan",
        ("beat", "frame", "label", "confidence", "source"),
        "A chord that the accompaniment has decided or expects, at the present beat and those to come, counted from 0. "
        f"Rows of beats that have passed go away. source: one of {', '.join(CHORD_SOURCES)}.",
        keyed=True,
    ),
    Reading(
        "accompaniment.section",
        ("section", "bar"),
        "The section that the accompaniment plays, since this bar.",
        history=50,
    ),
    Reading(
        "accompaniment.lookahead",
        ("asked_beats", "kept_beats", "least_beats", "late"),
        "How far ahead the accompaniment decides: as asked, as kept at the last beat, and since the counters were "
        "reset the least, without the first beats after a start, and how many beats were decided too late.",
    ),
)
