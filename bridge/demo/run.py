"""The demo: a DAW stand-in plays a song through the sidecar on a real JACK server, and a report tells the truth."""

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
from bridge.config import OscSettings, Settings
from bridge.control.bus import Row
from bridge.core.audio import Audio
from bridge.core.events import CHORD_SOURCES, LEVELS, Midi, TimedEvent
from bridge.core.latency import AUDIO_PATHS, MIDI_PORTS
from bridge.core.time import TempoChange, TempoMap
from bridge.demo import report, report_picture
from bridge.demo.demo_files import tempo_map_of, write_midi, write_wav
from bridge.demo.demo_song import Song, chord_named, own_song, song_from_file
from bridge.demo.report import Callback, Counters, DemoReport, Music, Playing
from bridge.drivers.clients import ask_server
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.fake_daw import StandIn
from bridge.errors import BridgeError, ConfigError
from bridge.measure import disagreements, measure
from bridge.printing import Printer, one_line, progress_text
from bridge.runtime.analysis_to_midi import BEAT_NOTE, DOWNBEAT_NOTE
from bridge.runtime.counters import Counters as RoadCounters
from bridge.runtime.counters import Spread, spread
from bridge.runtime.priority import may_use_realtime

RATE, PERIOD = 44100, 128  # of the demo's own server
TAIL_S = 0.5
LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked for. ``server`` empty: the demo starts its own. ``song`` None: its own song."""

    song: Path | None = None
    server: str = ""
    seconds: float = 30.0
    out: Path = Path("demo-out")
    rate: int = RATE
    period: int = PERIOD


@dataclass(frozen=True, slots=True)
class _Played:
    """What came of playing: the tapes, the music heard on the song's time line, and the counts from start to end."""

    daw: StandIn
    chords: tuple[tuple[int, str], ...]
    key: str
    commits: tuple[Row, ...]
    counters: RoadCounters
    spent: Spread


class _Ear:
    """Keeps what the Bus tells of the music."""

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
def _server(wishes: Wishes) -> Iterator[str]:
    """The server to play on: the user's, or one of the demo's own."""
    if wishes.server:
        yield wishes.server
        return
    with DummyServer(wishes.rate, wishes.period, realtime=may_use_realtime()) as server:
        yield server.name


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be made ({error.strerror})", "name another folder with --out") from error


def run_demo(wishes: Wishes, settings: Settings, console: Printer) -> DemoReport:
    """Play, listen, write everything to ``wishes.out``; progress goes to ``console``."""
    with _server(wishes) as server:
        rate = ask_server(server).rate
        console.print("preparing the song and the engines …", style="dim")
        if wishes.song is None:
            song = own_song(rate, wishes.seconds)
        else:
            song = song_from_file(wishes.song, rate, wishes.seconds or None)
        _make_folder(wishes.out)
        jack = msgspec.structs.replace(settings.jack, server=server)
        settings = msgspec.structs.replace(settings, jack=jack, osc=OscSettings(port=0))
        with Sidecar(settings) as sidecar:
            console.print("measuring every path …", style="dim")
            # our own server may run ahead of time, which is exact; on the user's we stay in time
            measured = measure(sidecar, freewheel=not wishes.server)
            wrong = disagreements(sidecar, measured)
            played = _play(sidecar, song, console)
            told = _report(sidecar, song, played, server)
    return _write(wishes.out, told, song, played.daw, wrong)


def _play(sidecar: Sidecar, song: Song, console: Printer) -> _Played:
    graph, ear = sidecar.signal_path.graph, _Ear()
    longest = max(path.declared for path in graph.ledger)
    daw = StandIn(
        sidecar.settings.jack.client, sidecar.settings.jack.server, song.frames + longest + round(TAIL_S * song.rate)
    )
    daw.load(song.audio, song.midi)
    leave = sidecar.bus.subscribe(ear)
    song_name, now_playing = progress_text("{task.description}"), progress_text("{task.fields[now]}")
    columns = (song_name, BarColumn(), TimeRemainingColumn(), now_playing)
    with daw, Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(one_line(song.name), total=daw.frames, now="")
        daw.start(margin_frames=song.rate // 4)
        # from here on: that clients came and were connected is none of the song's trouble
        graph.shared.callback_bins[:] = 0
        sidecar.signal_path.telemetry.reset_counters()
        while daw.player.position < daw.frames and not sidecar.wait(LOOK_S):
            late = sidecar.signal_path.telemetry.counters.late_frames
            now = f"chord {ear.now or '–':6} key {ear.key or '–':9} late {late}"
            progress.update(task, completed=max(daw.player.position, 0), now=now)
        daw.wait(10.0)
        sidecar.signal_path.telemetry.publish_counters(sidecar.signal_path.workers.restarts)
        counters, spent = sidecar.signal_path.telemetry.counters, spread(graph.shared.callback_bins)
        origin = graph.to_stream_frame(daw.started_at)
    leave()
    chords = tuple((frame - origin, label) for frame, label in ear.chords)
    return _Played(daw, chords, ear.key, tuple(ear.commits), counters, spent)


def _beats(daw: StandIn, delay: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Beats and downbeats as the beats port played them, on the song's time line."""
    notes = [
        (event.frame - delay, event.payload.data[1])
        for event in daw.returned_midi("beats")
        if isinstance(event.payload, Midi) and event.payload.data[0] & 0xF0 == 0x90
    ]
    beats = tuple(frame for frame, note in notes if note in (BEAT_NOTE, DOWNBEAT_NOTE))
    return beats, tuple(frame for frame, note in notes if note == DOWNBEAT_NOTE)


def _playing(commits: Sequence[Row]) -> Playing:
    """What rows of the reading `accompaniment.commit` say: frame, beat, level, source, lookahead in beats."""
    if not commits:
        return Playing()
    ahead = [float(row[4]) for row in commits]
    levels, sources = (Counter(str(row[column]) for row in commits) for column in (2, 3))
    return Playing(
        beats=len(commits), least_lookahead_beats=min(ahead), lookahead_beats=float(np.median(ahead)),
        levels={name: levels[name] for name in LEVELS}, sources={name: sources[name] for name in CHORD_SOURCES},
    )  # fmt: skip


def _report(sidecar: Sidecar, song: Song, played: _Played, server: str) -> DemoReport:
    signal_path, graph = sidecar.signal_path, sidecar.signal_path.graph
    count, called = played.counters, played.spent
    beats, downbeats = _beats(played.daw, graph.ledger["beats"].declared)
    heard = Music(beats=beats, downbeats=downbeats, chords=played.chords, key=played.key)
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
        paths=report.rows(graph.ledger),
        callback=Callback(p50_us=called.p50_us, p99_us=called.p99_us, max_us=called.max_us, cycles=called.count),
        counters=Counters(
            late_frames=count.late_frames,
            skipped=count.skipped,
            gap_frames=count.gap_frames,
            xruns=count.xruns,
            worker_restarts=signal_path.workers.restarts,
        ),
        heard=heard,
        playing=_playing(played.commits),
        truth=truth,
        checks=report.check(heard, truth, song.rate) if truth else None,
    )


def _aligned(daw: StandIn, told: DemoReport, song: Song) -> dict[str, Audio]:
    """What came back of each audio path, the declared delay taken off, as long as the song."""
    delays = {row.name: row.declared for row in told.paths}
    returned = [path for path in AUDIO_PATHS if path in delays]
    return {path: daw.returned(path)[:, delays[path] : delays[path] + song.frames] for path in returned}


def _write(out: Path, told: DemoReport, song: Song, daw: StandIn, wrong: list[str]) -> DemoReport:
    notices: list[str] = []
    audio = _aligned(daw, told, song)
    for name, samples in audio.items():
        write_wav(out / f"{name}.wav", samples, song.rate)
    delays = {row.name: row.declared for row in told.paths}
    tracks = {
        port: [TimedEvent(max(0, e.frame - delays.get(port, 0)), e.payload) for e in daw.returned_midi(port)]
        for port in MIDI_PORTS
    }
    marks = [TimedEvent(max(0, frame), chord_named(label)) for frame, label in told.heard.chords]
    tempo = song.tempo
    if tempo is None:
        beats = told.heard.beats
        tempo = tempo_map_of(beats, song.rate) if len(beats) > 1 else TempoMap([TempoChange(0.0, 120.0)], song.rate)
    write_midi(out / "session.mid", {**tracks, "heard": marks}, tempo, song.rate)
    files = [*(f"{name}.wav" for name in audio), "session.mid", "report.json"]
    try:
        report_picture.draw(told, audio, audio["mix"], tracks["accompaniment"], out / "report.png")
        files.append("report.png")
    except BridgeError as error:
        notices.append(f"no picture: {error}")
    told = msgspec.structs.replace(told, folder=str(out), files=tuple(files))
    told = report.judged(told, [*wrong, *notices])
    if wrong:
        told = msgspec.structs.replace(told, ok=False)
    report.write_json(told, out / "report.json")
    return told
