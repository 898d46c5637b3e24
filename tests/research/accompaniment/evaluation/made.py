"""Songs for tests: four chords a bar each, known to the beat, in memory and as the collections' files."""

from __future__ import annotations

from pathlib import Path

import mido

from research.accompaniment.songs import WRITTEN, AnnotatedSong, make_segment
from research.datasets.symbolic import TuneNote

LOOP = ((48, 52, 55), (45, 48, 52), (41, 45, 48), (43, 47, 50))
"""C, Am, F, G as MIDI pitches."""
TEMPO = 120.0


def song(
    bars: int = 8, keys: tuple[tuple[float, int, int], ...] = ((0.0, 0, 0),), human: tuple[TuneNote, ...] = ()
) -> AnnotatedSong:
    spans = tuple(make_segment(4.0 * bar, 4.0, LOOP[bar % 4]) for bar in range(bars))
    return AnnotatedSong("made", WRITTEN, TEMPO, 4, 4 * bars, spans, keys, human)


def track(name: str, notes: list[tuple[float, float, int]]) -> mido.MidiTrack:
    """``notes``: (beat, beats, pitch)."""
    events = [(round(480 * beat), "note_on", pitch) for beat, _, pitch in notes]
    events += [(round(480 * (beat + beats)), "note_off", pitch) for beat, beats, pitch in notes]
    out, now = mido.MidiTrack([mido.MetaMessage("track_name", name=name)]), 0
    for at, kind, pitch in sorted(events, key=lambda event: (event[0], event[1] == "note_on")):
        out.append(mido.Message(kind, note=pitch, velocity=100, time=at - now))
        now = at
    return out


def save(path: Path, *tracks: mido.MidiTrack, numerator: int = 4) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    head = mido.MidiTrack(
        [
            mido.MetaMessage("set_tempo", tempo=500000),
            mido.MetaMessage("time_signature", numerator=numerator),
            mido.MetaMessage("key_signature", key="C"),
        ]
    )
    mido.MidiFile(ticks_per_beat=480, tracks=[head, *tracks]).save(path)


def symbolic(folder: Path, names: tuple[str, ...] = ("005",), bars: int = 12, late: float = 0.25) -> Path:
    """The three collections with those songs; POP909's tracks lie ``late`` beats behind POP909-CL's."""
    melody = [(float(beat), 0.5, 72 + (7 * beat) % 12) for beat in range(4 * bars)]
    chords = [(4.0 * bar, 4.0, pitch) for bar in range(bars) for pitch in LOOP[bar % 4]]
    for name in names:
        save(folder / f"pop909-cl/{name}.mid", track("piano", melody), track("chords", chords))
        later = [[(beat + late, beats, pitch) for beat, beats, pitch in notes] for notes in (melody, chords)]
        save(folder / f"pop909/{name}/{name}.mid", track("MELODY", later[0]), track("PIANO", later[1]))
    hits = [(beat / 2, 0.1, (36, 42, 38, 42)[beat % 4]) for beat in range(64)]
    for drummer in ("drummer5", "drummer1"):
        save(folder / f"groove/{drummer}.mid", track("drums", hits))
    lines = [f"{drummer}/session1/1,120,beat,4-4,{drummer}.mid" for drummer in ("drummer5", "drummer1")]
    table = ["id,bpm,beat_type,time_signature,midi_filename", *lines, lines[0].replace("/1,", "/2,")]
    (folder / "groove/info.csv").write_text("\n".join(table), encoding="utf-8")
    return folder
