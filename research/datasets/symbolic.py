"""Human drumming, chords and melodies as plain lists: from the Groove MIDI Dataset, POP909-CL and POP909."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import mido

from bridge.errors import ConfigError
from research.datasets.barlines import MIN_AGREEMENT, find_bar_offset, read_downbeats

ROLE_OF_NOTE = {
    36: "kick", 35: "kick", 38: "snare", 40: "snare", 37: "stick", 39: "clap",
    48: "tom_high", 50: "tom_high", 45: "tom_mid", 47: "tom_mid", 43: "tom_low", 58: "tom_low", 41: "tom_low",
    46: "open", 26: "open", 42: "closed", 22: "closed", 44: "pedal",
    49: "crash", 55: "crash", 57: "crash", 52: "crash", 51: "ride", 59: "ride", 53: "ride",
}  # fmt: skip
"""General MIDI, and what the Roland TD-11 of the Groove MIDI Dataset sends beside it."""


TONICS = {
    name + sign: (number + shift) % 12
    for name, number in {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}.items()
    for sign, shift in {"": 0, "b": -1, "#": 1}.items()
}
"""Pitch classes by name, 0 is C."""


@dataclass(frozen=True)
class GrooveHit:
    """A stroke at ``beat`` with ``force`` from 0 to 1."""

    beat: float
    role: str
    force: float


@dataclass(frozen=True)
class MidiGroove:
    """``beats`` long, played at ``bpm``."""

    name: str
    bpm: float
    beats: float
    hits: tuple[GrooveHit, ...]

    @property
    def drummer(self) -> str:
        """Who played it, as the collection counts them; a programmed one is its own."""
        return self.name.split("/")[0]

    def apply_swing(self, swing: float) -> MidiGroove:
        """With the second half of each beat where ``swing`` of it has passed."""
        return replace(self, hits=tuple(replace(hit, beat=swing_beat(hit.beat, swing)) for hit in self.hits))


@dataclass(frozen=True)
class TuneNote:
    """MIDI ``pitch`` from ``beat`` on for ``beats``."""

    beat: float
    beats: float
    pitch: int
    force: float = 0.8


@dataclass(frozen=True)
class TuneChord:
    """``pitches`` ascending, the bass first."""

    beat: float
    beats: float
    pitches: tuple[int, ...]


@dataclass(frozen=True)
class Tune:
    """A song's chords and melody in quarter notes from its start; ``bar`` is the quarter notes of a bar."""

    name: str
    bpm: float
    bar: float
    chords: tuple[TuneChord, ...]
    melody: tuple[TuneNote, ...]
    keys: tuple[tuple[float, int, int], ...] = ()
    """(beat, tonic, minor), each until the next; empty where the collection does not say."""
    swing: float = 0.5
    """How much of a beat has passed when its second half begins, for all who play it: 2/3 makes triplets."""
    barred: bool = True
    """Whether its bars are known to begin at the multiples of ``bar``."""
    lead: float = 0.0
    """Beats by which all was moved on for that."""

    @property
    def beats(self) -> float:
        return self.chords[-1].beat + self.chords[-1].beats

    def cut(self, start: float, stop: float) -> Tune:
        """The beats from ``start`` to ``stop``, counted from zero again; notes that hang over are clipped."""
        chords = [(max(c.beat, start), min(c.beat + c.beats, stop), c.pitches) for c in self.chords]
        notes = [n for n in self.melody if start <= n.beat < stop]
        keys = tuple((max(beat, start) - start, tonic, minor) for beat, tonic, minor in self.keys if beat < stop)
        return replace(
            self,
            chords=tuple(TuneChord(a - start, b - a, p) for a, b, p in chords if b - a > 0.05),
            melody=tuple(TuneNote(n.beat - start, min(n.beats, stop - n.beat), n.pitch, n.force) for n in notes),
            keys=_keep_last_of_each_beat(keys),
        )

    def apply_swing(self, notes: Iterable[TuneNote]) -> list[TuneNote]:
        """Straight ``notes`` with the tune's swing."""
        ends = [(swing_beat(n.beat, self.swing), swing_beat(n.beat + n.beats, self.swing), n) for n in notes]
        return [replace(n, beat=start, beats=end - start) for start, end, n in ends]

    def transpose(self, semitones: int) -> Tune:
        """Transposed."""
        return replace(
            self,
            chords=tuple(TuneChord(c.beat, c.beats, tuple(p + semitones for p in c.pitches)) for c in self.chords),
            melody=tuple(TuneNote(n.beat, n.beats, n.pitch + semitones, n.force) for n in self.melody),
            keys=tuple((beat, (tonic + semitones) % 12, minor) for beat, tonic, minor in self.keys),
        )


def _keep_last_of_each_beat(keys: tuple[tuple[float, int, int], ...]) -> tuple[tuple[float, int, int], ...]:
    """What was moved to the same beat by a cut: the last of them holds."""
    return tuple(sorted({key[0]: key for key in keys}.values()))


def read_notes(track: mido.MidiTrack, ticks_per_beat: int) -> list[TuneNote]:
    """The notes of a track, in order of their beginning."""
    sounding: dict[int, tuple[int, int]] = {}
    notes, now = [], 0
    for message in track:
        now += message.time
        if message.type not in ("note_on", "note_off"):
            continue
        if message.note in sounding:
            began, force = sounding.pop(message.note)
            if now > began:
                beats = (now - began) / ticks_per_beat
                notes.append(TuneNote(began / ticks_per_beat, beats, message.note, force / 127))
        if message.type == "note_on" and message.velocity > 0:
            sounding[message.note] = now, message.velocity
    return sorted(notes, key=lambda note: (note.beat, note.pitch))


def read_chord_notes(midi: mido.MidiFile) -> list[TuneNote]:
    """POP909-CL's: the notes of the track behind the piano's, which is named chords in some files and MIDI 01 in the
    others."""
    names = [track.name for track in midi.tracks]
    after = names.index("piano") + 1 if "piano" in names else len(names)
    return read_notes(midi.tracks[after], midi.ticks_per_beat) if after < len(names) else []


def swing_beat(beat: float, swing: float) -> float:
    """Where ``beat`` falls when the second half of each beat begins after ``swing`` of it."""
    whole, rest = divmod(beat, 1.0)
    return whole + (rest * 2.0 * swing if rest < 0.5 else swing + (rest - 0.5) * 2.0 * (1.0 - swing))


def read_grooves(symbolic: Path) -> list[MidiGroove]:
    """The beats (not the single fills) of the Groove MIDI Dataset in 4/4, in the order of its table."""
    table = symbolic / "groove" / "info.csv"
    if not table.is_file():
        raise ConfigError(f"{table}: not there", "unpack symbolic.tar.xz and name the folder it lies in")
    grooves = []
    with table.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            path = symbolic / "groove" / row["midi_filename"]
            if row["beat_type"] != "beat" or row["time_signature"] != "4-4" or not path.is_file():
                continue
            midi = mido.MidiFile(path)
            hits = [
                GrooveHit(note.beat, ROLE_OF_NOTE[note.pitch], note.force)
                for track in midi.tracks
                for note in read_notes(track, midi.ticks_per_beat)
                if note.pitch in ROLE_OF_NOTE
            ]
            if len(hits) < 12:
                continue
            beats = 4.0 * round((hits[-1].beat + 0.5) / 4) or 4.0
            grooves.append(MidiGroove(row["id"], float(row["bpm"]), beats, tuple(h for h in hits if h.beat < beats)))
    return grooves


def list_tune_names(symbolic: Path) -> list[str]:
    """The numbers of the songs that are in both collections."""
    names = sorted(path.stem for path in (symbolic / "pop909-cl").glob("*.mid"))
    if not names:
        raise ConfigError(f"{symbolic}: no pop909-cl there", "unpack symbolic.tar.xz and name the folder it lies in")
    return [name for name in names if (symbolic / "pop909" / name / f"{name}.mid").is_file()]


def read_tune(symbolic: Path, name: str) -> Tune | None:
    """Chords and tempo of POP909-CL with the melody of POP909, or None where the two do not lie on one another.

    The notes of POP909-CL are those of POP909 moved to a grid, so the melody's place is where most of its notes
    meet a note of the same pitch. All is moved on by less than a bar, so that the bars begin where they are counted.
    """
    midi = mido.MidiFile(symbolic / "pop909-cl" / f"{name}.mid")
    tracks = {track.name: read_notes(track, midi.ticks_per_beat) for track in midi.tracks}
    tempos = [message.tempo for message in midi.tracks[0] if message.type == "set_tempo"]
    metres = [message for message in midi.tracks[0] if message.type == "time_signature"]
    chord_notes, played = read_chord_notes(midi), tracks.get("piano")
    other = mido.MidiFile(symbolic / "pop909" / name / f"{name}.mid")
    melodies = [read_notes(track, other.ticks_per_beat) for track in other.tracks if track.name == "MELODY"]
    if not (chord_notes and played and tempos and melodies and melodies[0]):
        return None
    stacks: dict[float, list[TuneNote]] = {}
    for note in chord_notes:
        stacks.setdefault(note.beat, []).append(note)
    chords = tuple(
        TuneChord(beat, max(n.beats for n in notes), tuple(sorted(n.pitch for n in notes)))
        for beat, notes in sorted(stacks.items())
    )
    late = _find_offset(melodies[0], played)
    if late is None or len(chords) < 8:
        return None
    bar = metres[0].numerator * 4 / metres[0].denominator if metres else 4.0
    downbeats = [beat + late for beat in read_downbeats(symbolic / "pop909" / name, other)]
    begin, share = find_bar_offset([(c.beat, c.beats) for c in chords], downbeats, bar)
    lead = -begin % bar
    moved = (replace(note, beat=note.beat + late + lead) for note in melodies[0])
    return Tune(
        name,
        60e6 / tempos[0],
        bar,
        tuple(replace(chord, beat=chord.beat + lead) for chord in chords),
        tuple(note for note in moved if note.beat >= 0),
        tuple((beat + lead if beat else 0.0, tonic, minor) for beat, tonic, minor in _read_keys(midi)),
        barred=share >= MIN_AGREEMENT,
        lead=lead,
    )


def _read_keys(midi: mido.MidiFile) -> tuple[tuple[float, int, int], ...]:
    """The key signatures of the first track; a minor one has an m behind its tonic."""
    keys, now = [], 0
    for message in midi.tracks[0]:
        now += message.time
        if message.type == "key_signature":
            minor = message.key.endswith("m")
            keys.append((now / midi.ticks_per_beat, TONICS[message.key.removesuffix("m")], int(minor)))
    return tuple(keys)


def _find_offset(melody: list[TuneNote], played: list[TuneNote]) -> float | None:
    """How many beats ``melody`` has to move onto ``played``: the difference that most pairs of equal pitch share."""
    places: dict[int, list[float]] = {}
    for note in played:
        places.setdefault(note.pitch, []).append(note.beat)
    shifts: Counter[int] = Counter()
    for note in melody:
        for beat in places.get(note.pitch, []):
            if abs(beat - note.beat) < 2.5:
                shifts[round((beat - note.beat) * 16)] += 1
    if not shifts:
        return None
    shift = max(shifts, key=lambda s: shifts[s - 1] + shifts[s] + shifts[s + 1])
    if shifts[shift - 1] + shifts[shift] + shifts[shift + 1] < 0.7 * len(melody):
        return None
    return shift / 16
