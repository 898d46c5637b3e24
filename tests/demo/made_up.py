"""Example report of a good run with the demo's own song: the detected music is a little off the true one."""

from __future__ import annotations

from bridge.core.events import Midi, TimedEvent
from demo.demo_song import DemoSong
from demo.report import CallbackFigures, DemoReport, Music, PathRow, add_verdict, compare_music

STEREO = ("drums", "bass", "vocals", "other", "mix")


def paths() -> tuple[PathRow, ...]:
    """Rows as the graph declares them at period 128: stems, mix, accompaniment, chords, beats."""
    stems = [
        PathRow(
            name=name, ports=(f"{name}_1", f"{name}_2"), declared=1408, measured=1408, model=512, buffering=384,
            reserve=512, period=128,
        )
        for name in STEREO
    ]  # fmt: skip
    ahead = PathRow(
        name="accompaniment", ports=("accompaniment",), declared=0, measured=0, model=-1408, buffering=384,
        reserve=1024, period=128,
    )  # fmt: skip
    analysis = [
        PathRow(name=name, ports=(name,), declared=1920, measured=1920, model=512, buffering=384, reserve=1024)
        for name in ("chords", "beats")
    ]
    return (*stems, ahead, *analysis)


def make_truth(song: DemoSong) -> Music:
    truth = song.truth
    return Music(
        beats=truth.beats,
        downbeats=truth.downbeats,
        chords=tuple((frame, chord.label) for frame, chord in truth.chords),
        key=truth.key.label if truth.key else "",
    )


def make_detected(song: DemoSong) -> Music:
    """A good detection of the truth: beats 40 frames late, the second chord mistaken for its relative."""
    truth = make_truth(song)
    chords = tuple((frame + 1500, "Cm" if i == 1 else label) for i, (frame, label) in enumerate(truth.chords))
    late = 40
    return Music(
        beats=tuple(beat + late for beat in truth.beats[2:]),
        downbeats=tuple(beat + late for beat in truth.downbeats[1:]),
        chords=chords,
        key=truth.key,
    )


def make_report(song: DemoSong) -> DemoReport:
    truth, detected = make_truth(song), make_detected(song)
    return add_verdict(
        DemoReport(
            song=song.name,
            seconds=song.seconds,
            rate=song.rate,
            period=128,
            server="sideman-demo-4711",
            paths=paths(),
            callback=CallbackFigures(p50_us=6.0, p99_us=14.0, max_us=61.0, cycles=10336),
            detected=detected,
            truth=truth,
            checks=compare_music(detected, truth, song.rate),
            folder="/home/ana/sideman-demo",
            files=("drums.wav", "bass.wav", "vocals.wav", "other.wav", "mix.wav", "accompaniment.mid", "report.png"),
        )
    )


def make_accompaniment(song: DemoSong) -> list[TimedEvent]:
    """A part to draw: the notes that the DAW sends."""
    return [e for e in song.midi if isinstance(e.payload, Midi) and e.payload.data[0] < 0xF0]
