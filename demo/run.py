"""Demo: a fake DAW plays a song through the sidecar on a real JACK server; a report shows what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from rich.progress import BarColumn, Progress, TimeRemainingColumn

from bridge.app import Sidecar
from bridge.control.bus import Row
from bridge.core.audio import Audio
from bridge.core.events import CHORD_SOURCES, LEVELS, Midi, TimedEvent
from bridge.core.latency import AUDIO_PATHS, MIDI_PORTS
from bridge.core.midi import is_note_on
from bridge.core.time import TempoChange, TempoMap
from bridge.drivers.clients import ask_server
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.fake_daw import FakeDaw
from bridge.errors import BridgeError, ConfigError
from bridge.measure import find_disagreements, measure
from bridge.printing import Printer, one_line, progress_text
from bridge.runtime.analysis_to_midi import BEAT_NOTE, DOWNBEAT_NOTE
from bridge.runtime.counters import Counters, Percentiles, compute_percentiles
from bridge.runtime.priority import may_use_realtime
from bridge.settings import NO_DEVICES, NO_JOBS, NO_OSCQUERY, OscSettings, Settings
from demo import report_picture
from demo.demo_files import tempo_map_from_beats, write_midi, write_wav
from demo.demo_song import DemoSong, load_song, render_own_song
from demo.report import (
    CallbackFigures,
    CounterFigures,
    DemoReport,
    Music,
    Playing,
    add_verdict,
    compare_music,
    list_paths,
    write_json,
)
from engines.accompaniment.chord_symbol import parse_label

RATE, PERIOD = 44100, 128  # of the demo's own server
TAIL_S = 0.5
REFRESH_S = 0.1


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """The user's options. ``server`` empty: the demo starts its own. ``song`` None: its own song."""

    song: Path | None = None
    server: str = ""
    seconds: float = 30.0
    out: Path = Path("demo-out")
    rate: int = RATE
    period: int = PERIOD


@dataclass(frozen=True, slots=True)
class _DemoRun:
    """The result of playing: the recordings, the analysis on the song's time line, and the counts."""

    daw: FakeDaw
    chords: tuple[tuple[int, str], ...]
    key: str
    commits: tuple[Row, ...]
    counters: Counters
    spent: Percentiles


class _AnalysisLog:
    """Keeps the analysis readings of the Bus."""

    def __init__(self) -> None:
        self.chords: list[tuple[int, str]] = []
        self.commits: list[Row] = []
        self.key = ""
        self.now = ""

    def __call__(self, name: str, row: Row, _source: str) -> None:
        if name == "mir.chord":
            self.chords.append((int(row[0]), str(row[1])))
            self.now = str(row[1])
        elif name == "mir.key":
            self.key = str(row[1])
        elif name == "accompaniment.commit":
            self.commits.append(row)


@contextmanager
def _server(options: DemoOptions) -> Iterator[str]:
    """Yield the name of the server to play on: the user's, or one of the demo's own."""
    if options.server:
        yield options.server
        return
    with DummyServer(options.rate, options.period, realtime=may_use_realtime()) as server:
        yield server.name


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be made ({error.strerror})", "name another folder with --out") from error


def run_demo(options: DemoOptions, settings: Settings, console: Printer) -> DemoReport:
    """Play the song, record the outputs, write everything to ``options.out``; progress goes to ``console``."""
    with _server(options) as server:
        rate = ask_server(server).rate
        console.print("preparing the song and the engines …", style="dim")
        if options.song is None:
            song = render_own_song(rate, options.seconds)
        else:
            song = load_song(options.song, rate, options.seconds or None)
        _make_folder(options.out)
        jack = msgspec.structs.replace(settings.jack, server=server)
        settings = msgspec.structs.replace(
            settings, jack=jack, osc=OscSettings(port=0), controllers=NO_DEVICES, jobs=NO_JOBS, oscquery=NO_OSCQUERY
        )
        with Sidecar(settings) as sidecar:
            console.print("measuring every path …", style="dim")
            # our own server may freewheel, which is exact; the user's stays in real time
            measured = measure(sidecar, freewheel=not options.server)
            wrong = find_disagreements(sidecar.signal_path.graph, measured)
            played = _play(sidecar, song, console)
            report = _make_report(sidecar, song, played, server)
    return _write(options.out, report, song, played.daw, wrong)


def _play(sidecar: Sidecar, song: DemoSong, console: Printer) -> _DemoRun:
    graph, log = sidecar.signal_path.graph, _AnalysisLog()
    longest = max(path.declared for path in graph.ledger)
    daw = FakeDaw(
        sidecar.settings.jack.client, sidecar.settings.jack.server, song.frames + longest + round(TAIL_S * song.rate)
    )
    daw.load(song.audio, song.midi)
    unsubscribe = sidecar.bus.subscribe(log)
    song_name, now_playing = progress_text("{task.description}"), progress_text("{task.fields[now]}")
    columns = (song_name, BarColumn(), TimeRemainingColumn(), now_playing)
    with daw, Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(one_line(song.name), total=daw.frames, now="")
        daw.start(margin_frames=song.rate // 4)
        # counted from here on, without the faults of connecting clients
        graph.arrays.callback_bins[:] = 0
        sidecar.signal_path.telemetry.reset_counters()
        while daw.player.position < daw.frames and not sidecar.wait(REFRESH_S):
            late = sidecar.signal_path.telemetry.counters.late_frames
            now = f"chord {log.now or '–':6} key {log.key or '–':9} late {late}"
            progress.update(task, completed=max(daw.player.position, 0), now=now)
        daw.wait(10.0)
        sidecar.signal_path.telemetry.publish_counters(sidecar.signal_path.workers.restarts)
        counters, spent = sidecar.signal_path.telemetry.counters, compute_percentiles(graph.arrays.callback_bins)
        origin = graph.to_stream_frame(daw.started_at)
    unsubscribe()
    chords = tuple((frame - origin, label) for frame, label in log.chords)
    return _DemoRun(daw, chords, log.key, tuple(log.commits), counters, spent)


def _read_beats(daw: FakeDaw, delay: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Beats and downbeats of the beats port, on the song's time line."""
    notes = [
        (event.frame - delay, event.payload.data[1])
        for event in daw.read_midi("beats")
        if isinstance(event.payload, Midi) and is_note_on(event.payload.data)
    ]
    beats = tuple(frame for frame, note in notes if note in (BEAT_NOTE, DOWNBEAT_NOTE))
    return beats, tuple(frame for frame, note in notes if note == DOWNBEAT_NOTE)


def _summarise_commits(commits: Sequence[Row]) -> Playing:
    """Summarise rows of the reading `accompaniment.commit`: frame, beat, level, source, lookahead in beats."""
    if not commits:
        return Playing()
    ahead = [float(row[4]) for row in commits]
    levels, sources = (Counter(str(row[column]) for row in commits) for column in (2, 3))
    return Playing(
        beats=len(commits), least_lookahead_beats=min(ahead), lookahead_beats=float(np.median(ahead)),
        levels={name: levels[name] for name in LEVELS}, sources={name: sources[name] for name in CHORD_SOURCES},
    )  # fmt: skip


def _make_report(sidecar: Sidecar, song: DemoSong, played: _DemoRun, server: str) -> DemoReport:
    signal_path, graph = sidecar.signal_path, sidecar.signal_path.graph
    count, called = played.counters, played.spent
    beats, downbeats = _read_beats(played.daw, graph.ledger["beats"].declared)
    detected = Music(beats=beats, downbeats=downbeats, chords=played.chords, key=played.key)
    truth = None
    if song.truth.beats:
        chords = tuple((frame, chord.label) for frame, chord in song.truth.chords)
        key = song.truth.key.label if song.truth.key else ""
        truth = Music(beats=song.truth.beats, downbeats=song.truth.downbeats, chords=chords, key=key)
    return DemoReport(
        song=song.name,
        seconds=song.seconds,
        rate=song.rate,
        period=graph.ledger.period,
        server=server,
        paths=list_paths(graph.ledger),
        callback=CallbackFigures(p50_us=called.p50_us, p99_us=called.p99_us, max_us=called.max_us, cycles=called.count),
        counters=CounterFigures(
            late_frames=count.late_frames,
            skipped=count.skipped,
            gap_frames=count.gap_frames,
            xruns=count.xruns,
            worker_restarts=signal_path.workers.restarts,
        ),
        detected=detected,
        playing=_summarise_commits(played.commits),
        truth=truth,
        checks=compare_music(detected, truth, song.rate) if truth else None,
    )


def _align_outputs(daw: FakeDaw, report: DemoReport, song: DemoSong) -> dict[str, Audio]:
    """The returned audio of each path less its declared delay, as long as the song."""
    delays = {row.name: row.declared for row in report.paths}
    returned = [path for path in AUDIO_PATHS if path in delays]
    return {path: daw.read_audio(path)[:, delays[path] : delays[path] + song.frames] for path in returned}


def _write(out: Path, report: DemoReport, song: DemoSong, daw: FakeDaw, wrong: list[str]) -> DemoReport:
    notices: list[str] = []
    audio = _align_outputs(daw, report, song)
    for name, samples in audio.items():
        write_wav(out / f"{name}.wav", samples, song.rate)
    delays = {row.name: row.declared for row in report.paths}
    tracks = {
        port: [TimedEvent(max(0, e.frame - delays.get(port, 0)), e.payload) for e in daw.read_midi(port)]
        for port in MIDI_PORTS
    }
    marks = [TimedEvent(max(0, frame), parse_label(label)) for frame, label in report.detected.chords]
    tempo = song.tempo
    if tempo is None:
        beats = report.detected.beats
        tempo = (
            tempo_map_from_beats(beats, song.rate) if len(beats) > 1 else TempoMap([TempoChange(0.0, 120.0)], song.rate)
        )
    write_midi(out / "session.mid", {**tracks, "detected": marks}, tempo, song.rate)
    files = [*(f"{name}.wav" for name in audio), "session.mid", "report.json"]
    try:
        report_picture.draw(report, audio, audio["mix"], tracks["accompaniment"], out / "report.png")
        files.append("report.png")
    except BridgeError as error:
        notices.append(f"no picture: {error}")
    report = msgspec.structs.replace(report, folder=str(out), files=tuple(files))
    report = add_verdict(report, [*wrong, *notices])
    if wrong:
        report = msgspec.structs.replace(report, ok=False)
    write_json(report, out / "report.json")
    return report
