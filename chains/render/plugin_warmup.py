"""Plugin warm-up: how long behind its loading a chain still gets louder, as plugins do that are reading their sounds.

Many samplers and reverbs read files after they were loaded, and play without them until then. A child is played in
short pieces until one is no louder than the one before; each child that renders then waits for as long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from bridge.core.audio import CHANNELS, Audio
from chains.process.audio_file import map_segment, open_segment
from chains.process.host_process import HostProcess
from chains.process.messages import MidiNote, RenderRequest
from chains.process.verdict import HostVerdict

PIECE_S = 0.25
"""Length of a piece, and the pause before the next one: notes have begun by then, and files are read meanwhile."""
LIMIT_S = 10.0
"""Seconds behind loading after which a chain is played as it is: one that is silent, such as a gate, ends here too."""
RISE_DB = 1.0
"""Rise from one piece to the next that means nothing: modulation and noise move by so much."""
MARGIN = 1.5
"""Factor on what was measured: the next child may read its files more slowly."""
SILENT_DB = -120.0
"""RMS in dBFS below which a piece is silent."""
MOST_PITCHES = 8
"""Different notes of a part that are played at once; samplers read a file for each."""
NOISE_LEVEL = 0.1
"""RMS of the noise, -20 dBFS, which opens gates."""
USUAL_BPM = 120.0
"""Tempo of a piece where the render has a list of beats instead."""
_ACCEPTED = frozenset({HostVerdict.NOT_FINITE, HostVerdict.SILENT})


@dataclass(frozen=True, slots=True)
class PluginWarmup:
    """What a chain needs before it is played; by default nothing, as without plugins.

    ``wait_s``: seconds behind loading. ``has_settled``: it sounded, and got no louder any more.
    """

    wait_s: float = 0.0
    has_settled: bool = True


def judge_pieces(pieces: Sequence[tuple[float, float]]) -> PluginWarmup | None:
    """What the last of ``pieces`` says; None: another one is needed.

    Each has the seconds behind loading at which it began, and its RMS in dBFS.
    """
    if len(pieces) > 1:
        (before_s, before_db), (_, level_db) = pieces[-2:]
        if before_db >= SILENT_DB and level_db <= before_db + RISE_DB:
            return PluginWarmup(MARGIN * before_s)
    return PluginWarmup(0.0, has_settled=False) if pieces and pieces[-1][0] >= LIMIT_S else None


def measure_warmup(
    process: HostProcess, request: RenderRequest, rate: int, read_clock: Callable[[], float],
    pause: Callable[[float], object],
) -> PluginWarmup:  # fmt: skip
    """Play a child, whose chain has just been loaded, until it has settled.

    ``request``: what will be rendered: its notes, sidechains and block size are those of the pieces, whose audio lies
    beside its sink. ``read_clock``: seconds; ``pause``: waits for so many.

    Raises:
        PluginError: A plugin failed.
        BridgeError: There is no space for a piece.
    """
    loaded_s = read_clock()
    pieces: list[tuple[float, float]] = []
    frames = round(PIECE_S * rate)
    with ExitStack() as drafts:
        place = Path(request.sink.path).with_name("warm-up")
        source, sink = (drafts.enter_context(open_segment(place, CHANNELS, frames)) for _ in range(2))
        map_segment(source, writable=True)[:] = _make_noise(frames)
        piece = RenderRequest(
            source,
            sink,
            request.block_frames,
            request.tempo_bpm or USUAL_BPM,
            sidechains=dict.fromkeys(request.sidechains, source),
            notes=choose_notes(request.notes),
            resets=False,  # a reset loads some plugins afresh
        )
        while (warmup := judge_pieces(pieces)) is None:
            if pieces:
                pause(PIECE_S)
            began_s = read_clock()
            if process.render(piece, accepts=_ACCEPTED).bad_frames:
                return PluginWarmup()  # the render itself says so
            pieces.append((began_s - loaded_s, compute_level_db(map_segment(sink))))
    return warmup


def choose_notes(notes: Sequence[MidiNote]) -> tuple[MidiNote, ...]:
    """The first note of each of the first pitches, all at the start of a piece."""
    first: dict[int, MidiNote] = {}
    for note in notes:
        if len(first) < MOST_PITCHES:
            first.setdefault(note.pitch, replace(note, start_s=0.0, length_s=PIECE_S / 2))
    return tuple(first.values())


def compute_level_db(audio: Audio) -> float:
    """RMS in dBFS, -240 at the lowest."""
    power = float(np.mean(np.square(audio, dtype=np.float64)))
    return 10.0 * float(np.log10(max(power, 1e-24)))


def _make_noise(frames: int) -> Audio:
    noise = np.random.default_rng(1).standard_normal((CHANNELS, frames)) * NOISE_LEVEL
    return np.asarray(noise, np.float32)
