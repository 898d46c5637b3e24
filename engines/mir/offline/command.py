"""The command ``sideman analyze``: songs to maps of their beats, tempo, chords and key."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bridge.core.engine import Engine
from bridge.errors import BridgeError, ConfigError
from engines.mir.named import DEFAULT, chosen_values, engine_named
from engines.mir.offline.job import Outcome, analyse_song
from engines.separation.offline.folders import songs_in, spelt
from engines.separation.offline.progress import Screen, length

FAILED, STOPPED = 1, 130


def analyze(
    files: Annotated[list[Path], Parameter(help="Songs, or folders of songs.")],
    /,
    *,
    out: Annotated[Path, Parameter(help="Folder for the results: several files a song, named like it.")],
    engine: Annotated[str, Parameter(help="The registered engine that listens.")] = DEFAULT,
    set_: Annotated[
        list[str] | None,
        Parameter(name="--set", negative="", help="A control of the engine, as NAME=VALUE; may be repeated."),
    ] = None,
    json_: Annotated[bool, Parameter(name="--json", negative="", help="Print JSON, for machines.")] = False,
) -> int:
    """Write where a song's beats, chords and keys are: as JSON, CSV, labels, MIDI with a tempo map, and a picture.

    What listens is the engine of the live sidecar; its delay is taken off, so all times are the song's own. Exit
    status 1 where a song failed; the others are analysed all the same.
    """
    listener = engine_named(engine)
    values = chosen_values(listener.spec.controls, set_ or [])
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be made ({error.strerror})", "give another folder") from error
    songs = songs_in(files, out)
    told = Console(stderr=True)
    outcomes: list[Outcome] = []
    try:
        with Screen(told, len(songs)) as screen:
            for number, song in enumerate(songs, 1):
                screen.begin(number, song.name)
                outcomes.append(_outcome(song, out, listener, values, screen))
    except KeyboardInterrupt:
        told.print("stopped; the songs before this one are finished")
        _report(outcomes, json_)
        return STOPPED
    _report(outcomes, json_)
    return FAILED if any(outcome.status == "failed" for outcome in outcomes) else 0


def _outcome(song: Path, out: Path, engine: Engine, values: Mapping[str, float], screen: Screen) -> Outcome:
    """What becomes of one song; its failure is said at once, and is not the next one's."""
    try:
        outcome = analyse_song(song, out, engine, values, screen.told, time.monotonic)
    except BridgeError as error:
        screen.say(str(error))
        return Outcome(song, "failed", error=error.message, hint=error.hint)
    for note in outcome.notes:
        screen.say(f"{song.name}: {note}")
    return outcome


def _report(outcomes: Sequence[Outcome], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps([_as_dict(outcome) for outcome in outcomes], indent=2) + "\n")
    elif outcomes:
        Console().print(table(outcomes))


def table(outcomes: Sequence[Outcome]) -> Table:
    """What was heard in each song, and how many times faster than it plays."""
    shown = Table(box=None, pad_edge=False)
    shown.add_column("song", overflow="fold")
    for column in ("length", "took", "speed", "tempo", "beats", "chords"):
        shown.add_column(column, justify="right")
    shown.add_column("key")
    shown.add_column("result", overflow="fold")
    for outcome in outcomes:
        name, song = escape(spelt(outcome.song.name)), outcome.map
        if song is None:
            shown.add_row(name, *[""] * 7, f"[bold red]failed:[/] {escape(spelt(outcome.error))}")
            continue
        shown.add_row(
            name,
            length(song.duration_s),
            length(outcome.took_s),
            f"{_speed(outcome):.0f} x",
            f"{song.bpm:.1f}" if song.bpm else "–",
            str(len(song.beats)),
            str(sum(chord.root >= 0 for chord in song.chords)),
            song.key or "–",
            escape(spelt(str(outcome.files["json"].with_suffix("")))) + ".*",
        )
    return shown


def _speed(outcome: Outcome) -> float:
    """Seconds of the song a second of work."""
    return outcome.map.duration_s / max(outcome.took_s, 1e-9) if outcome.map else 0.0


def _as_dict(outcome: Outcome) -> dict[str, object]:
    song = outcome.map
    return {
        "song": spelt(outcome.song),
        "status": outcome.status,
        "files": {kind: spelt(path) for kind, path in outcome.files.items()},
        "rate_hz": song.rate_hz if song else 0,
        "length_frames": song.length_frames if song else 0,
        "tempo_bpm": song.bpm if song and song.bpm else None,
        "key": song.key if song and song.key else None,
        "beats": len(song.beats) if song else 0,
        "chords": sum(chord.root >= 0 for chord in song.chords) if song else 0,
        "took_s": round(outcome.took_s, 3),
        "listened_s": round(outcome.listened_s, 3),
        "times_real_time": round(_speed(outcome), 1),
        "notes": outcome.notes,
        "error": outcome.error,
        "hint": outcome.hint,
    }
